"""The feature tables in DuckDB, from the same facts: prints seconds per step as `name seconds`.

usage: features_duckdb.py DIRECTORY AS_OF
DIRECTORY holds transactions.csv, lines.csv and events.csv; loading them is not counted.
Settings are DuckDB's defaults on two threads, the tables are in memory, results are stored with their keys.
"""
import sys
import time

import duckdb

directory, as_of = sys.argv[1], sys.argv[2]
db = duckdb.connect(config={"threads": 2})
db.execute(f"SET VARIABLE t = DATE '{as_of}'")
db.execute(f"""
    CREATE TABLE tx (customer_key BIGINT, platform_id VARCHAR, transaction_id BIGINT, ts TIMESTAMP, day DATE,
                     type VARCHAR, status VARCHAR, total DECIMAL(18, 2), discount DECIMAL(18, 2), category VARCHAR);
    COPY tx FROM '{directory}/transactions.csv' (HEADER);
    CREATE TABLE line (customer_key BIGINT, transaction_id BIGINT, day DATE, category VARCHAR, unified VARCHAR,
                       brand VARCHAR, total DECIMAL(18, 4));
    COPY line FROM '{directory}/lines.csv' (HEADER);
    CREATE TABLE event (customer_key BIGINT, platform_id VARCHAR, ts TIMESTAMP, session_id VARCHAR, kind VARCHAR,
                        search_term VARCHAR, category VARCHAR, device VARCHAR);
    COPY event FROM '{directory}/events.csv' (HEADER);
""")


def step(name, *statements):
    begin = time.monotonic()
    for statement in statements:
        db.execute(statement)
    print(name, round(time.monotonic() - begin, 3), flush=True)


WINDOWS = ", ".join(
    f"count(*) FILTER (day >= getvariable('t') - {w}) AS frequency_{w}d, "
    f"coalesce(sum(total) FILTER (day >= getvariable('t') - {w}), 0) AS monetary_{w}d, "
    f"coalesce(sum(total - discount) FILTER (day >= getvariable('t') - {w}), 0) AS net_monetary_{w}d"
    for w in (7, 30, 90, 365)
)
RFM = f"""
    WITH gap AS (
        SELECT *, day - lag(day) OVER (PARTITION BY customer_key, platform_id ORDER BY day) AS gap,
               day - lag(day) OVER (PARTITION BY customer_key ORDER BY day) AS gap_all
        FROM tx WHERE status = 'completed' AND type <> 'enquiry' AND day < getvariable('t')
    )
    SELECT customer_key, coalesce(platform_id, 'ALL') AS platform, getvariable('t') - max(day) AS recency_days,
           count(*) AS frequency_lifetime, sum(total) AS monetary_lifetime, sum(total - discount) AS net_lifetime,
           {WINDOWS},
           min(day) AS first_day, max(day) AS last_day,
           CASE WHEN count(*) > 2 THEN
               1 / (1 + stddev_pop(CASE WHEN platform_id IS NULL THEN gap_all ELSE gap END)
                        / nullif(avg(CASE WHEN platform_id IS NULL THEN gap_all ELSE gap END), 0)) END AS consistency
    FROM gap GROUP BY GROUPING SETS ((customer_key, platform_id), (customer_key))
"""
step("rfm_compute", f"SELECT count(*), sum(frequency_90d), sum(monetary_90d) FROM ({RFM})")
step("rfm", f"CREATE TABLE rfm AS {RFM}", "CREATE UNIQUE INDEX rfm_key ON rfm (customer_key, platform)")

AFFINITY = " UNION ALL ".join(
    f"""
    SELECT customer_key, '{level}' AS level, item, purchases, value, getvariable('t') - last_day AS recency_days,
           0.4 * purchases / orders + 0.3 * (1 - least((getvariable('t') - last_day) / 180.0, 1))
               + 0.3 * value / nullif(spend, 0) AS score,
           row_number() OVER (PARTITION BY customer_key ORDER BY purchases DESC, item) AS rank
    FROM (SELECT customer_key, {column} AS item, count(DISTINCT transaction_id) AS purchases, sum(total) AS value,
                 max(day) AS last_day
          FROM line WHERE {column} IS NOT NULL AND day < getvariable('t') AND day >= getvariable('t') - 365
          GROUP BY ALL)
    JOIN (SELECT customer_key, count(DISTINCT transaction_id) AS orders, sum(total) AS spend
          FROM line WHERE day < getvariable('t') AND day >= getvariable('t') - 365 GROUP BY ALL) USING (customer_key)
    """
    for level, column in (("category", "category"), ("unified_category", "unified"), ("brand", "brand"))
)
step("affinity", f"CREATE TABLE affinity AS {AFFINITY}",
     "CREATE UNIQUE INDEX affinity_key ON affinity (customer_key, level, item)")

BEHAVIOR = """
    WITH e AS (
        SELECT *, coalesce(session_id,
                   sum(CASE WHEN ts - previous > INTERVAL 30 MINUTE OR previous IS NULL THEN 1 ELSE 0 END)
                   OVER (PARTITION BY customer_key, platform_id ORDER BY ts)::VARCHAR) AS session
        FROM (SELECT *, lag(ts) OVER (PARTITION BY customer_key, platform_id ORDER BY ts) AS previous
              FROM event WHERE ts < getvariable('t'))
    ), session AS (
        SELECT customer_key, platform_id, session, date_diff('second', min(ts), max(ts)) AS seconds, count(*) AS events,
               count(*) FILTER (kind IN ('page_view', 'product_view')) AS pages,
               count(*) FILTER (kind = 'search') AS searches, count(*) FILTER (kind = 'add_to_cart') AS adds,
               count(*) FILTER (kind = 'remove_from_cart') AS removes, count(*) FILTER (kind = 'wishlist_add') AS wishes,
               count(*) FILTER (kind = 'product_view') AS views,
               max(ts) FILTER (kind = 'add_to_cart') AS last_add, any_value(device) AS device
        FROM e GROUP BY ALL
    ), cart AS (
        SELECT s.customer_key, s.platform_id, s.session, max(t.ts) IS NOT NULL AS ordered
        FROM session s LEFT JOIN tx t ON t.customer_key = s.customer_key AND t.platform_id = s.platform_id
             AND t.ts >= s.last_add AND t.ts < s.last_add + INTERVAL 24 HOUR
        WHERE s.adds > 0 GROUP BY ALL
    ), hours AS (
        SELECT customer_key, platform_id, mode(hour(ts)) AS hour, count(*) AS purchases,
               avg(CASE WHEN dayofweek(ts) IN (0, 6) THEN 1 ELSE 0 END) AS weekend,
               avg(CASE WHEN hour(ts) >= 22 OR hour(ts) < 6 THEN 1 ELSE 0 END) AS night
        FROM tx WHERE day < getvariable('t') GROUP BY ALL
    ), entropy AS (
        SELECT customer_key, platform_id, entropy(category) AS exploration, count(DISTINCT search_term) AS terms
        FROM e GROUP BY ALL
    )
    SELECT customer_key, platform_id, count(*) AS sessions, avg(seconds), sum(pages), sum(searches), sum(adds),
           sum(removes), sum(wishes), sum(views), count(ordered), avg(CASE WHEN ordered THEN 0 ELSE 1 END),
           avg(CASE WHEN device = 'mobile' THEN 1 ELSE 0 END), avg(CASE WHEN device = 'desktop' THEN 1 ELSE 0 END),
           any_value(hour), any_value(weekend), any_value(night), any_value(exploration), any_value(terms)
    FROM session LEFT JOIN cart USING (customer_key, platform_id, session)
    LEFT JOIN hours USING (customer_key, platform_id) LEFT JOIN entropy USING (customer_key, platform_id)
    GROUP BY customer_key, platform_id
"""
step("behavior", f"CREATE TABLE behavior AS {BEHAVIOR}",
     "CREATE UNIQUE INDEX behavior_key ON behavior (customer_key, platform_id)")

CROSS = """
    WITH p AS (SELECT * FROM tx WHERE status = 'completed' AND type <> 'enquiry' AND day < getvariable('t')),
    per AS (SELECT customer_key, platform_id, count(*) AS n, sum(total) AS value,
                   count(*) FILTER (day >= getvariable('t') - 30) AS n30,
                   coalesce(sum(total) FILTER (day >= getvariable('t') - 30), 0) AS value30
            FROM p GROUP BY ALL),
    switch AS (SELECT customer_key, count(*) FILTER (platform_id <> previous) AS switches, min(day) AS first_day
               FROM (SELECT *, lag(platform_id) OVER (PARTITION BY customer_key ORDER BY ts, transaction_id) AS previous FROM p)
               GROUP BY ALL),
    overlap AS (SELECT customer_key, count(*) FILTER (platforms > 1) / count(*) AS overlap,
                       list(category) FILTER (platforms > 1) AS common
                FROM (SELECT customer_key, category, count(DISTINCT platform_id) AS platforms FROM p GROUP BY ALL)
                GROUP BY ALL)
    SELECT customer_key, count(*) AS platforms, list(platform_id ORDER BY platform_id) AS platforms_list,
           sum(n30) AS n30, sum(value30) AS value30, arg_max(platform_id, n) AS dominant,
           max(n) / sum(n) AS dominant_share, sum(n * n) / (sum(n) * sum(n)) AS loyalty, count(*) / 7 AS diversity,
           any_value(switches) * 30 / greatest(getvariable('t') - any_value(first_day), 1) AS switching,
           any_value(overlap), any_value(common)
    FROM per JOIN switch USING (customer_key) JOIN overlap USING (customer_key) GROUP BY customer_key
"""
step("cross_platform", f"CREATE TABLE crossp AS {CROSS}", "CREATE UNIQUE INDEX crossp_key ON crossp (customer_key)")
