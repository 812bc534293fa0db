-- Comments of tables, views and columns. What a column of the same name means everywhere is said once.

-- Sets the comment of a relation and of its columns. columns holds a line "name: comment" for each
-- column; a name that does not exist is an error.
CREATE FUNCTION patternos._describe(relation text, comment text, columns text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kind text;
    line text;
BEGIN
    SELECT CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END INTO kind
    FROM pg_class WHERE relnamespace = 'patternos_dw'::regnamespace AND relname = relation;
    EXECUTE format('COMMENT ON %s patternos_dw.%I IS %L', kind, relation, comment);
    PERFORM patternos._describe_shared(relation);
    FOREACH line IN ARRAY string_to_array(btrim(columns, E'\n'), E'\n') LOOP
        EXECUTE format('COMMENT ON COLUMN patternos_dw.%I.%I IS %L',
                       relation, split_part(line, ': ', 1), substr(line, strpos(line, ': ') + 2));
    END LOOP;
END
$$;

-- Sets the comments of the columns that mean the same in every table.
CREATE FUNCTION patternos._describe_shared(relation text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    shared record;
BEGIN
    FOR shared IN
        SELECT a.attname, v.comment
        FROM pg_attribute a
        JOIN (VALUES
            ('customer_key', 'The customer, as a number: the key for joins and grouping.'),
            ('global_customer_id', 'The customer, as text for people and exports: GLOBAL and at least six digits, generated from customer_key.'),
            ('identity_key', 'The account, as a number.'),
            ('platform_id', 'Platform the row belongs to; ALL stands for all platforms together.'),
            ('platform_customer_id', 'Id of the account on its platform, as the platform wrote it; never changes.'),
            ('as_of', 'Reference date: the row knows what happened before local midnight at the start of this day.'),
            ('batch_id', 'Batch that brought the row (raw_batch).'),
            ('known_at', 'When the warehouse came to know the row.'),
            ('location_id', 'Place of the row (dim_location); NULL when unknown.'),
            ('category_id', 'Product category (dim_product_category); NULL when unknown.'),
            ('unified_category', 'Category in the vocabulary that all platforms share.'),
            ('currency', 'Currency as an ISO 4217 code.'),
            ('created_at', 'When the row was made.'),
            ('updated_at', 'When the row was last changed.'),
            ('valid_from', 'Start of the time in which this version holds.'),
            ('valid_to', 'End of the time in which this version holds; infinity for the current one.')
        ) AS v (name, comment) ON v.name = a.attname
        WHERE a.attrelid = format('patternos_dw.%I', relation)::regclass AND a.attnum > 0 AND NOT a.attisdropped
    LOOP
        EXECUTE format('COMMENT ON COLUMN patternos_dw.%I.%I IS %L', relation, shared.attname, shared.comment);
    END LOOP;
END
$$;

-- Gives a view its comment, and its columns the comments of those of the same name in a table.
CREATE FUNCTION patternos._describe_like(view_name text, base text, comment text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    described record;
BEGIN
    EXECUTE format('COMMENT ON VIEW patternos_dw.%I IS %L', view_name, comment);
    FOR described IN
        SELECT v.attname, col_description(b.attrelid, b.attnum) AS comment
        FROM pg_attribute v
        JOIN pg_attribute b ON b.attname = v.attname
        WHERE v.attrelid = format('patternos_dw.%I', view_name)::regclass AND v.attnum > 0
          AND b.attrelid = format('patternos_dw.%I', base)::regclass AND b.attnum > 0
    LOOP
        EXECUTE format('COMMENT ON COLUMN patternos_dw.%I.%I IS %L', view_name, described.attname, described.comment);
    END LOOP;
END
$$;

CREATE FUNCTION patternos._describe_warehouse() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._describe_raw_zone();
    PERFORM patternos._describe_reference_data();
    PERFORM patternos._describe_customers();
    PERFORM patternos._describe_transactions();
    PERFORM patternos._describe_events();
    PERFORM patternos._describe_rfm();
    PERFORM patternos._describe_features();
    PERFORM patternos._describe_intent();
    PERFORM patternos._describe_category_intent();
    PERFORM patternos._describe_experiments();
    PERFORM patternos._describe_lookalikes();
    PERFORM patternos._describe_match_tables();
    PERFORM patternos._describe_identity();
END
$$;

REVOKE ALL ON FUNCTION patternos._describe(text, text, text), patternos._describe_shared(text),
    patternos._describe_like(text, text, text), patternos._describe_warehouse() FROM PUBLIC;

