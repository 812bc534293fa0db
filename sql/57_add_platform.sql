-- Platforms beside the seven: their row, the mapping of their file's columns, and their landing view.

CREATE FUNCTION patternos._landing_fields(entity text) RETURNS text[]
AS 'MODULE_PATHNAME', 'patternos__landing_fields' LANGUAGE C STRICT;

CREATE FUNCTION patternos._check_platform_id(platform_id text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    target CONSTANT text := 'landing_' || lower(platform_id);
BEGIN
    IF platform_id IS NULL OR platform_id !~ '^[A-Z][A-Z0-9_]{0,49}$' THEN
        RAISE EXCEPTION 'invalid platform id'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'An id has at most 50 capital letters, digits and underscores, a letter first.';
    END IF;
    IF platform_id IN ('ALL', 'CUSTOMER', 'EVENT', 'SKU') THEN
        RAISE EXCEPTION 'platform id "%" is reserved', platform_id USING ERRCODE = 'reserved_name';
    END IF;
    IF EXISTS (SELECT FROM patternos_dw.dim_platform p WHERE p.platform_id = _check_platform_id.platform_id) THEN
        RAISE EXCEPTION 'platform "%" exists already', platform_id USING ERRCODE = 'duplicate_object';
    END IF;
    IF EXISTS (SELECT FROM patternos_dw.source_mapping m WHERE m.landing_view = target)
       OR to_regclass(format('patternos_dw.%I', target)) IS NOT NULL THEN
        RAISE EXCEPTION 'landing view "%" exists already', target USING ERRCODE = 'duplicate_table';
    END IF;
END
$$;

-- The columns with their fields and formats; an error for the first that is not [name, field] or [name, field, format].
CREATE FUNCTION patternos._platform_columns(columns jsonb)
RETURNS TABLE (number bigint, name text, field text, format text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bad bigint;
BEGIN
    IF columns IS NULL OR jsonb_typeof(columns) <> 'array' OR jsonb_array_length(columns) NOT BETWEEN 1 AND 500 THEN
        RAISE EXCEPTION 'columns must be a JSON array of 1 to 500 columns'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'A column is ["its name in the file", "field"] or ["its name in the file", "field", "format"].';
    END IF;
    SELECT min(c.number) INTO bad FROM jsonb_array_elements(columns) WITH ORDINALITY c (value, number)
    WHERE jsonb_typeof(c.value) <> 'array' OR jsonb_array_length(CASE jsonb_typeof(c.value) WHEN 'array' THEN c.value ELSE '[]' END) NOT IN (2, 3)
       OR jsonb_path_exists(c.value, '$[*] ? (@.type() != "string")')
       OR octet_length(c.value ->> 0) NOT BETWEEN 1 AND 63;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'column % is not a pair of name and field', bad
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'A column is ["its name in the file", "field"] or ["its name in the file", "field", "format"]; names have at most 63 bytes.';
    END IF;
    RETURN QUERY SELECT c.number, c.value ->> 0, c.value ->> 1, c.value ->> 2
                 FROM jsonb_array_elements(columns) WITH ORDINALITY c (value, number);
END
$$;

-- What is wrong with columns of an entity: the first fault as an error.
CREATE FUNCTION patternos._check_platform_columns(columns jsonb, entity text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    fields CONSTANT text[] := patternos._landing_fields(entity);
    given CONSTANT text[] := ARRAY(SELECT c.field FROM patternos._platform_columns(columns) c);
    fault record;
    missing text;
BEGIN
    FOR fault IN
        SELECT c.*, c.field <> ALL (fields || '{property,ignored}') AS is_unknown,
               count(*) OVER (PARTITION BY c.name) > 1 AS is_repeated,
               c.field NOT IN ('property', 'ignored') AND count(*) OVER (PARTITION BY c.field) > 1 AS is_fed_twice,
               NOT CASE WHEN c.format IS NULL THEN true
                        WHEN c.field = 'transaction_datetime' THEN c.format IN ('dmy', 'mdy')
                        WHEN c.field = 'property' THEN c.format IN ('text', 'integer', 'flag', 'amount')
                        WHEN c.field = 'order_id' THEN entity = 'transaction_line' AND c.format LIKE 'cancelled:_%'
                        ELSE false END AS is_misformed
        FROM patternos._platform_columns(columns) c ORDER BY c.number
    LOOP
        IF fault.is_unknown OR fault.is_misformed THEN
            RAISE EXCEPTION 'column % is mapped to an unknown field or format', fault.number
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = format('Fields are %s, property (format text, integer, flag or amount) and ignored; '
                                    'formats are dmy and mdy of transaction_datetime, cancelled:PREFIX of order_id in lines.',
                                    array_to_string(fields, ', '));
        ELSIF fault.is_repeated OR fault.is_fed_twice THEN
            RAISE EXCEPTION 'name or field of column % comes twice', fault.number USING ERRCODE = 'duplicate_column';
        END IF;
    END LOOP;
    missing := CASE WHEN 'platform_customer_id' <> ALL (given) THEN 'platform_customer_id'
                    WHEN 'transaction_datetime' <> ALL (given) THEN 'transaction_datetime'
                    WHEN entity = 'transaction' AND NOT given && '{total_value,quoted_value}' THEN 'total_value'
                    WHEN entity = 'transaction_line' AND 'order_id' <> ALL (given) THEN 'order_id'
                    WHEN entity = 'transaction_line' AND NOT given && '{unit_price,line_total}' THEN 'unit_price' END;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'no column is mapped to %', missing
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('Name the one that holds it in add_platform: ["its name in the file", "%s"].', missing);
    END IF;
END
$$;

CREATE FUNCTION patternos.add_platform(platform_id text, platform_name text, columns jsonb,
    time_zone text DEFAULT NULL, currency text DEFAULT NULL, conversion_type text DEFAULT 'order',
    grain text DEFAULT 'order', anonymous boolean DEFAULT false,
    platform_type text DEFAULT 'retailer', industry_vertical text DEFAULT 'retail', region text DEFAULT 'India')
RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    target text;
    entity CONSTANT text := CASE grain WHEN 'order' THEN 'transaction' WHEN 'line' THEN 'transaction_line' END;
BEGIN
    PERFORM patternos._require_owner();
    PERFORM patternos._check_platform_id(platform_id);
    time_zone := coalesce(time_zone, patternos._setting('time_zone'));
    currency := coalesce(currency, patternos._setting('currency'));
    IF entity IS NULL OR conversion_type IS NULL OR conversion_type NOT IN ('order', 'booking', 'enquiry') THEN
        RAISE EXCEPTION 'grain must be order or line, conversion_type order, booking or enquiry'
            USING ERRCODE = 'invalid_parameter_value';
    ELSIF currency !~ '^[A-Z]{3}$' OR NOT EXISTS (SELECT FROM pg_timezone_names z WHERE z.name = time_zone) THEN
        RAISE EXCEPTION 'unknown currency or time zone'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'A currency is a code such as INR, a time zone a name in pg_timezone_names such as Asia/Kolkata.';
    ELSIF coalesce(btrim(platform_name), '') = '' OR length(platform_name) > 200 OR anonymous IS NULL
          OR num_nulls(platform_type, industry_vertical, region) > 0 THEN
        RAISE EXCEPTION 'a platform needs a name of at most 200 characters; nothing else may be NULL but time zone and currency'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM patternos._check_platform_columns(columns, entity);
    target := 'landing_' || lower(platform_id);
    INSERT INTO patternos_dw.dim_platform (platform_id, platform_name, platform_type, industry_vertical, region, time_zone,
                                           currency, conversion_type)
    VALUES (platform_id, platform_name, platform_type, industry_vertical, region, time_zone, currency, conversion_type);
    INSERT INTO patternos_dw.source_mapping (landing_view, column_name, position, platform_id, entity, field, format)
    SELECT target, c.name, c.number, platform_id, entity, c.field,
           CASE WHEN c.field = 'platform_customer_id' AND anonymous THEN 'optional' ELSE c.format END
    FROM patternos._platform_columns(columns) c;
    PERFORM patternos._create_landing_view(target);
    IF currency <> patternos._setting('currency')
       AND NOT EXISTS (SELECT FROM patternos_dw.fx_rate r WHERE r.currency = add_platform.currency) THEN
        RAISE NOTICE 'rows of the platform are rejected until patternos_dw.fx_rate has rates of %', currency;
    END IF;
    RETURN 'patternos_dw.' || target;
END
$$;
COMMENT ON FUNCTION patternos.add_platform(text, text, jsonb, text, text, text, text, boolean, text, text, text) IS
    'Adds a platform with the columns of its file, and returns its landing view.';

REVOKE ALL ON FUNCTION patternos._landing_fields(text), patternos._check_platform_id(text), patternos._platform_columns(jsonb),
    patternos._check_platform_columns(jsonb, text),
    patternos.add_platform(text, text, jsonb, text, text, text, text, boolean, text, text, text) FROM PUBLIC;
