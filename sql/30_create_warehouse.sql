-- Creating the warehouse.

CREATE FUNCTION patternos.create_warehouse(partitions integer DEFAULT 16) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF partitions NOT BETWEEN 1 AND 256 THEN
        RAISE EXCEPTION 'number of partitions must be between 1 and 256'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF EXISTS (SELECT FROM pg_namespace WHERE nspname = 'patternos_dw') THEN
        RAISE EXCEPTION 'schema "patternos_dw" exists already'
            USING ERRCODE = 'duplicate_schema',
                  HINT = 'To take an older layout to this version call patternos.upgrade_warehouse(); to rebuild views call patternos.create_views().';
    END IF;
    CREATE SCHEMA patternos_dw;
    CREATE SCHEMA patternos_part;
    PERFORM patternos._create_raw_zone();
    PERFORM patternos._create_dimensions();
    PERFORM patternos._create_facts(partitions);
    PERFORM patternos._create_features();
    PERFORM patternos._create_intent();
    PERFORM patternos._seed_warehouse();
    RETURN 'patternos_dw';
END
$$;

