-- Lists of items, shares of a total, brands and categories.
SELECT n, patternos.split_items(list) FROM (VALUES
    (1, 'Amul Ghee 1L, Parle-G 80g,Dove Soap'),
    (2, 'Flight - Pune to Leh (Economy, Window), Hotel - Taj Goa [2N, 1 room], Cab'),
    (3, ' , ,, '), (4, ''), (5, 'one'), (6, E' a \t,\u00a0b\u00a0,\nc\r\nd '),
    (7, '"Salt, iodised 1kg", Tea'), (8, '"He said ""hi""", x'), (9, '["a, b","c \"d\" e"]'), (10, '[a, b]'),
    (11, '[a], [b]'), (12, 'TV 55" LED, Cable 5"'), (13, '"open, never closed'), (14, 'x (open, y, z'), (15, 'a), b (c))d, e'),
    (16, 'Dot & Key Serum, L''Oreal Kajal, x2 Tea, 2 x Milk'), (17, '((a, b), c), d'), (18, '"a" b, c'), (19, '"", "  ", d')) v (n, list)
ORDER BY n;
SELECT patternos.split_items(NULL) IS NULL AS null_in_null_out;

-- whatever comes in, no part is empty, has white space around it or is more than the text
SELECT count(*) AS lists, count(*) FILTER (WHERE '' = ANY (parts)) AS empty_parts,
       bool_and((SELECT coalesce(sum(length(p)), 0) FROM unnest(parts) p) <= length(list)) AS no_longer,
       bool_and((SELECT coalesce(bool_and(p = btrim(p, E' \t\r\n\f\v')), true) FROM unnest(parts) p)) AS trimmed
FROM (SELECT list, patternos.split_items(list) AS parts
      FROM (SELECT string_agg(substr(E'ab ,()[]"\\\n''é', 1 + (hashint8extended(i, g) & 1023)::integer % 14, 1), '' ORDER BY i) AS list
            FROM generate_series(1, 3000) g, generate_series(1, 1 + g % 40) i GROUP BY g) x) y;
-- great input takes linear time
SELECT cardinality(patternos.split_items(repeat('(', 300000))), cardinality(patternos.split_items(repeat('"', 300000))),
       cardinality(patternos.split_items(repeat('a,', 300000))), cardinality(patternos.split_items(repeat('(),', 100000)));

-- largest remainder: the shares
SELECT patternos.allocate(100, '{1,1,1}'), patternos.allocate(-100, '{1,1,1}'), patternos.allocate(7, '{0,0,0}'),
       patternos.allocate(10, '{3,0,7}'), patternos.allocate(0, '{1,2}'), patternos.allocate(5, '{}'), patternos.allocate(1, '{2,2}');
SELECT patternos.allocate(9223372036854775807, '{9223372036854775807,9223372036854775807,1}'),
       patternos.allocate('-9223372036854775808', '{1}'), patternos.allocate('-9223372036854775808', '{1,1,1}');
SELECT patternos.allocate(1, '{1,-1}');
SELECT patternos.allocate(1, '{1,NULL}');

-- against the definition in plain SQL
CREATE FUNCTION pg_temp.shares(total bigint, weights bigint[]) RETURNS bigint[] LANGUAGE sql AS $$
    WITH w AS (SELECT i, CASE WHEN s.sum = 0 THEN 1 ELSE v END::numeric AS v, CASE WHEN s.sum = 0 THEN cardinality(weights) ELSE s.sum END AS sum
               FROM unnest(weights) WITH ORDINALITY u (v, i), (SELECT sum(x) FROM unnest(weights) x) s),
         f AS (SELECT i, div(abs(total::numeric) * v, sum) AS whole, mod(abs(total::numeric) * v, sum) AS rest FROM w),
         r AS (SELECT i, whole, row_number() OVER (ORDER BY rest DESC, i) AS place, abs(total::numeric) - sum(whole) OVER () AS missing FROM f)
    SELECT array_agg((sign(total::numeric) * (whole + (place <= missing)::integer))::bigint ORDER BY i) FROM r
$$;
SELECT count(*) AS cases, count(*) FILTER (WHERE patternos.allocate(total, weights) <> pg_temp.shares(total, weights)) AS different,
       count(*) FILTER (WHERE total <> (SELECT sum(s) FROM unnest(patternos.allocate(total, weights)) s)) AS not_adding_up
FROM (SELECT g, (hashint8extended(g, 1) >> (g % 50)) AS total,
             (SELECT array_agg((hashint8extended(g, 2 + i) & 9223372036854775807) >> (CASE WHEN g % 7 = 0 THEN 63 ELSE g % 60 END) ORDER BY i)
              FROM generate_series(1, 1 + g % 11) i) AS weights
      FROM generate_series(1, 2000) g) c;

-- longest alias at word boundaries, without case, accents, apostrophes and plural s
WITH d (aliases, brands) AS (VALUES (
    ARRAY['tata', 'Tata Salt', 'Dot & Key', 'L''Oreal', 'Ford', 'The Body Shop', 'MAC', 'Maruti Suzuki', 'Suzuki', 'Coca-Cola', 'Hershey''s', NULL, '', '&'],
    ARRAY['Tata', 'Tata Salt', 'Dot & Key', 'L''Oreal', 'Ford', 'The Body Shop', 'MAC', 'Maruti Suzuki', 'Suzuki', 'Coca-Cola', 'Hershey''s', 'x', 'y', NULL]))
SELECT item, patternos.match_brand(item, aliases, brands)
FROM d, unnest(ARRAY['Tata Salt Spices 5kg', 'TATA Curd', 'Salt Tata', 'dot AND key Primer', 'DOT&KEY', 'L’Oréal Paris', 'LOREAL', 'Affordable', 'Ford-Figo',
    'the  body/shop soap', 'Body Shop soap', 'Macaroni', 'Maruti Suzuki Dzire', 'New Suzuki', 'CocaCola', 'Coca Cola Zero', 'hershey kisses', '', 'R & D', 'Tata Ford']) item;
SELECT patternos.match_brand('a', '{a,b}', '{x}');
SELECT patternos.match_brand(repeat('word ', 100000), '{word}', '{Word}'), patternos.match_brand('a', '{}', '{}') IS NULL AS empty;
SELECT patternos.match_brand(repeat('x ', 600) || 'late', '{late}', '{Late}') IS NULL AS beyond_a_thousand_bytes;
-- the first pattern wins
SELECT item, patternos.match_rule(item, ARRAY['ice cream|kulfi', 'cream', '|', NULL, 'Biscuits|Cookies'])
FROM unnest(ARRAY['Vanilla Ice-Cream', 'Cream 200ml', 'Creamy Soup', 'Choco Cookie', 'biscuits', 'Cookies and cream']) item;
-- a dictionary that changes between calls
SELECT string_agg(coalesce(patternos.match_brand('a1 b2 c3', ARRAY[alias], ARRAY[alias]), '-'), '' ORDER BY n)
FROM unnest(ARRAY['a1', 'b2', 'zz', 'c3', 'a1']) WITH ORDINALITY u (alias, n);

-- against plain SQL: random items, random dictionary
CREATE FUNCTION pg_temp.brand(item text, aliases text[]) RETURNS text LANGUAGE sql AS $$
    SELECT a FROM unnest(aliases) a WHERE ' ' || item || ' ' LIKE '% ' || a || ' %'
    ORDER BY length(a) DESC, strpos(' ' || item || ' ', ' ' || a || ' ') LIMIT 1
$$;
WITH d AS (SELECT array_agg(DISTINCT (SELECT string_agg('w' || (hashint8extended(a, i) & 15), ' ') FROM generate_series(1, 1 + a % 3) i)) AS aliases FROM generate_series(1, 60) a),
     t AS (SELECT (SELECT string_agg('w' || (hashint8extended(g, 50 + i) & 31), ' ') FROM generate_series(1, 1 + g % 9) i) AS item FROM generate_series(1, 3000) g)
SELECT count(*), count(patternos.match_brand(item, aliases, aliases)) > 1000 AS found,
       count(*) FILTER (WHERE patternos.match_brand(item, aliases, aliases) IS DISTINCT FROM pg_temp.brand(item, aliases)) AS different
FROM t, d;
