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
    affinity_index          numeric(12, 2),
    category_rank           integer
);
COMMENT ON TYPE patternos._affinity_customer IS 'A row of _affinity_of_facts: an item of a customer.';

CREATE FUNCTION patternos._affinity_totals(queries text[], OUT item_number integer, OUT purchases bigint) RETURNS SETOF record
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000000 ROWS 100 AS 'MODULE_PATHNAME', 'patternos__affinity_totals';

CREATE FUNCTION patternos._affinity_of_facts(queries text[], as_of date, window_days smallint) RETURNS SETOF patternos._affinity_customer
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000000 ROWS 100000 AS 'MODULE_PATHNAME', 'patternos__affinity_of_facts';

-- The queries of both over a partition, as elements of an array: purchases of the window, lines, items and categories. Lines are
-- found by their purchase; that their time lies near the window only spares reading others.
CREATE FUNCTION patternos._affinity_sources(as_of date, window_days integer) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format($query$
            $purchases$SELECT customer_key, transaction_datetime, transaction_id, transaction_date, total_value
                       FROM {transaction} t
                       WHERE transaction_status = 'completed' AND transaction_type IN ('order', 'booking')
                         AND transaction_date >= %2$L AND transaction_date < %1$L$purchases$,
            $lines$SELECT customer_key, transaction_datetime, transaction_id, platform_id, sku_id, category_id, line_total
                   FROM {line} l
                   WHERE transaction_datetime >= %3$L AND transaction_datetime < %4$L$lines$,
            $items$SELECT s.platform_id, s.sku_id, s.category_id, i.number
                   FROM patternos_dw.dim_sku s
                   LEFT JOIN patternos_part.affinity_item i ON i.level = 'brand' AND i.item = s.brand
                   WHERE s.valid_to = 'infinity'$items$,
            $categories$SELECT c.category_id, i.number, u.number
                        FROM patternos_dw.dim_product_category c
                        LEFT JOIN patternos_part.affinity_item i
                               ON i.level = 'category'
                              AND i.item = concat_ws(' > ', c.category_level_1, c.category_level_2, c.category_level_3)
                        LEFT JOIN patternos_part.affinity_item u
                               ON u.level = 'unified_category' AND u.item = c.unified_category$categories$
            $query$,
        as_of, as_of - window_days, (as_of - window_days - 2)::timestamp AT TIME ZONE 'UTC', (as_of + 2)::timestamp AT TIME ZONE 'UTC')
$$;

-- In how many purchases each item is, and under NULL how many there are, by partition.
CREATE FUNCTION patternos._affinity_totals_query(as_of date, window_days integer) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT patternos._per_partition(format('SELECT * FROM patternos._affinity_totals(ARRAY[%s])',
                                           patternos._affinity_sources(as_of, window_days)))
$$;

-- The rows of feat_customer_affinity.
CREATE FUNCTION patternos._affinity_query(as_of date, window_days integer, stale_for text DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT patternos._per_partition(format($query$
        SELECT customer_key, as_of, window_days, level, item, category_id, unified_category, brand,
               category_purchase_count, category_purchase_value, category_recency_days, category_affinity_score,
               brand_purchase_count, brand_purchase_value, brand_recency_days, brand_affinity_score, affinity_index, category_rank
        FROM patternos._affinity_of_facts(ARRAY[%1$s,
            $population$SELECT number, level, item, category_id, unified_category, share
                        FROM patternos_part.affinity_population$population$], %2$L, %3$L::smallint)$query$,
        patternos._affinity_sources(as_of, window_days), as_of, window_days), stale_for)
$$;

-- Numbers the items of all levels, in the order of their names.
CREATE FUNCTION patternos._number_affinity_items() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    CREATE UNLOGGED TABLE patternos_part.affinity_item AS
    SELECT row_number() OVER (ORDER BY level, item COLLATE "C")::integer AS number, level, item, category_id, unified_category
    FROM (SELECT 'category' AS level, concat_ws(' > ', category_level_1, category_level_2, category_level_3) AS item,
                 min(category_id) AS category_id, min(unified_category) AS unified_category
          FROM patternos_dw.dim_product_category GROUP BY item
          UNION ALL
          SELECT DISTINCT 'unified_category', unified_category, NULL::integer, unified_category
          FROM patternos_dw.dim_product_category WHERE unified_category IS NOT NULL
          UNION ALL
          SELECT DISTINCT 'brand', brand, NULL::integer, NULL
          FROM patternos_dw.dim_sku WHERE valid_to = 'infinity' AND brand IS NOT NULL) i
$$;

CREATE FUNCTION patternos._refresh_affinity(as_of date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET parallel_setup_cost = 100 SET client_min_messages = warning
AS $$
DECLARE
    window_days smallint := patternos._setting('affinity_window_days');
    rows bigint;
BEGIN
    PERFORM patternos._require_owner();
    -- not temporary: workers cannot read temporary tables
    DROP TABLE IF EXISTS patternos_part.affinity_item, patternos_part.affinity_population;
    PERFORM patternos._number_affinity_items();
    EXECUTE format($query$
        CREATE UNLOGGED TABLE patternos_part.affinity_population AS
        WITH total AS (SELECT t.item_number, sum(t.purchases) AS purchases FROM (%s) t GROUP BY t.item_number)
        SELECT i.*, t.purchases::double precision / o.purchases::double precision AS share
        FROM total t
        JOIN patternos_part.affinity_item i ON i.number = t.item_number
        JOIN total o ON o.item_number IS NULL$query$, patternos._affinity_totals_query(as_of, window_days));
    rows := patternos._write_snapshot('patternos_dw.feat_customer_affinity', as_of, patternos._affinity_query(as_of, window_days));
    DROP TABLE patternos_part.affinity_item, patternos_part.affinity_population;
    RETURN rows;
END
$$;

REVOKE ALL ON FUNCTION patternos._affinity_totals(text[]), patternos._affinity_of_facts(text[], date, smallint),
    patternos._affinity_sources(date, integer), patternos._affinity_totals_query(date, integer), patternos._affinity_query(date, integer, text),
    patternos._number_affinity_items(), patternos._refresh_affinity(date) FROM PUBLIC;
