-- One customer of three or more platforms, with a score, from a line of a file to a score.
SELECT customer_key, global_customer_id
FROM patternos_dw.dim_customer_identity
JOIN patternos_dw.fact_transaction USING (customer_key, global_customer_id)
WHERE customer_key IN (SELECT customer_key FROM patternos_dw.intent_score_latest)
GROUP BY customer_key, global_customer_id
HAVING count(DISTINCT dim_customer_identity.platform_id) >= 3 AND count(DISTINCT fact_transaction.platform_id) >= 3
ORDER BY count(*) DESC, customer_key LIMIT 1 \gset

SELECT f.platform_id, f.platform_customer_id, lower(f.platform_id) AS file, r.batch_id, r.line, r.line + 1 AS file_line,
       f.transaction_id
FROM patternos_dw.fact_transaction f
JOIN patternos_dw.raw_record r ON r.batch_id = f.batch_id AND r.record_time = f.transaction_datetime
                               AND r.platform_customer_id = f.platform_customer_id
WHERE f.customer_key = :customer_key AND f.transaction_type = 'order' ORDER BY f.transaction_datetime DESC LIMIT 1 \gset

\echo == :global_customer_id, followed from a line of a file to a score
\echo
\echo The line (:file.csv):
\setenv DEMO_FILE :file_dir/:file.csv
\setenv DEMO_LINE :file_line
\! sed -n "${DEMO_LINE}p" "$DEMO_FILE" | cut -c -150
\echo
\echo Its record in the raw zone (batch :batch_id, line :line):
SELECT record_time, entity, platform_customer_id, payload ->> 'order_value' AS order_value, left(payload ->> 'items_list', 60) AS items_list
FROM patternos_dw.raw_record WHERE batch_id = :batch_id AND line = :line;

\echo Its accounts, and what made them one customer:
SELECT identity_id, platform_id, platform_customer_id, mapping_method, mapping_confidence,
       (SELECT string_agg(key, ', ' ORDER BY key) FROM jsonb_each(match_attributes) WHERE value = 'true') AS "in common"
FROM patternos_dw.dim_customer_identity WHERE customer_key = :customer_key ORDER BY identity_key;

\echo Its transaction and lines:
SELECT t.transaction_datetime, t.total_value, t.unified_category, l.line_number, l.item_name, s.brand, l.line_total
FROM patternos_dw.fact_transaction t
JOIN patternos_dw.fact_transaction_line l USING (customer_key, transaction_datetime, transaction_id)
LEFT JOIN patternos_dw.dim_sku s ON s.platform_id = t.platform_id AND s.sku_id = l.sku_id AND s.valid_to = 'infinity'
WHERE t.customer_key = :customer_key AND t.transaction_id = :transaction_id ORDER BY l.line_number;

\echo Its features, by platform and together:
SELECT platform_id, recency_days, frequency_90d, monetary_90d, frequency_lifetime, monetary_lifetime, rfm_score, customer_segment
FROM patternos_dw.feat_customer_rfm WHERE customer_key = :customer_key AND as_of = (SELECT as_of FROM patternos_dw.intent_score_latest LIMIT 1) ORDER BY platform_id <> 'ALL', platform_id;
SELECT platforms_list, common_categories, dominant_platform, platform_diversity_score, platform_switching_frequency
FROM patternos_dw.feat_cross_platform_latest WHERE customer_key = :customer_key;

\echo Its score:
SELECT intent_score, intent_level, intent_percentile, purchase_probability_7d, purchase_probability_30d, model_version, feature_importance
FROM patternos_dw.intent_score_latest WHERE customer_key = :customer_key;
