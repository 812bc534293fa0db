-- Training of the pooled model of category intent, and how often its likeliest category is bought.

-- The part of each date whose window is over: by time where the dates suffice, else NULL, and customers are split.
CREATE FUNCTION patternos._category_parts(dates date[], window_days integer) RETURNS TABLE (as_of date, part text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT d.as_of, p.part
    FROM (SELECT DISTINCT unnest(dates) AS as_of) d
    LEFT JOIN patternos._date_parts(ARRAY(SELECT o FROM unnest(dates) o WHERE o + window_days <= patternos._reference_date(NULL)),
                                    window_days, 0.15, 0.15) p ON p.as_of = d.as_of
$$;

-- The part of a customer's examples as SQL, where dates do not suffice to split by time.
CREATE FUNCTION patternos._customer_part(customer_key text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('CASE WHEN (hashint8extended(%1$s, 0) & 9223372036854775807) %% 1000 < 150 THEN ''test'' '
                  'WHEN (hashint8extended(%1$s, 0) & 9223372036854775807) %% 1000 < 300 THEN ''valid'' ELSE ''train'' END', customer_key)
$$;

-- Whom examples of a date are of: a share of the customers, the same at all dates, without who must not be scored.
CREATE FUNCTION patternos._category_condition(as_of date, share numeric) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('(hashint8extended(r.customer_key, 2) & 9223372036854775807) %% 1000000 < %s '
                  'AND NOT EXISTS (SELECT FROM (%s) u WHERE u.customer_key = r.customer_key)', ceil(1000000 * share), patternos._unscored_query(as_of))
$$;

CREATE FUNCTION patternos.category_training_set(as_of date[], window_days integer DEFAULT 30, max_rows bigint DEFAULT 500000)
RETURNS SETOF patternos.category_example
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB' SET enable_nestloop = off
AS $$
DECLARE
    known_until CONSTANT date := patternos._reference_date(NULL);
    is_by_time boolean;
    day record;
    share numeric;
    pairs bigint;
BEGIN
    PERFORM patternos._require_owner();
    PERFORM patternos._check_label_windows(as_of, ARRAY[window_days]);
    IF (max_rows BETWEEN 1000 AND 100000000) IS NOT TRUE THEN
        RAISE EXCEPTION 'max_rows must be a number from 1000 to 100000000' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    is_by_time := EXISTS (SELECT FROM patternos._category_parts(as_of, window_days) p WHERE p.part IS NOT NULL);
    FOR day IN SELECT p.as_of, p.part, count(*) OVER () AS days FROM patternos._category_parts(as_of, window_days) p ORDER BY p.as_of DESC LOOP
        PERFORM patternos._prepare_training_features(ARRAY[day.as_of]);
        PERFORM patternos._find_category_signals(day.as_of);
        IF share IS NULL THEN
            EXECUTE 'SELECT count(*) FROM ' || patternos._category_rows(day.as_of, 'true') INTO pairs;
            share := least(1, max_rows::numeric / greatest(pairs * day.days, 1));
        END IF;
        RETURN QUERY EXECUTE format($query$
            SELECT f.customer_key || ' ' || f.unified_category, f.customer_key, f.as_of, %1$s, CASE WHEN %2$L THEN y.customer_key IS NOT NULL END,
                   f.unified_category, %3$s
            FROM %4$s
            LEFT JOIN (%5$s) y ON y.customer_key = f.customer_key AND y.unified_category = f.unified_category$query$,
            CASE WHEN is_by_time THEN quote_nullable(day.part) || '::text' ELSE patternos._customer_part('f.customer_key') END, day.as_of + window_days <= known_until,
            (SELECT string_agg('f.' || quote_ident(c.feature), ', ') FROM patternos._category_features() c),
            patternos._category_rows(day.as_of, patternos._category_condition(day.as_of, share)), patternos._category_outcomes(day.as_of, window_days));
    END LOOP;
    DROP TABLE patternos_part.category_signal, patternos_part.category_popularity;
END
$$;
COMMENT ON FUNCTION patternos.category_training_set(date[], integer, bigint) IS
    'Examples to train category intent on: customers and categories at past dates, with what they bought within so many days and the features.';

-- Of the customers who bought within the window from a date on: how many had a prediction, and how many bought in the category predicted.
CREATE FUNCTION patternos._category_hits(compiled bytea, as_of date, window_days integer, condition text)
RETURNS TABLE (predictor text, buyers bigint, predicted bigint, hits bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB' SET enable_nestloop = off
AS $$
BEGIN
    PERFORM patternos._prepare_training_features(ARRAY[as_of]);
    PERFORM patternos._find_category_signals(as_of);
    RETURN QUERY EXECUTE format($query$
        WITH outcome AS MATERIALIZED (
            SELECT o.* FROM (%1$s) o JOIN %2$s r ON r.customer_key = o.customer_key AND r.as_of = %3$L AND r.platform_id = 'ALL' WHERE %4$s
        ), prediction AS (
            SELECT 'model' AS predictor, p.customer_key, p.unified_category
            FROM (SELECT DISTINCT ON (s.customer_key) s.customer_key, s.unified_category
                  FROM (SELECT f.customer_key, f.unified_category, f.purchases, patternos.score($1, f) AS score FROM %5$s OFFSET 0) s
                  ORDER BY s.customer_key, s.score DESC, s.purchases DESC NULLS LAST, s.unified_category) p
            UNION ALL
            SELECT 'last_bought', p.customer_key, p.unified_category
            FROM (SELECT DISTINCT ON (s.customer_key) s.customer_key, s.unified_category FROM patternos_part.category_signal s
                  WHERE s.recency_days IS NOT NULL ORDER BY s.customer_key, s.recency_days, s.purchases DESC, s.spend_365d DESC NULLS LAST, s.unified_category) p
            UNION ALL
            SELECT 'top_affinity', a.customer_key, a.item FROM %6$s a
            WHERE a.as_of = %3$L AND a.window_days = %7$L AND a.level = 'unified_category' AND a.category_rank = 1
            UNION ALL
            SELECT 'most_popular', b.customer_key, (SELECT c.unified_category FROM patternos_part.category_popularity c
                                                    ORDER BY c.purchases_30d DESC NULLS LAST, c.buyers DESC, c.unified_category LIMIT 1)
            FROM (SELECT DISTINCT o.customer_key FROM outcome o) b
        )
        SELECT n.predictor, b.buyers, count(p.customer_key), count(o.customer_key)
        FROM unnest('{model,last_bought,top_affinity,most_popular}'::text[]) WITH ORDINALITY n (predictor, place)
        CROSS JOIN (SELECT count(DISTINCT o.customer_key) AS buyers FROM outcome o) b
        LEFT JOIN prediction p ON p.predictor = n.predictor AND p.customer_key IN (SELECT o.customer_key FROM outcome o)
        LEFT JOIN outcome o ON o.customer_key = p.customer_key AND o.unified_category = p.unified_category
        GROUP BY n.predictor, n.place, b.buyers ORDER BY n.place$query$,
        patternos._category_outcomes(as_of, window_days), patternos._snapshot_source('patternos_dw.feat_customer_rfm', as_of), as_of, condition,
        patternos._category_rows(as_of, condition), patternos._snapshot_source('patternos_dw.feat_customer_affinity', as_of),
        patternos._setting('affinity_window_days')) USING compiled;
    DROP TABLE patternos_part.category_signal, patternos_part.category_popularity;
END
$$;

CREATE FUNCTION patternos.category_hit_rates(name text DEFAULT 'category_intent', version text DEFAULT NULL, as_of date[] DEFAULT NULL)
RETURNS TABLE (predictor text, buyers bigint, predicted bigint, hits bigint, hit_rate numeric, ci_low numeric, ci_high numeric)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO'
AS $$
DECLARE
    model patternos_dw.model;
    days integer;
    dates date[] := as_of;
    tested text := '';
BEGIN
    PERFORM patternos._require_owner();
    SELECT m.* INTO model FROM patternos_dw.model m
    WHERE m.name = category_hit_rates.name AND (m.version = category_hit_rates.version OR category_hit_rates.version IS NULL)
    ORDER BY m.stage = 'champion' DESC, m.model_id DESC LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no such model' USING ERRCODE = 'undefined_object', HINT = 'Train one by patternos.train_category_intent().';
    END IF;
    PERFORM patternos._check_model(model.model_id, true);
    days := coalesce((model.label_definition ->> 'window_days')::integer, 30);
    IF dates IS NULL THEN
        SELECT array_agg(d::date) INTO dates FROM jsonb_array_elements_text(model.label_definition -> 'test_dates') d;
        tested := CASE WHEN model.label_definition ->> 'split' = 'customer'
                       THEN format('%s = ''test'' AND ', patternos._customer_part('r.customer_key')) ELSE '' END;
    END IF;
    PERFORM patternos._check_label_windows(dates, ARRAY[days]);
    IF EXISTS (SELECT FROM unnest(dates) d WHERE d + days > patternos._reference_date(NULL)) THEN
        RAISE EXCEPTION 'what was bought within % days of a date is not known yet', days USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = format('Give dates up to %s.', patternos._reference_date(NULL) - days);
    END IF;
    RETURN QUERY
    SELECT t.predictor, t.buyers, t.predicted, t.hits, round(t.hits::numeric / nullif(t.buyers, 0), 4), round(w.ci_low::numeric, 4), round(w.ci_high::numeric, 4)
    FROM (SELECT h.predictor, sum(h.buyers)::bigint AS buyers, sum(h.predicted)::bigint AS predicted, sum(h.hits)::bigint AS hits, min(h.place) AS place
          FROM unnest(dates) d (d)
          CROSS JOIN LATERAL patternos._category_hits(model.compiled, d.d, days, tested
              || format('NOT EXISTS (SELECT FROM (%s) u WHERE u.customer_key = r.customer_key)', patternos._unscored_query(d.d)))
              WITH ORDINALITY h (predictor, buyers, predicted, hits, place)
          GROUP BY h.predictor) t
    LEFT JOIN LATERAL patternos._wilson(t.hits::float8 / nullif(t.buyers, 0), t.buyers) w ON true
    ORDER BY t.place;
END
$$;
COMMENT ON FUNCTION patternos.category_hit_rates(text, text, date[]) IS
    'How often customers who bought did so in the category predicted: by the model, by what they bought last, by affinity, by popularity.';

-- What the registry records of a category model beside what train() does: the label, the tenths of the score on the examples that test, and
-- how much of what was bought was among the pairs looked at.
CREATE FUNCTION patternos._describe_category_model(name text, version text, dates date[], window_days integer, max_rows bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    test_dates date[] := ARRAY(SELECT p.as_of FROM patternos._category_parts(dates, window_days) p WHERE p.part = 'test' ORDER BY 1);
    is_by_time boolean := cardinality(test_dates) > 0;
    rates jsonb;
BEGIN
    UPDATE patternos_dw.model m
    SET label_definition = jsonb_build_object('event', 'purchase in the category', 'window_days', window_days, 'as_of', to_jsonb(dates),
            'pairs', 'a purchase in 730 days or an event in 90, the twenty latest, and the three categories most bought in 30 days',
            'max_rows', max_rows, 'split', CASE WHEN is_by_time THEN 'time' ELSE 'customer' END,
            'test_dates', to_jsonb(CASE WHEN is_by_time THEN test_dates
                ELSE ARRAY(SELECT d FROM unnest(dates) d WHERE d + window_days <= patternos._reference_date(NULL) ORDER BY d) END))
    WHERE m.name = _describe_category_model.name AND m.version = _describe_category_model.version;
    SELECT jsonb_object_agg(h.predictor, to_jsonb(h) - 'predictor') INTO rates FROM patternos.category_hit_rates(name, version) h;
    UPDATE patternos_dw.model m SET metrics = m.metrics || jsonb_build_object('hit_rates', rates)
    WHERE m.name = _describe_category_model.name AND m.version = _describe_category_model.version;
END
$$;

CREATE FUNCTION patternos.train_category_intent(as_of date[] DEFAULT NULL, window_days integer DEFAULT 30, name text DEFAULT NULL,
    params jsonb DEFAULT '{}', calibrate text DEFAULT 'platt', max_rows bigint DEFAULT 500000) RETURNS patternos.trained_model
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO'
AS $$
DECLARE
    dates date[] := coalesce(as_of, patternos._training_dates(window_days));
    model text := coalesce(name, CASE window_days WHEN 30 THEN 'category_intent' ELSE format('category_intent_%sd', window_days) END);
    result patternos.trained_model;
BEGIN
    PERFORM patternos._require_owner();
    IF (window_days BETWEEN 1 AND 366) IS NOT TRUE THEN
        RAISE EXCEPTION 'window_days must be from 1 to 366' USING ERRCODE = 'invalid_parameter_value';
    ELSIF dates IS NULL THEN
        RAISE EXCEPTION 'there are too few facts to train on' USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = format('At least %s days of purchases are needed; or give the reference dates.', 60 + 3 * window_days);
    END IF;
    -- before the lock of tables, as promotion takes them
    PERFORM pg_advisory_xact_lock(hashtextextended('patternos model ' || model, 0));
    result := patternos.train(model,
        format('SELECT * FROM patternos.category_training_set(%L::pg_catalog.date[], %L, %L) WHERE purchased IS NOT NULL', dates::text, window_days, max_rows),
        'purchased', 'id', 'as_of', ARRAY['unified_category'] || ARRAY(SELECT f.feature FROM patternos._category_features() f), params,
        '{"method": "column", "column": "dataset_split"}', calibrate);
    PERFORM patternos._describe_category_model(model, result.version, dates, window_days, max_rows);
    RETURN result;
END
$$;
COMMENT ON FUNCTION patternos.train_category_intent(date[], integer, text, jsonb, text, bigint) IS
    'One model for all customers and categories, trained on past dates: the probability of a purchase in a category within so many days.';

REVOKE ALL ON FUNCTION patternos._category_parts(date[], integer), patternos._category_condition(date, numeric),
    patternos.category_training_set(date[], integer, bigint), patternos._category_hits(bytea, date, integer, text),
    patternos.category_hit_rates(text, text, date[]), patternos._describe_category_model(text, text, date[], integer, bigint),
    patternos.train_category_intent(date[], integer, text, jsonb, text, bigint) FROM PUBLIC;
