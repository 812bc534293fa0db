-- What a step of the refresh computes: all customers, or where its newest snapshot holds but for some, those again.
--
-- Marks of changed customers are taken away in the transaction of the step that sees them, and kept for every step: a load
-- that commits later leaves its marks to the next refresh. The facts are read after the marks, so what a mark is for is seen.

-- Gives the marks in sight to the steps that read facts. A step with more stale customers than a fifth of all computes everything.
CREATE FUNCTION patternos._take_changes() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    many bigint := (SELECT CASE WHEN c.reltuples > 0 THEN c.reltuples ELSE (SELECT count(*) FROM patternos_dw.dim_customer) END / 5
                    FROM pg_class c WHERE c.oid = 'patternos_dw.dim_customer'::regclass);
BEGIN
    IF NOT EXISTS (SELECT FROM patternos_dw.changed_customer) THEN
        RETURN;
    END IF;
    IF (SELECT count(DISTINCT k) FROM patternos_dw.changed_customer c
        CROSS JOIN LATERAL generate_series(c.customer_key, c.customer_key + c.customers - 1) k) > many THEN
        DELETE FROM patternos_dw.refresh_state;
    END IF;
    WITH taken AS (
        DELETE FROM patternos_dw.changed_customer RETURNING customer_key, customers
    )
    INSERT INTO patternos_dw.stale_customer (step, customer_key)
    SELECT s.step, t.customer_key
    FROM (SELECT DISTINCT generate_series(customer_key, customer_key + customers - 1) AS customer_key FROM taken) t
    CROSS JOIN patternos_dw.refresh_state s
    WHERE s.step IN ('rfm', 'affinity', 'behavior', 'cross_platform')
    ON CONFLICT DO NOTHING;
    DELETE FROM patternos_dw.refresh_state s
    WHERE (SELECT count(*) FROM patternos_dw.stale_customer k WHERE k.step = s.step) > many;
    DELETE FROM patternos_dw.stale_customer k
    WHERE NOT EXISTS (SELECT FROM patternos_dw.refresh_state s WHERE s.step = k.step);
END
$$;

-- Digest of all but facts that a step's rows depend on; NULL where it must compute all customers. Categories later than the given
-- one belong to facts that came later as well, unless they have the path of another.
CREATE FUNCTION patternos._rules(step text, as_of date, last_category integer) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO'
AS $$
    WITH category AS (
        SELECT c.*, lower(concat_ws(' > ', category_level_1, category_level_2, category_level_3)) AS path
        FROM patternos_dw.dim_product_category c
    )
    SELECT md5(concat_ws(E'\n',
               (SELECT extversion FROM pg_extension WHERE extname = 'patternos'),
               (SELECT string_agg(p::text, E'\n' ORDER BY p.platform_id) FROM patternos_dw.dim_platform p),
               (SELECT string_agg(c::text, E'\n' ORDER BY c.category_id) FROM category c
                WHERE c.category_id <= last_category
                   OR c.path IN (SELECT o.path FROM category o WHERE o.category_id <= last_category)))
        || CASE step
           WHEN 'rfm' THEN CASE WHEN NOT EXISTS (SELECT FROM patternos_dw.rfm_threshold WHERE method <> 'fixed') THEN
                concat_ws(E'\n', patternos._rfm_query(as_of, step),
                          (SELECT string_agg(t::text, E'\n' ORDER BY t.platform_id, t.metric) FROM patternos_dw.rfm_threshold t)) END
           WHEN 'customers' THEN
                concat_ws(E'\n', patternos._value_segment(as_of, NULL),
                          (SELECT string_agg(t::text, E'\n' ORDER BY t.priority) FROM patternos_dw.value_segment_rule t))
           WHEN 'affinity' THEN patternos._affinity_query(as_of, patternos._setting('affinity_window_days')::integer, step)
           WHEN 'behavior' THEN patternos._behavior_query(as_of, step)
           WHEN 'cross_platform' THEN patternos._cross_platform_query(as_of, step)
           WHEN 'scores' THEN
                (SELECT concat_ws(E'\n', patternos._setting('affinity_window_days'), patternos._setting('time_zone'), u.who,
                                  string_agg(concat_ws(' ', m.name, m.version, m.high_cut, m.medium_cut, md5(m.compiled)), E'\n' ORDER BY m.name))
                 FROM patternos_dw.model m
                 CROSS JOIN (SELECT concat(count(*), ' ', sum(hashint8extended(n.customer_key, 0))) AS who FROM patternos._unscored(as_of) n) u
                 WHERE m.name IN ('intent', 'intent_7d', 'category_intent', 'category_intent_7d') AND m.stage = 'champion' GROUP BY u.who) END)
$$;

-- The table of a step's rows; that of step customers is no snapshot.
CREATE FUNCTION patternos._step_table(step text) RETURNS regclass
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE step WHEN 'rfm' THEN 'patternos_dw.feat_customer_rfm' WHEN 'affinity' THEN 'patternos_dw.feat_customer_affinity'
                     WHEN 'behavior' THEN 'patternos_dw.feat_customer_behavior'
                     WHEN 'cross_platform' THEN 'patternos_dw.feat_cross_platform' WHEN 'scores' THEN 'patternos_dw.intent_score'
                     WHEN 'customers' THEN 'patternos_dw.feat_customer_rfm' END::regclass
$$;

-- Date and borders of a step's newest snapshot where it still holds: it is there, and all but facts is as it was.
CREATE FUNCTION patternos._valid_state(step text, OUT as_of date, OUT borders numeric[])
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT s.as_of, s.borders FROM patternos_dw.refresh_state s
    WHERE s.step = $1 AND s.rules = patternos._rules(s.step, s.as_of, s.last_category)
      AND EXISTS (SELECT FROM patternos._snapshots() p WHERE p.parent = patternos._step_table(s.step) AND p.as_of = s.as_of)
$$;

-- Replaces the rows of a step's stale customers in the snapshot of a date by those of a query, which are in patternos_patch then.
CREATE FUNCTION patternos._patch_snapshot(step text, as_of date, query text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    snapshot regclass := patternos._snapshot_source(patternos._step_table(step), as_of);
    columns text;
    rows bigint;
BEGIN
    DROP TABLE IF EXISTS pg_temp.patternos_patch;
    EXECUTE 'CREATE TEMPORARY TABLE patternos_patch ON COMMIT DROP AS ' || query;
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO columns
    FROM pg_attribute a WHERE a.attrelid = 'pg_temp.patternos_patch'::regclass AND a.attnum > 0;
    EXECUTE format('DELETE FROM %s WHERE customer_key = ANY (ARRAY(SELECT k.customer_key FROM patternos_dw.stale_customer k WHERE k.step = %L))',
                   snapshot, step);
    EXECUTE format('INSERT INTO %s (%s) SELECT %2$s FROM pg_temp.patternos_patch ORDER BY customer_key', snapshot, columns);
    GET DIAGNOSTICS rows = ROW_COUNT;
    RETURN rows;
END
$$;

-- The population loses what stale customers had and gains what they have.
CREATE FUNCTION patternos._patch_affinity(as_of date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    window_days smallint := patternos._setting('affinity_window_days');
    rows bigint;
BEGIN
    PERFORM patternos._forget_affinity(as_of, ARRAY(SELECT k.customer_key FROM patternos_dw.stale_customer k WHERE k.step = 'affinity'));
    rows := patternos._patch_snapshot('affinity', as_of, patternos._affinity_query(as_of, window_days, 'affinity'));
    CREATE TEMPORARY TABLE patternos_purchases ON COMMIT DROP AS
    SELECT level, item, sum(coalesce(category_purchase_count, brand_purchase_count)) AS purchase_count
    FROM pg_temp.patternos_patch GROUP BY level, item;
    PERFORM patternos._add_to_population(as_of, window_days, 'pg_temp.patternos_purchases');
    DROP TABLE pg_temp.patternos_purchases;
    RETURN rows;
END
$$;

-- A border between tiers that moved makes stale whom it passed.
CREATE FUNCTION patternos._patch_customers(as_of date, old_borders numeric[], borders numeric[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    FOR i IN 1 .. coalesce(cardinality(borders), 0) LOOP
        IF borders[i] IS DISTINCT FROM old_borders[i] THEN
            EXECUTE format($query$
                INSERT INTO patternos_dw.stale_customer (step, customer_key)
                SELECT 'customers', f.customer_key FROM %s f
                WHERE f.platform_id = 'ALL' AND f.monetary_365d >= $1 AND f.monetary_365d < $2
                ON CONFLICT DO NOTHING
                $query$, patternos._snapshot_source('patternos_dw.feat_customer_rfm', as_of))
                USING least(borders[i], old_borders[i]),
                      greatest(coalesce(borders[i], 'Infinity'), coalesce(old_borders[i], 'Infinity'));
        END IF;
    END LOOP;
    ANALYZE patternos_dw.stale_customer;
    RETURN patternos._set_customers(as_of, borders, 'customers');
END
$$;

-- Computes a step's stale customers.
CREATE FUNCTION patternos._patch_step(step text, as_of date, old_borders numeric[], borders numeric[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET client_min_messages = warning
AS $$
BEGIN
    PERFORM patternos._require_owner();
    ANALYZE patternos_dw.stale_customer;
    RETURN CASE step
        WHEN 'customers' THEN patternos._patch_customers(as_of, old_borders, borders)
        WHEN 'rfm' THEN patternos._patch_snapshot('rfm', as_of, patternos._rfm_query(as_of, 'rfm'))
        WHEN 'affinity' THEN patternos._patch_affinity(as_of)
        WHEN 'behavior' THEN patternos._patch_snapshot('behavior', as_of, patternos._behavior_query(as_of, 'behavior'))
        WHEN 'cross_platform' THEN
            patternos._patch_snapshot('cross_platform', as_of, patternos._cross_platform_query(as_of, 'cross_platform'))
    END;
END
$$;

-- Records what a step's snapshot was computed with. What reads it computes the same customers again, or all.
CREATE FUNCTION patternos._record_state(step text, as_of date, is_patched boolean, borders numeric[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    readers text[] := CASE WHEN $1 = 'rfm' THEN '{customers,scores}'::text[] WHEN $1 IN ('affinity', 'behavior', 'cross_platform') THEN '{scores}' END;
BEGIN
    IF is_patched THEN
        INSERT INTO patternos_dw.stale_customer (step, customer_key)
        SELECT s.step, k.customer_key
        FROM patternos_dw.stale_customer k
        JOIN patternos_dw.refresh_state s ON s.step = ANY (readers)
        WHERE k.step = $1
        ON CONFLICT DO NOTHING;
    ELSE
        DELETE FROM patternos_dw.refresh_state s WHERE s.step = ANY (readers);
        DELETE FROM patternos_dw.stale_customer k WHERE k.step = ANY (readers);
    END IF;
    DELETE FROM patternos_dw.stale_customer k WHERE k.step = $1;
    DELETE FROM patternos_dw.refresh_state s WHERE s.step = $1;
    INSERT INTO patternos_dw.refresh_state (step, as_of, rules, last_category, borders)
    SELECT $1, $2, coalesce(patternos._rules($1, $2, c.last), ''), c.last, $4
    FROM (SELECT coalesce(max(category_id), 0) AS last FROM patternos_dw.dim_product_category) c;
END
$$;

-- Computes a step for all customers.
CREATE FUNCTION patternos._compute_step(step text, as_of date) RETURNS bigint
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE step
        WHEN 'customers' THEN patternos._refresh_customers(as_of)
        WHEN 'rfm' THEN patternos._refresh_rfm(as_of)
        WHEN 'affinity' THEN patternos._refresh_affinity(as_of)
        WHEN 'behavior' THEN patternos._refresh_behavior(as_of)
        WHEN 'cross_platform' THEN patternos._refresh_cross_platform(as_of)
        WHEN 'scores' THEN patternos._score_intent(as_of)
    END
$$;

-- Computes a step as far as it is out of date, and returns the rows written.
CREATE FUNCTION patternos._refresh_step(step text, as_of date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state record;
    is_patched boolean;
    borders numeric[];
    rows bigint;
BEGIN
    PERFORM patternos._require_owner();
    IF step = 'customers' AND NOT patternos._shows_customers(as_of) THEN
        RETURN 0;
    END IF;
    PERFORM patternos._take_changes();
    SELECT * INTO state FROM patternos._valid_state(step);
    IF state.as_of = as_of AND NOT EXISTS (SELECT FROM patternos_dw.stale_customer k WHERE k.step = _refresh_step.step) THEN
        IF step = 'scores' THEN
            PERFORM patternos._record_outcomes();
        END IF;
        RETURN 0;
    END IF;
    -- percentiles and fitted rates depend on everybody
    is_patched := coalesce(state.as_of = as_of, false) AND step <> 'scores';
    IF is_patched THEN
        borders := CASE step WHEN 'customers' THEN patternos._value_borders(as_of, state.borders) END;
        rows := patternos._patch_step(step, as_of, state.borders, borders);
    ELSE
        rows := patternos._compute_step(step, as_of);
        borders := CASE step WHEN 'customers' THEN patternos._value_borders(as_of) END;
    END IF;
    -- an earlier date leaves the record of the newest as it is
    IF NOT EXISTS (SELECT FROM patternos_dw.refresh_state s
                   JOIN patternos._snapshots() p ON p.parent = patternos._step_table(s.step) AND p.as_of = s.as_of
                   WHERE s.step = _refresh_step.step AND s.as_of > _refresh_step.as_of) THEN
        PERFORM patternos._record_state(step, as_of, is_patched, borders);
    END IF;
    RETURN rows;
END
$$;

REVOKE ALL ON FUNCTION patternos._take_changes(), patternos._rules(text, date, integer), patternos._step_table(text),
    patternos._valid_state(text), patternos._patch_snapshot(text, date, text), patternos._patch_affinity(date),
    patternos._patch_customers(date, numeric[], numeric[]), patternos._patch_step(text, date, numeric[], numeric[]),
    patternos._record_state(text, date, boolean, numeric[]), patternos._compute_step(text, date),
    patternos._refresh_step(text, date) FROM PUBLIC;
