-- Households in match models: the term of the weight, and what training finds.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();

CREATE FUNCTION pg_temp.doc(s numeric) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('probability_two_random_records_match', 0.001, 'columns', '[{"column": "n", "kind": "name"}, {"column": "a", "kind": "address", "tf": true}]'::jsonb,
        'comparisons', '[{"name": "n", "kind": "name", "columns": ["n"], "levels": [{"test": "exact", "m": 0.9, "u": 0.01, "h": 0.02}, {"test": "else", "m": 0.1, "u": 0.99, "h": 0.98}]},
                         {"name": "a", "kind": "address", "columns": ["a"], "levels": [{"test": "exact", "m": 0.8, "u": 0.001, "h": 0.7, "tf_weight": 1}, {"test": "else", "m": 0.2, "u": 0.999, "h": 0.3}]}]'::jsonb)
        || CASE WHEN s IS NULL THEN '{}' ELSE jsonb_build_object('probability_same_household', s) END
$$;
CREATE FUNCTION pg_temp.weight(d jsonb, n text, m text, a text, b text, tf float8, floor float8 DEFAULT '-infinity') RETURNS float8 LANGUAGE sql AS $$
    SELECT patternos._match_weight(patternos._encode_record(c, n, a, tf), patternos._encode_record(c, m, b, tf), c, floor) FROM patternos._compile_match_model(d) AS c
$$;
CREATE FUNCTION pg_temp.terms(d jsonb, n text, m text, a text, b text, tf float8) RETURNS float8[] LANGUAGE sql AS $$
    SELECT patternos._match_terms(patternos._encode_record(c, n, a, tf), patternos._encode_record(c, m, b, tf), c) FROM patternos._compile_match_model(d) AS c
$$;
CREATE FUNCTION pg_temp.log2(x float8) RETURNS float8 LANGUAGE sql AS $$ SELECT ln(x) / ln(2) $$;

-- the weight is what Bayes' rule says of three classes
SELECT ok(abs(pg_temp.weight(pg_temp.doc(0.01), 'john', other, '1 oak street', address, tf)
              - pg_temp.log2(0.001 * m / (0.999 * (0.99 * u + 0.01 * h)))) < 1e-6, format('%s, %s', other, address))
FROM (VALUES ('john', '1 oak street', 0.001, 0.9 * 0.8, 0.01 * 0.001, 0.02 * 0.7),
             ('mary', '1 oak street', 0.001, 0.1 * 0.8, 0.99 * 0.001, 0.98 * 0.7),
             ('john', '7 elm road', 0.001, 0.9 * 0.2, 0.01 * 0.999, 0.02 * 0.3),
             ('mary', NULL, 0.001, 0.1, 0.99, 0.98)) AS v (other, address, tf, m, u, h);
SELECT ok(pg_temp.weight(pg_temp.doc(0.01), 'john', 'mary', '1 oak street', '1 oak street', 0.00001) - pg_temp.weight(pg_temp.doc(0.01), 'john', 'mary', '1 oak street', '1 oak street', 0.001) < 1,
          'a rare address says as much for a household as for a match');
SELECT is(pg_temp.weight(pg_temp.doc(NULL), 'john', 'john', '1 oak street', '1 oak street', 0.001),
          (SELECT t[1] + t[2] + t[3] + t[4] + t[5] FROM pg_temp.terms(pg_temp.doc(0.01), 'john', 'john', '1 oak street', '1 oak street', 0.001) AS t), 'without a share no term');
SELECT is((SELECT t[6] FROM pg_temp.terms(pg_temp.doc(NULL), 'john', 'john', '1 oak street', '1 oak street', 0.001) AS t), 0::float8, 'which is zero');
SELECT is((SELECT ((((t[1] + t[2]) + t[3]) + t[4]) + t[5]) + t[6] FROM pg_temp.terms(pg_temp.doc(0.01), 'john', 'mary', '1 oak street', '1 oak street', 0.001) AS t),
          pg_temp.weight(pg_temp.doc(0.01), 'john', 'mary', '1 oak street', '1 oak street', 0.001), 'the terms sum to the weight, bit for bit');
SELECT is(count(*) FILTER (WHERE w <> CASE WHEN x >= f THEN x ELSE '-infinity' END), 0::bigint, 'a floor changes no weight')
FROM (VALUES ('john', '1 oak street'), ('mary', '1 oak street'), ('john', '7 elm road'), ('mary', '7 elm road')) AS v (n, a), generate_series(-20, 10) AS f,
     LATERAL (SELECT pg_temp.weight(pg_temp.doc(0.01), 'john', n, '1 oak street', a, 0.001) AS x, pg_temp.weight(pg_temp.doc(0.01), 'john', n, '1 oak street', a, 0.001, f) AS w) AS p;
SELECT throws_ok($$SELECT patternos._compile_match_model(pg_temp.doc(0.6))$$, '22023', NULL, 'a share above a half');
SELECT throws_ok($$SELECT patternos._compile_match_model(jsonb_set(pg_temp.doc(0.01), '{comparisons,0,levels,0,h}', '0'))$$, '22023', NULL, 'h of zero');

-- 120 households of three persons with a surname and an address each, two records a person, one of them with errors
CREATE TABLE household_person AS
SELECT row_number() OVER (ORDER BY md5(format('%s %s %s', h, p, c))) AS id, h * 3 + p AS person,
       f.names[1 + (h * 7 + p * 5) % 16] || CASE WHEN c = 1 AND (h + p) % 5 = 0 THEN 'e' ELSE '' END || ' ' || substr(md5(h::text), 1, 2) || translate(substr(md5(h::text), 3, 5), '0123456789', 'aeiouaeiou') AS name,
       CASE WHEN (h * 3 + p + c) % 4 > 0 THEN date '1940-01-01' + (h * 7919 + p * 104729) % 20000 END AS birth_date,
       CASE WHEN (h + c) % 6 > 0 THEN format('%s %s street', 1 + h % 40, translate(substr(md5('s' || h), 1, 7), '0123456789', 'aeioubcdrs')) END AS address,
       CASE WHEN (h + p + c) % 3 > 0 THEN (6000000000 + h * 104729 + CASE WHEN h % 2 = 0 THEN 0 ELSE p * 7919 END)::text END AS phone
FROM generate_series(1, 120) AS h, generate_series(0, 2) AS p, generate_series(0, 1) AS c,
     (SELECT '{anna,boris,carla,david,erika,felix,greta,hugo,irene,jonas,klara,leon,maria,nils,olga,peter}'::text[] AS names) AS f;
SELECT patternos.dedupe('household_person', '{"unique_id": "id", "comparisons": [{"column": "name", "kind": "full_name"}, {"column": "birth_date", "kind": "date"},
    {"column": "address", "kind": "address"}, {"column": "phone", "kind": "phone"}]}', 'household_person_cluster');
ALTER TABLE household_person_cluster_model RENAME document TO model;
SELECT ok((model ->> 'probability_two_random_records_match')::float8 BETWEEN 0.8 * 360 / (720 * 719 / 2.0) AND 1.2 * 360 / (720 * 719 / 2.0), 'lambda counts persons, not households')
FROM household_person_cluster_model;
SELECT ok((model ->> 'probability_same_household')::float8 BETWEEN 0.7 * 1440 / (720 * 719 / 2.0) AND 1.3 * 1440 / (720 * 719 / 2.0), 'and households are counted') FROM household_person_cluster_model;
SELECT ok(count(*) FILTER (WHERE x.person = y.person) >= 0.9 * 360 AND count(*) FILTER (WHERE x.person <> y.person) <= 0.02 * 360, 'their members are kept apart')
FROM household_person_cluster AS a JOIN household_person_cluster AS b ON a.cluster_id = b.cluster_id AND a.unique_id < b.unique_id
JOIN household_person AS x ON x.id = a.unique_id JOIN household_person AS y ON y.id = b.unique_id;
SELECT is((SELECT running_weight FROM patternos.explain_match(model, '1', '2', 'household_person') ORDER BY step DESC LIMIT 1),
          (SELECT sum(weight + coalesce(tf_adjustment, 0)) FROM (SELECT * FROM patternos.explain_match(model, '1', '2', 'household_person') ORDER BY step) AS e), 'the waterfall ends with the household')
FROM household_person_cluster_model;
SELECT is((SELECT comparison FROM patternos.explain_match(model, '1', '2', 'household_person') ORDER BY step DESC LIMIT 1), 'household', 'by that name') FROM household_person_cluster_model;

-- nobody shares a household: no such class is left
CREATE TABLE single_person AS SELECT * FROM household_person WHERE person % 3 = 0;
SELECT ok(coalesce((patternos.train_match_model(NULL, '{"unique_id": "id", "comparisons": [{"column": "name", "kind": "full_name"}, {"column": "birth_date", "kind": "date"},
    {"column": "address", "kind": "address"}]}', 'single_person') ->> 'probability_same_household')::float8, 0) < 0.0003, 'none where none is');
SELECT * FROM finish();
ROLLBACK;
