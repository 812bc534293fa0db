#!/usr/bin/env bash
# Training of trees on ROWS × FEATURES with TREES trees of DEPTH: train() against XGBoost and LightGBM from PyPI, one thread each, on the same rows
# and hold-out. Seconds are a processor's; memory is what training takes beyond the process and its data.
set -euo pipefail
ROWS=${ROWS:-200000} FEATURES=${FEATURES:-50} TREES=${TREES:-200} DEPTH=${DEPTH:-6}
. "$(dirname "$0")/lib.sh"
export OMP_NUM_THREADS=1
if ! has_module xgboost || ! has_module lightgbm || ! has_module sklearn; then
	skip 'train' 'XGBoost, LightGBM and scikit-learn for Python are not there'
	exit
fi
own_database bench_train
peer() { $python -W ignore bench/model_peers.py "$1" "$work" "$ROWS" "$FEATURES" "$TREES" "$DEPTH"; }
peer make
columns=$(printf 'f%s real, ' $(seq 0 $((FEATURES - 1))))
for table in train test; do
	sql "CREATE TABLE $table (id integer, $columns label integer)" "\\copy $table FROM '$work/$table' WITH (FORMAT binary)" "VACUUM ANALYZE $table"
done
xgboost=$(peer xgboost)
lightgbm=$(peer lightgbm)

# Seconds of a processor and growth of the backend's peak memory, in MB, while a statement runs.
measure() {
	psql -XqAt -v ON_ERROR_STOP=1 <<SQL
SET client_min_messages = warning;
SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE usage (cpu float8, peak float8);
CREATE FUNCTION pg_temp.note() RETURNS void LANGUAGE sql AS \$\$
	INSERT INTO usage SELECT (SELECT (f[14]::float8 + f[15]::float8) / $(getconf CLK_TCK) FROM regexp_split_to_array(pg_read_file('/proc/' || pg_backend_pid() || '/stat', 0, 4096), ' ') AS f),
		substring(pg_read_file('/proc/' || pg_backend_pid() || '/status', 0, 4096) from 'VmHWM:\s+(\d+)')::float8 / 1024
		- substring(pg_read_file('/proc/' || pg_backend_pid() || '/status', 0, 4096) from 'RssShmem:\s+(\d+)')::float8 / 1024 \$\$;
SELECT count(*) FROM train \g /dev/null
SELECT pg_temp.note() \g /dev/null
$1 \g /dev/null
SELECT pg_temp.note() \g /dev/null
SELECT round((max(cpu) - min(cpu))::numeric, 2), round((max(peak) - min(peak))::numeric) FROM usage;
SQL
}
params="{\"n_estimators\": $TREES, \"max_depth\": $DEPTH, \"learning_rate\": 0.1, \"subsample\": 1, \"colsample_bytree\": 1, \"max_memory\": 4096}"
names=$(printf 'f%s,' $(seq 0 $((FEATURES - 1))))
engine=$(measure "SELECT octet_length((patternos._train_trees('SELECT label::smallint, 0::smallint, 1::real, ${names%,} FROM train', '{${names%,}}', 255, '{$(printf '0,%.0s' $(seq $((FEATURES - 1))))0}',
	$TREES, $DEPTH, 0.1, 1, 1, 0, 0, 1, 1, 1, 0, false, 42, 4294967296)).document)" | tr '|' ' ')
whole=$(measure "SELECT patternos.train('m', 'train', params => '$params', split => '{\"method\": \"none\"}', calibrate => 'none')" | tr '|' ' ')
auc=$(psql -XqAt -c "SELECT round(value::numeric, 5) FROM patternos.evaluate('m', 'test') WHERE metric = 'auc'")
printf '%-44s %9s %9s %9s\n' "$ROWS x $FEATURES, $TREES trees of depth $DEPTH" 'CPU s' 'MB' 'AUC'
report() { printf '%-44s %9s %9s %9s\n' "$1" $2; }
report 'patternos, reading the table and training' "$engine $auc"
report 'patternos, train(), all of it' "$whole $auc"
report 'XGBoost' "$xgboost"
report 'LightGBM' "$lightgbm"
