-- What dim_customer says of purchases before the reference date.

-- The spend in 365 days from which the tiers by share of customers take them in, by priority; ties at the border are in. Where an
-- earlier border is known, only what lies near it is sorted.
CREATE FUNCTION patternos._value_borders(as_of date, earlier numeric[] DEFAULT NULL) RETURNS numeric[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    spenders text := format('FROM %s WHERE as_of = %L AND platform_id = ''ALL'' AND monetary_365d > 0',
                            patternos._snapshot_source('patternos_dw.feat_customer_rfm', as_of), as_of);
    share numeric;
    guess numeric;
    place bigint;
    near numeric[];
    borders numeric[] := '{}';
BEGIN
    FOR share IN
        SELECT threshold FROM patternos_dw.value_segment_rule WHERE rule = 'top_share_of_spend_365d' ORDER BY priority
    LOOP
        guess := earlier[cardinality(borders) + 1];
        near := NULL;
        IF guess IS NOT NULL THEN
            EXECUTE 'SELECT greatest(ceil($2::double precision * count(*)), 1) - count(*) FILTER (WHERE monetary_365d > $1 * 1.02), '
                    'array_agg(monetary_365d) FILTER (WHERE monetary_365d >= $1 * 0.98 AND monetary_365d <= $1 * 1.02) '
                    || spenders INTO place, near USING guess, share;
        END IF;
        IF place BETWEEN 1 AND cardinality(near) THEN
            borders := borders || (SELECT v FROM unnest(near) v ORDER BY v DESC OFFSET place - 1 LIMIT 1);
        ELSE
            EXECUTE 'SELECT percentile_disc($1) WITHIN GROUP (ORDER BY monetary_365d DESC) ' || spenders INTO guess USING share;
            borders := borders || guess;
        END IF;
    END LOOP;
    RETURN borders;
END
$$;

-- The value tier of joined rows c (customer) and r (its RFM over all platforms), as an expression: the first rule that holds.
CREATE FUNCTION patternos._value_segment(as_of date, borders numeric[]) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rule record;
    condition text;
    border integer := 0;
    branches text := '';
BEGIN
    FOR rule IN SELECT * FROM patternos_dw.value_segment_rule ORDER BY priority LOOP
        CASE rule.rule
            WHEN 'first_seen_within_days' THEN
                condition := format('least(c.first_seen_date, r.first_purchase_date) >= %L', as_of - rule.threshold::integer);
            WHEN 'top_share_of_spend_365d' THEN
                border := border + 1;
                condition := format('r.monetary_365d >= %L', coalesce(borders[border], 'Infinity'));
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

-- Sets the columns of all customers, or of those that step customers has to compute again; returns the number of those that changed.
CREATE FUNCTION patternos._set_customers(as_of date, borders numeric[], stale_for text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changed bigint;
BEGIN
    EXECUTE format($query$
        UPDATE patternos_dw.dim_customer d
        SET customer_segment = n.segment, lifetime_value = n.lifetime_value, total_orders = n.orders,
            total_platforms_used = n.platforms, first_seen_date = n.first_seen, last_seen_date = n.last_seen, updated_at = now()
        FROM (SELECT c.customer_key, CASE WHEN r.customer_key IS NOT NULL THEN %1$s END AS segment,
                     coalesce(r.monetary_lifetime, 0) AS lifetime_value, coalesce(r.frequency_lifetime, 0) AS orders,
                     coalesce(p.platforms, 0) AS platforms,
                     coalesce(c.first_seen_date, r.first_purchase_date) AS first_seen,
                     coalesce(c.last_seen_date, r.last_purchase_date) AS last_seen
              FROM %3$s c
              LEFT JOIN %4$s r
                     ON r.customer_key = c.customer_key AND r.as_of = %2$L AND r.platform_id = 'ALL'
              LEFT JOIN (SELECT customer_key, count(*) AS platforms
                         FROM %5$s f
                         WHERE as_of = %2$L AND platform_id <> 'ALL' AND frequency_lifetime > 0
                         GROUP BY customer_key) p
                     ON p.customer_key = c.customer_key) n
        WHERE d.customer_key = n.customer_key
          AND (d.customer_segment, d.lifetime_value, d.total_orders, d.total_platforms_used, d.first_seen_date, d.last_seen_date)
              IS DISTINCT FROM (n.segment, n.lifetime_value, n.orders, n.platforms, n.first_seen, n.last_seen)
        $query$, patternos._value_segment(as_of, borders), as_of, patternos._rows_of('patternos_dw.dim_customer', stale_for),
        patternos._snapshot_source('patternos_dw.feat_customer_rfm', as_of),
        patternos._rows_of(patternos._snapshot_source('patternos_dw.feat_customer_rfm', as_of)::text, stale_for));
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END
$$;

-- Whether dim_customer shows this date: it shows the newest complete refresh, one at an earlier date leaves it as it is.
CREATE FUNCTION patternos._shows_customers(as_of date) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT NOT EXISTS (SELECT FROM patternos_dw.pipeline_run r
                       WHERE r.step IN ('refresh', 'refresh_features') AND r.status = 'complete' AND r.as_of > _shows_customers.as_of)
$$;

-- Reads the RFM snapshot of the date. Customers that it does not have are not known before the date: no purchases, no tier.
CREATE FUNCTION patternos._refresh_customers(as_of date) RETURNS bigint
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
BEGIN
    PERFORM patternos._require_owner();
    IF NOT EXISTS (SELECT FROM patternos._snapshots() s
                   WHERE s.parent = 'patternos_dw.feat_customer_rfm'::regclass AND s.as_of = _refresh_customers.as_of) THEN
        RAISE EXCEPTION 'there are no RFM features as of %', as_of
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'CALL patternos.refresh_features() for this date first.';
    END IF;
    IF NOT patternos._shows_customers(as_of) THEN
        RETURN 0;
    END IF;
    RETURN patternos._set_customers(as_of, patternos._value_borders(as_of), NULL);
END
$$;

REVOKE ALL ON FUNCTION patternos._value_borders(date, numeric[]), patternos._value_segment(date, numeric[]),
    patternos._set_customers(date, numeric[], text), patternos._shows_customers(date), patternos._refresh_customers(date) FROM PUBLIC;
