-- patternos.status(): what is there, what is missing, and what to do next.

CREATE TYPE patternos.status_row AS (
    "check"   text,
    state     text,
    detail    text,
    next_step text
);
COMMENT ON TYPE patternos.status_row IS 'One check of patternos.status(): its name, ok, todo or problem, what was found, and what to do.';

-- Whether the server loaded the library at its start: only then do its settings and its log filter hold everywhere.
CREATE FUNCTION patternos._is_preloaded() RETURNS boolean
LANGUAGE c STABLE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'patternos__is_preloaded';

-- The number of rows of a table of the warehouse; from statistics where counting would take long.
CREATE FUNCTION patternos._row_count(name text) RETURNS bigint
LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    pages bigint;
    result bigint;
BEGIN
    SELECT sum(pg_relation_size(t.relid)) / 8192, sum(greatest(c.reltuples, 0)) INTO pages, result
    FROM (SELECT format('patternos_dw.%I', name)::regclass AS relid
          UNION SELECT relid FROM pg_partition_tree(format('patternos_dw.%I', name)::regclass)) AS t
    JOIN pg_class c ON c.oid = t.relid
    WHERE c.relkind = 'r';
    IF pages < 20000 OR result = 0 THEN
        EXECUTE format('SELECT count(*) FROM patternos_dw.%I', name) INTO result;
    END IF;
    RETURN result;
END
$$;

-- Checks of the server: they read catalogs only.
CREATE FUNCTION patternos._server_status() RETURNS SETOF patternos.status_row
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'server', 'ok', format('PostgreSQL %s, patternos %s', current_setting('server_version'), e.extversion), NULL
    FROM pg_extension e WHERE e.extname = 'patternos'
    UNION ALL
    SELECT 'encoding', CASE encoding WHEN 'UTF8' THEN 'ok' ELSE 'problem' END, encoding,
           CASE WHEN encoding <> 'UTF8' THEN 'make the database with ENCODING ''UTF8''' END
    FROM current_setting('server_encoding') AS encoding
    UNION ALL
    SELECT 'pgcrypto', 'ok', 'version ' || e.extversion, NULL
    FROM pg_extension e WHERE e.extname = 'pgcrypto'
    UNION ALL
    SELECT 'preload', CASE WHEN p THEN 'ok' ELSE 'problem' END,
           CASE WHEN p THEN 'loaded at server start' ELSE 'not loaded at server start: rows that COPY refuses can reach the server log' END,
           CASE WHEN NOT p THEN 'set shared_preload_libraries = ''patternos'' and restart the server' END
    FROM patternos._is_preloaded() AS p
    UNION ALL
    SELECT 'key file', CASE WHEN problem IS NULL THEN 'ok' ELSE 'problem' END, coalesce(problem, 'usable'),
           remedy
    FROM patternos._key_problem()
$$;

-- What stands in the way of reading the warehouse; no row when it can be read.
CREATE FUNCTION patternos._access_status() RETURNS SETOF patternos.status_row
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._require_owner();
EXCEPTION
    WHEN invalid_schema_name THEN
        RETURN QUERY SELECT 'warehouse', 'todo', 'there is none', 'SELECT patternos.create_warehouse()';
    WHEN insufficient_privilege THEN
        RETURN QUERY SELECT 'warehouse', 'todo', format('owned by role %s: only that role sees more', n.nspowner::regrole),
                            format('SET ROLE %s', n.nspowner::regrole)
        FROM pg_namespace n WHERE n.nspname = 'patternos_dw';
    WHEN undefined_table THEN
        RETURN QUERY SELECT 'warehouse', 'problem', SQLERRM,
            'drop schemas patternos_dw and patternos_part when nothing in them is needed, then SELECT patternos.create_warehouse()';
    WHEN object_not_in_prerequisite_state THEN
        RETURN QUERY SELECT 'warehouse', 'problem', SQLERRM, 'SELECT patternos.upgrade_warehouse()';
END
$$;

-- Checks of views and of what has been loaded.
CREATE FUNCTION patternos._load_status() RETURNS SETOF patternos.status_row
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'warehouse', 'ok', format('layout %s, owned by role %s', patternos._layout_version(), quote_ident(current_user)), NULL
    UNION ALL
    SELECT 'views', CASE WHEN views THEN 'ok' ELSE 'problem' END,
           CASE WHEN views THEN 'in place' ELSE 'missing' END,
           CASE WHEN NOT views THEN 'SELECT patternos.create_views()' END
    FROM (SELECT to_regclass('patternos_dw.landing_zepto') IS NOT NULL
                 AND to_regclass('patternos_dw.pipeline_status') IS NOT NULL AS views) AS v
    UNION ALL
    SELECT 'raw zone', CASE WHEN count(*) > 0 THEN 'ok' ELSE 'todo' END,
           format('%s batches: %s rows accepted, %s rejected, %s duplicate, %s suppressed; newest batch %s', count(*),
                  coalesce(sum(rows_accepted), 0), coalesce(sum(rows_rejected), 0), coalesce(sum(rows_duplicate), 0),
                  coalesce(sum(rows_suppressed), 0), coalesce(to_char(max(received_at), 'YYYY-MM-DD HH24:MI'), 'never')),
           CASE WHEN count(*) = 0 THEN '\copy a file into a landing view (doc/tutorial.md)' END
    FROM patternos_dw.raw_batch
    UNION ALL
    SELECT 'parked batches', CASE WHEN count(*) = 0 THEN 'ok' ELSE 'problem' END,
           format('%s, newest %s', count(*), coalesce(max(batch_id)::text, 'none')),
           CASE WHEN count(*) > 0 THEN format('SELECT column_name, reason_code, count(*) FROM patternos_dw.raw_reject WHERE batch_id = %s GROUP BY 1, 2', max(batch_id)) END
    FROM patternos_dw.raw_batch WHERE status = 'parked'
    UNION ALL
    SELECT 'dimensions', 'ok', format('%s customers, %s accounts, %s SKUs, %s places', patternos._row_count('dim_customer'),
           patternos._row_count('dim_customer_identity'), patternos._row_count('dim_sku'), patternos._row_count('dim_location')), NULL
    UNION ALL
    SELECT 'facts', 'ok', format('%s transactions, %s lines, %s events; waiting for a customer: %s events',
           patternos._row_count('fact_transaction'), patternos._row_count('fact_transaction_line'),
           patternos._row_count('fact_event'), patternos._row_count('event_anonymous')), NULL
$$;

-- Checks of identities, the last run and how fresh it is.
CREATE FUNCTION patternos._run_status() RETURNS SETOF patternos.status_row
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH last AS (
        SELECT status, step, error, run_id FROM patternos_dw.pipeline_status
        WHERE run_id = refresh_id ORDER BY run_id DESC LIMIT 1
    ), complete AS (
        SELECT max(as_of) AS as_of, max(finished_at) AS finished_at FROM patternos_dw.pipeline_run
        WHERE step = 'refresh' AND status = 'complete'
    ), waiting AS (
        SELECT max(loaded_at) AS loaded_at FROM patternos_dw.raw_batch WHERE status = 'loaded'
    )
    SELECT 'last run', CASE status WHEN 'failed' THEN 'problem' ELSE 'ok' END,
           format('%s %s', step, CASE status WHEN 'failed' THEN 'failed: ' || error ELSE status END),
           CASE WHEN status = 'failed' THEN format('SELECT * FROM patternos_dw.pipeline_status WHERE refresh_id = %s, then repeat the call', run_id) END
    FROM last
    UNION ALL
    SELECT 'freshness',
           CASE WHEN c.finished_at IS NULL OR w.loaded_at > c.finished_at THEN 'todo' ELSE 'ok' END,
           CASE WHEN c.finished_at IS NULL THEN 'never refreshed'
                ELSE format('as of %s, refreshed %s%s', to_char(c.as_of, 'YYYY-MM-DD'), to_char(c.finished_at, 'YYYY-MM-DD HH24:MI'),
                            CASE WHEN w.loaded_at > c.finished_at THEN ', data arrived since' ELSE '' END) END,
           CASE WHEN c.finished_at IS NULL OR w.loaded_at > c.finished_at THEN 'CALL patternos.refresh()' END
    FROM complete c, waiting w
    UNION ALL
    SELECT 'snapshots', 'ok', format('%s dates, newest %s', count(DISTINCT as_of), coalesce(to_char(max(as_of), 'YYYY-MM-DD'), 'none')), NULL
    FROM patternos._snapshots()
$$;

CREATE FUNCTION patternos.status() RETURNS SETOF patternos.status_row
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    line patternos.status_row;
    todo patternos.status_row;
    is_readable boolean := true;
BEGIN
    FOR line IN SELECT * FROM patternos._server_status() UNION ALL SELECT * FROM patternos._access_status() LOOP
        is_readable := is_readable AND line."check" <> 'warehouse';
        IF todo IS NULL AND line.next_step IS NOT NULL THEN
            todo := line;
        END IF;
        RETURN NEXT line;
    END LOOP;
    IF is_readable THEN
        FOR line IN SELECT * FROM patternos._load_status() UNION ALL SELECT * FROM patternos._run_status() LOOP
            IF todo IS NULL AND line.next_step IS NOT NULL THEN
                todo := line;
            END IF;
            RETURN NEXT line;
        END LOOP;
    END IF;
    RETURN NEXT ROW('next step', coalesce(todo.state, 'ok'), todo."check", todo.next_step)::patternos.status_row;
END
$$;

REVOKE ALL ON FUNCTION patternos._is_preloaded(), patternos._row_count(text), patternos._server_status(),
    patternos._access_status(), patternos._load_status(), patternos._run_status(), patternos.status() FROM PUBLIC;

COMMENT ON FUNCTION patternos.status() IS
    'Says what is installed, loaded and computed, and what to do next: one row per check.';

