#!/usr/bin/env bash
# Landing of Zepto's export and of accounts, against bare COPY of the same input and of the same rows.
#
# A load has two parts. The first types, hashes and stages each row and writes raw_record: its peer is COPY of the
# file into a table of text columns without a key. The second makes accounts, SKUs, facts and lines of them: its peer
# is COPY of those facts and lines, in the same order, into copies of the tables with their keys, checks, generated
# columns and partitions.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
own_database bench_landing

psql -XqAt -c "COPY (SELECT * FROM patternos.sample_zepto($people, 42, '$from_date', '$as_of')) TO STDOUT (FORMAT csv)" >"$work/zepto.csv"
rows=$(wc -l <"$work/zepto.csv")
load() {
	psql -XqAt -v ON_ERROR_STOP=1 -c 'SET client_min_messages = debug1' \
		-c 'COPY patternos_dw.landing_zepto FROM STDIN (FORMAT csv)' <"$work/zepto.csv" 2>"$work/messages"
}
whole=$(seconds load)
# what the steps report, but for the writing of raw_record
second=$(sed -nE '/patternos_dw\.raw_/d; s/^DEBUG: +batch [0-9]+: CPU: user: ([0-9.]+) s, system: ([0-9.]+) s, elapsed: ([0-9.]+) s for .*/\1 \2 \3/p' \
	"$work/messages" | awk '{ w += $3; c += $1 + $2 } END { print w, c }')
first=$(awk -v whole="$whole" -v second="$second" 'BEGIN { split(whole, a); split(second, b); print a[1] - b[1], a[2] - b[2] }')

sql 'CREATE SCHEMA peer' 'CREATE TABLE peer.input (LIKE patternos_dw.landing_zepto)'
for fact in fact_transaction fact_transaction_line; do
	sql "CREATE TABLE peer.$fact (LIKE patternos_dw.$fact INCLUDING ALL) PARTITION BY HASH (customer_key)"
	partitions=$(sql "SELECT count(*) FROM pg_inherits WHERE inhparent = 'patternos_dw.$fact'::regclass")
	for remainder in $(seq 0 $((partitions - 1))); do
		sql "CREATE TABLE peer.${fact}_$remainder PARTITION OF peer.$fact FOR VALUES WITH (MODULUS $partitions, REMAINDER $remainder)"
	done
	declare "$fact=$(sql "SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute
		WHERE attrelid = 'peer.$fact'::regclass AND attnum > 0 AND attgenerated = ''")"
	psql -XqAt -c "COPY (SELECT ${!fact} FROM patternos_dw.$fact) TO STDOUT" >"$work/$fact"
done
copy() { psql -XqAt -v ON_ERROR_STOP=1 -c "COPY peer.$1 FROM STDIN $3" <"$2"; }
bare=$(seconds copy input "$work/zepto.csv" '(FORMAT csv)')
keyed=$({
	seconds copy "fact_transaction ($fact_transaction)" "$work/fact_transaction" ''
	seconds copy "fact_transaction_line ($fact_transaction_line)" "$work/fact_transaction_line" ''
} | total)
line "landing to raw_record, $rows rows" "$first" "$bare" "bare COPY, goal 4"
line "raw to facts and lines" "$second" "$keyed" "COPY into the same keyed tables, goal 1.5"
line "both" "$whole" "$(printf '%s\n' "$bare" "$keyed" | total)" "both"
rate "landing to facts, all accounts new" "$rows" "$whole" ""
[ -n "${STEPS:-}" ] && sed -n 's/^DEBUG: *batch [0-9]*: / /p' "$work/messages" | sort -rn -k3 | head -n 20

psql -XqAt -c "COPY (SELECT * FROM patternos.sample_customers($((people / 2)), 42)) TO STDOUT" >"$work/customers"
load_customers() {
	psql -XqAt -v ON_ERROR_STOP=1 -c 'SET client_min_messages = warning' \
		-c 'COPY patternos_dw.landing_customer FROM STDIN' <"$work/customers"
}
rate "landing_customer, $(wc -l <"$work/customers") rows" "$(wc -l <"$work/customers")" "$(seconds load_customers)" "goal 50,000 rows/s"
