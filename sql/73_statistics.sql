-- Planner statistics: autovacuum never makes those of a partitioned table as a whole, and comes too late
-- for a refresh right after the first load.

-- Whether a table holds far more or fewer rows than the planner believes.
CREATE FUNCTION patternos._has_stale_statistics(relation regclass) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN believed.rows <= 0 THEN actual.bytes > 0
                ELSE abs(actual.rows - believed.rows) > 0.2 * believed.rows END
    FROM (SELECT reltuples AS rows FROM pg_class WHERE oid = relation) AS believed,
         (SELECT sum(pg_stat_get_live_tuples(t.relid)) AS rows, sum(pg_relation_size(t.relid)) AS bytes
          FROM (SELECT relation AS relid UNION SELECT relid FROM pg_partition_tree(relation)) AS t) AS actual
$$;

-- Analyzes the tables that the steps read, where that is due. Returns 0: it writes no rows.
CREATE FUNCTION patternos._refresh_statistics() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET default_statistics_target = 20
AS $$
DECLARE
    name text;
BEGIN
    PERFORM patternos._require_owner();
    FOREACH name IN ARRAY ARRAY['fact_transaction', 'fact_transaction_line', 'fact_event', 'dim_customer',
                                'dim_customer_identity', 'account_profile', 'account_identifier', 'dim_sku'] LOOP
        IF patternos._has_stale_statistics(format('patternos_dw.%I', name)::regclass) THEN
            EXECUTE format('ANALYZE patternos_dw.%I', name);
        END IF;
    END LOOP;
    RETURN 0;
END
$$;

REVOKE ALL ON FUNCTION patternos._has_stale_statistics(regclass), patternos._refresh_statistics() FROM PUBLIC;

