-- Evaluation of edges and clusters against brute force over all pairs, on random worlds.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
SET LOCAL client_min_messages = warning;

CREATE TEMP TABLE person AS
SELECT i AS unique_id, 'p' || (hashint4(i * 7 + 3) & 15) % (CASE WHEN i % 3 = 0 THEN 4 ELSE 11 END) AS who, (hashint4(i + 99) & 1023) % 9 AS cluster_id
FROM generate_series(1, 60) i;
UPDATE person SET who = NULL WHERE unique_id IN (5, 17);
CREATE TEMP TABLE edge AS
SELECT a.unique_id AS unique_id_l, b.unique_id AS unique_id_r, ((hashint4(a.unique_id * 1000 + b.unique_id) & 1023) - 500) / 40.0::float8 AS match_weight
FROM person a JOIN person b ON a.unique_id < b.unique_id
WHERE (hashint4(a.unique_id * 31 + b.unique_id) & 7) < 5;
CREATE TEMP TABLE labels AS
SELECT b.unique_id AS unique_id_l, a.unique_id AS unique_id_r, a.who IS NOT DISTINCT FROM b.who AND a.who IS NOT NULL AS same
FROM person a JOIN person b ON a.unique_id < b.unique_id;

CREATE FUNCTION pg_temp.counted(weight float8) RETURNS bigint[] LANGUAGE sql AS $$
    SELECT ARRAY[count(*) FILTER (WHERE e.match_weight >= weight AND l.same), count(*) FILTER (WHERE e.match_weight >= weight AND NOT l.same),
                 count(*) FILTER (WHERE l.same AND (e.match_weight >= weight) IS NOT TRUE)]
    FROM labels l LEFT JOIN edge e ON e.unique_id_l = l.unique_id_r AND e.unique_id_r = l.unique_id_l
$$;
SELECT ok(count(*) > 100, 'there are thresholds to look at') FROM patternos.evaluate_matches('edge', 'person', 'unique_id', 'who');
SELECT is(count(*), 0::bigint, 'edges against a truth column equal the count over all pairs')
FROM patternos.evaluate_matches('edge', 'person', 'unique_id', 'who') m
WHERE ARRAY[m.true_positives, m.false_positives, m.false_negatives] <> pg_temp.counted(m.match_weight);
SELECT is(count(*), 0::bigint, 'labelled pairs give the same, whichever side comes first')
FROM patternos.evaluate_matches('edge', 'labels') m
FULL JOIN patternos.evaluate_matches('edge', 'person', 'unique_id', 'who') p USING (match_weight)
WHERE m IS DISTINCT FROM p;
CREATE VIEW likely AS SELECT unique_id_l, unique_id_r, patternos.match_probability(match_weight) AS match_probability FROM edge;
SELECT results_eq($$SELECT true_positives, false_positives FROM patternos.evaluate_matches('likely', 'labels', step => 100) ORDER BY 1, 2$$,
    $$SELECT true_positives, false_positives FROM patternos.evaluate_matches('edge', 'labels', step => 100) ORDER BY 1, 2$$, 'edges with probabilities alone');
SELECT ok(count(*) = 4, 'the usual probabilities are among the thresholds')
FROM patternos.evaluate_matches('edge', 'labels', step => 100) m WHERE round(m.match_probability::numeric, 9) IN (0.5, 0.9, 0.95, 0.99);
SELECT is(round(m.f1::numeric, 12), round((2.0 * m.true_positives / (2 * m.true_positives + m.false_positives + m.false_negatives))::numeric, 12), 'F1')
FROM patternos.evaluate_matches('edge', 'labels', step => 100) m WHERE round(m.match_probability::numeric, 9) = 0.9;

-- clusters: pairs counted one by one, B cubed record by record
SELECT is(ARRAY[c.true_positives, c.false_positives, c.false_negatives],
          (SELECT ARRAY[count(*) FILTER (WHERE l.same AND a.cluster_id = b.cluster_id), count(*) FILTER (WHERE NOT l.same AND a.cluster_id = b.cluster_id),
                        count(*) FILTER (WHERE l.same AND a.cluster_id <> b.cluster_id)]
           FROM labels l JOIN person a ON a.unique_id = l.unique_id_l JOIN person b ON b.unique_id = l.unique_id_r), 'pairs within clusters')
FROM patternos.evaluate_clusters('person', 'person', 'unique_id', 'who') c;
CREATE TEMP VIEW b3 AS
SELECT avg(p) AS p, avg(r) AS r
FROM (SELECT count(*) FILTER (WHERE b.who = a.who OR b.unique_id = a.unique_id)::numeric / count(*) AS p,
             (SELECT count(*) FILTER (WHERE b2.cluster_id = a.cluster_id)::numeric / count(*) FROM person b2
              WHERE b2.who = a.who OR b2.unique_id = a.unique_id) AS r
      FROM person a JOIN person b USING (cluster_id) GROUP BY a.unique_id, a.who, a.cluster_id) s;
SELECT is(ARRAY[round(c.b3_precision::numeric, 12), round(c.b3_recall::numeric, 12)], ARRAY[round(b3.p, 12), round(b3.r, 12)], 'B cubed')
FROM patternos.evaluate_clusters('person', 'person', 'unique_id', 'who') c, b3;
SELECT is(ARRAY[l.true_positives, l.false_positives, l.false_negatives], ARRAY[c.true_positives, c.false_positives, c.false_negatives],
          'clusters against labels equal clusters against the column')
FROM patternos.evaluate_clusters('person', 'labels') l, patternos.evaluate_clusters('person', 'person', 'unique_id', 'who') c;
UPDATE person SET who = 'alone' || unique_id WHERE who IS NULL;
SELECT is(ROW(c."precision", c.recall, c.f1, c.b3_precision, c.b3_recall, c.b3_f1, c.clusters_exact = c.clusters_true)::text,
          ROW(1::float8, 1::float8, 1::float8, 1::float8, 1::float8, 1::float8, true)::text, 'the truth itself is perfect')
FROM patternos.evaluate_clusters('person', 'person', 'unique_id', 'who', 'who') c;
CREATE TEMP TABLE nobody AS SELECT * FROM person WHERE false;
SELECT is(ROW(c.records, c.f1)::text, ROW(0::bigint, NULL::float8)::text, 'nobody to evaluate')
FROM patternos.evaluate_clusters('nobody', 'person', 'unique_id', 'who') c;
SELECT is(max(m.true_positives), 0::bigint, 'no edges') FROM patternos.evaluate_matches('edge', 'nobody', 'unique_id', 'who') m;

-- bad input
SELECT throws_ok($$SELECT * FROM patternos.evaluate_matches('edge', 'person')$$, '42703', NULL, 'a table without labels');
SELECT throws_ok($$SELECT * FROM patternos.evaluate_matches('person', 'person', 'unique_id', 'who')$$, '42703', NULL, 'a table without edges');
SELECT throws_ok($$SELECT * FROM patternos.evaluate_matches('edge', 'person', 'unique_id', 'who"; DROP TABLE person; --')$$, '42703', NULL, 'a column that is none');
SELECT throws_ok($$SELECT * FROM patternos.evaluate_matches(NULL, 'person')$$, '22004', NULL, 'no relation');
SELECT throws_ok($$SELECT * FROM patternos.evaluate_matches('edge', 'labels', step => 'NaN')$$, '22023', NULL, 'a step that is none');
SELECT * FROM finish();
ROLLBACK;
