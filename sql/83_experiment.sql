-- Experiments: who is held out of a campaign, and what the campaign changed.

-- The customers of all experiments as they are today: assignments of customers that were merged since count for who they became, the first of
-- several. A customer that was erased has no row.
CREATE FUNCTION patternos._create_experiment_view() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CREATE OR REPLACE VIEW patternos_dw.experiment_customer AS
    WITH RECURSIVE trail AS (
        SELECT DISTINCT a.customer_key AS old_key, a.customer_key
        FROM patternos_dw.experiment_assignment a
        WHERE NOT EXISTS (SELECT FROM patternos_dw.dim_customer c WHERE c.customer_key = a.customer_key)
        UNION
        SELECT t.old_key, h.new_customer_key
        FROM trail t
        JOIN patternos_dw.customer_id_history h ON h.old_customer_key = t.customer_key AND h.change = 'merge'
    ), placed AS (
        SELECT a.experiment_id, coalesce(t.customer_key, a.customer_key) AS customer_key, a.customer_key AS old_key, a.arm, a.assigned_at, a.recorded_at
        FROM patternos_dw.experiment_assignment a
        LEFT JOIN (SELECT t.old_key, t.customer_key FROM trail t JOIN patternos_dw.dim_customer c USING (customer_key)) t ON t.old_key = a.customer_key
    ), first AS (
        SELECT DISTINCT ON (p.experiment_id, p.customer_key) p.*, count(*) OVER w AS assignments, min(p.arm) OVER w <> max(p.arm) OVER w AS is_conflicting
        FROM placed p
        WINDOW w AS (PARTITION BY p.experiment_id, p.customer_key)
        ORDER BY p.experiment_id, p.customer_key, p.assigned_at, p.old_key
    )
    SELECT f.experiment_id, e.name AS experiment, c.customer_key, c.global_customer_id, f.arm, f.assigned_at, f.recorded_at, f.assignments, f.is_conflicting,
           c.consent_marketing AND c.consent_personalization AND NOT c.anonymized AND c.primary_age_group IS DISTINCT FROM '0-17' AS is_servable
    FROM first f
    JOIN patternos_dw.experiment e ON e.experiment_id = f.experiment_id
    JOIN patternos_dw.dim_customer c ON c.customer_key = f.customer_key
    WHERE NOT c.anonymized;
    PERFORM patternos._describe_like('experiment_customer', 'experiment_assignment', '');
    PERFORM patternos._describe('experiment_customer', 'Customers of experiments as they are today: one row per experiment and customer. A campaign addresses those with arm treatment and is_servable.', $c$
customer_key: the customer that the assigned one is today
experiment: name of the experiment
arm: treatment or holdout: that of the first assignment, where several customers were merged since
assigned_at: moment of the first assignment, from which outcomes count
assignments: number of assigned customers that are this one today
is_conflicting: true: they were in different arms
is_servable: whether the person may be addressed now: consents, no minor$c$);
END
$$;

-- The number of an experiment; error 42704 when there is none of that name.
CREATE FUNCTION patternos._find_experiment(name text) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found_id integer := (SELECT e.experiment_id FROM patternos_dw.experiment e WHERE e.name = _find_experiment.name);
BEGIN
    IF found_id IS NULL THEN
        RAISE EXCEPTION 'there is no experiment of that name' USING ERRCODE = 'undefined_object',
            HINT = 'Experiments stand in patternos_dw.experiment.';
    END IF;
    RETURN found_id;
END
$$;

CREATE FUNCTION patternos._create_experiment(name text, audience text, holdout double precision, platform text, category text,
    outcome_days integer, salt text, path text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    made integer;
BEGIN
    PERFORM patternos._require_owner();
    IF (btrim(name) <> '' AND holdout > 0 AND holdout < 1 AND audience <> '') IS NOT TRUE OR outcome_days <= 0 THEN
        RAISE EXCEPTION 'an experiment needs a name, an audience, a share to hold out between 0 and 1, and outcome_days above 0 or NULL'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT EXISTS (SELECT FROM patternos_dw.dim_platform p WHERE p.platform_id = platform) THEN
        RAISE EXCEPTION 'there is no such platform' USING ERRCODE = 'undefined_object', HINT = 'Platforms stand in patternos_dw.dim_platform; ALL is all of them.';
    END IF;
    IF category IS NOT NULL AND NOT EXISTS (SELECT FROM patternos_dw.dim_product_category c WHERE c.unified_category = category) THEN
        RAISE EXCEPTION 'there is no such unified category' USING ERRCODE = 'undefined_object',
            HINT = 'SELECT DISTINCT unified_category FROM patternos_dw.dim_product_category lists them.';
    END IF;
    IF EXISTS (SELECT FROM patternos_dw.experiment e WHERE e.name = _create_experiment.name) THEN
        RAISE EXCEPTION 'there is an experiment of that name already' USING ERRCODE = 'unique_violation';
    END IF;
    -- a relation is kept by its full name; a query has to name its relations so
    audience := patternos._source_rows(audience, path);
    EXECUTE format('SELECT a.customer_key::pg_catalog.int8 FROM %s AS a LIMIT 0', audience);
    INSERT INTO patternos_dw.experiment (name, audience, holdout, salt, platform_id, unified_category, outcome_days)
    VALUES (name, audience, holdout, coalesce(salt, gen_random_uuid()::text), platform, category, outcome_days)
    RETURNING experiment_id INTO made;
    RETURN made;
END
$$;

CREATE FUNCTION patternos.create_experiment(name text, audience text, holdout double precision DEFAULT 0.1, platform text DEFAULT 'ALL',
    category text DEFAULT NULL, outcome_days integer DEFAULT NULL, salt text DEFAULT NULL) RETURNS integer
LANGUAGE sql
BEGIN ATOMIC
    SELECT patternos._create_experiment(name, audience, holdout, platform, category, outcome_days, salt, pg_catalog.current_setting('search_path'));
END;
COMMENT ON FUNCTION patternos.create_experiment(text, text, double precision, text, text, integer, text) IS
    'Registers an experiment: an audience, the share of it to hold out, and what counts as outcome.';

-- Assigns who is in the audience, may be addressed and has no assignment yet. Returns the number of customers in the audience.
CREATE FUNCTION patternos._assign_customers(experiment integer, at timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
    asked record;
    customers bigint;
BEGIN
    SELECT * INTO asked FROM patternos_dw.experiment e WHERE e.experiment_id = experiment FOR UPDATE;
    IF at < asked.starts_at OR at >= asked.ends_at OR asked.starts_at IS NULL THEN
        RAISE EXCEPTION 'the experiment does not run at that time' USING ERRCODE = 'object_not_in_prerequisite_state',
            DETAIL = format('It runs from %s to %s.', coalesce(asked.starts_at::text, 'a start that is not set'), coalesce(asked.ends_at::text, 'an end that is not set')),
            HINT = 'start_experiment() starts one.';
    END IF;
    EXECUTE format($query$
        WITH audience AS MATERIALIZED (SELECT DISTINCT a.customer_key::pg_catalog.int8 AS customer_key FROM %s AS a),
        added AS (
            INSERT INTO patternos_dw.experiment_assignment (customer_key, experiment_id, arm, assigned_at)
            SELECT c.customer_key, $1, patternos.experiment_arm($2, c.global_customer_id, $3), $4
            FROM audience
            JOIN patternos_dw.dim_customer c USING (customer_key)
            WHERE c.consent_marketing AND c.consent_personalization AND NOT c.anonymized
              AND NOT EXISTS (SELECT FROM (%s) u WHERE u.customer_key = c.customer_key)
              AND NOT EXISTS (SELECT FROM patternos_dw.experiment_customer x WHERE x.experiment_id = $1 AND x.customer_key = c.customer_key)
            ORDER BY c.customer_key
            ON CONFLICT DO NOTHING)
        SELECT count(*) FROM audience$query$,
        asked.audience, patternos._unscored_query((at AT TIME ZONE patternos._setting('time_zone'))::date))
    INTO customers USING experiment, asked.salt, asked.holdout, at;
    RETURN customers;
END
$$;

CREATE FUNCTION patternos.assign_experiment(name text, assigned_at timestamptz DEFAULT now())
RETURNS TABLE (arm text, assigned bigint, total bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    experiment integer;
    former bigint[];
BEGIN
    PERFORM patternos._require_owner();
    experiment := patternos._find_experiment(name);
    -- counted behind the lock, so that two that assign at once do not count each other's
    PERFORM FROM patternos_dw.experiment e WHERE e.experiment_id = experiment FOR UPDATE;
    SELECT ARRAY[count(*) FILTER (WHERE a.arm = 'holdout'), count(*) FILTER (WHERE a.arm = 'treatment')] INTO former
    FROM patternos_dw.experiment_assignment a WHERE a.experiment_id = experiment;
    PERFORM patternos._assign_customers(experiment, coalesce(assign_experiment.assigned_at, now()));
    RETURN QUERY
    SELECT v.arm, count(a.arm) - former[v.place], count(a.arm)
    FROM (VALUES ('holdout', 1), ('treatment', 2)) v (arm, place)
    LEFT JOIN patternos_dw.experiment_assignment a ON a.experiment_id = experiment AND a.arm = v.arm
    GROUP BY v.arm, v.place ORDER BY v.place DESC;
END
$$;
COMMENT ON FUNCTION patternos.assign_experiment(text, timestamptz) IS
    'Assigns the customers that have joined the audience of a running experiment, and returns how many are in each arm.';

CREATE FUNCTION patternos.start_experiment(name text, starts_at timestamptz DEFAULT now(), ends_at timestamptz DEFAULT NULL)
RETURNS TABLE (arm text, assigned bigint, total bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    experiment integer;
BEGIN
    PERFORM patternos._require_owner();
    experiment := patternos._find_experiment(name);
    IF (isfinite(start_experiment.starts_at) AND isfinite(coalesce(start_experiment.ends_at, now()))
        AND coalesce(start_experiment.ends_at > start_experiment.starts_at, true)) IS NOT TRUE THEN
        RAISE EXCEPTION 'an experiment must start at a time, and end later than that or never' USING ERRCODE = 'datetime_field_overflow';
    END IF;
    UPDATE patternos_dw.experiment e SET starts_at = start_experiment.starts_at, ends_at = start_experiment.ends_at
    WHERE e.experiment_id = experiment AND e.starts_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the experiment was started already' USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'assign_experiment() assigns who has joined its audience since.';
    END IF;
    RETURN QUERY SELECT * FROM patternos.assign_experiment(name, start_experiment.starts_at);
END
$$;
COMMENT ON FUNCTION patternos.start_experiment(text, timestamptz, timestamptz) IS
    'Starts an experiment: assigns its audience, and returns how many customers are in each arm.';

CREATE FUNCTION patternos.stop_experiment(name text, reason text DEFAULT NULL, ends_at timestamptz DEFAULT now()) RETURNS timestamptz
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    experiment integer;
BEGIN
    PERFORM patternos._require_owner();
    experiment := patternos._find_experiment(name);
    UPDATE patternos_dw.experiment e SET ends_at = stop_experiment.ends_at, stop_reason = reason
    WHERE e.experiment_id = experiment AND e.starts_at < stop_experiment.ends_at AND isfinite(stop_experiment.ends_at)
      AND (e.ends_at IS NULL OR e.ends_at > stop_experiment.ends_at);
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the experiment does not run at that time' USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN stop_experiment.ends_at;
END
$$;
COMMENT ON FUNCTION patternos.stop_experiment(text, text, timestamptz) IS
    'Ends an experiment: later outcomes do not count, nobody is assigned any more.';

CREATE FUNCTION patternos.drop_experiment(name text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    experiment integer;
    dropped bigint;
BEGIN
    PERFORM patternos._require_owner();
    experiment := patternos._find_experiment(name);
    IF EXISTS (SELECT FROM patternos_dw.experiment e WHERE e.experiment_id = experiment AND e.starts_at IS NOT NULL AND coalesce(e.ends_at > clock_timestamp(), true)) THEN
        RAISE EXCEPTION 'the experiment is running' USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Call stop_experiment() first.';
    END IF;
    DELETE FROM patternos_dw.experiment_assignment a WHERE a.experiment_id = experiment;
    GET DIAGNOSTICS dropped = ROW_COUNT;
    DELETE FROM patternos_dw.experiment e WHERE e.experiment_id = experiment;
    RETURN dropped;
END
$$;
COMMENT ON FUNCTION patternos.drop_experiment(text) IS
    'Deletes an experiment that has ended with its assignments, and returns their number.';

REVOKE ALL ON FUNCTION patternos._create_experiment_view(), patternos._find_experiment(text),
    patternos._create_experiment(text, text, double precision, text, text, integer, text, text),
    patternos.create_experiment(text, text, double precision, text, text, integer, text), patternos._assign_customers(integer, timestamptz),
    patternos.assign_experiment(text, timestamptz), patternos.start_experiment(text, timestamptz, timestamptz),
    patternos.stop_experiment(text, text, timestamptz), patternos.drop_experiment(text) FROM PUBLIC;
