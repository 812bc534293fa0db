-- Writing the partition of a date: what is computed, replaced and refused.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
SET LOCAL client_min_messages = warning;
CREATE FUNCTION pg_temp.write(day date, rows text) RETURNS bigint LANGUAGE sql AS $$
    SELECT patternos._write_snapshot('patternos_dw.feat_cross_platform', day, format('SELECT customer_key, %L::date AS as_of, 1 AS platforms_used_count,
        ARRAY[repeat(''Z'', size)] AS platforms_list, 0::bigint AS cross_platform_purchase_count_30d, 1.005 AS cross_platform_value_30d,
        ''{}''::text[] AS common_categories, 0.14285 AS platform_diversity_score FROM (%s) v (customer_key, size)', day, rows)) $$;

-- what a user added stays and works
ALTER TABLE patternos_dw.feat_cross_platform ADD COLUMN note text DEFAULT 'mine', ADD COLUMN twice numeric GENERATED ALWAYS AS (platform_diversity_score * 2) STORED;
CREATE INDEX my_index ON patternos_dw.feat_cross_platform (dominant_platform);
SELECT is(pg_temp.write('2025-01-01', 'SELECT g, CASE g WHEN 7 THEN 3000000 ELSE 3 END FROM generate_series(1, 2500) g'), 2500::bigint, 'rows written');
SELECT results_eq('SELECT global_customer_id, platforms_used_count, cross_platform_value_30d, platform_diversity_score, dominant_platform_share, note, twice
    FROM patternos_dw.feat_cross_platform WHERE customer_key = 12', $$VALUES ('GLOBAL000012', 1::smallint, 1.01, 0.1429, NULL::numeric, 'mine', 0.2858)$$, 'cast, generated and default columns');
SELECT is((SELECT length(platforms_list[1]) FROM patternos_dw.feat_cross_platform WHERE customer_key = 7), 3000000, 'a long value');
SELECT is((SELECT count(*) FROM pg_index i JOIN pg_inherits h ON h.inhrelid = i.indexrelid WHERE i.indrelid = 'patternos_part.feat_cross_platform_20250101'::regclass), 2::bigint, 'all indexes are there');
SELECT is((SELECT count(*) FROM pg_constraint WHERE conrelid = 'patternos_part.feat_cross_platform_20250101'::regclass AND conname = 'snapshot_date'), 0::bigint, 'the helping constraint is not');
SELECT pg_temp.write('2025-01-02', 'VALUES (1, 1)');
SELECT is(pg_temp.write('2025-01-01', 'VALUES (1, 1), (2, 2)'), 2::bigint, 'written again');
SELECT results_eq('SELECT as_of, count(*) FROM patternos_dw.feat_cross_platform GROUP BY 1 ORDER BY 1', $$VALUES (DATE '2025-01-01', 2::bigint), ('2025-01-02', 1)$$, 'replaces its own date only');
SELECT is(current_setting('enable_partitionwise_aggregate') || current_setting('parallel_setup_cost'), 'off1000', 'settings are as before');

SELECT throws_ok($$SELECT pg_temp.write('2025-01-01', 'VALUES (1, 1), (1, 2)')$$, '23505');
SELECT throws_ok($$SELECT patternos._write_snapshot('patternos_dw.feat_cross_platform', '2025-01-01', 'SELECT 1 AS x')$$, '42703');
SELECT throws_ok($$SELECT patternos._write_snapshot('patternos_dw.feat_cross_platform', '2025-01-01', 'SELECT 1 AS global_customer_id')$$, '428C9');
SELECT throws_ok($$SELECT patternos._write_snapshot('patternos_dw.feat_cross_platform', '2025-01-01', 'SELECT 1 AS customer_key')$$, '23502');
SELECT throws_ok($$SELECT patternos._write_snapshot('patternos_dw.feat_cross_platform', '2025-01-01', 'DELETE FROM patternos_dw.brand RETURNING 1')$$, '22023');
SELECT throws_ok($$SELECT patternos._write_snapshot('patternos_dw.feat_cross_platform', '2025-01-01', 'CREATE TABLE x ()')$$, '22023');
SELECT throws_ok($$SELECT patternos._write_snapshot('patternos_dw.feat_cross_platform', '2025-01-03', replace('SELECT 1 AS customer_key, DATE ''2025-01-04'' AS as_of, 1 AS platforms_used_count, ''{}''::text[] AS platforms_list,
    0 AS cross_platform_purchase_count_30d, 0 AS cross_platform_value_30d, ''{}''::text[] AS common_categories, 0 AS platform_diversity_score', '', ''))$$, '23514');
SELECT throws_ok($$SELECT pg_temp.write('infinity', 'VALUES (1, 1)')$$, '22008');
SELECT throws_ok($$SELECT patternos._fill_table('patternos_dw.brand', 'SELECT 1')$$, '55000');
SELECT is((SELECT count(*) FROM patternos_dw.feat_cross_platform), 3::bigint, 'refused writes change nothing');
SELECT * FROM finish();
ROLLBACK;
