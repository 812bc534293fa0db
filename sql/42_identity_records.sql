-- Accounts as records that can be compared: the model of accounts, encoded values, blocking keys.
--
-- An account is encoded once, under one version of the model, and again only when it, or a value that it
-- holds, changes. A version never changes, so that the same two accounts have the same weight whatever came
-- before or after them.

-- The newest version of the model of accounts; version 0 is the one shipped.
CREATE FUNCTION patternos._account_model(OUT version integer, OUT document jsonb)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT m.version, m.document INTO version, document
    FROM patternos_dw.match_model m WHERE m.name = 'accounts' ORDER BY m.version DESC LIMIT 1;
    IF NOT FOUND THEN
        version := 0;
        document := patternos._default_account_model();
    END IF;
END
$$;

-- SQL for the blocking keys of a row v of match_account, a hash for each rule. Every expression of a rule must
-- have a value; a rule over an array has a key for each member.
CREATE FUNCTION patternos._account_key_list(document jsonb) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rule text;
    part record;
    type text;
    hash text;
    members text[];
    hashes text[] := '{}';
BEGIN
    FOR rule IN SELECT jsonb_array_elements_text(document -> 'blocking') LOOP
        hash := '0';
        members := '{}';
        FOR part IN SELECT p.expression, p.number FROM unnest(patternos._split_expressions(rule)) WITH ORDINALITY p (expression, number) LOOP
            EXECUTE format('SELECT pg_typeof((SELECT %s FROM patternos_dw.match_account v LIMIT 0))', part.expression) INTO type;
            IF type LIKE '%[]' THEN
                members := members || format('unnest(%s) AS m%s (value)', part.expression, part.number);
                part.expression := format('m%s.value', part.number);
            END IF;
            hash := format(CASE WHEN type LIKE 'bigint%' THEN 'hashint8extended(%s, %s)'
                                ELSE 'hashtextextended((%s)::text COLLATE "C", %s)' END, part.expression, hash);
        END LOOP;
        hashes := hashes || CASE WHEN members = '{}' THEN hash
                                 WHEN rule ~ '^\w+$' AND type = 'bigint[]' THEN 'v.' || rule
                                 ELSE format('ARRAY(SELECT %s FROM %s)', hash, array_to_string(members, ', ')) END;
    END LOOP;
    RETURN array_to_string(hashes, ', ');
END
$$;

-- Encodes the changed accounts, and keeps match_record and match_key so. An account that is no more leaves
-- both. Leaves work_record: the changed accounts with the keys they had, NULL for a new one; and work_gone_key.
CREATE FUNCTION patternos._refresh_match_records(version integer, document jsonb, everything boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format($query$
        INSERT INTO pg_temp.work_record
        SELECT v.identity_key, v.traits, patternos._blocking_keys(%s),
               patternos._encode_record($1, %s), coalesce(m.device_hashes || m.ip_hashes, o.members, '{}'), o.keys
        FROM pg_temp.work_changed c
        JOIN patternos_dw.match_account v USING (identity_key)
        LEFT JOIN pg_temp.work_member m USING (identity_key)
        LEFT JOIN patternos_dw.match_record o USING (identity_key)$query$,
        patternos._account_key_list(document),
        (SELECT string_agg(format('v.%I', c.value ->> 'column'), ', ' ORDER BY c.number)
         FROM jsonb_array_elements(document -> 'columns') WITH ORDINALITY c (value, number)))
    USING patternos._compile_match_model(document);
    ANALYZE pg_temp.work_record;
    WITH gone AS (
        DELETE FROM patternos_dw.match_key k
        USING (SELECT o.identity_key, n.key
               FROM pg_temp.work_changed c
               JOIN patternos_dw.match_record o USING (identity_key)
               LEFT JOIN pg_temp.work_record w USING (identity_key)
               CROSS JOIN LATERAL unnest(o.keys) n (key)
               WHERE o.keys IS DISTINCT FROM w.keys AND (w.keys IS NULL OR n.key <> ALL (w.keys))) old
        WHERE k.key = old.key AND k.identity_key = old.identity_key
        RETURNING k.key
    )
    INSERT INTO pg_temp.work_gone_key SELECT DISTINCT key FROM gone;
    INSERT INTO patternos_dw.match_key (key, identity_key)
    SELECT n.key, w.identity_key
    FROM pg_temp.work_record w CROSS JOIN LATERAL unnest(w.keys) n (key)
    WHERE w.old_keys IS NULL OR (w.old_keys <> w.keys AND n.key <> ALL (w.old_keys))
    ORDER BY n.key, w.identity_key;
    DELETE FROM patternos_dw.match_record o USING pg_temp.work_changed c
    WHERE o.identity_key = c.identity_key
      AND NOT EXISTS (SELECT FROM pg_temp.work_record w WHERE w.identity_key = c.identity_key);
    INSERT INTO patternos_dw.match_record AS o (identity_key, model_version, traits, keys, feature, members)
    SELECT w.identity_key, version, w.traits, w.keys, w.feature, w.members FROM pg_temp.work_record w ORDER BY w.identity_key
    ON CONFLICT (identity_key) DO UPDATE
    SET model_version = excluded.model_version, traits = excluded.traits, keys = excluded.keys, feature = excluded.feature,
        members = excluded.members
    WHERE (o.model_version, o.traits, o.keys, o.feature, o.members)
          IS DISTINCT FROM (excluded.model_version, excluded.traits, excluded.keys, excluded.feature, excluded.members);
    IF everything THEN
        ANALYZE patternos_dw.match_record, patternos_dw.match_key;
    END IF;
END
$$;

-- Leaves work_key: the keys concerned with whether one account alone has them, or more than the cap. With
-- everything all keys are counted in one pass and single ones left out, else each by itself and no further than
-- the cap.
CREATE FUNCTION patternos._count_match_keys(everything boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    cap CONSTANT bigint := patternos._setting('match_key_cap')::bigint;
BEGIN
    IF everything THEN
        INSERT INTO pg_temp.work_key
        SELECT key, count(*) > cap, false FROM patternos_dw.match_key GROUP BY key HAVING count(*) > 1;
        INSERT INTO pg_temp.work_key
        SELECT key, false, false FROM patternos_dw.match_crowd ON CONFLICT DO NOTHING;
    ELSE
        INSERT INTO pg_temp.work_key
        SELECT t.key, n.accounts > cap, n.accounts = 1
        FROM (SELECT k.key FROM pg_temp.work_record w CROSS JOIN LATERAL unnest(w.keys) k (key)
              UNION SELECT key FROM pg_temp.work_gone_key) t
        CROSS JOIN LATERAL (SELECT count(*) AS accounts
                            FROM (SELECT FROM patternos_dw.match_key o WHERE o.key = t.key LIMIT cap + 1) one) n;
    END IF;
    ANALYZE pg_temp.work_key;
END
$$;

-- Notes which keys more than the cap share: these bring nobody together. Who holds a key that becomes
-- crowded, or ceases to be, is compared anew.
CREATE FUNCTION patternos._review_match_keys(everything boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._count_match_keys(everything);
    WITH released AS (
        DELETE FROM patternos_dw.match_crowd c USING pg_temp.work_key k
        WHERE c.key = k.key AND NOT k.is_crowded
        RETURNING c.key
    ), crowded AS (
        INSERT INTO patternos_dw.match_crowd (key)
        SELECT key FROM pg_temp.work_key WHERE is_crowded
        ON CONFLICT DO NOTHING
        RETURNING key
    )
    INSERT INTO pg_temp.work_changed
    SELECT DISTINCT k.identity_key
    FROM (TABLE released UNION ALL TABLE crowded) c JOIN patternos_dw.match_key k USING (key)
    ON CONFLICT DO NOTHING;
    ANALYZE pg_temp.work_changed;
END
$$;

REVOKE ALL ON FUNCTION patternos._account_model(), patternos._account_key_list(jsonb),
    patternos._refresh_match_records(integer, jsonb, boolean), patternos._count_match_keys(boolean),
    patternos._review_match_keys(boolean) FROM PUBLIC;
