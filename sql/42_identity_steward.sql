-- A steward's word: accounts that are, or are not, the same person's.

-- What people said about pairs of accounts, in match_label: from link() and unlink(), and from reviews.
CREATE FUNCTION patternos._account_labels()
RETURNS TABLE (account_a bigint, account_b bigint, same boolean, source text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT least(substr(l.unique_id_l, 3)::bigint, substr(l.unique_id_r, 3)::bigint),
           greatest(substr(l.unique_id_l, 3)::bigint, substr(l.unique_id_r, 3)::bigint), l.same, l.source
    FROM patternos_dw.match_label l
    WHERE l.relation IS NULL AND l.unique_id_l ~ '^ID[0-9]{8,18}$' AND l.unique_id_r ~ '^ID[0-9]{8,18}$'
$$;

-- The account of an identity_id.
CREATE FUNCTION patternos._account(id text) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result bigint;
BEGIN
    SELECT i.identity_key INTO result FROM patternos_dw.dim_customer_identity i
    WHERE i.identity_key = CASE WHEN id ~ '^ID([0-9]{8}|[1-9][0-9]{8,17})$' THEN substr(id, 3)::bigint END;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no such account'
            USING ERRCODE = 'no_data_found', HINT = 'Give an identity_id as in patternos_dw.dim_customer_identity.';
    END IF;
    RETURN result;
END
$$;

-- Notes what somebody said about two accounts, NULL to take it back, and has both looked at by the next run.
-- Returns whether that is news. Reviews come here too.
CREATE FUNCTION patternos._label_accounts(account_a text, account_b text, same boolean, reason text, source text) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    a CONSTANT bigint := patternos._account(account_a);
    b CONSTANT bigint := patternos._account(account_b);
    id_l CONSTANT text COLLATE "C" := least(account_a COLLATE "C", account_b COLLATE "C");
    id_r CONSTANT text COLLATE "C" := greatest(account_a COLLATE "C", account_b COLLATE "C");
    before boolean;
BEGIN
    PERFORM patternos._require_owner();
    IF a = b THEN
        RAISE EXCEPTION 'both are the same account' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT l.same INTO before FROM patternos_dw.match_label l
    WHERE l.relation IS NULL AND l.unique_id_l = id_l AND l.unique_id_r = id_r;
    DELETE FROM patternos_dw.match_label l WHERE l.relation IS NULL AND l.unique_id_l = id_l AND l.unique_id_r = id_r;
    IF same IS NOT NULL THEN
        INSERT INTO patternos_dw.match_label (unique_id_l, unique_id_r, same, reason, source)
        VALUES (id_l, id_r, same, _label_accounts.reason, _label_accounts.source);
    END IF;
    IF before IS NOT DISTINCT FROM same THEN
        RETURN false;
    END IF;
    INSERT INTO patternos_dw.changed_account (identity_key) VALUES (a), (b);
    RETURN true;
END
$$;

CREATE FUNCTION patternos.link(account_a text, account_b text, reason text DEFAULT NULL) RETURNS boolean
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    SELECT patternos._label_accounts(account_a, account_b, true, reason, 'steward')
    WHERE account_a IS NOT NULL AND account_b IS NOT NULL
$$;

CREATE FUNCTION patternos.unlink(account_a text, account_b text, reason text DEFAULT NULL) RETURNS boolean
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    SELECT patternos._label_accounts(account_a, account_b, false, reason, 'steward')
    WHERE account_a IS NOT NULL AND account_b IS NOT NULL
$$;

CREATE FUNCTION patternos.forget_link(account_a text, account_b text) RETURNS boolean
LANGUAGE sql STRICT SET search_path = pg_catalog, pg_temp
AS $$
    SELECT patternos._label_accounts(account_a, account_b, NULL, NULL, NULL)
$$;

CREATE FUNCTION patternos.customer_of(platform text, account text, at timestamptz DEFAULT now()) RETURNS text
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'GLOBAL' || CASE WHEN k.key < 1000000 THEN lpad(k.key::text, 6, '0') ELSE k.key::text END
    FROM patternos_dw.dim_customer_identity i
    CROSS JOIN LATERAL (SELECT coalesce(
        (SELECT h.new_customer_key FROM patternos_dw.customer_id_history h
         WHERE h.identity_key = i.identity_key AND h.changed_at <= at ORDER BY h.changed_at DESC, h.history_id DESC LIMIT 1),
        (SELECT h.old_customer_key FROM patternos_dw.customer_id_history h
         WHERE h.identity_key = i.identity_key AND h.changed_at > at ORDER BY h.changed_at, h.history_id LIMIT 1),
        i.customer_key) AS key) k
    WHERE i.platform_id = platform AND i.platform_customer_id = account AND i.created_at <= at
$$;

REVOKE ALL ON FUNCTION patternos._account_labels(), patternos._account(text), patternos._label_accounts(text, text, boolean, text, text),
    patternos.link(text, text, text), patternos.unlink(text, text, text), patternos.forget_link(text, text),
    patternos.customer_of(text, text, timestamptz) FROM PUBLIC;

COMMENT ON FUNCTION patternos.link(text, text, text) IS
    'Says that two accounts are the same person''s, from the next run on and for ever.';
COMMENT ON FUNCTION patternos.unlink(text, text, text) IS
    'Says that two accounts are not the same person''s: the next run parts them and no later one joins them.';
COMMENT ON FUNCTION patternos.forget_link(text, text) IS
    'Takes back what link(), unlink() or a review said about two accounts.';
COMMENT ON FUNCTION patternos.customer_of(text, text, timestamptz) IS
    'The customer id that an account had at a moment.';
