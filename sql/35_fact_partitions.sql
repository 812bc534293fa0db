-- The same query over each hash partition of the facts: workers take whole partitions, with everything of a
-- customer in one place.

-- A table, or of it the rows of one customer (whose key is given) or of those that a step (given by name) has to compute again, as an
-- item of FROM. A key spares planning for the partitions that others are in. OFFSET 0 makes the other case a search by key: the planner
-- does not know that of a table's partitions only the customer's will be read.
CREATE FUNCTION patternos._rows_of(relation text, stale_for text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN stale_for IS NULL THEN relation
                WHEN stale_for ~ '^\d+$' THEN format('(SELECT * FROM %s t WHERE t.customer_key = %s)', relation, stale_for)
                ELSE format('(SELECT r.* FROM patternos_dw.stale_customer k '
                            'CROSS JOIN LATERAL (SELECT * FROM %s t WHERE t.customer_key = k.customer_key OFFSET 0) r WHERE k.step = %L)',
                            relation, stale_for) END
$$;

-- The items as they are now, or those that one customer (whose key is given) bought, as an item of FROM.
CREATE FUNCTION patternos._skus_of(stale_for text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('(SELECT s.* FROM patternos_dw.dim_sku s WHERE s.valid_to = ''infinity'' %s)',
                  CASE WHEN stale_for ~ '^\d+$'
                       THEN format('AND (s.platform_id, s.sku_id) IN (SELECT l.platform_id, l.sku_id FROM patternos_dw.fact_transaction_line l '
                                   'WHERE l.customer_key = %s)', stale_for) END)
$$;

-- {transaction}, {line} and {event} in the query stand for the partitions that hold the same customers; for the customers that a
-- step has to compute again one query over all partitions finds their rows by key.
CREATE FUNCTION patternos._per_partition(query text, stale_for text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    transactions regclass[];
    lines regclass[];
    events regclass[];
    parts text[];
BEGIN
    IF stale_for IS NOT NULL THEN
        RETURN replace(replace(replace(query, '{transaction}', patternos._rows_of('patternos_dw.fact_transaction', stale_for)),
                               '{line}', patternos._rows_of('patternos_dw.fact_transaction_line', stale_for)),
                       '{event}', patternos._rows_of('patternos_dw.fact_event', stale_for));
    END IF;
    WITH part AS (
        SELECT i.inhparent, i.inhrelid, pg_get_expr(c.relpartbound, c.oid) AS bound
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent IN ('patternos_dw.fact_transaction'::regclass, 'patternos_dw.fact_transaction_line'::regclass,
                              'patternos_dw.fact_event'::regclass))
    SELECT array_agg(t.inhrelid ORDER BY t.inhrelid), array_agg(l.inhrelid ORDER BY t.inhrelid), array_agg(e.inhrelid ORDER BY t.inhrelid)
    INTO transactions, lines, events
    FROM (SELECT * FROM part WHERE inhparent = 'patternos_dw.fact_transaction'::regclass) t
    FULL JOIN (SELECT * FROM part WHERE inhparent = 'patternos_dw.fact_transaction_line'::regclass) l USING (bound)
    FULL JOIN (SELECT * FROM part WHERE inhparent = 'patternos_dw.fact_event'::regclass) e USING (bound);
    -- facts that somebody partitioned otherwise are read as a whole
    IF array_position(transactions || lines || events, NULL) IS NOT NULL THEN
        transactions := ARRAY['patternos_dw.fact_transaction'];
        lines := ARRAY['patternos_dw.fact_transaction_line'];
        events := ARRAY['patternos_dw.fact_event'];
    END IF;
    FOR i IN 1 .. cardinality(transactions) LOOP
        parts := parts || replace(replace(replace(query, '{transaction}', transactions[i]::text),
                                          '{line}', lines[i]::text), '{event}', events[i]::text);
    END LOOP;
    RETURN array_to_string(parts, ' UNION ALL ');
END
$$;

REVOKE ALL ON FUNCTION patternos._rows_of(text, text), patternos._skus_of(text), patternos._per_partition(text, text) FROM PUBLIC;
