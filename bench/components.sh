#!/usr/bin/env bash
# Connected components of a random graph, read from the database by all sides, against igraph and Splink's clustering on DuckDB.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
own_database bench_components

sql 'CREATE TABLE edge (a bigint NOT NULL, b bigint NOT NULL)' \
	"SELECT setseed(0.5); INSERT INTO edge SELECT (random() * $ROWS)::bigint, (random() * $ROWS)::bigint FROM generate_series(1, $ROWS)" \
	'VACUUM ANALYZE edge'
ours() { sql 'SELECT count(*), count(DISTINCT component) FROM patternos.connected_components($$SELECT a, b FROM edge$$)'; }
# igraph wants nodes numbered from 0, as these are; numpy reads the rows of a binary COPY where they lie
cat >"$work/peer.py" <<'P'
import subprocess, sys
import igraph, numpy

data = subprocess.run(["psql", "-XqAtc", "COPY edge TO STDOUT (FORMAT binary)"], stdout=subprocess.PIPE, check=True).stdout
row = numpy.dtype([("columns", ">i2"), ("size_a", ">i4"), ("a", ">i8"), ("size_b", ">i4"), ("b", ">i8")])
rows = numpy.frombuffer(data, dtype=row, offset=19, count=(len(data) - 21) // row.itemsize)
edges = numpy.column_stack((rows["a"], rows["b"])).astype(numpy.int64)
graph = igraph.Graph(n=int(edges.max()) + 1, edges=edges)
membership = numpy.asarray(graph.connected_components(mode="weak").membership)
seen = numpy.unique(edges)
print(f"{len(seen)}|{len(numpy.unique(membership[seen]))}")
P
peer() { $python "$work/peer.py"; }
cat >"$work/peer_splink.py" <<'P'
import logging, subprocess, sys
import duckdb
from splink.backends.duckdb import DuckDBAPI
from splink.clustering import cluster_pairwise_predictions_at_threshold

logging.disable(logging.WARNING)
with open(sys.argv[1], "w") as out:
    subprocess.run(["psql", "-XqAtc", "COPY edge TO STDOUT (FORMAT csv)"], stdout=out, check=True)
con = duckdb.connect()
con.execute("SET threads = 2")
con.execute("CREATE TABLE edge AS SELECT * FROM read_csv(?, header = false, names = ['a', 'b'])", [sys.argv[1]])
con.execute("CREATE TABLE node AS SELECT DISTINCT unnest([a, b]) AS node FROM edge")
api = DuckDBAPI(connection=con)
clusters = cluster_pairwise_predictions_at_threshold(
    api.register("node"), api.register("edge"), db_api=api, node_id_column_name="node", edge_id_column_name_left="a", edge_id_column_name_right="b")
print("|".join(map(str, con.execute(f"SELECT count(*), count(DISTINCT cluster_id) FROM {clusters.physical_name}").fetchone())))
P
splink() { $python "$work/peer_splink.py" "$work/edges.csv"; }
a=$(ours)
if has_module igraph && has_module numpy; then
	b=$(peer)
	[ "$a" = "$b" ] || echo "components: results differ: $a and $b" >&2
	line "components of $ROWS edges" "$(best_of 2 ours)" "$(best_of 2 peer)" "igraph, goal 1 (level)"
else
	skip "components of $ROWS edges" "igraph for Python is not there"
fi
if has_module splink; then
	b=$(splink)
	[ "$a" = "$b" ] || echo "components: results differ: $a and $b" >&2
	line "components of $ROWS edges" "$(best_of 2 ours)" "$(seconds splink)" "Splink's clustering, goal 0.1"
else
	skip "components of $ROWS edges" "Splink is not there"
fi
