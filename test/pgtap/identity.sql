-- Identity resolution: the same customers as a recursive query finds, in any order and any batches.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
SET LOCAL client_min_messages = warning;

-- 400 accounts on four platforms with few values each; one value that very many share
CREATE TEMP TABLE input AS
SELECT n, (ARRAY['AMAZON', 'NYKAA', 'SWIGGY', 'ZEPTO'])[1 + n % 4] AS platform, 'A' || n AS account,
       (ARRAY['F', 'M', NULL])[1 + abs(hashint4extended(n, 3)) % 3] AS gender
FROM generate_series(1, 400) n;
CREATE TEMP TABLE input_value AS
SELECT DISTINCT n, kind, sha256(convert_to(kind || value, 'UTF8')) AS value_hash
FROM input,
     LATERAL (VALUES ('email', abs(hashint4extended(n, 10)) % 350, 70), ('mobile', abs(hashint4extended(n, 11)) % 300, 60),
                     ('loyalty_id', abs(hashint4extended(n, 12)) % 2000, 40), ('device', abs(hashint4extended(n, 13)) % 50, 80),
                     ('mobile', 9999, 4), ('email', 7777, 3)) v (kind, value, share)
WHERE abs(hashint8extended(n * 7 + value, 14)) % 100 < share;

-- What has to come out, by brute force: pairs with a common value that at most cap accounts hold, from the
-- strongest to the weakest, of equal ones in an order of their own; a telephone joins nobody to a group with
-- a person of the other gender or with another loyalty id of the platform.
CREATE FUNCTION pg_temp.expected(cap integer) RETURNS TABLE (account text, first_account text) LANGUAGE plpgsql AS $$
DECLARE
    grp integer[] := ARRAY(SELECT n FROM input ORDER BY n);
    pair record;
BEGIN
    CREATE TEMP TABLE held AS
    SELECT v.*, i.platform, i.gender FROM input_value v JOIN input i USING (n)
    JOIN (SELECT kind, value_hash FROM input_value WHERE kind <> 'device' GROUP BY kind, value_hash HAVING count(*) <= cap) u USING (kind, value_hash);
    CREATE TEMP TABLE enemy AS
    SELECT a.n AS a, b.n AS b FROM input a JOIN input b ON a.n <> b.n
    WHERE a.gender <> b.gender
       OR (a.platform = b.platform
           AND EXISTS (SELECT FROM held x WHERE x.kind = 'loyalty_id' AND x.n = a.n)
           AND EXISTS (SELECT FROM held x WHERE x.kind = 'loyalty_id' AND x.n = b.n)
           AND NOT EXISTS (SELECT FROM held x JOIN held y USING (kind, value_hash) WHERE kind = 'loyalty_id' AND x.n = a.n AND y.n = b.n));
    FOR pair IN
        SELECT a.n AS a, b.n AS b, bool_or(kind <> 'mobile') AS strong
        FROM held a JOIN held b USING (kind, value_hash)
        WHERE a.n < b.n
        GROUP BY 1, 2
        ORDER BY 3 DESC, hashtextextended(min(a.platform) || '/A' || a.n, 0) # hashtextextended(min(b.platform) || '/A' || b.n, 0)
    LOOP
        CONTINUE WHEN NOT pair.strong AND EXISTS (SELECT FROM enemy e WHERE grp[e.a] = grp[pair.a] AND grp[e.b] = grp[pair.b]);
        grp := array_replace(grp, greatest(grp[pair.a], grp[pair.b]), least(grp[pair.a], grp[pair.b]));
    END LOOP;
    DROP TABLE held, enemy;
    RETURN QUERY SELECT 'A' || g.n, 'A' || g.member FROM unnest(grp) WITH ORDINALITY g (member, n);
END
$$;
CREATE FUNCTION pg_temp.actual() RETURNS TABLE (account text, first_account text) LANGUAGE sql AS $$
    SELECT platform_customer_id, 'A' || min(substr(platform_customer_id, 2)::integer) OVER (PARTITION BY customer_key)
    FROM patternos_dw.dim_customer_identity
$$;

-- Loads all accounts in an order and a number of batches, with an order of two lines and an event each;
-- with late, the identifiers come a batch after their account.
CREATE FUNCTION pg_temp.load(seed integer, batches integer, late boolean) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    moved bigint := 0;
BEGIN
    TRUNCATE patternos_dw.dim_customer, patternos_dw.dim_customer_identity, patternos_dw.account_profile,
        patternos_dw.account_identifier, patternos_dw.account_feature, patternos_dw.changed_account, patternos_dw.identifier_block,
        patternos_dw.customer_id_history, patternos_dw.fact_transaction, patternos_dw.fact_transaction_line,
        patternos_dw.fact_event, patternos_dw.changed_customer, patternos_dw.match_record, patternos_dw.match_member, patternos_dw.match_key, patternos_dw.match_crowd,
        patternos_dw.match_edge, patternos_dw.identity_run;
    FOR batch IN 0 .. batches - CASE WHEN late THEN 0 ELSE 1 END LOOP
        WITH fresh AS (
            SELECT i.*, nextval(pg_get_serial_sequence('patternos_dw.dim_customer', 'customer_key')) AS customer_key
            FROM input i WHERE abs(hashint4extended(n, seed)) % batches = batch ORDER BY hashint4extended(n, seed + 1)
        ), customer AS (
            INSERT INTO patternos_dw.dim_customer (customer_key) SELECT customer_key FROM fresh
        ), identity AS (
            INSERT INTO patternos_dw.dim_customer_identity (customer_key, platform_id, platform_customer_id)
            SELECT customer_key, platform, account FROM fresh RETURNING identity_key, customer_key, platform_id, platform_customer_id
        ), profile AS (
            INSERT INTO patternos_dw.account_profile (identity_key, gender, gender_at, first_seen, last_seen)
            SELECT i.identity_key, f.gender, now(), now(), now() FROM identity i JOIN fresh f USING (customer_key)
        ), bought AS (
            INSERT INTO patternos_dw.fact_transaction (customer_key, transaction_id, platform_id, platform_customer_id, transaction_type,
                transaction_datetime, transaction_date, date_id, total_value, currency, known_at, batch_id)
            SELECT customer_key, n, platform, account, 'order', '2025-01-01', '2025-01-01', 20250101, n, 'INR', now(), 1 FROM fresh
        ), line AS (
            INSERT INTO patternos_dw.fact_transaction_line (customer_key, transaction_datetime, transaction_id, line_number,
                platform_id, quantity, line_total, is_allocated, known_at, batch_id)
            SELECT customer_key, '2025-01-01', n, l, platform, 1, n * 0.5, false, now(), 1 FROM fresh, generate_series(1, 2) l
        )
        INSERT INTO patternos_dw.fact_event (customer_key, event_id, platform_id, platform_customer_id, event_type,
            event_timestamp, known_at, batch_id)
        SELECT customer_key, n, platform, account, 'page_view', '2025-01-01', now(), 1 FROM fresh;
        WITH held AS (
            INSERT INTO patternos_dw.account_identifier (identity_key, kind, value_hash, first_seen, last_seen)
            SELECT i.identity_key, v.kind, v.value_hash, now(), now()
            FROM input_value v JOIN patternos_dw.dim_customer_identity i ON i.platform_customer_id = 'A' || v.n
            WHERE v.kind <> 'device' AND abs(hashint4extended(v.n, seed)) % batches + CASE WHEN late THEN 1 ELSE 0 END = batch
            RETURNING identity_key
        ), device AS (
            INSERT INTO patternos_dw.account_feature (identity_key, device_hashes)
            SELECT i.identity_key, ARRAY[patternos._value_key(v.value_hash)]
            FROM input_value v JOIN patternos_dw.dim_customer_identity i ON i.platform_customer_id = 'A' || v.n
            WHERE v.kind = 'device' AND abs(hashint4extended(v.n, seed)) % batches + CASE WHEN late THEN 1 ELSE 0 END = batch
            RETURNING identity_key
        )
        INSERT INTO patternos_dw.changed_account (identity_key) SELECT identity_key FROM held UNION SELECT identity_key FROM device ON CONFLICT DO NOTHING;
        INSERT INTO patternos_dw.changed_account (identity_key)
        SELECT i.identity_key FROM patternos_dw.dim_customer_identity i JOIN input n ON i.platform_customer_id = n.account
        WHERE abs(hashint4extended(n.n, seed)) % batches = batch
        ON CONFLICT DO NOTHING;
        moved := moved + patternos._resolve_identities();
    END LOOP;
    RETURN moved;
END
$$;
-- Rows that belong to another customer than their account.
CREATE FUNCTION pg_temp.strays() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT 'transaction ' || f.transaction_id FROM patternos_dw.fact_transaction f
    LEFT JOIN patternos_dw.dim_customer_identity i USING (customer_key, platform_id, platform_customer_id) WHERE i.customer_key IS NULL
    UNION ALL
    SELECT 'event ' || f.event_id FROM patternos_dw.fact_event f
    LEFT JOIN patternos_dw.dim_customer_identity i USING (customer_key, platform_id, platform_customer_id) WHERE i.customer_key IS NULL
    UNION ALL
    SELECT 'line ' || l.transaction_id FROM patternos_dw.fact_transaction_line l
    LEFT JOIN patternos_dw.fact_transaction t USING (customer_key, transaction_datetime, transaction_id) WHERE t.customer_key IS NULL
    UNION ALL
    SELECT 'customer ' || c.customer_key FROM patternos_dw.dim_customer c
    WHERE NOT EXISTS (SELECT FROM patternos_dw.dim_customer_identity i WHERE i.customer_key = c.customer_key)
    UNION ALL
    SELECT 'account ' || i.identity_key FROM patternos_dw.dim_customer_identity i
    WHERE NOT EXISTS (SELECT FROM patternos_dw.dim_customer c WHERE c.customer_key = i.customer_key)
$$;

UPDATE patternos_dw.setting SET value = '5' WHERE name = 'identifier_account_cap';
UPDATE patternos_dw.setting SET value = '1000' WHERE name IN ('device_account_cap', 'customer_account_cap', 'max_churn', 'max_growth');
SELECT cmp_ok(count(DISTINCT first_account), '<', 300::bigint, 'the test data does link accounts') FROM pg_temp.expected(5);
SELECT cmp_ok(max(c), '>', 4::bigint, 'and makes customers of many') FROM (SELECT count(*) AS c FROM pg_temp.expected(5) GROUP BY first_account) s;

SELECT cmp_ok(pg_temp.load(1, 1, false), '>', 50::bigint, 'one batch moves accounts');
SELECT set_eq('SELECT * FROM pg_temp.actual()', 'SELECT * FROM pg_temp.expected(5)', 'one batch: as the recursive query says');
SELECT is_empty('SELECT * FROM pg_temp.strays()', 'one batch: facts are where their account is');
SELECT is((SELECT (count(*), sum(total_value)) FROM patternos_dw.fact_transaction)::text, '(400,80200.00)', 'totals are conserved');
SELECT is((SELECT (count(*), sum(line_total)) FROM patternos_dw.fact_transaction_line)::text, '(800,80200.0000)', 'so are lines');
SELECT set_eq('SELECT kind, reason, accounts FROM patternos_dw.identity_report',
    $$SELECT kind, 'shared', sum(c)::bigint FROM (SELECT kind, count(*) AS c FROM input_value WHERE kind <> 'device'
      GROUP BY kind, value_hash HAVING count(*) > 5) s GROUP BY kind$$, 'values over the cap are reported');

CREATE TEMP TABLE before AS SELECT ctid::text AS place, identity_key FROM patternos_dw.dim_customer_identity;
SELECT is(patternos._resolve_identities(true), 0::bigint, 'doing it all again moves nothing');
SELECT set_eq('SELECT ctid::text AS place, identity_key FROM patternos_dw.dim_customer_identity',
    'SELECT place, identity_key FROM before', 'and writes no account');

SELECT pg_temp.load(2, 7, false);
SELECT set_eq('SELECT * FROM pg_temp.actual()', 'SELECT * FROM pg_temp.expected(5)', 'seven batches in another order: the same customers');
SELECT is_empty('SELECT * FROM pg_temp.strays()', 'seven batches: facts are where their account is');
SELECT pg_temp.load(3, 40, true);
SELECT set_eq('SELECT * FROM pg_temp.actual()', 'SELECT * FROM pg_temp.expected(5)', 'forty batches, identifiers late: the same customers');
SELECT is_empty('SELECT * FROM pg_temp.strays()', 'forty batches: facts are where their account is');
SELECT is((SELECT (count(*), sum(total_value)) FROM patternos_dw.fact_transaction)::text, '(400,80200.00)', 'totals are conserved still');
SELECT is_empty($$SELECT DISTINCT old_customer_key FROM patternos_dw.customer_id_history h
    WHERE patternos.resolve_id('GLOBAL' || CASE WHEN old_customer_key < 1000000 THEN lpad(old_customer_key::text, 6, '0') ELSE old_customer_key::text END) IS NULL$$,
    'every id that there ever was can be resolved');
SELECT is_empty($$SELECT global_customer_id FROM patternos_dw.dim_customer WHERE patternos.resolve_id(global_customer_id) <> global_customer_id$$,
    'an id in use stands for itself');

-- withdrawals: a third of the accounts lose their values, in two steps
DELETE FROM input_value WHERE n % 3 = 0 AND kind <> 'device';
WITH gone AS (
    DELETE FROM patternos_dw.account_identifier a USING patternos_dw.dim_customer_identity i
    WHERE i.identity_key = a.identity_key AND substr(i.platform_customer_id, 2)::integer % 6 = 0 AND a.kind <> 'device' RETURNING a.identity_key)
INSERT INTO patternos_dw.changed_account SELECT DISTINCT identity_key FROM gone ON CONFLICT DO NOTHING;
SELECT cmp_ok(patternos._resolve_identities(), '>', 0::bigint, 'withdrawn identifiers split customers');
WITH gone AS (
    DELETE FROM patternos_dw.account_identifier a USING patternos_dw.dim_customer_identity i
    WHERE i.identity_key = a.identity_key AND substr(i.platform_customer_id, 2)::integer % 3 = 0 AND a.kind <> 'device' RETURNING a.identity_key)
INSERT INTO patternos_dw.changed_account SELECT DISTINCT identity_key FROM gone ON CONFLICT DO NOTHING;
SELECT patternos._resolve_identities();
SELECT set_eq('SELECT * FROM pg_temp.actual()', 'SELECT * FROM pg_temp.expected(5)', 'after withdrawals: as the recursive query says');
SELECT is_empty('SELECT * FROM pg_temp.strays()', 'after withdrawals: facts are where their account is');
SELECT is(patternos._rebuild_customers(NULL), 0::bigint, 'customers are what rebuilding all of them makes');
SELECT is(patternos._resolve_identities(true), 0::bigint, 'and stays so');

-- another cap takes effect with a run over everything
UPDATE patternos_dw.setting SET value = '2' WHERE name = 'identifier_account_cap';
SELECT patternos._resolve_identities(true);
SELECT set_eq('SELECT * FROM pg_temp.actual()', 'SELECT * FROM pg_temp.expected(2)', 'a lower cap');
UPDATE patternos_dw.setting SET value = '100' WHERE name = 'identifier_account_cap';
SELECT patternos._resolve_identities();
SELECT set_eq('SELECT * FROM pg_temp.actual()', 'SELECT * FROM pg_temp.expected(100)', 'a higher cap releases what it admits');
SELECT is_empty('TABLE patternos_dw.identity_report', 'and nothing is reported');
SELECT is(patternos._rebuild_customers(NULL), 0::bigint, 'customers are what rebuilding all of them makes');
SELECT is_empty('SELECT * FROM pg_temp.strays()', 'facts are where their account is');

-- the documented identity map
SELECT is_empty($$SELECT * FROM patternos_dw.dim_customer_identity WHERE global_customer_id !~ '^GLOBAL\d{6,}$' OR identity_id !~ '^ID\d{8,}$'
    OR mapping_method <> 'deterministic' OR mapping_confidence::text <> '1.0000'$$, 'ids, method and confidence have their documented form');
SELECT is_empty($$SELECT customer_key FROM patternos_dw.dim_customer_identity GROUP BY customer_key HAVING count(*) = 1 AND min(match_attributes::text) <> '{}'$$,
    'an account alone has nothing to compare');
SELECT is_empty($$SELECT * FROM patternos_dw.dim_customer_identity i WHERE (SELECT count(*) FROM patternos_dw.dim_customer_identity o WHERE o.customer_key = i.customer_key) > 1
    AND NOT match_attributes @? '$.* ? (@ == true)'$$, 'an account among others shares something with one of them');
SELECT is_empty($$SELECT c.global_customer_id FROM patternos_dw.dim_customer c
    WHERE (SELECT count(*) FROM patternos.customer_accounts(c.global_customer_id)) <> (SELECT count(*) FROM patternos_dw.dim_customer_identity i WHERE i.customer_key = c.customer_key)$$,
    'customer_accounts lists each account once');

SELECT * FROM finish();
ROLLBACK;
