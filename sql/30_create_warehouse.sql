-- Creating the warehouse, its views, and later layouts.

CREATE FUNCTION patternos.create_warehouse(partitions integer DEFAULT 16) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    existing record;
BEGIN
    IF partitions IS NULL OR partitions NOT BETWEEN 1 AND 256 THEN
        RAISE EXCEPTION 'number of partitions must be between 1 and 256'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT nspname AS name, pg_get_userbyid(nspowner) AS owner INTO existing
    FROM pg_namespace WHERE nspname IN ('patternos_dw', 'patternos_part') ORDER BY nspname LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'schema "%" exists already, owned by "%"', existing.name, existing.owner
            USING ERRCODE = 'duplicate_schema',
                  HINT = 'To rebuild the views of a warehouse call patternos.create_views(), to take an older layout to this version call patternos.upgrade_warehouse().';
    END IF;
    CREATE SCHEMA patternos_dw;
    CREATE SCHEMA patternos_part;
    COMMENT ON SCHEMA patternos_dw IS 'patternos: the customer data warehouse, tables and views (ordinary objects of their owner)';
    COMMENT ON SCHEMA patternos_part IS 'patternos: partitions of the tables of patternos_dw; query those';
    PERFORM patternos._create_raw_zone();
    PERFORM patternos._create_dimensions();
    PERFORM patternos._create_customers();
    PERFORM patternos._create_facts(partitions);
    PERFORM patternos._create_waiting();
    PERFORM patternos._create_features();
    PERFORM patternos._create_feature_rules();
    PERFORM patternos._create_intent();
    PERFORM patternos._create_category_intent();
    PERFORM patternos._create_experiments();
    PERFORM patternos._create_lookalikes();
    PERFORM patternos._create_match_tables();
    PERFORM patternos._create_identity_tables();
    PERFORM patternos._seed_warehouse();
    PERFORM patternos._seed_platform_mappings();
    PERFORM patternos._seed_event_mapping();
    PERFORM patternos._seed_customer_mapping();
    PERFORM patternos._seed_sku_mapping();
    PERFORM patternos._seed_items();
    PERFORM patternos._describe_warehouse();
    PERFORM patternos.create_views();
    RETURN 'patternos_dw';
END
$$;

CREATE FUNCTION patternos.create_views() RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $$
BEGIN
    PERFORM patternos._require_owner();
    PERFORM patternos._create_relationship_views();
    PERFORM patternos._create_pipeline_views();
    PERFORM patternos._create_identity_views();
    PERFORM patternos._create_latest_views();
    PERFORM patternos._create_training_views();
    PERFORM patternos._create_landing_views();
    PERFORM patternos._create_experiment_view();
    PERFORM patternos._create_answer_views();
    RETURN (SELECT count(*) FROM pg_class
            WHERE relnamespace = 'patternos_dw'::regnamespace AND relkind = 'v');
END
$$;

CREATE FUNCTION patternos.upgrade_warehouse() RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    target CONSTANT integer := patternos._layout_version();
    layout integer;
BEGIN
    PERFORM patternos._require_schema_owner();
    LOCK TABLE patternos_dw.setting IN SHARE ROW EXCLUSIVE MODE;
    layout := patternos._setting('layout_version')::integer;
    IF layout > target THEN
        RAISE EXCEPTION 'the warehouse has layout %, this version of patternos knows layouts up to %', layout, target
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Install the newer patternos that made it and run ALTER EXTENSION patternos UPDATE.';
    END IF;
    WHILE layout < target LOOP
        IF to_regprocedure(format('patternos._upgrade_layout_%s()', layout)) IS NULL THEN
            RAISE EXCEPTION 'layout % of the warehouse is not known', layout
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = 'Upgrade it with an older version of patternos first: ALTER EXTENSION patternos UPDATE TO that version, then patternos.upgrade_warehouse().';
        END IF;
        EXECUTE format('SELECT patternos._upgrade_layout_%s()', layout);
        layout := layout + 1;
        UPDATE patternos_dw.setting SET value = layout WHERE name = 'layout_version';
    END LOOP;
    PERFORM patternos._describe_warehouse();
    PERFORM patternos.create_views();
    RETURN layout;
END
$$;

REVOKE ALL ON FUNCTION patternos.create_warehouse(integer), patternos.create_views(),
    patternos.upgrade_warehouse() FROM PUBLIC;

COMMENT ON FUNCTION patternos.create_warehouse(integer) IS
    'Creates the warehouse: schemas patternos_dw and patternos_part, owned by the current user, with facts in so many hash partitions.';
COMMENT ON FUNCTION patternos.create_views() IS
    'Rebuilds the views and landing triggers of the warehouse and returns the number of views.';
COMMENT ON FUNCTION patternos.upgrade_warehouse() IS
    'Takes the tables of the warehouse to the layout of this version and returns its number.';

