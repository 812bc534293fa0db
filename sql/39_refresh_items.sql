-- Item prices and bands, and what an edit of the dictionary or the rules changes.

-- Average prices of observed SKUs, from order lines that state their price, and the price bands of all: the
-- thirds of the prices within a category. Prices equal to a cut belong to the cheaper band.
CREATE FUNCTION patternos._refresh_price_bands() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changed bigint;
BEGIN
    PERFORM patternos._require_owner();
    UPDATE patternos_dw.dim_sku s SET average_price = p.average_price
    FROM (SELECT l.platform_id, l.sku_id, round(sum(l.unit_price * l.quantity) / sum(l.quantity), 4) AS average_price
          FROM patternos_dw.fact_transaction_line l
          JOIN patternos_dw.fact_transaction t USING (customer_key, transaction_datetime, transaction_id)
          WHERE NOT l.is_allocated AND l.unit_price > 0 AND l.quantity > 0
            AND t.transaction_status = 'completed' AND t.transaction_type IN ('order', 'booking')
          GROUP BY l.platform_id, l.sku_id) p
    WHERE s.platform_id = p.platform_id AND s.sku_id = p.sku_id AND s.is_observed AND s.valid_to = 'infinity'
      AND s.average_price IS DISTINCT FROM p.average_price;
    WITH cut AS (
        SELECT category_id, percentile_disc(ARRAY[1.0 / 3, 2.0 / 3]) WITHIN GROUP (ORDER BY average_price) AS prices
        FROM patternos_dw.dim_sku WHERE valid_to = 'infinity' AND average_price IS NOT NULL
        GROUP BY category_id
    ), band AS (
        SELECT s.platform_id, s.sku_id,
               CASE WHEN s.average_price <= c.prices[1] THEN 'budget' WHEN s.average_price <= c.prices[2] THEN 'mid-range'
                    WHEN s.average_price > c.prices[2] THEN 'premium' END AS price_band
        FROM patternos_dw.dim_sku s LEFT JOIN cut c USING (category_id) WHERE s.valid_to = 'infinity'
    )
    UPDATE patternos_dw.dim_sku s SET price_band = b.price_band
    FROM band b
    WHERE s.platform_id = b.platform_id AND s.sku_id = b.sku_id AND s.valid_to = 'infinity'
      AND s.price_band IS DISTINCT FROM b.price_band;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END
$$;

-- Gives the lines of these SKUs the category they have now, and their transactions the unified category with
-- most value. Returns the customers.
CREATE FUNCTION patternos._recategorize_facts(platforms text[], skus text[]) RETURNS bigint[]
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    WITH changed AS MATERIALIZED (
        SELECT s.platform_id, s.sku_id, s.category_id
        FROM unnest(platforms, skus) u (platform_id, sku_id)
        JOIN patternos_dw.dim_sku s USING (platform_id, sku_id) WHERE s.valid_to = 'infinity'
    ), touched AS MATERIALIZED (
        SELECT DISTINCT l.customer_key, l.transaction_datetime, l.transaction_id
        FROM patternos_dw.fact_transaction_line l JOIN changed USING (platform_id, sku_id)
    ), line AS (
        UPDATE patternos_dw.fact_transaction_line l SET category_id = c.category_id
        FROM changed c
        WHERE l.platform_id = c.platform_id AND l.sku_id = c.sku_id AND l.category_id IS DISTINCT FROM c.category_id
    ), main AS (
        SELECT DISTINCT ON (1, 2, 3) customer_key, transaction_datetime, transaction_id, p.unified_category
        FROM touched
        JOIN patternos_dw.fact_transaction_line l USING (customer_key, transaction_datetime, transaction_id)
        LEFT JOIN changed c USING (platform_id, sku_id)
        JOIN patternos_dw.dim_product_category p
             ON p.category_id = CASE WHEN c.sku_id IS NULL THEN l.category_id ELSE c.category_id END
        GROUP BY 1, 2, 3, 4
        ORDER BY 1, 2, 3, sum(l.line_total) DESC, count(*) DESC, p.unified_category COLLATE "C"
    ), header AS (
        UPDATE patternos_dw.fact_transaction t SET unified_category = m.unified_category
        FROM main m
        WHERE (t.customer_key, t.transaction_datetime, t.transaction_id) = (m.customer_key, m.transaction_datetime, m.transaction_id)
          AND t.unified_category IS DISTINCT FROM m.unified_category
    )
    SELECT coalesce(array_agg(DISTINCT customer_key), '{}') FROM touched
$$;

CREATE FUNCTION patternos.reclassify_items() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    renamed integer[];
    platforms text[];
    skus text[];
BEGIN
    PERFORM patternos._require_owner();
    LOCK TABLE patternos_dw.dim_sku IN SHARE ROW EXCLUSIVE MODE;
    WITH rule AS (
        SELECT DISTINCT ON (1, 2, 3) category_level_1, category_level_2, category_level_3, unified_category
        FROM patternos_dw.item_rule ORDER BY 1, 2, 3, platform_id = 'ALL', platform_id, priority
    ), changed AS (
        UPDATE patternos_dw.dim_product_category p SET unified_category = r.unified_category
        FROM rule r
        WHERE (p.category_level_1, p.category_level_2, p.category_level_3)
              IS NOT DISTINCT FROM (r.category_level_1, r.category_level_2, r.category_level_3)
          AND p.unified_category <> r.unified_category
        RETURNING p.category_id
    )
    SELECT array_agg(category_id) INTO renamed FROM changed;
    PERFORM patternos._ensure_categories(i.platform_id, i.names)
    FROM (SELECT s.platform_id, array_agg(s.sku_name) AS names FROM patternos_dw.dim_sku s
          WHERE s.is_observed AND s.valid_to = 'infinity' GROUP BY s.platform_id) i;
    WITH now_so AS MATERIALIZED (
        SELECT s.*, c.brand AS new_brand, p.category_id AS new_category_id
        FROM (SELECT platform_id, array_agg(sku_name) AS names FROM patternos_dw.dim_sku
              WHERE is_observed AND valid_to = 'infinity' GROUP BY platform_id) i
        CROSS JOIN LATERAL patternos._classify_items(i.platform_id, i.names) c
        JOIN patternos_dw.dim_sku s ON s.platform_id = i.platform_id AND s.sku_name = c.item_name
                                   AND s.is_observed AND s.valid_to = 'infinity'
        LEFT JOIN patternos_dw.dim_product_category p
               ON p.category_level_1 = c.category_level_1
              AND coalesce(p.category_level_2, E'\n') = coalesce(c.category_level_2, E'\n')
              AND coalesce(p.category_level_3, E'\n') = coalesce(c.category_level_3, E'\n')
        WHERE (s.brand, s.category_id) IS DISTINCT FROM (c.brand, p.category_id)
    ), present AS (
        UPDATE patternos_dw.dim_sku s
        SET valid_to = CASE WHEN s.valid_from < now() THEN now() ELSE s.valid_to END,
            brand = CASE WHEN s.valid_from < now() THEN s.brand ELSE n.new_brand END,
            category_id = CASE WHEN s.valid_from < now() THEN s.category_id ELSE n.new_category_id END
        FROM now_so n WHERE s.platform_id = n.platform_id AND s.sku_id = n.sku_id AND s.valid_to = 'infinity'
    ), next AS (
        INSERT INTO patternos_dw.dim_sku (platform_id, sku_id, sku_name, brand, category_id, price_band, average_price,
                                          unit_of_measure, is_active, is_observed, valid_from)
        SELECT platform_id, sku_id, sku_name, new_brand, new_category_id, price_band, average_price, unit_of_measure,
               is_active, is_observed, now()
        FROM now_so WHERE valid_from < now()
    )
    SELECT array_agg(platform_id), array_agg(sku_id) INTO platforms, skus
    FROM (SELECT platform_id, sku_id FROM now_so
          UNION
          SELECT platform_id, sku_id FROM patternos_dw.dim_sku
          WHERE category_id = ANY (renamed) AND valid_to = 'infinity') i;
    PERFORM patternos.mark_changed(patternos._recategorize_facts(platforms, skus), 'reclassified');
    PERFORM patternos._refresh_price_bands();
    RETURN coalesce(cardinality(skus), 0);
END
$$;
COMMENT ON FUNCTION patternos.reclassify_items() IS
    'Applies edits of brand and item_rule to the items known from item lists, and returns the number of items changed.';

REVOKE ALL ON FUNCTION patternos._refresh_price_bands(), patternos._recategorize_facts(text[], text[]),
    patternos.reclassify_items() FROM PUBLIC;
