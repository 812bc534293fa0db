-- Sets, Bloom filters and whole records: levels, symmetry, sums, floors, parallel plans.
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.doc() RETURNS jsonb LANGUAGE sql AS $$
SELECT jsonb_build_object('probability_two_random_records_match', 0.001, 'columns', jsonb_agg(jsonb_build_object('column', c, 'kind', ck, 'tf', tf) ORDER BY o),
    'comparisons', (SELECT jsonb_agg(jsonb_build_object('name', n, 'kind', k, 'columns', cs, 'levels', patternos._kind_levels(k, cardinality(cs))))
                    FROM (VALUES ('person', 'full_name', '{f,s}'::text[]), ('dob', 'date', '{d}'), ('mail', 'email', '{e}'), ('street', 'address', '{a}'),
                                 ('devices', 'set', '{v}'), ('filter', 'bloom', '{b}'), ('age', 'number', '{n}')) AS k (n, k, cs)))
FROM (VALUES (1, 'f', 'name', true), (2, 's', 'name', true), (3, 'd', 'date', false), (4, 'e', 'email', false), (5, 'a', 'address', false), (6, 'v', 'set', true), (7, 'b', 'bloom', false), (8, 'n', 'number', false)) AS c (o, c, ck, tf) $$;
CREATE TABLE regress_match_record AS
SELECT i, patternos._encode_record(patternos._compile_match_model(pg_temp.doc()), f, 0.01 * (1 + i % 5), s, CASE WHEN i % 3 > 0 THEN 0.002 END, date '1970-01-05' + i * i % 40, e,
           CASE WHEN i % 4 > 0 THEN (i % 9) || ' hill road' END, ARRAY[i % 7, i % 11], ARRAY[1 / 1024.0, 1 / 65536.0],
           patternos.bloom_encode(f, '0123456789abcdef', 'name', 256), i % 13) AS f
FROM generate_series(1, 300) AS i,
     LATERAL (SELECT nullif((ARRAY['anita', 'anitha', 'rahul', 'bob', 'robert', 'r', 'सीता', ''])[1 + i % 8], '') AS f, nullif((ARRAY['sharma', 'rahul', 'sharme', 'rao', ''])[1 + i % 5], '') AS s,
                     (ARRAY['anita@x.com', 'anitha@x.com', 'rahul@y.org', 'na@na.com'])[1 + i % 4] AS e) AS v;
SELECT patternos._compile_match_model(pg_temp.doc()) AS model \gset
SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE pair AS
SELECT a.i AS a, b.i AS b, patternos._match_pattern(a.f, b.f, :'model') AS pattern, patternos._match_pattern(b.f, a.f, :'model') AS turned,
       patternos._match_weight(a.f, b.f, :'model') AS weight, patternos._match_terms(a.f, b.f, :'model') AS terms, a.i % 31 - 15 AS floor, patternos._match_weight(a.f, b.f, :'model', a.i % 31 - 15) AS floored
FROM regress_match_record AS a, regress_match_record AS b;
SELECT count(*), count(*) FILTER (WHERE pattern <> turned) AS asymmetric, count(*) FILTER (WHERE floored <> CASE WHEN weight >= floor THEN weight ELSE '-infinity' END) AS floor_wrong,
       count(*) FILTER (WHERE floored = '-infinity') BETWEEN 1000 AND 80000 AS floors_bite
FROM pair;
-- from left to right the terms give the same bits as the weight
CREATE FUNCTION pg_temp.total(terms float8[]) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE t float8; s float8 := 0;
BEGIN FOREACH t IN ARRAY terms LOOP s := s + t; END LOOP; RETURN s; END $$;
SELECT count(*) FILTER (WHERE pg_temp.total(terms) <> weight) AS sum_wrong FROM pair WHERE (a + b) % 7 = 0;
-- the levels' weights of the pattern are the terms, comparison by comparison
SELECT count(*) AS wrong
FROM pair AS p, jsonb_array_elements(pg_temp.doc() -> 'comparisons') WITH ORDINALITY AS c (comparison, n)
WHERE (a + b) % 17 = 0 AND abs(terms[n * 2] - CASE WHEN (pattern >> (4 * (n - 1)::int) & 15) = 0 THEN 0 ELSE
    (SELECT log((l ->> 'm')::float8) / log(2::float8) - log((l ->> 'u')::float8) / log(2::float8)
     FROM jsonb_extract_path(comparison, 'levels', (jsonb_array_length(comparison -> 'levels') - (pattern >> (4 * (n - 1)::int) & 15))::text) AS l) END) > 1e-9;
-- sets: members in common and the evidence of the two rarest
SELECT count(*) FILTER (WHERE expected <> (pattern >> 16 & 15)) AS wrong, count(DISTINCT expected) AS levels
FROM (SELECT pattern, CASE WHEN shared_first AND shared_second THEN 5 WHEN shared_second THEN 4 WHEN shared_first THEN 3 WHEN crossed THEN 3 ELSE 1 END AS expected
      FROM pair, LATERAL (SELECT a % 7 = b % 7 AS shared_first, a % 11 = b % 11 AS shared_second, a % 7 = b % 11 OR a % 11 = b % 7 AS crossed) AS s
      WHERE a % 7 <> a % 11 AND b % 7 <> b % 11 AND NOT crossed) AS s;
-- filters: Dice by the public function
SELECT count(*) FILTER (WHERE (pattern >> 20 & 15) <> CASE WHEN dice IS NULL THEN 0 WHEN same THEN 6 WHEN dice >= 0.9 THEN 5 WHEN dice >= 0.8 THEN 4 WHEN dice >= 0.7 THEN 3 WHEN dice >= 0.55 THEN 2 ELSE 1 END) AS wrong
FROM pair, LATERAL (SELECT nullif((ARRAY['anita', 'anitha', 'rahul', 'bob', 'robert', 'r', 'सीता', ''])[1 + a % 8], '') AS x, nullif((ARRAY['anita', 'anitha', 'rahul', 'bob', 'robert', 'r', 'सीता', ''])[1 + b % 8], '') AS y) AS v,
     LATERAL (SELECT x = y AS same, patternos.bloom_dice(patternos.bloom_encode(x, '0123456789abcdef', 'name', 256), patternos.bloom_encode(y, '0123456789abcdef', 'name', 256)) AS dice) AS d;
-- the same in parallel
CREATE FUNCTION pg_temp.is_parallel(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan; RETURN plan::text LIKE '%Gather%'; END $$;
SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT pg_temp.is_parallel(format('SELECT sum(patternos._match_pattern(a.f, b.f, %1$L)::numeric), count(*) FILTER (WHERE patternos._match_weight(a.f, b.f, %1$L, 3) >= 3) FROM regress_match_record AS a, regress_match_record AS b', :'model'));
SELECT (SELECT (sum(patternos._match_pattern(a.f, b.f, :'model')::numeric), count(*) FILTER (WHERE patternos._match_weight(a.f, b.f, :'model', 3) >= 3)) FROM regress_match_record AS a, regress_match_record AS b) =
       (SELECT (sum(pattern::numeric), count(*) FILTER (WHERE weight >= 3)) FROM pair) AS same;
DROP TABLE regress_match_record;
