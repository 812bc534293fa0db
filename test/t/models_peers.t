#!/usr/bin/env bash
# Models of XGBoost and LightGBM score here as there, ours score there as here; SHAP values, metrics, calibration and logistic regression
# as in XGBoost and scikit-learn; a model that Python trained on the warehouse's features scores the warehouse. The peers come from PyPI into .venv or a private folder; without them the test is skipped.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"; psql -XqAt -d postgres -c "DROP DATABASE IF EXISTS patternos_peers" 2>/dev/null' EXIT
python=.venv/bin/python
if ! $python -c 'import xgboost, lightgbm, sklearn' 2>/dev/null; then
	python=$work/venv/bin/python
	if ! { python3 -m venv "$work/venv" && timeout 300 "$work/venv/bin/pip" install --quiet xgboost-cpu lightgbm scikit-learn; } >"$work/log" 2>&1; then
		echo '1..0 # SKIP XGBoost, LightGBM and scikit-learn cannot be had from PyPI'
		exit
	fi
fi
export OMP_NUM_THREADS=1
their_auc=$($python -W ignore test/t/models_peers.py make "$work")
psql -XqAt -d postgres -c 'SET client_min_messages = warning' -c 'DROP DATABASE IF EXISTS patternos_peers' -c 'CREATE DATABASE patternos_peers'
export PGDATABASE=patternos_peers
features=$(printf 'f%s real, ' 0 1 2 3 4 5 6 7)
names='{f0,f1,f2,f3,f4,f5,f6,f7}'
psql -XqAt -v ON_ERROR_STOP=1 >"$work/out" <<S
SET client_min_messages = warning;
CREATE EXTENSION patternos CASCADE;
CREATE TABLE scored (id int, $features xgboost float8, lightgbm float8, lightgbm_none float8, lightgbm_probability float8);
\copy scored FROM '$work/rows'
CREATE TABLE example (id int, $features label int);
\copy example FROM '$work/train'
CREATE TABLE later (id int, $features label int);
\copy later FROM '$work/test'
CREATE TABLE shap (id int, contributions float8[]);
\copy shap FROM '$work/shap'
CREATE TABLE logistic (i int, coefficient float8);
\copy logistic FROM '$work/logistic'
CREATE TABLE score (score float8, label int);
\copy score FROM '$work/score'
CREATE TABLE metric (metric text, value float8);
\copy metric FROM '$work/metric'
\set document \`cat $work/xgboost.json\`
SELECT FROM patternos.import_model('xgboost', :'document', features => '$names');
\set document \`cat $work/xgboost_other.json\`
SELECT FROM patternos.import_model('xgboost', :'document', features => '$names');
\set document \`cat $work/lightgbm.txt\`
SELECT FROM patternos.import_model('lightgbm', :'document', 'lightgbm', '$names');
\set document \`cat $work/lightgbm_none.txt\`
SELECT FROM patternos.import_model('lightgbm_none', :'document', 'lightgbm', '$names');
SELECT FROM patternos.train('ours', 'example', params => '{"n_estimators": 100, "max_depth": 5, "learning_rate": 0.1, "subsample": 1, "colsample_bytree": 1}',
	split => '{"method": "none"}', calibrate => 'none');
SELECT FROM patternos.train('logistic', 'example', params => '{"engine": "logistic"}', split => '{"method": "none"}', calibrate => 'none');
CREATE TABLE prediction AS
	SELECT 'xgboost ' || v AS model, p.id::int, p.raw, p.probability FROM unnest('{1,2}'::text[]) AS v, patternos.predict('xgboost', 'scored', v) AS p
	UNION ALL SELECT m, p.id::int, p.raw, p.probability FROM unnest('{lightgbm,lightgbm_none}'::text[]) AS m, patternos.predict(m, 'scored') AS p;
S
number=0
compare() { # description, condition
	number=$((number + 1))
	found=$(psql -XqAt -c "SELECT $2" 2>&1 || true)
	if [ "$found" = t ]; then echo "ok $number - $1"; else echo "not ok $number - $1: $found"; fi
}
echo 1..17
same="FROM prediction AS p JOIN scored AS s USING (id) WHERE p.model ="
compare "a model of XGBoost scores here with the same bits" "count(*) = 2000 AND bool_and(p.raw::real = s.xgboost::real) $same 'xgboost 1'"
compare "with base_score in the other form too" "count(*) = 2000 AND bool_and(p.raw::real = s.xgboost::real) $same 'xgboost 2'"
compare "a model of LightGBM scores within 1e-5" "count(*) = 2000 AND max(abs(p.raw - 1.5 * s.lightgbm)) < 1e-5 $same 'lightgbm'"
compare "its probabilities too" "max(abs(p.probability - s.lightgbm_probability)) < 1e-6 $same 'lightgbm'"
compare "and one that takes missing for zero" "count(*) = 2000 AND max(abs(p.raw - s.lightgbm_none)) < 1e-5 $same 'lightgbm_none'"
number=$((number + 1))
printf "SELECT patternos.import_model('forest', :'d', 'lightgbm', '%s')" "$names" >"$work/forest.sql"
if psql -XqAt -v d="$(cat "$work/lightgbm_forest.txt")" -f "$work/forest.sql" 2>&1 | grep -q 'random forests are not supported'; then
	echo "ok $number - a random forest is refused"
else
	echo "not ok $number - a random forest is refused"
fi
compare "SHAP values are XGBoost's" "count(*) = 1800 AND max(abs(a.ours[i] - s.contributions[i])) < 1e-4
	FROM (SELECT r.id, patternos._attribute(m.compiled, r, m.document, 'treeshap') AS ours FROM scored AS r, patternos_dw.model AS m WHERE m.name = 'xgboost' AND m.version = '1' AND r.id < 200) AS a
	JOIN shap AS s USING (id), generate_series(1, 9) AS i"
compare "they add up to the margin, path attributions too" "max(abs(t.total - t.margin)) < 1e-4 FROM (
	SELECT (SELECT sum(v) FROM unnest(patternos._attribute(m.compiled, r, m.document, w)) AS v) AS total, patternos.score_raw(m.compiled, r) AS margin
	FROM scored AS r, patternos_dw.model AS m, unnest('{treeshap,path}'::text[]) AS w WHERE m.name = 'xgboost' AND m.version = '1' AND r.id < 200) AS t"
psql -XqAt -c "SELECT patternos.export_model('ours')" >"$work/ours.json"
psql -XqAt -c "COPY (SELECT id, f0, f1, f2, f3, f4, f5, f6, f7, patternos.score_raw(m.compiled, s) FROM scored AS s, patternos_dw.model AS m WHERE m.name = 'ours') TO STDOUT" >"$work/ours.rows"
number=$((number + 1))
judged=$($python -W ignore test/t/models_peers.py judge "$work")
if [ "$judged" = 'margins 0 2000' ]; then echo "ok $number - a model of ours scores in XGBoost with the same bits"; else echo "not ok $number - ours in XGBoost: $judged"; fi
psql -XqAt -c "SELECT FROM patternos.import_model('again', patternos.export_model('ours'))"
compare "export and import make the same compiled bytes" "count(DISTINCT compiled) = 1 AND count(*) = 2 FROM patternos_dw.model WHERE name IN ('ours', 'again')"
compare "what was imported is exported as it was" "sha256(convert_to(patternos.export_model('xgboost', '1'), 'UTF8')) = '\\x$(printf %s "$(cat "$work/xgboost.json")" | sha256sum | cut -d' ' -f1)'"
compare "trained alike, as good as XGBoost on other rows" "value > $their_auc - 0.002 FROM patternos.evaluate('ours', 'later') WHERE metric = 'auc'"
compare "coefficients of a logistic regression are scikit-learn's" "count(*) = 8 AND max(abs((m.document::jsonb #>> ARRAY['features', l.i::text, 'coefficient'])::float8 - l.coefficient)) < 1e-4
	FROM logistic AS l, patternos_dw.model AS m WHERE m.name = 'logistic'"
compare "metrics are scikit-learn's" "count(*) = 4 AND max(abs(m.value - o.value)) < 1e-9 FROM metric AS m JOIN (SELECT u.* FROM
	(SELECT patternos.auc(score, label = 1) AS a, patternos.pr_auc(score, label = 1) AS p, patternos.log_loss(greatest(least(score, 1 - 1e-15), 1e-15), label = 1) AS l, patternos.brier(score, label = 1) AS b FROM score) AS s,
	LATERAL (VALUES ('auc', a), ('pr_auc', p), ('log_loss', l), ('brier', b)) AS u (metric, value)) AS o USING (metric)"
compare "isotonic regression and the calibration curve too" "abs((SELECT sum(u.a * u.b) FROM (SELECT (patternos.isotonic(score, label = 1)).* FROM score) AS k, unnest(k.x, k.y) AS u (a, b)) - (SELECT value FROM metric WHERE metric = 'isotonic')) < 1e-6
	AND abs((SELECT sum(u.mean_score * u.rate) FROM (SELECT patternos.calibration_curve(score, label = 1, 10) AS c FROM score) AS q, unnest(q.c) AS u) - (SELECT value FROM metric WHERE metric = 'calibration')) < 1e-9"

# the examples of the warehouse go to Python as a file, what it trained on them comes back by name
psql -XqAt -v ON_ERROR_STOP=1 >"$work/out" <<S
SET client_min_messages = warning;
INSERT INTO patternos_dw.landing_zepto SELECT * FROM patternos.sample_zepto(1200, 5);
INSERT INTO patternos_dw.landing_amazon SELECT * FROM patternos.sample_amazon(1200, 5);
CALL patternos.refresh('2025-11-01', in_steps => false);
SELECT FROM patternos._prepare_training_features('{2025-08-01,2025-09-01}');
SELECT FROM patternos.build_labels('{2025-08-01,2025-09-01}', '{30}');
SELECT 'CREATE TABLE warehouse AS SELECT row_number() OVER () AS row, q.* FROM (' || patternos.training_set('{2025-08-01,2025-09-01}') || ') AS q' \gexec
SELECT string_agg(quote_ident(f.feature), ', ') AS features FROM patternos._intent_features() AS f \gset
CREATE TABLE numbers AS SELECT row, purchased::integer, :features FROM warehouse;
\copy numbers TO '$work/warehouse.csv' WITH (FORMAT csv, HEADER)
S
$python -W ignore test/t/models_peers.py warehouse "$work"
psql -XqAt -v ON_ERROR_STOP=1 >"$work/out" <<S
CREATE TABLE foretold (row bigint, probability float8);
\copy foretold FROM '$work/warehouse.rows'
\set document \`cat $work/warehouse.json\`
SELECT FROM patternos.import_model('intent', :'document');
S
compare "what Python trained on the training set scores it by name" "count(*) > 500 AND max(abs(p.probability - f.probability)) < 1e-6 AND stddev(f.probability) > 0.01
	FROM patternos.predict('intent', 'warehouse', id_column => 'row') AS p JOIN foretold AS f ON f.row = p.id::bigint"
psql -XqAt -v ON_ERROR_STOP=1 >"$work/out" 2>&1 <<S || true
SELECT patternos.promote('intent', '1', force => true, reason => 'from Python');
CALL patternos.refresh('2025-11-01', in_steps => false);
S
compare "and scores the customers as champion" "count(*) > 300 AND bool_and(model_version = 'intent 1' OR model_version = '1') AND count(DISTINCT intent_score) > 10 FROM patternos_dw.intent_score_latest"
