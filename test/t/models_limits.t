#!/usr/bin/env bash
# Training and import end soon after they are cancelled; training asks for no more memory than it may, and frees what it had.
set -eu
said=$(mktemp)
trap 'rm -f "$said"; psql -XqAt -d postgres -c "DROP DATABASE IF EXISTS patternos_limits"' EXIT
psql -XqAt -d postgres -c 'SET client_min_messages = warning' -c 'DROP DATABASE IF EXISTS patternos_limits' -c 'CREATE DATABASE patternos_limits'
export PGDATABASE=patternos_limits
columns=$(printf ', hashint4(i * 31 + %d)::real AS f%d' $(seq 20 | sed 's/.*/& &/'))
psql -XqAt -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION patternos CASCADE' \
	-c "CREATE TABLE example AS SELECT i AS id, hashint4(i) % 10 = 0 AS label $columns FROM generate_series(1, 30000) AS i"
echo 1..5

# the clock of the server: from the end of the time allowed to the error
late() {
	psql -XqAt <<SQL
SELECT clock_timestamp() AS begun \gset
SET statement_timeout = '$1ms';
SELECT FROM patternos.train('m', 'example', params => '{"n_estimators": 3000, "max_depth": 10, "early_stopping_rounds": 0}') \g /dev/null
SET statement_timeout = 0;
SELECT round(1000 * extract(epoch FROM clock_timestamp() - :'begun'))::integer - $1;
SQL
}
best=100000
for timeout in 3000 2500 3500; do
	found=$(late $timeout 2>"$said" | tail -n 1)
	grep -q 'canceling statement due to statement timeout' "$said" || found=99999
	[ "$found" -ge "$best" ] || best=$found
	[ "$best" -gt 200 ] || break
done
if [ "$best" -le 200 ]; then echo "ok 1 - cancelled within 0.2 s"; else echo "not ok 1 - cancelled after $best ms"; fi

if psql -XqAt -v VERBOSITY=verbose -c "SELECT FROM patternos.train('m', 'example', params => '{\"max_memory\": 1}')" 2>&1 | grep -q '54000: training needs .* MB of memory, 1 MB are allowed'; then
	echo "ok 2 - too little memory is refused"
else
	echo "not ok 2 - too little memory is refused"
fi
if [ "$(psql -XqAt -c "SELECT count(*) FROM patternos_dw.model WHERE name = 'm'")" = 0 ]; then echo "ok 3 - nothing is left of what failed"; else echo "not ok 3 - nothing is left"; fi
kept=$(psql -XqAt <<'SQL'
SET client_min_messages = error;
SELECT FROM patternos.train('m', 'example', params => '{"n_estimators": 5}');
SELECT sum(total_bytes) AS before FROM pg_backend_memory_contexts \gset
SELECT FROM patternos.train('m', 'example', params => '{"n_estimators": 5}');
SELECT FROM patternos.train('m', 'example', params => '{"n_estimators": 5}');
SELECT sum(total_bytes) - :before < 1000000 FROM pg_backend_memory_contexts;
SQL
)
if [ "$kept" = t ]; then echo "ok 4 - a training leaves no memory behind"; else echo "not ok 4 - a training leaves memory behind: $kept"; fi

# documents of 60 MB that say nothing
worst=0
for part in '"x":[%s0]' '"learner":{"gradient_booster":{"model":{"tree_info":[%s0]}}}'; do
	found=$(psql -XqAt 2>"$said" <<SQL
CREATE TEMP TABLE document (document text);
ALTER TABLE document ALTER document SET STORAGE EXTERNAL;
INSERT INTO document SELECT format('{$part}', repeat('0,', 30000000));
SELECT clock_timestamp() AS begun \gset
SET statement_timeout = '400ms';
SELECT FROM patternos._read_model((SELECT document FROM document), 'xgboost') \g /dev/null
SET statement_timeout = 0;
SELECT round(1000 * extract(epoch FROM clock_timestamp() - :'begun'))::integer - 400;
SQL
	)
	grep -q 'canceling statement due to statement timeout' "$said" || found=99999
	[ "$found" -le "$worst" ] || worst=$found
done
if [ "$worst" -le 200 ]; then echo "ok 5 - so is the reading of a document"; else echo "not ok 5 - the reading of a document is cancelled after $worst ms"; fi
