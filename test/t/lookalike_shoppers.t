#!/usr/bin/env bash
# Lookalikes on real data: of the sessions that ended in a purchase (UCI online shoppers, Sakar 2018) a tenth is the seed, the others are to be found.
set -eu
file=${PATTERNOS_SHARED_DATA:-../shared/data}/online_shoppers/online_shoppers_intention.csv.gz
if [ ! -e "$file" ]; then
	echo "1..0 # SKIP no $file"
	exit
fi
trap 'psql -XqAt -d postgres -c "DROP DATABASE IF EXISTS patternos_lookalike"' EXIT
psql -XqAt -d postgres -c 'SET client_min_messages = warning' -c 'DROP DATABASE IF EXISTS patternos_lookalike' -c 'CREATE DATABASE patternos_lookalike'
export PGDATABASE=patternos_lookalike
psql -XqAt -v ON_ERROR_STOP=1 <<SQL
SET client_min_messages = warning;
CREATE EXTENSION patternos CASCADE;
CREATE TABLE session (administrative int, administrative_duration float8, informational int, informational_duration float8, product_related int,
	product_related_duration float8, bounce_rates float8, exit_rates float8, page_values float8, special_day float8, month text, operating_system text, browser text,
	region text, traffic_type text, visitor_type text, weekend boolean, bought boolean);
\copy session FROM PROGRAM 'zcat $file' WITH (FORMAT csv, HEADER)
ALTER TABLE session ADD id int GENERATED ALWAYS AS IDENTITY;
CREATE TABLE seed AS SELECT id FROM session WHERE bought ORDER BY md5(id::text) LIMIT 190;
CREATE TABLE result (method text, spy_recall float8, low float8, high float8, found float8);
DO \$\$
DECLARE
	made patternos.lookalike_result;
	used text;
BEGIN
	FOREACH used IN ARRAY '{trees,logistic,distance}'::text[] LOOP
		made := patternos._rank_lookalike('seed', 'session', 0.2, '{bought}', 'id', format('{"method": "%s"}', used)::jsonb, 'public');
		INSERT INTO result SELECT used, made.spy_recall, made.spy_recall_low, made.spy_recall_high, avg((r.id IS NOT NULL)::int)
		FROM session AS s LEFT JOIN pg_temp.lookalike_rank AS r ON r.id = s.id::text WHERE s.bought AND s.id NOT IN (SELECT id FROM seed);
	END LOOP;
END \$\$;
SQL
echo 1..4
number=0
check() { # description, condition, figure
	number=$((number + 1))
	figure=$(psql -XqAt -c "SELECT $3")
	if [ "$(psql -XqAt -c "SELECT $2")" = t ]; then echo "ok $number - $1: $figure"; else echo "not ok $number - $1: $figure"; fi
}
check 'a fifth of the sessions has three quarters of the other buyers' "found >= 0.75 FROM result WHERE method = 'trees'" "round(found::numeric, 3) FROM result WHERE method = 'trees'"
check 'trees find more than distance' "(SELECT found FROM result WHERE method = 'trees') > 1.3 * found FROM result WHERE method = 'distance'" "round(found::numeric, 3) FROM result WHERE method = 'distance'"
check 'and no fewer than a logistic regression' "(SELECT found FROM result WHERE method = 'trees') > found - 0.02 FROM result WHERE method = 'logistic'" "round(found::numeric, 3) FROM result WHERE method = 'logistic'"
check 'what the spies promise holds for those not in the seed' 'bool_and(found BETWEEN low - 0.03 AND high + 0.03) FROM result' "string_agg(format('%s %s', method, round(spy_recall::numeric, 3)), ', ') FROM result"
