-- Training: from a query to a registered, calibrated and evaluated model.
-- The rows are taken over once into a temporary table, in the caller's search_path; everything after that reads this table.

-- The features among the columns: number, boolean or category. Errors: columns that are missing, have another use or are of no use as features.
CREATE FUNCTION patternos._training_features(rows regclass, wanted text[], others text[]) RETURNS TABLE (feature text, kind text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wrong text;
BEGIN
    wanted := CASE WHEN wanted IS NOT NULL THEN ARRAY(SELECT unnest(wanted)) END;
    SELECT w INTO wrong FROM unnest(wanted || others) AS w
    WHERE NOT EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = rows AND a.attname = w AND a.attnum > 0);
    IF FOUND THEN
        RAISE EXCEPTION 'the source has no column "%"', wrong USING ERRCODE = 'undefined_column',
            HINT = format('Its columns are %s.', (SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) FROM pg_attribute AS a WHERE a.attrelid = rows AND a.attnum > 0));
    END IF;
    SELECT w INTO wrong FROM unnest(wanted) AS w WHERE w = ANY (others);
    IF FOUND THEN
        RAISE EXCEPTION 'column "%" cannot be a feature', wrong USING ERRCODE = 'invalid_parameter_value',
            HINT = 'It is given as label, id, time, weight or split already.';
    END IF;
    RETURN QUERY
    SELECT a.attname::text, CASE t.typcategory WHEN 'N' THEN 'number' WHEN 'B' THEN 'boolean' ELSE 'category' END
    FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
    WHERE a.attrelid = rows AND a.attnum > 0 AND a.attname <> ALL (others)
      AND (a.attname = ANY (wanted) OR (wanted IS NULL AND (t.typcategory IN ('N', 'B', 'S', 'E') AND a.atttypid NOT IN ('oid'::regtype, 'money'::regtype))))
    ORDER BY (SELECT min(w.i) FROM unnest(wanted) WITH ORDINALITY AS w (name, i) WHERE w.name = a.attname), a.attnum;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the source has no column that could be a feature' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Features are numbers, booleans and texts beside id, time and label.';
    END IF;
    SELECT a.attname INTO wrong FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
    WHERE a.attrelid = rows AND a.attname = ANY (wanted) AND (t.typcategory NOT IN ('N', 'B', 'S', 'E') OR a.atttypid = 'money'::regtype);
    IF FOUND THEN
        RAISE EXCEPTION 'column "%" cannot be a feature', wrong USING ERRCODE = 'datatype_mismatch',
            HINT = 'Features are numbers, booleans and texts; make a number of a date, such as the days since.';
    END IF;
END
$$;

-- A number between 0 and 1 that depends on the id and the seed only, as SQL.
CREATE FUNCTION patternos._id_fraction(id_column text, salt text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('(''x'' || substr(md5(%L || %I::text), 1, 8))::bit(32)::bigint / 4294967296.0', salt, id_column)
$$;

-- The split with its defaults. Errors: unknown members, shares that leave nothing to train on.
CREATE FUNCTION patternos._training_split(split jsonb, time_column text, calibrate text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    method text := coalesce(split ->> 'method', CASE WHEN time_column IS NULL THEN 'random' ELSE 'time' END);
    unknown text;
BEGIN
    IF jsonb_typeof(split) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'split must be a JSON object' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT k INTO unknown FROM jsonb_object_keys(split) AS k WHERE k <> ALL ('{method,valid,test,column,embargo}');
    IF unknown IS NOT NULL OR method <> ALL ('{time,random,column,none}') THEN
        RAISE EXCEPTION 'split is not understood%', coalesce(': "' || unknown || '"', '') USING ERRCODE = 'invalid_parameter_value',
            HINT = 'It is like {"method": "time" | "random" | "column" | "none", "valid": 0.15, "test": 0.15, "column": "part", "embargo": "30 days"}.';
    END IF;
    IF method = 'time' AND time_column IS NULL THEN
        RAISE EXCEPTION 'a split by time needs time_column' USING ERRCODE = 'invalid_parameter_value';
    ELSIF method = 'column' AND split ->> 'column' IS NULL THEN
        RAISE EXCEPTION 'a split by column needs the member "column"' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF (coalesce((split ->> 'valid')::numeric, 0.15) BETWEEN 0 AND 1 AND coalesce((split ->> 'test')::numeric, 0.15) BETWEEN 0 AND 1
        AND coalesce((split ->> 'valid')::numeric, 0.15) + coalesce((split ->> 'test')::numeric, 0.15) <= 0.9) IS NOT TRUE THEN
        RAISE EXCEPTION 'valid and test must be shares of the rows, at most 0.9 together' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN jsonb_build_object('method', method, 'valid', coalesce((split ->> 'valid')::numeric, 0.15), 'test', coalesce((split ->> 'test')::numeric, 0.15),
                              'column', split -> 'column', 'embargo', coalesce(split ->> 'embargo', '0'), 'calibrate', calibrate <> 'none');
EXCEPTION WHEN invalid_text_representation THEN
    RAISE EXCEPTION 'valid and test must be numbers' USING ERRCODE = 'invalid_parameter_value';
END
$$;

-- The part of each row as SQL: 0 train, 1 valid, 2 calibrate, 3 test, NULL left out. Half of the validation rows, by id, calibrate.
CREATE FUNCTION patternos._training_part(rows regclass, split jsonb, id_column text, time_column text, seed text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    valid CONSTANT numeric := (split ->> 'valid')::numeric;
    test CONSTANT numeric := (split ->> 'test')::numeric;
    held text := CASE WHEN (split ->> 'calibrate')::boolean
                      THEN format('CASE WHEN %s < 0.5 THEN 1 ELSE 2 END', patternos._id_fraction(id_column, 'calibrate ' || seed)) ELSE '1' END;
BEGIN
    CASE split ->> 'method'
    WHEN 'none' THEN
        RETURN '0';
    WHEN 'random' THEN
        RETURN format('CASE WHEN %1$s < %2$L::numeric THEN 3 WHEN %1$s < %3$L::numeric THEN %4$s ELSE 0 END',
                      patternos._id_fraction(id_column, 'split ' || seed), test, test + valid, held);
    WHEN 'column' THEN
        RETURN format('CASE %1$I::text WHEN ''train'' THEN 0 WHEN ''valid'' THEN %2$s WHEN ''calibrate'' THEN 2 WHEN ''test'' THEN 3 END', split ->> 'column', held);
    ELSE
        RETURN patternos._time_part(rows, split, time_column, held);
    END CASE;
END
$$;

-- The part by time: the latest moments test, those before them validate, each at a distance of the embargo from what comes before.
CREATE FUNCTION patternos._time_part(rows regclass, split jsonb, time_column text, held text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_date boolean := (SELECT t.typcategory = 'D' FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
                        WHERE a.attrelid = rows AND a.attname = time_column);
    gap text := CASE WHEN is_date THEN format('%L::interval', split ->> 'embargo') ELSE format('%L::numeric', split ->> 'embargo') END;
    moments bigint;
    at_valid text;
    at_test text;
    backwards boolean;
BEGIN
    EXECUTE format('SELECT %s < %s', gap, CASE WHEN is_date THEN quote_literal('0') || '::interval' ELSE '0' END) INTO backwards;
    IF backwards THEN
        RAISE EXCEPTION 'embargo must not be negative' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format($q$
        WITH moment AS (
            SELECT %1$I AS t, row_number() OVER (ORDER BY %1$I) AS i, count(*) OVER () AS k,
                   (sum(count(*)) OVER (ORDER BY %1$I) - count(*)) / sum(count(*)) OVER () AS before
            FROM %2$s WHERE %1$I IS NOT NULL GROUP BY %1$I
        ), place AS (
            SELECT max(k) AS k, CASE WHEN $2 = 0 THEN max(k) + 1
                       ELSE greatest(CASE WHEN $1 > 0 THEN 3 ELSE 2 END, least(max(k), min(i) FILTER (WHERE before >= 1 - $2))) END AS test
            FROM moment
        ), both_places AS (
            SELECT p.k, p.test, CASE WHEN $1 = 0 THEN p.test
                       ELSE greatest(2, least(p.test - 1, (SELECT min(m.i) FROM moment AS m WHERE m.before >= 1 - $2 - $1))) END AS valid
            FROM place AS p
        )
        SELECT b.k, (SELECT m.t::text FROM moment AS m WHERE m.i = b.valid), (SELECT m.t::text FROM moment AS m WHERE m.i = b.test) FROM both_places AS b$q$,
        time_column, rows)
    INTO moments, at_valid, at_test USING (split ->> 'valid')::numeric, (split ->> 'test')::numeric;
    IF coalesce(moments, 0) < 1 + ((split ->> 'valid')::numeric > 0)::integer + ((split ->> 'test')::numeric > 0)::integer THEN
        RAISE EXCEPTION 'there are too few moments to split by time' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Give examples of more dates, or split {"method": "random"}.';
    END IF;
    RETURN format('CASE WHEN %1$I IS NULL THEN NULL %2$s %3$s %4$s END', time_column,
        CASE WHEN at_test IS NOT NULL THEN format('WHEN %1$I >= %2$L THEN 3', time_column, at_test) END,
        CASE WHEN at_valid IS DISTINCT FROM at_test AND at_valid IS NOT NULL THEN format('WHEN %1$I >= %2$L THEN CASE WHEN %3$s THEN %4$s END', time_column, at_valid,
             coalesce(format('%1$I + %2$s < %3$L', time_column, gap, at_test), 'true'), held) END,
        'WHEN ' || coalesce(format('%1$I + %2$s < %3$L', time_column, gap, coalesce(at_valid, at_test)), 'true') || ' THEN 0');
END
$$;

-- The numbers that stand for the categories of a feature: the smoothed rate among training rows; at most 10,000, the most frequent.
CREATE FUNCTION patternos._category_codes(rows regclass, feature text, prior double precision) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result jsonb;
BEGIN
    EXECUTE format($q$
        SELECT coalesce(jsonb_object_agg(c.category, round(((c.positives + 10 * $1) / (c.n + 10))::numeric, 6)), '{}')
        FROM (SELECT %1$I::text AS category, count(*) AS n, sum(training_label) AS positives FROM %2$s
              WHERE training_part = 0 AND %1$I IS NOT NULL GROUP BY %1$I::text ORDER BY count(*) DESC, (%1$I::text) COLLATE "C" LIMIT 10000) AS c$q$, feature, rows)
    INTO result USING prior;
    RETURN result;
END
$$;

-- A feature of a row as SQL. A category of a training row gets the rate among the training rows before it in a fixed random order, so that
-- it does not see its own label; rows that are held out get the category's code.
CREATE FUNCTION patternos._feature_value(feature text, kind text, code jsonb, prior double precision, in_training boolean) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN kind = 'number' THEN format('nullif(%I::real, ''NaN'')', feature)
                WHEN kind = 'boolean' THEN format('%I::integer::real', feature)
                WHEN NOT in_training THEN format('(%L::jsonb ->> %I::text)::real', code, feature)
                ELSE format('CASE WHEN %1$I IS NULL THEN NULL WHEN training_part = 0 THEN ((coalesce(sum(training_label) OVER %2$I, 0) + 10 * %3$L::float8) '
                            '/ (count(*) OVER %2$I + 10))::real ELSE (%4$L::jsonb ->> %1$I::text)::real END', feature, 'before ' || md5(feature), prior, code) END
$$;

-- The name of a column's type in pg_temp.training_source.
CREATE FUNCTION patternos._training_type(name text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format_type(a.atttypid, NULL) FROM pg_attribute AS a WHERE a.attrelid = to_regclass('pg_temp.training_source') AND a.attname = name AND a.attnum > 0
$$;

-- Refuses labels that are no outcomes, rows without an id, times and weights of types that are none.
CREATE FUNCTION patternos._check_training_columns(label text, label_type text, id_column text, time_column text, weight text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    numbers CONSTANT text[] := '{smallint,integer,bigint,numeric,real,double precision}';
    unlabelled bigint;
    unnamed bigint;
    others bigint;
BEGIN
    IF label_type <> ALL ('boolean'::text || numbers) THEN
        RAISE EXCEPTION 'label "%" is of type %', label, label_type USING ERRCODE = 'datatype_mismatch',
            HINT = 'A label is a boolean, or 0 and 1.';
    ELSIF patternos._training_type(time_column) <> ALL ('{date,timestamp without time zone,timestamp with time zone}' || numbers) THEN
        RAISE EXCEPTION 'time column "%" is of type %', time_column, patternos._training_type(time_column) USING ERRCODE = 'datatype_mismatch',
            HINT = 'A time is a date, a timestamp or a number.';
    ELSIF patternos._training_type(weight) <> ALL (numbers) THEN
        RAISE EXCEPTION 'weight "%" is of type %', weight, patternos._training_type(weight) USING ERRCODE = 'datatype_mismatch',
            HINT = 'A weight is a number from 0 on.';
    END IF;
    EXECUTE format('SELECT count(*) FILTER (WHERE %1$I IS NULL), count(*) FILTER (WHERE %2$I IS NULL), count(*) FILTER (WHERE %1$I NOT IN (%3$s))
                    FROM pg_temp.training_source', label, id_column, CASE label_type WHEN 'boolean' THEN 'false, true' ELSE '0, 1' END)
    INTO unlabelled, unnamed, others;
    IF unlabelled > 0 THEN
        RAISE EXCEPTION 'label is null in % rows', unlabelled USING ERRCODE = 'null_value_not_allowed',
            HINT = 'Leave out rows whose outcome is not known yet, for example with WHERE label IS NOT NULL.';
    ELSIF unnamed > 0 THEN
        RAISE EXCEPTION 'id is null in % rows', unnamed USING ERRCODE = 'null_value_not_allowed',
            HINT = 'The id divides the rows into parts and orders them; give each row one.';
    ELSIF others > 0 THEN
        RAISE EXCEPTION 'label must be 0 or 1, or a boolean' USING ERRCODE = 'invalid_parameter_value',
            DETAIL = format('It is something else in %s rows.', others), HINT = 'Make a condition of it, such as value > 0 AS label.';
    END IF;
END
$$;

-- Takes the rows over into pg_temp.training_source, in the search_path of the caller, and gives label, part and order to each in the view training_row.
CREATE FUNCTION patternos._take_training_rows(source text, label text, id_column text, time_column text, params jsonb, split jsonb, calibrate text, path text)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
    statement text := 'CREATE TEMP TABLE training_source AS SELECT * FROM (' || source || ') AS s';
    is_name boolean := source ~ '^[^[:space:]()]+$';
    relation regclass;
    label_type text;
BEGIN
    IF source IS NULL THEN
        RAISE EXCEPTION 'source must not be null' USING ERRCODE = 'null_value_not_allowed', HINT = 'Give a table, a view or a query.';
    END IF;
    DROP TABLE IF EXISTS pg_temp.training_source CASCADE;
    -- in the caller's path nothing of ours is evaluated but what names its schema
    PERFORM set_config('search_path', path, true);
    IF is_name THEN
        relation := pg_catalog.to_regclass(source);
    ELSE
        EXECUTE statement;
    END IF;
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    IF is_name AND relation IS NULL THEN
        RAISE EXCEPTION 'there is no table or view "%"', left(source, 127) USING ERRCODE = 'undefined_table',
            HINT = 'Give a table, a view or a query.';
    ELSIF is_name THEN
        EXECUTE format('CREATE TEMP TABLE training_source AS SELECT * FROM %s', relation);
    END IF;
    PERFORM patternos._training_features('pg_temp.training_source', NULL,
        array_remove(ARRAY[label, id_column, time_column, params ->> 'sample_weight', split ->> 'column'], NULL));
    label_type := patternos._training_type(label);
    PERFORM patternos._check_training_columns(label, label_type, id_column, time_column, params ->> 'sample_weight');
    EXECUTE format('CREATE TEMP VIEW training_row AS SELECT *, (%1$I%2$s)::smallint AS training_label, (%3$s)::smallint AS training_part,
                           %4$s AS training_order, coalesce(%5$s, 1)::real AS training_weight FROM pg_temp.training_source', label,
                   CASE label_type WHEN 'boolean' THEN '::integer' ELSE '' END,
                   patternos._training_part('pg_temp.training_source', patternos._training_split(split, time_column, calibrate), id_column, time_column, params ->> 'seed'),
                   patternos._id_fraction(id_column, 'order ' || (params ->> 'seed')),
                   CASE WHEN params ->> 'sample_weight' IS NULL THEN 'NULL' ELSE quote_ident(params ->> 'sample_weight') END);
END
$$;

-- The windows that categories of training rows are coded over, as SQL.
CREATE FUNCTION patternos._training_windows(names text[], kinds text[], id_column text, time_column text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'WINDOW ' || string_agg(format('%1$I AS (PARTITION BY training_part, %2$I ORDER BY training_order, %3$I%4$s ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)',
                                          'before ' || md5(f.name), f.name, id_column, coalesce(', ' || quote_ident(time_column), '')), ', ' ORDER BY f.i)
    FROM unnest(names, kinds) WITH ORDINALITY AS f (name, kind, i) WHERE f.kind = 'category'
$$;

-- The training query: label, part, weight and the features, in an order that the ids fix.
CREATE FUNCTION patternos._training_query(names text[], kinds text[], encoders jsonb, prior double precision, id_column text, time_column text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('SELECT training_label, training_part, training_weight, %s FROM pg_temp.training_row WHERE training_part IN (0, 1) %s ORDER BY %I%s',
        (SELECT string_agg(patternos._feature_value(f.name, f.kind, encoders -> f.name, prior, true), ', ' ORDER BY f.i)
         FROM unnest(names, kinds) WITH ORDINALITY AS f (name, kind, i)),
        patternos._training_windows(names, kinds, id_column, time_column), id_column, coalesce(', ' || quote_ident(time_column), ''))
$$;

-- Trains and returns what the registry keeps, before calibration.
CREATE FUNCTION patternos._run_training(names text[], query text, params jsonb) RETURNS patternos.training_result
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    constraints smallint[];
    unknown text;
    result patternos.training_result;
BEGIN
    IF params ->> 'engine' = 'logistic' THEN
        result := patternos._train_logistic(query, names, (params ->> 'reg_lambda')::float8, (params ->> 'scale_pos_weight')::float8,
            (params ->> 'max_memory')::bigint * 1048576);
        RETURN result;
    END IF;
    IF jsonb_typeof(params -> 'monotone_constraints') <> 'object' THEN
        RAISE EXCEPTION 'monotone_constraints must be a JSON object' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Give an object of features and 1 (rising) or -1 (falling).';
    END IF;
    SELECT k INTO unknown FROM jsonb_each(params -> 'monotone_constraints') AS e (k, v)
    WHERE k <> ALL (names) OR v NOT IN ('-1', '0', '1');
    IF FOUND THEN
        RAISE EXCEPTION 'monotone constraint "%" is not understood', unknown USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Give an object of features and 1 (rising) or -1 (falling).';
    END IF;
    constraints := ARRAY(SELECT coalesce((params #>> ARRAY['monotone_constraints', n])::smallint, 0) FROM unnest(names) WITH ORDINALITY AS f (n, i) ORDER BY i);
    result := patternos._train_trees(query, names, (params ->> 'max_bin')::integer, constraints, (params ->> 'n_estimators')::integer,
        (params ->> 'max_depth')::integer, (params ->> 'learning_rate')::float8, (params ->> 'min_child_weight')::float8, (params ->> 'reg_lambda')::float8,
        (params ->> 'reg_alpha')::float8, (params ->> 'gamma')::float8, (params ->> 'subsample')::float8, (params ->> 'colsample_bytree')::float8,
        (params ->> 'scale_pos_weight')::float8, (params ->> 'early_stopping_rounds')::integer, params ->> 'eval_metric' = 'auc',
        (params ->> 'seed')::bigint, (params ->> 'max_memory')::bigint * 1048576);
    RETURN result;
END
$$;

-- A compiled model from its parts; calibration is {"method": …, "x": […], "y": […]}.
CREATE FUNCTION patternos._assemble_model(kind text, scorer bytea, names text[], encoders jsonb, calibration jsonb) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT patternos._compile_model(kind, scorer, names, calibration ->> 'method',
        ARRAY(SELECT v::float8 FROM jsonb_array_elements_text(calibration -> 'x') WITH ORDINALITY AS e (v, i) ORDER BY i),
        ARRAY(SELECT v::float8 FROM jsonb_array_elements_text(calibration -> 'y') WITH ORDINALITY AS e (v, i) ORDER BY i),
        coalesce(array_agg(c.feature ORDER BY c.feature, c.category), '{}'), coalesce(array_agg(c.category ORDER BY c.feature, c.category), '{}'),
        coalesce(array_agg(c.code ORDER BY c.feature, c.category), '{}'))
    FROM (SELECT f.i::integer AS feature, e.key COLLATE "C" AS category, (e.value #>> '{}')::real AS code
          FROM unnest(names) WITH ORDINALITY AS f (name, i) CROSS JOIN LATERAL jsonb_each(encoders -> f.name) AS e) AS c
$$;

-- Scores the rows that were held out into pg_temp.training_score.
CREATE FUNCTION patternos._score_held_out(model bytea, names text[], kinds text[], encoders jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
BEGIN
    DROP TABLE IF EXISTS pg_temp.training_score;
    CREATE TEMP TABLE training_score (part smallint, label boolean, margin double precision, score double precision);
    EXECUTE format('INSERT INTO pg_temp.training_score (part, label, margin, score)
                    SELECT r.part, r.label, patternos.score_raw($1, r.features), patternos.score($1, r.features)
                    FROM (SELECT training_part AS part, training_label = 1 AS label, ARRAY[%s] AS features FROM pg_temp.training_row
                          WHERE training_part > 0 OFFSET 0) AS r',
        (SELECT string_agg(patternos._feature_value(f.name, f.kind, encoders -> f.name, NULL, false), ', ' ORDER BY f.i)
         FROM unnest(names, kinds) WITH ORDINALITY AS f (name, kind, i)))
    USING model;
END
$$;

-- The calibration of the margins of the rows set aside for it.
CREATE FUNCTION patternos._fit_calibration(method text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    knots patternos.calibration_knots;
BEGIN
    IF method = 'platt' THEN
        SELECT (patternos.platt(s.margin, s.label)).* INTO knots FROM pg_temp.training_score AS s WHERE s.part = 2;
    ELSIF method = 'isotonic' THEN
        SELECT (patternos.isotonic(1 / (1 + exp(-s.margin)), s.label)).* INTO knots FROM pg_temp.training_score AS s WHERE s.part = 2;
    END IF;
    RETURN CASE WHEN knots IS NULL OR knots.x IS NULL THEN '{"method": "none", "x": [], "y": []}'
                ELSE jsonb_build_object('method', method, 'x', to_jsonb(knots.x), 'y', to_jsonb(knots.y)) END;
END
$$;

-- Figures of each part that was held out.
CREATE FUNCTION patternos._held_out_metrics() RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result jsonb;
BEGIN
    SELECT coalesce(jsonb_object_agg(m.part, to_jsonb(m) - 'part'), '{}') INTO result
    FROM (SELECT CASE s.part WHEN 1 THEN 'valid' WHEN 2 THEN 'calibrate' ELSE 'test' END AS part, count(*) AS rows,
                 count(*) FILTER (WHERE s.label) AS positives, round(avg(s.label::integer), 6) AS base_rate,
                 patternos.auc(s.score, s.label) AS auc, patternos.auc_error(s.score, s.label) AS auc_error,
                 patternos.pr_auc(s.score, s.label) AS pr_auc, patternos.log_loss(s.score, s.label) AS log_loss,
                 patternos.brier(s.score, s.label) AS brier, patternos.ece(s.score, s.label, 10) AS ece,
                 patternos.precision_at(s.score, s.label, 0.1) AS precision_at_10, patternos.recall_at(s.score, s.label, 0.1) AS recall_at_10,
                 patternos.lift_at(s.score, s.label, 0.1) AS lift_at_10
          FROM pg_temp.training_score AS s GROUP BY s.part) AS m;
    RETURN result;
END
$$;

-- Refuses what is no name for a model.
CREATE FUNCTION patternos._check_model_name(name text) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF name IS NULL OR name !~ '^[[:alnum:]_][[:alnum:]_ .-]{0,62}$' THEN
        RAISE EXCEPTION 'a model''s name must have between 1 and 63 letters, digits, "_", "-", "." and spaces'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
END
$$;

-- Puts a model into the registry under its next version, which it returns. about is a row of patternos_dw.model as JSON, as far as it is known.
CREATE FUNCTION patternos._register_model(name text, action text, about jsonb, document text, compiled bytea) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result text;
BEGIN
    PERFORM patternos._require_owner();
    PERFORM patternos._check_model_name(name);
    PERFORM pg_advisory_xact_lock(hashtextextended('patternos model ' || name, 0));
    INSERT INTO patternos_dw.model AS m (name, version, model_type, features, label_definition, params, rows_used, metrics, calibration, encoders,
        importance, reference, document, document_sha256, compiled)
    SELECT _register_model.name, (SELECT (coalesce(max(v.version::bigint), 0) + 1)::text FROM patternos_dw.model AS v
                                  WHERE v.name = _register_model.name AND v.version ~ '^[0-9]{1,9}$'),
        a.model_type, a.features, a.label_definition, a.params, a.rows_used, a.metrics, a.calibration, a.encoders, a.importance, a.reference,
        _register_model.document, sha256(convert_to(_register_model.document, 'UTF8')), _register_model.compiled
    FROM jsonb_to_record(about) AS a (model_type text, features text[], label_definition jsonb, params jsonb, rows_used jsonb, metrics jsonb,
        calibration jsonb, encoders jsonb, importance jsonb, reference jsonb)
    RETURNING m.version INTO result;
    INSERT INTO patternos_dw.model_event (name, to_version, action, details)
    VALUES (_register_model.name, result, _register_model.action, about -> 'metrics');
    RETURN result;
END
$$;

-- The importance of each feature, as the registry keeps it.
CREATE FUNCTION patternos._importance_of(names text[], trained patternos.training_result) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_object_agg(f.name, jsonb_build_object('gain', f.gain, 'splits', f.splits, 'cover', f.cover))
    FROM unnest(names, trained.gain, trained.splits, trained.cover) AS f (name, gain, splits, cover)
$$;

-- Rows by part, and what time they are of.
CREATE FUNCTION patternos._rows_used(source text, time_column text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result jsonb;
BEGIN
    EXECUTE format($q$
        SELECT jsonb_object_agg(r.part, to_jsonb(r) - 'part') FROM (
            SELECT CASE training_part WHEN 0 THEN 'train' WHEN 1 THEN 'valid' WHEN 2 THEN 'calibrate' WHEN 3 THEN 'test' ELSE 'left_out' END AS part,
                   count(*) AS rows, sum(training_label) AS positives, min(%1$s) AS first, max(%1$s) AS last
            FROM pg_temp.training_row GROUP BY training_part) AS r$q$, coalesce(quote_ident(time_column), 'NULL::text'))
    INTO result;
    RETURN result || jsonb_build_object('source', source);
END
$$;

CREATE FUNCTION patternos._train_model(name text, source text, label text, id_column text, time_column text, features text[], params jsonb,
    split jsonb, calibrate text, path text) RETURNS patternos.trained_model
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '128MB'
AS $$
DECLARE
    settings CONSTANT jsonb := patternos._train_params(params);
    kind CONSTANT text := settings ->> 'engine';
    names text[];
    kinds text[];
    encoders jsonb;
    prior double precision;
    trained patternos.training_result;
    calibration jsonb := '{"method": "none", "x": [], "y": []}';
    compiled bytea;
    metrics jsonb;
    reference jsonb;
    result patternos.trained_model;
BEGIN
    PERFORM patternos._require_owner();
    PERFORM patternos._check_model_name(name);
    IF (calibrate = ANY ('{none,platt,isotonic}')) IS NOT TRUE THEN
        RAISE EXCEPTION 'calibrate must be none, platt or isotonic' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM patternos._take_training_rows(source, label, id_column, time_column, settings, split, calibrate, path);
    SELECT array_agg(f.feature), array_agg(f.kind) INTO names, kinds
    FROM patternos._training_features('pg_temp.training_source', _train_model.features,
        array_remove(ARRAY[label, id_column, time_column, settings ->> 'sample_weight', split ->> 'column'], NULL)) AS f;
    SELECT coalesce(avg(r.training_label), 0) INTO prior FROM pg_temp.training_row AS r WHERE r.training_part = 0;
    SELECT coalesce(jsonb_object_agg(f.name, patternos._category_codes('pg_temp.training_row', f.name, prior)), '{}') INTO encoders
    FROM unnest(names, kinds) AS f (name, kind) WHERE f.kind = 'category';
    trained := patternos._run_training(names, patternos._training_query(names, kinds, encoders, prior, id_column, time_column), settings);
    compiled := patternos._assemble_model(kind, trained.scorer, names, encoders, calibration);
    PERFORM patternos._score_held_out(compiled, names, kinds, encoders);
    IF calibrate <> 'none' THEN
        calibration := patternos._fit_calibration(calibrate);
        compiled := patternos._assemble_model(kind, trained.scorer, names, encoders, calibration);
        PERFORM patternos._score_held_out(compiled, names, kinds, encoders);
    END IF;
    reference := patternos._training_reference(names, kinds, encoders, prior, id_column, time_column);
    metrics := patternos._held_out_metrics() || patternos._leak_warnings(reference);
    SELECT m.rows, m.auc, m.pr_auc, m.log_loss, m.brier, m.ece, m.precision_at_10, m.lift_at_10
    INTO result.rows_test, result.auc, result.pr_auc, result.log_loss, result.brier, result.ece, result.precision_at_10, result.lift_at_10
    FROM jsonb_to_record(coalesce(metrics -> 'test', metrics -> 'calibrate', metrics -> 'valid')) AS m (rows bigint, auc float8, pr_auc float8,
        log_loss float8, brier float8, ece float8, precision_at_10 float8, lift_at_10 float8);
    result.name := name;
    result.model_type := kind;
    result.trees := trained.trees;
    result.rows_train := trained.rows_train;
    result.version := patternos._register_model(name, 'train', jsonb_build_object('model_type', kind, 'features', names, 'params',
        settings || jsonb_build_object('split', split, 'calibrate', calibrate), 'rows_used', patternos._rows_used(source, time_column),
        'metrics', metrics, 'calibration', calibration, 'encoders', encoders, 'importance', patternos._importance_of(names, trained),
        'reference', reference), trained.document, compiled);
    DROP VIEW pg_temp.training_row;
    DROP TABLE pg_temp.training_source;
    DROP TABLE pg_temp.training_score;
    RETURN result;
END
$$;

CREATE FUNCTION patternos.train(name text, source text, label text DEFAULT 'label', id_column text DEFAULT 'id', time_column text DEFAULT NULL,
    features text[] DEFAULT NULL, params jsonb DEFAULT '{}', split jsonb DEFAULT '{}', calibrate text DEFAULT 'platt')
RETURNS patternos.trained_model
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT patternos._train_model(name, source, label, id_column, time_column, features, params, split, calibrate,
                                  pg_catalog.current_setting('search_path'));
END;
COMMENT ON FUNCTION patternos.train(text, text, text, text, text, text[], jsonb, jsonb, text) IS
    'Trains a model on the rows of a table or query, calibrates and evaluates it on rows held out, and registers it.';

REVOKE ALL ON FUNCTION patternos._training_type(text), patternos._check_training_columns(text, text, text, text, text),
    patternos._take_training_rows(text, text, text, text, jsonb, jsonb, text, text), patternos._run_training(text[], text, jsonb),
    patternos._score_held_out(bytea, text[], text[], jsonb), patternos._fit_calibration(text), patternos._held_out_metrics(),
    patternos._register_model(text, text, jsonb, text, bytea), patternos._rows_used(text, text),
    patternos._train_model(text, text, text, text, text, text[], jsonb, jsonb, text, text),
    patternos.train(text, text, text, text, text, text[], jsonb, jsonb, text) FROM PUBLIC;
