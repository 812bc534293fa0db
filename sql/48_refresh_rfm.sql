-- RFM of the warehouse's customers at a reference date.

-- What a row of the facts counts for, as an expression: 1 a purchase on its platform, 2 one of all platforms together, 4 money, 8 a
-- return. The platform counts what its conversion_type says, all together orders and bookings; money never comes from an enquiry.
-- A return, like the credit note of a cancelled order, is a row of its own that names the order it takes back, or has a negative
-- total where that is not known; the order stays completed. An order that is itself marked returned or cancelled counts for nothing:
-- it is no purchase any more, so there is nothing to take off.
CREATE FUNCTION patternos._rfm_role() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('CASE WHEN f.transaction_status = ''completed'' THEN CASE f.transaction_type '
                  'WHEN ''order'' THEN CASE WHEN f.platform_id = ANY (%L) THEN 7 ELSE 6 END '
                  'WHEN ''booking'' THEN CASE WHEN f.platform_id = ANY (%L) THEN 7 ELSE 6 END '
                  'WHEN ''enquiry'' THEN CASE WHEN f.platform_id = ANY (%L) THEN 1 ELSE 0 END END '
                  'WHEN f.transaction_type <> ''enquiry'' AND (f.original_transaction_id IS NOT NULL OR f.total_value < 0) THEN 8 ELSE 0 END',
                  coalesce(array_agg(platform_id ORDER BY platform_id) FILTER (WHERE conversion_type IN ('order', 'any')), '{}'),
                  coalesce(array_agg(platform_id ORDER BY platform_id) FILTER (WHERE conversion_type IN ('booking', 'any')), '{}'),
                  coalesce(array_agg(platform_id ORDER BY platform_id) FILTER (WHERE conversion_type = 'enquiry'), '{}'))
    FROM patternos_dw.dim_platform WHERE platform_id <> 'ALL'
$$;

-- The rows of feat_customer_rfm without scores, of customers with facts: one for each platform used and one for 'ALL'.
CREATE FUNCTION patternos._rfm_rows_query(as_of date, stale_for text DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT patternos._per_partition(format($query$
        SELECT r.* FROM patternos._rfm_of_facts($facts$
            SELECT f.customer_key, f.transaction_date, f.platform_id, %2$s, f.total_value, f.discount_value
            FROM {transaction} f
            WHERE f.transaction_date < %1$L$facts$, %1$L) r$query$, as_of, patternos._rfm_role()), stale_for)
$$;

-- The same of customers known at the date who have no row in a source, such as the others' rows in the snapshot: a row for 'ALL'.
CREATE FUNCTION patternos._rfm_prospects_query(as_of date, source text, stale_for text DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format($query$
        SELECT c.customer_key, 'ALL' AS platform_id, NULL::integer AS recency_days, 0 AS frequency_7d, 0 AS frequency_30d,
               0 AS frequency_90d, 0 AS frequency_365d, 0 AS frequency_lifetime, 0.00 AS monetary_7d, 0.00 AS monetary_30d,
               0.00 AS monetary_90d, 0.00 AS monetary_365d, 0.00 AS monetary_lifetime, 0.00 AS net_monetary_7d, 0.00 AS net_monetary_30d,
               0.00 AS net_monetary_90d, 0.00 AS net_monetary_365d, 0.00 AS net_monetary_lifetime, NULL::numeric AS aov_30d,
               NULL::numeric AS aov_90d, NULL::numeric AS aov_lifetime, NULL::numeric AS avg_days_between_purchases,
               NULL::numeric AS purchase_consistency_score, NULL::date AS first_purchase_date, NULL::date AS last_purchase_date
        FROM %2$s c
        WHERE coalesce(c.first_seen_date, '-infinity') < %1$L
          AND NOT EXISTS (SELECT FROM %3$s s WHERE s.customer_key = c.customer_key)
        $query$, as_of, patternos._rows_of('patternos_dw.dim_customer', stale_for), source)
$$;

-- The cut points that a method finds in a temporary table for one metric of a platform, and the customers at them where ties are split.
CREATE FUNCTION patternos._rfm_find_cuts(platform text, metric text, method text, OUT cuts numeric[], OUT cut_keys bigint[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- the value by which more is better
    value text := CASE metric WHEN 'recency' THEN '-recency_days' WHEN 'frequency' THEN 'frequency_90d' ELSE 'monetary_90d' END;
    step text := CASE method
                 WHEN 'quantile' THEN '(5 * (rank() OVER (ORDER BY v) - 1)) / count(*) OVER ()'
                 ELSE 'ntile(5) OVER (ORDER BY v, customer_key) - 1' END;
BEGIN
    EXECUTE format($query$
        WITH stepped AS MATERIALIZED (
            SELECT v, customer_key, %s AS step
            FROM (SELECT (%s)::numeric AS v, customer_key FROM pg_temp.patternos_rfm WHERE platform_id = $1) r)
        SELECT array_agg(coalesce(b.v, 'Infinity') ORDER BY k), array_agg(coalesce(b.customer_key, 0) ORDER BY k)
        FROM generate_series(1, 4) k
        LEFT JOIN LATERAL (SELECT s.v, s.customer_key FROM stepped s WHERE s.step >= k
                           ORDER BY s.v, s.customer_key LIMIT 1) b ON true
        $query$, step, value) INTO cuts, cut_keys USING platform;
    IF method = 'quantile' THEN
        cut_keys := NULL;
    END IF;
    IF metric = 'recency' THEN
        cuts := ARRAY[-cuts[4], -cuts[3], -cuts[2], -cuts[1]];
        cut_keys := ARRAY[cut_keys[4], cut_keys[3], cut_keys[2], cut_keys[1]];
        IF method = 'quantile' THEN
            cut_keys := NULL;
        END IF;
    END IF;
END
$$;

-- Stores the cut points in force at a date: a platform's own method, else that of 'ALL'.
CREATE FUNCTION patternos._store_cutpoints(as_of date) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM patternos_dw.rfm_cutpoint c WHERE c.as_of = _store_cutpoints.as_of;
    INSERT INTO patternos_dw.rfm_cutpoint (as_of, platform_id, metric, method, cuts)
    SELECT _store_cutpoints.as_of, p.platform_id, a.metric, coalesce(t.method, a.method),
           coalesce(CASE WHEN t.method IS NULL THEN a.cuts ELSE t.cuts END, '{}')
    FROM patternos_dw.dim_platform p
    JOIN patternos_dw.rfm_threshold a ON a.platform_id = 'ALL'
    LEFT JOIN patternos_dw.rfm_threshold t ON t.platform_id = p.platform_id AND t.metric = a.metric;
    IF EXISTS (SELECT FROM patternos_dw.rfm_cutpoint c WHERE c.as_of = _store_cutpoints.as_of AND c.method <> 'fixed') THEN
        EXECUTE 'CREATE TEMPORARY TABLE patternos_rfm ON COMMIT DROP AS SELECT customer_key, platform_id, recency_days, frequency_90d, monetary_90d FROM ('
                || patternos._rfm_rows_query(as_of) || ') q WHERE recency_days IS NOT NULL';
        UPDATE patternos_dw.rfm_cutpoint c
        SET (cuts, cut_keys) = (SELECT f.cuts, f.cut_keys FROM patternos._rfm_find_cuts(c.platform_id, c.metric, c.method) f)
        WHERE c.as_of = _store_cutpoints.as_of AND c.method <> 'fixed';
        DROP TABLE pg_temp.patternos_rfm;
    END IF;
END
$$;

-- A score by the cut points of joined row c; customers who never bought have the lowest.
CREATE FUNCTION patternos._rfm_score_text(value text, metric text, higher_is_better boolean) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('CASE WHEN q.recency_days IS NULL THEN 1 '
                  'WHEN c.%1$s_keys IS NULL THEN patternos.score_by_cuts(q.%2$s, c.%1$s, %3$L) '
                  'ELSE patternos.score_by_cuts(q.%2$s, q.customer_key, c.%1$s, c.%1$s_keys, %3$L) END', metric, value, higher_is_better)
$$;

-- The rows of feat_customer_rfm, from those without scores. OFFSET keeps each score from being computed where it is
-- used again; '0' is known as nothing, while 0, which is cast, would keep all around it out of the workers.
CREATE FUNCTION patternos._rfm_scored_query(as_of date, rows_query text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format($query$
        SELECT s.*, %1$L::date AS as_of,
               (s.recency_score * 100 + s.frequency_score * 10 + s.monetary_score)::text AS rfm_score,
               CASE WHEN s.recency_days IS NULL THEN 'Prospect'
                    ELSE (%2$L::text[])[s.recency_score * 5 + s.frequency_score - 5] END AS customer_segment
        FROM (SELECT q.*, %3$s AS recency_score, %4$s AS frequency_score, %5$s AS monetary_score
              FROM (%6$s) q
              JOIN (SELECT platform_id,
                           max(cuts) FILTER (WHERE metric = 'recency') AS recency,
                           max(cut_keys) FILTER (WHERE metric = 'recency') AS recency_keys,
                           max(cuts) FILTER (WHERE metric = 'frequency') AS frequency,
                           max(cut_keys) FILTER (WHERE metric = 'frequency') AS frequency_keys,
                           max(cuts) FILTER (WHERE metric = 'monetary') AS monetary,
                           max(cut_keys) FILTER (WHERE metric = 'monetary') AS monetary_keys
                    FROM patternos_dw.rfm_cutpoint WHERE as_of = %1$L GROUP BY platform_id) c
              ON c.platform_id = q.platform_id
              OFFSET '0') s
        $query$, as_of,
        (SELECT array_agg(rule.segment ORDER BY r, f)
         FROM generate_series(1, 5) r CROSS JOIN generate_series(1, 5) f
         JOIN patternos_dw.rfm_segment_rule rule ON rule.recency_scores @> r AND rule.frequency_scores @> f),
        patternos._rfm_score_text('recency_days', 'recency', false),
        patternos._rfm_score_text('frequency_90d', 'frequency', true),
        patternos._rfm_score_text('monetary_90d', 'monetary', true),
        rows_query)
$$;

-- The rows of feat_customer_rfm of all customers, or of those whom a step has to compute again.
CREATE FUNCTION patternos._rfm_query(as_of date, stale_for text DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT patternos._rfm_scored_query(as_of, patternos._rfm_rows_query(as_of, stale_for) || ' UNION ALL '
        || patternos._rfm_prospects_query(as_of, format('(SELECT f.customer_key FROM %s f WHERE f.transaction_date < %L)',
               patternos._rows_of('patternos_dw.fact_transaction', stale_for), as_of), stale_for))
$$;

-- Who has no facts is seen from what the first query wrote: cheaper than reading the facts again.
CREATE FUNCTION patternos._refresh_rfm(as_of date) RETURNS bigint
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
BEGIN
    PERFORM patternos._require_owner();
    IF EXISTS (SELECT FROM patternos.rfm_rule_check()) THEN
        RAISE EXCEPTION 'segment rules leave scores without a segment or with several'
            USING ERRCODE = 'check_violation', HINT = 'SELECT * FROM patternos.rfm_rule_check() lists them; mend patternos_dw.rfm_segment_rule.';
    END IF;
    PERFORM patternos._store_cutpoints(as_of);
    RETURN patternos._write_snapshot('patternos_dw.feat_customer_rfm', as_of,
        patternos._rfm_scored_query(as_of, patternos._rfm_rows_query(as_of)),
        patternos._rfm_scored_query(as_of, patternos._rfm_prospects_query(as_of,
            '(SELECT customer_key FROM {snapshot} WHERE platform_id = ''ALL'')')));
END
$$;

REVOKE ALL ON FUNCTION patternos._rfm_role(), patternos._rfm_rows_query(date, text), patternos._rfm_prospects_query(date, text, text),
    patternos._rfm_find_cuts(text, text, text), patternos._store_cutpoints(date), patternos._rfm_scored_query(date, text),
    patternos._rfm_query(date, text), patternos._refresh_rfm(date) FROM PUBLIC;
