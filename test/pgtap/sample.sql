-- Sample data: same arguments, same bytes; shares as asked for; the best possible forecast.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SET LOCAL timezone = 'America/New_York';
SET LOCAL extra_float_digits = 3;
SELECT no_plan();

CREATE FUNCTION pg_temp.digest(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('SELECT md5(string_agg(r::text, E''\n'')) FROM (%s) r', query) INTO result;
    RETURN result;
END
$$;

-- the bytes of version 0.1: a change of them is a change of every published figure
CREATE TEMPORARY TABLE calls (call text, bytes text);
INSERT INTO calls VALUES
    ('customers(300, 7)', '4989c095a828b97bd76bfef2437ba116'),
    ('zepto(300, 7)', '046fedabededec42572fd00d8101cb1c'),
    ('swiggy(300, 7)', '5037ccfd43f765ca1eecad2c6ac567ac'),
    ('amazon(300, 7)', '7407e8c3a4b41189631adeed97d87763'),
    ('nykaa(300, 7)', '51681849b3342a54546be70779550400'),
    ('chumbak(300, 7)', '2e64924b1beaa64da7dfb44b756256ca'),
    ('makemytrip(300, 7)', '1b497b7be72ebe5a8a741363e4f7971c'),
    ('carwale(300, 7)', 'b9581e606b695fe1e8f8b33f941c81ae'),
    ('events(100, 7)', 'cf1ca458a80437473c006609422d072c'),
    ('truth_accounts(300, 7)', '029d4d6a5a4c4b294aada9a82aaf5c22'),
    ('truth_probability(300, 7)', '01ff6a7a24df5ed43b91c9571aa8e29d');
SELECT is(pg_temp.digest('SELECT * FROM patternos.sample_' || call), bytes, call || ' has the same bytes everywhere')
FROM calls;
SELECT is(pg_temp.digest('SELECT * FROM patternos.sample_transactions(''ALL'', 300, 7)'),
          '47e4d1e6094e48b0216096168025842e', 'transactions of ALL have the same bytes everywhere');
SELECT is(pg_temp.digest('SELECT * FROM patternos.sample_skus(''ZEPTO'', 50, 7)'), '62613474af9ef3124aefcea4c60f1742',
          'skus have the same bytes everywhere');
SELECT isnt(pg_temp.digest('SELECT * FROM patternos.sample_' || call),
            pg_temp.digest('SELECT * FROM patternos.sample_' || replace(call, '7)', '8)')),
            call || ' differs with the seed')
FROM calls;

-- a range of people or of days is a part of the whole
SELECT is(pg_temp.digest(format('SELECT * FROM patternos.sample_%1$s(120, 7) UNION ALL '
                                'SELECT * FROM patternos.sample_%1$s(300, 7, first_person => 121)', f)),
          pg_temp.digest(format('SELECT * FROM patternos.sample_%s(300, 7)', f)), f || ': chunks make the whole')
FROM unnest('{customers,zepto,swiggy,amazon,nykaa,chumbak,makemytrip,carwale,events,truth_accounts,truth_probability}'::text[]) f;
SELECT results_eq(
    $$SELECT * FROM patternos.sample_amazon(300, 7, '2024-06-10', '2025-02-03')$$,
    $$SELECT * FROM patternos.sample_amazon(300, 7, '2022-01-01', '2025-11-01')
      WHERE date_of_order >= '2024-06-10' AND date_of_order < '2025-02-03'$$,
    'a range of days is a part of a longer one, repeat_order included');
SELECT results_eq(
    $$SELECT platform_customer_id, to_char(ordered_at, 'YYYY-MM-DD HH24:MI:SS'),
             amount::text, array_to_string(items, ', ')
      FROM patternos.sample_transactions('NYKAA', 300, 7)$$,
    $$SELECT customer_id, date_of_order, order_value, items_list FROM patternos.sample_nykaa(300, 7)$$,
    'typed columns and export tell the same');
SELECT is_empty($$
    SELECT 1 FROM patternos.sample_zepto(500, 7)
    WHERE items_purchased_count::int <> cardinality(string_to_array(items_list, ', '))
       OR order_value::int <= 0 OR discount_value::int < 0 OR discount_value::int >= order_value::int
       OR pincode !~ '^[1-9][0-9]{5}$' OR age_group NOT IN ('18-24', '25-34', '35-44', '45-54', '55+')
$$, 'rows are consistent in themselves');
SELECT is_empty($$
    SELECT 1 FROM (SELECT repeat_order, row_number() OVER (PARTITION BY customer_id ORDER BY date_of_order) AS n
                   FROM patternos.sample_swiggy(500, 7, '2021-07-01', '2025-11-01')) s
    WHERE (repeat_order = 'Yes') <> (n > 1)
$$, 'repeat_order is No for the first purchase only');

-- items are in the shapes that the item rules know
SELECT is_empty($$
    SELECT p, c.item_name FROM unnest('{ZEPTO,SWIGGY,AMAZON,NYKAA,CHUMBAK,MAKEMYTRIP,CARWALE}'::text[]) p,
           LATERAL (SELECT array_agg(sku_name) AS names FROM patternos.sample_skus(p)) s,
           LATERAL patternos._classify_items(p, s.names) c
    WHERE c.unified_category IS NULL
$$, 'every item of every catalogue has a category');
SELECT is_empty($$
    SELECT items FROM patternos.sample_transactions('ALL', 2000, 7)
    WHERE items IS DISTINCT FROM patternos.split_items(array_to_string(items, ', '))
$$, 'lists of items split into what they were made of');

-- people
CREATE TEMPORARY TABLE account AS SELECT * FROM patternos.sample_truth_accounts(20000, 7);
SELECT is(count(*), count(DISTINCT (platform_id, platform_customer_id)), 'account ids are unique') FROM account;
SELECT cmp_ok(abs(avg((platforms > 1)::int) - 0.3), '<', 0.01, 'three people in ten use several platforms')
FROM (SELECT count(DISTINCT platform_id) AS platforms FROM account GROUP BY person) p;
SELECT cmp_ok(max(platforms), '=', 7::bigint, 'somebody uses all seven')
FROM (SELECT count(DISTINCT platform_id) AS platforms FROM account GROUP BY person) p;
SELECT is_empty($$SELECT person FROM patternos.sample_truth_accounts(3000, 7, 0) GROUP BY person
                  HAVING count(DISTINCT platform_id) > 1$$, 'overlap 0: nobody uses several platforms');
SELECT is_empty($$SELECT person FROM patternos.sample_truth_accounts(3000, 7, 1) GROUP BY person
                  HAVING count(DISTINCT platform_id) = 1$$, 'overlap 1: everybody does');
CREATE TEMPORARY TABLE customer AS
    SELECT c.*, a.person FROM patternos.sample_customers(20000, 7) c JOIN account a USING (platform_id, platform_customer_id);
SELECT is((SELECT count(*) FROM customer), (SELECT count(*) FROM account), 'every account has a row');
SELECT cmp_ok(avg((people > 1)::int), '<', 0.01, 'few e-mail addresses belong to two people')
FROM (SELECT count(DISTINCT person) AS people FROM customer
      WHERE email !~* '^(na|test|none|noreply)@' GROUP BY lower(replace(split_part(email, '@', 1), '.', '')), lower(split_part(email, '@', 2))) e;
SELECT cmp_ok(count(*), '>', 100::bigint, 'placeholders occur') FROM customer WHERE phone = '9999999999' OR email = 'na@na.com';
SELECT is_empty($$
    SELECT 1 FROM customer WHERE email_sha256 IS NOT NULL AND (email IS NOT NULL OR phone IS NOT NULL)
       OR email_sha256 !~ '^[0-9a-f]{64}$' OR birth_date::date > '2008-01-01'
$$, 'hashes come instead of plain values');
SELECT cmp_ok(count(*), '>', 500::bigint, 'some accounts share neither e-mail nor phone with their person''s other ones')
FROM customer c
WHERE EXISTS (SELECT FROM customer o WHERE o.person = c.person AND o.ctid <> c.ctid)
  AND NOT EXISTS (SELECT FROM customer o WHERE o.person = c.person AND o.ctid <> c.ctid
                  AND (right(regexp_replace(o.phone, '\D', '', 'g'), 10) = right(regexp_replace(c.phone, '\D', '', 'g'), 10)
                       OR split_part(lower(replace(o.email, '.', '')), '+', 1) = split_part(lower(replace(c.email, '.', '')), '+', 1)));

SELECT is_empty($$
    SELECT 1 FROM customer
    WHERE (email !~* '^(na|test|none|noreply)@') <> (patternos.normalize_email(email) IS NOT NULL)
       OR (phone NOT IN ('9999999999', '0000000000', '1234567890')) <> (patternos.normalize_phone(phone) IS NOT NULL)
$$, 'all e-mail addresses and phones are valid but for the placeholders');
CREATE TEMPORARY TABLE hashed AS
    SELECT h.email_sha256, h.mobile_sha256, o.email, o.phone
    FROM customer h JOIN customer o USING (person) WHERE h.mobile_sha256 IS NOT NULL AND o.mobile_sha256 IS NULL;
SELECT cmp_ok(avg((email_sha256 = encode(sha256(convert_to(patternos.normalize_email(email), 'UTF8')), 'hex'))::int), '>', 0.5,
              'hashes are those of the canonical e-mail address') FROM hashed;
SELECT cmp_ok(avg((mobile_sha256 = encode(sha256(convert_to(patternos.normalize_phone(phone), 'UTF8')), 'hex'))::int), '>', 0.5,
              'and of the canonical phone') FROM hashed;

-- what can be foreseen at best
CREATE FUNCTION pg_temp.auc(query text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
    result float8;
BEGIN
    EXECUTE format($f$
        SELECT (sum(rank) FILTER (WHERE hit) - count(*) FILTER (WHERE hit) * (count(*) FILTER (WHERE hit) + 1) / 2.0)
               / count(*) FILTER (WHERE hit) / count(*) FILTER (WHERE NOT hit)
        FROM (SELECT hit, rank() OVER (ORDER BY score) + (count(*) OVER (PARTITION BY score) - 1) / 2.0 AS rank
              FROM (%s) q (score, hit)) r$f$, query) INTO result;
    RETURN result;
END
$$;
CREATE TEMPORARY TABLE truth AS
    SELECT seed, t.* FROM unnest('{7,8}'::bigint[]) seed, patternos.sample_truth_probability(20000, seed) t;
SELECT ok(pg_temp.auc(format('SELECT probability, purchased FROM truth WHERE seed = %s', seed)) BETWEEN 0.88 AND 0.92,
          format('seed %s: the best possible AUC is about .90', seed))
FROM unnest('{7,8}'::bigint[]) seed;
SELECT ok(avg(purchased::int) BETWEEN 0.135 AND 0.165, format('seed %s: 15 percent buy within 30 days', seed))
FROM truth GROUP BY seed;
SELECT ok(abs(avg(purchased::int) - avg(probability)) < 4 * sqrt(sum(probability * (1 - probability))) / count(*),
          format('true probabilities of fifth %s are met', width_bucket(probability, 0, 1, 5)))
FROM truth GROUP BY width_bucket(probability, 0, 1, 5);
CREATE TEMPORARY TABLE bought AS
    SELECT DISTINCT a.person FROM patternos.sample_transactions('ALL', 20000, 7, '2025-09-01', '2025-10-01') t
    JOIN account a USING (platform_id, platform_customer_id);
SELECT is_empty($$SELECT person, purchased FROM truth WHERE seed = 7
                  EXCEPT SELECT person, person IN (SELECT person FROM bought) FROM truth WHERE seed = 7$$,
                'purchased says what the purchases say');
CREATE TEMPORARY TABLE seen AS
    SELECT t.person, t.purchased, coalesce(p.purchases, 0) AS purchases, coalesce(v.visits, 0) AS visits
    FROM truth t
    LEFT JOIN (SELECT a.person, count(*) AS purchases
               FROM patternos.sample_transactions('ALL', 20000, 7, '2025-06-03', '2025-09-01') x
               JOIN account a USING (platform_id, platform_customer_id) GROUP BY 1) p USING (person)
    LEFT JOIN (SELECT a.person, count(*) AS visits
               FROM patternos.sample_events(20000, 7, '2025-08-22', '2025-09-01') e
               JOIN account a USING (platform_id, platform_customer_id) GROUP BY 1) v USING (person)
    WHERE t.seed = 7;
SELECT ok(pg_temp.auc('SELECT purchases, purchased FROM seen') < 0.85, 'purchases alone foretell less');
SELECT ok(pg_temp.auc('SELECT ln(1 + purchases) + 0.25 * ln(1 + visits), purchased FROM seen')
          > pg_temp.auc('SELECT purchases, purchased FROM seen') + 0.02, 'and browsing adds to them');
SELECT ok(pg_temp.auc('SELECT ln(1 + purchases) + 0.25 * ln(1 + visits), purchased FROM seen')
          < pg_temp.auc('SELECT probability, purchased FROM truth WHERE seed = 7') - 0.02, 'but hidden traits remain');

-- dirt and hostile arguments
SELECT cmp_ok(abs(avg((customer_id = '' OR date_of_order !~ '^20..-(0[1-9]|1[0-2])-' OR date_of_order LIKE '2025-02-30%'
                       OR order_value !~ '^\d+$')::int) - 0.2), '<', 0.04, 'a fifth of the rows is dirty when asked for')
FROM patternos.sample_zepto(2000, 7, dirty => 0.2);
SELECT throws_ok('SELECT count(*) FROM patternos.sample_' || call, '22023', NULL, call || ' is refused')
FROM unnest(ARRAY['zepto(-1)', 'zepto(100000001)', 'zepto(10, overlap => ''NaN'')', 'zepto(10, overlap => 1.1)',
                  'zepto(10, overlap => ''-Infinity'')', 'zepto(10, 1, ''2025-01-02'', ''2025-01-01'')',
                  'zepto(10, 1, ''-infinity'', ''infinity'')', 'zepto(10, 1, ''4713-01-01 BC'', ''2025-01-01'')',
                  'zepto(10, first_person => 0)', 'zepto(10, dirty => ''NaN'')', 'customers(-2147483648)',
                  'events(10, 1, ''2024-01-01'', ''294276-01-01'')', 'transactions(''zepto'', 10)', 'transactions('''', 10)',
                  'skus(''ALL'')', 'skus(''ZEPTO'', -1)', 'truth_probability(10, horizon => 0)',
                  'truth_probability(10, horizon => 2147483647)', 'truth_probability(10, as_of => ''infinity'')',
                  'truth_accounts(10, overlap => -0.1)']) call;
SELECT is_empty('SELECT * FROM patternos.sample_zepto(NULL)', 'NULL gives no rows');
SELECT is_empty('SELECT * FROM patternos.sample_customers(0)', 'nobody has no account');
SELECT is((SELECT count(*) FROM patternos.sample_skus('ZEPTO', 2147483647)),
          (SELECT count(DISTINCT sku_name) FROM patternos.sample_skus('ZEPTO')), 'a catalogue has each item once');
SELECT isnt_empty('SELECT * FROM patternos.sample_zepto(100, -9223372036854775808)', 'any seed will do');

SELECT * FROM finish();
ROLLBACK;
