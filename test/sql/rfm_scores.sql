-- Scores and segments: borders, every cell, and what is refused.
\pset format unaligned
SELECT d, patternos.recency_score(d) FROM unnest('{0,7,8,30,31,90,91,180,181,2147483647}'::integer[]) d;
SELECT f, patternos.frequency_score(f) FROM unnest('{0,1,2,3,5,6,9,10,9223372036854775807}'::bigint[]) f;
SELECT left(m::text, 15) AS m, patternos.monetary_score(m)
FROM unnest('{-Infinity,-1,0,2499.99,2499.9999999,2500,9999.99,10000,19999.99,20000,49999.99999,50000,1e100000,Infinity}'::numeric[]) WITH ORDINALITY m (m, o) ORDER BY o;
SELECT patternos.rfm_score(31, 2, 2500), patternos.rfm_score(NULL, 0, 0) IS NULL AS is_null;

-- the segments, R down, F across
SELECT r, string_agg(patternos.rfm_segment(r, f), ' | ' ORDER BY f) FROM generate_series(5, 1, -1) r, generate_series(1, 5) f GROUP BY r ORDER BY r DESC;
SELECT patternos.rfm_segment(NULL, NULL), patternos.rfm_segment(3, NULL) IS NULL AS is_null;
-- the rules as shipped are the function
SELECT count(*), bool_and(rule.segment = patternos.rfm_segment(r, f))
FROM generate_series(1, 5) r, generate_series(1, 5) f, patternos_dw.rfm_segment_rule rule
WHERE rule.recency_scores @> r AND rule.frequency_scores @> f;
BEGIN;
UPDATE patternos_dw.rfm_segment_rule SET frequency_scores = '[4,4]' WHERE segment = 'Champions';
UPDATE patternos_dw.rfm_segment_rule SET frequency_scores = '[1,3]' WHERE segment = 'Lost';
SELECT * FROM patternos.rfm_rule_check();
SELECT patternos._refresh_rfm('2025-01-01');
ROLLBACK;

-- cut points: with and without ties told apart
SELECT v, patternos.score_by_cuts(v, '{2,2,5,Infinity}', true) AS higher, patternos.score_by_cuts(v, '{-Infinity,2,5,5}', false) AS lower
FROM unnest('{-Infinity,1,2,3,5,6,Infinity}'::numeric[]) WITH ORDINALITY v (v, o) ORDER BY o;
SELECT key, patternos.score_by_cuts(2, key, '{2,2,2,3}', '{10,20,30,1}', true) FROM unnest('{9,10,19,20,30}'::bigint[]) key;
SELECT patternos.score_by_cuts(1, '{}', true), patternos.score_by_cuts(NULL, '{1}', true) IS NULL AS is_null;

-- refused
SELECT patternos.recency_score(-1);
SELECT patternos.frequency_score(-1);
SELECT patternos.monetary_score('NaN');
SELECT patternos.rfm_segment(0, 3);
SELECT patternos.rfm_segment(3, 6);
SELECT patternos.score_by_cuts('NaN', '{1}', true);
SELECT patternos.score_by_cuts(1, '{2,1}', true);
SELECT patternos.score_by_cuts(1, '{1,NULL}', true);
SELECT patternos.score_by_cuts(1, '{{1},{2}}', true);
SELECT patternos.score_by_cuts(1, 1, '{1,2}', '{1}', true);
SELECT patternos.score_by_cuts(1, array_agg(g::numeric), true) FROM generate_series(1, 1001) g;

-- the aggregates refuse what they cannot compute
SELECT patternos.rfm(now()::timestamp, 1, NULL);
SELECT patternos.rfm(now()::timestamp, 1, 'infinity');
SELECT patternos.rfm('-infinity', 1, '2025-01-01');
SELECT patternos.rfm(d::timestamp, 1, d) FROM (VALUES (DATE '2025-01-01'), ('2025-01-02')) v (d);
SELECT patternos.rfm('2024-12-31', 'NaN', '2025-01-01');
SELECT patternos.rfm('2024-12-31', 'Infinity', '2025-01-01');
SELECT patternos.rfm('2024-12-31', 922337203685477.5808, '2025-01-01');
SELECT patternos.rfm_by_platform('2024-12-31', 1, '2025-01-01', 'ALL');
SELECT patternos.rfm_by_platform('2024-12-31', 1, '2025-01-01', g::text) IS NULL FROM generate_series(1, 10001) g;
SELECT patternos.rfm(d, 1, '5874897-12-31') FROM (VALUES (DATE '4713-01-01 BC'), ('294276-12-31')) v (d);

-- and survive the rest
SELECT patternos.rfm(d, 922337203685477.5807, '294276-12-31') FROM (VALUES (TIMESTAMP '4713-01-01 BC'), ('2000-01-01'), ('infinity'), (NULL)) v (d);
SELECT patternos.rfm('2025-01-01', 5, '2025-01-01');
SELECT patternos.rfm(NULL, 5, '2025-01-01');
SELECT patternos.rfm('2024-12-31', 5, '2025-01-01') WHERE false;
SELECT unnest(patternos.rfm_by_platform('2024-12-31', 5, 4, '2025-01-01', p)) FROM unnest('{NULL,"",é}'::text[]) p;
