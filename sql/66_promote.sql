-- The registry's champions: promotion through gates, and the way back.

-- The customers' scores by a model at a date, all platforms together: score and level as the model's cuts have it.
CREATE FUNCTION patternos._candidate_scores(model bigint, as_of date) RETURNS TABLE (score double precision, level text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET enable_nestloop = off
AS $$
BEGIN
    PERFORM patternos._check_model(model, false);
    RETURN QUERY EXECUTE format($query$
        SELECT s.score, patternos.intent_level(s.score::numeric(5, 4), c.high_cut, c.medium_cut)
        FROM (SELECT patternos.score((SELECT m.compiled FROM patternos_dw.model m WHERE m.model_id = %2$s), f) AS score FROM %1$s OFFSET '0') s
        CROSS JOIN (SELECT m.high_cut, m.medium_cut FROM patternos_dw.model m WHERE m.model_id = %2$s) c$query$,
        patternos._scored_rows(patternos._intent_sources(as_of), format('r.as_of = %L AND r.platform_id = ''ALL'' AND NOT EXISTS (SELECT FROM (%s) u WHERE u.customer_key = r.customer_key)',
                                                                      as_of, patternos._unscored_query(as_of))), model);
END
$$;

-- The figures of a version that gates are about: those of all platforms together on examples after all others in time.
CREATE FUNCTION patternos._gate_figures(metrics jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(metrics #> '{platforms,ALL}', metrics -> 'test')
$$;

-- The share of each level at the newest date with scores, as it is and as the candidate would have it, and the candidate's drift there from
-- its test examples; of category intent the drift alone. Only for the models that score intent, and where there are features.
CREATE FUNCTION patternos._promotion_shift(name text, model bigint)
RETURNS TABLE (figure text, champion double precision, candidate double precision)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    day date := (SELECT max(s.as_of) FROM patternos._snapshots() s WHERE s.parent = 'patternos_dw.feat_customer_rfm'::regclass);
    tenths double precision[];
    scores double precision[];
    levels jsonb;
BEGIN
    IF name = ANY ('{category_intent,category_intent_7d}') AND day IS NOT NULL THEN
        RETURN QUERY SELECT 'psi', NULL::float8, patternos._category_score_shift(model, day);
    END IF;
    IF name <> ALL ('{intent,intent_7d}') OR day IS NULL OR (SELECT m.model_type = 'baseline' FROM patternos_dw.model m WHERE m.model_id = model) THEN
        RETURN;
    END IF;
    SELECT ARRAY(SELECT t::float8 FROM jsonb_array_elements_text(patternos._gate_figures(m.metrics) -> 'tenths') t) INTO tenths
    FROM patternos_dw.model m WHERE m.model_id = model;
    SELECT array_agg(c.score), (SELECT jsonb_object_agg(l.level, l.share) FROM (SELECT c2.level, count(*)::float8 / sum(count(*)) OVER () AS share
                                FROM patternos._candidate_scores(model, day) c2 GROUP BY c2.level) l)
    INTO scores, levels FROM patternos._candidate_scores(model, day) c;
    IF cardinality(tenths) > 0 AND scores IS NOT NULL THEN
        tenths := ARRAY(SELECT DISTINCT t FROM unnest(tenths) t ORDER BY t);
        RETURN QUERY SELECT 'psi', NULL::float8, patternos._score_shift(model, tenths, scores);
    END IF;
    IF name = 'intent' THEN
        RETURN QUERY
        SELECT 'share_' || l.level, s.share, coalesce((levels ->> l.level)::float8, 0)
        FROM unnest('{high,medium,low}'::text[]) WITH ORDINALITY l (level, place)
        LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE i.intent_level = l.level)::float8 / nullif(count(*), 0) AS share
                           FROM patternos_dw.intent_score i WHERE i.as_of = day AND i.platform_id = 'ALL') s ON true
        ORDER BY l.place;
    END IF;
END
$$;

-- The population stability index of scores against the tenths of the test examples.
CREATE FUNCTION patternos._score_shift(model bigint, tenths double precision[], scores double precision[]) RETURNS double precision
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT patternos.psi(ARRAY(SELECT c::float8 FROM jsonb_array_elements_text(patternos._gate_figures(m.metrics) -> 'tenth_counts') c),
                         patternos._bin_counts(scores, tenths))
    FROM patternos_dw.model m WHERE m.model_id = model
$$;

-- What gates are about, of the champion and of a candidate: on the same examples after all that either was trained on; where there are none,
-- each on its own test examples, as they were recorded when it was trained.
CREATE FUNCTION patternos._promotion_figures(model bigint)
RETURNS TABLE (figure text, gate text, champion double precision, candidate double precision, place bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    asked record;
    leader record;
    examples text;
BEGIN
    SELECT * INTO asked FROM patternos_dw.model m WHERE m.model_id = model;
    SELECT * INTO leader FROM patternos_dw.model m WHERE m.name = asked.name AND m.stage = 'champion';
    IF asked.compiled IS NOT NULL AND leader.model_id <> model THEN
        examples := patternos._out_of_time_rows(leader.model_id, model);
    END IF;
    RETURN QUERY
    SELECT f.figure, f.gate, CASE WHEN leader.model_type <> 'baseline' THEN coalesce(c.version_a, (patternos._gate_figures(leader.metrics) ->> f.source)::float8)
                                  WHEN f.figure <> 'ece' THEN coalesce(c.version_a, (patternos._gate_figures(asked.metrics) ->> ('baseline_' || f.source))::float8) END,
           coalesce(c.version_b, (patternos._gate_figures(asked.metrics) ->> f.source)::float8), f.place
    FROM (VALUES ('auc', 'auc', 'auc', 1::bigint), ('lift_10', 'lift_10', 'lift_at_10', 2), ('ece', 'max_ece', 'ece', 3)) f (figure, gate, source, place)
    LEFT JOIN (SELECT d.* FROM patternos._compare(asked.name, leader.version, asked.version, NULL, 'purchased', '') d
               WHERE examples IS NOT NULL AND d.n_pos BETWEEN 1 AND d.n - 1) c ON c.metric = f.figure;
END
$$;

CREATE FUNCTION patternos.check_promotion(name text, version text,
    gates jsonb DEFAULT '{"auc": 0.65, "lift_10": 1.5, "max_ece": 0.05, "max_psi": 0.25}')
RETURNS TABLE (figure text, gate double precision, champion double precision, candidate double precision, passed boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unknown text;
    model patternos_dw.model;
BEGIN
    IF jsonb_typeof(gates) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'gates must be a JSON object' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT e.key INTO unknown FROM jsonb_each(gates) e
    WHERE e.key <> ALL ('{auc,lift_10,max_ece,max_psi}') OR jsonb_typeof(e.value) <> 'number' LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'gate "%" is not understood', unknown USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Gates are auc, lift_10, max_ece and max_psi, each with a number.';
    END IF;
    SELECT * INTO model FROM patternos_dw.model m WHERE m.name = check_promotion.name AND m.version = check_promotion.version;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no such version of the model' USING ERRCODE = 'undefined_object',
            HINT = 'Models and their versions stand in patternos_dw.model.';
    END IF;
    RETURN QUERY
    WITH figures AS (
        SELECT f.figure, f.gate, f.champion, f.candidate, f.place FROM patternos._promotion_figures(model.model_id) f
        UNION ALL
        SELECT s.figure, CASE s.figure WHEN 'psi' THEN 'max_psi' END, s.champion, s.candidate, 3 + row_number() OVER ()
        FROM patternos._promotion_shift(check_promotion.name, model.model_id) s
    )
    SELECT f.figure, (gates ->> f.gate)::float8, f.champion, f.candidate,
           CASE WHEN gates -> f.gate IS NULL OR model.model_type = 'baseline' THEN true
                WHEN f.gate LIKE 'max%' THEN coalesce(f.candidate <= (gates ->> f.gate)::float8, false)
                ELSE coalesce(f.candidate >= (gates ->> f.gate)::float8, false) END
    FROM figures f ORDER BY f.place;
END
$$;
COMMENT ON FUNCTION patternos.check_promotion(text, text, jsonb) IS
    'What a promotion would rest on: figures of champion and candidate, gates, and the share of each level before and after.';

-- Makes a version (or, by NULL, none) the champion and records it. The caller holds the lock of the name.
CREATE FUNCTION patternos._set_champion(name text, to_version text, action text, reason text, details jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    from_version text;
BEGIN
    UPDATE patternos_dw.model m SET stage = 'retired' WHERE m.name = _set_champion.name AND m.stage = 'champion' RETURNING m.version INTO from_version;
    UPDATE patternos_dw.model m SET stage = 'champion' WHERE m.name = _set_champion.name AND m.version = to_version;
    INSERT INTO patternos_dw.model_event (name, from_version, to_version, action, reason, details)
    VALUES (_set_champion.name, from_version, _set_champion.to_version, _set_champion.action, _set_champion.reason, _set_champion.details);
END
$$;

CREATE FUNCTION patternos.promote(name text, version text, gates jsonb DEFAULT '{"auc": 0.65, "lift_10": 1.5, "max_ece": 0.05, "max_psi": 0.25}',
    force boolean DEFAULT false, reason text DEFAULT NULL)
RETURNS TABLE (figure text, gate double precision, champion double precision, candidate double precision, passed boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    checks jsonb;
    failed text;
BEGIN
    PERFORM patternos._require_owner();
    IF force AND coalesce(btrim(reason), '') = '' THEN
        RAISE EXCEPTION 'a forced promotion needs a reason' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('patternos model ' || name, 0));
    IF EXISTS (SELECT FROM patternos_dw.model m WHERE m.name = promote.name AND m.version = promote.version AND m.stage = 'champion') THEN
        RAISE EXCEPTION 'version "%" of model "%" is the champion already', version, name USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    SELECT jsonb_agg(to_jsonb(c)), string_agg(c.figure, ', ') FILTER (WHERE NOT c.passed) INTO checks, failed
    FROM patternos.check_promotion(promote.name, promote.version, gates) c;
    IF failed IS NOT NULL AND NOT coalesce(force, false) THEN
        RAISE EXCEPTION 'version "%" of model "%" does not pass', version, name USING ERRCODE = 'object_not_in_prerequisite_state',
            DETAIL = format('Below its gate or not measured: %s.', failed),
            HINT = 'SELECT * FROM patternos.check_promotion() shows the figures; give other gates, or force with a reason.';
    END IF;
    PERFORM patternos._set_champion(name, version, 'promote', reason,
                                    jsonb_build_object('checks', checks, 'gates', gates, 'forced', failed IS NOT NULL));
    RETURN QUERY SELECT r.* FROM jsonb_to_recordset(checks) AS r (figure text, gate float8, champion float8, candidate float8, passed boolean);
END
$$;
COMMENT ON FUNCTION patternos.promote(text, text, jsonb, boolean, text) IS
    'Makes a version the champion of its name when it passes the gates, and shows what that rests on.';

CREATE FUNCTION patternos.rollback(name text, reason text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    current_version text;
    earlier record;
BEGIN
    PERFORM patternos._require_owner();
    PERFORM pg_advisory_xact_lock(hashtextextended('patternos model ' || name, 0));
    SELECT m.version INTO current_version FROM patternos_dw.model m WHERE m.name = rollback.name AND m.stage = 'champion';
    SELECT e.from_version INTO earlier FROM patternos_dw.model_event e
    WHERE e.name = rollback.name AND e.action = 'promote' AND e.to_version = current_version ORDER BY e.event_id DESC LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the model has no earlier champion' USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'patternos_dw.model_event lists promotions and rollbacks, patternos_dw.model the versions; promote() makes one of them the champion.';
    END IF;
    IF earlier.from_version IS NOT NULL
       AND NOT EXISTS (SELECT FROM patternos_dw.model m WHERE m.name = rollback.name AND m.version = earlier.from_version) THEN
        RAISE EXCEPTION 'version "%" of model "%" is there no longer', earlier.from_version, name USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    PERFORM patternos._set_champion(name, earlier.from_version, 'rollback', reason, NULL);
    RETURN earlier.from_version;
END
$$;
COMMENT ON FUNCTION patternos.rollback(text, text) IS
    'Makes the champion before this one the champion again and returns its version, NULL for none.';

REVOKE ALL ON FUNCTION patternos._candidate_scores(bigint, date), patternos._promotion_shift(text, bigint),
    patternos._score_shift(bigint, double precision[], double precision[]), patternos._promotion_figures(bigint), patternos.check_promotion(text, text, jsonb),
    patternos._set_champion(text, text, text, text, jsonb), patternos.promote(text, text, jsonb, boolean, text),
    patternos.rollback(text, text) FROM PUBLIC;
