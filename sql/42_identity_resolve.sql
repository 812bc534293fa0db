-- Identity resolution: accounts that share an identifier are one customer.
--
-- The graph: accounts are nodes, an edge joins two accounts that hold the same value of an identifying
-- kind, unless the value is blocked or the two contradict each other. It is never stored: it follows from
-- account_identifier, identifier_block and account_profile, so the same content has the same components,
-- in whatever order and batches it came. What a run keeps true is that two accounts with an edge between
-- them belong to the same customer; hence the components that changed accounts touch now or belonged to
-- before are all that has to be looked at again.
--
-- What a loader does, in this order, in the transaction that writes accounts or their facts:
--   1. PERFORM patternos._lock_identities(false) before it looks up any customer_key;
--   2. gives a new account a row in dim_customer of its own and one in dim_customer_identity;
--   3. inserts into changed_account each account with a new or removed identifier, profile or consent;
--      who removes an account inserts the others of its customer.

-- Held to the end of the transaction: shared by who writes accounts and facts, exclusive by who moves them.
CREATE FUNCTION patternos._lock_identities(exclusive boolean) RETURNS void
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF exclusive THEN
        PERFORM pg_advisory_xact_lock(1885697139, 1);
    ELSE
        PERFORM pg_advisory_xact_lock_shared(1885697139, 1);
    END IF;
END
$$;

-- The kinds of identifier that prove that two accounts are one person's; device and ip are evidence only.
CREATE FUNCTION patternos._identifying_kinds() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{email,loyalty_id,mobile,name_address_dob}'::text[];

-- A telephone may be a household's. By itself it does not join a man and a woman, nor two members of
-- one platform's loyalty programme.
CREATE FUNCTION patternos._shares_phone_only(platform_a text, platform_b text, gender_a text, gender_b text,
                                             loyalty_a bytea[], loyalty_b bytea[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(upper(left(gender_a, 1)) || upper(left(gender_b, 1)) IN ('FM', 'MF'), false)
       OR coalesce(platform_a = platform_b AND NOT loyalty_a && loyalty_b, false);

CREATE FUNCTION patternos._create_identity_work() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
BEGIN
    DROP TABLE IF EXISTS pg_temp.work_changed, pg_temp.work_value, pg_temp.work_account, pg_temp.work_identifier,
        pg_temp.work_component, pg_temp.work_customer, pg_temp.work_move, pg_temp.work_retired;
    CREATE TEMP TABLE work_changed (identity_key bigint PRIMARY KEY) ON COMMIT DROP;
    CREATE TEMP TABLE work_value (kind text COLLATE "C", value_hash bytea, accounts bigint) ON COMMIT DROP;
    CREATE TEMP TABLE work_account (identity_key bigint PRIMARY KEY, customer_key bigint NOT NULL,
        platform_id text COLLATE "C" NOT NULL, platform_customer_id text COLLATE "C" NOT NULL) ON COMMIT DROP;
    CREATE TEMP TABLE work_identifier (identity_key bigint NOT NULL, kind text COLLATE "C" NOT NULL, value_hash bytea NOT NULL,
        platform_id text COLLATE "C" NOT NULL, gender text, loyalty bytea[]) ON COMMIT DROP;
    CREATE TEMP TABLE work_component (identity_key bigint PRIMARY KEY, component bigint NOT NULL,
        old_key bigint NOT NULL) ON COMMIT DROP;
    CREATE TEMP TABLE work_customer (component bigint PRIMARY KEY, new_key bigint NOT NULL, is_new boolean NOT NULL) ON COMMIT DROP;
    CREATE TEMP TABLE work_move (identity_key bigint PRIMARY KEY, platform_id text COLLATE "C" NOT NULL,
        platform_customer_id text COLLATE "C" NOT NULL, old_key bigint NOT NULL, new_key bigint NOT NULL,
        change text NOT NULL) ON COMMIT DROP;
    CREATE TEMP TABLE work_retired (old_key bigint PRIMARY KEY, new_key bigint NOT NULL) ON COMMIT DROP;
END
$$;

-- Takes the queue of changed accounts; with everything, all accounts.
CREATE FUNCTION patternos._take_changed_accounts(everything boolean) RETURNS void
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- one statement takes what its snapshot sees: what arrives meanwhile stays for the next run
    WITH taken AS (DELETE FROM patternos_dw.changed_account RETURNING identity_key)
    INSERT INTO pg_temp.work_changed SELECT DISTINCT identity_key FROM taken;
    IF everything THEN
        INSERT INTO pg_temp.work_changed
        SELECT identity_key FROM patternos_dw.dim_customer_identity
        ON CONFLICT DO NOTHING;
    END IF;
    ANALYZE pg_temp.work_changed;
END
$$;

-- Counts the accounts that hold the values of changed accounts, blocks values that more than the cap share,
-- releases them when the number has fallen, and takes as changed who holds a value whose state changes.
CREATE FUNCTION patternos._review_identifiers() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    cap CONSTANT bigint := patternos._setting('identifier_account_cap')::bigint;
BEGIN
    INSERT INTO pg_temp.work_value
    SELECT a.kind, a.value_hash, count(*)
    FROM (SELECT DISTINCT h.value_key, h.kind, h.value_hash
          FROM pg_temp.work_changed c
          JOIN patternos_dw.account_identifier h USING (identity_key)
          WHERE h.kind = ANY (patternos._identifying_kinds())) held
    JOIN patternos_dw.account_identifier a USING (value_key, kind, value_hash)
    GROUP BY a.kind, a.value_hash
    HAVING count(*) > 1;
    ANALYZE pg_temp.work_value;
    -- an account that no longer holds a value does not lead to it: blocked values are looked at each time
    INSERT INTO pg_temp.work_value
    SELECT b.kind, b.value_hash, n.accounts
    FROM patternos_dw.identifier_block b
    CROSS JOIN LATERAL (SELECT count(*) AS accounts
                        FROM (SELECT FROM patternos_dw.account_identifier a
                              WHERE a.value_key = patternos._value_key(b.value_hash) AND a.kind = b.kind
                                AND a.value_hash = b.value_hash LIMIT cap + 1) one) n
    WHERE b.reason = 'shared' AND n.accounts <= cap
      AND NOT EXISTS (SELECT FROM pg_temp.work_value v WHERE v.kind = b.kind AND v.value_hash = b.value_hash);
    UPDATE patternos_dw.identifier_block b SET accounts = v.accounts
    FROM pg_temp.work_value v
    WHERE b.kind = v.kind AND b.value_hash = v.value_hash AND b.accounts <> v.accounts;
    WITH released AS (
        DELETE FROM patternos_dw.identifier_block b USING pg_temp.work_value v
        WHERE b.kind = v.kind AND b.value_hash = v.value_hash AND b.reason = 'shared' AND v.accounts <= cap
        RETURNING b.kind, b.value_hash
    ), blocked AS (
        INSERT INTO patternos_dw.identifier_block (kind, value_hash, reason, accounts)
        SELECT v.kind, v.value_hash, 'shared', v.accounts FROM pg_temp.work_value v WHERE v.accounts > cap
        ON CONFLICT (kind, value_hash) DO NOTHING
        RETURNING kind, value_hash
    )
    INSERT INTO pg_temp.work_changed
    SELECT DISTINCT a.identity_key
    FROM (TABLE released UNION ALL TABLE blocked) v
    JOIN patternos_dw.account_identifier a
         ON a.value_key = patternos._value_key(v.value_hash) AND a.kind = v.kind AND a.value_hash = v.value_hash
    ON CONFLICT DO NOTHING;
    DELETE FROM pg_temp.work_value v USING patternos_dw.identifier_block b
    WHERE b.kind = v.kind AND b.value_hash = v.value_hash;
END
$$;

-- All accounts of the customers that can change, and what these accounts can be compared by: of a changed
-- account that is not alone in its customer, and of any that hold a value in common with a changed account.
-- Who is alone and has nothing in common with others stays alone.
CREATE FUNCTION patternos._find_touched_accounts() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO pg_temp.work_account
    SELECT i.identity_key, i.customer_key, i.platform_id, i.platform_customer_id
    FROM (SELECT own.customer_key
          FROM pg_temp.work_changed c
          JOIN patternos_dw.dim_customer_identity own USING (identity_key)
          WHERE EXISTS (SELECT FROM patternos_dw.dim_customer_identity other
                        WHERE other.customer_key = own.customer_key AND other.identity_key <> own.identity_key)
          UNION
          SELECT seen.customer_key
          FROM pg_temp.work_value v
          JOIN patternos_dw.account_identifier a
               ON a.value_key = patternos._value_key(v.value_hash) AND a.kind = v.kind AND a.value_hash = v.value_hash
          JOIN patternos_dw.dim_customer_identity seen USING (identity_key)) touched
    JOIN patternos_dw.dim_customer_identity i USING (customer_key);
    ANALYZE pg_temp.work_account;
    INSERT INTO pg_temp.work_identifier
    SELECT a.identity_key, h.kind, h.value_hash, a.platform_id, p.gender, l.loyalty
    FROM pg_temp.work_account a
    JOIN patternos_dw.account_identifier h USING (identity_key)
    LEFT JOIN patternos_dw.account_profile p ON h.kind = 'mobile' AND p.identity_key = a.identity_key
    LEFT JOIN (SELECT x.identity_key, array_agg(x.value_hash) AS loyalty
               FROM pg_temp.work_account o
               JOIN patternos_dw.account_identifier x USING (identity_key)
               WHERE x.kind = 'loyalty_id'
                 AND NOT EXISTS (SELECT FROM patternos_dw.identifier_block b
                                 WHERE b.kind = x.kind AND b.value_hash = x.value_hash)
               GROUP BY x.identity_key) l ON h.kind = 'mobile' AND l.identity_key = a.identity_key
    WHERE NOT EXISTS (SELECT FROM patternos_dw.identifier_block b
                      WHERE b.kind = h.kind AND b.value_hash = h.value_hash);
    ANALYZE pg_temp.work_identifier;
END
$$;

-- The components of the touched accounts, and the customer of each.
--
-- A customer's key goes with the component that has most of its accounts (of equal ones, the one with the
-- oldest account). Of several keys that come to one component the one with most accounts there stays (of
-- equal ones, the oldest), the others retire and lead to it. A component that no key comes to gets a new one.
CREATE FUNCTION patternos._assign_customers() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO pg_temp.work_component (identity_key, component, old_key)
    SELECT g.node, g.component, a.customer_key
    FROM patternos.connected_components($query$
        SELECT a.identity_key, b.identity_key
        FROM pg_temp.work_identifier a
        JOIN pg_temp.work_identifier b ON b.kind = a.kind AND b.value_hash = a.value_hash AND b.identity_key > a.identity_key
        WHERE a.kind = ANY (patternos._identifying_kinds())
          AND (a.kind <> 'mobile' OR NOT patternos._shares_phone_only(a.platform_id, b.platform_id, a.gender, b.gender,
                                                                      a.loyalty, b.loyalty))
        UNION ALL
        SELECT identity_key, NULL FROM pg_temp.work_account
    $query$) g
    JOIN pg_temp.work_account a ON a.identity_key = g.node;
    ANALYZE pg_temp.work_component;
    CREATE TEMP TABLE work_claim ON COMMIT DROP AS
    SELECT DISTINCT ON (old_key) old_key, component, count(*) AS accounts
    FROM pg_temp.work_component GROUP BY old_key, component
    ORDER BY old_key, count(*) DESC, component;
    INSERT INTO pg_temp.work_customer
    SELECT n.component,
           coalesce(n.old_key, nextval(pg_get_serial_sequence('patternos_dw.dim_customer', 'customer_key'))),
           n.old_key IS NULL
    FROM (SELECT DISTINCT ON (p.component) p.component, w.old_key
          FROM (SELECT DISTINCT component FROM pg_temp.work_component) p
          LEFT JOIN pg_temp.work_claim w USING (component)
          ORDER BY p.component, w.accounts DESC, w.old_key) n;
    INSERT INTO pg_temp.work_retired
    SELECT w.old_key, k.new_key
    FROM pg_temp.work_claim w
    JOIN pg_temp.work_customer k USING (component)
    WHERE k.new_key <> w.old_key;
    INSERT INTO pg_temp.work_move
    SELECT c.identity_key, a.platform_id, a.platform_customer_id, c.old_key, k.new_key,
           CASE WHEN r.new_key = k.new_key THEN 'merge' ELSE 'split' END
    FROM pg_temp.work_component c
    JOIN pg_temp.work_customer k USING (component)
    JOIN pg_temp.work_account a USING (identity_key)
    LEFT JOIN pg_temp.work_retired r ON r.old_key = c.old_key
    WHERE k.new_key <> c.old_key;
    DROP TABLE pg_temp.work_claim;
    ANALYZE pg_temp.work_customer, pg_temp.work_move, pg_temp.work_retired;
END
$$;

-- What the accounts of one customer have in common: true where an account shares a value with another
-- of them, false where both have values of the kind and none in common.
CREATE FUNCTION patternos._describe_matches()
RETURNS TABLE (identity_key bigint, match_attributes jsonb)
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    WITH member AS (
        SELECT c.component, c.identity_key
        FROM pg_temp.work_component c
        JOIN (SELECT component FROM pg_temp.work_component GROUP BY component HAVING count(*) > 1) m USING (component)
    ), evidence AS (
        SELECT m.component, m.identity_key, h.kind, h.value_hash AS value
        FROM member m JOIN pg_temp.work_identifier h USING (identity_key)
        UNION ALL
        SELECT m.component, m.identity_key, a.kind, convert_to(a.value, 'UTF8')
        FROM member m
        JOIN patternos_dw.account_profile p USING (identity_key)
        CROSS JOIN LATERAL (VALUES ('city', lower(p.city)), ('age_group', p.age_group)) a (kind, value)
        WHERE a.value IS NOT NULL
    ), compared AS (
        SELECT identity_key, kind, count(*) OVER (PARTITION BY component, kind, value) > 1 AS is_shared,
               min(identity_key) OVER k <> max(identity_key) OVER k AS is_compared
        FROM evidence
        WINDOW k AS (PARTITION BY component, kind)
    )
    SELECT identity_key, jsonb_object_agg(kind, is_shared)
    FROM (SELECT identity_key, kind, bool_or(is_shared) AS is_shared
          FROM compared WHERE is_compared GROUP BY identity_key, kind) k
    GROUP BY identity_key
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
                     ('scores', 'intent_score')) t (step, name)
        JOIN patternos_dw.pipeline_run r ON r.step = t.step AND r.status = 'complete'
        WHERE EXISTS (SELECT FROM pg_temp.work_retired)
        GROUP BY t.name
    LOOP
        EXECUTE format('DELETE FROM patternos_dw.%I f USING pg_temp.work_retired r '
                       'WHERE f.as_of = $1 AND f.customer_key = r.old_key', snapshot.name) USING snapshot.as_of;
    END LOOP;
    DELETE FROM patternos_dw.intent_serving s USING pg_temp.work_retired r WHERE s.customer_key = r.old_key;
    DELETE FROM patternos_dw.dim_customer c USING pg_temp.work_retired r WHERE c.customer_key = r.old_key;
END
$$;

-- Writes what _assign_customers decided and returns the number of accounts that moved.
CREATE FUNCTION patternos._move_accounts() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moved bigint;
BEGIN
    INSERT INTO patternos_dw.dim_customer (customer_key)
    SELECT new_key FROM pg_temp.work_customer WHERE is_new ORDER BY new_key;
    UPDATE patternos_dw.dim_customer_identity i
    SET customer_key = d.new_key, mapping_method = 'deterministic', mapping_confidence = 1,
        match_attributes = d.match_attributes, last_matched_at = now(),
        valid_from = CASE WHEN d.new_key = d.old_key THEN i.valid_from ELSE now() END
    FROM (SELECT c.identity_key, c.old_key, k.new_key, coalesce(m.match_attributes, '{}') AS match_attributes
          FROM pg_temp.work_component c
          JOIN pg_temp.work_customer k USING (component)
          LEFT JOIN patternos._describe_matches() m USING (identity_key)) d
    WHERE i.identity_key = d.identity_key
      AND (d.new_key, 'deterministic', 1, d.match_attributes)
          IS DISTINCT FROM (i.customer_key, i.mapping_method, i.mapping_confidence, i.match_attributes);
    PERFORM patternos._move_facts();
    PERFORM patternos._retire_customers();
    INSERT INTO patternos_dw.customer_id_history (identity_key, old_customer_key, new_customer_key, change, run_id)
    SELECT m.identity_key, m.old_key, m.new_key, m.change,
           (SELECT max(r.run_id) FROM patternos_dw.pipeline_run r WHERE r.status = 'running' AND r.backend_pid = pg_backend_pid())
    FROM pg_temp.work_move m
    ORDER BY m.identity_key;
    GET DIAGNOSTICS moved = ROW_COUNT;
    INSERT INTO patternos_dw.changed_customer (customer_key, reason)
    SELECT old_key, 'identity' FROM pg_temp.work_move
    UNION
    SELECT new_key, 'identity' FROM pg_temp.work_move
    ON CONFLICT DO NOTHING;
    RETURN moved;
END
$$;

-- Resolves what changed since the last run, or everything, and returns the number of accounts that
-- changed their customer.
CREATE FUNCTION patternos._resolve_identities(everything boolean) RETURNS bigint
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '128MB'
AS $$
DECLARE
    moved bigint;
    touched bigint[];
BEGIN
    PERFORM patternos._require_owner();
    PERFORM patternos._lock_identities(true);
    PERFORM patternos._create_identity_work();
    PERFORM patternos._take_changed_accounts(everything);
    PERFORM patternos._review_identifiers();
    PERFORM patternos._find_touched_accounts();
    PERFORM patternos._assign_customers();
    moved := patternos._move_accounts();
    SELECT array_agg(t.customer_key) INTO touched
    FROM (SELECT i.customer_key
          FROM pg_temp.work_changed
          JOIN patternos_dw.dim_customer_identity i USING (identity_key)
          UNION SELECT new_key FROM pg_temp.work_move
          UNION SELECT old_key FROM pg_temp.work_move) t;
    IF touched IS NOT NULL THEN
        PERFORM patternos._rebuild_customers(touched);
    END IF;
    PERFORM patternos._link_visitors();
    RETURN moved;
END
$$;

CREATE FUNCTION patternos._resolve_identities() RETURNS bigint
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    SELECT patternos._resolve_identities(false)
$$;

REVOKE ALL ON FUNCTION patternos._lock_identities(boolean), patternos._identifying_kinds(),
    patternos._shares_phone_only(text, text, text, text, bytea[], bytea[]), patternos._create_identity_work(),
    patternos._take_changed_accounts(boolean), patternos._review_identifiers(), patternos._find_touched_accounts(),
    patternos._assign_customers(), patternos._describe_matches(), patternos._move_facts(),
    patternos._retire_customers(), patternos._move_accounts(), patternos._resolve_identities(boolean),
    patternos._resolve_identities() FROM PUBLIC;
