-- Training of match models: expectation maximisation against plain SQL, documents, degenerate tables, settings that cannot be.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
SET LOCAL client_min_messages = warning;

-- Expectation maximisation as the formulas say it, over level numbers 1 and 2 of three comparisons; 0 is a missing value.
CREATE FUNCTION pg_temp.plain_em(rounds integer, OUT lambda double precision, OUT m double precision[], OUT u double precision[]) LANGUAGE plpgsql AS $$
BEGIN
    lambda := 0.3;
    m := '{0.9,0.8,0.7}';
    u := '{0.2,0.1,0.3}';
    FOR i IN 1 .. rounds LOOP
        SELECT sum(n * p) / sum(n),
               ARRAY[sum(n * p) FILTER (WHERE a = 2) / sum(n * p) FILTER (WHERE a > 0), sum(n * p) FILTER (WHERE b = 2) / sum(n * p) FILTER (WHERE b > 0),
                     sum(n * p) FILTER (WHERE c = 2) / sum(n * p) FILTER (WHERE c > 0)],
               ARRAY[sum(n * (1 - p)) FILTER (WHERE a = 2) / sum(n * (1 - p)) FILTER (WHERE a > 0), sum(n * (1 - p)) FILTER (WHERE b = 2) / sum(n * (1 - p)) FILTER (WHERE b > 0),
                     sum(n * (1 - p)) FILTER (WHERE c = 2) / sum(n * (1 - p)) FILTER (WHERE c > 0)]
        INTO lambda, m, u
        FROM (SELECT a, b, c, n, x * lambda / (x * lambda + y * (1 - lambda)) AS p
              FROM (SELECT a, b, c, n, (ARRAY[1, 1 - m[1], m[1]])[a + 1] * (ARRAY[1, 1 - m[2], m[2]])[b + 1] * (ARRAY[1, 1 - m[3], m[3]])[c + 1] AS x,
                           (ARRAY[1, 1 - u[1], u[1]])[a + 1] * (ARRAY[1, 1 - u[2], u[2]])[b + 1] * (ARRAY[1, 1 - u[3], u[3]])[c + 1] AS y
                    FROM counted) AS s) AS t;
    END LOOP;
END
$$;
CREATE TEMP TABLE counted AS
SELECT a, b, c, 1 + abs(hashint8extended(a * 9 + b * 3 + c, 5)) % 500 + CASE WHEN a = b AND b = c THEN 3000 ELSE 0 END AS n
FROM generate_series(0, 2) a, generate_series(0, 2) b, generate_series(0, 2) c;

CREATE TEMP TABLE fitted AS
SELECT e.* FROM (SELECT array_agg((a + b * 16 + c * 256)::bigint ORDER BY n) AS p, array_agg(n ORDER BY n) AS n FROM counted) AS s,
    patternos._em(p, n, '{2,2,2}', '{0.3, 0.1,0.9, 0.2,0.8, 0.3,0.7, 0.8,0.2, 0.9,0.1, 0.7,0.3}', array_fill(false, '{13}')) AS e;
SELECT ok(abs(f.parameters[1] - e.lambda) < 1e-6 AND abs(f.parameters[3] - e.m[1]) < 1e-6 AND abs(f.parameters[5] - e.m[2]) < 1e-6
          AND abs(f.parameters[7] - e.m[3]) < 1e-6 AND abs(f.parameters[9] - e.u[1]) < 1e-6 AND abs(f.parameters[11] - e.u[2]) < 1e-6
          AND abs(f.parameters[13] - e.u[3]) < 1e-6, 'EM finds what plain SQL finds')
FROM fitted f, pg_temp.plain_em(f.iterations) e;
SELECT is(e.parameters::text, f.parameters::text, 'the same bits in another order and with counts in parts')
FROM fitted f, (SELECT array_agg(p ORDER BY k) AS p, array_agg(n ORDER BY k) AS n
                FROM (SELECT (a + b * 16 + c * 256)::bigint AS p, n, hashint8(n) AS k FROM counted) AS t) AS s,
    patternos._em(p, n, '{2,2,2}', '{0.3, 0.1,0.9, 0.2,0.8, 0.3,0.7, 0.8,0.2, 0.9,0.1, 0.7,0.3}', array_fill(false, '{13}')) AS e;
SELECT is(e.parameters[8:13]::text, '{0.8,0.2,0.9,0.1,0.7,0.3}', 'what is fixed stays')
FROM (SELECT array_agg((a + b * 16 + c * 256)::bigint) AS p, array_agg(n) AS n FROM counted) AS s,
    patternos._em(p, n, '{2,2,2}', '{0.3, 0.1,0.9, 0.2,0.8, 0.3,0.7, 0.8,0.2, 0.9,0.1, 0.7,0.3}', array_fill(false, '{7}') || array_fill(true, '{6}')) AS e;
SELECT throws_ok($$SELECT patternos._em('{3}', '{1}', '{2}', '{0.3,0.1,0.9,0.8,0.2}', array_fill(false, '{5}'))$$, '22023', NULL, 'a level that does not exist');
SELECT throws_ok($$SELECT patternos._em('{1,2}', '{1}', '{2}', '{0.3,0.1,0.9,0.8,0.2}', array_fill(false, '{5}'))$$, '22023', NULL, 'fewer counts than patterns');
SELECT throws_ok($$SELECT patternos._em('{1}', '{1}', '{2}', '{NaN,0.1,0.9,0.8,0.2}', array_fill(false, '{5}'))$$, '22023', NULL, 'lambda NaN');
SELECT throws_ok($$SELECT patternos._em('{1}', '{1}', '{16}', '{0.5}', '{f}')$$, '22023', NULL, 'sixteen levels');

-- Lists of expressions.
SELECT is(patternos._split_expressions('surname, left(postcode, 4) , "Odd, Name" || '','''), ARRAY['surname', 'left(postcode, 4)', '"Odd, Name" || '','''], 'a list is split at its own commas');
SELECT is(patternos._expression_columns('surname, left(postcode, 4), "Odd, Name" || surname'), ARRAY['surname', 'postcode', 'Odd, Name'], 'columns of a list');
SELECT throws_ok(format('SELECT patternos._split_expressions(%L)', e), '42601', NULL, e)
FROM unnest(ARRAY['(SELECT 1)', 'a FROM b', 'a; b', 'a WHERE b', 'a UNION SELECT 1', 'DISTINCT a', 'a AS b', 't.*', '*', '', ' ', 'count(*)', 'a -- b', 'a /* b */', 'a,', '$1',
                  'a LIMIT 1', 'sum(a) OVER ()', 'a) , (b', 't.a', 'EXISTS (SELECT 1)']) AS e;

-- A table of persons of whom some are there twice or three times, with errors; a dear one has all kinds of names.
CREATE TABLE pg_temp.person AS
SELECT row_number() OVER (ORDER BY h) AS id, p AS truth, forename AS "First Name", CASE WHEN k > 0 AND h % 5 = 0 THEN left(surname, 3) || 'x' || substr(surname, 4) ELSE surname END AS "Nachname",
       CASE WHEN h % 11 = 0 THEN NULL ELSE to_char(DATE '1940-01-01' + (hashint8extended(p, 3) & 16383)::integer, 'YYYY-MM-DD') END AS dob,
       CASE WHEN h % 3 = 0 THEN NULL ELSE lower(forename) || p || '@mail.com' END AS email, 'always' AS constant, NULL::text AS nothing
FROM (SELECT p, k, abs(hashint8extended(p * 10 + k, 1)) AS h, 'Forename' || chr(65 + (p % 26)::integer) || (p * 7 % 19) AS forename, 'Surname' || (p * 13 % 97) || chr(97 + (p % 23)::integer) AS surname
      FROM generate_series(1, 400) AS p, generate_series(0, 2) AS k WHERE k <= p % 3) AS s;

CREATE TEMP TABLE trained AS SELECT patternos.train_match_model(NULL, '{"unique_id": "id"}', 'pg_temp.person') AS d;
SELECT is((SELECT jsonb_agg(c -> 'columns') FROM trained, jsonb_array_elements(d -> 'comparisons') AS c),
          '[["First Name", "Nachname"], ["dob"], ["email"]]', 'columns are recognised, the truth, constant and empty ones left alone');
SELECT ok(abs((d ->> 'probability_two_random_records_match')::float8 / (SELECT sum(n * (n - 1)) / (max(t) * (max(t) - 1))
              FROM (SELECT count(*) AS n, (SELECT count(*) FROM pg_temp.person) AS t FROM pg_temp.person GROUP BY truth) AS s)::float8 - 1) < 0.1,
          'lambda is within a tenth of the truth') FROM trained;
SELECT ok(bool_and((SELECT abs(sum((l ->> 'm')::float8) - 1) < 1e-6 AND (abs(sum((l ->> 'u')::float8) - 1) < 1e-6 OR c ->> 'kind' = 'email') FROM jsonb_array_elements(c -> 'levels') AS l)),
          'm and u of a comparison sum to 1, but u of similar addresses beside a name')
FROM trained, jsonb_array_elements(d -> 'comparisons') AS c;
SELECT ok(jsonb_array_length(d -> 'training' -> 'passes') >= 2, 'two or more passes') FROM trained;

CREATE TABLE pg_temp.shuffled AS SELECT * FROM pg_temp.person ORDER BY hashint8(id);
SELECT is(patternos.train_match_model(NULL, '{"unique_id": "id"}', 'pg_temp.shuffled') - 'relation', d - 'relation', 'rows in another order, the same document') FROM trained;
SELECT is(patternos.train_match_model(NULL, d -> 'settings' || '{"unique_id": "id"}', 'pg_temp.person')::text, d::text, 'the same again') FROM trained;

-- With the truth the parameters are those of the truth, and EM without it is near.
CREATE TEMP TABLE told AS SELECT patternos.train_match_model(NULL, '{"unique_id": "id", "labels": {"column": "truth"}}', 'pg_temp.person') AS d;
SELECT is(d -> 'training' -> 'lambda' ->> 'source', 'labels', 'lambda comes from the labels') FROM told;
SELECT ok(max(abs((a ->> 'm')::float8 - (b ->> 'm')::float8)) < 0.05, 'm without labels is within 0.05 of m with them')
FROM trained AS t, told AS x, jsonb_array_elements(t.d -> 'comparisons') WITH ORDINALITY AS c (c, n), jsonb_array_elements(c.c -> 'levels') WITH ORDINALITY AS a (a, i),
     jsonb_array_elements(x.d -> 'comparisons') WITH ORDINALITY AS e (c, n), jsonb_array_elements(e.c -> 'levels') WITH ORDINALITY AS b (b, i)
WHERE c.n = e.n AND a.i = b.i;

-- Labels in a table: pairs that are said to differ pull the model towards it.
CREATE TABLE pg_temp.said AS SELECT a.id::text AS unique_id_l, b.id::text AS unique_id_r, false AS same
FROM pg_temp.person AS a JOIN pg_temp.person AS b ON a.truth = b.truth AND a.id < b.id;
SELECT ok((patternos.train_match_model(NULL, '{"unique_id": "id", "labels": {"table": "pg_temp.said"}}', 'pg_temp.person') ->> 'probability_two_random_records_match')::float8
          < (d ->> 'probability_two_random_records_match')::float8 / 5, 'labels of pairs count') FROM trained;

-- Links between two and three sources: only pairs between them are counted, and lambda is theirs.
CREATE TABLE pg_temp.linked AS SELECT id, truth, "First Name", "Nachname", dob, email, 'source ' || id % 2 AS two, 'source ' || id % 3 AS three FROM pg_temp.person;
SELECT ok(abs((patternos.train_match_model(NULL, format('{"unique_id": "id", "link_type": "link_only", "source": %s}', to_json(source))::jsonb, 'pg_temp.linked')
              ->> 'probability_two_random_records_match')::float8 / truth - 1) < 0.15, source || ' sources: lambda is that of pairs between them')
FROM (SELECT 'two' AS source, (SELECT avg((a.truth = b.truth)::integer)::float8 FROM pg_temp.linked a, pg_temp.linked b WHERE a.two < b.two) AS truth
      UNION ALL SELECT 'three', (SELECT avg((a.truth = b.truth)::integer)::float8 FROM pg_temp.linked a, pg_temp.linked b WHERE a.three < b.three)) AS s;

-- Without rights on the warehouse a table of one's own can be trained on, but nothing registered.
CREATE ROLE regress_match_user;
GRANT ALL ON pg_temp.person TO regress_match_user;
SET LOCAL ROLE regress_match_user;
SELECT ok(patternos.train_match_model(NULL, '{"unique_id": "id", "max_pairs": 1000}', 'pg_temp.person') IS NOT NULL, 'trained without rights on the warehouse');
SELECT throws_ok($$SELECT patternos.train_match_model('mine', '{"unique_id": "id"}', 'pg_temp.person')$$, '42501', NULL, 'not registered');
SELECT throws_ok($$SELECT patternos.match_model('mine')$$, '42501', NULL, 'not read');
RESET ROLE;

-- Degenerate tables: the priors of the kinds remain.
CREATE TABLE pg_temp.tiny (id integer PRIMARY KEY, name text, dob date);
SELECT lives_ok($$SELECT patternos.train_match_model(NULL, '{"comparisons": [{"column": "name"}, {"column": "dob"}], "blocking": ["name"]}', 'pg_temp.tiny')$$, 'no row');
INSERT INTO pg_temp.tiny VALUES (1, 'Ann Lee', '1990-02-03');
SELECT lives_ok($$SELECT patternos.train_match_model(NULL, '{"comparisons": [{"column": "name"}, {"column": "dob"}], "blocking": ["name"]}', 'pg_temp.tiny')$$, 'one row');
INSERT INTO pg_temp.tiny VALUES (2, NULL, NULL);
SELECT lives_ok($$SELECT patternos.train_match_model(NULL, '{"comparisons": [{"column": "name"}, {"column": "dob"}], "blocking": ["name"]}', 'pg_temp.tiny')$$, 'two rows without a pair');
INSERT INTO pg_temp.tiny SELECT n, 'Ann Lee', '1990-02-03' FROM generate_series(3, 60) AS n;
SELECT ok((patternos.train_match_model(NULL, '{"comparisons": [{"column": "name"}, {"column": "dob"}], "blocking": ["name"]}', 'pg_temp.tiny')
           #>> '{comparisons,0,levels,0,m}')::float8 > 0.5, 'all rows the same');
SELECT throws_ok($$SELECT patternos.train_match_model(NULL, '{}', 'pg_temp.tiny')$$, '22023', NULL, 'nothing worth comparing is said');

-- All rows are one, so lambda is as near to 1 as a model may have it.
CREATE TABLE pg_temp.same AS SELECT i AS id, 'same'::text AS name FROM generate_series(1, 20) AS i;
SELECT is((SELECT clusters FROM patternos.dedupe('pg_temp.same', '{"unique_id": "id", "comparisons": [{"column": "name"}], "blocking": ["name"]}', 'pg_temp.same_people')), 1::bigint, 'twenty rows of one value');

-- A NULL among the members of an array is no member.
CREATE TABLE pg_temp.holes AS
SELECT i AS id, CASE WHEN i % 3 = 0 THEN ARRAY[NULL, 'device ' || i / 2, ''] WHEN i % 3 = 1 THEN ARRAY['device ' || i / 2, NULL] END AS devices, 'Name' || i / 2 AS name
FROM generate_series(1, 200) AS i;
SELECT lives_ok($$SELECT patternos.train_match_model(NULL, '{"unique_id": "id", "comparisons": [{"column": "devices", "tf": true}, {"column": "name"}], "blocking": ["devices", "name"]}', 'pg_temp.holes')$$, 'NULL in arrays');

-- Where addresses are made of names, nearly all namesakes have similar ones, and u says so; where they are made of nothing hardly any. m is the
-- share of the pairs of a person, one in five, that have a digit wrong.
CREATE FUNCTION pg_temp.made_up(consonants text, seed integer) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(substr(consonants, 1 + (hashint4(seed * 10 + n) & 1023) % 10, 1) || substr('aeiou', 1 + (hashint4(seed * 10 + n + 500) & 1023) % 5, 1), '')
    FROM generate_series(1, 3) AS n
$$;
CREATE TABLE pg_temp.mailbox AS
SELECT 2 * person + copy AS id, pg_temp.made_up('kmrtnsvdlp', person % 23) AS first_name, pg_temp.made_up('bghjkrstvn', person * 7 % 29 + 100) AS surname,
       date '1960-01-01' + (hashint4(person + 14000) & 1048575) % 15000 AS dob,
       (ARRAY['Pune', 'Delhi', 'Kochi', 'Surat', 'Patna', 'Indore', 'Nashik', 'Agra'])[1 + (hashint4(person + 30000) & 7)] AS city,
       person, (hashint4(person + 21000) & 1023) % 100 + CASE WHEN person % 5 = 0 THEN copy ELSE 0 END AS number
FROM generate_series(0, 1999) AS person, generate_series(0, 1) AS copy;
CREATE VIEW pg_temp.of_names AS SELECT id, first_name, surname, dob, city, first_name || '.' || surname || number || '@mail.in' AS email FROM mailbox;
CREATE VIEW pg_temp.of_nothing AS SELECT id, first_name, surname, dob, city, left(md5(person::text), 12) || number || '@mail.in' AS email FROM mailbox;
CREATE FUNCTION pg_temp.likeness(relation regclass, OUT m numeric, OUT u numeric) LANGUAGE sql AS $$
    SELECT sum((l ->> 'm')::numeric), sum((l ->> 'u')::numeric)
    FROM jsonb_array_elements(patternos.train_match_model(NULL, '{"unique_id": "id"}', relation) -> 'comparisons') AS c, jsonb_array_elements(c -> 'levels') AS l
    WHERE c ->> 'kind' = 'email' AND l ->> 'test' NOT IN ('exact', 'else')
$$;
SELECT ok(m BETWEEN 0.19 AND 0.21 AND u > 0.9, format('addresses of names: m %s, u %s', m, u)) FROM pg_temp.likeness('pg_temp.of_names');
SELECT ok(m BETWEEN 0.19 AND 0.21 AND u < 0.01, format('addresses of nothing: m %s, u %s', m, u)) FROM pg_temp.likeness('pg_temp.of_nothing');
SELECT results_eq($$SELECT patternos._naming(format('{"comparisons": [{"kind": "%s", "levels": [{"test": "exact"}, {"test": "else"}]},
        {"kind": "email", "levels": [{"test": "exact"}, {"test": "user_exact"}, {"test": "else"}]}]}', kind)::jsonb) FROM unnest(ARRAY['name', 'date']) AS kind$$,
    $$VALUES (ARRAY[1, 1, 0, 2, 0]), (ARRAY[0, 0, 0, 0, 0])$$, 'a likeness beside a name, and without one');

-- Binary data is compared where it may be a Bloom filter, and is left alone where it is a digest or a picture.
CREATE TABLE pg_temp.picture AS
SELECT i AS id, 'name ' || md5((i / 2)::text) AS name, decode(md5((i / 2)::text), 'hex') AS digest, decode(repeat('ab', 10 + i % 50), 'hex') AS picture,
       patternos.bloom_encode('street ' || i / 2, '\x00112233445566778899aabbccddeeff', 'street') AS filter
FROM generate_series(1, 200) AS i;
SET LOCAL bytea_output = 'escape';
SELECT results_eq($$SELECT c ->> 'column', c ->> 'kind' FROM jsonb_array_elements(patternos.propose_match_settings('pg_temp.picture') -> 'comparisons') AS c$$,
    $$VALUES ('name', 'full_name'), ('filter', 'bloom')$$, 'filters, and what is none');

-- A "title" of people says Mr or Dr; one of things is their name, and compared as text.
CREATE TABLE pg_temp.offer AS
SELECT i AS id, 'cordless drill number ' || md5((i / 2)::text) AS title, 10 + i / 2 AS price, (ARRAY['Mr', 'Mrs', 'Dr'])[1 + i % 3] AS salutation FROM generate_series(1, 200) AS i;
SELECT is(patternos.propose_match_settings('pg_temp.offer') -> 'comparisons',
          '[{"kind": "number", "column": "price"}, {"kind": "text", "column": "title"}, {"kind": "exact", "column": "salutation"}]', 'a title of things, and a price');

-- Settings that cannot be.
SELECT throws_ok(format('SELECT patternos.train_match_model(NULL, %L, ''pg_temp.person'')', s), code, NULL, s)
FROM (VALUES ('{"blokking": []}', '22023'), ('[]', '22023'), ('{"link_type": "x"}', '22023'), ('{"link_type": "link_only"}', '22023'), ('{"unique_id": 5}', '22023'),
             ('{"comparisons": [{"column": "dob", "kind": "datum"}]}', '22023'), ('{"comparisons": [{"kind": "date"}]}', '22023'), ('{"comparisons": []}', '22023'),
             ('{"comparisons": [{"column": "nope"}]}', '42703'), ('{"unique_id": "nope"}', '42703'), ('{"recall": 0}', '22023'), ('{"max_pairs": "x"}', '22023'),
             ('{"blocking": ["nope"]}', '42703'), ('{"blocking": ["(SELECT 1)"]}', '42601'), ('{"blocking": ["random()::text"]}', '42P17'),
             ('{"comparisons": [{"column": "dob", "levels": [{"test": "exact"}, {"test": "sounds_like"}, {"test": "else"}]}]}', '22023'),
             ('{"blocking": [null]}', '22023'), ('{"exclusive": [1]}', '22023'), ('{"block_cap": 2.5}', '22023'), ('{"seed": 0.5}', '22023'),
             ('{"comparisons": [{"column": "dob", "levels": []}]}', '22023'),
             ('{"labels": {"columns": "x"}}', '22023'), ('{"probability_two_random_records_match": 1.5}', '22023')) AS v (s, code);
SELECT throws_ok($$SELECT patternos.train_match_model(NULL, NULL, 'pg_temp.person')$$, '22004', NULL, 'settings NULL');
SELECT throws_ok($$SELECT patternos.train_match_model(NULL, '{}')$$, '22023', NULL, 'no relation');
SELECT throws_ok($$SELECT patternos.train_match_model(NULL, '{"relation": "nowhere.to_be_seen"}')$$, '42P01', NULL, 'a relation that does not exist');

-- lambda given, or from deterministic rules
SELECT is(patternos.train_match_model(NULL, '{"unique_id": "id", "probability_two_random_records_match": 0.001}', 'pg_temp.person') ->> 'probability_two_random_records_match', '0.001', 'lambda as given');
SELECT is(patternos.train_match_model(NULL, '{"unique_id": "id", "deterministic_rules": ["email"], "recall": 0.5}', 'pg_temp.person') #>> '{training,lambda,source}', 'deterministic rules', 'lambda from rules');

-- The registry: each training a version.
SELECT ok(patternos.train_match_model('test persons', '{"unique_id": "id"}', 'pg_temp.person') IS NOT NULL, 'registered');
SELECT ok(patternos.train_match_model('test persons', '{"unique_id": "id", "probability_two_random_records_match": 0.001}', 'pg_temp.person') IS NOT NULL, 'registered');
SELECT is(patternos.match_model('test persons', 1), (SELECT d FROM trained), 'version 1');
SELECT is(patternos.match_model('test persons') ->> 'probability_two_random_records_match', '0.001', 'the newest version');
SELECT throws_ok($$SELECT patternos.match_model('test persons', 3)$$, '42704', NULL, 'no such version');
SELECT throws_ok($$SELECT patternos.train_match_model('', '{"unique_id": "id"}', 'pg_temp.person')$$, '22023', NULL, 'no name');

SELECT * FROM finish();
ROLLBACK;
