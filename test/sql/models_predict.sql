-- predict() scores rows in blocks as score() does one by one, bit by bit, whatever the columns' types and the number of rows.
SET client_min_messages = error;
BEGIN;
CREATE TABLE pg_temp.mixed AS SELECT i AS id, (i % 50)::int2 AS small, CASE WHEN i % 7 > 0 THEN hashint4(i) % 1000 END AS medium, i::bigint * 1000003 AS large, (i % 9 / 3.0)::real AS single,
    CASE WHEN i % 5 > 0 THEN sin(i) END AS double, (i % 101 / 7.0)::numeric AS exact, i % 3 = 0 AS flag, (ARRAY['x', 'y', NULL, 'z'])[1 + i % 4] AS kind,
    hashint4(i) % 1000 + 300 * sin(i) > 100 * (i % 4) AS label FROM generate_series(1, 1000) AS i;
SELECT version, model_type FROM patternos.train('mixed', 'pg_temp.mixed', params => '{"n_estimators": 37, "max_depth": 5}', split => '{"method": "none"}', calibrate => 'none')
UNION ALL SELECT version, model_type FROM patternos.train('mixed', 'pg_temp.mixed', params => '{"engine": "logistic"}', split => '{"method": "none"}', calibrate => 'none');
SELECT v.version, n.rows, count(*) = n.rows AS all_there, count(*) FILTER (WHERE p.raw = patternos.score_raw(m.compiled, r) AND p.probability = patternos.score(m.compiled, r)
           AND p.raw = patternos.score_raw(m.compiled, to_jsonb(r) - 'id') AND p.model_version = v.version) = n.rows AS same, count(DISTINCT p.raw) > n.rows / 4 AS differing
FROM unnest('{1,2}'::text[]) AS v (version) CROSS JOIN unnest('{1,7,8,9,63,64,65,1000}'::int[]) AS n (rows)
CROSS JOIN LATERAL patternos.predict('mixed', format('SELECT * FROM pg_temp.mixed WHERE id <= %s', n.rows), v.version) AS p
JOIN pg_temp.mixed AS r ON r.id::text = p.id JOIN patternos_dw.model AS m ON m.name = 'mixed' AND m.version = v.version
GROUP BY v.version, n.rows ORDER BY 1, 2;
-- columns in another order and others between them, among them one that is called like a column of the result; a NULL for an id
SELECT count(*), count(id), count(*) FILTER (WHERE raw = (SELECT p.raw FROM patternos.predict('mixed', 'SELECT * FROM pg_temp.mixed WHERE id = 5', '1') AS p)) FROM patternos.predict('mixed',
    'SELECT ''a'' AS text, label, kind, flag, exact, double, -1 AS probability, single, large, medium, small, NULL::int AS id FROM pg_temp.mixed WHERE id = 5', '1');
SELECT count(*) FROM patternos.predict('mixed', 'SELECT * FROM pg_temp.mixed WHERE false');
-- two models at once, each row's model its own
SELECT count(*) FILTER (WHERE a.raw <> b.raw) > 900 AS two_models FROM patternos.predict('mixed', 'pg_temp.mixed', '1') AS a JOIN patternos.predict('mixed', 'pg_temp.mixed', '2') AS b USING (id);
CREATE FUNCTION pg_temp.refused(source text, id_column text DEFAULT 'id') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM count(*) FROM patternos.predict('mixed', source, '1', id_column);
    RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate || ' ' || sqlerrm;
END $$;
SELECT pg_temp.refused('SELECT 1 AS id, 2 AS small');
SELECT pg_temp.refused('SELECT id, small, medium, large, ''Infinity''::real AS single, double, exact, flag, kind FROM pg_temp.mixed');
SELECT pg_temp.refused('SELECT id, small, medium, large, single, double, exact, kind AS flag, kind FROM pg_temp.mixed');
SELECT pg_temp.refused('pg_temp.mixed', 'nobody');
SELECT pg_temp.refused('SELECT id, 1 / (id - 500) AS small, medium, large, single, double, exact, flag, kind FROM pg_temp.mixed');
SELECT pg_temp.refused('DELETE FROM pg_temp.mixed');
ROLLBACK;
