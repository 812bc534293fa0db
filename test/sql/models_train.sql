-- Training: cases solved by hand, and what must hold of any trained model.
SET client_min_messages = error;
BEGIN;
CREATE FUNCTION pg_temp.fit(source text, params text, split text DEFAULT '{"method": "none"}', name text DEFAULT 'm') RETURNS text LANGUAGE sql AS
$$ SELECT version FROM patternos.train(name, source, params => '{"min_child_weight": 0, "subsample": 1, "colsample_bytree": 1}'::jsonb || params::jsonb,
                                       split => split::jsonb, calibrate => 'none') $$;
CREATE FUNCTION pg_temp.margins(source text, version text, name text DEFAULT 'm') RETURNS TABLE (id text, raw float8) LANGUAGE sql AS
$$ SELECT p.id, p.raw FROM patternos.predict(name, source, version) AS p $$;
CREATE FUNCTION pg_temp.bytes(of_version text, of_name text DEFAULT 'm') RETURNS bytea LANGUAGE sql AS
$$ SELECT compiled FROM patternos_dw.model WHERE name = of_name AND version = of_version $$;
CREATE FUNCTION pg_temp.test_auc(of_version text, of_name text DEFAULT 'm') RETURNS float8 LANGUAGE sql AS
$$ SELECT (metrics #>> '{test,auc}')::float8 FROM patternos_dw.model WHERE name = of_name AND version = of_version $$;

-- Eight rows, one cut: gradients are half, second derivatives a quarter; weights -G/(H + lambda) = -+2/(1 + 1), gain 2^2/2 + 2^2/2.
CREATE TABLE pg_temp.eight AS SELECT i AS id, i AS x, i > 4 AS label FROM generate_series(1, 8) AS i;
SELECT pg_temp.fit('pg_temp.eight', '{"n_estimators": 1, "max_depth": 1, "learning_rate": 1}') AS one_tree;
SELECT string_agg(raw::text, ' ' ORDER BY id) FROM pg_temp.margins('pg_temp.eight', '1');
SELECT document::jsonb #> '{learner,gradient_booster,model,trees,0,split_conditions}' AS cut, document::jsonb #> '{learner,gradient_booster,model,trees,0,loss_changes}' AS gain
FROM patternos_dw.model WHERE name = 'm';
-- half the learning rate halves the leaves; lambda 3 makes them -+2/(1 + 3); a gain of 4 does not pay gamma 5
SELECT pg_temp.fit('pg_temp.eight', p) AS version, (SELECT string_agg(DISTINCT raw::text, ' ' ORDER BY raw::text) FROM pg_temp.margins('pg_temp.eight', (i + 1)::text)) AS margins
FROM unnest('{"{\"n_estimators\": 1, \"max_depth\": 1, \"learning_rate\": 0.5}","{\"num_round\": 1, \"max_depth\": 1, \"eta\": 1, \"lambda\": 3}","{\"n_trees\": 1, \"max_depth\": 1, \"eta\": 1, \"gamma\": 5}"}'::text[]) WITH ORDINALITY AS u (p, i);
SELECT version, (SELECT string_agg(DISTINCT raw::text, ' ' ORDER BY raw::text) FROM pg_temp.margins('pg_temp.eight', version)) AS margins
FROM patternos_dw.model WHERE name = 'm' ORDER BY version;

-- Rows in any order of storage give the same bytes; twice the rows are rows of twice the weight.
CREATE TABLE pg_temp.blob AS SELECT i AS id, (i * 7919 % 211) / 10.0 AS a, (i * 104729 % 97)::real AS b, CASE WHEN i % 10 < 9 THEN (i * 31 % 53) END AS c,
    hashint4(i) % 100 < (i * 7919 % 211) / 3 AS label, 1 + i % 2 AS weight, DATE '2025-01-01' + i % 100 AS day FROM generate_series(1, 2000) AS i;
SELECT pg_temp.fit('SELECT id, a, b, c, label FROM pg_temp.blob ORDER BY a, id DESC', '{"n_estimators": 20, "subsample": 0.7, "colsample_bytree": 0.7}', name => 'order'),
       pg_temp.fit('SELECT id, a, b, c, label FROM pg_temp.blob ORDER BY id', '{"n_estimators": 20, "subsample": 0.7, "colsample_bytree": 0.7}', name => 'order'),
       pg_temp.fit('SELECT id, a, b, c, label FROM pg_temp.blob', '{"n_estimators": 20, "subsample": 0.7, "colsample_bytree": 0.7, "seed": 7}', name => 'order');
SELECT pg_temp.bytes('1', 'order') = pg_temp.bytes('2', 'order') AS same_seed_same_bytes, pg_temp.bytes('1', 'order') = pg_temp.bytes('3', 'order') AS other_seed;
SELECT pg_temp.fit('SELECT b.id, a, b, c, label FROM pg_temp.blob AS b, generate_series(1, b.weight)', '{"n_estimators": 20}', name => 'weight'),
       pg_temp.fit('SELECT id, a, b, c, label, weight FROM pg_temp.blob', '{"n_estimators": 20, "sample_weight": "weight"}', name => 'weight');
SELECT max(abs(x.raw - y.raw)) < 1e-5 AS copies_are_weight, max(abs(x.raw)) > 0.1 AS something_learned
FROM pg_temp.margins('pg_temp.blob', '1', 'weight') AS x JOIN pg_temp.margins('pg_temp.blob', '2', 'weight') AS y USING (id);

-- More trees fit the training rows better.
SELECT pg_temp.fit('SELECT id, a, b, c, label FROM pg_temp.blob', format('{"n_estimators": %s, "learning_rate": 0.3}', n), name => 'loss') FROM generate_series(1, 10, 3) AS n;
SELECT bool_and(l < before) AS loss_falls FROM (
    SELECT l, lag(l, 1, 1.0) OVER (ORDER BY v) AS before
    FROM (SELECT v, (SELECT patternos.log_loss(p.probability, b.label) FROM patternos.predict('loss', 'pg_temp.blob', v::text) AS p JOIN pg_temp.blob AS b ON b.id::text = p.id) AS l
          FROM generate_series(1, 4) AS v) AS s) AS t;

-- Nothing is found in noise; XOR needs two levels; what is missing tells; a constraint holds; stopping keeps fewer trees.
CREATE TABLE pg_temp.made AS SELECT i AS id, (hashint4(i) & 1023) / 1024.0 AS a, (hashint4(i + 100000) & 1023) / 1024.0 AS b,
    (hashint4(i + 200000) & 1) AS coin, (hashint4(i + 300000) & 1023) / 1024.0 AS u FROM generate_series(1, 6000) AS i;
SELECT pg_temp.fit('SELECT id, a, b, coin AS label FROM pg_temp.made', '{"n_estimators": 50, "early_stopping_rounds": 0}', '{"method": "random", "valid": 0.2, "test": 0.3}', 'noise');
SELECT abs((metrics #>> '{test,auc}')::float8 - 0.5) < 3 * (metrics #>> '{test,auc_error}')::float8 AS noise_is_noise FROM patternos_dw.model WHERE name = 'noise';
SELECT pg_temp.fit('SELECT id, a, b, (a > 0.5) <> (b > 0.5) AS label FROM pg_temp.made', format('{"n_estimators": 60, "max_depth": %s, "learning_rate": 0.3}', d), '{"method": "random"}', 'xor') FROM unnest('{1,2}'::int[]) AS d;
SELECT pg_temp.test_auc('1', 'xor') < 0.65 AS xor_not_in_one_level, pg_temp.test_auc('2', 'xor') > 0.95 AS xor_in_two;
SELECT pg_temp.fit('SELECT id, b, CASE WHEN coin = 0 THEN a END AS a, u < 0.1 + 0.8 * coin AS label FROM pg_temp.made', '{"n_estimators": 20}', '{"method": "random"}', 'missing');
SELECT pg_temp.test_auc('1', 'missing') > 0.85 AS missing_tells;
SELECT pg_temp.fit('SELECT id, a, b, u < 0.3 + 0.4 * abs(a - 0.3) + 0.2 * b AS label FROM pg_temp.made', '{"n_estimators": 60, "learning_rate": 0.2, "monotone_constraints": {"a": 1, "b": -1}}', name => 'up');
SELECT bool_and(step >= 0) AS rises FROM (SELECT s - lag(s) OVER (PARTITION BY b ORDER BY a) AS step FROM generate_series(0, 1, 0.02) AS a, generate_series(0, 1, 0.1) AS b,
    LATERAL patternos.score_raw(pg_temp.bytes('1', 'up'), ARRAY[a, b]::real[]) AS s) AS t;
SELECT bool_and(step <= 0) AS falls FROM (SELECT s - lag(s) OVER (PARTITION BY a ORDER BY b) AS step FROM generate_series(0, 1, 0.1) AS a, generate_series(0, 1, 0.02) AS b,
    LATERAL patternos.score_raw(pg_temp.bytes('1', 'up'), ARRAY[a, b]::real[]) AS s) AS t;
SELECT trees < 200 AS stopped, rows_test > 0 AS tested FROM patternos.train('stop', 'SELECT id, a, b, u < a AS label FROM pg_temp.made', params => '{"n_estimators": 200, "learning_rate": 0.3, "early_stopping_rounds": 5}');

-- Parts by time do not overlap, with an embargo between them; what training used is written down.
SELECT rows_train > 0 FROM patternos.train('time', 'SELECT id, a, b, c, label, day FROM pg_temp.blob', time_column => 'day', split => '{"method": "time", "valid": 0.2, "test": 0.2, "embargo": "5 days"}', params => '{"n_estimators": 5}');
SELECT (rows_used #>> '{train,last}')::date + 5 < (rows_used #>> '{valid,first}')::date AS gap_before_valid, (rows_used #>> '{valid,last}')::date + 5 < (rows_used #>> '{test,first}')::date AS gap_before_test,
       (SELECT sum((r.value ->> 'rows')::int) FROM jsonb_each(rows_used) AS r WHERE jsonb_typeof(r.value) = 'object') AS rows FROM patternos_dw.model WHERE name = 'time';
SELECT action, to_version FROM patternos_dw.model_event WHERE name = 'time';

-- A category that training has not seen counts as missing; a leak is flagged.
SELECT pg_temp.fit('SELECT id, CASE WHEN coin = 1 THEN ''yes'' ELSE ''no'' END AS answer, b, u < 0.2 + 0.6 * coin AS label FROM pg_temp.made', '{"n_estimators": 10, "learning_rate": 0.5}', '{"method": "random"}', 'category');
SELECT patternos.score(compiled, '{"answer": "yes", "b": 0.5}'::jsonb) > 0.7 AS yes, patternos.score(compiled, '{"answer": "no", "b": 0.5}'::jsonb) < 0.3 AS no,
       patternos.score(compiled, '{"answer": "perhaps", "b": 0.5}'::jsonb) = patternos.score(compiled, '{"answer": null, "b": 0.5}'::jsonb) AS unseen FROM patternos_dw.model WHERE name = 'category';
SELECT pg_temp.fit('SELECT id, a, b, CASE WHEN coin = 1 THEN u END AS paid_at, coin AS label FROM pg_temp.made', '{"n_estimators": 5}', '{"method": "random"}', 'leak');
SELECT metrics #>> '{warnings,0,feature}' AS leak, jsonb_array_length(metrics -> 'warnings') AS warnings FROM patternos_dw.model WHERE name = 'leak';

-- Logistic regression finds the coefficients that made the labels.
SELECT pg_temp.fit('SELECT id, a, b, u < 1 / (1 + exp(-(1 + 2 * a - 3 * b))) AS label FROM pg_temp.made', '{"engine": "logistic"}', name => 'linear');
SELECT abs((document::jsonb ->> 'intercept')::float8 - 1) < 0.3 AS intercept, abs((document::jsonb #>> '{features,0,coefficient}')::float8 - 2) < 0.4 AS a,
       abs((document::jsonb #>> '{features,1,coefficient}')::float8 + 3) < 0.4 AS b FROM patternos_dw.model WHERE name = 'linear';
-- A number that is none is missing.
SELECT version FROM patternos.train('nan', 'SELECT id, CASE WHEN a < 0.5 THEN ''NaN'' ELSE a END::real AS a, b, coin AS label FROM pg_temp.made', params => '{"n_estimators": 2}');
ROLLBACK;
