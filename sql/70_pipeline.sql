-- The pipeline: procedures that run steps, one transaction each, and say in pipeline_run how far they are.
--
-- A run holds a transaction-level advisory lock. Before each COMMIT it takes the same lock for the
-- session too and gives that up when the next transaction has it: no other run can slip in between, and
-- an error or a cancel inside a step leaves no lock behind. The procedures commit, so they carry no SET
-- clause and qualify every name; all that computes is in functions.

-- The key of the lock, in pg_locks as classid (with objid 0). Who reads pipeline_status calls it.
CREATE FUNCTION patternos._pipeline_lock() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 1885697139;

-- The day of the newest of all facts, or of those since the start of a day in universal time.
CREATE FUNCTION patternos._newest_fact(since date) RETURNS date
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    start timestamptz := coalesce(since::timestamp AT TIME ZONE 'UTC', '-infinity');
    newest date;
BEGIN
    -- by EXECUTE: planned for this day, and parallel
    EXECUTE $query$
        SELECT greatest(
            (SELECT max(transaction_date) FROM patternos_dw.fact_transaction WHERE transaction_datetime >= $1),
            (SELECT (max(event_timestamp) AT TIME ZONE $2)::date FROM patternos_dw.fact_event WHERE event_timestamp >= $1))
        $query$ INTO newest USING start, patternos._setting('time_zone');
    RETURN newest;
END
$$;

-- Midnight at the start of this day, in the warehouse's time zone, is the reference time: what is asked
-- for, or else the earlier of tomorrow and the day after the newest fact.
CREATE FUNCTION patternos._reference_date(reference_date date) RETURNS date
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO'
AS $$
DECLARE
    tomorrow date := (now() AT TIME ZONE patternos._setting('time_zone'))::date + 1;
    since date;
    newest date;
BEGIN
    IF reference_date < DATE '1900-01-01' OR reference_date > tomorrow THEN
        RAISE EXCEPTION 'reference date is out of range'
            USING ERRCODE = 'datetime_field_overflow',
                  HINT = format('It must lie between 1900-01-01 and tomorrow, %s.', tomorrow);
    END IF;
    IF reference_date IS NOT NULL THEN
        RETURN reference_date;
    END IF;
    -- few facts are newer than the last run, and the index by time finds them; without any all are looked at
    SELECT max(r.as_of) - 3 INTO since FROM patternos_dw.pipeline_run r WHERE r.status = 'complete';
    newest := patternos._newest_fact(since);
    IF since IS NOT NULL AND (newest IS NULL OR newest < since + 1) THEN
        newest := patternos._newest_fact(NULL);
    END IF;
    RETURN least(tomorrow, newest + 1);
END
$$;

-- The steps of a procedure, in order.
CREATE FUNCTION patternos._pipeline_steps(procedure_name text) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE procedure_name
        WHEN 'resolve_identities' THEN '{statistics,identities}'::text[]
        WHEN 'refresh_features' THEN '{statistics,items,rfm,customers,affinity,behavior,cross_platform,snapshots}'
        WHEN 'score_intent' THEN '{scores,snapshots}'
        WHEN 'refresh' THEN '{statistics,identities,items,rfm,customers,affinity,behavior,cross_platform,scores,snapshots}'
    END
$$;

-- Does one step and returns the rows it wrote.
CREATE FUNCTION patternos._do_step(step text, as_of date, options jsonb) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE step
        WHEN 'statistics' THEN patternos._refresh_statistics()
        WHEN 'identities' THEN patternos._resolve_identities(coalesce((options ->> 'everything')::boolean, false), options)
        WHEN 'items' THEN patternos._refresh_price_bands()
        WHEN 'snapshots' THEN patternos._drop_stale_snapshots()
        ELSE patternos._refresh_step(step, as_of)
    END;
END
$$;

-- Takes the pipeline's lock to the end of the transaction, or raises.
CREATE FUNCTION patternos._lock_pipeline() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(patternos._pipeline_lock(), 0) THEN
        RAISE EXCEPTION 'another run of the pipeline is in progress'
            USING ERRCODE = 'lock_not_available',
                  HINT = 'SELECT * FROM patternos_dw.pipeline_status shows how far it is.';
    END IF;
END
$$;

-- Takes the lock and records a run; a row that still says 'running' is of a dead one.
CREATE FUNCTION patternos._start_run(procedure_name text, reference_date date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    run bigint;
    as_of date;
BEGIN
    PERFORM patternos._require_owner();
    PERFORM patternos._lock_pipeline();
    UPDATE patternos_dw.pipeline_run
    SET status = 'failed', error = 'the run was interrupted', finished_at = clock_timestamp()
    WHERE status = 'running';
    IF procedure_name <> 'resolve_identities' THEN
        as_of := patternos._reference_date(reference_date);
    END IF;
    run := nextval(pg_get_serial_sequence('patternos_dw.pipeline_run', 'run_id'));
    INSERT INTO patternos_dw.pipeline_run
        (run_id, refresh_id, step, as_of, is_requested, status, started_at, backend_pid)
    VALUES (run, run, procedure_name, as_of, reference_date IS NOT NULL, 'running', clock_timestamp(), pg_backend_pid());
    RAISE NOTICE '%', procedure_name || coalesce(' as of ' || to_char(as_of, 'YYYY-MM-DD'), '');
    RETURN run;
END
$$;

-- Records that a step of a run begins.
CREATE FUNCTION patternos._start_step(run bigint, step_name text) RETURNS bigint
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO patternos_dw.pipeline_run (refresh_id, step, as_of, is_requested, status, started_at, backend_pid)
    SELECT run, step_name, r.as_of, r.is_requested, 'running', clock_timestamp(), r.backend_pid
    FROM patternos_dw.pipeline_run r WHERE r.run_id = run
    RETURNING run_id
$$;

-- Does a recorded step and records its outcome. Returns NULL, or of a failed step its SQLSTATE,
-- message, detail and hint; what it wrote is undone.
CREATE FUNCTION patternos._finish_step(step_run bigint, options jsonb) RETURNS text[]
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    step patternos_dw.pipeline_run;
    written bigint;
    state text;
    message text;
    detail text;
    hint text;
BEGIN
    SELECT * INTO step FROM patternos_dw.pipeline_run WHERE run_id = step_run;
    BEGIN
        written := patternos._do_step(step.step, step.as_of, options);
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
            detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    END;
    UPDATE patternos_dw.pipeline_run r
    SET status = CASE WHEN state IS NULL THEN 'complete' ELSE 'failed' END, rows = written,
        finished_at = clock_timestamp(), seconds = extract(epoch FROM clock_timestamp() - r.started_at),
        sqlstate = state, error = message
    WHERE r.run_id = step_run
    RETURNING * INTO step;
    IF state IS NOT NULL THEN
        RETURN ARRAY[state, message, coalesce(nullif(detail, ''), format('Step "%s" failed.', step.step)),
                     coalesce(nullif(hint, ''), 'Calling the procedure again repeats every step safely.')];
    END IF;
    RAISE NOTICE '%', format('  %s %s rows, %s s', rpad(step.step, 14), coalesce(step.rows, 0), step.seconds);
    RETURN NULL;
END
$$;

-- Closes a run: complete, or failed with its step's failure.
CREATE FUNCTION patternos._finish_run(run bigint, failure text[]) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE patternos_dw.pipeline_run r
    SET status = CASE WHEN failure IS NULL THEN 'complete' ELSE 'failed' END,
        rows = (SELECT sum(s.rows) FROM patternos_dw.pipeline_run s WHERE s.refresh_id = run AND s.run_id <> run),
        finished_at = clock_timestamp(), seconds = extract(epoch FROM clock_timestamp() - r.started_at),
        sqlstate = failure[1], error = failure[2]
    WHERE r.run_id = run
$$;

-- Raises what made a run fail, as its step raised it.
CREATE FUNCTION patternos._raise_failure(failure text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION '%', failure[2] USING ERRCODE = failure[1], DETAIL = failure[3], HINT = failure[4];
END
$$;

-- Holds the lock over a COMMIT.
CREATE FUNCTION patternos._hold_lock() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    SELECT pg_advisory_lock(patternos._pipeline_lock(), 0)
$$;

-- Hands the lock to the transaction after the COMMIT.
CREATE FUNCTION patternos._retake_lock() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    SELECT pg_advisory_xact_lock(patternos._pipeline_lock(), 0);
    SELECT pg_advisory_unlock(patternos._pipeline_lock(), 0)
$$;

-- Runs the steps of a procedure, each in a transaction of its own unless in_steps is false.
CREATE PROCEDURE patternos._run(procedure_name text, reference_date date, in_steps boolean, options jsonb DEFAULT '{}')
LANGUAGE plpgsql
AS $$
DECLARE
    run pg_catalog.int8 := patternos._start_run(procedure_name, reference_date);
    step pg_catalog.text;
    step_run pg_catalog.int8;
    failure pg_catalog._text;
BEGIN
    FOREACH step IN ARRAY patternos._pipeline_steps(procedure_name) LOOP
        step_run := patternos._start_step(run, step);
        IF in_steps THEN
            PERFORM patternos._hold_lock();
            COMMIT;
            PERFORM patternos._retake_lock();
        END IF;
        failure := patternos._finish_step(step_run, options);
        EXIT WHEN failure IS NOT NULL;
    END LOOP;
    PERFORM patternos._finish_run(run, failure);
    IF in_steps THEN
        COMMIT;
    END IF;
    IF failure IS NOT NULL THEN
        PERFORM patternos._raise_failure(failure);
    END IF;
END
$$;

CREATE PROCEDURE patternos.resolve_identities(in_steps boolean DEFAULT true, threshold double precision DEFAULT NULL,
    dry_run boolean DEFAULT false, everything boolean DEFAULT false, max_churn double precision DEFAULT NULL,
    max_growth double precision DEFAULT NULL)
LANGUAGE plpgsql
AS $$
BEGIN
    CALL patternos._run('resolve_identities', NULL, in_steps, pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
        'threshold', threshold, 'dry_run', dry_run, 'everything', everything, 'max_churn', max_churn, 'max_growth', max_growth)));
END
$$;

CREATE PROCEDURE patternos.refresh_features(reference_date date DEFAULT NULL, in_steps boolean DEFAULT true)
LANGUAGE plpgsql
AS $$
BEGIN
    CALL patternos._run('refresh_features', reference_date, in_steps);
END
$$;

CREATE PROCEDURE patternos.score_intent(reference_date date DEFAULT NULL, in_steps boolean DEFAULT true)
LANGUAGE plpgsql
AS $$
BEGIN
    CALL patternos._run('score_intent', reference_date, in_steps);
END
$$;

CREATE PROCEDURE patternos.refresh(reference_date date DEFAULT NULL, in_steps boolean DEFAULT true)
LANGUAGE plpgsql
AS $$
BEGIN
    CALL patternos._run('refresh', reference_date, in_steps);
END
$$;

REVOKE ALL ON FUNCTION patternos._newest_fact(date), patternos._reference_date(date),
    patternos._pipeline_steps(text), patternos._do_step(text, date, jsonb), patternos._lock_pipeline(),
    patternos._start_run(text, date),
    patternos._start_step(bigint, text), patternos._finish_step(bigint, jsonb),
    patternos._finish_run(bigint, text[]), patternos._raise_failure(text[]), patternos._hold_lock(),
    patternos._retake_lock() FROM PUBLIC;
REVOKE ALL ON PROCEDURE patternos._run(text, date, boolean, jsonb),
    patternos.resolve_identities(boolean, double precision, boolean, boolean, double precision, double precision),
    patternos.refresh_features(date, boolean), patternos.score_intent(date, boolean),
    patternos.refresh(date, boolean) FROM PUBLIC;

COMMENT ON PROCEDURE patternos.resolve_identities(boolean, double precision, boolean, boolean, double precision, double precision) IS
    'Joins the accounts of the same person into one customer.';
COMMENT ON PROCEDURE patternos.refresh_features(date, boolean) IS
    'Computes the feature tables as of a reference date.';
COMMENT ON PROCEDURE patternos.score_intent(date, boolean) IS
    'Scores the purchase intent of every customer as of a reference date.';
COMMENT ON PROCEDURE patternos.refresh(date, boolean) IS
    'Runs the whole pipeline: identities, features and intent scores as of a reference date.';

