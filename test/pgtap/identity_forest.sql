-- Spanning forests with conflicts, contradictions, blocking keys and common evidence, against brute force.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
SET LOCAL client_min_messages = warning;

-- random graphs; few strengths make ties, some conflicts are weaker than some edges
CREATE TEMP TABLE edge AS
SELECT DISTINCT ON (g, least(a, b), greatest(a, b)) g, least(a, b)::bigint AS a, greatest(a, b)::bigint AS b, strength, hashint8extended(i, g) AS tie
FROM (SELECT g, i, abs(hashint8extended(i, g)) % 60 AS a, abs(hashint8extended(i, g + 100)) % 60 AS b,
             (1 + abs(hashint8extended(i, g + 200)) % 12) / 4.0::double precision AS strength
      FROM generate_series(1, 12) g, generate_series(1, 15 * g) i) e
WHERE a <> b
ORDER BY g, least(a, b), greatest(a, b), tie;
CREATE TEMP TABLE conflict AS
SELECT g, (i % 60)::bigint AS a, (abs(hashint8extended(i, g + 300)) % 60)::bigint AS b, 1.6::double precision AS strength
FROM generate_series(1, 12) g, generate_series(1, 6 * (g % 4)) i;

CREATE FUNCTION pg_temp.brute_force(graph integer) RETURNS TABLE (node bigint, component bigint) LANGUAGE plpgsql AS $$
DECLARE
    e record;
BEGIN
    CREATE TEMP TABLE grp AS SELECT n AS node, n AS grp FROM (SELECT a AS n FROM edge WHERE g = graph UNION SELECT b FROM edge WHERE g = graph) n;
    FOR e IN SELECT x.*, ga.grp AS grp_a, gb.grp AS grp_b FROM edge x, grp ga, grp gb
             WHERE g = graph AND ga.node = x.a AND gb.node = x.b ORDER BY strength DESC, tie LOOP
        SELECT grp INTO e.grp_a FROM grp WHERE grp.node = e.a;
        SELECT grp INTO e.grp_b FROM grp WHERE grp.node = e.b;
        CONTINUE WHEN EXISTS (SELECT FROM conflict c JOIN grp x ON x.node = c.a JOIN grp y ON y.node = c.b
                              WHERE c.g = graph AND c.strength > e.strength AND (x.grp, y.grp) IN ((e.grp_a, e.grp_b), (e.grp_b, e.grp_a)));
        UPDATE grp SET grp = least(e.grp_a, e.grp_b) WHERE grp IN (e.grp_a, e.grp_b);
    END LOOP;
    RETURN QUERY SELECT grp.node, min(grp.node) OVER (PARTITION BY grp.grp) FROM grp;
    DROP TABLE grp;
END
$$;
CREATE FUNCTION pg_temp.forest(graph integer, sorted text) RETURNS TABLE (node bigint, component bigint, weakest float8, strongest float8) LANGUAGE sql AS $$
    SELECT * FROM patternos._spanning_forest(format('SELECT a, b, strength, tie FROM edge WHERE g = %s ORDER BY tie %s', graph, sorted),
                                             format('SELECT a, b, strength FROM conflict WHERE g = %s', graph))
$$;
SELECT is_empty($$SELECT * FROM generate_series(1, 12) g, pg_temp.forest(g, 'ASC') f EXCEPT SELECT * FROM generate_series(1, 12) g, pg_temp.forest(g, 'DESC') f$$,
    'the order of the edges does not matter');
SELECT set_eq($$SELECT g, node, component FROM generate_series(1, 12) g, pg_temp.forest(g, 'ASC') f$$,
    $$SELECT g, node, component FROM generate_series(1, 12) g, pg_temp.brute_force(g) f$$, 'the sets of brute force');
SELECT cmp_ok((SELECT count(*) FROM conflict c JOIN LATERAL patternos.connected_components(format('SELECT a, b FROM edge WHERE g = %s', c.g)) x ON x.node = c.a
               JOIN LATERAL patternos.connected_components(format('SELECT a, b FROM edge WHERE g = %s', c.g)) y ON y.node = c.b AND y.component = x.component),
    '>', 20::bigint, 'the conflicts do stand between what is connected');

-- without conflicts the weakest edge on the path is the bottleneck: the greatest strength that still connects the two
SELECT is_empty($$
    SELECT g, f.node FROM generate_series(1, 12) g,
        patternos._spanning_forest(format('SELECT a, b, strength, tie FROM edge WHERE g = %s', g), 'SELECT 1::bigint, 1::bigint, 1::float8 WHERE false') f
    WHERE f.node <> f.component
      AND f.weakest IS DISTINCT FROM (
        SELECT max(s) FROM generate_series(0.25, 3, 0.25) s
        WHERE EXISTS (SELECT FROM patternos.connected_components(format('SELECT a, b FROM edge WHERE g = %s AND strength >= %s', g, s)) x
                      JOIN patternos.connected_components(format('SELECT a, b FROM edge WHERE g = %s AND strength >= %s', g, s)) y USING (component)
                      WHERE x.node = f.node AND y.node = f.component))$$, 'the weakest edge is the bottleneck');
SELECT results_eq($$SELECT * FROM patternos._spanning_forest('VALUES (1::bigint, 2::bigint, 5::float8, 0::bigint), (2, 3, 4, 0), (1, 3, 3, 0), (7, NULL, NULL, NULL), (NULL, 8, 1, 1)',
    'VALUES (2::bigint, 3::bigint, ''infinity''::float8), (1, 99, 8)') ORDER BY node$$,
    $$VALUES (1::bigint, 1::bigint, NULL::float8, NULL::float8), (2, 1, 5, 5), (3, 3, NULL, NULL), (7, 7, NULL, NULL)$$, 'by hand: whoever must not meet does not, by no way round');
SELECT throws_ok($$SELECT * FROM patternos._spanning_forest('SELECT 1', 'SELECT 1')$$, '42804', 'query must return 4 columns, not 1');
SELECT throws_ok($$SELECT * FROM patternos._spanning_forest('SELECT 1, 2, 3, 4', 'SELECT 1')$$, '42804', 'column 1 of the query must be of type bigint, not integer');
SELECT throws_ok($$SELECT * FROM patternos._spanning_forest('SELECT 1::bigint, 2::bigint, ''NaN''::float8, 0::bigint', 'SELECT 1')$$, '22023', 'strength of an edge must be a number');

-- contradictions: gender, parts of the birth date, loyalty ids of a platform
SELECT is(patternos._contradict(a::bigint[], b::bigint[]) || ' ' || patternos._contradict(b::bigint[], a::bigint[]), expected || ' ' || expected, label)
FROM (VALUES ('{1,0,0,0,5}', '{2,0,0,0,5}', 'true', 'a woman and a man'), ('{1,0,0,0,5}', '{0,0,0,0,5}', 'false', 'gender not known'),
             ('{0,11,12,13,5}', '{0,11,22,13,5}', 'false', 'another month'), ('{0,11,12,13,5}', '{0,11,22,23,5}', 'true', 'another month and year'),
             ('{0,11,12,13,5}', '{0,12,11,13,5}', 'false', 'day and month the other way round'), ('{0,11,12,13,5}', '{0,12,11,23,5}', 'true', 'that and the year'),
             ('{0,11,12,13,5}', '{0,0,0,23,5}', 'false', 'half a date'), ('{0,0,0,0,5,7}', '{0,0,0,0,5,8}', 'true', 'two loyalty ids of a platform'),
             ('{0,0,0,0,5,7,8}', '{0,0,0,0,5,8,9}', 'false', 'one in common'), ('{0,0,0,0,5,7}', '{0,0,0,0,6,8}', 'false', 'of two platforms'),
             ('{0,0,0,0,5,7}', '{0,0,0,0,5}', 'false', 'one has none')) t (a, b, expected, label);
SELECT throws_ok(format('SELECT patternos._contradict(%L, %L)', a, '{0,0,0,0,5}'), '22023', 'traits must be an array of at least 5 numbers')
FROM unnest(ARRAY['{}', '{1,2,3,4}', '{{1,2,3,4,5}}', '{1,2,3,4,NULL}']) a;

SELECT is(patternos._blocking_keys(5::bigint, NULL::bigint, '{9,7,9,NULL,-1}'::bigint[], '{}'::bigint[]),
    ARRAY[(1::bigint << 56) | 5, (3::bigint << 56) | 7, (3::bigint << 56) | 9, (3::bigint << 56) | 72057594037927935], 'keys ascend, each once, the rule above the hash');
SELECT throws_ok($$SELECT patternos._blocking_keys('x'::text)$$, '42804', 'hashes must be bigint or bigint[], not text');
SELECT is(patternos._without('{5,3,9,3,NULL}', '{1,5,7}'), '{3,9}', 'without unwanted numbers');
SELECT is(patternos._without('{5,3}', NULL), '{3,5}', 'nothing unwanted');
SELECT is(patternos._without(NULL, '{1}'), NULL, 'nothing there');

CREATE TEMP TABLE item AS
SELECT 1 + i % 40 AS grp, i % 97 AS member, (abs(hashint8extended(i, 1)) % 5)::integer AS kind, abs(hashint8extended(i, 2)) % 6 AS value FROM generate_series(1, 2000) i;
DELETE FROM item WHERE grp <> (SELECT min(grp) FROM item i WHERE i.member = item.member);
SELECT set_eq($$SELECT * FROM patternos._common_evidence('SELECT grp::bigint, member::bigint, kind, value FROM item ORDER BY value')$$,
    $$SELECT a.member::bigint AS member, bit_or(1 << a.kind) AS compared, bit_or(CASE WHEN a.value = b.value THEN 1 << a.kind ELSE 0 END) AS shared
      FROM item a JOIN item b USING (grp, kind) WHERE a.member <> b.member GROUP BY a.member$$, 'what members have in common');
SELECT throws_ok($$SELECT * FROM patternos._common_evidence('SELECT 1::bigint, 1::bigint, 31, 1::bigint')$$, '22023', 'kind of evidence must be between 0 and 30');

SELECT * FROM finish();
ROLLBACK;
