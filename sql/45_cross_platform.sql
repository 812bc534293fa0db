-- Cross-platform: how customers spread over platforms.

CREATE FUNCTION patternos.platform_diversity_score(platforms_used integer, active_platforms integer) RETURNS numeric
AS 'MODULE_PATHNAME', 'patternos_platform_diversity_score'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION patternos.platform_diversity_score(integer, integer) IS 'Share of the active platforms that a customer uses.';

CREATE FUNCTION patternos.category_overlap_score(shared_categories integer, all_categories integer) RETURNS numeric
AS 'MODULE_PATHNAME', 'patternos_category_overlap_score'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION patternos.category_overlap_score(integer, integer) IS 'Share of a customer''s categories that were bought on two or more platforms.';

CREATE TYPE patternos.purchase_line AS (
    platform_id text,
    order_id    bigint,
    ordered_at  timestamp,
    amount      numeric,
    category    text
);
COMMENT ON TYPE patternos.purchase_line IS 'A line of an order as the aggregate cross_platform takes it; without amount it is an enquiry.';

CREATE TYPE patternos.cross_platform_features AS (
    platforms_used_count              integer,
    platforms_list                    text[],
    cross_platform_purchase_count_30d integer,
    cross_platform_value_30d          numeric(18, 2),
    common_categories                 text[],
    category_overlap_score            numeric(5, 4),
    platform_switching_frequency      numeric(10, 4),
    dominant_platform                 text,
    dominant_platform_share           numeric(5, 4),
    platform_loyalty_score            numeric(5, 4)
);
COMMENT ON TYPE patternos.cross_platform_features IS 'What the aggregate cross_platform returns.';

CREATE FUNCTION patternos._cross_platform_step(internal, patternos.purchase_line, date) RETURNS internal
AS 'MODULE_PATHNAME', 'patternos__cross_platform_step' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 5;
CREATE FUNCTION patternos._cross_platform_final(internal) RETURNS patternos.cross_platform_features
AS 'MODULE_PATHNAME', 'patternos__cross_platform_final' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 100;
CREATE AGGREGATE patternos.cross_platform(line patternos.purchase_line, as_of date) (
    SFUNC = patternos._cross_platform_step,
    STYPE = internal,
    SSPACE = 2000,
    FINALFUNC = patternos._cross_platform_final,
    COMBINEFUNC = patternos._journal_combine,
    SERIALFUNC = patternos._journal_serialize,
    DESERIALFUNC = patternos._journal_deserialize,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE patternos.cross_platform(patternos.purchase_line, date) IS
    'How a customer''s purchases spread over platforms: list, shares, common categories, switching.';

CREATE FUNCTION patternos._cross_platform_query(as_of date, stale_for text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN patternos._per_partition(format($query$
    SELECT a.customer_key, %1$L::date AS as_of, (a.f).*,
           patternos.platform_diversity_score((a.f).platforms_used_count, %3$L) AS platform_diversity_score
    FROM (SELECT t.customer_key,
                 patternos.cross_platform(
                     ROW(t.platform_id, t.transaction_id, t.transaction_datetime AT TIME ZONE %2$L,
                         CASE WHEN t.transaction_type <> 'enquiry' THEN coalesce(l.line_total, t.total_value) END,
                         coalesce(c.unified_category, t.unified_category))::patternos.purchase_line, %1$L) AS f
          FROM {transaction} t
          JOIN patternos_dw.dim_platform p ON p.platform_id = t.platform_id
          LEFT JOIN {line} l
                 ON l.customer_key = t.customer_key AND l.transaction_datetime = t.transaction_datetime
                AND l.transaction_id = t.transaction_id
          LEFT JOIN patternos_dw.dim_sku s
                 ON s.platform_id = l.platform_id AND s.sku_id = l.sku_id AND s.valid_to = 'infinity'
          LEFT JOIN patternos_dw.dim_product_category c ON c.category_id = coalesce(s.category_id, l.category_id)
          WHERE t.transaction_date < %1$L AND t.transaction_status = 'completed'
            AND (t.transaction_type <> 'enquiry' OR p.conversion_type IN ('any', 'enquiry'))
          GROUP BY t.customer_key) a
    WHERE (a.f).platforms_used_count IS NOT NULL$query$,
    as_of, patternos._setting('time_zone'),
    (SELECT count(*) FROM patternos_dw.dim_platform WHERE is_active)), stale_for);
END
$$;

CREATE FUNCTION patternos._refresh_cross_platform(as_of date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
SET work_mem = '64MB'
SET min_parallel_table_scan_size = '1TB' SET min_parallel_index_scan_size = '1TB'
SET parallel_setup_cost = 10 SET parallel_tuple_cost = 0.001
AS $$
BEGIN
    PERFORM patternos._require_owner();
    RETURN patternos._write_snapshot('patternos_dw.feat_cross_platform', as_of, patternos._cross_platform_query(as_of));
END
$$;

REVOKE ALL ON FUNCTION patternos._cross_platform_query(date, text), patternos._refresh_cross_platform(date) FROM PUBLIC;
