#!/usr/bin/env bash
# RFM by customer and platform, computed only, against plain SQL and DuckDB on the same facts.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
own_database bench_rfm

psql -Xq -v ON_ERROR_STOP=1 -v rows="$ROWS" <<'SQL'
SELECT setseed(0.5) \g /dev/null
INSERT INTO patternos_dw.fact_transaction
    (customer_key, transaction_id, platform_id, platform_customer_id, transaction_type, transaction_datetime,
     transaction_date, date_id, total_value, discount_value, currency, known_at, batch_id)
SELECT k, g, (ARRAY['ZEPTO', 'SWIGGY', 'AMAZON', 'NYKAA', 'CHUMBAK', 'MAKEMYTRIP', 'CARWALE'])[p], 'x',
       (ARRAY['order', 'order', 'order', 'order', 'order', 'booking', 'enquiry'])[p],
       (d + INTERVAL '10 hours') AT TIME ZONE 'Asia/Kolkata' + g % 1000 * INTERVAL '1 s', d, 0,
       CASE p WHEN 7 THEN 0 ELSE v END, CASE p WHEN 7 THEN 0 ELSE round(v / 10, 2) END, 'INR', now(), 1
FROM (SELECT g, 1 + (random() ^ 1.5 * :rows / 10)::bigint AS k, 1 + (random() * 6)::integer AS p,
             DATE '2025-01-15' - (random() * 760)::integer AS d, round((random() * 5000)::numeric, 2) AS v
      FROM generate_series(1, :rows) g OFFSET 0) x;
VACUUM (ANALYZE) patternos_dw.fact_transaction;
SQL

# What both compute: all columns of the aggregate, for every customer by platform and for all platforms together. The peer
# groups twice (GROUPING SETS would be serial), each grouping by partition and in parallel; its gaps need the purchases in order.
settings="SET jit = off; SET enable_partitionwise_aggregate = on; SET parallel_setup_cost = 100; SET parallel_tuple_cost = 0.001"
columns="sum(recency_days), sum(frequency_90d), sum(monetary_90d), sum(monetary_lifetime), sum(net_monetary_365d), count(purchase_consistency_score)"
windows=$(for w in 7 30 90 365; do
	printf "count(*) FILTER (WHERE age <= %s) AS frequency_%sd, coalesce(sum(total_value) FILTER (WHERE age <= %s), 0) AS monetary_%sd, " $w $w $w $w
	printf "coalesce(sum(net_value) FILTER (WHERE age <= %s), 0) AS net_monetary_%sd, " $w $w
done)
grouped() { # the columns that make a group, which rows belong to it
	cat <<SQL
SELECT $1, min(age) AS recency_days, $windows count(*) AS frequency_lifetime,
       sum(total_value) AS monetary_lifetime, sum(net_value) AS net_monetary_lifetime,
       CASE WHEN count(*) >= 3
            THEN round(1 / (1 + stddev_pop(gap::double precision) / nullif(avg(gap::double precision), 0))::numeric, 4) END AS purchase_consistency_score
FROM (SELECT $1, total_value, total_value - discount_value AS net_value, DATE '2025-01-15' - transaction_date AS age,
             transaction_date - lag(transaction_date) OVER (PARTITION BY $1 ORDER BY transaction_datetime) AS gap
      FROM patternos_dw.fact_transaction
      WHERE transaction_date < '2025-01-15' AND transaction_status = 'completed' AND $2) f
GROUP BY $1
SQL
}
wanted=${columns//sum(/}
wanted=${wanted//count(/}
wanted=${wanted//)/}
peer="SELECT $columns FROM (SELECT $wanted FROM ($(grouped "customer_key, platform_id" true)) p
      UNION ALL SELECT $wanted FROM ($(grouped customer_key "transaction_type <> 'enquiry'")) a) q"
ours=$(sql "SELECT patternos._rfm_rows_query('2025-01-15')")
ours="SELECT $columns FROM ($ours) q"
run() { sql "$settings" "$1"; }
run_sorted() { sql "$settings; SET enable_hashagg = off" "$1"; }
a=$(run_sorted "$ours")
b=$(run "$peer")
[ "$a" = "$b" ] || echo "rfm: results differ: $a and $b" >&2
peer_seconds=$({ best_of 2 run "$peer"; best_of 2 run_sorted "$peer"; } | sort -n | head -n 1)
our_seconds=$(best_of 3 run_sorted "$ours")
line "RFM by customer and platform, $ROWS facts" "$our_seconds" "$peer_seconds" "plain SQL, goal 0.25"

if has_module duckdb; then
	psql -XqAt -c "SET timezone = 'Asia/Kolkata'" -c "COPY (SELECT customer_key, platform_id, transaction_id,
		transaction_datetime::timestamp AS ts, transaction_date AS day, transaction_type AS type, transaction_status AS status,
		total_value AS total, discount_value AS discount FROM patternos_dw.fact_transaction) TO STDOUT (FORMAT csv, HEADER)" \
		>"$work/transactions.csv"
	read -r _ wall processors _ < <($python bench/features_duckdb.py "$work" 2025-01-15 rfm_compute | sort -nk 2)
	line "RFM by customer and platform, $ROWS facts" "$our_seconds" "$wall $processors" "DuckDB, goal 2"
else
	skip "RFM by customer and platform" "DuckDB for Python is not there"
fi
