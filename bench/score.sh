#!/usr/bin/env bash
# Scoring with TREES trees of DEPTH over FEATURES features: an XGBoost model in SQL against XGBoost with one thread, many rows at once and one by
# one. Microseconds of a processor a row; ours include what the server does for a row.
set -euo pipefail
ROWS=50000 FEATURES=${FEATURES:-50} TREES=${TREES:-200} DEPTH=${DEPTH:-6}
. "$(dirname "$0")/lib.sh"
export OMP_NUM_THREADS=1
if ! has_module xgboost || ! has_module sklearn; then
	skip 'score' 'XGBoost and scikit-learn for Python are not there'
	exit
fi
own_database bench_score
peer() { $python -W ignore bench/model_peers.py "$1" "$work" "$ROWS" "$FEATURES" "$TREES" "$DEPTH"; }
peer make
peer xgboost >/dev/null
columns=$(printf 'f%s real, ' $(seq 0 $((FEATURES - 1))))
names=$(printf 'f%s,' $(seq 0 $((FEATURES - 1))))
sql "CREATE TABLE test (id integer, $columns label integer)" "\\copy test FROM '$work/test' WITH (FORMAT binary)" "CREATE TABLE vector AS SELECT id, ARRAY[${names%,}] AS f FROM test" 'VACUUM ANALYZE test, vector'
{
	echo '\set document `cat '"$work/xgboost.json"'`'
	echo "SELECT FROM patternos.import_model('m', :'document', features => '{${names%,}}')"
} >"$work/import.sql"
psql -XqAt -v ON_ERROR_STOP=1 -f "$work/import.sql" -c 'SET client_min_messages = warning' >/dev/null
read -r batch single < <(peer score)

# Microseconds a row by the server's clock of the backend's processor time, the best of three.
micros() { # rows, statement
	psql -XqAt -v ON_ERROR_STOP=1 <<SQL
SET max_parallel_workers_per_gather = 0;
SET jit = off;
CREATE FUNCTION pg_temp.cpu() RETURNS float8 LANGUAGE sql AS \$\$
	SELECT sum(split_part(line, ' ', 1)::float8) / 1000 FROM regexp_split_to_table(pg_read_file('/proc/' || pg_backend_pid() || '/schedstat', 0, 200), E'\n') AS line WHERE line <> '' \$\$;
CREATE FUNCTION pg_temp.best() RETURNS float8 LANGUAGE plpgsql AS \$\$
DECLARE
	began float8;
	result float8 := 'Infinity';
BEGIN
	FOR i IN 1..3 LOOP
		began := pg_temp.cpu();
		$2;
		result := least(result, (pg_temp.cpu() - began) / $1);
	END LOOP;
	RETURN result;
END \$\$;
SELECT round(pg_temp.best()::numeric, 2);
SQL
}
report() { awk -v n="$1" -v o="$2" -v p="$3" 'BEGIN { if (p > 0) printf "%-52s %9.2f %9.2f %8.1f\n", n, o, p, p / o; else printf "%-52s %9.2f\n", n, o }'; }
printf '%-52s %9s %9s %8s\n' "$TREES trees of depth $DEPTH, $FEATURES features" 'us' 'XGBoost' 'times'
report 'arrays of a table' "$(micros 50000 "PERFORM sum(patternos.score(m.compiled, v.f)) FROM vector AS v, patternos_dw.model AS m WHERE m.name = 'm'")" "$batch"
report 'rows of a table, by name' "$(micros 50000 "PERFORM sum(patternos.score(m.compiled, t)) FROM test AS t, patternos_dw.model AS m WHERE m.name = 'm'")" "$batch"
report 'predict(), by name, with ids' "$(micros 50000 "PERFORM count(*) FROM patternos.predict('m', 'public.test')")" "$batch"
report 'sum of the arrays without a model' "$(micros 50000 "PERFORM sum(v.f[1]) FROM vector AS v, patternos_dw.model AS m WHERE m.name = 'm'")" 0
report 'one row a statement, in a loop in the server' "$(micros 5000 "FOR k IN 1..5000 LOOP PERFORM patternos.score(m.compiled, v.f) FROM vector AS v, patternos_dw.model AS m WHERE m.name = 'm' LIMIT 1; END LOOP")" "$single"
