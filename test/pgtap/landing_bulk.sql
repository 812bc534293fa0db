-- Facts, lines and raw records land alike whether rows can be appended in bulk or a trigger needs INSERT.
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

SELECT * FROM finish();
ROLLBACK;
