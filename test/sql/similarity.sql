-- Similarities of texts: published values, edges, and what is refused.
SET extra_float_digits = -9;

-- jellyfish, RapidFuzz and Winkler's paper
SELECT a, b, patternos.jaro(a, b), patternos.jaro_winkler(a, b)
FROM (VALUES ('dixon', 'dicksonx'), ('martha', 'marhta'), ('dwayne', 'duane'), ('a', 'ab'), ('@', '@@'), ('', 'foo'), ('', ''),
             ('abc', 'xyz'), ('jaz', 'jal'), ('012abc', '013abcd'), ('é', 'e'), ('ða', 'ðb')) v (a, b);

SELECT a, b, patternos.levenshtein(a, b), patternos.osa_distance(a, b), patternos.damerau_levenshtein(a, b), patternos.levenshtein_similarity(a, b)
FROM (VALUES ('kitten', 'sitting'), ('Saturday', 'Sunday'), ('fuor', 'four'), ('ca', 'abc'), ('abcd', 'acb'), ('', ''), ('', 'abc'), ('a', 'á'),
             ('cape sand recycling ', 'edith ann graham'), ('😀😁', '😁😀')) v (a, b);

SELECT a, b, q, patternos.jaccard(a, b, q), patternos.dice(a, b, q)
FROM (VALUES ('duck', 'luck'), ('night', 'nacht'), ('aaaa', 'aa'), ('a', 'a'), ('a', 'ab'), ('', ''), ('', 'a')) v (a, b), generate_series(1, 3) q;
SELECT patternos.jaccard('duck', 'luck') = patternos.jaccard('duck', 'luck', 1), patternos.dice('night', 'nacht') = patternos.dice('night', 'nacht', 2);

-- names of DuckDB
SELECT bool_and(patternos.jaro_similarity(a, b) = patternos.jaro(a, b) AND patternos.jaro_winkler_similarity(a, b) = patternos.jaro_winkler(a, b))
FROM (VALUES ('dixon', 'dicksonx'), ('martha', 'marhta')) v (a, b);

-- texts on both sides of 64 characters, in one byte each and in more
SELECT n, patternos.levenshtein(x || repeat('a', n), repeat('a', n) || x), patternos.damerau_levenshtein(x || repeat('ab', n), repeat('ba', n) || x),
       patternos.jaro(repeat('a', n) || x, repeat('a', n)), patternos.dice(repeat('ab', n) || x, repeat('ab', n)), octet_length(x)
FROM generate_series(62, 66) n, (VALUES ('z'), ('ज')) v (x);

-- equal only to itself
SELECT count(*) FILTER (WHERE patternos.jaro(a, b) = 1), count(*) FILTER (WHERE patternos.levenshtein(a, b) = 0), count(*) FILTER (WHERE patternos.dice(a, b) = 1)
FROM unnest('{a,b,ab,ba,"",á}'::text[]) a, unnest('{a,b,ab,ba,"",á}'::text[]) b;

-- the longest texts, and longer ones
SELECT patternos.levenshtein(repeat('a', 65535), repeat('b', 65535)), patternos.jaro(repeat('ज', 65535), repeat('ज', 65535));
CREATE FUNCTION pg_temp.attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS OR query_canceled THEN
    RETURN sqlstate || ' ' || sqlerrm;
END
$$;
SELECT f, pg_temp.attempt(format('SELECT patternos.%s(repeat(''a'', 65536), ''b'')', f)), pg_temp.attempt(format('SELECT patternos.%s(''b'', repeat(''x'', 10000000))', f))
FROM unnest('{jaro,jaro_winkler,levenshtein,levenshtein_similarity,osa_distance,damerau_levenshtein,jaccard,dice}'::text[]) f;
SELECT q, pg_temp.attempt(format('SELECT patternos.jaccard(''a'', ''b'', %s)', q)) FROM unnest('{0,-1,4}'::int[]) q;

-- long ones can be cancelled
SET statement_timeout = '200ms';
SELECT pg_temp.attempt($$SELECT patternos.damerau_levenshtein(repeat('abcdefgh', 8000), repeat('badcxzyw', 8000))$$);
RESET statement_timeout;
RESET extra_float_digits;
