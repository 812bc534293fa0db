-- Why accounts are together or apart, and values that must not link.

-- What an account has in common with others: linked, or the reason why that does not link them.
CREATE FUNCTION patternos._account_links(account bigint, others bigint[])
RETURNS TABLE (other bigint, kind text, verdict text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH shared AS (
        SELECT o.identity_key, kind, b.reason
        FROM patternos_dw.account_identifier h
        JOIN patternos_dw.account_identifier o USING (value_key, kind, value_hash)
        LEFT JOIN patternos_dw.identifier_block b USING (kind, value_hash)
        WHERE h.identity_key = account AND o.identity_key = ANY (others) AND o.identity_key <> account
          AND kind = ANY (patternos._identifying_kinds())
    ), holder AS (
        SELECT i.identity_key, i.platform_id, p.gender,
               (SELECT array_agg(x.value_hash) FROM patternos_dw.account_identifier x
                WHERE x.identity_key = i.identity_key AND x.kind = 'loyalty_id'
                  AND NOT EXISTS (SELECT FROM patternos_dw.identifier_block b
                                  WHERE b.kind = x.kind AND b.value_hash = x.value_hash)) AS loyalty
        FROM patternos_dw.dim_customer_identity i
        LEFT JOIN patternos_dw.account_profile p USING (identity_key)
        WHERE i.identity_key = account OR i.identity_key IN (SELECT identity_key FROM shared)
    )
    SELECT DISTINCT s.identity_key, s.kind,
           CASE WHEN s.reason IS NOT NULL THEN 'blocked as ' || s.reason
                WHEN s.kind = 'mobile' AND patternos._shares_phone_only(a.platform_id, o.platform_id, a.gender, o.gender,
                                                                        a.loyalty, o.loyalty) THEN 'contradicted'
                ELSE 'linked' END
    FROM shared s
    JOIN holder a ON a.identity_key = account
    JOIN holder o ON o.identity_key = s.identity_key
$$;

-- The accounts of a shortest chain of links from one account to another within a customer.
CREATE FUNCTION patternos._link_path(first_account bigint, last_account bigint, members bigint[]) RETURNS bigint[]
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
        SELECT array_agg(DISTINCT l.other ORDER BY l.other) INTO next_accounts
        FROM patternos._account_links(reached[place], members) l
        WHERE l.verdict = 'linked' AND l.other <> ALL (reached);
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
RETURNS TABLE (step integer, from_platform text, from_account text, to_platform text, to_account text, kind text, verdict text)
LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    first_account CONSTANT bigint := patternos._account(platform_a, account_a);
    last_account CONSTANT bigint := patternos._account(platform_b, account_b);
    path bigint[];
BEGIN
    path := patternos._link_path(first_account, last_account,
                (SELECT array_agg(m.identity_key) FROM patternos_dw.dim_customer_identity i
                 JOIN patternos_dw.dim_customer_identity m USING (customer_key)
                 WHERE i.identity_key = first_account));
    RETURN QUERY
    SELECT p.place, f.platform_id, f.platform_customer_id, t.platform_id, t.platform_customer_id, l.kind, l.verdict
    FROM generate_series(1, coalesce(cardinality(path) - 1, 1)) p (place)
    CROSS JOIN LATERAL (SELECT coalesce(path[p.place], first_account) AS from_key,
                               coalesce(path[p.place + 1], last_account) AS to_key) k
    CROSS JOIN LATERAL patternos._account_links(k.from_key, ARRAY[k.to_key]) l
    JOIN patternos_dw.dim_customer_identity f ON f.identity_key = k.from_key
    JOIN patternos_dw.dim_customer_identity t ON t.identity_key = k.to_key
    ORDER BY p.place, l.kind, l.verdict;
END
$$;

CREATE FUNCTION patternos._queue_holders(kind text, value_hash bytea) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    holders bigint;
BEGIN
    INSERT INTO patternos_dw.changed_account (identity_key)
    SELECT a.identity_key FROM patternos_dw.account_identifier a
    WHERE a.value_key = patternos._value_key(_queue_holders.value_hash)
      AND a.kind = _queue_holders.kind AND a.value_hash = _queue_holders.value_hash
    ON CONFLICT DO NOTHING;
    SELECT count(*) INTO holders FROM patternos_dw.account_identifier a
    WHERE a.value_key = patternos._value_key(_queue_holders.value_hash)
      AND a.kind = _queue_holders.kind AND a.value_hash = _queue_holders.value_hash;
    RETURN holders;
END
$$;

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
    IF kind <> ALL (patternos._identifying_kinds() || '{device,ip}') OR octet_length(value_hash) <> 32 THEN
        RAISE EXCEPTION 'no such identifier'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Give a kind and a value_hash as in patternos_dw.account_identifier.';
    END IF;
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
        JOIN patternos_dw.account_identifier a
             ON a.value_key = patternos._value_key(v.visitor_hash) AND a.kind = 'device' AND a.value_hash = v.visitor_hash
        JOIN patternos_dw.dim_customer_identity i USING (identity_key)
        WHERE NOT EXISTS (SELECT FROM patternos_dw.identifier_block b
                          WHERE b.kind = a.kind AND b.value_hash = a.value_hash)
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
        ON CONFLICT DO NOTHING
    )
    SELECT count(*) FROM linked
$$;

CREATE FUNCTION patternos._create_identity_views() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CREATE OR REPLACE VIEW patternos_dw.identity_report AS
    SELECT b.kind, b.reason, count(*) AS blocked_values, sum(b.accounts)::bigint AS accounts,
           max(b.accounts) AS most_accounts, max(b.detected_at) AS last_detected_at
    FROM patternos_dw.identifier_block b
    GROUP BY b.kind, b.reason;
    COMMENT ON VIEW patternos_dw.identity_report IS 'Identifier values that link nobody, counted by kind and reason';
    COMMENT ON COLUMN patternos_dw.identity_report.kind IS 'Kind of identifier: email, mobile, loyalty_id, name_address_dob, device, ip';
    COMMENT ON COLUMN patternos_dw.identity_report.reason IS 'placeholder, shared (by more accounts than setting identifier_account_cap) or manual';
    COMMENT ON COLUMN patternos_dw.identity_report.blocked_values IS 'Number of blocked values';
    COMMENT ON COLUMN patternos_dw.identity_report.accounts IS 'Accounts that hold them, when last counted; an account counts once for each value';
    COMMENT ON COLUMN patternos_dw.identity_report.most_accounts IS 'Accounts that hold the most common of them';
    COMMENT ON COLUMN patternos_dw.identity_report.last_detected_at IS 'When the newest of them was blocked';
END
$$;

REVOKE ALL ON FUNCTION patternos._account_links(bigint, bigint[]), patternos._link_path(bigint, bigint, bigint[]),
    patternos._account(text, text), patternos.explain_link(text, text, text, text), patternos._queue_holders(text, bytea),
    patternos.block_identifier(text, bytea, text), patternos.unblock_identifier(text, bytea),
    patternos._link_visitors(), patternos._create_identity_views() FROM PUBLIC;

COMMENT ON FUNCTION patternos.explain_link(text, text, text, text) IS
    'The chain of common identifiers that makes two accounts one customer, or what they have in common without being linked.';
COMMENT ON FUNCTION patternos.block_identifier(text, bytea, text) IS
    'Stops an identifier value from linking accounts and returns the number of accounts that hold it.';
COMMENT ON FUNCTION patternos.unblock_identifier(text, bytea) IS
    'Lets a blocked identifier value link accounts again and returns the number of accounts that hold it.';
