-- Lookalikes of customers: who is in them, whom they find against the truth, what is kept and who may be addressed.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
SET LOCAL client_min_messages = error;
SET LOCAL timezone = 'UTC';
TRUNCATE patternos_dw.pipeline_run, patternos_dw.refresh_state, patternos_dw.stale_customer, patternos_dw.changed_customer;
SELECT throws_ok($$SELECT * FROM patternos.lookalike('SELECT ''GLOBAL000001'' AS global_customer_id')$$, '55000', 'the warehouse has no features yet');

INSERT INTO patternos_dw.landing_customer SELECT * FROM patternos.sample_customers(1200, 5);
INSERT INTO patternos_dw.landing_zepto SELECT * FROM patternos.sample_zepto(1200, 5);
INSERT INTO patternos_dw.landing_amazon SELECT * FROM patternos.sample_amazon(1200, 5);
INSERT INTO patternos_dw.landing_nykaa SELECT * FROM patternos.sample_nykaa(1200, 5);
CALL patternos.refresh('2025-11-01', in_steps => false);

-- the truth: who buys most probably at ZEPTO; forty of them are the seed, the others are to be found
CREATE TABLE regress_trait AS
SELECT s.global_customer_id, row_number() OVER (ORDER BY md5(s.global_customer_id)) <= 40 AS in_seed FROM (
SELECT d.global_customer_id FROM patternos.sample_truth_probability(1200, 5, '2025-11-01', 30, 'ZEPTO') t
JOIN patternos.sample_truth_accounts(1200, 5) a ON a.person = t.person AND a.platform_id = 'ZEPTO'
JOIN patternos_dw.dim_customer_identity i ON (i.platform_id, i.platform_customer_id) = (a.platform_id, a.platform_customer_id)
JOIN patternos_dw.dim_customer d ON d.customer_key = i.customer_key
JOIN patternos_dw.feat_customer_rfm_latest r ON r.customer_key = d.customer_key AND d.customer_key NOT IN (SELECT patternos._unscored('2025-11-01'))
ORDER BY t.probability DESC LIMIT 100) s;
CREATE VIEW regress_seed AS SELECT global_customer_id FROM regress_trait WHERE in_seed;
CREATE TABLE regress_found AS SELECT * FROM patternos.lookalike('regress_seed', 'SELECT global_customer_id FROM patternos_dw.dim_customer');
CREATE TABLE regress_near AS SELECT * FROM patternos.lookalike('regress_seed', 'SELECT global_customer_id FROM patternos_dw.dim_customer', params => '{"method": "distance"}');
CREATE FUNCTION pg_temp.recall(chosen text) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
    result double precision;
BEGIN
    EXECUTE format('SELECT avg((f.id IS NOT NULL)::integer) FROM regress_trait t LEFT JOIN %I f ON f.id = t.global_customer_id WHERE NOT t.in_seed', chosen) INTO result;
    RETURN result;
END $$;
SELECT cmp_ok(pg_temp.recall('regress_found'), '>', 0.4::float8, 'four times as many of the others as by chance');
SELECT cmp_ok(pg_temp.recall('regress_found'), '>', pg_temp.recall('regress_near'), 'and more than by distance');
SELECT is_empty('SELECT id FROM regress_found JOIN regress_seed ON id = global_customer_id', 'the seed is not in it');
SELECT is((SELECT count(*) FROM regress_found), (SELECT round(0.1 * (count(*) - 40)) FROM patternos_dw.feat_customer_rfm_latest r
    WHERE r.customer_key NOT IN (SELECT patternos._unscored('2025-11-01')))::bigint, 'a tenth of the prospects');
SELECT results_eq('SELECT rank FROM regress_found ORDER BY similarity DESC, rank', 'SELECT rank FROM regress_found ORDER BY rank', 'ranked by similarity');
SELECT set_eq('SELECT rank FROM regress_found', 'SELECT generate_series(1, (SELECT count(*) FROM regress_found))', 'without gaps');
SELECT set_eq($$SELECT * FROM patternos.lookalike('SELECT global_customer_id FROM regress_seed UNION ALL SELECT NULL UNION ALL SELECT global_customer_id FROM regress_seed UNION ALL SELECT ''GLOBAL999999''',
    'SELECT global_customer_id FROM patternos_dw.dim_customer ORDER BY customer_key DESC')$$, 'SELECT * FROM regress_found', 'the same again, in any order; ids twice, unknown or null make no difference');
SELECT is((SELECT max(similarity) FROM patternos.lookalike('regress_seed', 'SELECT global_customer_id FROM patternos_dw.dim_customer', 7)), (SELECT max(similarity) FROM regress_found), 'a number of prospects');
SELECT throws_ok($$SELECT * FROM patternos.lookalike('regress_seed', 'SELECT global_customer_id FROM regress_seed')$$, '22023', 'the population has nobody outside the seed');
SELECT throws_ok($$SELECT * FROM patternos.lookalike('SELECT global_customer_id FROM regress_seed LIMIT 9')$$, '22023', 'the seed is too small');

-- kept: consent to marketing and personalisation, no features that define the seed, figures and model
SELECT throws_ok($$SELECT patternos.save_lookalike('zepto', 'regress_seed')$$, '42P01', NULL, 'names need their schema');
CREATE TABLE patternos_dw.regress_buyers AS SELECT global_customer_id FROM patternos_dw.feat_customer_rfm_latest_by_platform WHERE platform_id = 'NYKAA' AND frequency_365d > 0;
CREATE TEMP TABLE kept AS SELECT * FROM patternos.save_lookalike('nykaa buyers', 'patternos_dw.regress_buyers');
SELECT ok('nykaa_frequency_365d' = ANY (features_left_out), 'what defines the seed is left out') FROM kept;
SELECT ok(NOT 'nykaa_frequency_365d' = ANY (features) AND metrics #>> '{lookalike,spies}' = (SELECT spies::text FROM kept) AND metrics #>> '{lookalike,features_left_out,0}' IS NOT NULL, 'the model and its figures are registered')
FROM patternos_dw.model WHERE name = 'nykaa buyers' AND version = '1';
SELECT isnt_empty($$SELECT 1 FROM patternos.feature_importance('nykaa buyers') WHERE importance > 0$$, 'what made them alike');
SELECT ok(spies = seed_customers AND spy_recall BETWEEN spy_recall_low AND spy_recall_high AND round(spy_recall * prospects / members, 6) = round(spy_lift, 6), 'figures agree')
FROM (SELECT spies, seed_customers, prospects, members, spy_recall::numeric, spy_recall_low::numeric, spy_recall_high::numeric, spy_lift::numeric FROM kept) k;
SELECT set_eq('SELECT global_customer_id, rank FROM patternos_dw.audience_lookalike WHERE lookalike = ''nykaa buyers''',
    'SELECT global_customer_id, rank FROM patternos_dw.lookalike_member', 'everybody chosen may be addressed');
SELECT is_empty($$SELECT 1 FROM patternos_dw.lookalike_member m JOIN patternos_dw.dim_customer d USING (customer_key)
    WHERE NOT (d.consent_marketing AND d.consent_personalization) OR d.primary_age_group = '0-17'$$, 'with consent, and of age');
CREATE TEMP TABLE leaver AS SELECT customer_key FROM patternos_dw.lookalike_member ORDER BY rank LIMIT 3;
UPDATE patternos_dw.dim_customer d SET consent_personalization = false FROM leaver l WHERE d.customer_key = l.customer_key;
SELECT is_empty('SELECT 1 FROM patternos_dw.audience_lookalike JOIN leaver USING (customer_key)', 'who withdraws consent is out at once');
INSERT INTO patternos_dw.account_consent (identity_key, occurred_at, personalization) SELECT identity_key, '2025-10-31', false FROM patternos_dw.dim_customer_identity JOIN leaver USING (customer_key)
ON CONFLICT (identity_key, occurred_at) DO UPDATE SET personalization = false;
DELETE FROM patternos_dw.regress_buyers WHERE global_customer_id = (SELECT min(global_customer_id) FROM patternos_dw.regress_buyers);
SELECT results_eq('SELECT name, model_version FROM patternos.refresh_lookalikes()', $$VALUES ('nykaa buyers'::text, '2'::text)$$, 'made again');
SELECT is_empty('SELECT 1 FROM patternos_dw.lookalike_member JOIN leaver USING (customer_key)', 'without who left');
SELECT is(seed, 'patternos_dw.regress_buyers', 'by the same definition') FROM patternos_dw.lookalike WHERE name = 'nykaa buyers';
SELECT throws_ok($$SELECT patternos.save_lookalike('x', 'patternos_dw.regress_buyers', 'SELECT global_customer_id, 1 AS a FROM patternos_dw.dim_customer')$$, '22023');
CREATE ROLE regress_analyst;
GRANT USAGE ON SCHEMA patternos_dw TO regress_analyst;
SET LOCAL ROLE regress_analyst;
SELECT throws_ok($$SELECT * FROM patternos.lookalike('SELECT 1')$$, '42501', NULL, 'not for everybody');
RESET ROLE;
SELECT is(patternos.drop_lookalike('nykaa buyers'), true, 'dropped');
SELECT is_empty('SELECT 1 FROM patternos_dw.lookalike_member UNION ALL SELECT 1 FROM patternos_dw.lookalike', 'with its members');
SELECT is(patternos.drop_lookalike('nykaa buyers'), false, 'once');
SELECT is_empty($$SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relname ~ '^(training|lookalike)'$$, 'nothing is left behind');
SELECT * FROM finish();
ROLLBACK;
