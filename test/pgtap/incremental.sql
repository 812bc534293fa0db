-- A refresh that computes only changed customers writes what one that computes all of them does, whatever changed.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
SET LOCAL client_min_messages = error;
SELECT setseed(0.42);
TRUNCATE patternos_dw.pipeline_run, patternos_dw.refresh_state, patternos_dw.stale_customer, patternos_dw.changed_customer;

INSERT INTO patternos_dw.landing_customer SELECT * FROM patternos.sample_customers(100, 5);
INSERT INTO patternos_dw.landing_zepto SELECT * FROM patternos.sample_zepto(100, 5);
INSERT INTO patternos_dw.landing_amazon SELECT * FROM patternos.sample_amazon(100, 5);
INSERT INTO patternos_dw.landing_carwale SELECT * FROM patternos.sample_carwale(100, 5);
INSERT INTO patternos_dw.landing_event SELECT * FROM patternos.sample_events(40, 5);

-- What a refresh wrote, a line a table.
CREATE FUNCTION pg_temp.written() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT string_agg(name || ' ' || rows || ' ' || digest, E'\n' ORDER BY name)
    FROM (SELECT name, count(*) AS rows, md5(string_agg(row, E'\n' ORDER BY row COLLATE "C")) AS digest
          FROM (SELECT 'rfm' AS name, t::text AS row FROM patternos_dw.feat_customer_rfm t
                UNION ALL SELECT 'cut points', t::text FROM patternos_dw.rfm_cutpoint t
                UNION ALL SELECT 'affinity', t::text FROM patternos_dw.feat_customer_affinity t
                UNION ALL SELECT 'population', t::text FROM patternos_dw.affinity_population t
                UNION ALL SELECT 'behavior', t::text FROM patternos_dw.feat_customer_behavior t
                UNION ALL SELECT 'cross-platform', t::text FROM patternos_dw.feat_cross_platform t
                UNION ALL SELECT 'scores', t::text FROM patternos_dw.intent_score t
                UNION ALL SELECT 'percentiles', t::text FROM patternos_dw.intent_percentile t
                UNION ALL SELECT 'rates', t::text FROM patternos_dw.purchase_rate_model t
                UNION ALL SELECT 'serving', (to_jsonb(t) - 'updated_at')::text FROM patternos_dw.intent_serving t
                UNION ALL SELECT 'customers', (to_jsonb(t) - 'updated_at')::text FROM patternos_dw.dim_customer t) r
          GROUP BY name) n);
END
$$;

-- Refreshes after a change, forgets that, and computes everything: what differs, and whether the first computed everything too.
CREATE FUNCTION pg_temp.compare(day date, OUT difference text, OUT was_full boolean) LANGUAGE plpgsql AS $$
DECLARE
    incremental text;
BEGIN
    CALL patternos.refresh(day, in_steps => false);
    incremental := pg_temp.written();
    was_full := (SELECT rows FROM patternos_dw.pipeline_run WHERE step = 'rfm' ORDER BY run_id DESC LIMIT 1)
                = (SELECT count(*) FROM patternos_dw.feat_customer_rfm f WHERE f.as_of = day);
    DELETE FROM patternos_dw.refresh_state;
    CALL patternos.refresh(day, in_steps => false);
    SELECT string_agg(line, E'\n') INTO difference
    FROM (SELECT regexp_split_to_table(incremental, E'\n') EXCEPT SELECT regexp_split_to_table(pg_temp.written(), E'\n')) l (line);
END
$$;

-- A few customers, different ones each time.
CREATE FUNCTION pg_temp.some() RETURNS bigint[] LANGUAGE sql VOLATILE AS $$
    SELECT array_agg(customer_key) FROM (SELECT customer_key FROM patternos_dw.dim_customer ORDER BY random(), customer_key LIMIT 4) c
$$;

CREATE FUNCTION pg_temp.change(kind text, turn integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    keys bigint[] := pg_temp.some();
BEGIN
    CASE kind
        WHEN 'an amount corrected' THEN
            UPDATE patternos_dw.fact_transaction SET total_value = total_value * 3 + 1 WHERE customer_key = ANY (keys);
        WHEN 'orders cancelled' THEN
            UPDATE patternos_dw.fact_transaction SET transaction_status = 'cancelled' WHERE customer_key = ANY (keys) AND transaction_id % 2 = 0;
        WHEN 'facts erased' THEN
            DELETE FROM patternos_dw.fact_transaction_line WHERE customer_key = ANY (keys);
            DELETE FROM patternos_dw.fact_transaction WHERE customer_key = ANY (keys);
        WHEN 'customers erased' THEN
            PERFORM patternos.mark_changed(keys, kind);
            DELETE FROM patternos_dw.fact_transaction_line WHERE customer_key = ANY (keys);
            DELETE FROM patternos_dw.fact_transaction WHERE customer_key = ANY (keys);
            DELETE FROM patternos_dw.fact_event WHERE customer_key = ANY (keys);
            DELETE FROM patternos_dw.intent_serving WHERE customer_key = ANY (keys);
            DELETE FROM patternos_dw.dim_customer_identity WHERE customer_key = ANY (keys);
            DELETE FROM patternos_dw.dim_customer WHERE customer_key = ANY (keys);
        WHEN 'late orders' THEN
            INSERT INTO patternos_dw.landing_zepto SELECT * FROM patternos.sample_zepto(100, 100 + turn) ORDER BY random() LIMIT 15;
        WHEN 'a new category' THEN
            INSERT INTO patternos_dw.landing_nykaa SELECT * FROM patternos.sample_nykaa(60, 200 + turn) LIMIT 10;
        WHEN 'late events' THEN
            INSERT INTO patternos_dw.landing_event SELECT * FROM patternos.sample_events(40, 300 + turn) ORDER BY random() LIMIT 20;
        WHEN 'accounts merged' THEN
            INSERT INTO patternos_dw.landing_customer (platform_id, platform_customer_id, name, email)
            SELECT platform_id, platform_customer_id, 'Merged Person', format('merged%s@example.com', turn)
            FROM patternos_dw.dim_customer_identity WHERE customer_key = ANY (keys);
        WHEN 'a customer split' THEN
            PERFORM patternos.block_identifier(a.kind, a.value_hash)
            FROM patternos_dw.account_identifier a JOIN patternos_dw.dim_customer_identity i USING (identity_key)
            WHERE a.kind IN ('email', 'mobile') AND i.customer_key IN (
                SELECT customer_key FROM patternos_dw.dim_customer_identity GROUP BY 1 HAVING count(*) > 1 ORDER BY random() LIMIT 2);
        WHEN 'nothing' THEN
    END CASE;
    IF kind IN ('an amount corrected', 'orders cancelled', 'facts erased') THEN
        PERFORM patternos.mark_changed(keys, kind);
    END IF;
END
$$;

CALL patternos.refresh('2025-06-01', in_steps => false);
CREATE FUNCTION pg_temp.turns(turns integer) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    kind text;
    result record;
BEGIN
    FOR turn IN 1 .. turns LOOP
        FOREACH kind IN ARRAY ARRAY['nothing', 'an amount corrected', 'orders cancelled', 'facts erased', 'customers erased', 'late orders',
                                    'a new category', 'late events', 'accounts merged', 'a customer split'] LOOP
            PERFORM pg_temp.change(kind, turn);
            result := pg_temp.compare('2025-06-01');
            RETURN NEXT is(result.difference, NULL, kind || ': equal to computing everything');
            RETURN NEXT ok(NOT result.was_full, kind || ': computes some');
        END LOOP;
    END LOOP;
END
$$;
SELECT pg_temp.turns(1);

-- rules: everything is computed again, without being told
CREATE FUNCTION pg_temp.rule(name text, change text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE change;
    CALL patternos.refresh('2025-06-01', in_steps => false);
    RETURN is((SELECT rows FROM patternos_dw.pipeline_run WHERE step = 'rfm' ORDER BY run_id DESC LIMIT 1),
              (SELECT count(*) FROM patternos_dw.feat_customer_rfm), name || ': computes everything');
END
$$;
SELECT pg_temp.rule('a threshold', $$UPDATE patternos_dw.rfm_threshold SET cuts = '{2,5,6,9}' WHERE metric = 'frequency'$$);
SELECT pg_temp.rule('a platform''s threshold', $$INSERT INTO patternos_dw.rfm_threshold VALUES ('ZEPTO', 'monetary', 'fixed', '{1,2,3,4}')$$);
SELECT pg_temp.rule('a segment rule', $$UPDATE patternos_dw.rfm_segment_rule SET segment = 'Gone' WHERE segment = 'Lost'$$);
SELECT pg_temp.rule('a platform', $$UPDATE patternos_dw.dim_platform SET conversion_type = 'any' WHERE platform_id = 'CARWALE'$$);
SELECT pg_temp.rule('a category', $$UPDATE patternos_dw.dim_product_category SET unified_category = 'Other' WHERE category_id = (SELECT min(category_id) FROM patternos_dw.dim_product_category)$$);
SELECT pg_temp.rule('quantiles', $$UPDATE patternos_dw.rfm_threshold SET method = 'quantile' WHERE platform_id = 'ALL'$$);
SELECT pg_temp.rule('quantiles again', $$SELECT patternos.mark_changed(pg_temp.some(), 'test')$$);
SELECT pg_temp.rule('most customers changed', $$SELECT patternos.mark_changed(ARRAY(SELECT customer_key FROM patternos_dw.dim_customer LIMIT 60), 'test')$$);

-- rules of one step only
CREATE FUNCTION pg_temp.rows_of(name text) RETURNS bigint LANGUAGE sql AS
    'SELECT rows FROM patternos_dw.pipeline_run WHERE step = name ORDER BY run_id DESC LIMIT 1';
UPDATE patternos_dw.rfm_threshold SET method = 'fixed';
CALL patternos.refresh('2025-06-01', in_steps => false);
CALL patternos.refresh('2025-06-01', in_steps => false);
SELECT is(pg_temp.rows_of('affinity') + pg_temp.rows_of('behavior') + pg_temp.rows_of('scores'), 0::bigint, 'nothing changed, nothing is written');
UPDATE patternos_dw.setting SET value = '20' WHERE name = 'session_gap_minutes';
UPDATE patternos_dw.setting SET value = '200' WHERE name = 'affinity_window_days';
UPDATE patternos_dw.value_segment_rule SET threshold = 0.4 WHERE rule = 'top_share_of_spend_365d';
UPDATE patternos_dw.model SET high_cut = 0.6 WHERE stage = 'champion';
CALL patternos.refresh('2025-06-01', in_steps => false);
SELECT is(pg_temp.rows_of('behavior'), (SELECT count(*) FROM patternos_dw.feat_customer_behavior), 'a setting of sessions is seen');
SELECT is(pg_temp.rows_of('affinity'), (SELECT count(*) FROM patternos_dw.feat_customer_affinity), 'the window of affinity is seen');
SELECT cmp_ok(pg_temp.rows_of('customers'), '>', 0::bigint, 'a value tier is seen');
SELECT is(pg_temp.rows_of('scores'), (SELECT count(*) FROM patternos_dw.intent_score), 'the model is seen');
SELECT is(pg_temp.rows_of('cross_platform'), 0::bigint, 'what they do not concern is left alone');

-- other dates: an earlier one leaves the newest as it is, with what it has still to compute
SELECT patternos.mark_changed(pg_temp.some(), 'test');
CALL patternos.refresh('2025-03-01', in_steps => false);
SELECT is((SELECT count(DISTINCT as_of) || ' ' || min(as_of) FROM patternos_dw.refresh_state), '1 2025-06-01', 'an earlier date is not the newest');
SELECT is((SELECT count(*) FROM patternos_dw.stale_customer WHERE step = 'behavior'), 4::bigint, 'which still has customers to compute');
SELECT is((pg_temp.compare('2025-06-01')).difference, NULL, 'and computes them next time');
SELECT is((pg_temp.compare('2025-06-02')).difference, NULL, 'a day later');
SELECT is((SELECT count(DISTINCT as_of) || ' ' || min(as_of) FROM patternos_dw.refresh_state), '1 2025-06-02', 'is the newest');
SELECT ok(patternos.drop_snapshots('infinity') >= 0, 'a snapshot that is gone');
SELECT is_empty('SELECT FROM patternos_dw.affinity_population p WHERE NOT EXISTS (SELECT FROM patternos._snapshots() s WHERE s.as_of = p.as_of)', 'takes its population along');

SELECT * FROM finish();
ROLLBACK;
