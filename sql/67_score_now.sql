-- One customer at a time: the score of this moment, and where everything comes from.

-- The customer behind an id, also one that was merged away. Errors: no such customer.
CREATE FUNCTION patternos._customer(global_customer_id text) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key bigint := (SELECT c.customer_key FROM patternos_dw.dim_customer c
                   WHERE c.global_customer_id = coalesce(patternos.resolve_id(_customer.global_customer_id), _customer.global_customer_id));
BEGIN
    IF key IS NULL THEN
        RAISE EXCEPTION 'no such customer' USING ERRCODE = 'no_data_found', HINT = 'Give a global_customer_id as in patternos_dw.dim_customer.';
    END IF;
    RETURN key;
END
$$;

-- The reference date of a customer's score of this moment: the newest one that all were scored at, or the day after the customer's newest
-- fact where that is later, but not after tomorrow.
CREATE FUNCTION patternos._moment(key bigint) RETURNS date
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    zone CONSTANT text := patternos._setting('time_zone');
    newest date := greatest((SELECT max(t.transaction_date) FROM patternos_dw.fact_transaction t WHERE t.customer_key = key),
                            (SELECT (max(e.event_timestamp) AT TIME ZONE zone)::date FROM patternos_dw.fact_event e WHERE e.customer_key = key));
BEGIN
    RETURN least((now() AT TIME ZONE zone)::date + 1, greatest(newest + 1, (SELECT max(p.as_of) FROM patternos_dw.intent_percentile p)));
END
$$;

-- The FROM clause of features, straight from the facts of a customer; purchase rates as last fitted.
CREATE FUNCTION patternos._live_intent_sources(as_of date, key bigint) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO'
AS $$
    SELECT patternos._join_intent_sources(
        format('(SELECT q.*, %L::date AS as_of FROM (%s UNION ALL %s) q)', as_of, patternos._rfm_rows_query(as_of, key::text),
               patternos._rfm_prospects_query(as_of, format('(SELECT f.customer_key FROM %s f WHERE f.transaction_date < %L)',
                                                            patternos._rows_of('patternos_dw.fact_transaction', key::text), as_of), key::text)),
        format('(%s)', patternos._behavior_query(as_of, key::text)), format('(%s)', patternos._cross_platform_query(as_of, key::text)),
        format('(%s)', patternos._affinity_query(as_of, patternos._setting('affinity_window_days')::integer, key::text)),
        format('(SELECT DISTINCT ON (p.platform_id) p.platform_id, %1$L::date AS as_of, p.r, p.alpha FROM patternos_dw.purchase_rate_model p '
               'WHERE p.as_of <= %1$L ORDER BY p.platform_id, p.as_of DESC)', as_of))
$$;

-- Score, probabilities and reasons by the documented baseline, with the columns of _champion_query, from a FROM clause of features.
CREATE FUNCTION patternos._baseline_query(sources text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format($query$
        SELECT r.customer_key, r.as_of, r.platform_id, patternos.intent_score(coalesce(r.recency_days, 180), r.frequency_90d, r.monetary_90d) AS intent_score,
               CASE WHEN r.frequency_lifetime > 0 THEN patternos.purchase_probability(r.frequency_lifetime - 1, r.as_of - r.first_purchase_date, m.r, m.alpha, 7)
               END::numeric(5, 4) AS probability_7d,
               CASE WHEN r.frequency_lifetime > 0 THEN patternos.purchase_probability(r.frequency_lifetime - 1, r.as_of - r.first_purchase_date, m.r, m.alpha, 30)
               END::numeric(5, 4) AS probability_30d,
               patternos._intent_terms(coalesce(r.recency_days, 180), r.frequency_90d, r.monetary_90d) AS reasons
        FROM %s$query$, sources)
$$;

CREATE FUNCTION patternos.score_now(global_customer_id text)
RETURNS TABLE (platform_id text, as_of date, intent_score numeric, intent_level text, intent_percentile numeric,
               purchase_probability_7d numeric, purchase_probability_30d numeric, is_servable boolean, model_version text, reasons jsonb)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET max_parallel_workers_per_gather = 0
AS $$
DECLARE
    key CONSTANT bigint := patternos._customer(global_customer_id);
    day CONSTANT date := patternos._moment(key);
    is_unscored boolean;
    is_baseline boolean := (SELECT m.model_type = 'baseline' FROM patternos_dw.model m WHERE m.name = 'intent' AND m.stage = 'champion');
    scored text;
BEGIN
    PERFORM patternos._require_owner();
    EXECUTE format('SELECT EXISTS (%s)', patternos._unscored_query(day, key)) INTO is_unscored;
    IF is_unscored OR is_baseline IS NULL THEN
        RETURN;
    END IF;
    IF is_baseline THEN
        scored := patternos._baseline_query(patternos._live_intent_sources(day, key));
    ELSE
        scored := format('SELECT q.*, q.intent_score AS probability_30d FROM (%s) q',
                         patternos._champion_query(patternos._scored_rows(patternos._live_intent_sources(day, key), 'true')));
    END IF;
    RETURN QUERY EXECUTE format($query$
        SELECT s.platform_id, s.as_of, s.intent_score, patternos.intent_level(s.intent_score, m.high_cut, m.medium_cut),
               coalesce((SELECT p.intent_percentile FROM patternos_dw.intent_percentile p
                         WHERE p.platform_id = s.platform_id AND p.intent_score <= s.intent_score
                           AND p.as_of = (SELECT max(l.as_of) FROM patternos_dw.intent_percentile l WHERE l.as_of <= $1)
                         ORDER BY p.intent_score DESC LIMIT 1), 0),
               s.probability_7d, s.probability_30d, c.consent_marketing AND c.consent_personalization AND NOT c.anonymized, m.version, s.reasons
        FROM (%s) s
        JOIN patternos_dw.dim_customer c ON c.customer_key = $2
        JOIN patternos_dw.model m ON m.name = 'intent' AND m.stage = 'champion'
        ORDER BY s.platform_id <> 'ALL', s.platform_id$query$, scored) USING day, key;
END
$$;
COMMENT ON FUNCTION patternos.score_now(text) IS
    'Scores one customer from the facts of this moment, by the champion.';

-- Accounts of a customer and the evidence that joined them to the first.
CREATE FUNCTION patternos._trace_accounts(key bigint) RETURNS TABLE (part text, item text, detail text, happened_at timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH account AS (
        SELECT i.*, row_number() OVER (ORDER BY i.identity_key) AS place FROM patternos_dw.dim_customer_identity i WHERE i.customer_key = key
    )
    SELECT 'account', a.platform_id || ' ' || a.platform_customer_id,
           concat_ws(', ', a.mapping_method, 'confidence ' || a.mapping_confidence, nullif(a.match_attributes::text, '{}')), a.created_at
    FROM account a
    UNION ALL
    SELECT 'link', concat_ws(' ', l.from_platform, l.from_account, 'to', l.to_platform, l.to_account),
           concat_ws(', ', l.kind, l.verdict, 'probability ' || round(l.probability::numeric, 4)), NULL
    FROM account f
    JOIN account a ON f.place = 1 AND a.place > 1
    CROSS JOIN LATERAL patternos.explain_link(f.platform_id, f.platform_customer_id, a.platform_id, a.platform_customer_id) l
$$;

-- A customer's newest facts, and the lines of files that brought facts of its accounts.
CREATE FUNCTION patternos._trace_facts(key bigint, most integer) RETURNS TABLE (part text, item text, detail text, happened_at timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH purchase AS (
        SELECT t.* FROM patternos_dw.fact_transaction t WHERE t.customer_key = key
        ORDER BY t.transaction_datetime DESC, t.transaction_id DESC LIMIT most
    ), event AS (
        SELECT e.* FROM patternos_dw.fact_event e WHERE e.customer_key = key ORDER BY e.event_timestamp DESC, e.event_id DESC LIMIT most
    ), source AS (
        SELECT platform_id, platform_customer_id, batch_id FROM purchase
        UNION SELECT platform_id, platform_customer_id, batch_id FROM event
    )
    SELECT 'line', concat_ws(' ', coalesce(b.source, 'batch ' || b.batch_id), 'line', r.line),
           concat_ws(' ', r.platform_id, r.entity, r.platform_customer_id), r.record_time
    FROM source s
    JOIN patternos_dw.raw_record r ON r.batch_id = s.batch_id AND r.platform_id = s.platform_id AND r.platform_customer_id = s.platform_customer_id
    JOIN patternos_dw.raw_batch b ON b.batch_id = r.batch_id
    UNION ALL
    SELECT 'fact', concat_ws(' ', t.platform_id, t.transaction_type, t.transaction_id),
           concat_ws(', ', t.transaction_status, t.total_value || ' ' || t.currency, t.unified_category, 'batch ' || t.batch_id), t.transaction_datetime
    FROM purchase t
    UNION ALL
    SELECT 'fact', concat_ws(' ', e.platform_id, e.event_type, e.event_id), 'batch ' || e.batch_id, e.event_timestamp FROM event e
$$;

-- The features and the score of the newest scored date, and the reasons of the score.
CREATE FUNCTION patternos._trace_score(key bigint) RETURNS TABLE (part text, item text, detail text, happened_at timestamptz)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    score patternos_dw.intent_score;
BEGIN
    SELECT * INTO score FROM patternos_dw.intent_score s WHERE s.customer_key = key AND s.platform_id = 'ALL' ORDER BY s.as_of DESC LIMIT 1;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format($query$
        SELECT 'feature', v.key, v.value, $1
        FROM (SELECT to_jsonb(f) AS row FROM (SELECT %s FROM %s WHERE r.customer_key = $2 AND r.platform_id = 'ALL') f) f
        CROSS JOIN LATERAL jsonb_each_text(f.row) v WHERE v.value IS NOT NULL
        $query$, patternos._intent_columns(), patternos._intent_sources(score.as_of)) USING score.scoring_timestamp, key;
    RETURN QUERY
    SELECT 'score', 'intent_score', concat_ws(', ', score.intent_score, score.intent_level, 'percentile ' || score.intent_percentile,
               format('model %s, %s', score.model_version, score.model_type)), score.scoring_timestamp
    UNION ALL
    SELECT 'reason', v.key, v.value, score.scoring_timestamp
    FROM (SELECT e.key, e.value FROM jsonb_each_text(score.feature_importance) e ORDER BY abs(e.value::numeric) DESC, e.key) v;
END
$$;

CREATE FUNCTION patternos.trace(global_customer_id text, most integer DEFAULT 20)
RETURNS TABLE (step bigint, part text, item text, detail text, happened_at timestamptz)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key bigint;
BEGIN
    PERFORM patternos._require_owner();
    key := patternos._customer(global_customer_id);
    IF (most BETWEEN 0 AND 10000) IS NOT TRUE THEN
        RAISE EXCEPTION 'most must be a number from 0 to 10000' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN QUERY
    SELECT row_number() OVER (ORDER BY array_position('{line,account,link,fact,feature,score,reason}', t.part), t.place), t.part, t.item, t.detail, t.happened_at
    FROM (SELECT a.*, row_number() OVER () AS place FROM patternos._trace_facts(key, most) a
          UNION ALL SELECT a.*, row_number() OVER () FROM patternos._trace_accounts(key) a
          UNION ALL SELECT a.*, row_number() OVER () FROM patternos._trace_score(key) a) t
    ORDER BY 1;
END
$$;
COMMENT ON FUNCTION patternos.trace(text, integer) IS
    'Where a customer''s score comes from: lines of files, accounts and what joined them, facts, features, score and reasons.';

CREATE FUNCTION patternos.observe_outcomes() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    before bigint;
BEGIN
    PERFORM patternos._require_owner();
    PERFORM patternos._lock_pipeline();
    SELECT count(*) INTO before FROM patternos_dw.intent_score WHERE actual_purchased IS NULL;
    PERFORM patternos._record_outcomes();
    RETURN before - (SELECT count(*) FROM patternos_dw.intent_score WHERE actual_purchased IS NULL);
END
$$;
COMMENT ON FUNCTION patternos.observe_outcomes() IS
    'Records who bought within 30 days of being scored, where they have passed, and returns the number of scores.';

REVOKE ALL ON FUNCTION patternos._customer(text), patternos._moment(bigint), patternos._live_intent_sources(date, bigint), patternos.score_now(text),
    patternos._trace_accounts(bigint), patternos._trace_facts(bigint, integer), patternos._trace_score(bigint), patternos.trace(text, integer),
    patternos.observe_outcomes() FROM PUBLIC;
