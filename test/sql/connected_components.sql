-- Components of a graph from a query, against a recursive query on random graphs.
\set SHOW_CONTEXT never
SELECT * FROM patternos.connected_components('VALUES (1, 2), (3, 2), (5, NULL), (NULL, 7), (NULL, NULL), (9, 9)') ORDER BY node;
SELECT * FROM patternos.connected_components('SELECT 9223372036854775807, -9223372036854775808') ORDER BY node;
SELECT * FROM patternos.connected_components('SELECT 3::smallint, 4::bigint') ORDER BY node;
SELECT count(*) FROM patternos.connected_components('SELECT 1, 2 WHERE false');
SELECT count(*) FROM patternos.connected_components(NULL);

-- a long chain, forwards, backwards and from both ends
SELECT count(*), count(DISTINCT component), min(component) FROM patternos.connected_components('SELECT i, i + 1 FROM generate_series(1, 100000) i');
SELECT count(*), count(DISTINCT component), min(component) FROM patternos.connected_components('SELECT i, i + 1 FROM generate_series(100000, 1, -1) i');
SELECT count(*), count(DISTINCT component), min(component) FROM patternos.connected_components('SELECT i, 100001 - i FROM generate_series(1, 100000) i UNION ALL SELECT i, i + 1 FROM generate_series(1, 50000) i');

-- random graphs below, at and above the density where one great component appears
CREATE TEMP TABLE edge AS
SELECT g, abs(hashint8extended(i, g)) % 200 AS a, abs(hashint8extended(i, g + 1000)) % 200 AS b
FROM generate_series(1, 24) g, generate_series(1, 20 * (1 + g % 8)) i;
CREATE FUNCTION pg_temp.brute_force(graph integer) RETURNS TABLE (node bigint, component bigint)
LANGUAGE sql AS $$
    WITH RECURSIVE link AS (
        SELECT a, b FROM edge WHERE g = graph UNION SELECT b, a FROM edge WHERE g = graph
    ), reach AS (
        SELECT a AS node, a AS other FROM link
        UNION
        SELECT r.node, l.b FROM reach r JOIN link l ON l.a = r.other
    )
    SELECT node, min(other) FROM reach GROUP BY node
$$;
SELECT count(*) AS graphs, bool_and(same) AS same
FROM generate_series(1, 24) g
CROSS JOIN LATERAL (
    SELECT NOT EXISTS (
        (SELECT * FROM patternos.connected_components(format('SELECT a, b FROM edge WHERE g = %s', g)) EXCEPT SELECT * FROM pg_temp.brute_force(g))
        UNION ALL
        (SELECT * FROM pg_temp.brute_force(g) EXCEPT SELECT * FROM patternos.connected_components(format('SELECT b, a FROM edge WHERE g = %s ORDER BY b DESC', g)))) AS same) t;

-- the query may run in parallel
CREATE TABLE parallel_edge AS SELECT i AS a, i - i % 7 AS b FROM generate_series(1, 50000) i;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
CREATE FUNCTION pg_temp.is_parallel(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
    RETURN plan::text LIKE '%"Gather"%';
END
$$;
SELECT pg_temp.is_parallel('TABLE parallel_edge');
SELECT count(*), count(DISTINCT component), bool_and(component = node - node % 7)
FROM patternos.connected_components('TABLE parallel_edge') WHERE node >= 7;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

-- what it refuses
SELECT * FROM patternos.connected_components('');
SELECT * FROM patternos.connected_components('SELECT 1');
SELECT * FROM patternos.connected_components('SELECT 1, 2, 3');
SELECT * FROM patternos.connected_components($$SELECT 'a', 'b'$$);
SELECT * FROM patternos.connected_components('SELECT 1, 2; SELECT 3, 4');
SELECT * FROM patternos.connected_components('DELETE FROM parallel_edge RETURNING a, b');
SELECT count(*) FROM parallel_edge;

-- the query has the caller's rights
CREATE ROLE regress_components;
SET ROLE regress_components;
SELECT * FROM patternos.connected_components('SELECT a, b FROM parallel_edge');
SELECT * FROM patternos.connected_components('SELECT 1, 2') ORDER BY node;
RESET ROLE;
DROP ROLE regress_components;
DROP TABLE parallel_edge;
