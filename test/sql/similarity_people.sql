-- Names, addresses, dates, keys by sound, sets and filters.
SET extra_float_digits = -11;
SET datestyle = iso;

SELECT a, b, patternos.name_similarity(a, b)
FROM (VALUES ('Ravi Sharma', 'Ravi Sharma'), ('Sharma, Ravi', 'Mr. Ravi Sharma'), ('Ravi Sharma', 'Sharma Ravi'), ('R. K. Sharma', 'Ravi Kumar Sharma'),
             ('Bob Smith', 'Robert Smith'), ('Mohd. Rafi', 'Mohammed Rafi'), ('Ram Kumar', 'RAMKUMAR'), ('Priya', 'Priya Nair'), ('Smt. Priya Nair W/O Ravi', 'Nair Priya'),
             ('John Smith', 'Jane Smith'), ('Amit Shah', 'Rohit Verma'), ('José García', 'Jose Garcia'), ('राम कुमार', 'राम कुमार'), ('Dr', 'Dr'), ('John Smith Jr', 'John Smith, Jr')) v (a, b);
SELECT patternos.name_similarity('', 'x') IS NULL, patternos.name_similarity('...', '123') IS NULL, patternos.name_similarity('test', 'test') IS NULL;

SELECT a, b, patternos.address_similarity(a, b)
FROM (VALUES ('House No. 5, Nehru Ngr', '5 Nehru Nagar'), ('Flat 4, 12 Park Street', '12 Park St, Flat 4'), ('12 Park Street', '14 Park Street'),
             ('12/B S.V. Road', '12 B SV Rd'), ('Sector 21 Noida', 'Sector 22 Noida'), ('12 Park Street', 'Park Street'), ('1 A', '2 B'), ('14 Hill Road 12', '12 Hill Road')) v (a, b);
-- one letter behind a number belongs to it, two are initials
SELECT patternos.address_similarity('12 M.G. Road', '12, MG Rd') AS initials, patternos.address_similarity('12 B Park Street', '12-B Park St') AS letter,
       patternos.address_similarity('12 B', '12b') AS only_letter, patternos.address_similarity('12 M.G. Road', '14 MG Road') < 0.5 AS other_house;
SELECT patternos.address_similarity('', 'x') IS NULL, patternos.address_similarity(E'5 Hill Road\nPune', '5 Hill Road, Pune');

SELECT a, b, patternos.date_comparison(a, b), patternos.date_similarity(a, b), patternos.date_comparison(b, a) = patternos.date_comparison(a, b) AS symmetric
FROM (VALUES (date '1985-03-12', date '1985-03-12'), ('1985-03-12', '1985-12-03'), ('1985-03-12', '1985-03-21'), ('1985-03-12', '1958-03-12'), ('1985-03-12', '1995-03-12'),
             ('1985-03-12', '1985-03-28'), ('1985-03-12', '1985-11-20'), ('1985-03-12', '1962-08-30'), ('1985-01-01', '1985-01-01'), ('1970-01-01', '1970-01-01'),
             ('1985-03-12', '1900-01-01'), ('infinity', 'infinity'), ('4713-01-01 BC', '1985-01-01'), ('294276-12-31', '294276-12-31'), ('1999-12-31', '2000-01-01')) v (a, b);

-- spellings of one name
SELECT spellings, array_agg(DISTINCT patternos.phonetic_key(s))
FROM unnest(ARRAY['Krishna Krisna कृष्ण కృష్ణ কৃষ্ণ', 'Lakshmi Laxmi Laksmi लक्ष्मी', 'Chaudhary Choudhury Chowdhury Chaudhari', 'Mohammed Muhammad Mohd Mohamad',
    'Srinivas Shrinivas Sreenivas', 'Catherine Kathryn Katherine', 'Smith Smyth', 'Philip Filip Phillip', 'Knight Night', 'Wright Right', 'Agarwal Aggarwal Agrawal',
    'Shambhu Sambhu शंभु', 'Banerjee Banerji', 'Dixit Dikshit', 'Zakir Jakir', 'Shaikh Sheikh', 'Bhavna Bhawna', 'Bachchan Bacchan Bachan', 'Iyer Aiyar Ayyar',
    'Geeta Gita', 'Pooja Puja', 'Deepak Dipak', 'Nicholas Nicolas', 'Christine Kristine', 'Geoffrey Jeffrey', 'Vishwanath Viswanath']) WITH ORDINALITY g (spellings, n),
    LATERAL unnest(string_to_array(spellings, ' ')) s
GROUP BY spellings, n ORDER BY n;
SELECT patternos.phonetic_key(''), patternos.phonetic_key('12 34'), patternos.phonetic_key('Иван Петров'), length(patternos.phonetic_key(repeat('baka', 500)));

SELECT patternos.set_overlap('{a,b,b,NULL}'::text[], '{b,c}'), patternos.set_overlap('{1,2,3}'::bigint[], '{2,3,4}'), patternos.set_overlap('{}'::text[], '{a}'),
       patternos.set_overlap('{NULL}'::bigint[], '{1}'), patternos.set_overlap('{{a,b},{c,d}}'::text[], '{a,b,c,d}');
-- log2(1/0.5) = 1, log2(1/0.125) = 3, log2(1/0.25) = 2
SELECT patternos.set_overlap('{x,y}'::text[], '{x,z}', '{"x": 0.5, "y": 0.125, "z": 0.25}') = 1 / 6.0::float8,
       patternos.set_overlap('{1,2}'::bigint[], '{1,3}', '{"1": 0.5, "2": 0.125, "": 0.25}') = 1 / 6.0::float8;
SELECT patternos.token_overlap('Tata Motors, Ltd.', E'TATA\nmotors limited'), patternos.token_overlap('', 'a'),
       patternos.token_overlap(repeat('one two ', 1000), 'two three'), patternos.token_overlap('test', 'test');

CREATE FUNCTION pg_temp.attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate || ' ' || sqlerrm;
END
$$;
SELECT statement, pg_temp.attempt('SELECT patternos.' || statement)
FROM unnest(ARRAY['set_overlap(''{a}''::text[], ''{a}'', ''{"a": 0}'')', 'set_overlap(''{a}''::text[], ''{a}'', ''{"a": 1.5}'')', 'set_overlap(''{a}''::text[], ''{a}'', ''{"a": "x"}'')',
    'set_overlap(''{a}''::text[], ''{a}'', ''[]'')', 'set_overlap((SELECT array_agg(i) FROM generate_series(1, 70000) i)::text[], ''{a}'')',
    'bloom_encode(''a'', ''\x00'', ''name'')', 'bloom_encode(''a'', sha256(''k''), ''name'', 100)', 'bloom_encode(''a'', sha256(''k''), ''name'', 64, 65)',
    'bloom_encode(repeat(''a'', 70000), sha256(''k''), ''name'')', 'bloom_dice('''', '''')', 'bloom_dice(''\x00'', ''\x00'')',
    'bloom_dice(''\xffff0000000000000000'', ''\x00000000000000000000'')', 'bloom_dice(''\x02000000000000000000'', ''\x02000000000000000000'')', 'bloom_dice(''\x0100ff00000000000000'', ''\x0100ff00000000000000'')']) statement;

-- a filter states its number of bits; without common grams little is alike; digits by position
WITH f AS (SELECT v, patternos.bloom_encode(v, sha256('k'), 'name') AS filter FROM unnest('{priya sharma,priya sharmaa,rahul verma,9876543210,+91-9876543210,98765 43210}'::text[]) v)
SELECT a.v, b.v, bit_count(substr(a.filter, 3)) = get_byte(a.filter, 0) + 256 * get_byte(a.filter, 1) AS stated, round(patternos.bloom_dice(a.filter, b.filter)::numeric, 2)
FROM f a JOIN f b ON (a.v, b.v) IN (('priya sharma', 'priya sharma'), ('priya sharma', 'priya sharmaa'), ('priya sharma', 'rahul verma'), ('9876543210', '98765 43210'), ('9876543210', '+91-9876543210'));
SELECT patternos.bloom_encode('', sha256('k'), 'name') IS NULL, patternos.bloom_encode('a', sha256('k'), 'name') = patternos.bloom_encode('a', sha256('k'), 'city'),
       patternos.bloom_encode('a', sha256('k'), 'name') = patternos.bloom_encode('a', sha256('l'), 'name');
RESET extra_float_digits;
RESET datestyle;
