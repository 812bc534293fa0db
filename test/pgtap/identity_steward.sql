-- What stewards do: look before, part, join, take back, ask how it was; and what stops a run.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
SET LOCAL client_min_messages = warning;
TRUNCATE patternos_dw.dim_customer, patternos_dw.dim_customer_identity RESTART IDENTITY;

CREATE FUNCTION pg_temp.account(account text, VARIADIC identifiers text[]) RETURNS bigint LANGUAGE sql AS $$
    WITH customer AS (
        INSERT INTO patternos_dw.dim_customer DEFAULT VALUES RETURNING customer_key
    ), identity AS (
        INSERT INTO patternos_dw.dim_customer_identity (customer_key, platform_id, platform_customer_id, created_at)
        SELECT customer_key, 'ZEPTO', account, '2025-01-01' FROM customer RETURNING identity_key
    ), held AS (
        INSERT INTO patternos_dw.account_identifier (identity_key, kind, value_hash, first_seen, last_seen)
        SELECT identity_key, split_part(i, ':', 1), sha256(convert_to(i, 'UTF8')), now(), now()
        FROM identity, unnest(identifiers) i WHERE i <> ''
    ), queued AS (
        INSERT INTO patternos_dw.changed_account (identity_key) SELECT identity_key FROM identity
    )
    SELECT identity_key FROM identity
$$;
CREATE FUNCTION pg_temp.customers() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(customer_key || '=' || accounts, ' ' ORDER BY customer_key)
    FROM (SELECT customer_key, string_agg(platform_customer_id, ',' ORDER BY identity_key) AS accounts
          FROM patternos_dw.dim_customer_identity GROUP BY customer_key) s
$$;
CREATE FUNCTION pg_temp.resolve() RETURNS text LANGUAGE sql AS $$
    SELECT patternos._resolve_identities(); SELECT pg_temp.customers()
$$;
CREATE FUNCTION pg_temp.id(account text) RETURNS text LANGUAGE sql AS $$
    SELECT identity_id FROM patternos_dw.dim_customer_identity WHERE platform_customer_id = account
$$;

-- unlink, link, forget
SELECT pg_temp.account('a', 'email:1'), pg_temp.account('b', 'email:1', 'email:2'), pg_temp.account('c', 'email:2'), pg_temp.account('d', '');
SELECT is(pg_temp.resolve(), '1=a,b,c 4=d', 'joined by e-mail addresses');
SELECT is(patternos.unlink(pg_temp.id('c'), pg_temp.id('a'), 'two people'), true, 'two accounts are parted');
SELECT is(patternos.unlink(pg_temp.id('a'), pg_temp.id('c')), false, 'saying it again is no news');
SELECT cmp_ok((SELECT count(DISTINCT customer_key) FROM patternos_dw.dim_customer_identity WHERE identity_key <= 3), '=', 1::bigint, 'the next run does it');
SELECT pg_temp.resolve();
SELECT isnt((SELECT customer_key FROM patternos_dw.dim_customer_identity WHERE identity_key = 1),
    (SELECT customer_key FROM patternos_dw.dim_customer_identity WHERE identity_key = 3), 'parted, though a chain joined them');
SELECT is((SELECT count(*) FROM patternos_dw.match_edge WHERE is_cut), 1::bigint, 'the chain is cut once');
SELECT is((SELECT min(verdict) FROM patternos.explain_link('ZEPTO', 'a', 'ZEPTO', 'c')), 'kept apart', 'explained');
CREATE TEMP TABLE parted AS SELECT pg_temp.customers() AS before;
SELECT is(patternos._resolve_identities(true), 0::bigint, 'kept through a run over everything');
SELECT is(pg_temp.customers(), before, 'as it was') FROM parted;
SELECT is(patternos.forget_link(pg_temp.id('a'), pg_temp.id('c')), true, 'taken back');
SELECT is(pg_temp.resolve(), '1=a,b,c 4=d', 'un-merge undone; the id is the old one');
SELECT is(patternos.link(pg_temp.id('d'), pg_temp.id('a'), 'called us'), true, 'joined by a steward');
SELECT is(pg_temp.resolve(), '1=a,b,c,d', 'one customer');
SELECT is((SELECT mapping_method || ' ' || mapping_confidence FROM patternos_dw.dim_customer_identity WHERE identity_key = 4), 'manual 1.0000', 'by hand');
SELECT results_eq($$SELECT kind, verdict FROM patternos.explain_link('ZEPTO', 'd', 'ZEPTO', 'a')$$, $$VALUES ('manual', 'linked')$$, 'explained');
SELECT is(patternos._resolve_identities(true), 0::bigint, 'kept');
SELECT is(patternos.unlink(pg_temp.id('d'), pg_temp.id('a')), true, 'the last word counts');
SELECT is(regexp_replace(pg_temp.resolve(), '\d+=', '', 'g'), 'a,b,c d', 'parted again');
SELECT throws_ok($$SELECT patternos.link('ID00000001', 'ID00000001')$$, '22023', 'both are the same account');
SELECT throws_ok(format('SELECT patternos.link(%L, %L)', i, 'ID00000001'), 'P0002', 'no such account') FROM unnest(ARRAY['ID99999999', 'ID1', '', 'x', 'ID00000000000000000000']) i;
SELECT is(patternos.link(NULL, 'ID00000001'), NULL, 'NULL for NULL');

-- how it was
UPDATE patternos_dw.customer_id_history SET changed_at = CASE history_id WHEN (SELECT min(history_id) FROM patternos_dw.customer_id_history WHERE identity_key = 2)
    THEN '2025-03-01'::timestamptz ELSE changed_at END WHERE identity_key = 2;
SELECT is(patternos.customer_of('ZEPTO', 'b', t::timestamptz), expected, 'customer of b at ' || t)
FROM (VALUES ('2024-12-31', NULL), ('2025-01-01', 'GLOBAL000002'), ('2025-02-28 23:59', 'GLOBAL000002'), ('2025-03-01', 'GLOBAL000001'), ('infinity', 'GLOBAL000001'), ('-infinity', NULL)) v (t, expected);
SELECT results_eq($$SELECT customer_key, valid_from, valid_to FROM patternos_dw.account_customer WHERE platform_customer_id = 'b' ORDER BY valid_from$$,
    $$VALUES (2::bigint, '2025-01-01'::timestamptz, '2025-03-01'::timestamptz), (1, '2025-03-01', 'infinity')$$, 'the same as ranges');
SELECT is_empty($$SELECT identity_key FROM patternos_dw.account_customer GROUP BY identity_key
    HAVING range_agg(tstzrange(valid_from, valid_to)) <> tstzmultirange(tstzrange('2025-01-01', 'infinity')) OR count(*) FILTER (WHERE valid_to = 'infinity') <> 1$$, 'the ranges of an account leave no gap');

-- looking before
SELECT pg_temp.account('e', 'email:1', 'mobile:9');
CREATE TEMP TABLE before AS
SELECT (SELECT md5(string_agg(e::text, ',' ORDER BY e::text)) FROM patternos_dw.match_edge e) AS edges, (SELECT count(*) FROM patternos_dw.match_record) AS records,
       (SELECT count(*) FROM patternos_dw.changed_account) AS queue, pg_temp.customers() AS customers;
SELECT is(patternos._resolve_identities(false, '{"dry_run": true}'), 1::bigint, 'a dry run says how many would move');
SELECT results_eq('SELECT change, platform_customer_id, old_customer_key, new_customer_key, is_known FROM patternos_dw.identity_preview',
    $$SELECT 'merge', 'e' COLLATE "C", customer_key, 1::bigint, false FROM patternos_dw.dim_customer_identity WHERE platform_customer_id = 'e'$$, 'and which');
SELECT results_eq('TABLE before', $$SELECT (SELECT md5(string_agg(e::text, ',' ORDER BY e::text)) FROM patternos_dw.match_edge e), (SELECT count(*) FROM patternos_dw.match_record),
    (SELECT count(*) FROM patternos_dw.changed_account), pg_temp.customers()$$, 'and does nothing');
SELECT is(patternos._resolve_identities(), 1::bigint, 'the run itself moves as many');

-- quarantine
UPDATE patternos_dw.setting SET value = '4' WHERE name = 'customer_account_cap';
CREATE TEMP TABLE crowd AS SELECT pg_temp.account('q' || n, 'email:q' || n - 1, 'email:q' || n) AS identity_key, n FROM generate_series(1, 8) n;
SELECT is(patternos._resolve_identities(), 0::bigint, 'a group too large is left as it is');
SELECT is((SELECT count(*) || ' ' || min(accounts) || ' ' || count(DISTINCT component) FROM patternos_dw.match_quarantine), '8 8 1', 'and waits for somebody to look');
SELECT is((SELECT quarantined FROM patternos_dw.identity_run ORDER BY 1 DESC LIMIT 1), (SELECT max(quarantined) FROM patternos_dw.identity_run), 'the run says so');
SELECT is(patternos._resolve_identities(true), 0::bigint, 'again');
SELECT patternos.block_identifier('email', sha256('email:q4'));
SELECT is(patternos._resolve_identities(), 6::bigint, 'with a value blocked, two groups of four are customers');
SELECT is_empty('TABLE patternos_dw.match_quarantine', 'nobody waits');
-- a telephone shared by two families of three: each stays together by its e-mail address, also when the telephone comes later
CREATE TEMP TABLE family AS SELECT pg_temp.account('f' || n, 'email:f' || n / 3) AS identity_key, n FROM generate_series(0, 5) n;
SELECT is(patternos._resolve_identities(), 4::bigint, 'two groups of three');
INSERT INTO patternos_dw.account_identifier (identity_key, kind, value_hash, first_seen, last_seen)
SELECT identity_key, 'mobile', sha256('mobile:f'), now(), now() FROM family;
INSERT INTO patternos_dw.changed_account (identity_key) SELECT identity_key FROM family;
SELECT is(patternos._resolve_identities(), 0::bigint, 'a telephone in common makes a group of six, which is too large');
SELECT is((SELECT count(*) FROM patternos_dw.match_quarantine JOIN family USING (identity_key)), 6::bigint, 'all six wait for somebody to look');
SELECT is((SELECT count(*) FROM patternos_dw.match_edge WHERE is_cut AND rule = 'mobile'), 9::bigint, 'the edges between the families are refused');
SELECT is(patternos._resolve_identities(true), 0::bigint, 'from the beginning it is the same');
-- who was joined before a group grew too large is divided as if all had come at once
SELECT pg_temp.account('g' || n, 'email:g' || n - 1, 'email:g' || n) FROM generate_series(1, 3) n;
SELECT is(patternos._resolve_identities(), 2::bigint, 'a chain of three');
SELECT pg_temp.account('g' || n, 'email:g' || n - 1, 'email:g' || n) FROM generate_series(4, 6) n;
SELECT is(patternos._resolve_identities(), 2::bigint, 'grown to six its accounts are alone');
SELECT patternos.block_identifier('mobile', sha256('mobile:f'));
UPDATE patternos_dw.setting SET value = '50' WHERE name = 'customer_account_cap';
SELECT is(patternos._resolve_identities(true), 5::bigint, 'under a higher cap the chain is one customer');

-- circuit breaker: 300 known accounts that a value withheld so far would join in pairs
CREATE TEMP TABLE pair AS SELECT pg_temp.account('p' || n, 'mobile:p' || n) AS identity_key, n FROM generate_series(1, 300) n;
INSERT INTO patternos_dw.account_feature (identity_key, ip_hashes) SELECT identity_key, ARRAY[identity_key, -n] FROM pair;
SELECT is(patternos._resolve_identities(), 0::bigint, '300 accounts alone');
SELECT is((SELECT count(*) FROM patternos_dw.match_member JOIN pair USING (identity_key)), 600::bigint, 'found by their addresses');
INSERT INTO patternos_dw.account_identifier (identity_key, kind, value_hash, first_seen, last_seen)
SELECT identity_key, 'email', sha256(convert_to('p' || n / 2, 'UTF8')), now(), now() FROM pair;
INSERT INTO patternos_dw.changed_account SELECT identity_key FROM pair;
SELECT throws_ok('SELECT patternos._resolve_identities()', '53400', 'resolution was stopped: 149 of 325 known accounts would change their customer');
SELECT is((SELECT count(*) FROM patternos_dw.changed_account), 300::bigint, 'a stopped run leaves the queue');
SELECT is(patternos._resolve_identities(false, '{"dry_run": true}'), 149::bigint, 'looking is allowed');
SELECT is(patternos._resolve_identities(false, '{"max_churn": 0.5}'), 149::bigint, 'let through once');
INSERT INTO patternos_dw.account_identifier (identity_key, kind, value_hash, first_seen, last_seen)
SELECT identity_key, 'loyalty_id', sha256(convert_to('l' || n % 20, 'UTF8')), now(), now() FROM pair WHERE n <= 160;
INSERT INTO patternos_dw.changed_account SELECT identity_key FROM pair;
SELECT throws_like($$SELECT patternos._resolve_identities(false, '{"max_churn": 1, "max_growth": 1}')$$, 'resolution was stopped: a customer would have % accounts');
SELECT throws_ok(format('SELECT patternos._resolve_identities(false, %L)', t), '22023', 'threshold must be between 0.001 and 1')
FROM unnest(ARRAY['{"threshold": 0}', '{"threshold": 1.1}', '{"threshold": "NaN"}', '{"threshold": "infinity"}']) t;

-- removed accounts
DELETE FROM patternos_dw.account_identifier WHERE identity_key IN (SELECT identity_key FROM pair);
DELETE FROM patternos_dw.dim_customer_identity WHERE identity_key IN (SELECT identity_key FROM pair WHERE n <= 100);
DELETE FROM patternos_dw.dim_customer c WHERE NOT EXISTS (SELECT FROM patternos_dw.dim_customer_identity i WHERE i.customer_key = c.customer_key);
INSERT INTO patternos_dw.changed_account SELECT identity_key FROM pair ON CONFLICT DO NOTHING;
SELECT lives_ok($$SELECT patternos._resolve_identities(false, '{"max_churn": 1}')$$, 'accounts may go');
SELECT is_empty($$SELECT identity_key FROM patternos_dw.match_record WHERE identity_key IN (SELECT identity_key FROM pair WHERE n <= 100)
    UNION SELECT identity_key FROM patternos_dw.match_member WHERE identity_key IN (SELECT identity_key FROM pair WHERE n <= 100)
    UNION SELECT identity_key FROM patternos_dw.match_key WHERE identity_key IN (SELECT identity_key FROM pair WHERE n <= 100)
    UNION SELECT account_a FROM patternos_dw.match_edge WHERE account_a IN (SELECT identity_key FROM pair) OR account_b IN (SELECT identity_key FROM pair)$$, 'and leave nothing to compare');

SELECT * FROM finish();
ROLLBACK;
