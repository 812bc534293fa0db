-- Scores of a date by the champion of model "intent", a trained one.

CREATE FUNCTION patternos._top_reasons(names text[], contributions double precision[], most integer) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'patternos__top_reasons';

-- Refuses a model that the warehouse cannot score with: without a compiled form, or with features that its customers, or their pairs with
-- categories, do not have.
CREATE FUNCTION patternos._check_model(model bigint, by_category boolean) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    m record;
    unknown text;
BEGIN
    SELECT r.name, r.version, r.compiled IS NULL AS untrained, r.features INTO STRICT m FROM patternos_dw.model r WHERE r.model_id = model;
    IF m.untrained THEN
        RAISE EXCEPTION 'model "% %" is not trained', m.name, m.version USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    SELECT string_agg(f, ', ') INTO unknown
    FROM unnest(m.features) f
    WHERE f <> ALL (CASE WHEN by_category THEN ARRAY['unified_category'] || ARRAY(SELECT c.feature FROM patternos._category_features() c)
                    ELSE ARRAY(SELECT i.feature FROM patternos._intent_features() i) END);
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'the warehouse does not have these features: %', unknown USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = format('Train on %s: its columns are the features.',
                          CASE WHEN by_category THEN 'patternos.category_training_set()' ELSE 'patternos_dw.intent_training_set' END);
    END IF;
END
$$;

-- A FROM clause f with the features of a model's customers, the keys and what probabilities need beside them. sources is of _intent_sources.
-- OFFSET has the features computed once a row; the constant '0', unlike 0, lets workers do it: the planner asks before it has folded the cast.
CREATE FUNCTION patternos._scored_rows(sources text, condition text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('(SELECT r.customer_key, r.as_of, r.platform_id, r.frequency_lifetime AS purchases, r.first_purchase_date, m.r, m.alpha, %s '
                  'FROM %s WHERE %s OFFSET ''0'') f', patternos._intent_columns(), sources, condition)
$$;

-- A column of the champion of a name, as a scalar subquery: its value goes to workers, while a join with the model's row keeps them out.
CREATE FUNCTION patternos._champion_column(name text, value text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('(SELECT m.%I FROM patternos_dw.model m WHERE m.name = %L AND m.stage = ''champion'')', value, name)
$$;

-- Probabilities and reasons of the rows of a FROM clause f: within 30 days by the champion of "intent"; within 7 by that of "intent_7d", or
-- without one by the purchase rates, and never more than within 30.
CREATE FUNCTION patternos._champion_query(rows text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format($query$
        SELECT s.customer_key, s.as_of, s.platform_id, s.score::numeric(5, 4) AS intent_score,
               CASE WHEN s.score_7d IS NOT NULL THEN least(s.score_7d, s.score) END::numeric(5, 4) AS probability_7d, s.has_bought,
               CASE WHEN s.days < 99999999 THEN s.days END AS days, s.reasons
        FROM (SELECT f.customer_key, f.as_of, f.platform_id, f.purchases > 0 AS has_bought, patternos.score(%2$s, f) AS score,
                     CASE WHEN %3$s IS NOT NULL THEN patternos.score(%3$s, f)
                          WHEN f.purchases > 0
                          THEN patternos.purchase_probability(f.purchases - 1, f.as_of - f.first_purchase_date, f.r, f.alpha, 7) END AS score_7d,
                     CASE WHEN f.purchases > 0
                          THEN patternos.predicted_purchase_days(f.purchases - 1, f.as_of - f.first_purchase_date, f.r, f.alpha) END AS days,
                     patternos._top_reasons(%4$s, patternos._attribute(%2$s, f, coalesce(%5$s, ''), 'path'), 5) AS reasons
              FROM %1$s
              OFFSET '0') s$query$, rows, patternos._champion_column('intent', 'compiled'), patternos._champion_column('intent_7d', 'compiled'),
        patternos._champion_column('intent', 'features'), patternos._champion_column('intent', 'document'))
$$;

-- Keeps the scores of all in patternos_part.intent_scored, and which share of a platform's customers has at most each score.
CREATE FUNCTION patternos._store_champion_scores(as_of date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
BEGIN
    DROP TABLE IF EXISTS patternos_part.intent_scored;
    EXECUTE 'CREATE UNLOGGED TABLE patternos_part.intent_scored AS ' || patternos._champion_query(patternos._scored_rows(
        patternos._intent_sources(as_of),
        format('r.as_of = %L AND NOT EXISTS (SELECT FROM patternos_part.intent_unscored u WHERE u.customer_key = r.customer_key)', as_of)));
    ANALYZE patternos_part.intent_scored;
    DELETE FROM patternos_dw.intent_percentile p WHERE p.as_of = _store_champion_scores.as_of;
    INSERT INTO patternos_dw.intent_percentile (as_of, platform_id, intent_score, intent_percentile)
    SELECT _store_champion_scores.as_of, s.platform_id, s.intent_score,
           round(100 * sum(s.customers) OVER (PARTITION BY s.platform_id ORDER BY s.intent_score)
                 / sum(s.customers) OVER (PARTITION BY s.platform_id), 2)
    FROM (SELECT platform_id, intent_score, count(*) AS customers FROM patternos_part.intent_scored GROUP BY platform_id, intent_score) s;
END
$$;

-- Scores by the champion.
CREATE FUNCTION patternos._score_by_champion(as_of date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET work_mem = '64MB'
AS $$
DECLARE
    champion record;
    rows bigint;
BEGIN
    PERFORM patternos._check_model(m.model_id, false) FROM patternos_dw.model m WHERE m.name IN ('intent', 'intent_7d') AND m.stage = 'champion';
    SELECT m.version, m.model_type, m.high_cut, m.medium_cut INTO champion FROM patternos_dw.model m WHERE m.name = 'intent' AND m.stage = 'champion';
    PERFORM patternos._store_champion_scores(as_of);
    rows := patternos._write_snapshot('patternos_dw.intent_score', as_of, format($query$
        SELECT s.customer_key, s.as_of, s.platform_id, %1$L::timestamp AT TIME ZONE %2$L AS scoring_timestamp, s.intent_score,
               patternos.intent_level(s.intent_score, %3$L, %4$L) AS intent_level, p.intent_percentile,
               CASE WHEN NOT c.is_last OR s.has_bought THEN c.category_id END AS predicted_category_id,
               coalesce(c.category_intent_score, s.intent_score * c.category_affinity_score) AS category_intent_score,
               s.days AS predicted_purchase_days, s.probability_7d AS purchase_probability_7d, s.intent_score AS purchase_probability_30d,
               %5$L AS model_version, %6$L AS model_type, s.reasons AS feature_importance
        FROM patternos_part.intent_scored s
        JOIN patternos_dw.intent_percentile p ON p.as_of = %1$L AND p.platform_id = s.platform_id AND p.intent_score = s.intent_score
        LEFT JOIN patternos_part.intent_category c ON c.customer_key = s.customer_key
        $query$, as_of, patternos._setting('time_zone'), champion.high_cut, champion.medium_cut, champion.version, champion.model_type));
    DROP TABLE patternos_part.intent_scored;
    RETURN rows;
END
$$;

REVOKE ALL ON FUNCTION patternos._check_model(bigint, boolean), patternos._scored_rows(text, text), patternos._champion_column(text, text), patternos._champion_query(text), patternos._store_champion_scores(date), patternos._score_by_champion(date) FROM PUBLIC;
