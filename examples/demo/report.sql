-- What came out: rows per step, people, linkage against the truth, money, segments, intent.
\echo
\echo == Rows and seconds per step
SELECT step, rows, seconds FROM patternos_dw.pipeline_status
WHERE refresh_id = (SELECT max(run_id) FROM patternos_dw.pipeline_run WHERE step = 'refresh') AND step <> 'refresh'
ORDER BY run_id;

\echo == Customers: accounts of seven platforms recognised as people
SELECT count(DISTINCT customer_key) AS customers, count(*) AS accounts,
       round(100.0 * count(DISTINCT customer_key) FILTER (WHERE platforms > 1) / count(DISTINCT customer_key), 1) AS "on several platforms, %"
FROM patternos_dw.dim_customer_identity
JOIN (SELECT customer_key, count(DISTINCT platform_id) AS platforms
      FROM patternos_dw.dim_customer_identity GROUP BY customer_key) p USING (customer_key);

\echo == Linkage against the truth of the sample, which is never loaded (pairs of accounts)
WITH account AS (
    SELECT i.customer_key, t.person
    FROM patternos_dw.dim_customer_identity i
    JOIN patternos.sample_truth_accounts(:people, :seed) t USING (platform_id, platform_customer_id)
), pairs AS (
    SELECT (SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM account GROUP BY customer_key) c) AS linked,
           (SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM account GROUP BY person) p) AS true,
           (SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM account GROUP BY customer_key, person) b) AS shared
)
SELECT linked, "true", shared AS "linked and true", round(shared / linked, 4) AS precision, round(shared / "true", 4) AS recall FROM pairs;

\echo == Transactions and revenue by platform
SELECT platform_id, transaction_type, count(*) AS transactions, count(DISTINCT customer_key) AS customers,
       to_char(sum(total_value), 'FM999,999,999,990') AS revenue, to_char(sum(quoted_value), 'FM999,999,999,990') AS quoted
FROM patternos_dw.fact_transaction GROUP BY platform_id, transaction_type ORDER BY platform_id;

\echo == Segments
SELECT segment_type, segment, customers, share_of_customers, purchases, revenue_365d, average_order_value, average_intent_score
FROM patternos_dw.segment_summary ORDER BY segment_type, customers DESC;

\echo == Intent
SELECT platform_id, intent_level, customers, average_score, expected_buyers_7d, expected_buyers_30d
FROM patternos_dw.intent_distribution ORDER BY platform_id <> 'ALL', platform_id, average_score DESC;

\echo == The ten best customers
SELECT global_customer_id, value_segment, rfm_segment, rfm_score, recency_days, frequency_90d, monetary_90d, intent_score, purchase_probability_30d
FROM patternos_dw.customer_360 ORDER BY intent_score DESC NULLS LAST, monetary_90d DESC, global_customer_id LIMIT 10;
