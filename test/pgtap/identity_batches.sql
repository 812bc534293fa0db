-- Made-up people in any order and any batches, with corrections and removals on the way: the customers of one batch.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
SET LOCAL client_min_messages = warning;
SET LOCAL synchronous_commit = off;
TRUNCATE patternos_dw.dim_customer, patternos_dw.dim_customer_identity, patternos_dw.account_profile, patternos_dw.account_feature,
    patternos_dw.account_identifier, patternos_dw.changed_account, patternos_dw.account_consent;
UPDATE patternos_dw.setting SET value = CASE name WHEN 'match_key_cap' THEN '6' WHEN 'ip_account_cap' THEN '5' WHEN 'device_account_cap' THEN '3' ELSE '1000' END
WHERE name IN ('match_key_cap', 'ip_account_cap', 'device_account_cap', 'max_churn', 'max_growth');

-- what landing makes of them, kept aside by account
INSERT INTO patternos_dw.landing_customer SELECT * FROM patternos.sample_customers(220, 7, 0.6);
CREATE TEMP TABLE input AS
SELECT i.identity_key AS n, i.platform_id, i.platform_customer_id FROM patternos_dw.dim_customer_identity i;
CREATE TEMP TABLE input_profile AS TABLE patternos_dw.account_profile;
CREATE TEMP TABLE input_feature AS TABLE patternos_dw.account_feature;
CREATE TEMP TABLE input_identifier AS SELECT identity_key, kind, value_hash, first_seen, last_seen FROM patternos_dw.account_identifier;
CREATE TEMP TABLE key_of (n bigint PRIMARY KEY, identity_key bigint, customer_key bigint);

-- An account's content as that of another: what it says now, or what it said before it was corrected.
CREATE FUNCTION pg_temp.write(account bigint, content bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    key CONSTANT bigint := (SELECT identity_key FROM key_of WHERE n = account);
BEGIN
    DELETE FROM patternos_dw.account_profile WHERE identity_key = key;
    DELETE FROM patternos_dw.account_feature WHERE identity_key = key;
    DELETE FROM patternos_dw.account_identifier WHERE identity_key = key;
    INSERT INTO patternos_dw.account_profile SELECT (json_populate_record(p, json_build_object('identity_key', key))).* FROM input_profile p WHERE identity_key = content;
    INSERT INTO patternos_dw.account_feature SELECT (json_populate_record(f, json_build_object('identity_key', key))).* FROM input_feature f WHERE identity_key = content;
    INSERT INTO patternos_dw.account_identifier (identity_key, kind, value_hash, first_seen, last_seen)
    SELECT key, kind, value_hash, first_seen, last_seen FROM input_identifier WHERE identity_key = content;
    INSERT INTO patternos_dw.changed_account VALUES (key, clock_timestamp());
END
$$;
-- Loads everything in batches: a fifth of the accounts come with wrong content first and are corrected in a later
-- batch, a tenth as many strangers come and go.
CREATE FUNCTION pg_temp.load(seed integer, batches integer) RETURNS TABLE (n bigint, first_n bigint) LANGUAGE plpgsql AS $$
DECLARE
    most CONSTANT bigint := (SELECT count(*) FROM input);
BEGIN
    TRUNCATE patternos_dw.dim_customer, patternos_dw.dim_customer_identity, patternos_dw.account_profile, patternos_dw.account_feature,
        patternos_dw.account_identifier, patternos_dw.changed_account, patternos_dw.identifier_block, patternos_dw.customer_id_history,
        patternos_dw.changed_customer, patternos_dw.match_record, patternos_dw.match_member, patternos_dw.match_key, patternos_dw.match_crowd, patternos_dw.match_edge, patternos_dw.identity_run;
    DELETE FROM key_of;
    CREATE TEMP TABLE plan AS
    SELECT i.n, abs(hashint8extended(i.n, seed)) % batches AS batch, NULL::bigint AS wrong, NULL::bigint AS correction, i.platform_id, i.platform_customer_id FROM input i;
    IF batches > 1 THEN
        UPDATE plan SET wrong = 1 + abs(hashint8extended(plan.n, seed + 1)) % most, correction = batch + abs(hashint8extended(plan.n, seed + 2)) % (batches - batch)
        WHERE abs(hashint8extended(plan.n, seed + 3)) % 5 = 0;
        INSERT INTO plan SELECT -i, i % batches, 1 + abs(hashint8extended(i, seed + 4)) % most, i % batches + abs(hashint8extended(i, seed + 5)) % (batches - i % batches), 'ZEPTO', 'gone' || i
        FROM generate_series(1, most / 10) i;
    END IF;
    FOR batch_number IN 0 .. batches - 1 LOOP
        WITH fresh AS (
            SELECT p.*, nextval(pg_get_serial_sequence('patternos_dw.dim_customer', 'customer_key')) AS customer_key
            FROM plan p WHERE p.batch = batch_number ORDER BY hashint8extended(p.n, seed + 6)
        ), customer AS (
            INSERT INTO patternos_dw.dim_customer (customer_key) SELECT customer_key FROM fresh
        ), identity AS (
            INSERT INTO patternos_dw.dim_customer_identity (customer_key, platform_id, platform_customer_id)
            SELECT customer_key, platform_id, platform_customer_id FROM fresh RETURNING identity_key, customer_key
        )
        INSERT INTO key_of SELECT f.n, i.identity_key, i.customer_key FROM identity i JOIN fresh f USING (customer_key);
        PERFORM pg_temp.write(p.n, coalesce(p.wrong, p.n)) FROM plan p WHERE p.batch = batch_number;
        PERFORM patternos._resolve_identities();
        PERFORM pg_temp.write(p.n, p.n) FROM plan p WHERE p.correction = batch_number AND p.n > 0;
        WITH gone AS (
            DELETE FROM patternos_dw.dim_customer_identity i USING plan p, key_of k
            WHERE p.correction = batch_number AND p.n < 0 AND k.n = p.n AND i.identity_key = k.identity_key RETURNING i.identity_key, i.customer_key
        ), emptied AS (
            DELETE FROM patternos_dw.account_identifier a USING gone WHERE a.identity_key = gone.identity_key
        )
        INSERT INTO patternos_dw.changed_account
        SELECT identity_key, clock_timestamp() FROM gone
        UNION SELECT i.identity_key, clock_timestamp() FROM gone JOIN patternos_dw.dim_customer_identity i USING (customer_key);
        DELETE FROM patternos_dw.dim_customer c WHERE NOT EXISTS (SELECT FROM patternos_dw.dim_customer_identity i WHERE i.customer_key = c.customer_key);
    END LOOP;
    PERFORM patternos._resolve_identities();
    DROP TABLE plan;
    RETURN QUERY SELECT k.n, min(k.n) OVER (PARTITION BY i.customer_key) FROM patternos_dw.dim_customer_identity i JOIN key_of k USING (identity_key);
END
$$;

CREATE TEMP TABLE expected AS SELECT * FROM pg_temp.load(1, 1);
CREATE TEMP TABLE expected_edge AS
SELECT least(a.n, b.n) AS a, greatest(a.n, b.n) AS b, kind, rule, weight, probability, pattern, is_cut
FROM patternos_dw.match_edge e JOIN key_of a ON a.identity_key = e.account_a JOIN key_of b ON b.identity_key = e.account_b;
SELECT cmp_ok(count(*), '>', 20::bigint, 'likeness joins some') FROM expected_edge WHERE kind = 'probabilistic' AND probability >= 0.9 AND NOT is_cut;
SELECT cmp_ok(count(*), '>', 2::bigint, 'some keys are crowded') FROM patternos_dw.match_crowd;
SELECT cmp_ok(count(*), '>', 5::bigint, 'some values are shared by too many') FROM patternos_dw.identifier_block;
SELECT is_empty(format('SELECT * FROM pg_temp.load(%s, %s) EXCEPT TABLE expected', seed, batches), format('%s batches, order %s: the same customers', batches, seed))
    || E'\n' || set_eq($$SELECT least(a.n, b.n) AS a, greatest(a.n, b.n) AS b, kind, rule, weight, probability, pattern, is_cut
        FROM patternos_dw.match_edge e JOIN key_of a ON a.identity_key = e.account_a JOIN key_of b ON b.identity_key = e.account_b$$, 'TABLE expected_edge', 'and the same edges')
FROM (VALUES (2, 1), (3, 2), (4, 5), (5, 20)) t (seed, batches);
CREATE TEMP TABLE found AS SELECT identity_key, customer_key, mapping_method, mapping_confidence, match_attributes FROM patternos_dw.dim_customer_identity;
SELECT is(patternos._resolve_identities(true), 0::bigint, 'looking at everything moves nobody');
SELECT set_eq('SELECT identity_key, customer_key, mapping_method, mapping_confidence, match_attributes FROM patternos_dw.dim_customer_identity', 'TABLE found', 'and finds the same of each account');

-- confidence: the bottleneck between the account and the customer's first one, by brute force
SELECT is_empty($$
    WITH RECURSIVE edge AS (
        SELECT account_a AS a, account_b AS b, probability AS p FROM patternos_dw.match_edge WHERE NOT is_cut AND probability >= 0.9
        UNION ALL SELECT account_b, account_a, probability FROM patternos_dw.match_edge WHERE NOT is_cut AND probability >= 0.9
    ), path AS (
        SELECT min(identity_key) AS first, min(identity_key) AS node, 1::double precision AS p FROM patternos_dw.dim_customer_identity GROUP BY customer_key
        UNION
        SELECT t.first, e.b, least(t.p, e.p) FROM path t JOIN edge e ON e.a = t.node
    )
    SELECT i.identity_key, i.mapping_confidence, max(t.p) FROM patternos_dw.dim_customer_identity i JOIN path t ON t.node = i.identity_key
    GROUP BY i.identity_key, i.mapping_confidence HAVING i.mapping_confidence <> round(max(t.p)::numeric, 4)$$, 'confidence is the weakest edge on the best path');
SELECT is_empty($$SELECT mapping_method, mapping_confidence FROM patternos_dw.dim_customer_identity
    WHERE (mapping_method = 'deterministic' AND mapping_confidence < 1) OR mapping_confidence < 0.9$$, 'doubt only where likeness joins');

-- groups too large to be one person are divided the same whatever came first
UPDATE patternos_dw.setting SET value = '3' WHERE name = 'customer_account_cap';
CREATE TEMP TABLE divided AS SELECT * FROM pg_temp.load(1, 1);
SELECT cmp_ok(count(DISTINCT component), '>', 3::bigint, 'some groups are too large') FROM patternos_dw.match_quarantine;
SELECT is_empty('SELECT * FROM pg_temp.load(6, 9) EXCEPT TABLE divided', 'nine batches: the same customers of large groups');
SELECT * FROM finish();
ROLLBACK;
