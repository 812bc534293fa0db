-- dim_time, its holidays and the reference date.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
SET timezone = 'America/New_York';
SET datestyle = 'German';

SELECT is(patternos._extend_dim_time('2024-02-29', '2025-01-01'), 731::bigint, 'two whole years');
SELECT is(patternos._extend_dim_time('2024-12-31', '2024-12-31'), 0::bigint, 'which are there already');
SELECT is(patternos._extend_dim_time('2023-12-31', '2025-06-01'), 365::bigint, 'one more year before them');
SELECT is(patternos._extend_dim_time(NULL, '2025-06-01'), NULL, 'NULL gives NULL');
SELECT is(patternos._extend_dim_time('2026-01-01', '2025-01-01'), 0::bigint, 'an empty range adds nothing');
SELECT throws_ok($$SELECT patternos._extend_dim_time('-infinity', '2025-01-01')$$, '22008', NULL, 'not before 1900');
SELECT throws_ok($$SELECT patternos._extend_dim_time('2025-01-01', 'infinity')$$, '22008', NULL, 'not after 2199');

SELECT is_empty($$
    SELECT full_date FROM patternos_dw.dim_time
    WHERE (date_id, year, quarter, month, week_of_year, day_of_month, day_of_week, is_weekend, fiscal_year, fiscal_quarter)
          IS DISTINCT FROM
          (extract(year FROM full_date)::integer * 10000 + extract(month FROM full_date)::integer * 100 + extract(day FROM full_date)::integer,
           extract(year FROM full_date), (extract(month FROM full_date)::integer + 2) / 3, extract(month FROM full_date),
           to_char(full_date, 'IW')::integer, extract(day FROM full_date), 1 + (full_date - DATE '2024-01-01' + 7000) % 7,
           (full_date - DATE '2024-01-01' + 7000) % 7 >= 5,
           extract(year FROM full_date) + CASE WHEN extract(month FROM full_date) >= 4 THEN 1 ELSE 0 END,
           CASE WHEN extract(month FROM full_date) < 4 THEN 4 ELSE (extract(month FROM full_date)::integer - 1) / 3 END)
$$, 'every column follows from the date');
SELECT results_eq($$SELECT date_id, month_name, day_name, fiscal_year::integer, fiscal_quarter::integer FROM patternos_dw.dim_time
                    WHERE date_id IN (20240229, 20240331, 20240401) ORDER BY 1$$,
    $$VALUES (20240229, 'February', 'Thursday', 2024, 4), (20240331, 'March', 'Sunday', 2024, 4), (20240401, 'April', 'Monday', 2025, 1)$$,
    'the fiscal year begins in April and is named by its end');
SELECT is((SELECT count(*) FROM patternos_dw.dim_time WHERE is_holiday AND year = 2024), 6::bigint, 'six fixed holidays');
SELECT is((SELECT holiday_name FROM patternos_dw.dim_time WHERE full_date = '2025-08-15'), 'Independence Day', 'with their names');

INSERT INTO patternos_dw.holiday VALUES (11, 1, 2024, 'Diwali'), (10, 20, 2025, 'Diwali'), (10, 2, 2025, 'Dussehra');
DELETE FROM patternos_dw.holiday WHERE holiday_name = 'Christmas';
SELECT is(patternos.update_holidays(), 6::bigint, 'edited holidays: three new, three gone');
SELECT is((SELECT holiday_name FROM patternos_dw.dim_time WHERE full_date = '2025-10-02'), 'Dussehra, Gandhi Jayanti', 'two on a day');
SELECT ok(NOT (SELECT is_holiday FROM patternos_dw.dim_time WHERE full_date = '2024-12-25'), 'one less');
SELECT is(patternos.update_holidays(), 0::bigint, 'nothing to do twice');

-- the reference date: the warehouse's zone decides, not the session's
TRUNCATE patternos_dw.fact_transaction, patternos_dw.fact_event;
SELECT is(patternos._reference_date(NULL), (now() AT TIME ZONE 'Asia/Kolkata')::date + 1, 'without facts: tomorrow');
INSERT INTO patternos_dw.fact_event (customer_key, event_id, platform_id, event_type, event_timestamp, known_at, batch_id)
VALUES (1, 1, 'NYKAA', 'page_view', '2025-03-31 20:00+00', now(), 1);
SELECT is(patternos._reference_date(NULL), DATE '2025-04-02', 'the day after the newest event, local days');
-- runs before only bound where it is looked for
INSERT INTO patternos_dw.pipeline_run (refresh_id, step, as_of, status, started_at) VALUES (-1, 'refresh', '2025-04-02', 'complete', now());
SELECT is(patternos._reference_date(NULL), DATE '2025-04-02', 'the same after a run at that date');
UPDATE patternos_dw.pipeline_run SET as_of = '2025-04-05' WHERE refresh_id = -1;
SELECT is(patternos._reference_date(NULL), DATE '2025-04-02', 'and after one at a later date');
DELETE FROM patternos_dw.pipeline_run WHERE refresh_id = -1;
INSERT INTO patternos_dw.fact_event (customer_key, event_id, platform_id, event_type, event_timestamp, known_at, batch_id)
VALUES (1, 2, 'NYKAA', 'page_view', now() + INTERVAL '20 days', now(), 1);
SELECT is(patternos._reference_date(NULL), (now() AT TIME ZONE 'Asia/Kolkata')::date + 1, 'never later than tomorrow');
SELECT is(patternos._reference_date('2024-02-29'), DATE '2024-02-29', 'what is asked for');
SELECT throws_ok(format('SELECT patternos._reference_date(%L)', d), '22008', NULL, 'refused: ' || d)
FROM unnest(ARRAY['infinity', '-infinity', '4713-01-01 BC', '5874897-12-31', (current_date + 3)::text]) AS d;

SELECT * FROM finish();
ROLLBACK;
