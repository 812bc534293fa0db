-- What is refused: bytes and documents that are no models, features that do not fit, parameters, sources. Nothing of it is an internal error.
SET client_min_messages = error;
BEGIN;
CREATE TABLE pg_temp.small AS SELECT i AS id, i % 7 AS a, CASE i % 3 WHEN 0 THEN 'x' WHEN 1 THEN 'y' END AS c, i % 5 = 0 AS label, DATE '2025-01-01' + i % 30 AS day, weekday
FROM generate_series(1, 300) AS i, LATERAL (SELECT (i % 7)::text AS weekday) AS w;
SELECT version FROM patternos.train('small', 'SELECT id, a, c, label FROM pg_temp.small', params => '{"n_estimators": 3}');
CREATE TABLE pg_temp.model AS SELECT compiled, document FROM patternos_dw.model WHERE name = 'small';
-- the SQLSTATE of a statement, or what it returns
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE statement INTO result;
    RETURN result;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ': ' || SQLERRM;
END
$$;

-- Features that do not fit.
SELECT pg_temp.try('SELECT patternos.score(compiled, ' || f || ') IS NOT NULL FROM pg_temp.model') AS score, f FROM unnest(ARRAY[
    $q$'{"a": 1, "c": "x"}'::jsonb$q$, $q$'{"a": null, "c": null}'::jsonb$q$, $q$'{"a": 1}'::jsonb$q$, $q$'{"a": "1", "c": "x"}'::jsonb$q$, $q$'{"a": 1, "c": 2}'::jsonb$q$, $q$'[1, 2]'::jsonb$q$, $q$'7'::jsonb$q$,
    $q$'{"a": 1e400, "c": "x"}'::jsonb$q$, $q$ARRAY[1, 2]::real[]$q$, $q$ARRAY[1, NULL]::real[]$q$, $q$ARRAY['NaN', 2]::real[]$q$, $q$ARRAY['Infinity', 2]::real[]$q$, $q$ARRAY[1]::real[]$q$, $q$'{}'::real[]$q$,
    $q$ARRAY[[1, 2]]::real[]$q$, $q$NULL::jsonb$q$, $q$ROW(1, 'x')$q$]) AS f;
SELECT pg_temp.try('SELECT patternos.score(compiled, r) IS NOT NULL FROM pg_temp.model, (SELECT ' || f || ') AS r') AS score, f FROM unnest('{"1 AS a, ''x'' AS c","''x'' AS c, 0 AS other, 1.5::numeric AS a","true AS a, NULL::text AS c","''1''::text AS a, ''x'' AS c","1 AS b, 2 AS c","''Infinity''::float8 AS a, ''x'' AS c"}'::text[]) AS f;

-- Bytes that are no model: each byte of the head and some others changed, each length.
SELECT count(*) AS changed, count(*) FILTER (WHERE r = 'true') AS taken, array_agg(DISTINCT left(r, 5)) FILTER (WHERE r <> 'true') AS states
FROM (SELECT pg_temp.try(format('SELECT patternos.score(set_byte(compiled, %s, get_byte(compiled, %1$s) # %s), ARRAY[1, 2]::real[]) IS NOT NULL FROM pg_temp.model', i, 1 << i % 8)) AS r
      FROM pg_temp.model AS m, generate_series(0, length(m.compiled) - 1) AS i WHERE i < 120 OR i % 7 = 0) AS t;
SELECT count(*) FILTER (WHERE r = 'true') AS taken, array_agg(DISTINCT left(r, 5)) AS states
FROM (SELECT pg_temp.try(format('SELECT patternos.score(substr(compiled, 1, %s), ARRAY[1, 2]::real[]) IS NOT NULL FROM pg_temp.model', i)) AS r
      FROM pg_temp.model AS m, generate_series(0, length(m.compiled) - 1, 9) AS i) AS t;
SELECT pg_temp.try($q$SELECT patternos.score('\x'::bytea, '{1}'::real[])$q$), pg_temp.try($q$SELECT patternos.score(NULL, '{1}'::real[])$q$);

-- Documents that are no models.
SELECT left(pg_temp.try(format('SELECT patternos.import_model(''bad'', %L)', d)), 100) AS import FROM unnest(ARRAY['', '{}', '[]', 'null', '{"learner": 1}', repeat('[', 100000), '{"learner":{"objective":{"name":"multi:softprob"}}}',
    '{"learner":{"gradient_booster":{"name":"dart"}}}']) AS d;
SELECT left(pg_temp.try(format('SELECT patternos.import_model(''bad'', replace(%L, %L, %L))', m.document, r.a, r.b)), 110) AS import FROM pg_temp.model AS m, (VALUES
    ('"left_children":[1', '"left_children":[999'), ('"left_children":[1', '"left_children":[0'), ('"left_children":[1', '"left_children":[-7'), ('"split_indices":[0', '"split_indices":[70000'), ('"split_indices":[0', '"split_indices":[5'),
    ('"split_conditions":[', '"split_conditions":[NaN,'), ('"split_conditions":[', '"split_conditions":[1,'), ('"split_type":[0', '"split_type":[1'), ('"base_score":"', '"base_score":"-'),
    ('"num_class":"0"', '"num_class":"3"'), ('"num_feature":"2"', '"num_feature":"999999"'), ('binary:logistic', 'rank:pairwise'), ('"gbtree"', '"gblinear"')) AS r (a, b);
SELECT count(*) FILTER (WHERE r !~ '^\(') AS refused, array_agg(DISTINCT left(r, 5)) AS states
FROM (SELECT pg_temp.try(format('SELECT patternos.import_model(''bad'', %L)', left(m.document, i))) AS r FROM pg_temp.model AS m, generate_series(0, length(m.document) - 1, 97) AS i) AS t;
SELECT left(pg_temp.try(format('SELECT patternos.import_model(''bad'', %L, ''lightgbm'', ''{a}'')', d)), 110) AS import FROM unnest(ARRAY['', 'tree', E'tree\nTree=0\nend of trees', E'tree\nnum_class=3', E'tree\nobjective=regression',
    E'tree\nobjective=binary sigmoid:1\nmax_feature_idx=0\nTree=0\nnum_leaves=2\nsplit_feature=0\nthreshold=1\ndecision_type=1\nleft_child=-1\nright_child=-2\nleaf_value=1 2\nend of trees',
    E'tree\nobjective=binary sigmoid:1\nmax_feature_idx=0\nTree=0\nnum_leaves=2\nsplit_feature=0\nthreshold=1\ndecision_type=2\nleft_child=0\nright_child=0\nleaf_value=1 2\nend of trees',
    E'tree\nobjective=binary sigmoid:1\nmax_feature_idx=0\nTree=0\nnum_leaves=2\nsplit_feature=9\nthreshold=1\ndecision_type=2\nleft_child=-1\nright_child=-2\nleaf_value=1 2\nend of trees',
    E'tree\nobjective=binary sigmoid:1\nmax_feature_idx=0\nTree=0\nnum_leaves=2\nsplit_feature=0\nthreshold=-1\ndecision_type=6\nleft_child=-1\nright_child=-2\nleaf_value=1 2\nend of trees']) AS d;
SELECT pg_temp.try($q$SELECT patternos.import_model('bad', 'x', 'onnx')$q$), pg_temp.try(format('SELECT patternos.import_model(%L, %L)', '; drop', document)), pg_temp.try(format('SELECT patternos.import_model(%L, %L, features => ''{a,a}'')', 'bad', document)) FROM pg_temp.model;

-- Parameters, sources and splits.
SELECT left(pg_temp.try(format('SELECT patternos.train(''bad'', ''SELECT id, a, label FROM pg_temp.small'', params => %L)', p)), 110) AS train FROM unnest(ARRAY['{"depth": 3}', '{"max_depth": 0}', '{"max_depth": 2.5}', '{"max_depth": "3"}', '{"eta": 0.1, "learning_rate": 0.2}',
    '{"learning_rate": 1e999}', '[]', 'null', '{"engine": "magic"}', '{"objective": "reg:squarederror"}', '{"monotone_constraints": {"b": 1}}', '{"monotone_constraints": {"a": 2}}', '{"monotone_constraints": 7}', '{"sample_weight": "weight"}', '{"max_memory": 1, "n_estimators": 10000}']) AS p;
SELECT left(pg_temp.try(format('SELECT patternos.train(''bad'', %s)', a)), 120) AS train FROM unnest(ARRAY[$q$'no_such_table'$q$, $q$'SELECT 1 AS id'$q$, $q$'SELECT id, label FROM pg_temp.small'$q$, $q$'SELECT id, a, true AS label FROM pg_temp.small'$q$,
    $q$'SELECT id, a, 7 AS label FROM pg_temp.small'$q$, $q$'SELECT id, a, ''yes''::text AS label FROM pg_temp.small'$q$, $q$'SELECT id, a, NULL::boolean AS label FROM pg_temp.small'$q$, $q$'SELECT id, a, label FROM pg_temp.small WHERE false'$q$,
    $q$'SELECT id, label, 1/0 AS a FROM pg_temp.small'$q$, $q$'SELECT id, label, ''Infinity''::float8 AS a FROM pg_temp.small'$q$, $q$'DELETE FROM pg_temp.small'$q$, $q$'SELECT 1; DROP TABLE x'$q$, $q$NULL$q$, $q$''$q$,
    $q$'pg_temp.small', features => '{nothing}'$q$, $q$'pg_temp.small', features => '{day}'$q$, $q$'pg_temp.small', split => '{"method": "time"}'$q$, $q$'pg_temp.small', split => '{"method": "magic"}'$q$, $q$'pg_temp.small', split => '{"part": 1}'$q$,
    $q$'pg_temp.small', split => '{"valid": 0.9, "test": 0.9}'$q$, $q$'pg_temp.small', split => '{"valid": "x"}'$q$, $q$'pg_temp.small', time_column => 'day', split => '{"embargo": "x"}'$q$, $q$'pg_temp.small', calibrate => 'magic'$q$, $q$'pg_temp.small', calibrate => NULL$q$,
    $q$'SELECT id, a, 0.6 * label::integer AS label FROM pg_temp.small'$q$, $q$'SELECT id, a, 0.6::float8 * label::integer AS label FROM pg_temp.small'$q$, $q$'SELECT id, a, ''NaN''::float8 AS label FROM pg_temp.small'$q$,
    $q$'SELECT nullif(id, 5) AS id, a, label FROM pg_temp.small'$q$, $q$'pg_temp.small', features => '{a,label}'$q$, $q$'pg_temp.small', features => '{{a},{id}}'$q$, $q$'pg_temp.small', split => '[]'$q$, $q$'pg_temp.small', split => NULL$q$,
    $q$'pg_temp.small', time_column => 'c'$q$, $q$'pg_temp.small', time_column => 'day', split => '{"embargo": "-3 days"}'$q$, $q$'pg_temp.small', params => '{"sample_weight": "c"}'$q$,
    $q$'SELECT *, 0 AS weight FROM pg_temp.small', params => '{"sample_weight": "weight"}'$q$, $q$'SELECT *, 0 AS weight FROM pg_temp.small', params => '{"sample_weight": "weight", "engine": "logistic"}'$q$]) AS a;
SELECT pg_temp.try(s) AS train FROM unnest(ARRAY[$q$SELECT patternos.train(NULL, 'no_such_table')$q$, $q$SELECT patternos.train_intent(window_days => 0)$q$, $q$SELECT patternos.train_intent(window_days => NULL)$q$, $q$SELECT patternos.train_category_intent(window_days => 367)$q$]) AS s;
-- Rows without an outcome count nowhere; what is no outcome is refused; no interval without a value.
SELECT metric, n, n_pos, value = (SELECT value FROM patternos.evaluate('small', 'SELECT * FROM pg_temp.small WHERE id <= 200', fractions => '{0.1}') AS e WHERE e.metric = o.metric) AS same
FROM patternos.evaluate('small', 'SELECT id, a, c, CASE WHEN id <= 200 THEN label END AS label FROM pg_temp.small', fractions => '{0.1}') AS o WHERE metric IN ('auc', 'recall', 'base_rate');
SELECT pg_temp.try(format('SELECT n_pos FROM patternos.evaluate(''small'', ''SELECT id, a, c, %s AS label FROM pg_temp.small'') LIMIT 1', l)) AS positive, l FROM unnest('{label,label::integer,1.0,1::float8,0.5,2,NULL::boolean}'::text[]) AS l;
SELECT count(*) FILTER (WHERE value IS NULL), count(ci_low) + count(ci_high) AS intervals FROM patternos.evaluate('small', 'SELECT * FROM pg_temp.small WHERE false');
SELECT left(pg_temp.try(s), 110) AS used FROM unnest(ARRAY[$q$SELECT patternos.predict('nobody', 'pg_temp.small')$q$, $q$SELECT patternos.predict('small', 'pg_temp.small', '99')$q$, $q$SELECT patternos.predict('small', 'SELECT 1 AS id')$q$, $q$SELECT patternos.predict('small', 'pg_temp.small', id_column => 'x')$q$,
    $q$SELECT patternos.evaluate('small', 'pg_temp.small', 'c')$q$, $q$SELECT patternos.evaluate('small', 'pg_temp.small', fractions => '{2}')$q$, $q$SELECT count(*) FROM patternos.evaluate('small', 'SELECT * FROM pg_temp.small WHERE false')$q$, $q$SELECT patternos.explain('small', '{"a": 1}')$q$,
    $q$SELECT patternos.explain('small', '{"a": 1, "c": "x"}', 'magic')$q$, $q$SELECT patternos.feature_importance('small', 'magic')$q$, $q$SELECT patternos.feature_importance('small', 'shap')$q$, $q$SELECT patternos.drift('small', 'SELECT 1 AS id')$q$,
    $q$SELECT patternos.psi('{1}', '{1,2}')$q$, $q$SELECT patternos.psi('{-1}', '{1}')$q$, $q$SELECT patternos.psi('{}', '{}')$q$, $q$SELECT patternos.psi('{NaN}', '{1}')$q$, $q$SELECT patternos.psi('{0,0}', '{0,0}')$q$]) AS s;
ROLLBACK;
