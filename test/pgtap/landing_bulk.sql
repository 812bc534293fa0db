-- Facts, lines, raw records and accounts land alike whether rows can be appended in bulk or a trigger needs INSERT.
BEGIN;
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();

CREATE FUNCTION pg_temp.landed(batch bigint) RETURNS TABLE (kind text, content text) LANGUAGE sql AS $$
    SELECT 'fact', (to_jsonb(f) - '{customer_key,global_customer_id,location_id,known_at,batch_id}'::text[])::text
    FROM patternos_dw.fact_transaction f WHERE f.batch_id = batch
    UNION ALL
    SELECT 'line', (to_jsonb(l) - '{customer_key,category_id,known_at,batch_id}'::text[])::text
    FROM patternos_dw.fact_transaction_line l WHERE l.batch_id = batch
    UNION ALL
    SELECT 'raw', (to_jsonb(r) - '{batch_id}'::text[])::text FROM patternos_dw.raw_record r WHERE r.batch_id = batch
$$;
CREATE FUNCTION pg_temp.last_batch() RETURNS bigint LANGUAGE sql AS
    $$ SELECT max(batch_id) FROM patternos_dw.raw_batch $$;

CREATE FUNCTION pg_temp.state_of(sql text) RETURNS text LANGUAGE plpgsql AS
    $$ BEGIN EXECUTE sql; RETURN 'none'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$;

CREATE TEMP TABLE input AS SELECT * FROM patternos.sample_amazon(300, 77);
SAVEPOINT plain;
INSERT INTO patternos_dw.landing_amazon SELECT * FROM input;
SELECT string_agg(format('(%L, %L)', kind, md5(content)), ', ') AS rows FROM pg_temp.landed(pg_temp.last_batch()) \gset
SELECT pg_temp.state_of($$
    INSERT INTO patternos_dw.raw_record (record_time, batch_id, line, platform_id, entity, payload)
    SELECT record_time, batch_id, line, platform_id, entity, payload FROM patternos_dw.raw_record
    WHERE batch_id = pg_temp.last_batch() LIMIT 1$$) AS duplicate \gset
ROLLBACK TO plain;

CREATE TEMP TABLE bulk (kind text, hash text);
INSERT INTO bulk VALUES :rows;
SELECT cmp_ok((SELECT count(*) FROM bulk WHERE kind = 'line'), '>', (SELECT count(*) FROM bulk WHERE kind = 'fact'),
              'orders have lines');
SELECT is((SELECT count(*) FROM bulk WHERE kind = 'raw'), (SELECT count(*) FROM input), 'each row has its raw record');
SELECT is(:'duplicate'::text, '23505', 'the primary key finds rows that were appended in bulk');

CREATE TEMP TABLE seen (tag text);
CREATE FUNCTION pg_temp.note() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO pg_temp.seen VALUES (TG_ARGV[0]); RETURN NULL; END $$;
CREATE TRIGGER note AFTER INSERT ON patternos_dw.fact_transaction FOR EACH ROW EXECUTE FUNCTION pg_temp.note('fact');
CREATE TRIGGER note AFTER INSERT ON patternos_dw.fact_transaction_line FOR EACH ROW EXECUTE FUNCTION pg_temp.note('line');
CREATE TRIGGER note AFTER INSERT ON patternos_dw.raw_record FOR EACH ROW EXECUTE FUNCTION pg_temp.note('raw');
INSERT INTO patternos_dw.landing_amazon SELECT * FROM input;
SELECT bag_eq('SELECT kind, md5(content) FROM pg_temp.landed(pg_temp.last_batch())', 'SELECT kind, hash FROM bulk',
              'the same rows by INSERT');
SELECT bag_eq('SELECT tag FROM seen', 'SELECT kind FROM bulk', 'triggers saw each row');

-- accounts; a column of the user's own gets its default either way
ALTER TABLE patternos_dw.account_profile ADD COLUMN note text DEFAULT 'mine';
CREATE FUNCTION pg_temp.accounts() RETURNS TABLE (kind text, platform_customer_id text, content text) LANGUAGE sql AS $$
    WITH account AS (SELECT * FROM patternos_dw.dim_customer_identity WHERE created_at = now()), keys (list) AS (VALUES
        ('{customer_key,global_customer_id,identity_key,identity_id,batch_id,changed_by,accounts,customers}'::text[]))
    SELECT 'account', a.platform_customer_id, (to_jsonb(a) - k.list)::text FROM account a, keys k
    UNION ALL SELECT 'customer', a.platform_customer_id, (to_jsonb(t) - k.list)::text
    FROM account a JOIN patternos_dw.dim_customer t USING (customer_key), keys k
    UNION ALL SELECT 'profile', a.platform_customer_id, (to_jsonb(t) - k.list)::text
    FROM account a JOIN patternos_dw.account_profile t USING (identity_key), keys k
    UNION ALL SELECT 'identifier', a.platform_customer_id, (to_jsonb(t) - k.list)::text
    FROM account a JOIN patternos_dw.account_identifier t USING (identity_key), keys k
    UNION ALL SELECT 'consent', a.platform_customer_id, (to_jsonb(t) - k.list)::text
    FROM account a JOIN patternos_dw.account_consent t USING (identity_key), keys k
    UNION ALL SELECT 'feature', a.platform_customer_id, (to_jsonb(t) - k.list)::text
    FROM account a JOIN patternos_dw.account_feature t USING (identity_key), keys k
    UNION ALL SELECT 'changed account', a.platform_customer_id, (to_jsonb(t) - k.list)::text
    FROM account a JOIN patternos_dw.changed_account t ON a.identity_key - t.identity_key BETWEEN 0 AND t.accounts - 1, keys k
    UNION ALL SELECT 'changed customer', a.platform_customer_id, (to_jsonb(t) - k.list)::text
    FROM account a JOIN patternos_dw.changed_customer t ON a.customer_key - t.customer_key BETWEEN 0 AND t.customers - 1, keys k
$$;
CREATE TEMP TABLE people AS SELECT * FROM patternos.sample_customers(200, 77);
SELECT count(*) AS before FROM pg_temp.accounts() WHERE kind !~ '^changed' \gset
SAVEPOINT plain;
INSERT INTO patternos_dw.landing_customer SELECT * FROM people;
SELECT string_agg(format('(%L, %L)', kind, md5(platform_customer_id || content)), ', ') AS rows FROM pg_temp.accounts() \gset
SELECT count(*) AS wrong_ids FROM patternos_dw.dim_customer_identity
WHERE global_customer_id <> 'GLOBAL' || lpad(customer_key::text, greatest(6, length(customer_key::text)), '0')
   OR identity_id <> 'ID' || lpad(identity_key::text, greatest(8, length(identity_key::text)), '0') \gset
SELECT count(*) AS missed FROM patternos_dw.account_identifier i
WHERE NOT EXISTS (SELECT FROM patternos_dw.account_identifier j WHERE j.value_key = i.value_key AND j.value_hash = i.value_hash OFFSET 0) \gset
ROLLBACK TO plain;

TRUNCATE bulk;
INSERT INTO bulk VALUES :rows;
SELECT set_eq('SELECT DISTINCT kind FROM bulk',
              ARRAY['account', 'customer', 'profile', 'identifier', 'consent', 'feature', 'changed account', 'changed customer'], 'all of an account');
SELECT is(:wrong_ids, 0, 'ids are what the table would generate');
SELECT is(:missed, 0, 'identifiers are found by their value');
DO $do$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY '{dim_customer_identity,dim_customer,account_profile,account_identifier,account_consent,account_feature,
                            changed_account,changed_customer}'::text[] LOOP
        EXECUTE format('CREATE TRIGGER note AFTER INSERT ON patternos_dw.%I FOR EACH ROW EXECUTE FUNCTION pg_temp.note(%L)', name, name);
    END LOOP;
END
$do$;
TRUNCATE seen;
SELECT max(identity_key) AS last_key FROM patternos_dw.dim_customer_identity \gset
INSERT INTO patternos_dw.landing_customer SELECT * FROM people;
SELECT bag_eq('SELECT kind, md5(platform_customer_id || content) FROM pg_temp.accounts()', 'SELECT kind, hash FROM bulk', 'the same accounts by INSERT');
SELECT is((SELECT count(*) FROM seen WHERE tag NOT IN ('raw', 'changed_account', 'changed_customer')), (SELECT count(*) FROM bulk WHERE kind !~ '^changed') - :before, 'triggers saw each row');
SELECT results_eq('SELECT (SELECT max(accounts) FROM patternos_dw.changed_account), (SELECT max(customers) FROM patternos_dw.changed_customer)',
    format('SELECT count(*), count(*) FROM patternos_dw.dim_customer_identity WHERE identity_key > %s', :last_key), 'new accounts, with consecutive keys, have one mark');

SELECT * FROM finish();
ROLLBACK;
