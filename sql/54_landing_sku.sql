-- Landing of a platform's catalogue: articles with the category and the brand that it gives them.

CREATE FUNCTION patternos._seed_sku_mapping() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO patternos_dw.source_mapping (landing_view, column_name, position, platform_id, entity, field, format)
    SELECT 'landing_sku', split_part(c.mapping, '=', 1), c.position, 'ZEPTO', 'sku', split_part(c.mapping, '=', 2),
           nullif(split_part(c.mapping, '=', 3), '')
    FROM unnest('{sku_id=sku_id,sku_name=sku_name,brand=brand,manufacturer=property,category_level_1=category_level_1,'
                'category_level_2=category_level_2,category_level_3=category_level_3,sku_description=property,'
                'size_variant=property,unit_measure=unit_of_measure,mrp=property,selling_price=price,price_band=property,'
                'availability_status=availability,rating=property,review_count=property,launch_date=property,'
                'discount_percent=property,ad_visibility_flag=property=flag,high_intent_flag=property=flag,'
                'avg_weekly_sales_units=property,avg_weekly_revenue=property,inventory_turnover_days=property,'
                'supplier_region=property,last_updated=updated_at}'::text[]) WITH ORDINALITY c (mapping, position)
    ON CONFLICT DO NOTHING
$$;

-- The unified category of each of a platform's categories: that of the rule which gives items this category, else
-- by the same rules as items, the upper levels first.
CREATE FUNCTION patternos._unify_categories(platform text, level_1 text[], level_2 text[], level_3 text[])
RETURNS TABLE (category_level_1 text, category_level_2 text, category_level_3 text, unified_category text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH level AS (
        SELECT i.item_name, i.unified_category
        FROM patternos._classify_items(platform, ARRAY(SELECT DISTINCT name FROM unnest(level_1 || level_2 || level_3) l (name)
                                                       WHERE name IS NOT NULL)) i
    ), rule AS (
        SELECT DISTINCT ON (1, 2, 3) r.category_level_1, r.category_level_2, r.category_level_3, r.unified_category
        FROM patternos_dw.item_rule r WHERE r.platform_id IN (platform, 'ALL')
        ORDER BY 1, 2, 3, r.platform_id = 'ALL', r.priority
    )
    SELECT c.level_1, c.level_2, c.level_3,
           coalesce(r.unified_category, a.unified_category, b.unified_category, d.unified_category, 'Other')
    FROM unnest(level_1, level_2, level_3) c (level_1, level_2, level_3)
    LEFT JOIN rule r ON r.category_level_1 = c.level_1 AND r.category_level_2 IS NOT DISTINCT FROM c.level_2
                    AND r.category_level_3 IS NOT DISTINCT FROM c.level_3
    LEFT JOIN level a ON a.item_name = c.level_1
    LEFT JOIN level b ON b.item_name = c.level_2
    LEFT JOIN level d ON d.item_name = c.level_3
$$;

-- The steps of a catalogue. Of several rows of one article the last counts. A change of brand or category
-- makes a new version; order lines and events of articles with another category follow. An article replaces the
-- one that was observed under its name, also in the lines.
CREATE FUNCTION patternos._landing_steps_sku(has_order_id boolean) RETURNS TABLE (relation text, statement text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $steps$ VALUES
(NULL, $$SELECT patternos._lock_identities(false)$$),
(NULL, $$LOCK TABLE patternos_dw.dim_sku IN SHARE ROW EXCLUSIVE MODE$$),
('category', $$
    SELECT DISTINCT s.category_level_1, s.category_level_2, s.category_level_3
    FROM staged s WHERE s.category_level_1 IS NOT NULL$$),
(NULL, $$
    INSERT INTO patternos_dw.dim_product_category (category_level_1, category_level_2, category_level_3, unified_category)
    SELECT u.*
    FROM (SELECT array_agg(category_level_1) AS level_1, array_agg(category_level_2) AS level_2, array_agg(category_level_3) AS level_3
          FROM category) c
    CROSS JOIN LATERAL patternos._unify_categories($2, c.level_1, c.level_2, c.level_3) u
    ORDER BY 1, 2, 3
    ON CONFLICT (category_level_1, category_level_2, category_level_3) DO NOTHING$$),
('arrived', $$
    SELECT DISTINCT ON (s.sku_id) s.line, s.sku_id, s.sku_name, s.brand, c.category_id, s.price * 0.0001 AS average_price,
           s.unit_of_measure, coalesce(lower(s.availability) NOT IN ('discontinued', 'delisted', 'inactive'), true) AS is_active
    FROM staged s
    LEFT JOIN patternos_dw.dim_product_category c
         ON c.category_level_1 = s.category_level_1 AND c.category_level_2 IS NOT DISTINCT FROM s.category_level_2
        AND c.category_level_3 IS NOT DISTINCT FROM s.category_level_3
    ORDER BY s.sku_id, s.line DESC$$),
('changed', $$
    SELECT a.*, d.valid_from, (d.brand, d.category_id) IS DISTINCT FROM (a.brand, a.category_id) AND d.valid_from < $3 AS is_version,
           d.category_id IS DISTINCT FROM a.category_id AS is_category, d.brand IS DISTINCT FROM a.brand AS is_brand
    FROM arrived a JOIN patternos_dw.dim_sku d ON d.platform_id = $2 AND d.sku_id = a.sku_id AND d.valid_to = 'infinity'
    WHERE (d.sku_name, d.brand, d.category_id, d.average_price, d.unit_of_measure, d.is_active, d.is_observed)
          IS DISTINCT FROM (a.sku_name, a.brand, a.category_id, a.average_price, a.unit_of_measure, a.is_active, false)$$),
('new', $$
    SELECT a.*, '-infinity'::timestamptz AS valid_from FROM arrived a
    WHERE NOT EXISTS (SELECT FROM patternos_dw.dim_sku d WHERE d.platform_id = $2 AND d.sku_id = a.sku_id AND d.valid_to = 'infinity')
    UNION ALL
    SELECT a.*, $3 FROM arrived a JOIN changed c USING (sku_id) WHERE c.is_version$$),
(NULL, $$
    UPDATE patternos_dw.dim_sku d SET valid_to = $3
    FROM changed a WHERE a.is_version AND d.platform_id = $2 AND d.sku_id = a.sku_id AND d.valid_to = 'infinity'$$),
(NULL, $$
    UPDATE patternos_dw.dim_sku d
    SET sku_name = a.sku_name, brand = a.brand, category_id = a.category_id, average_price = a.average_price,
        unit_of_measure = a.unit_of_measure, is_active = a.is_active, is_observed = false
    FROM changed a WHERE NOT a.is_version AND d.platform_id = $2 AND d.sku_id = a.sku_id AND d.valid_to = 'infinity'$$),
(NULL, $$
    INSERT INTO patternos_dw.dim_sku (platform_id, sku_id, sku_name, brand, category_id, average_price, unit_of_measure, is_active, valid_from)
    SELECT $2, n.sku_id, n.sku_name, n.brand, n.category_id, n.average_price, n.unit_of_measure, n.is_active, n.valid_from
    FROM new n ORDER BY n.sku_id$$),
('superseded', $$
    SELECT o.sku_id AS observed_id, f.sku_id
    FROM (SELECT array_agg(DISTINCT sku_name) AS names FROM arrived) a
    CROSS JOIN LATERAL patternos._find_items($2, a.names) f
    JOIN patternos_dw.dim_sku o
         ON o.platform_id = $2 AND o.sku_id = patternos._observed_sku_id(f.item_name) AND o.is_observed AND o.valid_to = 'infinity'
    WHERE f.sku_id <> o.sku_id$$),
(NULL, $$
    UPDATE patternos_dw.fact_transaction_line l SET sku_id = u.sku_id
    FROM superseded u WHERE l.platform_id = $2 AND l.sku_id = u.observed_id$$),
(NULL, $$
    DELETE FROM patternos_dw.dim_sku d USING superseded u WHERE d.platform_id = $2 AND d.sku_id = u.observed_id$$),
(NULL, $$
    SELECT patternos.mark_changed(patternos._recategorize_facts(array_agg($2), array_agg(c.sku_id)), 'reclassified')
    FROM (SELECT sku_id FROM changed WHERE is_category OR is_brand UNION SELECT sku_id FROM superseded) c HAVING count(*) > 0$$),
('viewed', $$
    UPDATE patternos_dw.fact_event e SET category_id = p.category_id
    FROM (SELECT sku_id, category_id FROM new UNION SELECT sku_id, category_id FROM changed WHERE is_category) p
    WHERE e.platform_id = $2 AND e.product_id = p.sku_id AND p.category_id <> coalesce(e.category_id, 0)
    RETURNING e.customer_key$$),
(NULL, $$
    UPDATE patternos_dw.event_anonymous e SET category_id = p.category_id
    FROM (SELECT sku_id, category_id FROM new UNION SELECT sku_id, category_id FROM changed WHERE is_category) p
    WHERE e.platform_id = $2 AND e.product_id = p.sku_id AND p.category_id <> coalesce(e.category_id, 0)$$),
(NULL, $$SELECT patternos.mark_changed(array_agg(DISTINCT customer_key), 'reclassified') FROM viewed HAVING count(*) > 0$$),
('duplicate', $$
    SELECT s.line FROM staged s
    WHERE NOT EXISTS (SELECT FROM new n WHERE n.line = s.line) AND NOT EXISTS (SELECT FROM changed c WHERE c.line = s.line)$$),
('orphan', $$
    SELECT FROM arrived a
    WHERE NOT EXISTS (SELECT FROM patternos_dw.dim_sku d WHERE d.platform_id = $2 AND d.sku_id = a.sku_id AND d.valid_to = 'infinity')$$)
$steps$;

REVOKE ALL ON FUNCTION patternos._seed_sku_mapping(), patternos._unify_categories(text, text[], text[], text[]),
    patternos._landing_steps_sku(boolean) FROM PUBLIC;
