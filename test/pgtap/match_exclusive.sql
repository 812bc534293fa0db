-- What a person has one of: two values of an exclusive column, or one source twice, never end in one cluster.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
SET LOCAL client_min_messages = warning;
CREATE TABLE traveller (id integer PRIMARY KEY, name text, dob text, email text, passport text, src text);
INSERT INTO traveller
SELECT i, (ARRAY['Asha Sharma', 'Vikram Patel', 'Meera Iyer', 'Rohan Khan', 'Kavita Das'])[1 + i / 4 % 5] || ' ' || i / 4, (date '1960-01-01' + i / 4 * 91)::text,
       'p' || i / 4 || '@example.com', NULL, 's' || i % 2
FROM generate_series(0, 199) i;
UPDATE traveller SET passport = CASE WHEN id < 2 THEN 'A1' ELSE 'B2' END WHERE id < 4;
UPDATE traveller SET passport = CASE WHEN id = 4 THEN ' c3' ELSE 'C3' END WHERE id IN (4, 5);
CREATE FUNCTION pg_temp.settings(further jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
    SELECT '{"unique_id": "id", "comparisons": [{"column": "name", "kind": "name"}, {"column": "dob", "kind": "date"}, {"column": "email", "kind": "email"}]}' || further
$$;
SELECT is(d.clusters, 50::bigint, 'four records each are alike') FROM patternos.dedupe('traveller', pg_temp.settings(), 'all_alike') AS d;
SELECT is(ARRAY[d.clusters, d.suspicious], ARRAY[51, 1]::bigint[], 'two passports divide one cluster') FROM patternos.dedupe('traveller', pg_temp.settings('{"exclusive": ["passport"]}'), 'one_passport') AS d;
SELECT is(count(*), 0::bigint, 'no cluster holds two passports')
FROM (SELECT cluster_id FROM one_passport JOIN traveller ON id = unique_id GROUP BY 1 HAVING count(DISTINCT upper(btrim(passport))) > 1) s;
SELECT is((SELECT count(DISTINCT cluster_id) FROM one_passport WHERE unique_id BETWEEN 4 AND 7), 1::bigint, 'one passport in two spellings does not');
SELECT is(d.clusters, 100::bigint, 'a record of each source') FROM patternos.dedupe('traveller', pg_temp.settings('{"source": "src", "one_per_source": true}'), 'one_a_source') AS d;
SELECT is(count(*), 0::bigint, 'no source twice') FROM (SELECT FROM one_a_source JOIN traveller ON id = unique_id GROUP BY cluster_id, src HAVING count(*) > 1) s;
SELECT ok(patternos.train_match_model('travellers', pg_temp.settings('{"exclusive": ["passport"]}'), 'traveller') IS NOT NULL, 'a model');
SELECT ok(count(*) > 0, 'edges') FROM patternos.predict_matches('travellers', 'traveller', 0.5, 'traveller_edges');
SELECT is(c.clusters, 51::bigint, 'cluster_matches() obeys the model') FROM patternos.cluster_matches('traveller_edges', 0.9, 'traveller_clusters', 'traveller', 'travellers') AS c;
SELECT throws_ok($$SELECT patternos.dedupe('traveller', '{"unique_id": "id", "one_per_source": true}', 'x')$$, '22023', NULL, 'one_per_source without a source');
SELECT throws_ok($$SELECT patternos.dedupe('traveller', '{"unique_id": "id", "exclusive": ["nothing"]}', 'x')$$, '42703', NULL, 'an exclusive column that does not exist');
SELECT throws_ok($$SELECT patternos.dedupe('traveller', '{"unique_id": "id", "exclusive": "passport"}', 'x')$$, '22023', NULL, 'exclusive is a list');
SELECT * FROM finish();
ROLLBACK;
