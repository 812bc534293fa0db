-- Runs of the pipeline in one transaction, which snapshots they keep, and layouts.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
SET LOCAL client_min_messages = warning;
DELETE FROM patternos_dw.pipeline_run;
INSERT INTO patternos_dw.dim_customer (customer_key, first_seen_date) VALUES (900001, '2024-12-01'), (900002, '2024-12-01');
INSERT INTO patternos_dw.dim_customer_identity (customer_key, platform_id, platform_customer_id) VALUES (900001, 'NYKAA', 'T1'), (900002, 'NYKAA', 'T2');
INSERT INTO patternos_dw.fact_transaction
    (customer_key, transaction_id, platform_id, platform_customer_id, transaction_type, transaction_datetime, transaction_date, date_id, total_value, currency, known_at, batch_id)
VALUES (900001, 1, 'NYKAA', 'T1', 'order', '2025-01-10 12:00+05:30', '2025-01-10', 20250110, 100, 'INR', now(), 1);

-- automatic runs: the date follows the data
CREATE FUNCTION pg_temp.run_at(day date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE patternos_dw.fact_transaction SET transaction_datetime = day - INTERVAL '12 hours', transaction_date = day - 1
    WHERE customer_key = 900001;
    CALL patternos.refresh(in_steps => false);
END $$;
CREATE FUNCTION pg_temp.dates() RETURNS text LANGUAGE sql
    AS $$SELECT string_agg(DISTINCT to_char(as_of, 'MMDD'), ' ' ORDER BY to_char(as_of, 'MMDD')) FROM patternos._snapshots() WHERE as_of IS NOT NULL$$;

SELECT pg_temp.run_at('2025-01-30');
SELECT is(pg_temp.dates(), '0130', 'a first snapshot');
SELECT is((SELECT count(*) FROM patternos_dw.pipeline_status WHERE status = 'complete'), 11::bigint, 'ten steps and the run');
SELECT is((SELECT as_of FROM patternos_dw.feat_customer_rfm_latest WHERE customer_key = 900001), DATE '2025-01-30', 'which the views show');
SELECT pg_temp.run_at('2025-01-31');
SELECT is(pg_temp.dates(), '0131', 'the next day takes its place');
SELECT pg_temp.run_at('2025-02-01');
SELECT pg_temp.run_at('2025-02-02');
SELECT is(pg_temp.dates(), '0131 0202', 'the last of a month stays');
CALL patternos.refresh('2025-02-03', in_steps => false);
SELECT pg_temp.run_at('2025-02-04');
SELECT is(pg_temp.dates(), '0131 0203 0204', 'a date that was asked for stays');
CALL patternos.refresh_features('2024-06-15', in_steps => false);
SELECT is(pg_temp.dates(), '0131 0203 0204 0615', 'an older date can be computed');
SELECT is((SELECT as_of FROM patternos_dw.feat_customer_rfm_latest LIMIT 1), DATE '2025-02-04', 'and does not become the latest');
SELECT is((SELECT count(*) FROM patternos_dw.feat_customer_rfm_latest WHERE customer_key = 900001), 1::bigint, 'one row a customer');
SELECT is((SELECT count(*) FROM patternos_dw.feat_customer_rfm_latest_by_platform WHERE customer_key = 900001), 1::bigint, 'one row a customer and platform');
SELECT ok(patternos.drop_snapshots('2025-02-04') > 0, 'old snapshots can be dropped');
SELECT is(pg_temp.dates(), '0204', 'all before the date');
SELECT is(patternos.drop_snapshots('infinity'), 0::bigint, 'what the views show is not');
SELECT is(patternos.drop_snapshots(NULL), 0::bigint, 'NULL drops nothing');
CALL patternos.score_intent(NULL, in_steps => false);
CALL patternos.resolve_identities(in_steps => false);
CALL patternos.resolve_identities(NULL);
SELECT is((SELECT string_agg(DISTINCT status, ',') FROM patternos_dw.pipeline_status), 'complete', 'every run is complete');

SELECT is(patternos.mark_changed('{900001,900002,900001,NULL,42424242}', 'by hand'), 2::bigint, 'customers that exist are marked');
SELECT is(patternos.mark_changed(NULL, 'by hand'), 0::bigint, 'NULL marks nobody');
SELECT throws_ok($$SELECT patternos.mark_changed('{1}', NULL)$$, '22004', NULL, 'a reason is needed');

-- orphans
SELECT is((SELECT orphans FROM patternos.check_relationships() WHERE child_table = 'fact_transaction' AND parent_table = 'raw_batch'),
          1::bigint, 'keys that refer to nothing are found');
INSERT INTO patternos_dw.raw_batch (batch_id, entity, source) VALUES (1, 'transaction', 'test') ON CONFLICT DO NOTHING;
SELECT patternos._extend_dim_time('2025-01-01', '2025-01-31');
SELECT is_empty('SELECT patternos.check_relationships()', 'and none where there are none');
UPDATE patternos_dw.fact_transaction SET location_id = 424242 WHERE customer_key = 900001;
SELECT results_eq('SELECT child_table, child_columns, parent_table, orphans FROM patternos.check_relationships()',
    $$VALUES ('fact_transaction', '{location_id}'::text[], 'dim_location', 1::bigint)$$, 'with their table and columns');

-- layouts
UPDATE patternos_dw.setting SET value = '0' WHERE name = 'layout_version';
SELECT throws_ok($$CALL patternos.refresh('2025-02-04', in_steps => false)$$, '55000', NULL, 'an older layout is refused');
SELECT throws_ok('SELECT patternos.upgrade_warehouse()', '55000', 'layout 0 of the warehouse is not known', 'an unknown one too');
CREATE FUNCTION patternos._upgrade_layout_0() RETURNS void LANGUAGE sql AS 'ALTER TABLE patternos_dw.dim_sku ADD COLUMN upgraded boolean';
SELECT is(patternos.upgrade_warehouse(), 1, 'a known one is taken to this version');
SELECT has_column('patternos_dw', 'dim_sku', 'upgraded', 'by its step');
SELECT is(patternos._setting('layout_version'), '1', 'and recorded');
UPDATE patternos_dw.setting SET value = '99' WHERE name = 'layout_version';
SELECT throws_ok('SELECT patternos.upgrade_warehouse()', '55000', 'the warehouse has layout 99, this version of patternos knows layouts up to 1', 'a newer one names the remedy');
SELECT throws_ok('SELECT patternos.create_warehouse()', '42P06', NULL, 'there is one warehouse');
SELECT throws_ok('SELECT patternos.create_warehouse(0)', '22023', NULL, 'partitions: at least one');
SELECT throws_ok('SELECT patternos.create_warehouse(NULL)', '22023', NULL, 'partitions: not NULL');

SELECT * FROM finish();
ROLLBACK;
