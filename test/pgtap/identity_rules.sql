-- Identity resolution, case by case: who keeps the id, what links, what a merged customer becomes.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
SET LOCAL client_min_messages = warning;
TRUNCATE patternos_dw.dim_customer, patternos_dw.dim_customer_identity RESTART IDENTITY;

-- gives an account identifiers written 'kind:value'
CREATE FUNCTION pg_temp.hold(account bigint, identifiers text[]) RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO patternos_dw.account_identifier (identity_key, kind, value_hash, first_seen, last_seen)
    SELECT account, split_part(i, ':', 1), sha256(convert_to(i, 'UTF8')), now(), now()
    FROM unnest(identifiers) i WHERE i <> '' AND i !~ '^(device|ip):';
    INSERT INTO patternos_dw.account_feature AS old (identity_key, device_hashes, ip_hashes)
    SELECT account, array_agg(patternos._value_key(sha256(convert_to(i, 'UTF8')))) FILTER (WHERE i LIKE 'device:%'),
           array_agg(patternos._value_key(sha256(convert_to(i, 'UTF8')))) FILTER (WHERE i LIKE 'ip:%')
    FROM unnest(identifiers) i WHERE i ~ '^(device|ip):' HAVING count(*) > 0
    ON CONFLICT (identity_key) DO UPDATE SET device_hashes = patternos._union(old.device_hashes, excluded.device_hashes);
    INSERT INTO patternos_dw.changed_account (identity_key) VALUES (account) ON CONFLICT DO NOTHING;
    SELECT account
$$;
-- an account with them, loaded as a loader does
CREATE FUNCTION pg_temp.account(platform text, account text, VARIADIC identifiers text[]) RETURNS bigint LANGUAGE sql AS $$
    WITH customer AS (
        INSERT INTO patternos_dw.dim_customer DEFAULT VALUES RETURNING customer_key
    ), identity AS (
        INSERT INTO patternos_dw.dim_customer_identity (customer_key, platform_id, platform_customer_id)
        SELECT customer_key, platform, account FROM customer RETURNING identity_key
    )
    SELECT pg_temp.hold(identity_key, identifiers) FROM identity
$$;
CREATE FUNCTION pg_temp.add(account bigint, identifier text) RETURNS bigint LANGUAGE sql AS $$
    SELECT pg_temp.hold(account, ARRAY[identifier])
$$;
CREATE FUNCTION pg_temp.withdraw(account bigint, identifier text) RETURNS void LANGUAGE sql AS $$
    DELETE FROM patternos_dw.account_identifier WHERE identity_key = account AND value_hash = sha256(convert_to(identifier, 'UTF8'));
    INSERT INTO patternos_dw.changed_account (identity_key) VALUES (account) ON CONFLICT DO NOTHING
$$;
-- customers as lists of accounts, by key
CREATE FUNCTION pg_temp.customers() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(customer_key || '=' || accounts, ' ' ORDER BY customer_key)
    FROM (SELECT customer_key, string_agg(platform_customer_id, ',' ORDER BY identity_key) AS accounts
          FROM patternos_dw.dim_customer_identity GROUP BY customer_key) s
$$;
CREATE FUNCTION pg_temp.resolve() RETURNS text LANGUAGE sql AS $$
    SELECT patternos._resolve_identities(); SELECT pg_temp.customers()
$$;

-- merges
SELECT pg_temp.account('ZEPTO', 'a', 'email:1'), pg_temp.account('NYKAA', 'b', 'email:2'), pg_temp.account('SWIGGY', 'c', 'email:2');
SELECT is(pg_temp.resolve(), '1=a 2=b,c', 'equal e-mail links; the older key stays');
SELECT pg_temp.account('AMAZON', 'd', 'email:1', 'email:2');
SELECT is(pg_temp.resolve(), '2=a,b,c,d', 'an account joins two customers; the one with more accounts stays');
SELECT is(patternos.resolve_id('GLOBAL000001') || patternos.resolve_id('GLOBAL000003') || patternos.resolve_id('GLOBAL000002'),
    'GLOBAL000002GLOBAL000002GLOBAL000002', 'every old id leads to the customer');
SELECT is(patternos.resolve_id(i), NULL, format('%L is no id', i)) FROM unnest(ARRAY['GLOBAL000099', 'GLOBAL0000001', 'GLOBAL99999999999999999999', 'x', '', NULL]) i;
SELECT results_eq($$SELECT identity_key, old_customer_key, new_customer_key, change FROM patternos_dw.customer_id_history ORDER BY history_id$$,
    $$VALUES (3::bigint, 3::bigint, 2::bigint, 'merge'), (1, 1, 2, 'merge'), (4, 4, 2, 'merge')$$, 'history says who moved');
SELECT is(count(*), 4::bigint, 'accounts of an old id') FROM patternos.customer_accounts('GLOBAL000001');
SELECT is((SELECT count(*) FROM patternos_dw.dim_customer), 1::bigint, 'retired customers are gone');

-- explained
SELECT results_eq($$SELECT step, from_platform, from_account, to_platform, to_account, kind, verdict FROM patternos.explain_link('ZEPTO', 'a', 'SWIGGY', 'c')$$,
    $$VALUES (1, 'ZEPTO', 'a', 'AMAZON', 'd', 'email', 'linked'), (2, 'AMAZON', 'd', 'SWIGGY', 'c', 'email', 'linked')$$, 'the chain between two accounts');
SELECT is_empty($$SELECT * FROM patternos.explain_link('ZEPTO', 'a', 'ZEPTO', 'a')$$, 'an account needs no link to itself');
SELECT throws_ok($$SELECT * FROM patternos.explain_link('ZEPTO', 'a', 'ZEPTO', 'nobody')$$, 'P0002', 'no such account');

-- splits
SELECT pg_temp.withdraw(4, 'email:1');
SELECT is(pg_temp.resolve(), '2=b,c,d 5=a', 'a withdrawn identifier splits; the id stays with most accounts');
SELECT is(patternos.resolve_id('GLOBAL000001'), 'GLOBAL000002', 'a retired id still leads where its customer went');
SELECT pg_temp.add(4, 'email:1');
SELECT is(pg_temp.resolve(), '2=a,b,c,d', 'given back it merges again');
SELECT pg_temp.withdraw(4, 'email:1');
SELECT pg_temp.withdraw(3, 'email:2');
SELECT pg_temp.add(3, 'email:1');
SELECT is(pg_temp.resolve(), '2=a,c 6=b,d', 'of equal parts the one with the oldest account keeps the id');
SELECT is((SELECT count(*) FROM patternos_dw.customer_id_history), 7::bigint, 'and history has each move');

-- what does not link
TRUNCATE patternos_dw.dim_customer, patternos_dw.dim_customer_identity, patternos_dw.account_identifier, patternos_dw.account_profile, patternos_dw.account_feature,
    patternos_dw.customer_id_history, patternos_dw.match_record, patternos_dw.match_member, patternos_dw.match_key, patternos_dw.match_edge, patternos_dw.identity_run RESTART IDENTITY;
SELECT pg_temp.account('ZEPTO', 'a', 'device:1', 'ip:1'), pg_temp.account('NYKAA', 'b', 'device:1', 'ip:1'),
    pg_temp.account('ZEPTO', 'c', 'mobile:1', 'loyalty_id:1'), pg_temp.account('ZEPTO', 'd', 'mobile:1', 'loyalty_id:2'),
    pg_temp.account('ZEPTO', 'e', 'mobile:2'), pg_temp.account('NYKAA', 'f', 'mobile:2', 'email:3'), pg_temp.account('SWIGGY', 'g', '');
INSERT INTO patternos_dw.account_profile (identity_key, gender, first_seen, last_seen) VALUES (5, 'Female', now(), now()), (6, 'M', now(), now());
SELECT is(pg_temp.resolve(), '1=a 2=b 3=c 4=d 5=e 6=f 7=g', 'neither device nor IP, nor a telephone against other evidence');
SELECT is((SELECT verdict FROM patternos.explain_link('ZEPTO', 'c', 'ZEPTO', 'd')), 'contradicted', 'two loyalty ids on one platform');
SELECT is((SELECT verdict FROM patternos.explain_link('ZEPTO', 'e', 'NYKAA', 'f')), 'contradicted', 'a woman and a man');
SELECT results_eq($$SELECT kind, verdict FROM patternos.explain_link('ZEPTO', 'a', 'NYKAA', 'b')$$, $$VALUES ('probabilistic', 'below threshold')$$, 'device and IP in common are not enough');
SELECT pg_temp.add(5, 'email:3');
SELECT is(pg_temp.resolve(), '1=a 2=b 3=c 4=d 5=e,f 7=g', 'an e-mail links them all the same');
SELECT is((SELECT match_attributes FROM patternos_dw.dim_customer_identity WHERE identity_key = 5), '{"email": true, "mobile": true}', 'what they have in common');
SELECT is(patternos.block_identifier('email', sha256('email:3')), 2::bigint, 'blocked by hand: two accounts');
SELECT is(regexp_replace(pg_temp.resolve(), '\d+=', '', 'g'), 'a b c d e g f', 'a blocked value links nobody');
SELECT results_eq($$SELECT kind, reason, blocked_values, accounts, most_accounts FROM patternos_dw.identity_report$$,
    $$VALUES ('email'::text COLLATE "C", 'manual', 1::bigint, 2::bigint, 2::bigint)$$, 'and is reported');
SELECT is((SELECT string_agg(kind || ' ' || verdict, ', ' ORDER BY kind) FROM patternos.explain_link('ZEPTO', 'e', 'NYKAA', 'f')),
    'email blocked as manual, mobile contradicted', 'and explained');
SELECT is(patternos.unblock_identifier('email', sha256('email:3')), 2::bigint, 'released');
SELECT is(patternos.unblock_identifier('email', sha256('email:3')), 0::bigint, 'once');
SELECT is(regexp_replace(pg_temp.resolve(), '\d+=', '', 'g'), 'a b c d e,f g', 'links again');
SELECT throws_ok($$SELECT patternos.block_identifier('telex', sha256('x'))$$, '22023', 'no such identifier');
SELECT throws_ok($$SELECT patternos.block_identifier('email', 'x')$$, '22023', 'no such identifier');
SELECT throws_ok($$SELECT patternos.block_identifier('email', sha256('x'), 'whim')$$, '22023', 'reason of a block must be manual or placeholder');

-- a customer is the sum of its accounts
TRUNCATE patternos_dw.dim_customer, patternos_dw.dim_customer_identity, patternos_dw.account_identifier, patternos_dw.account_profile, patternos_dw.account_feature,
    patternos_dw.account_consent, patternos_dw.customer_id_history, patternos_dw.match_record, patternos_dw.match_member, patternos_dw.match_key, patternos_dw.match_edge, patternos_dw.identity_run RESTART IDENTITY;
SELECT pg_temp.account('ZEPTO', 'a', 'loyalty_id:1', 'email:1'), pg_temp.account('NYKAA', 'b', 'loyalty_id:1', 'email:2', 'mobile:1');
UPDATE patternos_dw.account_identifier SET last_seen = '2020-01-01' WHERE identity_key = 2 AND kind = 'email';
INSERT INTO patternos_dw.account_profile (identity_key, age_group, age_group_at, gender, gender_at, state, city, pincode, location_at, first_seen, last_seen) VALUES
    (1, '25-34', '2024-05-01', 'F', '2024-05-01', 'Karnataka', 'Bengaluru', NULL, '2024-05-01', '2024-01-01 20:00+00', '2024-05-01'),
    (2, '35-44', '2024-06-01', NULL, NULL, NULL, 'Mysuru', '570001', '2024-03-01', '2024-02-01', '2024-06-01 20:00+00');
INSERT INTO patternos_dw.account_consent (identity_key, occurred_at, marketing, personalization) VALUES
    (1, '2024-01-01', false, NULL), (1, '2024-02-01', true, NULL), (1, '2024-03-01', NULL, true),
    (2, '2024-01-01', true, true), (2, '2024-02-01', NULL, false);
SELECT is(pg_temp.resolve(), '1=a,b', 'one customer of two accounts');
SELECT results_eq($$SELECT primary_age_group, gender, primary_state, primary_city, primary_pincode, email_hash, mobile_hash,
    first_seen_date, last_seen_date, consent_marketing, consent_personalization, consent_sharing FROM patternos_dw.dim_customer$$,
    $$VALUES ('35-44', 'F', 'Karnataka', 'Bengaluru', '570001', sha256('email:1'), sha256('mobile:1'),
    DATE '2024-01-02', DATE '2024-06-02', true, false, false)$$,
    'the most recent of each; granted where the newest word of each account that spoke is yes');
SELECT is((SELECT match_attributes FROM patternos_dw.dim_customer_identity WHERE identity_key = 1), '{"city": false, "email": false, "loyalty_id": true, "age_group": false}', 'compared attributes');
SELECT is(patternos._rebuild_customers(NULL), 0::bigint, 'rebuilding changes nothing');

-- visitors become known; the serving row and the newest snapshot of a retired customer go
INSERT INTO patternos_dw.event_anonymous (visitor_hash, event_timestamp, event_id, platform_id, event_type, known_at, batch_id)
SELECT sha256(convert_to('device:' || v, 'UTF8')), '2024-01-01', v, 'ZEPTO', 'page_view', now(), 1 FROM generate_series(1, 3) v;
SELECT pg_temp.add(1, 'device:1'), pg_temp.add(2, 'device:1'), pg_temp.add(2, 'device:2'), pg_temp.account('SWIGGY', 'c', 'device:2', 'email:9');
SELECT pg_temp.resolve();
SELECT results_eq('SELECT event_id, customer_key FROM patternos_dw.fact_event', 'VALUES (1::bigint, 1::bigint)', 'events go to the one customer that has the device');
SELECT pg_temp.add(1, 'email:9');
INSERT INTO patternos_dw.pipeline_run (refresh_id, step, as_of, status, started_at)
SELECT 1, 'cross_platform', d, 'complete', now() FROM unnest('{2024-01-01,2024-02-01}'::date[]) d;
SELECT patternos._write_snapshot('patternos_dw.feat_cross_platform', d, format('SELECT c::bigint AS customer_key, %L::date AS as_of, 1::smallint AS platforms_used_count,
    ''{}''::text[] AS platforms_list, 0 AS cross_platform_purchase_count_30d, 0::numeric(18,2) AS cross_platform_value_30d, ''{}''::text[] AS common_categories,
    NULL::numeric(5,4) AS category_overlap_score, NULL::numeric(10,4) AS platform_switching_frequency, NULL::text AS dominant_platform,
    NULL::numeric(5,4) AS dominant_platform_share, 0::numeric(5,4) AS platform_diversity_score, NULL::numeric(5,4) AS platform_loyalty_score
    FROM generate_series(1, 3, 2) c', d)) FROM unnest('{2024-01-01,2024-02-01}'::date[]) d;
INSERT INTO patternos_dw.intent_serving (customer_key, as_of, is_servable, intent_score, intent_level, intent_percentile, model_version)
SELECT c, '2024-02-01', true, 0.5, 'medium', 50, 'baseline-1' FROM generate_series(1, 3, 2) c;
SELECT is(pg_temp.resolve(), '1=a,b,c', 'the third joins');
SELECT results_eq('SELECT event_id, customer_key FROM patternos_dw.fact_event ORDER BY 1', 'VALUES (1::bigint, 1::bigint), (2, 1)', 'now the second device has one customer too');
SELECT is((SELECT count(*) FROM patternos_dw.event_anonymous), 1::bigint, 'the unknown visitor waits');
SELECT results_eq('SELECT as_of, customer_key FROM patternos_dw.feat_cross_platform ORDER BY 1, 2',
    $$VALUES (DATE '2024-01-01', 1::bigint), ('2024-01-01', 3), ('2024-02-01', 1)$$, 'only the newest snapshot loses the retired customer');
SELECT results_eq('SELECT customer_key FROM patternos_dw.intent_serving', 'VALUES (1::bigint)', 'it is served no more');
SELECT set_has('SELECT DISTINCT customer_key FROM patternos_dw.changed_customer', 'VALUES (1::bigint), (3)', 'both are marked as changed');

-- only the owner resolves
CREATE ROLE regress_identity;
GRANT USAGE ON SCHEMA patternos TO regress_identity;
GRANT EXECUTE ON FUNCTION patternos._resolve_identities(), patternos._resolve_identities(boolean, jsonb), patternos._require_owner(), patternos.block_identifier(text, bytea, text) TO regress_identity;
SET LOCAL ROLE regress_identity;
SELECT throws_ok('SELECT patternos._resolve_identities()', '42501');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
