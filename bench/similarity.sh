#!/usr/bin/env bash
# Similarities of ROWS pairs of names: our kernels in memory against RapidFuzz and DuckDB, each with one thread and the pairs in its
# own memory; and in SQL, where the server's calls and rows come on top, against fuzzystrmatch and DuckDB.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
own_database bench_similarity

# Half of the pairs are spellings of a name, half are different names; a third of the names are full ones.
sql 'CREATE EXTENSION fuzzystrmatch SCHEMA public' \
	"CREATE TABLE name AS SELECT number, CASE number % 3 WHEN 0 THEN name ELSE split_part(name, ' ', (number % 3)::integer) END AS name
		FROM (SELECT row_number() OVER () AS number, lower(name) AS name FROM patternos.sample_customers(($ROWS * 1.05)::integer)) s" \
	"CREATE TABLE pair AS SELECT a, b FROM (
			SELECT name AS a, CASE WHEN number % 2 = 0 THEN lead(name, 3) OVER (ORDER BY number) WHEN number % 4 = 1 THEN overlay(name PLACING '' FROM 3 FOR 1)
				ELSE overlay(name PLACING substr(name, 5, 1) || substr(name, 4, 1) FROM 4 FOR 2) END AS b
			FROM name) s WHERE length(a) > 1 AND length(b) > 1 LIMIT $ROWS" \
	"CREATE TABLE filter AS SELECT patternos.bloom_encode(a, sha256('k'), 'name') AS a, patternos.bloom_encode(b, sha256('k'), 'name') AS b FROM pair" \
	'VACUUM ANALYZE pair, filter'
psql -XqAtc 'COPY pair TO STDOUT' >"$work/pairs"
"${CC:-cc}" -O2 -ffp-contract=off -Isrc bench/similarity_kernels.c src/core/similarity_*.c src/core/bloom.c src/core/sha256.c src/core/utf8.c -o "$work/kernels"
"$work/kernels" "$work/pairs" >"$work/kernels.out"

# The peers' seconds of a processor, the best of three.
cat >"$work/peers.py" <<'P'
import sys, time

pairs = [line.rstrip("\n").split("\t") for line in open(sys.argv[1])]


def measure(name, run):
    best = 1e9
    for _ in range(3):
        begin = time.process_time()
        total = run()
        best = min(best, time.process_time() - begin)
    print(name, f"{best:.4f}", total, flush=True)


try:
    import numpy
    from rapidfuzz import distance, process

    a, b = [p[0] for p in pairs], [p[1] for p in pairs]
    for name, scorer, dtype in (
        ("jaro", distance.Jaro.similarity, numpy.float64),
        ("jaro_winkler", distance.JaroWinkler.similarity, numpy.float64),
        ("levenshtein", distance.Levenshtein.distance, numpy.int32),
        ("osa", distance.OSA.distance, numpy.int32),
        ("damerau", distance.DamerauLevenshtein.distance, numpy.int32),
    ):
        measure("rapidfuzz " + name, lambda: process.cpdist(a, b, scorer=scorer, dtype=dtype, workers=1).sum())
except ImportError:
    pass
try:
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 1")
    connection.execute("CREATE TABLE pair AS SELECT * FROM read_csv(?, delim = '\t', header = false, names = ['a', 'b'], quote = '')", [sys.argv[1]])
    for name, function in (("jaro", "jaro_similarity"), ("jaro_winkler", "jaro_winkler_similarity"), ("levenshtein", "levenshtein"), ("damerau", "damerau_levenshtein"), ("jaccard", "jaccard")):
        measure("duckdb " + name, lambda: connection.execute(f"SELECT sum({function}(a, b)) FROM pair").fetchone()[0])
except ImportError:
    pass
P
: >"$work/peers.out"
[ ! -x $python ] || $python "$work/peers.py" "$work/pairs" >"$work/peers.out"

# kernel NAME PEER: ours over the peer's seconds of a processor
kernel() {
	local ours peer
	ours=$(awk -v n="$1" '$1 == n { print $2 }' "$work/kernels.out")
	peer=$(awk -v n="$1" -v p="$2" '$1 == p && $2 == n { print $3 }' "$work/peers.out")
	if [ -z "$peer" ]; then
		skip "$1, kernel of $ROWS pairs" "$2 for Python is not there"
	else
		line "$1, kernel of $ROWS pairs" "$ours" "$peer" "$2 with one thread, goal 1"
	fi
}
for name in jaro jaro_winkler levenshtein osa damerau; do kernel $name rapidfuzz; done
for name in jaro jaro_winkler levenshtein damerau jaccard; do kernel $name duckdb; done
for name in dice bloom_encode bloom_dice; do
	rate "$name, kernel" "$([ $name = bloom_encode ] && echo $((2 * ROWS)) || echo "$ROWS")" "$(awk -v n=$name '$1 == n { print $2, $2 }' "$work/kernels.out")" ''
done

# In SQL without parallel workers: a sum over the table, and the same without the function.
scan() { sql 'SET max_parallel_workers_per_gather = 0' "SELECT sum($1) FROM $2"; }
duckdb_seconds() { awk -v n="$1" '$1 == "duckdb" && $2 == n { print $3, $3 }' "$work/peers.out"; }
rate "length(a) + length(b) in SQL, for comparison" "$ROWS" "$(best_of 3 scan 'length(a) + length(b)' pair)" ''
line "levenshtein in SQL" "$(best_of 3 scan 'patternos.levenshtein(a, b)' pair)" "$(best_of 3 scan 'public.levenshtein(a, b)' pair)" "fuzzystrmatch, goal 1"
for name in jaro jaro_winkler levenshtein damerau jaccard; do
	function=$name
	[ $name = damerau ] && function=damerau_levenshtein
	ours=$(best_of 3 scan "patternos.$function(a, b)" pair)
	peer=$(duckdb_seconds $name)
	if [ -n "$peer" ]; then line "$name in SQL" "$ours" "$peer" "DuckDB with one thread"; else rate "$name in SQL" "$ROWS" "$ours" ''; fi
done
rate "name_similarity in SQL" "$ROWS" "$(best_of 2 scan 'patternos.name_similarity(a, b)' pair)" ''
rate "phonetic_key in SQL" "$ROWS" "$(best_of 2 scan 'length(patternos.phonetic_key(a))' pair)" ''
rate "bloom_encode in SQL" "$ROWS" "$(best_of 2 scan "length(patternos.bloom_encode(a, sha256('k'), 'name'))" pair)" ''
rate "bloom_dice in SQL" "$ROWS" "$(best_of 2 scan 'patternos.bloom_dice(a, b)' filter)" ''
