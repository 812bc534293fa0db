-- What dim_customer says of purchases before the reference date.

-- The value tier of joined rows c (customer) and r (its RFM over all platforms), as an expression: the first rule that holds.
CREATE FUNCTION patternos._value_segment(as_of date) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rule record;
    condition text;
    least_spend numeric;
    branches text := '';
BEGIN
    FOR rule IN SELECT * FROM patternos_dw.value_segment_rule ORDER BY priority LOOP
        CASE rule.rule
            WHEN 'first_seen_within_days' THEN
                condition := format('least(c.first_seen_date, r.first_purchase_date) >= %L', as_of - rule.threshold::integer);
            WHEN 'top_share_of_spend_365d' THEN
                -- ties at the border are in
                SELECT percentile_disc(rule.threshold) WITHIN GROUP (ORDER BY f.monetary_365d DESC) INTO least_spend
                FROM patternos_dw.feat_customer_rfm f
                WHERE f.as_of = _value_segment.as_of AND f.platform_id = 'ALL' AND f.monetary_365d > 0;
                condition := format('r.monetary_365d >= %L', coalesce(least_spend, 'Infinity'));
            WHEN 'minimum_purchases' THEN
                condition := format('r.frequency_lifetime >= %L', rule.threshold);
            ELSE
                condition := 'true';
        END CASE;
        branches := branches || format(' WHEN %s THEN %L', condition, rule.segment);
    END LOOP;
    RETURN CASE branches WHEN '' THEN 'NULL' ELSE format('CASE%s END', branches) END;
END
$$;

-- Reads the RFM snapshot of the date. Customers that it does not have are not known before the date: no purchases, no tier.
CREATE FUNCTION patternos._refresh_customers(as_of date) RETURNS bigint
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
    changed bigint;
BEGIN
    PERFORM patternos._require_owner();
    IF NOT EXISTS (SELECT FROM patternos._snapshots() s
                   WHERE s.parent = 'patternos_dw.feat_customer_rfm'::regclass AND s.as_of = _refresh_customers.as_of) THEN
        RAISE EXCEPTION 'there are no RFM features as of %', as_of
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'CALL patternos.refresh_features() for this date first.';
    END IF;
    -- dim_customer shows the newest complete refresh: one at an earlier date leaves it as it is
    IF as_of < (SELECT max(r.as_of) FROM patternos_dw.pipeline_run r
                WHERE r.step IN ('refresh', 'refresh_features') AND r.status = 'complete') THEN
        RETURN 0;
    END IF;
    EXECUTE format($query$
        UPDATE patternos_dw.dim_customer d
        SET customer_segment = n.segment, lifetime_value = n.lifetime_value, total_orders = n.orders,
            total_platforms_used = n.platforms, first_seen_date = n.first_seen, last_seen_date = n.last_seen, updated_at = now()
        FROM (SELECT c.customer_key, CASE WHEN r.customer_key IS NOT NULL THEN %1$s END AS segment,
                     coalesce(r.monetary_lifetime, 0) AS lifetime_value, coalesce(r.frequency_lifetime, 0) AS orders,
                     coalesce(p.platforms, 0) AS platforms,
                     coalesce(c.first_seen_date, r.first_purchase_date) AS first_seen,
                     coalesce(c.last_seen_date, r.last_purchase_date) AS last_seen
              FROM patternos_dw.dim_customer c
              LEFT JOIN patternos_dw.feat_customer_rfm r
                     ON r.customer_key = c.customer_key AND r.as_of = %2$L AND r.platform_id = 'ALL'
              LEFT JOIN (SELECT customer_key, count(*) AS platforms
                         FROM patternos_dw.feat_customer_rfm
                         WHERE as_of = %2$L AND platform_id <> 'ALL' AND frequency_lifetime > 0
                         GROUP BY customer_key) p
                     ON p.customer_key = c.customer_key) n
        WHERE d.customer_key = n.customer_key
          AND (d.customer_segment, d.lifetime_value, d.total_orders, d.total_platforms_used, d.first_seen_date, d.last_seen_date)
              IS DISTINCT FROM (n.segment, n.lifetime_value, n.orders, n.platforms, n.first_seen, n.last_seen)
        $query$, patternos._value_segment(as_of), as_of);
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END
$$;

REVOKE ALL ON FUNCTION patternos._value_segment(date), patternos._refresh_customers(date) FROM PUBLIC;
