-- Match models: kinds, levels, records, patterns and weights.
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.doc(kind text, columns text[], levels jsonb DEFAULT NULL, tf boolean DEFAULT false) RETURNS jsonb
LANGUAGE sql AS $$
SELECT jsonb_build_object('probability_two_random_records_match', 0.5,
    'columns', (SELECT jsonb_agg(jsonb_build_object('column', c, 'tf', tf, 'kind',
                    CASE WHEN cardinality(columns) = 3 THEN 'exact' WHEN cardinality(columns) = 2 AND kind = 'full_name' THEN 'name' ELSE kind END))
                FROM unnest(columns) AS c),
    'comparisons', jsonb_build_array(jsonb_build_object('name', 'x', 'kind', kind, 'columns', to_jsonb(columns),
        'levels', coalesce(levels, patternos._kind_levels(kind, cardinality(columns))))))
$$;
-- label of the level that two values have, and that both orders give the same
CREATE FUNCTION pg_temp.level(kind text, a text, b text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    d jsonb := pg_temp.doc(kind, ARRAY['x']);
    m bytea := patternos._compile_match_model(d);
    p bigint := patternos._match_pattern(patternos._encode_record(m, a), patternos._encode_record(m, b), m);
BEGIN
    IF p <> patternos._match_pattern(patternos._encode_record(m, b), patternos._encode_record(m, a), m) THEN RETURN 'NOT SYMMETRIC'; END IF;
    RETURN CASE WHEN p = 0 THEN 'null' ELSE d #>> ARRAY['comparisons', '0', 'levels', (jsonb_array_length(d #> '{comparisons,0,levels}') - p)::text, 'label'] END;
END $$;
CREATE FUNCTION pg_temp.level2(kind text, a text[], b text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    d jsonb := pg_temp.doc(kind, CASE cardinality(a) WHEN 2 THEN ARRAY['f', 's'] ELSE ARRAY['y', 'm', 'd'] END);
    m bytea := patternos._compile_match_model(d);
    p bigint;
BEGIN
    IF cardinality(a) = 2 THEN
        p := patternos._match_pattern(patternos._encode_record(m, a[1], a[2]), patternos._encode_record(m, b[1], b[2]), m);
    ELSE
        p := patternos._match_pattern(patternos._encode_record(m, a[1], a[2], a[3]), patternos._encode_record(m, b[1], b[2], b[3]), m);
    END IF;
    RETURN CASE WHEN p = 0 THEN 'null' ELSE d #>> ARRAY['comparisons', '0', 'levels', (jsonb_array_length(d #> '{comparisons,0,levels}') - p)::text, 'label'] END;
END $$;

-- each kind's m and u are distributions; else comes last
SELECT k, n, round(sum((l ->> 'm')::numeric), 9) AS m, round(sum((l ->> 'u')::numeric), 9) AS u, count(*) AS levels
FROM (VALUES ('exact', 1), ('name', 1), ('full_name', 1), ('full_name', 2), ('date', 1), ('date', 3), ('email', 1), ('phone', 1),
             ('postcode', 1), ('address', 1), ('text', 1), ('number', 1), ('set', 1), ('bloom', 1), ('bloom', 2), ('identifier', 1), ('gender', 1)) AS v (k, n),
     jsonb_array_elements(patternos._kind_levels(k, n)) AS l
GROUP BY k, n ORDER BY k, n;

SELECT kind, a, b, pg_temp.level(kind, a, b) FROM (VALUES
    ('exact', ' Abc  D', 'abc d'), ('exact', 'abc', 'abd'), ('exact', '-', 'abc'), ('exact', 'N/A', 'N/A'),
    ('name', 'José', 'JOSE'), ('name', 'Dr. Anand', 'anand'), ('name', 'anand', 'ananda'), ('name', 'kate', 'cate'), ('name', 'bob', 'robert'),
    ('name', 'j', 'john'), ('name', 'sita', 'rahul'), ('name', 'unknown', 'rahul'), ('name', 'नरेंद्र', 'नरेन्द्र'), ('name', '', 'x'),
    ('full_name', 'Smith, John', 'John Smith'), ('full_name', 'smith john', 'john smith'), ('full_name', 'john w smith', 'john smith'),
    ('full_name', 'bob smith', 'robert smith'), ('full_name', 'jon smyth', 'john smith'), ('full_name', 'j smith', 'john smith'),
    ('full_name', 'smith', 'john smith'), ('full_name', 'john', 'john smith'), ('full_name', 'mary smith', 'john smith'),
    ('full_name', 'john brown', 'john smith'), ('full_name', 'mary brown', 'john smith'),
    ('date', '1971-06-24', '24 June 1971'), ('date', '06/24/1971', '24.6.1971'), ('date', '1971-06-05', '1971-05-06'),
    ('date', '1971-06-24', '1971-06-25'), ('date', '1971-06-24', '1917-06-24'), ('date', '19711324', '19711224'), ('date', '1971-06-24', '1971-08-24'),
    ('date', '1971-06-24', '1984-06-24'), ('date', '1971-06-24', '1971-11-03'), ('date', '1971-12-28', '1972-03-09'), ('date', '1971', '1971-03-09'),
    ('date', '1850-01-01', '1851-01-01'), ('date', '1850-01-01', '1872-01-01'), ('date', '1900-01-01', '1971-06-24'), ('date', 'infinity', '1971-06-24'),
    ('date', '1971-06-24', '1935-11-30'),
    ('email', 'A.B+x@Gmail.com', 'ab@gmail.com'), ('email', 'anita@x.com', 'anita@y.org'), ('email', 'anita@x.com', 'anitha@x.com'), ('email', 'na@na.com', 'anita@x.com'),
    ('email', 'anita@x.com', 'rahul@y.org'), ('email', 'anita.x.com', 'anita.x.com'),
    ('phone', '+91 98765 43210', '09876543210'), ('phone', '+44 20 7946 0018', '020 7946 0018'), ('phone', '98765 43210', '98765 43211'),
    ('phone', '01119876543', '9876543'), ('phone', '0000000000', '9876543210'), ('phone', '9876543210', '9123456780'),
    ('postcode', 'sw1a 2aa', 'SW1A2AA'), ('postcode', 'SW1A 2AA', 'SW1A 2AB'), ('postcode', 'SW1A 2AA', 'SW1A 2BC'), ('postcode', 'SW1A 2AA', 'SW1A 9ZZ'),
    ('postcode', '560001', '110001'), ('postcode', '000000', '560001'),
    ('address', '12, M.G. Rd', '12 MG Road'), ('address', '12 Hill Road, Bandra', 'Bandra, 12 Hill Rd'), ('address', '12 Hill Road', '12 Hil Road'),
    ('address', 'rose street', 'park street'), ('address', '12 hill road', '14 park avenue'), ('address', '12 hill road', '12 park avenue'),
    ('text', 'London', 'Lonon'), ('text', 'new delhi', 'delhi'), ('text', 'london', 'paris'), ('text', 'London!', 'london'),
    ('number', '1,000', '1e3'), ('number', '100', '101'), ('number', '100', '104'), ('number', '100', '120'), ('number', '100', '200'), ('number', 'abc', '1'),
    ('set', 'a;b', 'c;d'), ('set', '{}', 'a')) AS v (kind, a, b);

SELECT a, b, pg_temp.level2('full_name', a, b) FROM (VALUES
    (ARRAY['john', 'smith'], ARRAY['John', 'SMITH']), (ARRAY['smith', 'john'], ARRAY['john', 'smith']), (ARRAY['jhon', 'smith'], ARRAY['john', 'smith']),
    (ARRAY['john', 'smyth'], ARRAY['john', 'smith']), (ARRAY['bob', 'smiht'], ARRAY['robert', 'smith']), (ARRAY['jhon', 'smithe'], ARRAY['john', 'smith']),
    (ARRAY['j', 'smith'], ARRAY['john', 'smith']), (ARRAY[NULL, 'smith'], ARRAY['john', 'smith']), (ARRAY['john', NULL], ARRAY['john', 'smith']),
    (ARRAY[NULL, 'smithe'], ARRAY['john', 'smith']), (ARRAY['jhon', NULL], ARRAY['john', 'smith']), (ARRAY['mary', 'smith'], ARRAY['john', 'smith']),
    (ARRAY['john', 'brown'], ARRAY['john', 'smith']), (ARRAY['mary', 'brown'], ARRAY['john', 'smith']), (ARRAY['john', NULL], ARRAY[NULL, 'smith']),
    (ARRAY[NULL, NULL], ARRAY['john', 'smith'])) AS v (a, b);
SELECT a, b, pg_temp.level2('date', a, b) FROM (VALUES
    (ARRAY['1971', '6', '5'], ARRAY['1971', '6', '5']), (ARRAY['1971', '5', '6'], ARRAY['1971', '6', '5']), (ARRAY['1971', '6', '7'], ARRAY['1971', '6', '5']),
    (ARRAY['1971', '7', '8'], ARRAY['1971', '6', '5']), (ARRAY['1972', '7', '8'], ARRAY['1971', '6', '5']), (ARRAY['1972', NULL, NULL], ARRAY['1971', '6', '5'])) AS v (a, b);

-- generations, scripts, firms of one word, and numbers of documents
SELECT kind, a, b, pg_temp.level(kind, a, b) FROM (VALUES
    ('full_name', 'David Dobbins Jr', 'David Dobbins Senior'), ('full_name', 'David Dobbins Jr', 'David Dobbins'), ('full_name', 'Dobbins Jr, David', 'David Dobbins II'),
    ('full_name', 'Morris I Klein', 'Morris II Klein'), ('full_name', 'Morris Klein III', 'Morris Klein III'), ('full_name', 'Junior Silva', 'Senior Silva'),
    ('full_name', 'Junior Silva', 'Junior Silva Sr'), ('full_name', 'Keeley Jones', 'Kaylee Jones'), ('full_name', 'Müllenkranz', 'Mullenkrants'),
    ('full_name', 'Васильев, Александр Павлович', 'Alexander Pavlovich Vasiliev'), ('full_name', 'فيصل صديقي', 'Faisal Siddiqui'), ('full_name', 'Παπαδόπουλος Γιώργος', 'giorgos papadopoulos'),
    ('full_name', '王杰', 'Wang Jie'), ('full_name', '王杰', '王杰'), ('name', '王', 'Wang'), ('name', 'Smith Jr', 'Smith Sr'), ('name', 'Smith Jr.', 'Smith'), ('name', 'Morris II', 'Morris'),
    ('email', 'Maria S <maria.s@x.org>', 'maria.s@x.org'), ('email', '"S, M" <MARIA.S@x.org>', 'maria.s@x.org'), ('email', 'a<b', 'a<b'),
    ('identifier', '521-21-2123', '521212123'), ('identifier', 'de 123 456 789', 'DE123456789'), ('identifier', '521212123', '521212132'), ('identifier', '521212123', '521212199'),
    ('identifier', '10251111', '10252222'), ('identifier', '000-00-0000', '521212123'), ('identifier', 'unknown', '521212123'), ('identifier', '123456789', '123456789'), ('identifier', '521212123.0', '521212123'),
    ('gender', 'M', 'male'), ('gender', 'Female', 'f'), ('gender', 'M', 'F'), ('gender', 'U', 'F'), ('gender', 'Unknown', 'M'), ('gender', 'Mrs.', 'W')) AS v (kind, a, b);
SELECT pg_temp.level2('full_name', a, b) FROM (VALUES
    (ARRAY['Morris I', 'Klein'], ARRAY['Morris II', 'Klein']), (ARRAY['David', 'Dobbins Jr'], ARRAY['David', 'Dobbins']), (ARRAY['David', 'Dobbins Jr'], ARRAY['David', 'Dobbins Sr']),
    (ARRAY['杰', '王'], ARRAY['Jie', 'Wang']), (ARRAY['Lea', 'Toulouse'], ARRAY['Leigh', 'Toulouse'])) AS v (a, b);

-- arguments of every type, whatever the session's settings
SET datestyle = 'SQL, DMY';
WITH m AS (SELECT patternos._compile_match_model(jsonb_set(pg_temp.doc('date', ARRAY['x']), '{columns}',
        '[{"column": "x", "kind": "date"}, {"column": "i", "kind": "exact"}, {"column": "n", "kind": "number"}, {"column": "s", "kind": "set", "tf": true}]')) AS m)
SELECT patternos._encode_record(m, date '1971-06-24', 17, 17, ARRAY[3, 1], ARRAY[.5, .25]) =
       patternos._encode_record(m, timestamptz '1971-06-24 12:00+00', '17'::text, 17.0::float4, ARRAY['1', '3', '3']::text[], ARRAY[.25, .5, .5]::float4[]) AS same,
       patternos._encode_record(m, 'infinity'::date, NULL::uuid, 'NaN'::float8, NULL::int[], NULL::float8[]) =
       patternos._encode_record(m, '290000-01-01'::timestamp, NULL::int, '-infinity'::numeric, ARRAY[NULL]::int[], ARRAY[.1]) AS all_null
FROM m;
RESET datestyle;

-- terms sum to the weight; frequencies count by the larger, at the level's columns
WITH m AS (SELECT patternos._compile_match_model(pg_temp.doc('name', ARRAY['x'], '[{"test": "exact", "m": 0.5, "u": 0.25, "tf_weight": 2, "tf_floor": 0.125}, {"test": "else", "m": 0.5, "u": 0.75}]', true)) AS m)
SELECT patternos._match_terms(patternos._encode_record(m, 'a'::text, x), patternos._encode_record(m, 'a'::text, y), m),
       patternos._match_weight(patternos._encode_record(m, 'a'::text, x), patternos._encode_record(m, 'a'::text, y), m)
FROM m, (VALUES (.5, .25), (.01, .01), (NULL, .5), (NULL, NULL), (0, 2)) AS v (x, y);
SELECT w, patternos.match_probability(w), round(patternos.match_weight(patternos.match_probability(w))::numeric, 9) AS again FROM unnest(ARRAY[0, 1, -1, 20, -900]::float8[]) AS w
UNION ALL SELECT w, patternos.match_probability(w), NULL FROM unnest(ARRAY['infinity', '-infinity', 'NaN', 2000]::float8[]) AS w;
