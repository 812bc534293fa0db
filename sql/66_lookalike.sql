-- Lookalikes: of a population, the customers most like those of a seed.
--
-- Positive-unlabelled learning: the seed is told from a sample of the population, which weighs as much as the seed, so that
-- 0.5 means as typical of the one as of the other. Who is like the seed without being in it counts as the population there; a
-- model that has seen such a person has learned that. So there are five models, each without a fifth of all persons, and each
-- person is ranked by the one without. The same holds for the seed: its members are spies, and how many of them come out among
-- those chosen is what to expect of others like them.

-- The features of customers at a date as a query: id, those of intent models on all platforms together, what a customer does on each
-- platform and buys of each category, age group and state. Who must not be scored is not in it.
CREATE FUNCTION patternos._lookalike_features(as_of date) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO'
AS $$
DECLARE
    rfm text := patternos._snapshot_source('patternos_dw.feat_customer_rfm', as_of);
    affinity text := patternos._snapshot_source('patternos_dw.feat_customer_affinity', as_of);
    affinity_days text := patternos._setting('affinity_window_days');
    platforms text;
    categories text;
    columns text;
BEGIN
    SELECT string_agg(format(', max(frequency_365d) FILTER (WHERE platform_id = %1$L) AS %2$I, max(monetary_365d) FILTER (WHERE platform_id = %1$L) AS %3$I, '
                             'max(recency_days) FILTER (WHERE platform_id = %1$L) AS %4$I', p.platform_id, lower(p.platform_id) || '_frequency_365d',
                             lower(p.platform_id) || '_monetary_365d', lower(p.platform_id) || '_recency_days'), '' ORDER BY p.platform_id),
           string_agg(format(', coalesce(p.%1$I, 0) AS %1$I, coalesce(p.%2$I, 0) AS %2$I, p.%3$I', lower(p.platform_id) || '_frequency_365d',
                             lower(p.platform_id) || '_monetary_365d', lower(p.platform_id) || '_recency_days'), '' ORDER BY p.platform_id)
    INTO platforms, columns FROM patternos_dw.dim_platform p WHERE p.is_active;
    SELECT string_agg(format(', max(category_affinity_score) FILTER (WHERE item = %L) AS %I', p.item, 'affinity_' || left(p.item, 40)), '' ORDER BY p.item),
           concat(columns, string_agg(format(', coalesce(k.%1$I, 0) AS %1$I', 'affinity_' || left(p.item, 40)), '' ORDER BY p.item))
    INTO categories, columns
    FROM (SELECT item FROM patternos_dw.affinity_population a
          WHERE a.as_of = _lookalike_features.as_of AND a.window_days = affinity_days::smallint AND a.level = 'unified_category'
          ORDER BY a.purchase_count DESC, item LIMIT 60) p;
    RETURN format($query$
        SELECT i.* %1$s
        FROM (SELECT d.global_customer_id, d.customer_key, d.primary_age_group AS age_group, d.primary_state AS state, %2$s
              FROM %3$s JOIN patternos_dw.dim_customer d ON d.customer_key = r.customer_key
              WHERE r.platform_id = 'ALL' AND NOT EXISTS (SELECT FROM (%4$s) u WHERE u.customer_key = r.customer_key)) i
        LEFT JOIN (SELECT customer_key %5$s FROM %6$s s WHERE platform_id <> 'ALL' GROUP BY customer_key) p ON p.customer_key = i.customer_key
        LEFT JOIN (SELECT customer_key %7$s FROM %8$s s WHERE window_days = %9$L AND level = 'unified_category' GROUP BY customer_key) k
               ON k.customer_key = i.customer_key$query$,
        columns, patternos._intent_columns(), patternos._intent_sources(as_of), patternos._unscored_query(as_of), platforms, rfm, categories, affinity, affinity_days);
END
$$;

-- Whether a source has no column beside its id. Raises where it has no such column.
CREATE FUNCTION patternos._has_only_id(source text, id_column text, path text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
    statement text := format('CREATE TEMP TABLE lookalike_shape AS SELECT * FROM %s AS s LIMIT 0', patternos._source_rows(source, path));
    others bigint;
BEGIN
    DROP TABLE IF EXISTS pg_temp.lookalike_shape;
    PERFORM set_config('search_path', path, true);
    EXECUTE statement;
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    SELECT count(*) FILTER (WHERE a.attname <> id_column) INTO others
    FROM pg_attribute a WHERE a.attrelid = 'pg_temp.lookalike_shape'::regclass AND a.attnum > 0 HAVING bool_or(a.attname = id_column);
    IF others IS NULL THEN
        RAISE EXCEPTION 'the source has no column "%"', id_column USING ERRCODE = 'undefined_column',
            HINT = format('Its columns are %s. Name the one with the ids as argument id_column.',
                          (SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = 'pg_temp.lookalike_shape'::regclass AND a.attnum > 0));
    END IF;
    RETURN others = 0;
END
$$;

-- The ids of a source as a temporary table of one column, id. Ids that are NULL name nobody.
CREATE FUNCTION patternos._take_ids(target text, source text, id_column text, path text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
    statement text := format('CREATE TEMP TABLE %I AS SELECT DISTINCT s.%2$I::pg_catalog.text AS id FROM %3$s AS s WHERE s.%2$I IS NOT NULL',
                             target, id_column, patternos._source_rows(source, path));
    rows bigint;
BEGIN
    EXECUTE format('DROP TABLE IF EXISTS pg_temp.%I', target);
    PERFORM set_config('search_path', path, true);
    EXECUTE statement;
    GET DIAGNOSTICS rows = ROW_COUNT;
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    EXECUTE format('ANALYZE pg_temp.%I', target);
    RETURN rows;
END
$$;

-- The day of the features that the warehouse shows.
CREATE FUNCTION patternos._lookalike_date() RETURNS date
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    day date := (SELECT max(r.as_of) FROM patternos_dw.pipeline_run r WHERE r.step IN ('refresh', 'refresh_features') AND r.status = 'complete');
BEGIN
    IF day IS NULL THEN
        RAISE EXCEPTION 'the warehouse has no features yet' USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'CALL patternos.refresh() first, or give a population with features of its own.';
    END IF;
    RETURN day;
END
$$;

-- Takes seed and population over into pg_temp.training_source: the columns of the features, lookalike_id, lookalike_seed,
-- lookalike_prospect, and two numbers from 0 to 1 that depend on the id and the random seed only, lookalike_part and lookalike_order.
CREATE FUNCTION patternos._take_lookalike_rows(population text, id_column text, random_seed text, path text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning SET work_mem = '128MB' SET jit = off
AS $$
DECLARE
    own_features boolean := CASE WHEN population IS NULL THEN false ELSE NOT patternos._has_only_id(population, id_column, path) END;
    rows text;
    joined text := '';
    prospect text := 'true';
    ids text := 'global_customer_id';
    statement text;
BEGIN
    IF own_features THEN
        rows := patternos._source_rows(population, path);
        ids := id_column;
    ELSE
        rows := '(' || patternos._lookalike_features(patternos._lookalike_date()) || ')';
        IF population IS NULL THEN
            joined := 'JOIN patternos_dw.dim_customer d ON d.customer_key = r.customer_key';
            prospect := 'd.consent_marketing AND d.consent_personalization';
        ELSE
            PERFORM patternos._take_ids('lookalike_population', population, id_column, path);
            joined := 'LEFT JOIN pg_temp.lookalike_population d ON d.id = r.global_customer_id';
            prospect := 'd.id IS NOT NULL';
        END IF;
    END IF;
    statement := format($query$
        CREATE TEMP TABLE training_source AS
        SELECT r.*, r.%1$I::pg_catalog.text AS lookalike_id, l.id IS NOT NULL AS lookalike_seed, l.id IS NULL AND %2$s AS lookalike_prospect,
               %3$s AS lookalike_part, %4$s AS lookalike_order
        FROM %5$s AS r LEFT JOIN pg_temp.lookalike_seed AS l ON l.id OPERATOR(pg_catalog.=) r.%1$I::pg_catalog.text %6$s
        WHERE r.%1$I IS NOT NULL AND (l.id IS NOT NULL OR %2$s)$query$,
        ids, prospect, patternos._id_fraction_of('r.' || quote_ident(ids), 'part ' || random_seed),
        patternos._id_fraction_of('r.' || quote_ident(ids), 'order ' || random_seed), rows, joined);
    DROP TABLE IF EXISTS pg_temp.training_source CASCADE;
    PERFORM set_config('search_path', CASE WHEN own_features THEN path ELSE 'pg_catalog, pg_temp' END, true);
    EXECUTE statement;
END
$$;

-- A number from 0 to 1 that depends on an expression's text and the salt only, as SQL that means the same in any search_path.
CREATE FUNCTION patternos._id_fraction_of(expression text, salt text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('(pg_catalog.hashtextextended(%s::pg_catalog.text COLLATE pg_catalog."C", %s) OPERATOR(pg_catalog.&) 9007199254740991)::pg_catalog.float8 OPERATOR(pg_catalog./) 9007199254740992',
                  expression, ('x' || substr(md5(salt), 1, 15))::bit(60)::bigint)
$$;

-- Counts seed and prospects; raises where there is nothing to learn from or nobody to choose.
CREATE FUNCTION patternos._check_lookalike(given bigint, OUT seeds bigint, OUT prospects bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    ids bigint;
BEGIN
    SELECT count(*) FILTER (WHERE r.lookalike_seed), count(*) FILTER (WHERE r.lookalike_prospect), count(DISTINCT r.lookalike_id)
    INTO seeds, prospects, ids FROM pg_temp.training_source r;
    IF ids < (SELECT count(*) FROM pg_temp.training_source) THEN
        RAISE EXCEPTION 'the population has more than one row for an id' USING ERRCODE = 'cardinality_violation',
            DETAIL = format('It has %s rows of %s ids.', (SELECT count(*) FROM pg_temp.training_source), ids), HINT = 'Give one row per id.';
    ELSIF seeds < 10 THEN
        RAISE EXCEPTION 'the seed is too small' USING ERRCODE = 'invalid_parameter_value',
            DETAIL = format('It names %s ids; %s of them have features and may be used.', given, seeds),
            HINT = 'At least 10 are needed. Features come from the newest refresh, or from the rows of a population that has its own; who refused personalisation, is a minor or was erased is left out.';
    ELSIF prospects = 0 THEN
        RAISE EXCEPTION 'the population has nobody outside the seed' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Without a population it is all customers with consent to marketing and personalisation; give one to choose from others.';
    END IF;
END
$$;

-- The view that training reads: part 3 is the fold that is held out, part 0 what is trained on: of the seed at most 20,000, of the prospects ten
-- times the seed, from 20,000 to 100,000. One of the seed has weight 1, all prospects together weigh as much as the seed: so penalties of
-- training are in members of the seed, however many prospects there are.
CREATE FUNCTION patternos._set_lookalike_fold(fold integer, seeds bigint, prospects bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    seed_share double precision := least(1, 20000.0 / seeds);
    prospect_share double precision := least(1, greatest(20000, least(100000, 10 * seeds)) / prospects::float8);
BEGIN
    EXECUTE format('CREATE OR REPLACE TEMP VIEW training_row AS
        SELECT r.*, r.lookalike_seed::integer::smallint AS training_label,
               (CASE WHEN floor(5 * r.lookalike_part) = %s THEN 3
                     WHEN 5 * r.lookalike_part - floor(5 * r.lookalike_part) < CASE WHEN r.lookalike_seed THEN %L::float8 ELSE %L::float8 END THEN 0 END)::smallint AS training_part,
               r.lookalike_order AS training_order, (CASE WHEN r.lookalike_seed THEN 1 ELSE %L::float8 END)::real AS training_weight
        FROM pg_temp.training_source r', fold, seed_share, prospect_share, seed_share * seeds / (prospect_share * prospects));
END
$$;

-- The features that alone tell seed from population: area under the ROC curve above 0.95. What they say is the seed's definition.
CREATE FUNCTION patternos._defining_features(names text[], kinds text[], OUT features text[], OUT reference jsonb)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
    prior double precision := (SELECT avg(r.training_label) FROM pg_temp.training_row r WHERE r.training_part = 0);
    encoders jsonb;
BEGIN
    DROP TABLE IF EXISTS pg_temp.training_score;
    CREATE TEMP TABLE training_score (score double precision);
    SELECT coalesce(jsonb_object_agg(f.name, patternos._category_codes('pg_temp.training_row', f.name, prior)), '{}') INTO encoders
    FROM unnest(names, kinds) AS f (name, kind) WHERE f.kind = 'category';
    reference := patternos._training_reference(names, kinds, encoders, prior, 'lookalike_id', NULL);
    features := ARRAY(SELECT e.key FROM jsonb_each(reference -> 'features') e WHERE (e.value ->> 'auc')::float8 > 0.95 ORDER BY (e.value ->> 'auc')::float8 DESC, e.key);
EXCEPTION WHEN numeric_value_out_of_range THEN
    RAISE EXCEPTION 'a feature is infinite' USING ERRCODE = 'numeric_value_out_of_range', HINT = 'Give NULL where a number is not known.';
END
$$;

-- The negative distance to the seed's centroid as SQL over training_row: root mean square over features of the deviation in the population's
-- standard deviations, each at most 3; what is missing is at the population's mean.
CREATE FUNCTION patternos._centroid_distance(names text[], kinds text[], encoders jsonb) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    columns text := (SELECT string_agg(format('(%s)::float8 AS f%s', patternos._feature_value(f.name, f.kind, encoders -> f.name, NULL, false), f.i), ', ' ORDER BY f.i)
                     FROM unnest(names, kinds) WITH ORDINALITY AS f (name, kind, i));
    result text;
BEGIN
    -- in the order of ids, on which the last bits of a sum depend
    EXECUTE format('SELECT array_to_string(ARRAY[%s], '' + '') FROM (SELECT training_label = 0 AS other, %s FROM pg_temp.training_row WHERE training_part = 0 ORDER BY lookalike_id COLLATE "C" OFFSET 0) s',
        (SELECT string_agg(format('patternos._squared_deviation(%L, avg(f%2$s) FILTER (WHERE other), stddev_pop(f%2$s) FILTER (WHERE other), '
                                  'avg(coalesce(f%2$s, 0)) FILTER (WHERE NOT other AND f%2$s IS NOT NULL))',
                                  patternos._feature_value(f.name, f.kind, encoders -> f.name, NULL, false), f.i), ', ' ORDER BY f.i)
         FROM unnest(names, kinds) WITH ORDINALITY AS f (name, kind, i)), columns)
    INTO result;
    RETURN CASE WHEN result <> '' THEN format('-sqrt((%s) / %s)', result, cardinality(names)) ELSE '0::float8' END;
END
$$;

-- One feature's part of it; NULL for a feature that does not vary, or that no member of the seed has.
CREATE FUNCTION patternos._squared_deviation(expression text, mean double precision, deviation double precision, centre double precision) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN deviation > 0 AND deviation < 'Infinity' AND centre IS NOT NULL
                THEN format('least(3::float8, abs((coalesce(%s, %L::float8) - %L::float8) / %L::float8)) ^ 2', expression, mean, centre, deviation) END
$$;

-- Where the caller has not said otherwise: fewer, smaller and more penalised trees than for outcomes, since every label may be wrong. params may have method:
-- trees, logistic or distance.
CREATE FUNCTION patternos._lookalike_params(params jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    method CONSTANT text := coalesce(params ->> 'method', 'trees');
    result jsonb;
BEGIN
    IF method <> ALL ('{trees,logistic,distance}') THEN
        RAISE EXCEPTION 'parameter "method" must be one of: trees, logistic, distance' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    result := patternos._train_params(CASE jsonb_typeof(params) WHEN 'object' THEN params - 'method' ELSE params END);
    RETURN result || (SELECT coalesce(jsonb_object_agg(v.parameter, v.value), '{}')
                      FROM (VALUES ('n_estimators', '100'::jsonb), ('max_depth', '4'), ('reg_lambda', '4'), ('min_child_weight', '0.5'),
                                   ('subsample', '0.5'), ('colsample_bytree', '0.3'), ('early_stopping_rounds', '0')) AS v (parameter, value)
                      JOIN patternos.train_parameters() p USING (parameter)
                      WHERE NOT EXISTS (SELECT FROM jsonb_object_keys(params) k WHERE k = p.parameter OR k = ANY (p.aliases)))
                  || jsonb_build_object('engine', method);
END
$$;

-- Trains on the rows of part 0 and returns the compiled model.
CREATE FUNCTION patternos._train_lookalike(names text[], kinds text[], params jsonb, OUT trained patternos.training_result, OUT encoders jsonb, OUT compiled bytea)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    prior double precision := (SELECT avg(r.training_label) FROM pg_temp.training_row r WHERE r.training_part = 0);
BEGIN
    IF (prior > 0 AND prior < 1) IS NOT TRUE THEN
        RAISE EXCEPTION 'seed or population is too small' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Rankings are made by models that leave out a fifth of the ids at a time.';
    END IF;
    SELECT coalesce(jsonb_object_agg(f.name, patternos._category_codes('pg_temp.training_row', f.name, prior)), '{}') INTO encoders
    FROM unnest(names, kinds) AS f (name, kind) WHERE f.kind = 'category';
    IF params ->> 'engine' <> 'distance' THEN
        trained := patternos._run_training(names, patternos._training_query(names, kinds, encoders, prior, 'lookalike_id', NULL), params);
        compiled := patternos._assemble_model(params ->> 'engine', trained.scorer, names, encoders, '{"method": "none", "x": [], "y": []}');
    END IF;
END
$$;

-- Ranks every person by a model that has not seen the person: pg_temp.lookalike_score (id, is_seed, margin, distance).
CREATE FUNCTION patternos._score_lookalike(names text[], kinds text[], params jsonb, seeds bigint, prospects bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning SET jit = off SET work_mem = '128MB'
AS $$
DECLARE
    model record;
BEGIN
    DROP TABLE IF EXISTS pg_temp.lookalike_score;
    CREATE TEMP TABLE lookalike_score (id text, is_seed boolean, margin double precision, distance double precision);
    FOR fold IN 0 .. 4 LOOP
        PERFORM patternos._set_lookalike_fold(fold, seeds, prospects);
        SELECT * INTO model FROM patternos._train_lookalike(names, kinds, params);
        EXECUTE format('INSERT INTO pg_temp.lookalike_score
                        SELECT r.lookalike_id, r.lookalike_seed, CASE WHEN $1 IS NULL THEN r.distance ELSE patternos.score_raw($1, r.features) END, r.distance
                        FROM (SELECT lookalike_id, lookalike_seed, ARRAY[%s] AS features, %s AS distance FROM pg_temp.training_row WHERE training_part = 3 OFFSET 0) r',
            (SELECT string_agg(patternos._feature_value(f.name, f.kind, model.encoders -> f.name, NULL, false), ', ' ORDER BY f.i)
             FROM unnest(names, kinds) WITH ORDINALITY AS f (name, kind, i)),
            patternos._centroid_distance(names, kinds, model.encoders))
        USING model.compiled;
    END LOOP;
    ANALYZE pg_temp.lookalike_score;
END
$$;

-- The share of spies that rank among the members, by a column of pg_temp.lookalike_score. Of those at the border as many count as have room.
CREATE FUNCTION patternos._spy_recall(score text, members bigint) RETURNS double precision
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET work_mem = '128MB'
AS $$
DECLARE
    result double precision;
BEGIN
    EXECUTE format($query$
        WITH border AS (SELECT %1$I AS score FROM pg_temp.lookalike_score WHERE NOT is_seed ORDER BY 1 DESC OFFSET $1 - 1 LIMIT 1),
        room AS (SELECT b.score, ($1 - count(*) FILTER (WHERE s.%1$I > b.score))::float8 / (1 + count(*) FILTER (WHERE s.%1$I = b.score)) AS share
                 FROM pg_temp.lookalike_score s CROSS JOIN border b WHERE NOT s.is_seed GROUP BY b.score)
        SELECT avg(CASE WHEN s.%1$I > r.score THEN 1 WHEN s.%1$I = r.score THEN r.share ELSE 0 END)
        FROM pg_temp.lookalike_score s CROSS JOIN room r WHERE s.is_seed$query$, score)
    INTO result USING members;
    RETURN result;
END
$$;

REVOKE ALL ON FUNCTION patternos._lookalike_features(date), patternos._has_only_id(text, text, text), patternos._take_ids(text, text, text, text),
    patternos._lookalike_date(), patternos._take_lookalike_rows(text, text, text, text), patternos._check_lookalike(bigint),
    patternos._set_lookalike_fold(integer, bigint, bigint), patternos._defining_features(text[], text[]),
    patternos._centroid_distance(text[], text[], jsonb), patternos._train_lookalike(text[], text[], jsonb),
    patternos._score_lookalike(text[], text[], jsonb, bigint, bigint), patternos._spy_recall(text, bigint) FROM PUBLIC;
