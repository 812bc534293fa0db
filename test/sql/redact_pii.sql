-- Redaction of personal identifiers in text and JSON.

-- found
SELECT v, patternos.redact_pii(v) FROM unnest(ARRAY[
    'mail jane@example.com now', 'JANE.DOE+x@Sub.Example.CO.IN', '<jane@example.com>', 'jane@example.com.', 'a@b.co,c@d.org', 'jośe@exämple.de',
    'mailto:jane@example.com?subject=x', 'jane%40example.com', 'jane%2540example.com', 'u=jane%2Ework%40example%2Ecom&x=1', 'jane&#64;example.com',
    'jane\u0040example.com', 'o''brien@example.com', '9876543210@example.com', 'jane@example.com.123', '/user/jane@example.com/cart',
    '9876543210', 'call 98765 43210.', '98765-43210', '987-654-3210', '+919876543210', '+91 98765 43210', '+91-98765-43210', '(+91) 98765 43210',
    '09876543210', '0 98765 43210', '919876543210', '91 98765 43210', '0091-98765-43210', '+1 (650) 253-0000', '+44 20 7031 3000', '+6581234567',
    'tel:%2B919876543210', '?phone=9876543210&x', 'q=call+9876543210', '9876543210,9876543211', '9876543210/9876543211', '९८७६५४३२१०', '９８７６５４３２１０',
    '022-23456789', '080 41234567', '98765 43210 560001', 'order 17 9876543210',
    '4111111111111111', '4111 1111 1111 1111', '4111-1111-1111-1111', '5555555555554444', '378282246310005', '3782 822463 10005', '30569309025904',
    '6011111111111117', '2223003122003222', '4222222222222', '6304000000000000', '2341 2341 2346', '999941057058', '9999-4105-7058', '9999 4105 7058.']) AS v;

-- not found
SELECT v FROM unnest(ARRAY[
    '', 'Tata Salt 1kg, Amul Butter 100g', 'icon@2x.png', 'logo@3x.webp', '@handle', 'jane@localhost', 'lunch @ cafe.com', 'pkg@1.2.3', 'map/@12.9716,77.5946,15z',
    'a@b', '2025-08-02 22:02:55', '02/08/2025 10:15', '20250802221530', '1754152975', '1754152975123', '₹9876543210', '$9876543210', '9876543210/-',
    '9876543210.50', '1.9876543210', '77.5945627123', '#9876543210', 'ORD9876543210', 'AWB_9876543210', '9876543210X', '5876543210', '98765432101',
    '171-1234567-1234567', '408-9876543-2109876', 'B08N5WRWNW', '550e8400-e29b-41d4-a716-446655440000', '4111111111111112', '4111 1111 1111 1112',
    '1111222233334444', '2341 2341 2347', '999941057059', '123456789012', '0000000000', '560001', '12,34,567', '1,00,00,000', '5 kg 10 pcs 1999',
    'v1.2.3.4', '192.168.100.200', '8901030865278', 'Pack of 12 x 500 ml', '100%', '%', '%4', '%40', '\u00', '&#6', '+', '+91', '((((((((((']) AS v
WHERE patternos.redact_pii(v) IS DISTINCT FROM v;

-- JSON: keys, strings and numbers at any depth
SELECT patternos.redact_pii(v::jsonb) FROM unnest(ARRAY['"jane@example.com"', '9876543210', '12.5', 'null', '[]', '{}', '[[], {}, [{}]]',
    '{"jane@example.com": {"a": ["98765 43210", 9876543210, 1.50, true, null]}}', '{"a@b.com": 1, "c@d.com": 2}', '"4111 1111 1111 1111"',
    '{"url": "https://x.in/?e=jane%40example.com", "price": 1999, "id": 123456789012}']) AS v;

-- what is put together of parts that matter is redacted to something that is clean
SELECT setseed(0.25);
SELECT count(*) AS texts, count(*) FILTER (WHERE patternos.redact_pii(s) <> s) > 1000 AS many,
       count(*) FILTER (WHERE patternos.redact_pii(s) ~ '\m\+?(91)?[6-9]\d{9}\M' AND patternos.redact_pii(s) !~ '[#$₹_.%]|/-') AS left_over,
       count(*) FILTER (WHERE patternos.redact_pii(patternos.redact_pii(s)) <> patternos.redact_pii(s)) AS changed_again
FROM (SELECT string_agg((ARRAY['jane', '@', 'example.com', ' ', '9876543210', '98765', '43210', '+91', ' ', '-', ',', '(', ')', '/', 'x', '%40', '%2B', '.', '4111',
                               '1111', '?q=', '&', E'\n', 'é', '९'])[1 + floor(random() * 25)::int], '') AS s
      FROM generate_series(1, 20000) i, generate_series(1, 1 + i % 12) g GROUP BY i) t;

-- planted identifiers in long texts, all of them found
SELECT count(*) FROM generate_series(1, 2000) i,
    LATERAL (SELECT format('%s user%s@mail%s.in %s +91%s %s', repeat('word ', i % 50), i, i % 7, repeat('more, ', i % 30), 7000000000 + i * 131, repeat('end. ', i % 20)) AS s) t
WHERE patternos.redact_pii(s) !~ '\[email\].*\[phone\]' OR patternos.redact_pii(s) ~ '@|\d{5}';
SELECT length(patternos.redact_pii(repeat('a@b.co ', 100000))), length(patternos.redact_pii(repeat('9', 100000))), length(patternos.redact_pii(repeat('@', 100000))),
       length(patternos.redact_pii(repeat('1 ', 100000))), length(patternos.redact_pii(repeat('a', 100000) || '@'));
SELECT patternos.redact_pii(NULL::text) IS NULL, patternos.redact_pii(NULL::jsonb) IS NULL;
