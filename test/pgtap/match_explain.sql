-- Explanations of pairs and clusters, labels and reviews, on people with known mistakes.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
SET LOCAL client_min_messages = warning;

CREATE TABLE people AS
SELECT i AS id, (ARRAY['Asha', 'Vikram', 'Meera', 'Rohan', 'Kavita', 'Arjun', 'Nisha', 'Suresh'])[1 + i / 3 % 8] AS forename,
       (ARRAY['Sharma', 'Patel', 'Iyer', 'Khan', 'Das', 'Reddy', 'Gupta'])[1 + i / 3 % 7] || CASE WHEN i % 3 = 1 AND i % 2 = 0 THEN 'a' ELSE '' END AS surname,
       (date '1960-01-01' + (i / 3) * 97 + CASE WHEN i % 9 = 2 THEN 1 ELSE 0 END)::text AS dob,
       CASE WHEN i % 5 = 0 THEN NULL ELSE 'p' || i / 3 || '@example.com' END AS email
FROM generate_series(0, 599) i;
ALTER TABLE people ADD PRIMARY KEY (id);
SELECT isnt(patternos.train_match_model('people', '{"unique_id": "id", "blocking": ["surname, dob", "email", "forename, dob"]}', 'people'), NULL, 'a model');
SELECT is(count(*), 3::bigint, 'a row for each rule') FROM patternos.predict_matches('people', 'people', 0, 'people_edges');
SELECT is(c.records, 600::bigint, 'every record has a cluster') FROM patternos.cluster_matches('people_edges', 0.9, 'people_clusters', 'people', 'people') AS c;

-- the waterfall
SELECT ok(count(*) > 100, 'there are edges to explain') FROM people_edges;
CREATE TEMP TABLE waterfall AS
SELECT e.unique_id_l, e.match_weight, x.* FROM (SELECT DISTINCT ON (pattern) * FROM people_edges ORDER BY pattern, unique_id_l LIMIT 15) AS e,
    LATERAL patternos.explain_match('people', e.unique_id_l::text, e.unique_id_r::text) AS x;
SELECT is(count(*), 0::bigint, 'the last running weight is the stored weight, bit for bit')
FROM (SELECT DISTINCT ON (unique_id_l) * FROM waterfall ORDER BY unique_id_l, step DESC) AS w WHERE w.running_weight <> w.match_weight;
SELECT is((SELECT count(*) / count(DISTINCT unique_id_l) FROM waterfall), 1 + (SELECT jsonb_array_length(patternos.match_model('people') -> 'comparisons')::bigint), 'a row for the prior and each comparison');
SELECT ok(bool_and(abs(weight - log(2, (m / u)::numeric)::float8) < 1e-9), 'the weight of a level is log2 of m over u') FROM waterfall WHERE m IS NOT NULL;
SELECT ok(bool_and(weight = 0 AND tf_adjustment = 0), 'null is neutral') FROM waterfall WHERE level = 'null';
SELECT ok(bool_and(value_l IS NOT NULL), 'values are shown on one''s own table') FROM waterfall WHERE step = 1;
SELECT throws_ok($$SELECT * FROM patternos.explain_match('people', '1', 'nobody')$$, 'P0002', 'no such record', 'an id that does not exist');
SELECT throws_ok($$SELECT * FROM patternos.explain_match('nothing', '1', '2')$$, '42704', NULL, 'a model that does not exist');

-- why not
SELECT is((SELECT verdict FROM patternos.why_not('0', '300', 'people')), 'not compared', 'strangers are not compared');
SELECT is((SELECT verdict FROM (SELECT * FROM people_edges ORDER BY match_weight DESC LIMIT 1) e, LATERAL patternos.why_not(e.unique_id_l::text, e.unique_id_r::text, 'people')), 'edge', 'a pair that is one');

-- clusters
SELECT is(count(*), 0::bigint, 'an edge is a bridge exactly when its cluster falls apart without it')
FROM (SELECT DISTINCT cluster_id FROM people_clusters WHERE cluster_size BETWEEN 2 AND 6) AS c
CROSS JOIN LATERAL patternos.explain_cluster('people_edges', 'people_clusters', c.cluster_id::text) AS x
WHERE x.is_bridge IS DISTINCT FROM (
    SELECT count(DISTINCT k.component) > 1
    FROM patternos.connected_components(format(
        'SELECT unique_id_l::bigint, unique_id_r::bigint FROM people_edges e JOIN people_clusters l ON l.unique_id = e.unique_id_l JOIN people_clusters r ON r.unique_id = e.unique_id_r
         WHERE l.cluster_id = %L AND r.cluster_id = %1$L AND NOT (%2$s IN (unique_id_l, unique_id_r) AND %3$s IN (unique_id_l, unique_id_r))
         UNION ALL SELECT unique_id, unique_id FROM people_clusters WHERE cluster_id = %1$L', c.cluster_id, x.unique_id_l, x.unique_id_r)) AS k);

-- labels and reviews
SELECT ok(patternos.label_match('1', '0', false, 'people', 'two sisters'), 'a label is news');
SELECT ok(NOT patternos.label_match('0', '1', false, 'people'), 'the same one is not');
SELECT is((SELECT detail FROM patternos.why_not('0', '1', 'people') LIMIT 1), NULL, 'the later reason counts');
SELECT is((SELECT verdict FROM patternos.why_not('0', '1', 'people') LIMIT 1), 'labelled not the same', 'a label is said first');
SELECT is(count(*), 0::bigint, 'what has a label is not asked again') FROM patternos.match_review('people_edges', 'people', 100000) WHERE (unique_id_l, unique_id_r) IN (('0', '1'), ('1', '0'));
SELECT is((SELECT count(*) FROM patternos.match_review('people_edges', 'people', 100000)) + 1, (SELECT count(*) FROM people_edges), 'every other pair may be');
SELECT is((SELECT count(DISTINCT pattern) FROM (SELECT pattern FROM patternos.match_review('people_edges', 'people', 5)) s), 5::bigint, 'patterns are asked before their repetitions');
SELECT throws_ok($$SELECT patternos.label_match('1', '1', true, 'people')$$, '22023', NULL, 'a record with itself');
SELECT throws_ok($$SELECT patternos.label_match('1', 'nobody', true, 'people')$$, 'P0002', NULL, 'a record that does not exist');
SELECT ok(patternos.label_match('0', '1', NULL, 'people'), 'a label can be taken back');
SELECT is(count(*), 0::bigint, 'and is gone') FROM patternos_dw.match_label;

-- blocking and unlinkables
CREATE TABLE people_truth AS SELECT p.*, p.id / 3 AS person FROM people p;
SELECT is((SELECT array_agg(ARRAY[b.pairs, b.true_pairs, b.new_true_pairs] ORDER BY b.rule) FROM patternos.evaluate_blocking('people', 'people_truth', 'person') AS b),
          (WITH pair AS (SELECT a.person = b.person AS t, lower(a.surname) = lower(b.surname) AND a.dob = b.dob AS r1, a.email = b.email AS r2,
                                lower(a.forename) = lower(b.forename) AND a.dob = b.dob AS r3 FROM people_truth a JOIN people_truth b ON a.id < b.id)
           SELECT ARRAY[ARRAY[count(*) FILTER (WHERE r1), count(*) FILTER (WHERE r1 AND t), count(*) FILTER (WHERE r1 AND t)],
                        ARRAY[count(*) FILTER (WHERE r2), count(*) FILTER (WHERE r2 AND t), count(*) FILTER (WHERE r2 AND t AND r1 IS NOT TRUE)],
                        ARRAY[count(*) FILTER (WHERE r3), count(*) FILTER (WHERE r3 AND t), count(*) FILTER (WHERE r3 AND t AND r1 IS NOT TRUE AND r2 IS NOT TRUE)]] FROM pair),
          'blocking rules against all pairs');
SELECT is((SELECT u.unlinkable FROM patternos.unlinkables('people', 'people') AS u WHERE u.match_probability = 0.9), 0::bigint, 'who has a name and a birth date can be linked');
INSERT INTO people VALUES (1000, 'Asha', NULL, NULL, NULL);
SELECT is((SELECT u.unlinkable FROM patternos.unlinkables('people', 'people') AS u WHERE u.match_probability = 0.9), 1::bigint, 'who has a forename alone cannot');
SELECT throws_ok($$SELECT * FROM patternos.evaluate_blocking('people', 'people', 'nothing')$$, '42703', NULL, 'no such truth');
SELECT * FROM finish();
ROLLBACK;
