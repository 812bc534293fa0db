-- From records to clusters: each pair once across rules, any type of id, names that need quotes, links between sources, refusals.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
SET client_min_messages = warning;
CREATE SCHEMA "Match test";
SET search_path = "Match test", public;

CREATE TABLE "People" ("Unique Id" text PRIMARY KEY, "First ""name" text, surname text, dob text, tags text[], "select" text);
INSERT INTO "People"
SELECT 'u' || i, (ARRAY['anna', ' Ben', 'carl', NULL, 'dora'])[1 + i % 5], 's' || (i * 7919 % 40), (date '1980-01-01' + i % 20)::text,
       ARRAY['a' || i % 97, 'b' || i % 53, NULL], CASE WHEN i % 3 = 0 THEN 'one' ELSE 'two' END
FROM generate_series(1, 600) AS i;
CREATE VIEW "a View" AS SELECT * FROM "People";

-- a document by hand: what training changes is not looked at here
CREATE FUNCTION document(link_type text, blocking jsonb) RETURNS jsonb LANGUAGE sql AS $$
    SELECT patternos._propose_document('"People"', jsonb_build_object('unique_id', 'Unique Id', 'link_type', link_type, 'blocking', blocking, 'block_cap', 1000,
        'comparisons', '[{"column": "First \"name", "kind": "name"}, {"column": "surname", "kind": "text"}, {"column": "dob", "kind": "date"}]'::jsonb)
        || CASE WHEN link_type = 'dedupe_only' THEN '{}' ELSE '{"source": "select"}'::jsonb END)
$$;
-- by brute force: pairs that any of the rules finds
CREATE FUNCTION expected(link_type text) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM "People" AS a JOIN "People" AS b ON a."Unique Id" COLLATE "C" < b."Unique Id" COLLATE "C"
    WHERE (a.surname = b.surname AND a.dob = b.dob OR array_remove(a.tags, NULL) && array_remove(b.tags, NULL)
           OR left(a.surname, 2) = left(b.surname, 2) AND btrim(a."First ""name") = btrim(b."First ""name"))
      AND (link_type <> 'link_only' OR a."select" <> b."select")
$$;
CREATE TABLE kinds AS SELECT unnest('{dedupe_only,link_only,link_and_dedupe}'::text[]) AS link_type;

SELECT is(sum(p.edges), expected(link_type)::numeric, link_type || ': as many edges as pairs that any rule finds')
FROM kinds, patternos.predict_matches(document(link_type, '["surname, dob", "tags", "left(surname, 2), \"First \"\"name\""]'), '"a View"', 0, 'edges_' || link_type) AS p
GROUP BY link_type ORDER BY link_type;
SELECT is(count(*), count(DISTINCT (unique_id_l, unique_id_r)), 'each once') FROM edges_dedupe_only;
SELECT is_empty('SELECT FROM edges_dedupe_only WHERE unique_id_l >= unique_id_r', 'lesser id first');
SELECT is_empty('SELECT FROM edges_link_only WHERE source_l = source_r', 'between sources');
SELECT is_empty($$SELECT unique_id_l, unique_id_r, match_weight, match_probability FROM edges_link_only
                  EXCEPT SELECT unique_id_l, unique_id_r, match_weight, match_probability FROM edges_link_and_dedupe$$, 'with the same weights');
SELECT is_empty($$SELECT FROM edges_dedupe_only WHERE match_probability IS DISTINCT FROM patternos.match_probability(match_weight)$$, 'probability follows from the weight');
SELECT results_eq($$SELECT DISTINCT rule::integer FROM edges_dedupe_only ORDER BY 1$$, 'VALUES (1), (2), (3)', 'every rule finds some first');
SELECT col_type_is('Match test', 'edges_dedupe_only', 'unique_id_l', 'text', 'ids keep their type');
SELECT is((SELECT count(*) FROM pg_class WHERE relname LIKE 'patternos_match_%'), 0::bigint, 'no work table is left');

-- the same pairs whatever the number of workers, by a parallel plan
CREATE TABLE many AS SELECT i::bigint AS id, 'n' || i % 5000 AS first_name, 's' || i % 4999 AS surname FROM generate_series(1, 20000) AS i;
ALTER TABLE many ADD UNIQUE (id);
CREATE TABLE many_document AS SELECT patternos._propose_document('many', '{"unique_id": "id", "blocking": ["first_name", "surname"],
    "comparisons": [{"column": "first_name", "kind": "text"}, {"column": "surname", "kind": "text"}]}') AS d;
SET parallel_setup_cost = 0;
SET min_parallel_table_scan_size = 0;
CREATE FUNCTION is_parallel(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
        IF line LIKE '%Gather%' THEN
            RETURN true;
        END IF;
    END LOOP;
    RETURN false;
END
$$;
SET parallel_tuple_cost = 0;
CREATE TABLE work AS SELECT patternos._create_match_records(d, 'many', 'Match test') AS name FROM many_document;
SELECT ok(is_parallel(patternos._block_query(d, name, 2, 0)), 'pairs are compared in parallel')
FROM work, many_document;
SELECT lives_ok(format('SELECT patternos._drop_match_records(%L)', name), 'work tables go') FROM work;
SELECT is(sum(edges), 30000 + 30010::numeric - (SELECT count(*) FROM many AS a JOIN many AS b ON a.id < b.id AND a.first_name = b.first_name AND a.surname = b.surname), 'two rules')
FROM many_document, patternos.predict_matches(d, 'many', 0, 'parallel');
SET max_parallel_workers_per_gather = 0;
SELECT lives_ok($$SELECT patternos.predict_matches(d, 'many', 0, 'serial') FROM many_document$$, 'without workers');
SELECT results_eq('TABLE parallel', 'TABLE serial', 'the same table, in the same order');
RESET max_parallel_workers_per_gather;

-- blocks from a query that is none of ours
CREATE FUNCTION blocks(query text, model bytea DEFAULT '', floor float8 DEFAULT 0) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN count(*) FROM patternos._block_edges(query, coalesce(nullif(model, ''), (SELECT patternos._compile_match_model(d) FROM many_document)), floor);
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;
SELECT results_eq($$SELECT blocks(query, model, floor) FROM (VALUES (1, 'SELECT 1', ''::bytea, 0::float8), (2, 'nonsense', '', 0), (3, 'SELECT 1::bigint, 1::bigint, ''''::bytea, NULL::text, NULL::bigint', '', 0),
        (4, 'SELECT NULL::bigint, 1::bigint, ''''::bytea, NULL::text, NULL::bigint[]', '', 0), (5, 'SELECT 1::bigint, i, ''\x01''::bytea, NULL::text, NULL::bigint[] FROM generate_series(1::bigint, 2) AS i', '', 0),
        (6, 'SELECT 1::bigint, i, ''\x01''::bytea, NULL::text, NULL::bigint[] FROM generate_series(1::bigint, 2) AS i', '\xdead', 0), (7, 'SELECT 1', '', 'NaN'),
        (8, 'SELECT 1::bigint, i, ''''::bytea, NULL::text, ARRAY[[1], [2]]::bigint[] FROM generate_series(1::bigint, 2) AS i', '', 0),
        (9, 'DELETE FROM many', '', 0), (10, 'SELECT 1::bigint, 1::bigint, ''''::bytea, NULL::text, NULL::bigint[] WHERE false', '', 0)) AS t (n, query, model, floor) ORDER BY n$$,
    ARRAY['42804', '42601', '42804', '22004', '22023', '22023', '22023', '2202E', '42601', '0'], 'queries, records and models that are wrong');

-- keys with too many records are refined, then dropped
SELECT results_eq($$SELECT oversize_keys > 0, edges < 20000, refined_by <> '{}', dropped_records > 0
                    FROM many_document, patternos._settings_document('many', d || '{"blocking": ["left(first_name, 1)"], "block_cap": 3}') AS s,
                         patternos.predict_matches(s, 'many', 0, 'refined') AS p, patternos.forecast_pairs('many', s) AS f$$,
                  'VALUES (true, true, true, true)', 'oversize keys');
SELECT results_eq($$SELECT pairs, largest, worst_keys -> 0 FROM many_document, patternos.forecast_pairs('many', d) WHERE rule = 1$$,
                  $$VALUES (30000::numeric, 4::bigint, '{"key": "n0", "records": 4}'::jsonb)$$, 'forecast');

-- clusters: a chain that a weak link alone holds falls apart, labels of the edges' own are kept
CREATE TABLE links (unique_id_l uuid, unique_id_r uuid, match_weight double precision);
INSERT INTO links SELECT md5(l::text)::uuid, md5(r::text)::uuid, w
FROM (VALUES (1, 2, 9), (2, 3, 9), (1, 3, 9), (3, 4, 5), (4, 5, 9), (4, 6, 9), (5, 6, 9), (7, 8, 9), (8, 9, 4), (20, 21, 1)) AS v (l, r, w);
CREATE TABLE ids AS SELECT md5(i::text)::uuid AS unique_id FROM generate_series(1, 10) AS i;
SELECT is(c::text, '(10,4,3,2)', 'records, clusters, largest, looked into') FROM patternos.cluster_matches('links', 0.9, 'clusters', 'ids') AS c;
SELECT results_eq($$SELECT array_agg(i ORDER BY i) FROM clusters JOIN generate_series(1, 10) AS i ON unique_id = md5(i::text)::uuid GROUP BY cluster_id ORDER BY 1$$,
                  $$VALUES ('{1,2,3}'::integer[]), ('{4,5,6}'), ('{7,8,9}'), ('{10}')$$, 'the bridge is cut');
SELECT is_empty($$SELECT FROM clusters AS c WHERE cluster_id <> (SELECT min(unique_id::text)::uuid FROM clusters AS o WHERE o.cluster_id = c.cluster_id)
                  OR cluster_size <> (SELECT count(*) FROM clusters AS o WHERE o.cluster_id = c.cluster_id)$$, 'named by the smallest id, size as counted');
SELECT results_eq($$SELECT node, cluster FROM patternos._divide_clusters('VALUES (1::bigint, 1::bigint, 2::bigint, 9::float8), (1, 2, 3, 9), (1, 1, 3, ''-Infinity'')', 3, -3) ORDER BY 1$$,
                  'VALUES (1::bigint, 1::bigint), (2, 1), (3, 3)', 'what must not be together is not');
SELECT results_eq($$SELECT node, cluster FROM patternos._divide_clusters('VALUES (1::bigint, 1::bigint, 2::bigint, ''Infinity''::float8), (1, 2, 3, 9), (1, 3, 4, ''Infinity'')', 3, -4) ORDER BY 1$$,
                  'VALUES (1::bigint, 1::bigint), (2, 1), (3, 3), (4, 3)', 'what must be together is');

-- all in one call
CREATE TABLE persons AS
SELECT i AS "Key", (ARRAY['Asha', 'Ravi', 'Meera', 'John', 'Fatima', 'Li'])[1 + i % 6] AS first_name, 'Family' || chr(97 + i % 20) || chr(97 + i / 20) AS surname,
       (date '1960-03-05' + i * 37)::text AS dob, 'user' || i || '@example.org' AS email
FROM generate_series(1, 300) AS i;
INSERT INTO persons SELECT "Key" + 1000, first_name, overlay(surname PLACING 'x' FROM 7), dob, CASE WHEN "Key" % 2 = 0 THEN email END FROM persons WHERE "Key" % 3 = 0;
SELECT results_eq($$SELECT records, clusters, duplicates, largest FROM patternos.dedupe('persons', '{}', 'people')$$,
                  'VALUES (400::bigint, 300::bigint, 100::bigint, 2::bigint)', 'nothing is said but the table');
SELECT results_eq($$SELECT count(*) FROM people WHERE cluster_id = unique_id % 1000$$, 'VALUES (400::bigint)', 'all are right');
SELECT lives_ok($$SELECT patternos.dedupe(relation => 'persons', settings => '{"unique_id": "Key", "blocking": ["email", "dob"],
    "comparisons": [{"column": "first_name", "kind": "name"}, {"column": "dob", "kind": "date"}]}', "into" => '"Match test"."People 2"', threshold => 0.8)$$,
    'arguments by name, a target with schema and quotes');
SELECT throws_ok($$SELECT patternos.dedupe('persons', '{}', 'people 2')$$, '22023', NULL, 'a name that needs quotes and has none');
CREATE ROLE regress_matcher;
CREATE SCHEMA theirs AUTHORIZATION regress_matcher;
GRANT USAGE ON SCHEMA "Match test" TO regress_matcher;
GRANT SELECT ON persons TO regress_matcher;
SET LOCAL ROLE regress_matcher;
SELECT patternos.dedupe('persons', '{}', 'theirs.people');
RESET ROLE;
SELECT results_eq('TABLE theirs.people', 'TABLE people', 'a user with rights on the table and a schema of their own, and no others');
SELECT patternos.dedupe('persons', '{}', 'pg_temp.people');
SELECT results_eq('TABLE pg_temp.people', 'TABLE people', 'into a temporary table');
SELECT throws_ok($$SELECT patternos.dedupe('persons', '{}', 'people')$$, '42P07', NULL, 'a table that is there is not written over');
DROP TABLE theirs.people;
SELECT throws_ok($$SELECT patternos.dedupe('persons', '{}', 'theirs.people')$$, '42P07', NULL, 'nor is a model');
SELECT results_eq('SELECT document FROM people_model', 'SELECT patternos.train_match_model(NULL, ''{}'', ''persons'')', 'the model kept is the one that training makes');
SELECT throws_ok($$SELECT patternos.dedupe('persons', '{}', NULL)$$, '22004', NULL, 'into must be named');
SELECT throws_ok($$SELECT patternos.dedupe(NULL, '{}', 'x')$$, '22004', NULL, 'as must the relation');
SELECT throws_ok($$SELECT patternos.dedupe('persons', '{}', 'x', 'NaN')$$, '22023', NULL, 'a threshold is a probability');
SELECT throws_ok($$SELECT patternos.dedupe('persons', '{"colour": 1}', 'x')$$, '22023', NULL, 'unknown settings are refused');
SELECT throws_ok($$SELECT patternos.dedupe('persons', '{"unique_id": "first_name", "blocking": ["dob"], "comparisons": [{"column": "dob"}]}', 'x')$$, '23505', NULL, 'a key is unique');
SELECT throws_ok($$SELECT patternos.dedupe('persons', '{"unique_id": "email", "blocking": ["dob"], "comparisons": [{"column": "dob"}]}', 'x')$$, '22004', NULL, 'and known');
SELECT throws_ok($$SELECT patternos.cluster_matches('persons', 0.9, 'x')$$, '42703', NULL, 'edges have ids and weights');
CREATE TABLE births (record integer PRIMARY KEY, dob date);
SELECT throws_ok($$SELECT patternos.predict_matches((SELECT document FROM people_model), 'births', 0, 'y')$$, '42703', NULL, 'a model of other columns');
-- a rule by members of arrays meets records by their members: record against record these would be 400 million comparisons
CREATE TABLE visitors AS
SELECT i AS id, ARRAY(SELECT 'd' || (hashint4(i * 7 + j) & 2147483647) % 20000 FROM generate_series(0, i % 3) AS j) AS devices, 'n' || i % 5000 AS name
FROM generate_series(1, 20000) AS i;
SET LOCAL statement_timeout = '20s';
SELECT patternos.dedupe('visitors', '{"unique_id": "id", "blocking": ["devices"], "comparisons": [{"column": "devices"}, {"column": "name"}]}', 'visitor');
SELECT is((SELECT edges FROM patternos.predict_matches((SELECT document FROM visitor_model), 'visitors', 0, 'visitor_edge')),
    (SELECT count(*) FROM (SELECT DISTINCT a.id, b.id FROM (SELECT id, unnest(devices) AS d FROM visitors) AS a
                           JOIN (SELECT id, unnest(devices) AS d FROM visitors) AS b ON a.d = b.d AND a.id < b.id) AS p), 'each pair with a common member is met once');
RESET statement_timeout;
SELECT * FROM finish();
ROLLBACK;
