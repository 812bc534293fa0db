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

-- What the warehouse runs over its facts, partition by partition.
CREATE TYPE patternos._affinity_customer AS (
    customer_key            bigint,
    as_of                   date,
    window_days             smallint,
    level                   text,
    item                    text,
    category_id             integer,
    unified_category        text,
    brand                   text,
    category_purchase_count integer,
    category_purchase_value numeric(18, 2),
    category_recency_days   integer,
    category_affinity_score numeric(5, 4),
    brand_purchase_count    integer,
    brand_purchase_value    numeric(18, 2),
    brand_recency_days      integer,
    brand_affinity_score    numeric(5, 4),
    window_purchases        integer,
    category_rank           integer
);
COMMENT ON TYPE patternos._affinity_customer IS 'A row of _affinity_of_facts: an item of a customer.';

CREATE FUNCTION patternos._affinity_of_facts(queries text[], as_of date, window_days smallint) RETURNS SETOF patternos._affinity_customer
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000000 ROWS 100000 AS 'MODULE_PATHNAME', 'patternos__affinity_of_facts';

-- The rows of feat_customer_affinity. Lines are found by their purchase; that their time lies near the window only spares reading
-- others.
CREATE FUNCTION patternos._affinity_query(as_of date, window_days integer, stale_for text DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO'
AS $$
    SELECT patternos._per_partition(format($query$
        SELECT *
        FROM patternos._affinity_of_facts(ARRAY[
            $purchases$SELECT customer_key, transaction_datetime, transaction_id, transaction_date, total_value
                       FROM {transaction} t
                       WHERE transaction_status = 'completed' AND transaction_type IN ('order', 'booking')
                         AND transaction_date >= %3$L AND transaction_date < %1$L$purchases$,
            $lines$SELECT customer_key, transaction_datetime, transaction_id, platform_id, sku_id, category_id, line_total
                   FROM {line} l
                   WHERE transaction_datetime >= %4$L AND transaction_datetime < %5$L$lines$,
            $items$SELECT platform_id, sku_id, category_id, brand FROM %6$s k$items$,
            $categories$SELECT category_id, concat_ws(' > ', category_level_1, category_level_2, category_level_3), unified_category
                        FROM patternos_dw.dim_product_category$categories$,
            $paths$SELECT concat_ws(' > ', category_level_1, category_level_2, category_level_3), min(category_id), min(unified_category)
                   FROM patternos_dw.dim_product_category GROUP BY 1$paths$
            ], %1$L, %2$L::smallint) f$query$,
        as_of, window_days, as_of - window_days, (as_of - window_days - 2)::timestamp AT TIME ZONE 'UTC',
        (as_of + 2)::timestamp AT TIME ZONE 'UTC', patternos._skus_of(stale_for)), stale_for)
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

-- The population's purchases are the sums of the customers'.
CREATE FUNCTION patternos._refresh_affinity(as_of date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET parallel_setup_cost = 100 SET client_min_messages = warning
AS $$
DECLARE
    window_days smallint := patternos._setting('affinity_window_days');
    rows bigint;
BEGIN
    PERFORM patternos._require_owner();
    rows := patternos._write_snapshot('patternos_dw.feat_customer_affinity', as_of, patternos._affinity_query(as_of, window_days));
    EXECUTE format($query$
        CREATE TEMPORARY TABLE patternos_purchases ON COMMIT DROP AS
        SELECT level, item, sum(coalesce(category_purchase_count, brand_purchase_count)) AS purchase_count
        FROM %s GROUP BY level, item$query$, patternos._snapshot_source('patternos_dw.feat_customer_affinity', as_of));
    DELETE FROM patternos_dw.affinity_population p WHERE p.as_of = _refresh_affinity.as_of;
    PERFORM patternos._add_to_population(as_of, window_days, 'pg_temp.patternos_purchases');
    ANALYZE patternos_dw.affinity_population;
    DROP TABLE pg_temp.patternos_purchases;
    RETURN rows;
END
$$;

REVOKE ALL ON FUNCTION patternos._affinity_of_facts(text[], date, smallint), patternos._affinity_query(date, integer, text),
    patternos._add_to_population(date, smallint, regclass), patternos._forget_affinity(date, bigint[]),
    patternos._refresh_affinity(date) FROM PUBLIC;
