-- Landing views: where rows arrive. An INSERT or COPY into one is a batch.

CREATE FUNCTION patternos._landing_begin() RETURNS trigger
AS 'MODULE_PATHNAME', 'patternos__landing_begin' LANGUAGE C;
CREATE FUNCTION patternos._landing_row() RETURNS trigger
AS 'MODULE_PATHNAME', 'patternos__landing_row' LANGUAGE C;
CREATE FUNCTION patternos._landing_end() RETURNS trigger
AS 'MODULE_PATHNAME', 'patternos__landing_end' LANGUAGE C;

-- Landed rows are changed in the tables that they went to. Without INSTEAD OF triggers the server itself refuses,
-- and says to make one; without the others nothing would be said, since a view is empty.
CREATE FUNCTION patternos._landing_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'cannot change rows of landing view "%"', TG_TABLE_NAME
        USING ERRCODE = 'object_not_in_prerequisite_state',
              DETAIL = 'A landing view holds no rows: what is written to it goes on to the warehouse''s tables.',
              HINT = 'Send a correction as a new row with the same order or account id, or change patternos_dw''s tables'
                     ' and call patternos.mark_changed() with the customers concerned.';
END
$$;

-- The columns of the seven platforms' files, in their order, and the field that each feeds.
CREATE FUNCTION patternos._seed_platform_mappings() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    WITH order_columns (columns) AS (VALUES (
        'customer_id=platform_customer_id date_of_order=transaction_datetime age_group=age_group state=state '
        'city=city pincode=pincode items_purchased_count=items_count items_list=items_list repeat_order=is_repeat '
        'order_value=total_value discount_value=discount_value payment_mode=payment_mode'))
    INSERT INTO patternos_dw.source_mapping (landing_view, column_name, position, platform_id, entity, field, format)
    SELECT 'landing_' || lower(p.platform_id), m.part[1], m.position, p.platform_id, 'transaction', m.part[2], m.part[3]
    FROM (
        SELECT 'ZEPTO', columns FROM order_columns
        UNION ALL SELECT 'SWIGGY', columns FROM order_columns
        UNION ALL SELECT 'CHUMBAK', columns FROM order_columns
        UNION ALL SELECT 'AMAZON', columns || ' product_category=category prime_member_flag=prime_member '
                                              'delivery_speed=delivery_speed' FROM order_columns
        UNION ALL SELECT 'NYKAA', columns || ' product_category=category membership_flag=loyalty_member' FROM order_columns
        UNION ALL SELECT 'MAKEMYTRIP',
            'customer_id=platform_customer_id booking_date=transaction_datetime age_group=age_group home_state=state '
            'home_city=city home_pincode=pincode service_type=category destination=property=text '
            'number_of_travellers=property=integer items_purchased_count=items_count items_list=items_list '
            'travel_value=total_value discount_value=discount_value payment_mode=payment_mode '
            'loyalty_member_flag=loyalty_member trip_duration_days=property=integer'
        UNION ALL SELECT 'CARWALE',
            'customer_id=platform_customer_id enquiry_date=transaction_datetime age_group=age_group state=state '
            'city=city pincode=pincode vehicle_interest_count=items_count items_list=items_list '
            'vehicle_type_interest=property=text purchase_value=quoted_value down_payment_value=property=amount '
            'finance_flag=property=flag repeat_purchase_flag=is_repeat preferred_payment_mode=payment_mode'
    ) p (platform_id, columns)
    CROSS JOIN LATERAL (
        SELECT string_to_array(c.mapping, '=') AS part, c.position
        FROM string_to_table(p.columns, ' ') WITH ORDINALITY c (mapping, position)
    ) m
    ON CONFLICT DO NOTHING
$$;

-- Makes one landing view and its triggers from its mapping.
CREATE FUNCTION patternos._create_landing_view(landing_view text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    columns text;
    trigger record;
    mapping record;
BEGIN
    SELECT string_agg(format('NULL::text AS %I', m.column_name), ', ' ORDER BY m.position) INTO columns
    FROM patternos_dw.source_mapping m WHERE m.landing_view = _create_landing_view.landing_view;
    EXECUTE format('CREATE OR REPLACE VIEW patternos_dw.%I AS SELECT %s WHERE false', landing_view, columns);
    FOR trigger IN
        SELECT * FROM (VALUES
            ('landing_begin', 'BEFORE INSERT', 'STATEMENT', '_landing_begin'),
            ('landing_row', 'INSTEAD OF INSERT', 'ROW', '_landing_row'),
            ('landing_end', 'AFTER INSERT', 'STATEMENT', '_landing_end'),
            ('landing_change', 'INSTEAD OF UPDATE OR DELETE', 'ROW', '_landing_change'),
            ('landing_no_change', 'BEFORE UPDATE OR DELETE', 'STATEMENT', '_landing_change')) t (name, event, level, function)
    LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER %I %s ON patternos_dw.%I FOR EACH %s EXECUTE FUNCTION patternos.%I()',
                       trigger.name, trigger.event, landing_view, trigger.level, trigger.function);
    END LOOP;
    EXECUTE format('COMMENT ON VIEW patternos_dw.%I IS %L', landing_view,
                   'Rows written here are parsed, hashed, redacted and loaded, one batch a statement; reading gives nothing.');
    FOR mapping IN
        SELECT * FROM patternos_dw.source_mapping m WHERE m.landing_view = _create_landing_view.landing_view
    LOOP
        EXECUTE format('COMMENT ON COLUMN patternos_dw.%I.%I IS %L', landing_view, mapping.column_name,
                       CASE mapping.field WHEN 'property' THEN 'Kept among the properties of the ' || mapping.entity || '.'
                                          WHEN 'ignored' THEN 'Not kept.'
                                          ELSE format('Feeds %s of the %s.', mapping.field, mapping.entity) END);
    END LOOP;
END
$$;

-- Makes all landing views; called by patternos.create_views().
CREATE FUNCTION patternos._create_landing_views() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._create_landing_view(m.landing_view)
    FROM (SELECT DISTINCT landing_view FROM patternos_dw.source_mapping ORDER BY 1) m;
END
$$;

-- The partition of raw_record for the month that begins on the given day, in UTC.
CREATE FUNCTION patternos._ensure_raw_month(month date) RETURNS void
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    partition CONSTANT text := 'raw_record_' || to_char(month, 'YYYY_MM');
BEGIN
    IF to_regclass(format('patternos_part.%I', partition)) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(1885697139, 2);
    IF to_regclass(format('patternos_part.%I', partition)) IS NULL THEN
        EXECUTE format('CREATE TABLE patternos_part.%I (LIKE patternos_dw.raw_record INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
                       partition);
        EXECUTE format('ALTER TABLE patternos_dw.raw_record ATTACH PARTITION patternos_part.%I FOR VALUES FROM (%L) TO (%L)',
                       partition, to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00',
                       to_char(month + INTERVAL '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
    END IF;
END
$$;

REVOKE ALL ON FUNCTION patternos._landing_begin(), patternos._landing_row(), patternos._landing_end(),
    patternos._landing_change(), patternos._seed_platform_mappings(), patternos._create_landing_view(text), patternos._create_landing_views(),
    patternos._ensure_raw_month(date) FROM PUBLIC;
