#!/usr/bin/env bash
# Deduplicates about ROWS generated accounts, against Splink on DuckDB with the same rules and columns: end to end from a loaded table
# to clusters at 0.9. Both sides get two threads. Accuracy is of the clusters, against the truth that neither side sees.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
own_database bench_match

sql "CREATE TABLE account AS
	SELECT row_number() OVER (ORDER BY platform_id, platform_customer_id) AS unique_id,
		nullif(lower(split_part(btrim(name), ' ', 1)), '') AS first_name,
		nullif(lower(CASE WHEN btrim(name) LIKE '% %' THEN regexp_replace(btrim(name), '^.* ', '') END), '') AS surname,
		nullif(birth_date, '') AS dob, nullif(lower(email), '') AS email,
		nullif(right(regexp_replace(phone, '[^0-9]', '', 'g'), 10), '') AS phone, nullif(lower(city), '') AS city, t.person
	FROM patternos.sample_customers(($ROWS * 0.63)::integer) AS c
	JOIN patternos.sample_truth_accounts(($ROWS * 0.63)::integer) AS t USING (platform_id, platform_customer_id)" \
	'CREATE TABLE truth AS SELECT unique_id, person FROM account' \
	'ALTER TABLE account DROP COLUMN person' 'VACUUM ANALYZE'
psql -XqAtc "COPY account TO STDOUT (FORMAT csv, HEADER)" >"$work/account.csv"

settings='{"unique_id": "unique_id",
	"blocking": ["surname, dob", "first_name, dob", "email", "phone", "substr(first_name, 1, 4), substr(surname, 1, 4), city", "dob, city"],
	"comparisons": [{"column": "first_name", "kind": "name"}, {"column": "surname", "kind": "name"}, {"column": "dob", "kind": "date"},
		{"column": "email", "kind": "email"}, {"column": "city", "kind": "exact"}, {"column": "phone", "kind": "phone"}]}'
ours() {
	psql -XqAt -v ON_ERROR_STOP=1 -c 'SET max_parallel_workers_per_gather = 1' \
		-c "SELECT records, pairs, edges, clusters, largest, suspicious FROM patternos.dedupe('account', \$\$$settings\$\$, 'ours')" 2>"$work/notices"
}
peer() { $python "$(dirname "$0")/match_splink.py" "$work/account.csv" "$work/peer" >"$work/peer.steps"; }

# Largest memory of the server's processes together, in MB: private memory of each and the shared buffers in use once.
watch_memory() {
	local most=0 now
	while sleep 0.5; do
		now=$(for p in $(pgrep -P "$(head -n 1 "$PATTERNOS_DATA/postmaster.pid")"); do
			awk -v p="$p" '/^RssAnon/ { a = $2 } /^RssShmem/ { s = $2 } END { print a + 0, s + 0 }' "/proc/$p/status" 2>/dev/null || true
		done | awk '{ a += $1; if ($2 > s) s = $2 } END { printf "%d", (a + s) / 1024 }')
		[ "${now:-0}" -gt "$most" ] && most=$now && echo "$most" >"$work/memory"
	done
}

# Pairwise precision, recall and F1 of a table of clusters.
accuracy() {
	sql "WITH s AS (SELECT c.cluster_id AS k, t.person AS p FROM $1 AS c JOIN truth AS t USING (unique_id)),
		n AS (SELECT (SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM s GROUP BY p) AS x) AS t,
			(SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM s GROUP BY k) AS x) AS f,
			(SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM s GROUP BY k, p) AS x) AS b)
		SELECT format('precision %s, recall %s, F1 %s', round(b / f, 4), round(b / t, 4), round(2 * b / (t + f), 4)) FROM n"
}

watch_memory &
watcher=$!
a=$(seconds ours)
kill "$watcher" 2>/dev/null || true
if ! has_module splink; then
	skip "dedupe $(sql 'SELECT count(*) FROM account') accounts" "splink for Python is not there"
	rate "dedupe, accounts" "$(sql 'SELECT count(*) FROM account')" "$a" ""
	exit
fi
b=$(seconds peer)
b=$(awk -v s="$b" '/^load|^export/ { l += $2 } END { split(s, t); print t[1] - l, t[2] - l }' "$work/peer.steps")
line "dedupe $(sql 'SELECT count(*) FROM account') accounts" "$a" "$b" "Splink without its load and export, goal 0.2"
sql 'CREATE TABLE peer (unique_id bigint, cluster_id bigint)'
psql -XqAtc "\\copy peer FROM '$work/peer.clusters' CSV"
printf '  %-42s %s\n' "clusters at 0.9, patternos" "$(accuracy ours)" "clusters at 0.9, Splink" "$(accuracy peer)" \
	"peak memory" "patternos $(cat "$work/memory") MB, Splink $(awk '/^memory/ { print $2 }' "$work/peer.steps") MB" \
	"Splink's steps, s" "$(grep -v memory "$work/peer.steps" | tr '\n' ' ')"
sed 's/^/  /' "$work/notices" | grep -v '^ *CONTEXT' >&2 || true
