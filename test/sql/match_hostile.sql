-- Match models and records that are wrong, and tests of levels against the public functions on random values.
SET client_min_messages = warning;
\set VERBOSITY verbose
CREATE FUNCTION pg_temp.refused(document jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    message text; detail text; hint text;
BEGIN
    PERFORM patternos._compile_match_model(document);
    RETURN 'accepted';
EXCEPTION WHEN invalid_parameter_value THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', message, nullif(detail, ''), nullif(hint, ''));
END $$;
CREATE FUNCTION pg_temp.good() RETURNS jsonb LANGUAGE sql AS $$
SELECT jsonb '{"format": "patternos.match_model", "format_version": 1, "probability_two_random_records_match": 0.5, "columns": [{"column": "x", "kind": "text"}],
 "comparisons": [{"name": "x", "kind": "text", "columns": ["x"], "levels": [{"test": "exact", "m": 0.9, "u": 0.1}, {"test": "else", "m": 0.1, "u": 0.9}]}]}' $$;
SELECT pg_temp.refused(pg_temp.good());
SELECT pg_temp.refused(d) FROM (VALUES
    (1, jsonb '[]'), (2, '"x"'), (3, '{}'),
    (4, jsonb_set(pg_temp.good(), '{format}', '"other"')),
    (5, jsonb_set(pg_temp.good(), '{format_version}', '2')),
    (6, jsonb_set(pg_temp.good(), '{probability_two_random_records_match}', '0')),
    (7, jsonb_set(pg_temp.good(), '{columns}', '[]')),
    (8, jsonb_set(pg_temp.good(), '{columns,0,kind}', '"magic"')),
    (9, jsonb_set(pg_temp.good(), '{columns,0,tf}', '1')),
    (10, jsonb_set(pg_temp.good(), '{columns,0,weight}', '1')),
    (11, jsonb_set(pg_temp.good(), '{comparisons,0,kind}', '"name"')),
    (12, jsonb_set(pg_temp.good(), '{comparisons,0,columns}', '["y"]')),
    (13, jsonb_set(pg_temp.good(), '{comparisons,0,columns}', '["x", "x"]')),
    (14, jsonb_set(pg_temp.good(), '{comparisons,0,levels,0,test}', '"soundex"')),
    (15, jsonb_set(pg_temp.good(), '{comparisons,0,levels,0,test}', '"jaro_winkler"')),
    (16, jsonb_set(pg_temp.good(), '{comparisons,0,levels,0,test}', '"else"')),
    (17, jsonb_set(pg_temp.good(), '{comparisons,0,levels,1,test}', '"exact"')),
    (18, jsonb_set(pg_temp.good(), '{comparisons,0,levels,0,m}', '"NaN"')),
    (19, jsonb_set(pg_temp.good(), '{comparisons,0,levels,0,m}', '0')),
    (20, jsonb_set(pg_temp.good(), '{comparisons,0,levels,0,u}', '1e999')),
    (21, jsonb_set(pg_temp.good(), '{comparisons,0,levels,0,tf_weight}', '-1')),
    (22, jsonb_set(pg_temp.good(), '{comparisons,0,levels,0,treshold}', '1')),
    (23, jsonb_set(pg_temp.good(), '{comparisons,0,levels,0}', '{"test": "jaro_winkler", "threshold": 1.5, "m": 0.9, "u": 0.1}')),
    (24, jsonb_set(pg_temp.good(), '{comparisons}', (SELECT jsonb_agg(pg_temp.good() #> '{comparisons,0}') FROM generate_series(1, 16)))),
    (25, jsonb_set(pg_temp.good(), '{comparisons,0,levels}', (SELECT jsonb_agg(pg_temp.good() #> '{comparisons,0,levels,0}') FROM generate_series(1, 16))))
    ) AS v (n, d) ORDER BY n;
\set VERBOSITY default
SELECT patternos._kind_levels('magic');
SELECT patternos._kind_levels('name', 2);
SELECT patternos._normalize_value('magic', 'x');
SELECT patternos._encode_record('\x00', 'x');
SELECT patternos._encode_record(patternos._compile_match_model(pg_temp.good()), 'x', 1);
SELECT patternos._encode_record(patternos._compile_match_model(pg_temp.good()), VARIADIC ARRAY['x']);
SELECT patternos._match_pattern('\x', '\x', patternos._compile_match_model(pg_temp.good()));
SELECT patternos._match_weight('\x', '\x', patternos._compile_match_model(pg_temp.good()), 'NaN');
SELECT patternos.match_weight(1.5);

-- a record cut at every byte is refused or compared, never more
CREATE FUNCTION pg_temp.survives() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    m bytea := patternos._compile_match_model(pg_temp.good());
    r bytea := patternos._encode_record(m, 'a text of some length'::text);
    n bigint := 0;
BEGIN
    FOR i IN 0 .. length(r) - 1 LOOP
        BEGIN
            PERFORM patternos._match_pattern(substr(r, 1, i), r, m), patternos._match_weight(r, substr(r, 1, i), m), patternos._match_terms(set_byte(r, i, 255), r, m);
        EXCEPTION WHEN invalid_parameter_value THEN n := n + 1;
        END;
    END LOOP;
    RETURN n;
END $$;
SELECT pg_temp.survives() > 40 AS refused;

-- each test of text against the public functions, on values that differ a little
CREATE TEMP TABLE v AS
SELECT i, patternos._normalize_value('text', overlay(overlay(word PLACING substr('abcdeéñ 1', 1 + i % 9, 1) FROM 1 + i % 7) PLACING '' FROM 1 + i * 7 % 11 FOR i % 3)) AS x
FROM generate_series(0, 199) AS i, LATERAL (SELECT (ARRAY['anita sharma', 'martha brown', 'dixon street', 'jellyfish 12', 'a b', 'müller straße 7'])[1 + i % 6]) AS w (word);
CREATE FUNCTION pg_temp.one(test text, threshold float8) RETURNS bytea LANGUAGE sql AS $$
SELECT patternos._compile_match_model(jsonb_set(pg_temp.good(), '{comparisons,0,levels,0}', jsonb_build_object('test', test, 'threshold', threshold, 'm', 0.9, 'u', 0.1))) $$;
SELECT t.test, t.threshold, count(*) FILTER (WHERE p = 2) > 0 AND count(*) FILTER (WHERE p = 1) > 0 AS both_occur, count(*) FILTER (WHERE (p = 2) <> CASE t.test
        WHEN 'exact' THEN a.x = b.x
        WHEN 'jaro_winkler' THEN patternos.jaro_winkler(a.x, b.x) >= t.threshold
        WHEN 'jaro' THEN patternos.jaro(a.x, b.x) >= t.threshold
        WHEN 'levenshtein' THEN patternos.levenshtein(a.x, b.x) <= t.threshold
        WHEN 'damerau_levenshtein' THEN patternos.damerau_levenshtein(a.x, b.x) <= t.threshold
        WHEN 'jaccard' THEN patternos.jaccard(a.x, b.x) >= t.threshold
        WHEN 'dice' THEN patternos.dice(a.x, b.x) >= t.threshold
        WHEN 'token_overlap' THEN patternos.token_overlap(a.x, b.x) >= t.threshold
        WHEN 'prefix' THEN left(a.x, t.threshold::int) = left(b.x, t.threshold::int) AND length(a.x) >= t.threshold AND length(b.x) >= t.threshold
        ELSE patternos.damerau_levenshtein(a.x, b.x) <= 1 END) AS wrong
FROM (VALUES ('exact', 0), ('jaro_winkler', 0.92), ('jaro_winkler', 0.8), ('jaro_winkler', 0.6), ('jaro', 0.75), ('levenshtein', 1), ('levenshtein', 3), ('damerau_levenshtein', 1),
             ('damerau_levenshtein', 2), ('damerau_levenshtein', 4), ('jaccard', 0.5), ('dice', 0.7), ('token_overlap', 0.3), ('token_overlap', 0.5), ('prefix', 3), ('one_edit', 0)) AS t (test, threshold),
     LATERAL (SELECT pg_temp.one(t.test, t.threshold) AS m OFFSET 0) AS m, v AS a, v AS b,
     LATERAL (SELECT patternos._match_pattern(patternos._encode_record(m, a.x), patternos._encode_record(m, b.x), m) AS p OFFSET 0) AS p
GROUP BY t.test, t.threshold ORDER BY t.test, t.threshold;
