-- Which snapshots are shown, and which are kept.

-- Partitions of the feature and score tables, with their dates.
CREATE FUNCTION patternos._snapshots() RETURNS TABLE (parent regclass, partition regclass, as_of date)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO'
AS $$
    SELECT i.inhparent::regclass, i.inhrelid::regclass,
           substring(pg_get_expr(c.relpartbound, c.oid) FROM '\d{4,}-\d\d-\d\d')::date
    FROM pg_inherits i
    JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent IN ('patternos_dw.feat_customer_rfm'::regclass,
                          'patternos_dw.feat_customer_affinity'::regclass,
                          'patternos_dw.feat_customer_behavior'::regclass,
                          'patternos_dw.feat_cross_platform'::regclass,
                          'patternos_dw.intent_score'::regclass,
                          'patternos_dw.intent_score_category'::regclass)
$$;

-- Drops a snapshot's partition, unless somebody reads the table for longer than we care to wait: a
-- waiting DROP would make every other reader wait too. Returns whether it is gone.
CREATE FUNCTION patternos._drop_snapshot(partition regclass) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s'
AS $$
BEGIN
    DELETE FROM patternos_dw.affinity_population p
    USING patternos._snapshots() s
    WHERE s.partition = _drop_snapshot.partition AND s.parent = 'patternos_dw.feat_customer_affinity'::regclass AND p.as_of = s.as_of;
    EXECUTE format('DROP TABLE %s', partition);
    RETURN true;
EXCEPTION WHEN lock_not_available THEN
    RAISE NOTICE 'snapshot % is in use and stays for now', partition;
    RETURN false;
END
$$;

-- The dates that the _latest views show, or will show when the run in progress is complete.
CREATE FUNCTION patternos._latest_dates(with_running boolean) RETURNS SETOF date
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT max(r.as_of)
    FROM patternos_dw.pipeline_run r
    JOIN (VALUES ('refresh_features'), ('score_intent')) AS shown (procedure_name)
         ON r.step IN ('refresh', shown.procedure_name)
    WHERE r.status = 'complete' OR (with_running AND r.status = 'running')
    GROUP BY shown.procedure_name
$$;

-- Drops the snapshots that nobody asked for: neither the newest, nor of a requested date, nor the last
-- of their month. Returns their number.
CREATE FUNCTION patternos._drop_stale_snapshots() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    stale regclass;
    dropped bigint := 0;
BEGIN
    PERFORM patternos._require_owner();
    FOR stale IN
        SELECT s.partition
        FROM (SELECT p.*, max(p.as_of) OVER (PARTITION BY p.parent, date_trunc('month', p.as_of::timestamp)) AS month_end
              FROM patternos._snapshots() p) AS s
        WHERE s.as_of < s.month_end
          AND s.as_of NOT IN (SELECT patternos._latest_dates(true))
          AND EXISTS (SELECT FROM patternos_dw.pipeline_run r WHERE r.as_of = s.as_of)
          AND NOT EXISTS (SELECT FROM patternos_dw.pipeline_run r WHERE r.as_of = s.as_of AND r.is_requested)
    LOOP
        dropped := dropped + patternos._drop_snapshot(stale)::integer;
    END LOOP;
    RETURN dropped;
END
$$;

CREATE FUNCTION patternos.drop_snapshots(before date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    old regclass;
    dropped bigint := 0;
BEGIN
    PERFORM patternos._require_owner();
    PERFORM patternos._lock_pipeline();
    FOR old IN
        SELECT s.partition FROM patternos._snapshots() s
        WHERE s.as_of < before AND s.as_of NOT IN (SELECT patternos._latest_dates(false))
    LOOP
        dropped := dropped + patternos._drop_snapshot(old)::integer;
    END LOOP;
    RETURN dropped;
END
$$;

REVOKE ALL ON FUNCTION patternos._snapshots(), patternos._drop_snapshot(regclass),
    patternos._latest_dates(boolean), patternos._drop_stale_snapshots(), patternos.drop_snapshots(date)
    FROM PUBLIC;

COMMENT ON FUNCTION patternos.drop_snapshots(date) IS
    'Drops the feature and score snapshots older than a date, except those that the _latest views show, and returns their number.';

