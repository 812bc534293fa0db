"""The feature tables in DuckDB, from the same facts: prints `step seconds processor-seconds rows` for each.

usage: features_duckdb.py DIRECTORY AS_OF [STEP...]
DIRECTORY holds transactions.csv, and for the steps that read them lines.csv, skus.csv, categories.csv and events.csv;
loading them is not counted.
Settings are DuckDB's defaults on two threads, the tables are in memory, results are stored with their keys.
It computes the columns of patternos' tables; rows and sums are compared by bench/features.sh.
"""
import resource
import sys
import time

import duckdb

directory, as_of, wanted = sys.argv[1], sys.argv[2], sys.argv[3:]
db = duckdb.connect(config={"threads": 2})
db.execute(f"SET VARIABLE t = DATE '{as_of}'")
db.execute("CREATE MACRO global_id(k) AS 'GLOBAL' || CASE WHEN k < 1000000 THEN lpad(k::VARCHAR, 6, '0') ELSE k::VARCHAR END")
db.execute(f"""
    CREATE TABLE tx (customer_key BIGINT, platform_id VARCHAR, transaction_id BIGINT, ts TIMESTAMP, day DATE,
                     type VARCHAR, status VARCHAR, total DECIMAL(18, 2), discount DECIMAL(18, 2));
    COPY tx FROM '{directory}/transactions.csv' (HEADER);
    CREATE TABLE fact_line (customer_key BIGINT, transaction_id BIGINT, platform_id VARCHAR, sku_id VARCHAR,
                            category_id INTEGER, total DECIMAL(18, 4));
    CREATE TABLE sku (platform_id VARCHAR, sku_id VARCHAR, brand VARCHAR, category_id INTEGER);
    CREATE TABLE category (category_id INTEGER, path VARCHAR, unified VARCHAR);
    CREATE VIEW line AS
        SELECT t.customer_key, t.platform_id, t.transaction_id, t.day, t.type, c.path AS category, c.unified, s.brand, l.total
        FROM tx t JOIN fact_line l ON l.customer_key = t.customer_key AND l.transaction_id = t.transaction_id
        LEFT JOIN sku s ON s.platform_id = l.platform_id AND s.sku_id = l.sku_id
        LEFT JOIN category c ON c.category_id = coalesce(s.category_id, l.category_id)
        WHERE t.status = 'completed';
    CREATE TABLE event (customer_key BIGINT, platform_id VARCHAR, ts TIMESTAMP, session_id VARCHAR, kind VARCHAR,
                        search_term VARCHAR, category VARCHAR, device VARCHAR);
""")
if not wanted or "affinity" in wanted:
    db.execute(f"COPY fact_line FROM '{directory}/lines.csv' (HEADER)")
    db.execute(f"COPY sku FROM '{directory}/skus.csv' (HEADER)")
    db.execute(f"COPY category FROM '{directory}/categories.csv' (HEADER)")
if not wanted or "behavior" in wanted:
    db.execute(f"COPY event FROM '{directory}/events.csv' (HEADER)")


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def step(name, count, *statements):
    if wanted and name not in wanted:
        return
    begin, before = time.monotonic(), processor_seconds()
    for statement in statements:
        result = db.execute(statement).fetchone()
    seconds, processors = time.monotonic() - begin, processor_seconds() - before
    rows = ",".join(str(v) for v in (db.execute(count).fetchone() if count else result))
    print(name, round(seconds, 3), round(processors, 3), rows, flush=True)


AGES = [7, 30, 90, 365]
WINDOWS = ", ".join(
    f"count(*) FILTER (day >= getvariable('t') - {w}) AS frequency_{w}d, "
    f"coalesce(sum(total) FILTER (day >= getvariable('t') - {w}), 0) AS monetary_{w}d, "
    f"coalesce(sum(total - discount) FILTER (day >= getvariable('t') - {w}), 0) AS net_monetary_{w}d"
    for w in AGES
)


def rfm_rows(key, platform, condition):
    return f"""
    SELECT customer_key, {platform} AS platform_id, getvariable('t') - max(day) AS recency_days,
           {WINDOWS}, count(*) AS frequency_lifetime, sum(total) AS monetary_lifetime,
           sum(total - discount) AS net_monetary_lifetime, min(day) AS first_day, max(day) AS last_day,
           CASE WHEN count(*) > 1 THEN round((max(day) - min(day)) / (count(*) - 1), 2) END AS avg_gap,
           CASE WHEN count(*) > 2 THEN round(1 / (1 + stddev_pop(gap) / nullif(avg(gap), 0)), 4) END AS consistency
    FROM (SELECT *, day - lag(day) OVER (PARTITION BY {key} ORDER BY day) AS gap
          FROM tx WHERE status = 'completed' AND day < getvariable('t') AND {condition})
    GROUP BY {key}
    """


# CarWale's enquiries count on its own row, not among all platforms; nothing else in these facts is an enquiry
RFM_ROWS = (rfm_rows("customer_key, platform_id", "platform_id", "true") + " UNION ALL "
            + rfm_rows("customer_key", "'ALL'", "type <> 'enquiry'"))
RFM = f"""
    SELECT *, global_id(customer_key) AS global_customer_id, (100 * r + 10 * f + m)::VARCHAR AS rfm_score,
           round(monetary_30d / nullif(frequency_30d, 0), 2) AS aov_30d,
           round(monetary_90d / nullif(frequency_90d, 0), 2) AS aov_90d,
           round(monetary_lifetime / frequency_lifetime, 2) AS aov_lifetime,
           CASE WHEN r = 5 AND f >= 4 THEN 'Champions' WHEN r >= 3 AND f >= 4 THEN 'Loyal'
                WHEN r >= 4 AND f >= 2 THEN 'Potential Loyalist' WHEN r = 5 THEN 'New Customers' WHEN r = 4 THEN 'Promising'
                WHEN r = 3 AND f = 3 THEN 'Need Attention' WHEN r = 3 THEN 'About To Sleep'
                WHEN f = 5 THEN 'Can''t Lose Them' WHEN f >= 3 THEN 'At Risk' WHEN r = 2 THEN 'Hibernating' ELSE 'Lost' END AS segment
    FROM (SELECT *, CASE WHEN recency_days <= 7 THEN 5 WHEN recency_days <= 30 THEN 4 WHEN recency_days <= 90 THEN 3
                         WHEN recency_days <= 180 THEN 2 ELSE 1 END AS r,
                    CASE WHEN frequency_90d >= 10 THEN 5 WHEN frequency_90d >= 6 THEN 4 WHEN frequency_90d >= 3 THEN 3
                         WHEN frequency_90d >= 2 THEN 2 ELSE 1 END AS f,
                    CASE WHEN monetary_90d >= 50000 THEN 5 WHEN monetary_90d >= 20000 THEN 4 WHEN monetary_90d >= 10000 THEN 3
                         WHEN monetary_90d >= 2500 THEN 2 ELSE 1 END AS m
          FROM ({RFM_ROWS}))
"""
for _ in range(3 if wanted else 1):
    step("rfm_compute", None, f"""
         SELECT sum(recency_days), sum(frequency_90d), sum(monetary_90d), sum(monetary_lifetime), sum(net_monetary_365d),
                count(consistency) FROM ({RFM_ROWS})""")
step("rfm", "SELECT count(*), sum(monetary_90d) FROM rfm",
     f"CREATE TABLE rfm AS {RFM}", "CREATE UNIQUE INDEX rfm_key ON rfm (customer_key, platform_id)")


def affinity_rows(level, column):
    score = ("round(purchases / orders, 4)" if level == "brand" else
             "round(0.4 * purchases / orders + 0.3 * (1 - least((getvariable('t') - last_day) / 180.0, 1)) "
             "+ 0.3 * value / nullif(spend, 0), 4)")
    return f"""
    SELECT customer_key, '{level}' AS level, item, purchases, value, getvariable('t') - last_day AS recency_days, orders,
           {score} AS score
    FROM (SELECT customer_key, {column} AS item, count(DISTINCT transaction_id) AS purchases, sum(total) AS value,
                 max(day) AS last_day
          FROM recent WHERE {column} IS NOT NULL GROUP BY ALL)
    JOIN (SELECT customer_key, count(DISTINCT transaction_id) AS orders, sum(total) AS spend
          FROM recent GROUP BY ALL) USING (customer_key)
    """


AFFINITY = f"""
    WITH recent AS MATERIALIZED (
        SELECT * FROM line WHERE type <> 'enquiry' AND day < getvariable('t') AND day >= getvariable('t') - 365
    ), work AS MATERIALIZED (
        {" UNION ALL ".join(affinity_rows(level, column) for level, column in
                            (("category", "category"), ("unified_category", "unified"), ("brand", "brand")))}
    )
    SELECT customer_key, global_id(customer_key) AS global_customer_id, level, item, purchases, value, recency_days, score,
           orders AS window_purchases,
           row_number() OVER (PARTITION BY customer_key, level ORDER BY score DESC, item) AS rank
    FROM work
"""
step("affinity", "SELECT count(*), sum(purchases) FROM affinity", f"CREATE TABLE affinity AS {AFFINITY}",
     "CREATE UNIQUE INDEX affinity_key ON affinity (customer_key, level, item)")

BEHAVIOR = """
    WITH e AS MATERIALIZED (
        SELECT customer_key, platform_id, ts, kind, device,
               CASE kind WHEN 'search' THEN lower(trim(search_term)) END AS term, CASE WHEN kind <> 'search' THEN category END AS category,
               coalesce(session_id,
                   sum(CASE WHEN ts - previous > INTERVAL 30 MINUTE OR previous IS NULL THEN 1 ELSE 0 END)
                   OVER (PARTITION BY customer_key, platform_id ORDER BY ts)::VARCHAR) AS session
        FROM (SELECT *, lag(ts) OVER (PARTITION BY customer_key, platform_id ORDER BY ts) AS previous
              FROM event WHERE ts < getvariable('t'))
    ), session AS (
        SELECT customer_key, platform_id, session, date_diff('second', min(ts), max(ts)) AS seconds,
               count(*) FILTER (kind IN ('page_view', 'product_view')) AS pages,
               count(*) FILTER (kind = 'search') AS searches, count(*) FILTER (kind = 'add_to_cart') AS adds,
               count(*) FILTER (kind = 'remove_from_cart') AS removes, count(*) FILTER (kind = 'wishlist_add') AS wishes,
               count(*) FILTER (kind = 'product_view') AS views, max(ts) AS last_event,
               min(ts) FILTER (kind = 'add_to_cart') AS first_add, any_value(device) AS device
        FROM e GROUP BY ALL
    ), buy AS (
        SELECT customer_key, platform_id, ts, type FROM tx WHERE status = 'completed' AND day < getvariable('t')
    ), cart AS (
        SELECT s.*, b.ts IS NOT NULL AND b.ts < s.first_add + INTERVAL 24 HOUR AS ordered
        FROM session s ASOF LEFT JOIN buy b
             ON b.customer_key = s.customer_key AND b.platform_id = s.platform_id AND b.ts >= s.first_add
    ), visits AS (
        SELECT customer_key, coalesce(platform_id, 'ALL') AS platform_id, count(*) AS sessions, avg(seconds) AS seconds,
               sum(pages) AS pages, sum(searches) AS searches, sum(adds) AS adds, sum(removes) AS removes,
               sum(wishes) AS wishes, sum(views) AS views,
               count(*) FILTER (adds > 0 AND NOT ordered) AS abandoned, avg(CASE WHEN adds > 0 THEN (NOT ordered)::INTEGER END) AS abandonment,
               avg((device = 'mobile')::INTEGER) AS mobile, avg((device = 'desktop')::INTEGER) AS desktop, max(last_event) AS last_event
        FROM cart GROUP BY GROUPING SETS ((customer_key, platform_id), (customer_key))
    ), hours AS (
        SELECT customer_key, coalesce(platform_id, 'ALL') AS platform_id, mode(hour(ts)) AS hour, count(*) AS purchases,
               avg((dayofweek(ts) IN (0, 6))::INTEGER) AS weekend, avg((hour(ts) >= 22 OR hour(ts) < 6)::INTEGER) AS night
        FROM buy GROUP BY GROUPING SETS ((customer_key, platform_id), (customer_key))
    ), interest AS (
        SELECT customer_key, coalesce(platform_id, 'ALL') AS platform_id, entropy(category) AS exploration,
               count(DISTINCT term) AS terms
        FROM e GROUP BY GROUPING SETS ((customer_key, platform_id), (customer_key))
    )
    SELECT customer_key, platform_id, global_id(customer_key) AS global_customer_id, v.* EXCLUDE (customer_key, platform_id),
           h.* EXCLUDE (customer_key, platform_id), i.* EXCLUDE (customer_key, platform_id),
           h.purchases / nullif(v.searches, 0) AS search_to_purchase
    FROM visits v FULL JOIN hours h USING (customer_key, platform_id) LEFT JOIN interest i USING (customer_key, platform_id)
"""
step("behavior", "SELECT count(*), sum(sessions) FROM behavior", f"CREATE TABLE behavior AS {BEHAVIOR}",
     "CREATE UNIQUE INDEX behavior_key ON behavior (customer_key, platform_id)")

CROSS = """
    WITH p AS MATERIALIZED (SELECT * FROM tx WHERE status = 'completed' AND day < getvariable('t')),
    per AS (SELECT customer_key, platform_id, count(*) AS n, sum(total) AS value,
                   count(*) FILTER (day >= getvariable('t') - 30) AS n30,
                   coalesce(sum(total) FILTER (day >= getvariable('t') - 30), 0) AS value30
            FROM p GROUP BY ALL),
    switch AS (SELECT customer_key, count(*) FILTER (platform_id <> previous) AS switches, min(day) AS first_day
               FROM (SELECT *, lag(platform_id) OVER (PARTITION BY customer_key ORDER BY ts, transaction_id) AS previous FROM p)
               GROUP BY ALL),
    overlap AS (SELECT customer_key, count(*) FILTER (platforms > 1) / count(*) AS overlap,
                       list(unified ORDER BY unified) FILTER (platforms > 1) AS common
                FROM (SELECT customer_key, unified, count(DISTINCT platform_id) AS platforms
                      FROM line WHERE day < getvariable('t') GROUP BY ALL)
                GROUP BY ALL)
    SELECT customer_key, global_id(customer_key) AS global_customer_id, count(*) AS platforms,
           list(platform_id ORDER BY platform_id) AS platforms_list,
           sum(n30) AS n30, sum(value30) AS value30, arg_max(platform_id, n) AS dominant,
           max(n) / sum(n) AS dominant_share, sum(n * n) / (sum(n) * sum(n)) AS loyalty, count(*) / 7 AS diversity,
           any_value(switches) * 30 / greatest(getvariable('t') - any_value(first_day), 1) AS switching,
           any_value(overlap) AS overlap, any_value(common) AS common
    FROM per JOIN switch USING (customer_key) LEFT JOIN overlap USING (customer_key) GROUP BY customer_key
"""
step("cross_platform", "SELECT count(*), sum(platforms) FROM crossp", f"CREATE TABLE crossp AS {CROSS}",
     "CREATE UNIQUE INDEX crossp_key ON crossp (customer_key)")
