-- Publishing what identity resolution found: guards, accounts, facts, history.

-- Stops a run that would change more than runs do: accounts resolved before that would change their customer,
-- beyond a share of all, and customers that would grow beyond a multiple of the largest there was.
CREATE FUNCTION patternos._check_churn(max_churn double precision, max_growth double precision) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    free CONSTANT bigint := 100;    -- accounts that may always move
    moved CONSTANT bigint := (SELECT count(*) FROM pg_temp.work_move WHERE is_known);
    largest CONSTANT bigint := (SELECT max(n) FROM (SELECT count(*) AS n FROM pg_temp.work_component GROUP BY component) c);
    largest_before CONSTANT bigint := (SELECT max(largest_customer) FROM patternos_dw.identity_run);
    known bigint;
BEGIN
    IF moved > free THEN
        SELECT count(*) INTO known FROM patternos_dw.match_record;
        known := known - (SELECT count(*) FROM pg_temp.work_record WHERE old_keys IS NULL);
        IF moved > max_churn * known THEN
            RAISE EXCEPTION 'resolution was stopped: % of % known accounts would change their customer', moved, known
                USING ERRCODE = 'configuration_limit_exceeded',
                      DETAIL = format('At most the share %s may (max_churn).', max_churn),
                      HINT = 'CALL patternos.resolve_identities(dry_run => true) lists them in patternos_dw.identity_preview. Block what links wrongly, or give a greater max_churn once.';
        END IF;
    END IF;
    IF largest > max_growth * greatest(largest_before, 10) THEN
        RAISE EXCEPTION 'resolution was stopped: a customer would have % accounts', largest
            USING ERRCODE = 'configuration_limit_exceeded',
                  DETAIL = format('The largest one so far has %s, at most %s times as many are expected (max_growth).', largest_before, max_growth),
                  HINT = 'CALL patternos.resolve_identities(dry_run => true) lists them in patternos_dw.identity_preview. Block what links wrongly, or give a greater max_growth once.';
    END IF;
END
$$;

-- Kinds of evidence by their bit in what patternos._common_evidence() returns.
CREATE FUNCTION patternos._evidence_kinds() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{email,mobile,loyalty_id,name_address_dob,device,ip,name,address,city,age_group}'::text[];

-- What the accounts of one customer have in common: true where an account shares a value with another
-- of them, or the model finds them alike, false where both have values of the kind and none is.
CREATE FUNCTION patternos._describe_matches(document jsonb)
RETURNS TABLE (identity_key bigint, match_attributes jsonb)
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    WITH found AS (
        SELECT * FROM patternos._common_evidence($query$
            SELECT c.component, c.identity_key, array_position(patternos._evidence_kinds(), h.kind) - 1, h.value_key
            FROM pg_temp.work_group c
            JOIN patternos_dw.account_identifier h USING (identity_key)
            WHERE NOT EXISTS (SELECT FROM patternos_dw.identifier_block b WHERE b.kind = h.kind AND b.value_hash = h.value_hash)
            UNION ALL
            SELECT c.component, c.identity_key, a.kind, a.value
            FROM pg_temp.work_group c
            LEFT JOIN patternos_dw.account_profile p USING (identity_key)
            LEFT JOIN patternos_dw.account_feature f USING (identity_key)
            CROSS JOIN LATERAL (VALUES (6, f.name_hash), (7, f.address_hash), (8, hashtextextended(lower(p.city), 0)),
                                       (9, hashtextextended(p.age_group, 0))
                                UNION ALL SELECT 4, unnest(patternos._without(f.device_hashes, (SELECT patternos._blocked_values('device'))))
                                UNION ALL SELECT 5, unnest(patternos._without(f.ip_hashes, (SELECT patternos._blocked_values('ip'))))) a (kind, value)$query$)
    ), alike AS (
        SELECT i.identity_key, bit_or(n.bit) AS bits
        FROM pg_temp.work_group a
        JOIN patternos_dw.match_edge e ON e.account_a = a.identity_key AND e.kind = 'probabilistic' AND NOT e.is_cut
        JOIN (SELECT 1 << array_position(patternos._evidence_kinds(), c.value ->> 'name') - 1 AS bit, 4 * (c.number - 1)::integer AS place
              FROM jsonb_array_elements(document -> 'comparisons') WITH ORDINALITY c (value, number)
              WHERE c.value ->> 'name' IN ('name', 'address', 'device', 'ip')) n
            ON (e.pattern >> n.place & 15) > 1
        CROSS JOIN LATERAL (VALUES (e.account_a), (e.account_b)) i (identity_key)
        GROUP BY i.identity_key
    ), described AS (
        SELECT c.identity_key, coalesce(f.compared, 0) | coalesce(l.bits, 0) AS compared, coalesce(f.shared, 0) | coalesce(l.bits, 0) AS shared
        FROM pg_temp.work_group c
        LEFT JOIN found f ON f.member = c.identity_key
        LEFT JOIN alike l USING (identity_key)
    )
    SELECT d.identity_key, s.attributes
    FROM described d
    JOIN (SELECT v.compared, v.shared,
                 (SELECT jsonb_object_agg(k.kind, v.shared >> k.place::integer - 1 & 1 = 1)
                  FROM unnest(patternos._evidence_kinds()) WITH ORDINALITY k (kind, place)
                  WHERE v.compared >> k.place::integer - 1 & 1 = 1) AS attributes
          FROM (SELECT DISTINCT compared, shared FROM described) v) s USING (compared, shared)
$$;

-- Facts follow their account, or all together their retired customer.
CREATE FUNCTION patternos._move_facts() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_temp.work_move WHERE change = 'split') THEN
        UPDATE patternos_dw.fact_transaction_line l SET customer_key = m.new_key
        FROM pg_temp.work_move m
        JOIN patternos_dw.fact_transaction t
            ON t.customer_key = m.old_key AND t.platform_id = m.platform_id AND t.platform_customer_id = m.platform_customer_id
        WHERE m.change = 'split' AND l.customer_key = m.old_key
          AND l.transaction_datetime = t.transaction_datetime AND l.transaction_id = t.transaction_id;
        UPDATE patternos_dw.fact_transaction t SET customer_key = m.new_key
        FROM pg_temp.work_move m
        WHERE m.change = 'split' AND t.customer_key = m.old_key
          AND t.platform_id = m.platform_id AND t.platform_customer_id = m.platform_customer_id;
        UPDATE patternos_dw.fact_event e SET customer_key = m.new_key
        FROM pg_temp.work_move m
        WHERE m.change = 'split' AND e.customer_key = m.old_key
          AND e.platform_id = m.platform_id AND e.platform_customer_id = m.platform_customer_id;
    END IF;
    IF EXISTS (SELECT FROM pg_temp.work_retired) THEN
        UPDATE patternos_dw.fact_transaction_line f SET customer_key = r.new_key
        FROM pg_temp.work_retired r WHERE f.customer_key = r.old_key;
        UPDATE patternos_dw.fact_transaction f SET customer_key = r.new_key
        FROM pg_temp.work_retired r WHERE f.customer_key = r.old_key;
        UPDATE patternos_dw.fact_event f SET customer_key = r.new_key
        FROM pg_temp.work_retired r WHERE f.customer_key = r.old_key;
        UPDATE patternos_dw.fact_transaction_revision f SET customer_key = r.new_key
        FROM pg_temp.work_retired r WHERE f.customer_key = r.old_key;
    END IF;
END
$$;

-- Retired customers leave the newest snapshots and the serving table; older snapshots stay as they were published.
CREATE FUNCTION patternos._retire_customers() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    snapshot record;
BEGIN
    FOR snapshot IN
        SELECT t.name, max(r.as_of) AS as_of
        FROM (VALUES ('rfm', 'feat_customer_rfm'), ('affinity', 'feat_customer_affinity'),
                     ('behavior', 'feat_customer_behavior'), ('cross_platform', 'feat_cross_platform'),
                     ('scores', 'intent_score'), ('scores', 'intent_score_category')) t (step, name)
        JOIN patternos_dw.pipeline_run r ON r.step = t.step AND r.status = 'complete'
        WHERE EXISTS (SELECT FROM pg_temp.work_retired)
        GROUP BY t.name
    LOOP
        IF snapshot.name = 'feat_customer_affinity' THEN
            PERFORM patternos._forget_affinity(snapshot.as_of, ARRAY(SELECT old_key FROM pg_temp.work_retired));
        END IF;
        EXECUTE format('DELETE FROM patternos_dw.%I f USING pg_temp.work_retired r '
                       'WHERE f.as_of = $1 AND f.customer_key = r.old_key', snapshot.name) USING snapshot.as_of;
    END LOOP;
    DELETE FROM patternos_dw.intent_serving s USING pg_temp.work_retired r WHERE s.customer_key = r.old_key;
    DELETE FROM patternos_dw.dim_customer c USING pg_temp.work_retired r WHERE c.customer_key = r.old_key;
END
$$;

-- Writes what _assign_customers decided and returns the number of accounts that moved.
CREATE FUNCTION patternos._move_accounts(document jsonb) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moved bigint;
BEGIN
    INSERT INTO patternos_dw.dim_customer (customer_key)
    SELECT new_key FROM pg_temp.work_customer WHERE is_new ORDER BY new_key;
    CREATE TEMP TABLE work_group ON COMMIT DROP AS
    SELECT g.identity_key, g.component
    FROM (SELECT identity_key, component, count(*) OVER (PARTITION BY component) AS accounts FROM pg_temp.work_component) g
    WHERE g.accounts > 1;
    ANALYZE pg_temp.work_group;
    UPDATE patternos_dw.dim_customer_identity i
    SET customer_key = d.new_key, mapping_method = d.method, mapping_confidence = d.confidence,
        match_attributes = d.match_attributes, last_matched_at = now(),
        valid_from = CASE WHEN d.new_key = d.old_key THEN i.valid_from ELSE now() END
    FROM (SELECT c.identity_key, c.old_key, k.new_key, c.method, c.confidence, coalesce(m.match_attributes, '{}') AS match_attributes
          FROM pg_temp.work_component c
          JOIN pg_temp.work_customer k USING (component)
          LEFT JOIN patternos._describe_matches(document) m USING (identity_key)) d
    WHERE i.identity_key = d.identity_key
      AND (d.new_key, d.method, d.confidence, d.match_attributes)
          IS DISTINCT FROM (i.customer_key, i.mapping_method, i.mapping_confidence, i.match_attributes);
    DROP TABLE pg_temp.work_group;
    PERFORM patternos._move_facts();
    PERFORM patternos._retire_customers();
    INSERT INTO patternos_dw.customer_id_history (identity_key, old_customer_key, new_customer_key, change, run_id)
    SELECT m.identity_key, m.old_key, m.new_key, m.change, patternos._current_run()
    FROM pg_temp.work_move m
    ORDER BY m.identity_key;
    GET DIAGNOSTICS moved = ROW_COUNT;
    INSERT INTO patternos_dw.changed_customer (customer_key, reason)
    SELECT old_key, 'identity' FROM pg_temp.work_move
    UNION
    SELECT new_key, 'identity' FROM pg_temp.work_move;
    RETURN moved;
END
$$;

-- The step of the pipeline that this session runs; NULL outside of it.
CREATE FUNCTION patternos._current_run() RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT max(r.run_id) FROM patternos_dw.pipeline_run r WHERE r.status = 'running' AND r.backend_pid = pg_backend_pid()
$$;

-- Rebuilds the customers concerned and records the run.
CREATE FUNCTION patternos._finish_identities(version integer, threshold double precision, edges bigint, quarantined bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    touched bigint[];
BEGIN
    SELECT array_agg(t.customer_key) INTO touched
    FROM (SELECT i.customer_key
          FROM pg_temp.work_changed
          JOIN patternos_dw.dim_customer_identity i USING (identity_key)
          UNION SELECT new_key FROM pg_temp.work_move
          UNION SELECT old_key FROM pg_temp.work_move) t;
    IF touched IS NOT NULL THEN
        PERFORM patternos._rebuild_customers(touched);
        -- when they were first seen may have changed
        INSERT INTO patternos_dw.changed_customer (customer_key, reason)
        SELECT c.customer_key, 'identity' FROM patternos_dw.dim_customer c
        WHERE c.customer_key = ANY (touched);
    END IF;
    INSERT INTO patternos_dw.identity_run
        (run_id, finished_at, model_version, threshold, changed_accounts, new_accounts, edges, moved_accounts, moved_known,
         merged_customers, split_customers, largest_customer, quarantined)
    SELECT patternos._current_run(), clock_timestamp(), version, threshold,
           (SELECT count(*) FROM pg_temp.work_changed), (SELECT count(*) FROM pg_temp.work_record WHERE old_keys IS NULL), edges,
           (SELECT count(*) FROM pg_temp.work_move), (SELECT count(*) FROM pg_temp.work_move WHERE is_known),
           (SELECT count(*) FROM pg_temp.work_retired), (SELECT count(*) FROM pg_temp.work_customer WHERE is_new),
           (SELECT coalesce(max(n), 1) FROM (SELECT count(*) AS n FROM pg_temp.work_component GROUP BY component) c), quarantined
    WHERE EXISTS (SELECT FROM pg_temp.work_changed);
END
$$;

REVOKE ALL ON FUNCTION patternos._check_churn(double precision, double precision), patternos._evidence_kinds(), patternos._describe_matches(jsonb), patternos._move_facts(),
    patternos._retire_customers(), patternos._move_accounts(jsonb), patternos._current_run(),
    patternos._finish_identities(integer, double precision, bigint, bigint) FROM PUBLIC;
