-- Lookalikes over tables with features of their own: what is refused, what is left out, what comes back.
SET client_min_messages = error;
BEGIN;
CREATE TABLE pg_temp.person AS SELECT i AS id, hashint4(i) % 100 AS a, (hashint4(i + 5) % 100)::real AS b, CASE WHEN i % 3 > 0 THEN hashint4(i + 9) % 100 END AS c,
    CASE WHEN hashint4(i) % 100 > 30 AND hashint4(i + 7) % 5 > 0 THEN 'x' ELSE (ARRAY['y', 'z', NULL])[1 + i % 3] END AS kind FROM generate_series(1, 2000) AS i;
-- eighty of those with high a and b
CREATE TABLE pg_temp.club AS SELECT id FROM pg_temp.person WHERE a > 10 AND b > 10 ORDER BY hashint4(id + 1) LIMIT 80;
CREATE FUNCTION pg_temp.try(VARIADIC arguments text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('SELECT concat_ws('' '', count(*), min(rank), max(rank), bool_and(similarity BETWEEN 0 AND 1), count(DISTINCT id)) FROM patternos.lookalike(%s)', array_to_string(arguments, ', ')) INTO result;
    RETURN result;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ': ' || SQLERRM;
END
$$;

SELECT count(*) AS chosen, avg((p.a > 10 AND p.b > 10)::integer) > 0.95 AS alike FROM patternos.lookalike('pg_temp.club', 'pg_temp.person', id_column => 'id') AS l JOIN pg_temp.person AS p ON p.id::text = l.id;
SELECT pg_temp.try(a, b, 'id_column => ''id''', c) AS result, c FROM (VALUES
    ('''pg_temp.club''', '''pg_temp.person''', 'size => 5'), ('''pg_temp.club''', '''pg_temp.person''', 'size => 0.5'), ('''pg_temp.club''', '''pg_temp.person''', 'size => 1e9'),
    ('''pg_temp.club''', '''pg_temp.person''', 'size => 1e-9'), ('''pg_temp.club''', '''pg_temp.person''', 'params => ''{"method": "logistic"}'''),
    ('''pg_temp.club''', '''pg_temp.person''', 'params => ''{"method": "distance"}'''), ('''pg_temp.club''', '''pg_temp.person''', 'exclude => ''{a,kind}'''),
    ('''pg_temp.club''', '''pg_temp.person''', 'size => 0'), ('''pg_temp.club''', '''pg_temp.person''', 'size => -1'), ('''pg_temp.club''', '''pg_temp.person''', 'size => ''NaN'''),
    ('''pg_temp.club''', '''pg_temp.person''', 'size => ''Infinity'''), ('''pg_temp.club''', '''pg_temp.person''', 'size => NULL'), ('''pg_temp.club''', '''pg_temp.person''', 'exclude => ''{nothing}'''),
    ('''pg_temp.club''', '''pg_temp.person''', 'exclude => ''{a,b,c,kind}'''), ('''pg_temp.club''', '''pg_temp.person''', 'exclude => ''{NULL}'''), ('''pg_temp.club''', '''pg_temp.person''', 'params => ''{"method": "magic"}'''),
    ('''pg_temp.club''', '''pg_temp.person''', 'params => ''{"depth": 1}'''), ('''pg_temp.club''', '''pg_temp.person''', 'params => ''[]'''), ('''pg_temp.club''', '''pg_temp.person''', 'params => NULL')) AS v (a, b, c);
SELECT pg_temp.try(a, b, c) AS result, a, b FROM (VALUES
    ('NULL', '''pg_temp.person''', 'id_column => ''id'''), ('''pg_temp.club''', '''pg_temp.person''', 'id_column => NULL'), ('''pg_temp.club''', '''pg_temp.person''', 'id_column => ''key'''),
    ('''pg_temp.nothing''', '''pg_temp.person''', 'id_column => ''id'''), ('''pg_temp.club''', '''nothing''', 'id_column => ''id'''), ('''SELECT * FROM pg_temp.club LIMIT 9''', '''pg_temp.person''', 'id_column => ''id'''),
    ('''SELECT id FROM pg_temp.club WHERE false''', '''pg_temp.person''', 'id_column => ''id'''), ('''SELECT NULL::int AS id''', '''pg_temp.person''', 'id_column => ''id'''),
    ('''SELECT id + 100000 AS id FROM pg_temp.club''', '''pg_temp.person''', 'id_column => ''id'''), ('''pg_temp.person''', '''pg_temp.person''', 'id_column => ''id'''),
    ('''pg_temp.club''', '''SELECT * FROM pg_temp.person UNION ALL SELECT * FROM pg_temp.person WHERE id < 3''', 'id_column => ''id'''),
    ('''pg_temp.club''', '''SELECT id, DATE ''''2025-01-01'''' AS day FROM pg_temp.person''', 'id_column => ''id'''),
    ('''pg_temp.club''', '''SELECT id, ''''Infinity''''::float8 AS a, b FROM pg_temp.person''', 'id_column => ''id'''),
    ('''pg_temp.club''', '''SELECT id, NULL::int AS a, 1 AS b FROM pg_temp.person''', 'id_column => ''id'''),
    ('''pg_temp.club''', '''SELECT CASE WHEN id > 50 THEN id END AS id, a, b FROM pg_temp.person''', 'id_column => ''id'''),
    ('''SELECT id FROM''', '''pg_temp.person''', 'id_column => ''id''')) AS v (a, b, c);

-- The card that the club gave out says who is in it, and so does a text of that; neither finds anybody, so both are left out.
CREATE TABLE pg_temp.carded AS SELECT p.*, m.id IS NOT NULL AS is_member, CASE WHEN m.id IS NOT NULL THEN p.a END AS card, CASE WHEN m.id IS NULL THEN 'none' ELSE 'gold' END AS tier
FROM pg_temp.person AS p LEFT JOIN pg_temp.club AS m USING (id);
CREATE FUNCTION pg_temp.notice(population text) RETURNS text LANGUAGE plpgsql SET client_min_messages = notice AS $$
BEGIN
    RETURN (SELECT array_to_string(features_left_out, ' ') FROM patternos._rank_lookalike('pg_temp.club', population, 0.1, '{}', 'id', '{"n_estimators": 20}', 'public'));
END
$$;
SELECT pg_temp.notice('pg_temp.carded') AS left_out, pg_temp.notice('pg_temp.person') AS nothing;

-- The same in any order; another random seed ranks about the same; nothing is left behind.
CREATE TABLE pg_temp.one AS SELECT * FROM patternos.lookalike('SELECT id FROM pg_temp.club ORDER BY id', 'SELECT * FROM pg_temp.person ORDER BY id', id_column => 'id');
CREATE TABLE pg_temp.two AS SELECT * FROM patternos.lookalike('SELECT id FROM pg_temp.club ORDER BY -id', 'SELECT * FROM pg_temp.person ORDER BY a, -id', id_column => 'id');
CREATE TABLE pg_temp.near_one AS SELECT * FROM patternos.lookalike('SELECT id FROM pg_temp.club ORDER BY id', 'SELECT * FROM pg_temp.person ORDER BY id', id_column => 'id', params => '{"method": "distance"}');
CREATE TABLE pg_temp.near_two AS SELECT * FROM patternos.lookalike('SELECT id FROM pg_temp.club ORDER BY -id', 'SELECT * FROM pg_temp.person ORDER BY a, -id', id_column => 'id', params => '{"method": "distance"}');
SELECT (SELECT count(*) FROM (TABLE pg_temp.one EXCEPT TABLE pg_temp.two) AS s) AS trees_differ, (SELECT count(*) FROM (TABLE pg_temp.near_one EXCEPT TABLE pg_temp.near_two) AS s) AS distances_differ;
SELECT count(*) > 120 AS mostly_the_same FROM pg_temp.one JOIN patternos.lookalike('pg_temp.club', 'pg_temp.person', id_column => 'id', params => '{"seed": 7}') AS other USING (id);
SELECT count(*) AS left_behind FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relname ~ '^(training|lookalike)';

-- Recall of spies: against a count by hand, with ties at the border.
CREATE TABLE pg_temp.lookalike_score AS SELECT i::text AS id, i % 10 = 0 AS is_seed, (i % 17)::float8 AS margin FROM generate_series(1, 400) AS i;
SELECT count(*) FILTER (WHERE abs(patternos._spy_recall('margin', n) - (
           SELECT avg(greatest(0, least(1, (n - (SELECT count(*) FROM pg_temp.lookalike_score AS o WHERE NOT o.is_seed AND o.margin > s.margin))::float8
                                           / (1 + (SELECT count(*) FROM pg_temp.lookalike_score AS o WHERE NOT o.is_seed AND o.margin = s.margin)))))
           FROM pg_temp.lookalike_score AS s WHERE s.is_seed)) > 1e-12) AS wrong, count(*) AS sizes
FROM generate_series(1, 360, 7) AS n;
ROLLBACK;
