-- Parsers of exported values: what they take, and the reason they give for what they refuse.
SET timezone = 'UTC';

-- amounts
SELECT v, patternos.parse_amount(v) AS amount, patternos.check_value('amount', v) AS verdict
FROM unnest(ARRAY['100', '100.5', '0', '-5', '+5', '.5', '5.', ' 7 ', '007', '1,234', '12,345', '123,456', '1,23,456', '1,23,456.50',
    '12,34,567', '1,00,00,000', '1,234,567', '1,2345', '1234,567', '12,34', ',123', '1,,234', '1,23,45,6', '1.234,56', '1 234',
    '₹500', '₹ 500', 'Rs.500', 'Rs. 1,23,456.50', 'rs 5', 'INR 5', '5 INR', '500/-', 'Rs. 500/-', '$5', 'US$5', '£5.25', '€5', '5 €',
    '₹₹5', '₹', 'Rs', '(500)', '(₹1,234.50)', '(-5)', '()', '(5', '500-', '-₹5', '₹-5', '--5', '5--', '−5', '500+', '+-5',
    '1e5', '1E5', '0x1F', 'NaN', 'Infinity', 'inf', '1_000', '12a', '½', '٥', '1.2.3', '0.00005', '0.00004', '-0.00005',
    '922337203685477.5807', '922337203685477.5808', '99999999999999999999', repeat('9', 65), '', '   ']) AS v;

-- dates without a known format
SELECT v, patternos.parse_datetime(v, '', 'Asia/Kolkata') AS moment, patternos.check_value('datetime', v) AS verdict
FROM unnest(ARRAY['2025-08-02', '2025-8-2', '2025/08/02', '2025.08.02', '2025-08/02', '20250802', '2025-08-02 22:02:55', '2025-08-02T22:02:55',
    '2025-08-02t22:02', '2025-08-02 22:02:55.123', '2025-08-02 22:02:55,123456789', '2025-08-02T22:02:55Z', '2025-08-02 22:02:55+00',
    '2025-08-02 22:02:55+05:30', '2025-08-02T22:02:55.5-0330', '2025-08-02 22:02:55 IST', '2025-08-02 22:02 UTC', '2025-08-02 22:02 PST',
    '2025-08-02 22:02:55+16:00', '2025-08-02 22:02+5', '2025-08-02Z', '20250802221530', '20250802T221530Z', '20250802 2215', '2025080222',
    '2-Aug-2025', '02-AUG-2025', '2 August 2025', '2nd Aug 2025', '02 Aug 2025 10:15 PM', '02 Aug 2025, 10:15 p.m.', '2 Aug 2025 12:00 AM',
    '2 Aug 2025 12:30 PM', '2 Aug 2025 13:00 PM', '2 Aug 2025 0:30 AM', 'Aug 2, 2025', 'August 2 2025 9:05', 'Sept 2, 2025', 'Sat, 02 Aug 2025 10:15:00 GMT',
    'Fri Aug 2 2025', '2/Aug/2025', '2.Aug.2025', '2-Aug-25', 'Aug 25', '02/08/2025', '25/08/2025', '08/25/2025', '08/08/2025', '25-08-2025 10:00',
    '25.08.2025', '25/25/2025', '02/08/25', '31/04/2025', '2024-02-29', '2025-02-29', '1900-02-29', '2000-02-29', '2025-02-30', '2025-13-01', '2025-00-10',
    '2025-01-00', '0000-00-00', '0001-01-01', '9999-12-31', '10000-01-01', '2025-08-02 24:00:00', '2025-06-30 23:59:60', '2025-08-02 23:60',
    '2025-08-02 7', '2025-08-02 22:2', 'now', 'today', 'tomorrow', 'epoch', 'infinity', '-infinity', 'allballs', '45870', '45870.5', '1754152975',
    '1754152975123', '2025', '2025-08', 'Aug 2025', '2025-08-02 22:02:55 x', '-2025-08-02', '2025-08-02 BC', '', ' ']) AS v;

-- the file's format decides where one is known
SELECT v, f, (patternos.parse_datetime(v, f, 'UTC'))::date
FROM unnest(ARRAY['02/08/2025', '2-8-25', '02.08.69', '25/08/2025', '08/25/2025', '2025-08-02', '2-Aug-25', 'Aug 2, 68']) AS v, unnest(ARRAY['dmy', 'mdy']) AS f;

-- a local time that does not exist, or exists twice, is read as PostgreSQL reads it
SELECT v, patternos.parse_datetime(v, '', 'Europe/Berlin') = (v::timestamp AT TIME ZONE 'Europe/Berlin') AS same
FROM unnest(ARRAY['2025-03-30 02:30:00', '2025-10-26 02:30:00', '1890-01-01 00:00:00']) AS v;

-- flags, PIN codes, whole numbers, hashes
SELECT k, replace(v, U&'\FEFF', '(mark)') AS v, patternos.check_value(k, v) FROM (VALUES
    ('flag', 'Yes'), ('flag', 'NO'), ('flag', 't'), ('flag', '1.0'), ('flag', '2'), ('flag', 'yes!'), ('flag', ''),
    ('pincode', '560001'), ('pincode', ' 560 001 '), ('pincode', '560-001'), ('pincode', '974660.0'), ('pincode', '060001'),
    ('pincode', '56001'), ('pincode', '5600011'), ('pincode', '5600 01'), ('pincode', '56000a'), ('pincode', ''),
    ('integer', '5'), ('integer', '5.0'), ('integer', '5.5'), ('integer', '-3'), ('integer', '1,234'), ('integer', '₹5'), ('integer', '.0'),
    ('integer', '9223372036854775807'), ('integer', '9223372036854775808'), ('integer', 'five'),
    ('sha256', repeat('aB', 32)), ('sha256', repeat('0', 64)), ('sha256', encode(sha256(''), 'hex')), ('sha256', repeat('g', 64)),
    ('sha256', encode(sha256('x'), 'base64')), ('sha256', repeat('A', 43) || 'B'), ('sha256', repeat('a', 32)),
    ('text', 'plain'), ('text', E'two\nlines\tof text'), ('text', E'bell\u0007'), ('text', U&'\0085'), ('text', U&'\FEFF')) AS t (k, v);
SELECT patternos.parse_flag('Y'), patternos.parse_flag('off'), patternos.parse_flag('perhaps');

-- random dates and amounts come back
SELECT count(*) FROM generate_series(1, 3000) i, LATERAL (SELECT timestamptz '0001-01-02' + random() * interval '9990 years' AS t) m
WHERE patternos.parse_datetime(to_char(t, 'YYYY-MM-DD HH24:MI:SS.US')::text, '', 'UTC') IS DISTINCT FROM t
   OR patternos.parse_datetime(to_char(t, 'FMDDth Month YYYY, HH12:MI:SS AM'), '', 'UTC') IS DISTINCT FROM date_trunc('second', t)
   OR patternos.parse_datetime(to_char(t, 'DD/MM/YYYY"T"HH24MISS'), 'dmy', 'UTC') IS DISTINCT FROM date_trunc('second', t);
SELECT count(*) FROM generate_series(1, 3000) i, LATERAL (SELECT ((random() - 0.5) * 10 ^ (random() * 14))::numeric(18,4) AS a) m
WHERE patternos.parse_amount(a::text) IS DISTINCT FROM a OR patternos.parse_amount(to_char(a, '₹FM999,999,999,999,990.0000')) IS DISTINCT FROM a;

SELECT patternos.check_value('shoe size', '44');
SELECT patternos.parse_datetime('2025-08-02', 'ymd');
SELECT patternos.parse_datetime('2025-08-02', '', 'Mars/Olympus');
SELECT patternos.check_value(NULL, 'x') IS NULL, patternos.parse_amount(NULL) IS NULL, patternos.parse_datetime('2025-08-02', NULL) IS NULL;
