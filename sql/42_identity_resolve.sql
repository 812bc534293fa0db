-- Identity resolution: accounts of one person are one customer.
--
-- The graph: accounts are nodes; match_edge holds the pairs that an identifier, the model of accounts or a
-- steward brings together. Its edges follow from what is stored of the accounts, from blocked values and
-- keys, labels and the version of the model, so the same content has the same edges, in whatever order and
-- batches it came. Customers are the trees of its maximum spanning forest, grown from the strongest edge
-- to the weakest, where a union is refused that brings together what contradicts each other or what a
-- steward keeps apart (src/forest.c). A refusal cannot reach beyond the connected component in which it
-- occurs: hence the components that changed accounts touch now or belonged to before are all that has to be
-- looked at again.
--
-- What a loader does, in this order, in the transaction that writes accounts or their facts:
--   1. PERFORM patternos._lock_identities(false) before it looks up any customer_key;
--   2. gives a new account a row in dim_customer of its own and one in dim_customer_identity;
--   3. inserts into changed_account each account with a new or removed identifier, feature, profile or
--      consent; who removes an account inserts it and the others of its customer.

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

CREATE FUNCTION patternos._identifier_kinds() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{email,loyalty_id,mobile,name_address_dob,device,ip}'::text[];

-- How many accounts may share an identifier of a kind before it links nobody.
CREATE FUNCTION patternos._identifier_cap(kind text) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce((SELECT s.value FROM patternos_dw.setting s WHERE s.name = kind || '_account_cap'),
                    patternos._setting('identifier_account_cap'))::bigint
$$;

CREATE FUNCTION patternos._create_identity_work() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
BEGIN
    DROP TABLE IF EXISTS pg_temp.work_changed, pg_temp.work_value, pg_temp.work_record, pg_temp.work_member, pg_temp.work_key, pg_temp.work_gone_key,
        pg_temp.work_edge, pg_temp.work_seed, pg_temp.work_touched, pg_temp.work_account, pg_temp.work_component,
        pg_temp.work_customer, pg_temp.work_move, pg_temp.work_retired;
    CREATE TEMP TABLE work_changed (identity_key bigint PRIMARY KEY) ON COMMIT DROP;
    CREATE TEMP TABLE work_value (value_key bigint, kind text COLLATE "C", value_hash bytea, accounts bigint, is_crowded boolean) ON COMMIT DROP;
    CREATE TEMP TABLE work_record (identity_key bigint PRIMARY KEY, traits bigint[] NOT NULL, keys bigint[] NOT NULL,
        feature bytea NOT NULL, members bigint[] NOT NULL, old_keys bigint[]) ON COMMIT DROP;
    CREATE TEMP TABLE work_member (identity_key bigint PRIMARY KEY, device_hashes bigint[] NOT NULL, ip_hashes bigint[] NOT NULL,
        old_members bigint[] NOT NULL) ON COMMIT DROP;
    CREATE TEMP TABLE work_key (key bigint PRIMARY KEY, is_crowded boolean NOT NULL, is_single boolean NOT NULL) ON COMMIT DROP;
    CREATE TEMP TABLE work_gone_key (key bigint NOT NULL) ON COMMIT DROP;
    CREATE TEMP TABLE work_edge (account_a bigint NOT NULL, account_b bigint NOT NULL, kind text COLLATE "C" NOT NULL, rule text NOT NULL,
        weight double precision, probability double precision NOT NULL, pattern bigint, model_version integer) ON COMMIT DROP;
    CREATE TEMP TABLE work_seed (identity_key bigint NOT NULL) ON COMMIT DROP;
    CREATE TEMP TABLE work_touched (customer_key bigint PRIMARY KEY, round integer NOT NULL) ON COMMIT DROP;
    CREATE TEMP TABLE work_account (identity_key bigint PRIMARY KEY, customer_key bigint NOT NULL,
        platform_id text COLLATE "C" NOT NULL, platform_customer_id text COLLATE "C" NOT NULL) ON COMMIT DROP;
    CREATE TEMP TABLE work_component (identity_key bigint PRIMARY KEY, component bigint NOT NULL, old_key bigint NOT NULL,
        confidence numeric(5, 4) NOT NULL, method text NOT NULL) ON COMMIT DROP;
    CREATE TEMP TABLE work_customer (component bigint PRIMARY KEY, new_key bigint NOT NULL, is_new boolean NOT NULL) ON COMMIT DROP;
    CREATE TEMP TABLE work_move (identity_key bigint PRIMARY KEY, platform_id text COLLATE "C" NOT NULL,
        platform_customer_id text COLLATE "C" NOT NULL, old_key bigint NOT NULL, new_key bigint NOT NULL,
        change text NOT NULL, is_new boolean NOT NULL, is_known boolean NOT NULL) ON COMMIT DROP;
    CREATE TEMP TABLE work_retired (old_key bigint PRIMARY KEY, new_key bigint NOT NULL) ON COMMIT DROP;
END
$$;

-- Takes the queue of changed accounts; with everything, all accounts. Returns whether they are so many that
-- passes over whole tables are cheaper than look-ups.
CREATE FUNCTION patternos._take_changed_accounts(everything boolean) RETURNS boolean
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    taken bigint;
BEGIN
    -- one statement takes what its snapshot sees: what arrives meanwhile stays for the next run
    WITH taken AS (DELETE FROM patternos_dw.changed_account RETURNING identity_key, accounts)
    INSERT INTO pg_temp.work_changed SELECT DISTINCT generate_series(identity_key, identity_key + accounts - 1) FROM taken;
    GET DIAGNOSTICS taken = ROW_COUNT;
    IF everything THEN
        INSERT INTO pg_temp.work_changed
        SELECT identity_key FROM patternos_dw.dim_customer_identity
        UNION SELECT identity_key FROM patternos_dw.match_record
        ON CONFLICT DO NOTHING;
    END IF;
    ANALYZE pg_temp.work_changed;
    RETURN everything OR taken * 10 > (SELECT count(*) FROM (SELECT FROM patternos_dw.dim_customer_identity LIMIT taken * 10) one);
END
$$;

-- Devices and IP addresses of the changed accounts, to be found by value; match_record says which were there.
CREATE FUNCTION patternos._refresh_match_members() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO pg_temp.work_member
    SELECT c.identity_key, coalesce(f.device_hashes, '{}'), coalesce(f.ip_hashes, '{}'), coalesce(r.members, '{}')
    FROM pg_temp.work_changed c
    LEFT JOIN patternos_dw.dim_customer_identity i USING (identity_key)
    LEFT JOIN patternos_dw.account_feature f ON f.identity_key = i.identity_key
    LEFT JOIN patternos_dw.match_record r ON r.identity_key = c.identity_key
    WHERE coalesce(f.device_hashes || f.ip_hashes, f.device_hashes, f.ip_hashes, '{}') <> coalesce(r.members, '{}');
    ANALYZE pg_temp.work_member;
    DELETE FROM patternos_dw.match_member m
    USING (SELECT w.identity_key, v.value_key FROM pg_temp.work_member w CROSS JOIN LATERAL unnest(w.old_members) v (value_key)
           WHERE v.value_key <> ALL (w.device_hashes || w.ip_hashes)) gone
    WHERE m.value_key = gone.value_key AND m.identity_key = gone.identity_key;
    INSERT INTO patternos_dw.match_member (value_key, identity_key, kind)
    SELECT v.value_key, v.identity_key, v.kind
    FROM (SELECT w.identity_key, w.old_members, unnest(w.device_hashes) AS value_key, 'device' AS kind FROM pg_temp.work_member w
          UNION ALL SELECT w.identity_key, w.old_members, unnest(w.ip_hashes), 'ip' FROM pg_temp.work_member w) v
    WHERE v.value_key <> ALL (v.old_members)
    ORDER BY v.value_key, v.identity_key;
END
$$;

-- The accounts that hold a value. Devices and IP addresses are known by eight bytes of their hash.
CREATE FUNCTION patternos._holders(kind text, value_hash bytea) RETURNS SETOF bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT a.identity_key FROM patternos_dw.account_identifier a
    WHERE a.value_key = patternos._value_key(_holders.value_hash) AND a.kind = _holders.kind AND a.value_hash = _holders.value_hash
    UNION ALL
    SELECT m.identity_key FROM patternos_dw.match_member m
    WHERE m.value_key = patternos._value_key(_holders.value_hash) AND m.kind = _holders.kind
$$;

-- Leaves work_value: values that changed accounts hold, and all blocked ones, with whether more accounts than
-- the cap share them. Of single values no more holders are counted than the cap asks for.
CREATE FUNCTION patternos._count_identifiers(everything boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF everything THEN
        INSERT INTO pg_temp.work_value
        SELECT a.value_key, a.kind, a.value_hash, a.accounts, a.accounts > c.cap
        FROM (SELECT value_key, kind, value_hash, count(*) AS accounts FROM patternos_dw.account_identifier
              GROUP BY value_key, kind, value_hash HAVING count(*) > 1
              UNION ALL
              SELECT value_key, kind, int8send(value_key), count(*) FROM patternos_dw.match_member
              GROUP BY value_key, kind HAVING count(*) > 1) a
        JOIN (SELECT k AS kind, patternos._identifier_cap(k) AS cap FROM unnest(patternos._identifier_kinds()) k OFFSET 0) c USING (kind);
    END IF;
    INSERT INTO pg_temp.work_value
    SELECT patternos._value_key(v.value_hash), v.kind, v.value_hash, n.accounts, n.accounts > c.cap
    FROM (SELECT h.kind, h.value_hash
          FROM pg_temp.work_changed c
          JOIN patternos_dw.account_identifier h USING (identity_key)
          WHERE NOT everything
          UNION
          SELECT v.kind, int8send(v.value_key)
          FROM pg_temp.work_changed c
          JOIN patternos_dw.account_feature f USING (identity_key)
          CROSS JOIN LATERAL (SELECT 'device' AS kind, unnest(f.device_hashes) AS value_key UNION ALL SELECT 'ip', unnest(f.ip_hashes)) v
          WHERE NOT everything
          -- an account that no longer holds a value does not lead to it: blocked values are looked at each time
          UNION
          SELECT b.kind, b.value_hash FROM patternos_dw.identifier_block b WHERE b.reason = 'shared') v
    JOIN (SELECT k AS kind, patternos._identifier_cap(k) AS cap FROM unnest(patternos._identifier_kinds()) k OFFSET 0) c USING (kind)
    CROSS JOIN LATERAL (SELECT count(*) AS accounts
                        FROM (SELECT FROM patternos_dw.account_identifier a
                              WHERE v.kind = ANY (patternos._identifying_kinds())
                                AND a.value_key = patternos._value_key(v.value_hash) AND a.kind = v.kind AND a.value_hash = v.value_hash
                              UNION ALL
                              SELECT FROM patternos_dw.match_member m
                              WHERE NOT v.kind = ANY (patternos._identifying_kinds())
                                AND m.value_key = patternos._value_key(v.value_hash) AND m.kind = v.kind LIMIT c.cap + 1) one) n
    WHERE NOT EXISTS (SELECT FROM pg_temp.work_value w WHERE w.kind = v.kind AND w.value_hash = v.value_hash);
    ANALYZE pg_temp.work_value;
END
$$;

-- Blocks values that more accounts than the cap share, releases them when the number has fallen, and takes
-- as changed who holds a value whose state changes.
CREATE FUNCTION patternos._review_identifiers(everything boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._count_identifiers(everything);
    UPDATE patternos_dw.identifier_block b SET accounts = v.accounts
    FROM pg_temp.work_value v
    WHERE b.kind = v.kind AND b.value_hash = v.value_hash AND b.accounts <> v.accounts AND NOT (v.is_crowded AND NOT everything);
    WITH released AS (
        DELETE FROM patternos_dw.identifier_block b USING pg_temp.work_value v
        WHERE b.kind = v.kind AND b.value_hash = v.value_hash AND b.reason = 'shared' AND NOT v.is_crowded
        RETURNING b.kind, b.value_hash
    ), blocked AS (
        INSERT INTO patternos_dw.identifier_block (kind, value_hash, reason, accounts)
        SELECT v.kind, v.value_hash, 'shared', v.accounts FROM pg_temp.work_value v WHERE v.is_crowded
        ON CONFLICT (kind, value_hash) DO NOTHING
        RETURNING kind, value_hash
    )
    INSERT INTO pg_temp.work_changed
    SELECT DISTINCT h.identity_key
    FROM (TABLE released UNION ALL TABLE blocked) v
    CROSS JOIN LATERAL patternos._holders(v.kind, v.value_hash) h (identity_key)
    ON CONFLICT DO NOTHING;
    ANALYZE pg_temp.work_changed;
END
$$;

-- All accounts of the customers that can change: those of the seeds, and whatever edges lead to from there.
-- Who is alone and has no edge stays alone.
CREATE FUNCTION patternos._find_touched_accounts(threshold double precision, everything boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    last_round integer := 0;
BEGIN
    ANALYZE pg_temp.work_seed;
    IF everything THEN
        INSERT INTO pg_temp.work_touched
        SELECT i.customer_key, 0
        FROM (SELECT account_a AS identity_key FROM patternos_dw.match_edge
              UNION ALL SELECT account_b FROM patternos_dw.match_edge) e
        JOIN patternos_dw.dim_customer_identity i USING (identity_key)
        UNION
        SELECT i.customer_key, 0 FROM patternos_dw.dim_customer_identity i GROUP BY i.customer_key HAVING count(*) > 1;
    ELSE
        INSERT INTO pg_temp.work_touched
        SELECT i.customer_key, 0
        FROM (SELECT s.identity_key FROM pg_temp.work_seed s JOIN patternos_dw.match_edge e ON e.account_a = s.identity_key
              UNION SELECT s.identity_key FROM pg_temp.work_seed s JOIN patternos_dw.match_edge e ON e.account_b = s.identity_key) e
        JOIN patternos_dw.dim_customer_identity i USING (identity_key)
        UNION
        SELECT i.customer_key, 0
        FROM pg_temp.work_seed s
        JOIN patternos_dw.dim_customer_identity i USING (identity_key)
        JOIN patternos_dw.dim_customer_identity o ON o.customer_key = i.customer_key AND o.identity_key <> i.identity_key;
    END IF;
    WHILE FOUND AND NOT everything LOOP
        INSERT INTO pg_temp.work_touched
        SELECT DISTINCT o.customer_key, last_round + 1
        FROM (SELECT i.identity_key FROM pg_temp.work_touched t JOIN patternos_dw.dim_customer_identity i USING (customer_key)
              WHERE t.round = last_round) i
        CROSS JOIN LATERAL (SELECT e.account_b AS other FROM patternos_dw.match_edge e
                            WHERE e.account_a = i.identity_key AND e.probability >= threshold
                            UNION ALL
                            SELECT e.account_a FROM patternos_dw.match_edge e
                            WHERE e.account_b = i.identity_key AND e.probability >= threshold) e
        JOIN patternos_dw.dim_customer_identity o ON o.identity_key = e.other
        ON CONFLICT DO NOTHING;
        last_round := last_round + 1;
    END LOOP;
    ANALYZE pg_temp.work_touched;
    INSERT INTO pg_temp.work_account
    SELECT i.identity_key, i.customer_key, i.platform_id, i.platform_customer_id
    FROM pg_temp.work_touched t
    JOIN patternos_dw.dim_customer_identity i USING (customer_key);
    ANALYZE pg_temp.work_account;
END
$$;

-- The customers-to-be of the accounts of a table by the edges of at least a strength, with confidence and
-- method of each account: the weakest edge and the kinds of edges on the way to the oldest account. Strengths:
-- a steward's word 3 (4 against), a common identifier 2, a telephone alone 1, a contradiction 1.5 (it refuses
-- what is weaker), else the probability. Groups far beyond what one person can have are not searched for
-- contradictions: they will be divided.
CREATE FUNCTION patternos._join_accounts(accounts regclass, threshold double precision, strength double precision)
RETURNS TABLE (identity_key bigint, component bigint, confidence double precision, method text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
    nodes CONSTANT text := format('SELECT identity_key FROM %s', accounts);
    edges CONSTANT text := format($query$
        SELECT account_a, account_b, strength, tie
        FROM (SELECT e.account_a, e.account_b,
                     CASE WHEN e.kind = 'manual' THEN 3 WHEN e.kind = 'probabilistic' THEN least(e.probability, 1 - 1e-12)
                          WHEN e.rule = 'mobile' THEN 1 ELSE 2 END::double precision AS strength,
                     hashtextextended(a.platform_id || '/' || a.platform_customer_id, 0) # hashtextextended(b.platform_id || '/' || b.platform_customer_id, 0) AS tie
              FROM patternos_dw.match_edge e
              JOIN %1$s a ON a.identity_key = e.account_a
              JOIN %1$s b ON b.identity_key = e.account_b
              WHERE e.probability >= %2$s) e
        WHERE strength >= %3$s$query$, accounts, threshold, strength);
BEGIN
    CREATE TEMP TABLE work_group ON COMMIT DROP AS
    SELECT g.node AS identity_key, g.component, count(*) OVER (PARTITION BY g.component) AS accounts, r.traits
    FROM patternos.connected_components(format('SELECT e.account_a, e.account_b FROM (%s) e UNION ALL SELECT identity_key, NULL FROM (%s) n', edges, nodes)) g
    LEFT JOIN patternos_dw.match_record r ON r.identity_key = g.node;
    ANALYZE pg_temp.work_group;
    RETURN QUERY
    SELECT f.node, f.component, least(coalesce(f.weakest, 1), 1),
           CASE WHEN f.weakest < 1 THEN 'probabilistic' WHEN f.strongest = 3 THEN 'manual' ELSE 'deterministic' END
    FROM patternos._spanning_forest(
        format('%s UNION ALL SELECT identity_key, NULL, NULL, NULL FROM (%s) n', edges, nodes),
        format($query$
            SELECT a.identity_key, b.identity_key, 1.5::double precision
            FROM pg_temp.work_group a
            JOIN pg_temp.work_group b USING (component)
            WHERE a.identity_key < b.identity_key AND a.accounts BETWEEN 3 AND %s AND patternos._contradict(a.traits, b.traits)
            UNION ALL
            SELECT l.account_a, l.account_b, 4 FROM patternos._account_labels() l WHERE NOT l.same$query$,
            10 * patternos._setting('customer_account_cap')::bigint)) f;
    DROP TABLE pg_temp.work_group;
END
$$;

-- Groups of the touched accounts, and the edges that groups refuse.
CREATE FUNCTION patternos._cluster_accounts(threshold double precision) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    quarantined bigint;
BEGIN
    INSERT INTO pg_temp.work_component
    SELECT j.identity_key, j.component, a.customer_key, j.confidence, j.method
    FROM patternos._join_accounts('pg_temp.work_account', threshold, 0) j
    JOIN pg_temp.work_account a USING (identity_key);
    ANALYZE pg_temp.work_component;
    quarantined := patternos._divide_large_groups(threshold);
    UPDATE patternos_dw.match_edge e SET is_cut = NOT e.is_cut
    FROM pg_temp.work_component a, pg_temp.work_component b
    WHERE a.identity_key = e.account_a AND b.identity_key = e.account_b
      AND e.is_cut <> (e.probability >= threshold AND a.component <> b.component);
    RETURN quarantined;
END
$$;

-- Groups of more accounts than one person can have stand in match_quarantine until the values that bring them
-- together are blocked, or pairs are parted. Until then stronger evidence is asked of them, step by step: an
-- identifier, one that is no telephone, a steward's word, which holds whatever the size. So the customers depend on what is known and not on the order in which it came.
CREATE FUNCTION patternos._divide_large_groups(threshold double precision) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    cap CONSTANT bigint := patternos._setting('customer_account_cap')::bigint;
    least_strength double precision;
    quarantined bigint;
BEGIN
    DELETE FROM patternos_dw.match_quarantine q USING pg_temp.work_account a WHERE q.identity_key = a.identity_key;
    INSERT INTO patternos_dw.match_quarantine (identity_key, component, accounts)
    SELECT c.identity_key, c.component, c.accounts
    FROM (SELECT identity_key, component, count(*) OVER (PARTITION BY component) AS accounts FROM pg_temp.work_component) c
    WHERE c.accounts > cap;
    GET DIAGNOSTICS quarantined = ROW_COUNT;
    IF quarantined = 0 THEN
        RETURN 0;
    END IF;
    CREATE TEMP TABLE work_large (identity_key bigint, platform_id text, platform_customer_id text) ON COMMIT DROP;
    FOREACH least_strength IN ARRAY ARRAY[1, 2, 3] LOOP
        INSERT INTO pg_temp.work_large
        SELECT a.identity_key, a.platform_id, a.platform_customer_id
        FROM (SELECT identity_key, count(*) OVER (PARTITION BY component) AS accounts FROM pg_temp.work_component) c
        JOIN pg_temp.work_account a USING (identity_key)
        WHERE c.accounts > cap;
        ANALYZE pg_temp.work_large;
        UPDATE pg_temp.work_component c SET component = j.component, confidence = j.confidence, method = j.method
        FROM patternos._join_accounts('pg_temp.work_large', threshold, least_strength) j
        WHERE c.identity_key = j.identity_key;
        TRUNCATE pg_temp.work_large;
    END LOOP;
    DROP TABLE pg_temp.work_large;
    RETURN quarantined;
END
$$;

-- The customer of each group. A customer's key goes with the group that has most of its accounts (of equal
-- ones, the one with the oldest account). Of several keys that come to one group the one with most accounts
-- there stays (of equal ones, the oldest), the others retire and lead to it. A group that no key comes to gets
-- a new one.
CREATE FUNCTION patternos._assign_customers() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
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
           CASE WHEN r.new_key = k.new_key THEN 'merge' ELSE 'split' END, k.is_new, w.identity_key IS NULL
    FROM pg_temp.work_component c
    JOIN pg_temp.work_customer k USING (component)
    JOIN pg_temp.work_account a USING (identity_key)
    LEFT JOIN pg_temp.work_retired r ON r.old_key = c.old_key
    LEFT JOIN pg_temp.work_record w ON w.identity_key = c.identity_key AND w.old_keys IS NULL
    WHERE k.new_key <> c.old_key;
    DROP TABLE pg_temp.work_claim;
    ANALYZE pg_temp.work_customer, pg_temp.work_move, pg_temp.work_retired;
END
$$;


-- The threshold asked for, or else the one in force.
CREATE FUNCTION patternos._match_threshold(options jsonb) RETURNS double precision
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    threshold CONSTANT double precision := coalesce(options ->> 'threshold', patternos._setting('match_threshold'))::double precision;
BEGIN
    IF threshold NOT BETWEEN 0.001 AND 1 THEN
        RAISE EXCEPTION 'threshold must be between 0.001 and 1' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN threshold;
END
$$;

-- The work of a run; options as resolve_identities() has them. Returns the number of accounts that changed
-- their customer.
CREATE FUNCTION patternos._do_resolve(everything boolean, options jsonb) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET seq_page_cost = 1 SET random_page_cost = 4
AS $$
DECLARE
    model CONSTANT record := patternos._account_model();
    threshold CONSTANT double precision := patternos._match_threshold(options);
    is_preview CONSTANT boolean := coalesce((options ->> 'dry_run')::boolean, false);
    many boolean;
    edges bigint;
    quarantined bigint;
    moved bigint;
BEGIN
    PERFORM patternos._create_identity_work();
    many := patternos._take_changed_accounts(everything);
    -- what few accounts touch is found by index, whatever the planner makes of tables that have just grown;
    -- the function's own SET ends this
    IF NOT many THEN
        PERFORM set_config('seq_page_cost', '100', true), set_config('random_page_cost', '1.1', true);
    END IF;
    PERFORM patternos._refresh_match_members();
    PERFORM patternos._review_identifiers(many);
    PERFORM patternos._refresh_match_records(model.version, model.document, many);
    PERFORM patternos._review_match_keys(many);
    PERFORM patternos._find_deterministic_edges(many);
    PERFORM patternos._find_manual_edges(many);
    PERFORM patternos._find_probabilistic_edges(model.version, model.document, least(threshold, 0.5), many);
    edges := patternos._write_edges(many);
    PERFORM patternos._find_touched_accounts(threshold, many);
    quarantined := patternos._cluster_accounts(threshold);
    PERFORM patternos._assign_customers();
    IF is_preview THEN
        RETURN (SELECT count(*) FROM pg_temp.work_move);
    END IF;
    PERFORM patternos._check_churn(coalesce((options ->> 'max_churn')::double precision, patternos._setting('max_churn')::double precision),
                                   coalesce((options ->> 'max_growth')::double precision, patternos._setting('max_growth')::double precision));
    moved := patternos._move_accounts(model.document);
    PERFORM patternos._finish_identities(model.version, threshold, edges, quarantined);
    RETURN moved;
END
$$;

-- The work of a run, undone; what it would have changed is left in identity_preview.
CREATE FUNCTION patternos._preview_resolve(everything boolean, options jsonb) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moved bigint;
    preview patternos_dw.identity_preview[];
BEGIN
    BEGIN
        moved := patternos._do_resolve(everything, options);
        SELECT array_agg(p::patternos_dw.identity_preview) INTO preview
        FROM (SELECT m.change, m.identity_key, m.platform_id, m.platform_customer_id, m.old_key, CASE WHEN NOT m.is_new THEN m.new_key END, m.is_known
              FROM pg_temp.work_move m
              UNION ALL
              SELECT 'quarantine', q.identity_key, a.platform_id, a.platform_customer_id, a.customer_key, NULL, true
              FROM patternos_dw.match_quarantine q JOIN pg_temp.work_account a USING (identity_key)) p;
        RAISE EXCEPTION USING ERRCODE = 'PD001', MESSAGE = 'undo';
    EXCEPTION WHEN SQLSTATE 'PD001' THEN
        NULL;
    END;
    DELETE FROM patternos_dw.identity_preview;
    INSERT INTO patternos_dw.identity_preview SELECT (unnest(preview)).*;
    RETURN moved;
END
$$;

-- Resolves what changed since the last run, or everything, as it must be when the model, the threshold or a
-- cap changed, and returns the number of accounts that changed their customer, or would in a dry run.
CREATE FUNCTION patternos._resolve_identities(everything boolean, options jsonb DEFAULT '{}') RETURNS bigint
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '128MB'
AS $$
DECLARE
    moved bigint;
    last patternos_dw.identity_run;
BEGIN
    PERFORM patternos._require_owner();
    PERFORM patternos._lock_identities(true);
    SELECT * INTO last FROM patternos_dw.identity_run ORDER BY identity_run_id DESC LIMIT 1;
    everything := everything OR last.model_version <> (patternos._account_model()).version
                  OR last.threshold <> patternos._match_threshold(options);
    IF (options ->> 'dry_run')::boolean THEN
        RETURN patternos._preview_resolve(coalesce(everything, false), options);
    END IF;
    moved := patternos._do_resolve(coalesce(everything, false), options);
    UPDATE patternos_dw.setting SET value = options ->> 'threshold' WHERE name = 'match_threshold' AND options ? 'threshold';
    PERFORM patternos._link_visitors();
    RETURN moved;
END
$$;

CREATE FUNCTION patternos._resolve_identities() RETURNS bigint
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    SELECT patternos._resolve_identities(false, '{}')
$$;

REVOKE ALL ON FUNCTION patternos._lock_identities(boolean), patternos._identifying_kinds(), patternos._identifier_kinds(),
    patternos._identifier_cap(text), patternos._create_identity_work(), patternos._take_changed_accounts(boolean),
    patternos._refresh_match_members(), patternos._holders(text, bytea), patternos._count_identifiers(boolean), patternos._review_identifiers(boolean),
    patternos._find_touched_accounts(double precision, boolean), patternos._join_accounts(regclass, double precision, double precision),
    patternos._cluster_accounts(double precision), patternos._divide_large_groups(double precision), patternos._assign_customers(), patternos._match_threshold(jsonb), patternos._do_resolve(boolean, jsonb),
    patternos._preview_resolve(boolean, jsonb), patternos._resolve_identities(boolean, jsonb),
    patternos._resolve_identities() FROM PUBLIC;
