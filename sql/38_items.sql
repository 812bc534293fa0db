-- Item names: lists, shares of a total, brands and categories.

CREATE FUNCTION patternos.split_items(items text) RETURNS text[]
AS 'MODULE_PATHNAME', 'patternos_split_items'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION patternos.split_items(text) IS 'Splits a list of item names at its commas and line ends, but not inside parentheses or quotes.';

CREATE FUNCTION patternos.allocate(total bigint, weights bigint[]) RETURNS bigint[]
AS 'MODULE_PATHNAME', 'patternos_allocate'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION patternos.allocate(bigint, bigint[]) IS 'Divides a total in proportion to weights by largest remainder: whole units that add up to the total.';

CREATE FUNCTION patternos.match_brand(item text, aliases text[], brands text[]) RETURNS text
AS 'MODULE_PATHNAME', 'patternos_match_brand'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION patternos.match_brand(text, text[], text[]) IS 'The brand whose alias is the longest that stands in an item name as whole words.';

CREATE FUNCTION patternos.match_rule(item text, patterns text[]) RETURNS integer
AS 'MODULE_PATHNAME', 'patternos_match_rule'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION patternos.match_rule(text, text[]) IS 'The number of the first pattern that has a phrase standing in an item name as whole words.';

-- Dictionary and rules of a platform: its own first, then those of ALL.
CREATE FUNCTION patternos._classify_items(platform text, items text[])
RETURNS TABLE (item_name text, brand text, category_level_1 text, category_level_2 text, category_level_3 text, unified_category text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH rule AS MATERIALIZED (
        SELECT row_number() OVER (ORDER BY r.platform_id = 'ALL', r.priority) AS number, r.*
        FROM patternos_dw.item_rule r WHERE r.platform_id IN (platform, 'ALL')
    ), dictionary AS MATERIALIZED (
        SELECT coalesce(array_agg(b.alias ORDER BY b.platform_id = 'ALL', b.alias), '{}') AS aliases,
               coalesce(array_agg(b.brand ORDER BY b.platform_id = 'ALL', b.alias), '{}') AS brands,
               (SELECT coalesce(array_agg(r.pattern ORDER BY r.number), '{}') FROM rule r) AS patterns
        FROM patternos_dw.brand b WHERE b.platform_id IN (platform, 'ALL')
    ), item AS MATERIALIZED (
        SELECT i.name, patternos.match_brand(i.name, d.aliases, d.brands) AS brand,
               patternos.match_rule(i.name, d.patterns) AS number
        FROM unnest(items) i (name) CROSS JOIN dictionary d
    )
    SELECT i.name, i.brand, r.category_level_1, r.category_level_2, r.category_level_3, r.unified_category
    FROM item i LEFT JOIN rule r USING (number)
$$;

-- Names are compared by their first 500 characters without case.
CREATE FUNCTION patternos._item_key(item text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN lower(left(item, 500));

CREATE FUNCTION patternos._observed_sku_id(item text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN 'OBS-' || left(encode(sha256(convert_to(patternos._item_key(item), 'UTF8')), 'hex'), 16);

-- Makes sure that the categories of these items exist.
CREATE FUNCTION patternos._ensure_categories(platform text, items text[]) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO patternos_dw.dim_product_category (category_level_1, category_level_2, category_level_3, unified_category)
    SELECT * FROM (
        SELECT DISTINCT ON (1, 2, 3) c.category_level_1, c.category_level_2, c.category_level_3, c.unified_category
        FROM patternos._classify_items(platform, items) c
        WHERE c.category_level_1 IS NOT NULL
        ORDER BY 1, 2, 3, 4) n
    WHERE NOT EXISTS (SELECT FROM patternos_dw.dim_product_category p
                      WHERE (p.category_level_1, p.category_level_2, p.category_level_3)
                            IS NOT DISTINCT FROM (n.category_level_1, n.category_level_2, n.category_level_3))
    ON CONFLICT DO NOTHING
$$;

-- Makes sure that each item name has a current SKU: the catalogue's, or an observed one named after it.
CREATE FUNCTION patternos._observe_items(platform text, items text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    missing text[];
BEGIN
    PERFORM patternos._require_owner();
    SELECT array_agg(i.name) INTO missing
    FROM (SELECT min(left(u.name, 500) COLLATE "C") AS name FROM unnest(items) u (name)
          WHERE u.name <> '' GROUP BY patternos._item_key(u.name)) i
    WHERE NOT EXISTS (SELECT FROM patternos_dw.dim_sku s
                      WHERE s.platform_id = platform AND lower(s.sku_name) = lower(i.name) AND s.valid_to = 'infinity');
    IF missing IS NULL THEN
        RETURN;
    END IF;
    PERFORM patternos._ensure_categories(platform, missing);
    INSERT INTO patternos_dw.dim_sku (platform_id, sku_id, sku_name, brand, category_id, is_observed)
    SELECT platform, patternos._observed_sku_id(c.item_name), c.item_name, c.brand, p.category_id, true
    FROM patternos._classify_items(platform, missing) c
    LEFT JOIN patternos_dw.dim_product_category p
           ON p.category_level_1 = c.category_level_1
          AND coalesce(p.category_level_2, E'\n') = coalesce(c.category_level_2, E'\n')
          AND coalesce(p.category_level_3, E'\n') = coalesce(c.category_level_3, E'\n')
    ON CONFLICT DO NOTHING;
END
$$;

-- The SKU of each distinct item name: the catalogue's before an observed one, active ones first, then by id.
CREATE FUNCTION patternos._find_items(platform text, items text[])
RETURNS TABLE (item_name text, sku_id text, brand text, category_id integer, unified_category text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT i.name, s.sku_id, s.brand, s.category_id, c.unified_category
    FROM (SELECT DISTINCT u.name FROM unnest(items) u (name)) i
    CROSS JOIN LATERAL (
        SELECT * FROM patternos_dw.dim_sku s
        WHERE s.platform_id = platform AND lower(s.sku_name) = patternos._item_key(i.name) AND s.valid_to = 'infinity'
        ORDER BY s.is_observed, s.is_active DESC, s.sku_id LIMIT 1
    ) s
    LEFT JOIN patternos_dw.dim_product_category c USING (category_id)
$$;

REVOKE ALL ON FUNCTION patternos._classify_items(text, text[]), patternos._ensure_categories(text, text[]), patternos._observe_items(text, text[]),
    patternos._find_items(text, text[]) FROM PUBLIC;

-- Category of a platform's own category name, or of a catalogue's levels joined by blanks, by the same rules; a name
-- without a rule is its own level 1 in 'Other'.
CREATE FUNCTION patternos._category_fallback(platform text, category text,
    OUT category_level_1 text, OUT category_level_2 text, OUT category_level_3 text, OUT unified_category text)
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(c.category_level_1, c.item_name), c.category_level_2, c.category_level_3,
           coalesce(c.unified_category, 'Other')
    FROM patternos._classify_items(platform, ARRAY[left(btrim(category), 200)]) c
    WHERE c.item_name <> ''
$$;

REVOKE ALL ON FUNCTION patternos._category_fallback(text, text) FROM PUBLIC;
