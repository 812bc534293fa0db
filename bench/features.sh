#!/usr/bin/env bash
# The feature tables, written with their keys, against DuckDB storing the same from the same facts; then the scores.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
fill_warehouse

declare -A table=([rfm]=feat_customer_rfm [affinity]=feat_customer_affinity [behavior]=feat_customer_behavior
	[cross_platform]=feat_cross_platform)
declare -A checksum=([rfm]="sum(monetary_90d)" [affinity]="sum(coalesce(category_purchase_count, brand_purchase_count))"
	[behavior]="sum(total_sessions)" [cross_platform]="sum(platforms_used_count)")
# DuckDB is spared the rows of customers who never bought
declare -A rows_of=([rfm]="AND recency_days IS NOT NULL")
facts=$(sql "SELECT (SELECT count(*) FROM patternos_dw.fact_transaction) + (SELECT count(*) FROM patternos_dw.fact_event)")
refresh() { sql "SELECT patternos._refresh_$1('$as_of')"; }

if has_module duckdb; then
	export_csv() { psql -XqAt -c "SET timezone = 'Asia/Kolkata'" -c "COPY ($2) TO STDOUT (FORMAT csv, HEADER)" >"$work/$1.csv"; }
	export_csv transactions "SELECT customer_key, platform_id, transaction_id, transaction_datetime::timestamp AS ts, transaction_date AS day,
		transaction_type AS type, transaction_status AS status, total_value AS total, discount_value AS discount
		FROM patternos_dw.fact_transaction"
	export_csv lines "SELECT customer_key, transaction_id, platform_id, sku_id, category_id, line_total AS total
		FROM patternos_dw.fact_transaction_line"
	export_csv skus "SELECT platform_id, sku_id, brand, category_id FROM patternos_dw.dim_sku WHERE valid_to = 'infinity'"
	export_csv categories "SELECT category_id, concat_ws(' > ', category_level_1, category_level_2, category_level_3) AS path,
		unified_category AS unified FROM patternos_dw.dim_product_category"
	export_csv events "SELECT customer_key, platform_id, event_timestamp::timestamp AS ts, session_id,
		patternos.event_kind(event_type) AS kind, search_term, category_id AS category, device_type AS device
		FROM patternos_dw.fact_event"
	$python bench/features_duckdb.py "$work" "$as_of" rfm affinity behavior cross_platform >"$work/peer"
fi
for step in rfm affinity behavior cross_platform; do
	seconds refresh $step >"$work/$step"
	if [ -f "$work/peer" ]; then
		read -r _ wall processors rows < <(grep "^$step " "$work/peer")
		ours=$(sql "SELECT count(*) || ',' || ${checksum[$step]} FROM patternos_dw.${table[$step]} WHERE as_of = '$as_of' ${rows_of[$step]:-}")
		[ "$ours" = "$rows" ] || echo "features: $step has rows and sum $ours, DuckDB's $rows" >&2
		line "$step stored, $facts facts" "$(cat "$work/$step")" "$wall $processors" "DuckDB"
	fi
done
ours=$(cat "$work"/{rfm,affinity,behavior,cross_platform} | total)
if [ -f "$work/peer" ]; then
	line "all feature tables stored" "$ours" "$(cut -d ' ' -f 2,3 "$work/peer" | total)" "DuckDB, goal 1 (level)"
else
	skip "all feature tables stored" "DuckDB for Python is not there"
fi

customers() { sql "SELECT patternos._refresh_customers('$as_of')"; }
score() { sql "SELECT patternos._score_intent('$as_of')"; }
rate "customers' totals and tiers" "$(sql 'SELECT count(*) FROM patternos_dw.dim_customer')" "$(seconds customers)" ""
first=$(seconds score)
rows=$(sql "SELECT count(*) FROM patternos_dw.intent_score WHERE as_of = '$as_of'")
rate "baseline scores, first time" "$rows" "$first" ""
rate "baseline scores, again" "$rows" "$(seconds score)" ""
