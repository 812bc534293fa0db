-- Training of intent models on the warehouse's own customers.

-- The newest reference dates whose outcome is known, a window apart, with sixty days of facts before the first: at most twelve.
CREATE FUNCTION patternos._training_dates(window_days integer) RETURNS date[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT array_agg(d ORDER BY d)
    FROM (SELECT patternos._reference_date(NULL) - window_days * k AS d FROM generate_series(1, 12) k) s
    WHERE d >= 60 + (SELECT min(transaction_date) FROM patternos_dw.fact_transaction)
$$;

-- Makes the features as of past dates that are not there yet. Nothing at or after a date is read for it.
CREATE FUNCTION patternos._prepare_training_features(dates date[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    day date;
    step text;
BEGIN
    FOREACH day IN ARRAY dates LOOP
        FOREACH step IN ARRAY '{rfm,affinity,behavior,cross_platform}'::text[] LOOP
            IF NOT EXISTS (SELECT FROM patternos._snapshots() s WHERE s.parent = patternos._step_table(step) AND s.as_of = day) THEN
                PERFORM patternos._compute_step(step, day);
            END IF;
        END LOOP;
        IF NOT EXISTS (SELECT FROM patternos_dw.purchase_rate_model m WHERE m.as_of = day) THEN
            PERFORM patternos._fit_purchase_rates(day);
        END IF;
    END LOOP;
END
$$;

-- The model's figures on the examples of the test part, for each platform and for all together, with the borders of the score's tenths.
CREATE FUNCTION patternos._figures_by_platform(model text, model_version text, source text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result jsonb;
BEGIN
    EXECUTE format($query$
        SELECT jsonb_object_agg(t.platform_id, to_jsonb(t) - '{platform_id,scores}'::text[] || jsonb_build_object('tenths', d.d -> 'edges', 'tenth_counts', d.d -> 'counts'))
        FROM (SELECT s.platform_id, count(*) AS rows, count(*) FILTER (WHERE s.purchased) AS positives,
                     round(avg(s.purchased::integer), 6) AS base_rate, patternos.auc(s.score, s.purchased) AS auc,
                     patternos.auc_error(s.score, s.purchased) AS auc_error, patternos.pr_auc(s.score, s.purchased) AS pr_auc,
                     patternos.log_loss(s.score, s.purchased) AS log_loss, patternos.brier(s.score, s.purchased) AS brier,
                     patternos.ece(s.score, s.purchased, 10) AS ece, patternos.precision_at(s.score, s.purchased, 0.1) AS precision_at_10,
                     patternos.recall_at(s.score, s.purchased, 0.1) AS recall_at_10, patternos.lift_at(s.score, s.purchased, 0.1) AS lift_at_10,
                     patternos.auc(s.intent_index, s.purchased) AS baseline_auc, patternos.pr_auc(s.intent_index, s.purchased) AS baseline_pr_auc,
                     patternos.lift_at(s.intent_index, s.purchased, 0.1) AS baseline_lift_at_10,
                     array_agg(s.score) AS scores
              FROM (SELECT q.platform_id, q.purchased, q.intent_index::float8,
                           patternos.score((SELECT m.compiled FROM patternos_dw.model m WHERE m.name = $1 AND m.version = $2), ARRAY[%s]) AS score
                    FROM (%s) q WHERE q.dataset_split = 'test') s
              GROUP BY s.platform_id) t
        CROSS JOIN LATERAL (SELECT patternos._distribution(t.scores) AS d) d$query$,
        (SELECT string_agg(quote_ident(f), ', ' ORDER BY i) FROM patternos_dw.model m CROSS JOIN unnest(m.features) WITH ORDINALITY u (f, i)
         WHERE m.name = model AND m.version = model_version), source)
    INTO result USING model, model_version;
    RETURN coalesce(result, '{}');
END
$$;

-- The parameters of training with defaults for noisy outcomes of few thousand customers: small trees of many rows each. Measured on generated
-- worlds and Online Retail, where deeper ones are worse on later dates.
CREATE FUNCTION patternos._intent_params(params jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_object_agg(d.key, d.value), '{}') || params
    FROM jsonb_each('{"max_depth": 4, "min_child_weight": 10, "reg_lambda": 10, "subsample": 0.7, "colsample_bytree": 0.5}') d
    JOIN patternos.train_parameters() p ON p.parameter = d.key
    WHERE jsonb_typeof(params) = 'object' AND NOT params ?| (p.parameter || p.aliases) AND params ->> 'engine' IS DISTINCT FROM 'logistic'
$$;

-- Refuses labels with which nothing can be learned, or not be judged: fewer than five of both outcomes in a part.
CREATE FUNCTION patternos._check_training_labels(dates date[], window_days integer, platform text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    counts text;
BEGIN
    SELECT string_agg(format('%s %s of %s', p.part, coalesce(c.bought, 0), coalesce(c.labels, 0)), ', ' ORDER BY p.place) INTO counts
    FROM unnest('{train,valid,test}'::text[]) WITH ORDINALITY p (part, place)
    LEFT JOIN (SELECT l.dataset_split, count(*) AS labels, count(*) FILTER (WHERE l.purchased) AS bought
               FROM patternos_dw.intent_training_labels l
               WHERE l.label_timestamp = ANY (ARRAY(SELECT d::timestamp AT TIME ZONE patternos._setting('time_zone') FROM unnest(dates) d))
                 AND l.label_window_days = window_days AND l.purchased IS NOT NULL AND (l.platform_id = platform OR platform IS NULL)
               GROUP BY l.dataset_split) c ON c.dataset_split = p.part
    HAVING bool_or(coalesce(least(c.bought, c.labels - c.bought), 0) < 5);
    IF counts IS NOT NULL THEN
        RAISE EXCEPTION 'there are too few purchases to train on' USING ERRCODE = 'object_not_in_prerequisite_state',
            DETAIL = format('Who bought within %s days: %s; each part needs five of both outcomes.', window_days, counts),
            HINT = 'Give more reference dates or a longer window, or train on all platforms; until then the baseline scores.';
    END IF;
END
$$;

CREATE FUNCTION patternos.train_intent(as_of date[] DEFAULT NULL, window_days integer DEFAULT 30, name text DEFAULT NULL,
    platform text DEFAULT NULL, params jsonb DEFAULT '{}', calibrate text DEFAULT 'platt') RETURNS patternos.trained_model
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    dates date[] := coalesce(as_of, patternos._training_dates(window_days));
    model text := coalesce(name, CASE window_days WHEN 30 THEN 'intent' ELSE format('intent_%sd', window_days) END);
    source text;
    result patternos.trained_model;
    figures jsonb;
BEGIN
    PERFORM patternos._require_owner();
    IF (window_days BETWEEN 1 AND 366) IS NOT TRUE THEN
        RAISE EXCEPTION 'window_days must be from 1 to 366' USING ERRCODE = 'invalid_parameter_value';
    ELSIF dates IS NULL THEN
        RAISE EXCEPTION 'there are too few facts to train on' USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = format('At least %s days of purchases are needed; or give the reference dates.', 60 + 3 * window_days);
    END IF;
    PERFORM patternos._check_label_windows(dates, ARRAY[window_days]);
    PERFORM patternos._prepare_training_features(dates);
    PERFORM patternos.build_labels(dates, ARRAY[window_days]);
    PERFORM patternos._check_training_labels(dates, window_days, platform);
    ANALYZE patternos_dw.intent_training_labels;
    source := patternos.training_set(dates, platform, window_days);
    result := patternos.train(model, source, 'purchased', 'id', 'as_of', ARRAY(SELECT f.feature FROM patternos._intent_features() f),
                              patternos._intent_params(params),
                              '{"method": "column", "column": "dataset_split"}', calibrate);
    figures := patternos._figures_by_platform(model, result.version, source);
    UPDATE patternos_dw.model m
    SET label_definition = jsonb_build_object('event', 'purchase', 'window_days', window_days, 'as_of', to_jsonb(dates), 'platform', platform),
        metrics = m.metrics || jsonb_build_object('platforms', figures)
    WHERE m.name = model AND m.version = result.version;
    SELECT f.rows, f.auc, f.pr_auc, f.log_loss, f.brier, f.ece, f.precision_at_10, f.lift_at_10
    INTO result.rows_test, result.auc, result.pr_auc, result.log_loss, result.brier, result.ece, result.precision_at_10, result.lift_at_10
    FROM jsonb_to_record(figures -> coalesce(platform, 'ALL')) AS f (rows bigint, auc float8, pr_auc float8, log_loss float8, brier float8,
        ece float8, precision_at_10 float8, lift_at_10 float8);
    RETURN result;
END
$$;
COMMENT ON FUNCTION patternos.train_intent(date[], integer, text, text, jsonb, text) IS
    'Labels, features as of past dates, and a model trained on them: the probability of a purchase within so many days.';

REVOKE ALL ON FUNCTION patternos._training_dates(integer), patternos._prepare_training_features(date[]), patternos._intent_params(jsonb),
    patternos._check_training_labels(date[], integer, text),
    patternos._figures_by_platform(text, text, text), patternos.train_intent(date[], integer, text, text, jsonb, text) FROM PUBLIC;
