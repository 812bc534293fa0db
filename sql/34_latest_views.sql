-- Views of the newest snapshots, and of how the pipeline stands.

-- Makes a view of the rows of a feature or score table at the newest complete run of a procedure.
CREATE FUNCTION patternos._create_latest_view(name text, base text, procedure_name text, condition text, comment text)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('CREATE OR REPLACE VIEW patternos_dw.%I AS '
                   'SELECT t.* FROM patternos_dw.%I t '
                   'WHERE t.as_of = (SELECT max(r.as_of) FROM patternos_dw.pipeline_run r '
                   '                 WHERE r.step IN (''refresh'', %L) AND r.status = ''complete'') AND %s',
                   name, base, procedure_name, condition);
    PERFORM patternos._describe_like(name, base, comment);
END
$$;

-- Affinity as others see it: with the index, which changes for all customers with each purchase of one.
CREATE FUNCTION patternos._create_affinity_view() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CREATE OR REPLACE VIEW patternos_dw.feat_customer_affinity_latest AS
    SELECT t.*,
           patternos.affinity_index(coalesce(t.category_purchase_count, t.brand_purchase_count), t.window_purchases,
                                    p.purchase_count::double precision / p.window_purchases) AS affinity_index
    FROM patternos_dw.feat_customer_affinity t
    JOIN patternos_dw.affinity_population p USING (as_of, window_days, level, item)
    WHERE t.as_of = (SELECT max(r.as_of) FROM patternos_dw.pipeline_run r
                     WHERE r.step IN ('refresh', 'refresh_features') AND r.status = 'complete')
      AND t.window_days = (SELECT s.value::smallint FROM patternos_dw.setting s WHERE s.name = 'affinity_window_days');
    PERFORM patternos._describe_like('feat_customer_affinity_latest', 'feat_customer_affinity',
        'feat_customer_affinity at the newest complete refresh, in the default window: one row per customer, level and item.');
    COMMENT ON COLUMN patternos_dw.feat_customer_affinity_latest.affinity_index IS
        '100 x the customer''s share / the population''s share, smoothed; 100 is average';
END
$$;

CREATE FUNCTION patternos._create_latest_views() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['feat_customer_rfm', 'feat_customer_behavior', 'intent_score'] LOOP
        PERFORM patternos._create_latest_view(name || '_latest', name,
            CASE name WHEN 'intent_score' THEN 'score_intent' ELSE 'refresh_features' END,
            't.platform_id = ''ALL''',
            format('%s at the newest complete refresh: one row per customer, all platforms together.', name));
        PERFORM patternos._create_latest_view(name || '_latest_by_platform', name,
            CASE name WHEN 'intent_score' THEN 'score_intent' ELSE 'refresh_features' END,
            't.platform_id <> ''ALL''',
            format('%s at the newest complete refresh: one row per customer and platform, without ''ALL''.', name));
    END LOOP;
    PERFORM patternos._create_latest_view('feat_cross_platform_latest', 'feat_cross_platform', 'refresh_features', 'true',
        'feat_cross_platform at the newest complete refresh: one row per customer.');
    PERFORM patternos._create_latest_view('intent_score_category_latest', 'intent_score_category', 'score_intent', 'true',
        'intent_score_category at the newest complete refresh: one row per customer and category.');
    PERFORM patternos._create_affinity_view();
END
$$;

CREATE FUNCTION patternos._create_pipeline_views() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CREATE OR REPLACE VIEW patternos_dw.pipeline_status AS
    SELECT r.run_id, r.refresh_id, r.step, r.as_of, r.is_requested,
           CASE WHEN is_dead THEN 'failed' ELSE r.status END AS status,
           r.rows, r.started_at, r.finished_at,
           CASE WHEN r.status = 'running' AND NOT is_dead
                THEN extract(epoch FROM clock_timestamp() - r.started_at)::numeric(12, 3)
                ELSE r.seconds END AS seconds,
           r.sqlstate,
           CASE WHEN is_dead THEN 'the run was interrupted' ELSE r.error END AS error
    FROM patternos_dw.pipeline_run r
    CROSS JOIN LATERAL (
        SELECT r.status = 'running' AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_locks l
            JOIN pg_catalog.pg_database d ON d.oid = l.database
            WHERE l.locktype = 'advisory' AND l.classid = patternos._pipeline_lock() AND l.objid = 0 AND l.granted
              AND l.pid = r.backend_pid AND d.datname = current_database()) AS is_dead) AS process;
    PERFORM patternos._describe_like('pipeline_status', 'pipeline_run',
        'Runs of the pipeline and their steps; one that still says running without a process behind it reads as failed.');
END
$$;

REVOKE ALL ON FUNCTION patternos._create_latest_view(text, text, text, text, text),
    patternos._create_affinity_view(), patternos._create_latest_views(), patternos._create_pipeline_views() FROM PUBLIC;

