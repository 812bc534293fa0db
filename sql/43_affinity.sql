-- Affinity: which categories and brands a customer prefers.

CREATE FUNCTION patternos.recency_weight(days integer) RETURNS double precision
AS 'MODULE_PATHNAME', 'patternos_recency_weight'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION patternos.recency_weight(integer) IS 'Weight of something that happened so many days ago: 1 - min(days / 180, 1).';

CREATE FUNCTION patternos.category_affinity(count_share double precision, recency_weight double precision,
    spend_share double precision) RETURNS numeric
AS 'MODULE_PATHNAME', 'patternos_category_affinity'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION patternos.category_affinity(double precision, double precision, double precision) IS
    'Affinity to a category: 0.4 of the share of purchases, 0.3 of the recency weight, 0.3 of the share of spend.';

CREATE FUNCTION patternos.affinity_index(purchases bigint, all_purchases bigint, population_share double precision,
    smoothing double precision DEFAULT 10) RETURNS numeric
AS 'MODULE_PATHNAME', 'patternos_affinity_index'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION patternos.affinity_index(bigint, bigint, double precision, double precision) IS
    'A customer''s share of purchases in percent of the population''s, smoothed: 100 is average.';

CREATE TYPE patternos.affinity_item AS (
    item           text,
    purchase_count integer,
    all_purchases  integer,
    purchase_value numeric(18, 2),
    recency_days   integer,
    count_share    numeric(5, 4),
    spend_share    numeric(5, 4),
    affinity_score numeric(5, 4),
    item_rank      integer
);
COMMENT ON TYPE patternos.affinity_item IS 'A category or brand in a customer''s purchases, an element of what the aggregate affinity returns.';

-- shared by the aggregates that sort their rows at the end
CREATE FUNCTION patternos._journal_combine(internal, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'patternos__journal_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;
CREATE FUNCTION patternos._journal_serialize(internal) RETURNS bytea
AS 'MODULE_PATHNAME', 'patternos__journal_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
CREATE FUNCTION patternos._journal_deserialize(bytea, internal) RETURNS internal
AS 'MODULE_PATHNAME', 'patternos__journal_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;

CREATE FUNCTION patternos._affinity_step(internal, text, bigint, timestamp, numeric, date) RETURNS internal
AS 'MODULE_PATHNAME', 'patternos__affinity_step' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION patternos._affinity_final(internal) RETURNS patternos.affinity_item[]
AS 'MODULE_PATHNAME', 'patternos__affinity_final' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;
CREATE AGGREGATE patternos.affinity(item text, order_id bigint, ordered_at timestamp, amount numeric, as_of date) (
    SFUNC = patternos._affinity_step,
    STYPE = internal,
    SSPACE = 1500,
    FINALFUNC = patternos._affinity_final,
    COMBINEFUNC = patternos._journal_combine,
    SERIALFUNC = patternos._journal_serialize,
    DESERIALFUNC = patternos._journal_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE patternos.affinity(text, bigint, timestamp, numeric, date) IS
    'A customer''s categories or brands with counts, spend, recency and affinity score, best first.';

CREATE FUNCTION patternos._brand_affinity_final(internal) RETURNS patternos.affinity_item[]
AS 'MODULE_PATHNAME', 'patternos__brand_affinity_final' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;
CREATE AGGREGATE patternos.brand_affinity(brand text, order_id bigint, ordered_at timestamp, amount numeric, as_of date) (
    SFUNC = patternos._affinity_step,
    STYPE = internal,
    SSPACE = 1500,
    FINALFUNC = patternos._brand_affinity_final,
    COMBINEFUNC = patternos._journal_combine,
    SERIALFUNC = patternos._journal_serialize,
    DESERIALFUNC = patternos._journal_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE patternos.brand_affinity(text, bigint, timestamp, numeric, date) IS
    'A customer''s brands with counts, spend and recency, by their share of all purchases.';

-- The three levels of the snapshot in one state: days come as dates, shares are left out.
CREATE TYPE patternos._affinity_item AS (
    level          text,
    item           text,
    purchase_count integer,
    all_purchases  integer,
    purchase_value numeric(18, 2),
    recency_days   integer,
    affinity_score numeric(5, 4),
    item_rank      integer
);
COMMENT ON TYPE patternos._affinity_item IS
    'An item of a customer as the refresh keeps it, with its level.';

CREATE FUNCTION patternos._affinity_levels_step(internal, text, text, text, bigint, date, numeric, date) RETURNS internal
AS 'MODULE_PATHNAME', 'patternos__affinity_levels_step' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION patternos._affinity_levels_final(internal) RETURNS patternos._affinity_item[]
AS 'MODULE_PATHNAME', 'patternos__affinity_levels_final' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;
CREATE AGGREGATE patternos._affinity_levels(category text, unified_category text, brand text, order_id bigint, ordered_on date,
                                            amount numeric, as_of date) (
    SFUNC = patternos._affinity_levels_step,
    STYPE = internal,
    SSPACE = 1500,
    FINALFUNC = patternos._affinity_levels_final,
    COMBINEFUNC = patternos._journal_combine,
    SERIALFUNC = patternos._journal_serialize,
    DESERIALFUNC = patternos._journal_deserialize,
    PARALLEL = SAFE
);

-- Each customer's items of the three levels, in one pass over the lines of the window.
CREATE FUNCTION patternos._affinity_query(as_of date, window_days integer, stale_for text DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT patternos._per_partition(format($query$
    SELECT a.customer_key, i.*
    FROM (SELECT t.customer_key,
                 patternos._affinity_levels(c.path, c.unified_category, s.brand, t.transaction_id, t.transaction_date,
                                            coalesce(l.line_total, t.total_value), %1$L) AS items
          FROM {transaction} t
          LEFT JOIN {line} l
                 ON l.customer_key = t.customer_key AND l.transaction_datetime = t.transaction_datetime
                AND l.transaction_id = t.transaction_id
          LEFT JOIN patternos_dw.dim_sku s
                 ON s.platform_id = l.platform_id AND s.sku_id = l.sku_id AND s.valid_to = 'infinity'
          LEFT JOIN (SELECT category_id, unified_category,
                            concat_ws(' > ', category_level_1, category_level_2, category_level_3) AS path
                     FROM patternos_dw.dim_product_category) c
                 ON c.category_id = coalesce(s.category_id, l.category_id)
          WHERE t.transaction_status = 'completed' AND t.transaction_type IN ('order', 'booking')
            AND t.transaction_date >= %2$L AND t.transaction_date < %1$L
          GROUP BY t.customer_key) a,
         unnest(a.items) i$query$, as_of, as_of - window_days), stale_for)
$$;

-- Adds purchases of items, from a table (level, item, purchase_count), to those of the population in the window, and counts all.
CREATE FUNCTION patternos._add_to_population(as_of date, window_days smallint, purchases regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    orders bigint;
BEGIN
    EXECUTE format($query$
        INSERT INTO patternos_dw.affinity_population AS p
            (as_of, window_days, level, item, category_id, unified_category, purchase_count, window_purchases)
        SELECT $1, $2, w.level, w.item, c.category_id,
               coalesce(c.unified_category, CASE w.level WHEN 'unified_category' THEN w.item END), w.purchase_count, 0
        FROM %s w
        LEFT JOIN (SELECT min(category_id) AS category_id, min(unified_category) AS unified_category, 'category' AS level,
                          concat_ws(' > ', category_level_1, category_level_2, category_level_3) AS item
                   FROM patternos_dw.dim_product_category
                   GROUP BY 4) c USING (level, item)
        WHERE w.purchase_count <> 0
        ON CONFLICT ON CONSTRAINT affinity_population_pkey DO UPDATE SET purchase_count = p.purchase_count + excluded.purchase_count
        $query$, purchases) USING as_of, window_days;
    DELETE FROM patternos_dw.affinity_population p
    WHERE p.as_of = $1 AND p.window_days = $2 AND p.purchase_count = 0;
    -- by EXECUTE: SELECT INTO is never parallel
    EXECUTE $query$
        SELECT count(*) FROM patternos_dw.fact_transaction t
        WHERE t.transaction_status = 'completed' AND t.transaction_type IN ('order', 'booking')
          AND t.transaction_date >= $1 - $2 AND t.transaction_date < $1
        $query$ INTO orders USING as_of, window_days;
    UPDATE patternos_dw.affinity_population p SET window_purchases = orders
    WHERE p.as_of = $1 AND p.window_days = $2 AND p.window_purchases <> orders;
END
$$;

-- Takes the rows of customers out of the snapshot of a date, and their purchases out of the population's.
CREATE FUNCTION patternos._forget_affinity(as_of date, keys bigint[]) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    WITH gone AS (
        DELETE FROM patternos_dw.feat_customer_affinity f
        WHERE f.as_of = $1 AND f.customer_key = ANY (keys)
        RETURNING f.window_days, f.level, f.item, coalesce(f.category_purchase_count, f.brand_purchase_count) AS purchase_count
    )
    UPDATE patternos_dw.affinity_population p SET purchase_count = p.purchase_count - g.purchase_count
    FROM (SELECT window_days, level, item, sum(purchase_count) AS purchase_count FROM gone GROUP BY window_days, level, item) g
    WHERE p.as_of = $1 AND p.window_days = g.window_days AND p.level = g.level AND p.item = g.item
$$;

-- The rows of the snapshot, from a table of what _affinity_query gives.
CREATE FUNCTION patternos._affinity_rows(as_of date, window_days smallint, work text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format($query$
        SELECT w.customer_key, %1$L::date AS as_of, %2$L::smallint AS window_days, w.level, w.item,
               p.category_id, p.unified_category, CASE WHEN w.level = 'brand' THEN w.item END AS brand,
               CASE WHEN w.level <> 'brand' THEN w.purchase_count END AS category_purchase_count,
               CASE WHEN w.level <> 'brand' THEN w.purchase_value END AS category_purchase_value,
               CASE WHEN w.level <> 'brand' THEN w.recency_days END AS category_recency_days,
               CASE WHEN w.level <> 'brand' THEN w.affinity_score END AS category_affinity_score,
               CASE WHEN w.level = 'brand' THEN w.purchase_count END AS brand_purchase_count,
               CASE WHEN w.level = 'brand' THEN w.purchase_value END AS brand_purchase_value,
               CASE WHEN w.level = 'brand' THEN w.recency_days END AS brand_recency_days,
               CASE WHEN w.level = 'brand' THEN w.affinity_score END AS brand_affinity_score,
               w.all_purchases AS window_purchases, w.item_rank AS category_rank
        FROM %3$s w
        JOIN patternos_dw.affinity_population p
          ON p.as_of = %1$L AND p.window_days = %2$L AND p.level = w.level AND p.item = w.item$query$, as_of, window_days, work)
$$;

-- Memoizing the items of a customer, which come once, costs more than finding them.
CREATE FUNCTION patternos._refresh_affinity(as_of date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET work_mem = '64MB' SET enable_memoize = off
SET min_parallel_table_scan_size = '1TB' SET min_parallel_index_scan_size = '1TB'
SET parallel_setup_cost = 10 SET parallel_tuple_cost = 0.001 SET client_min_messages = warning
AS $$
DECLARE
    window_days smallint := patternos._setting('affinity_window_days');
    rows bigint;
BEGIN
    PERFORM patternos._require_owner();
    -- not temporary: workers cannot read temporary tables
    DROP TABLE IF EXISTS patternos_part.affinity_work, patternos_part.affinity_population;
    EXECUTE 'CREATE UNLOGGED TABLE patternos_part.affinity_work AS ' || patternos._affinity_query(as_of, window_days);
    -- the work table is one: here scans are parallel
    PERFORM set_config('min_parallel_table_scan_size', '1MB', true);
    CREATE UNLOGGED TABLE patternos_part.affinity_population AS
    SELECT level, item, sum(purchase_count) AS purchase_count FROM patternos_part.affinity_work GROUP BY level, item;
    DELETE FROM patternos_dw.affinity_population p WHERE p.as_of = _refresh_affinity.as_of;
    PERFORM patternos._add_to_population(as_of, window_days, 'patternos_part.affinity_population');
    ANALYZE patternos_part.affinity_work (level, item), patternos_dw.affinity_population;
    rows := patternos._write_snapshot('patternos_dw.feat_customer_affinity', as_of,
                                      patternos._affinity_rows(as_of, window_days, 'patternos_part.affinity_work'));
    DROP TABLE patternos_part.affinity_work, patternos_part.affinity_population;
    RETURN rows;
END
$$;

REVOKE ALL ON FUNCTION patternos._affinity_query(date, integer, text), patternos._add_to_population(date, smallint, regclass),
    patternos._forget_affinity(date, bigint[]), patternos._affinity_rows(date, smallint, text), patternos._refresh_affinity(date) FROM PUBLIC;
