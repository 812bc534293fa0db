-- Why accounts are together or apart, and values that must not link.

-- What an account has in common with others, or the model or a steward says of them: linked, or the reason
-- why that does not link them.
CREATE FUNCTION patternos._account_links(account bigint, others bigint[])
RETURNS TABLE (other bigint, kind text, verdict text, weight double precision, probability double precision)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH edge AS (
        SELECT CASE e.account_a WHEN account THEN e.account_b ELSE e.account_a END AS other, e.*
        FROM (SELECT * FROM patternos_dw.match_edge WHERE account_a = account AND account_b = ANY (others)
              UNION ALL
              SELECT * FROM patternos_dw.match_edge WHERE account_b = account AND account_a = ANY (others)) e
    )
    SELECT DISTINCT o.identity_key, kind,
           CASE WHEN b.reason IS NOT NULL THEN 'blocked as ' || b.reason
                WHEN kind = 'mobile' AND (SELECT patternos._contradict(x.traits, y.traits)
                                          FROM patternos_dw.match_account x, patternos_dw.match_account y
                                          WHERE x.identity_key = account AND y.identity_key = o.identity_key) THEN 'contradicted'
                WHEN EXISTS (SELECT FROM edge e WHERE e.other = o.identity_key AND e.kind = 'deterministic' AND e.is_cut) THEN 'cut'
                ELSE 'linked' END,
           NULL::double precision, 1::double precision
    FROM patternos_dw.account_identifier h
    JOIN patternos_dw.account_identifier o USING (value_key, kind, value_hash)
    LEFT JOIN patternos_dw.identifier_block b USING (kind, value_hash)
    WHERE h.identity_key = account AND o.identity_key = ANY (others) AND o.identity_key <> account
      AND kind = ANY (patternos._identifying_kinds())
    UNION ALL
    SELECT e.other, e.kind,
           CASE WHEN e.probability < patternos._setting('match_threshold')::double precision THEN 'below threshold'
                WHEN e.is_cut THEN 'cut' ELSE 'linked' END, e.weight, e.probability
    FROM edge e WHERE e.kind = 'probabilistic'
    UNION ALL
    SELECT o, 'manual', CASE WHEN l.same THEN 'linked' ELSE 'kept apart' END, NULL, l.same::integer
    FROM unnest(others) o
    JOIN patternos._account_labels() l ON l.account_a = least(o, account) AND l.account_b = greatest(o, account)
$$;

-- The accounts of a shortest chain of edges of at least this probability from one account to another
-- within a customer; NULL when there is none.
CREATE FUNCTION patternos._link_path(first_account bigint, last_account bigint, members bigint[], floor double precision) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    reached bigint[] := ARRAY[first_account];
    came_from integer[] := ARRAY[0];
    next_accounts bigint[];
    place integer := 1;
    path bigint[] := '{}';
BEGIN
    WHILE reached[place] <> last_account LOOP
        SELECT array_agg(DISTINCT e.other ORDER BY e.other) INTO next_accounts
        FROM (SELECT account_b AS other, probability, is_cut FROM patternos_dw.match_edge WHERE account_a = reached[place]
              UNION ALL
              SELECT account_a, probability, is_cut FROM patternos_dw.match_edge WHERE account_b = reached[place]) e
        WHERE e.probability >= floor AND NOT e.is_cut AND e.other = ANY (members) AND e.other <> ALL (reached);
        reached := reached || next_accounts;
        came_from := came_from || array_fill(place, ARRAY[coalesce(cardinality(next_accounts), 0)]);
        place := place + 1;
        IF place > cardinality(reached) THEN
            RETURN NULL;
        END IF;
    END LOOP;
    WHILE place > 0 LOOP
        path := reached[place] || path;
        place := came_from[place];
    END LOOP;
    RETURN path;
END
$$;

-- The chain whose weakest edge is the strongest, of those a shortest.
CREATE FUNCTION patternos._best_link_path(first_account bigint, last_account bigint) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    members CONSTANT bigint[] := (SELECT array_agg(m.identity_key) FROM patternos_dw.dim_customer_identity i
                                  JOIN patternos_dw.dim_customer_identity m USING (customer_key)
                                  WHERE i.identity_key = first_account);
    floor double precision;
    path bigint[];
BEGIN
    IF last_account = ANY (members) THEN
        FOR floor IN SELECT DISTINCT e.probability FROM patternos_dw.match_edge e
                     WHERE e.account_a = ANY (members) AND e.account_b = ANY (members)
                     ORDER BY e.probability DESC LOOP
            path := patternos._link_path(first_account, last_account, members, floor);
            EXIT WHEN path IS NOT NULL;
        END LOOP;
    END IF;
    RETURN path;
END
$$;

CREATE FUNCTION patternos._account(platform text, account text) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result bigint;
BEGIN
    SELECT i.identity_key INTO result FROM patternos_dw.dim_customer_identity i
    WHERE i.platform_id = platform AND i.platform_customer_id = account;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such account'
            USING ERRCODE = 'no_data_found', HINT = 'Give a platform_id and a platform_customer_id as in patternos_dw.dim_customer_identity.';
    END IF;
    RETURN result;
END
$$;

CREATE FUNCTION patternos.explain_link(platform_a text, account_a text, platform_b text, account_b text)
RETURNS TABLE (step integer, from_platform text, from_account text, to_platform text, to_account text, kind text, verdict text,
               weight double precision, probability double precision)
LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    first_account CONSTANT bigint := patternos._account(platform_a, account_a);
    last_account CONSTANT bigint := patternos._account(platform_b, account_b);
    path CONSTANT bigint[] := patternos._best_link_path(first_account, last_account);
BEGIN
    RETURN QUERY
    SELECT p.place, f.platform_id, f.platform_customer_id, t.platform_id, t.platform_customer_id, l.kind, l.verdict,
           l.weight, l.probability
    FROM generate_series(1, coalesce(cardinality(path) - 1, 1)) p (place)
    CROSS JOIN LATERAL (SELECT coalesce(path[p.place], first_account) AS from_key,
                               coalesce(path[p.place + 1], last_account) AS to_key) k
    CROSS JOIN LATERAL patternos._account_links(k.from_key, ARRAY[k.to_key]) l
    JOIN patternos_dw.dim_customer_identity f ON f.identity_key = k.from_key
    JOIN patternos_dw.dim_customer_identity t ON t.identity_key = k.to_key
    WHERE first_account <> last_account
    ORDER BY p.place, l.kind, l.verdict;
END
$$;

CREATE FUNCTION patternos._queue_holders(kind text, value_hash bytea) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    holders CONSTANT bigint[] := ARRAY(SELECT patternos._holders(kind, value_hash));
BEGIN
    INSERT INTO patternos_dw.changed_account (identity_key) SELECT unnest(holders);
    RETURN cardinality(holders);
END
$$;

-- A value's hash as identifier_block has it: of devices and IP addresses eight bytes are kept.
CREATE FUNCTION patternos._blocked_hash(kind text, value_hash bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN kind IN ('device', 'ip') THEN substr(value_hash, 1, 8) ELSE value_hash END;

CREATE FUNCTION patternos.block_identifier(kind text, value_hash bytea, reason text DEFAULT 'manual') RETURNS bigint
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    holders bigint;
BEGIN
    PERFORM patternos._require_owner();
    IF reason NOT IN ('manual', 'placeholder') THEN
        RAISE EXCEPTION 'reason of a block must be manual or placeholder' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF kind <> ALL (patternos._identifier_kinds()) OR octet_length(value_hash) <> 32 THEN
        RAISE EXCEPTION 'no such identifier'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Give a kind and a value_hash as in patternos_dw.account_identifier, or as patternos.hash_identifier() makes it.';
    END IF;
    value_hash := patternos._blocked_hash(kind, value_hash);
    holders := patternos._queue_holders(kind, value_hash);
    INSERT INTO patternos_dw.identifier_block AS b (kind, value_hash, reason, accounts)
    VALUES (block_identifier.kind, block_identifier.value_hash, block_identifier.reason, holders)
    ON CONFLICT ON CONSTRAINT identifier_block_pkey
    DO UPDATE SET reason = excluded.reason, accounts = excluded.accounts;
    RETURN holders;
END
$$;

CREATE FUNCTION patternos.unblock_identifier(kind text, value_hash bytea) RETURNS bigint
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._require_owner();
    value_hash := patternos._blocked_hash(kind, value_hash);
    DELETE FROM patternos_dw.identifier_block b
    WHERE b.kind = unblock_identifier.kind AND b.value_hash = unblock_identifier.value_hash;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    RETURN patternos._queue_holders(kind, value_hash);
END
$$;

-- Events of a visitor go to the customer when one customer only has the visitor's device.
CREATE FUNCTION patternos._link_visitors() RETURNS bigint
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    WITH known AS (
        SELECT v.visitor_hash, min(i.customer_key) AS customer_key
        FROM (SELECT DISTINCT visitor_hash FROM patternos_dw.event_anonymous) v
        JOIN patternos_dw.match_member m ON m.value_key = patternos._value_key(v.visitor_hash) AND m.kind = 'device'
        JOIN patternos_dw.dim_customer_identity i USING (identity_key)
        WHERE NOT EXISTS (SELECT FROM patternos_dw.identifier_block b
                          WHERE b.kind = m.kind AND b.value_hash = int8send(m.value_key))
        GROUP BY v.visitor_hash
        HAVING min(i.customer_key) = max(i.customer_key)
    ), waiting AS (
        DELETE FROM patternos_dw.event_anonymous e USING known k
        WHERE e.visitor_hash = k.visitor_hash
        RETURNING k.customer_key, e.*
    ), linked AS (
        INSERT INTO patternos_dw.fact_event
            (customer_key, event_id, platform_id, session_id, event_type, event_timestamp, page_url, referrer_url,
             search_term, product_id, category_id, device_type, browser, os, ip_hash, location_id, event_properties,
             known_at, batch_id)
        SELECT customer_key, event_id, platform_id, session_id, event_type, event_timestamp, page_url, referrer_url,
               search_term, product_id, category_id, device_type, browser, os, ip_hash, location_id, event_properties,
               known_at, batch_id
        FROM waiting
        ON CONFLICT (customer_key, event_timestamp, event_id) DO NOTHING
        RETURNING customer_key
    ), marked AS (
        INSERT INTO patternos_dw.changed_customer (customer_key, reason)
        SELECT DISTINCT customer_key, 'visitor' FROM linked
    )
    SELECT count(*) FROM linked
$$;

REVOKE ALL ON FUNCTION patternos._account_links(bigint, bigint[]), patternos._link_path(bigint, bigint, bigint[], double precision),
    patternos._best_link_path(bigint, bigint),
    patternos._account(text, text), patternos.explain_link(text, text, text, text), patternos._queue_holders(text, bytea),
    patternos._blocked_hash(text, bytea), patternos.block_identifier(text, bytea, text), patternos.unblock_identifier(text, bytea),
    patternos._link_visitors() FROM PUBLIC;

COMMENT ON FUNCTION patternos.explain_link(text, text, text, text) IS
    'The chain of evidence that makes two accounts one customer, or what they have in common without being linked.';
COMMENT ON FUNCTION patternos.block_identifier(text, bytea, text) IS
    'Stops an identifier value from linking accounts and returns the number of accounts that hold it.';
COMMENT ON FUNCTION patternos.unblock_identifier(text, bytea) IS
    'Lets a blocked identifier value link accounts again and returns the number of accounts that hold it.';
