-- Customers as the sum of their accounts, and their ids.

-- The accounts of these customers, NULL means all, as pg_temp.work_rebuild. A table has statistics, which
-- an array has not, and a plan that suits ten customers takes for ever on a million.
CREATE FUNCTION patternos._create_rebuild_work(keys bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
BEGIN
    DROP TABLE IF EXISTS pg_temp.work_rebuild;
    CREATE TEMP TABLE work_rebuild (customer_key bigint, identity_key bigint, has_others boolean) ON COMMIT DROP;
    IF keys IS NULL THEN
        INSERT INTO pg_temp.work_rebuild
        SELECT i.customer_key, i.identity_key, count(*) OVER (PARTITION BY i.customer_key) > 1
        FROM patternos_dw.dim_customer_identity i;
    ELSE
        INSERT INTO pg_temp.work_rebuild
        SELECT i.customer_key, i.identity_key, count(*) OVER (PARTITION BY i.customer_key) > 1
        FROM (SELECT DISTINCT unnest(keys) AS customer_key) k
        JOIN patternos_dw.dim_customer_identity i USING (customer_key);
    END IF;
    ANALYZE pg_temp.work_rebuild;
END
$$;

-- Recomputes what a customer has from its accounts: the most recent value of each attribute, the span of
-- its sightings, and consent, which the newest statement of every account that made one must grant. NULL
-- means all customers. Returns the number of rows that changed.
CREATE FUNCTION patternos._rebuild_customers(keys bigint[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '128MB'
AS $$
DECLARE
    zone CONSTANT text := patternos._setting('time_zone');
    changed bigint;
BEGIN
    PERFORM patternos._require_owner();
    PERFORM patternos._create_rebuild_work(keys);
    WITH profile AS (
        -- most customers have one account: sorting nothing is what takes the time
        SELECT a.customer_key, p.first_seen, p.last_seen, p.age_group, p.gender, p.state, p.city, p.pincode
        FROM pg_temp.work_rebuild a LEFT JOIN patternos_dw.account_profile p USING (identity_key)
        WHERE NOT a.has_others
        UNION ALL
        SELECT a.customer_key, min(p.first_seen), max(p.last_seen),
               (array_agg(p.age_group ORDER BY p.age_group_at DESC NULLS LAST, p.identity_key) FILTER (WHERE p.age_group IS NOT NULL))[1],
               (array_agg(p.gender ORDER BY p.gender_at DESC NULLS LAST, p.identity_key) FILTER (WHERE p.gender IS NOT NULL))[1],
               (array_agg(p.state ORDER BY p.location_at DESC NULLS LAST, p.identity_key) FILTER (WHERE p.state IS NOT NULL))[1],
               (array_agg(p.city ORDER BY p.location_at DESC NULLS LAST, p.identity_key) FILTER (WHERE p.city IS NOT NULL))[1],
               (array_agg(p.pincode ORDER BY p.location_at DESC NULLS LAST, p.identity_key) FILTER (WHERE p.pincode IS NOT NULL))[1]
        FROM pg_temp.work_rebuild a LEFT JOIN patternos_dw.account_profile p USING (identity_key)
        WHERE a.has_others
        GROUP BY a.customer_key
    ), identifier AS (
        SELECT DISTINCT ON (a.customer_key, h.kind) a.customer_key, h.kind, h.value_hash
        FROM pg_temp.work_rebuild a
        JOIN patternos_dw.account_identifier h USING (identity_key)
        WHERE h.kind IN ('email', 'mobile')
          AND NOT EXISTS (SELECT FROM patternos_dw.identifier_block b WHERE b.kind = h.kind AND b.value_hash = h.value_hash)
        ORDER BY a.customer_key, h.kind, h.last_seen DESC, h.value_hash
    ), consent AS (
        SELECT s.customer_key, bool_and(s.marketing) AS marketing, bool_and(s.personalization) AS personalization,
               bool_and(s.sharing) AS sharing
        FROM (SELECT a.customer_key,
                     (array_agg(c.marketing ORDER BY c.occurred_at DESC) FILTER (WHERE c.marketing IS NOT NULL))[1] AS marketing,
                     (array_agg(c.personalization ORDER BY c.occurred_at DESC)
                          FILTER (WHERE c.personalization IS NOT NULL))[1] AS personalization,
                     (array_agg(c.sharing ORDER BY c.occurred_at DESC) FILTER (WHERE c.sharing IS NOT NULL))[1] AS sharing
              FROM pg_temp.work_rebuild a JOIN patternos_dw.account_consent c USING (identity_key)
              GROUP BY a.customer_key, c.identity_key) s
        GROUP BY s.customer_key
    )
    UPDATE patternos_dw.dim_customer c
    SET first_seen_date = coalesce(p.first_seen_date, c.first_seen_date), last_seen_date = coalesce(p.last_seen_date, c.last_seen_date),
        primary_age_group = p.age_group, primary_state = p.state, primary_city = p.city, primary_pincode = p.pincode,
        gender = p.gender, email_hash = p.email_hash, mobile_hash = p.mobile_hash, consent_marketing = p.marketing,
        consent_personalization = p.personalization, consent_sharing = p.sharing, updated_at = now()
    FROM (SELECT p.*, (p.first_seen AT TIME ZONE zone)::date AS first_seen_date, (p.last_seen AT TIME ZONE zone)::date AS last_seen_date,
                 e.value_hash AS email_hash, m.value_hash AS mobile_hash, coalesce(s.marketing, false) AS marketing,
                 coalesce(s.personalization, false) AS personalization, coalesce(s.sharing, false) AS sharing
          FROM profile p
          LEFT JOIN identifier e ON e.customer_key = p.customer_key AND e.kind = 'email'
          LEFT JOIN identifier m ON m.customer_key = p.customer_key AND m.kind = 'mobile'
          LEFT JOIN consent s ON s.customer_key = p.customer_key) p
    WHERE c.customer_key = p.customer_key
      AND (c.first_seen_date, c.last_seen_date, c.primary_age_group, c.primary_state, c.primary_city, c.primary_pincode,
           c.gender, c.email_hash, c.mobile_hash, c.consent_marketing, c.consent_personalization, c.consent_sharing)
          IS DISTINCT FROM
          (coalesce(p.first_seen_date, c.first_seen_date), coalesce(p.last_seen_date, c.last_seen_date), p.age_group, p.state,
           p.city, p.pincode, p.gender, p.email_hash, p.mobile_hash, p.marketing, p.personalization, p.sharing);
    GET DIAGNOSTICS changed = ROW_COUNT;
    PERFORM patternos._refresh_serving(CASE WHEN cardinality(keys) <= 1000 THEN keys END);
    RETURN changed;
END
$$;

CREATE FUNCTION patternos.resolve_id(global_customer_id text) RETURNS text
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE start AS (
        -- CASE, because a planner that knows the id would cast it before a WHERE could refuse it
        SELECT CASE WHEN $1 ~ '^GLOBAL([0-9]{6}|[1-9][0-9]{6,17})$' THEN substr($1, 7)::bigint END AS customer_key
    ), trail AS (
        SELECT customer_key FROM start
        UNION
        SELECT h.new_customer_key
        FROM trail t
        JOIN patternos_dw.customer_id_history h ON h.old_customer_key = t.customer_key AND h.change = 'merge'
    )
    SELECT c.global_customer_id FROM trail t JOIN patternos_dw.dim_customer c USING (customer_key)
$$;

CREATE FUNCTION patternos.customer_accounts(global_customer_id text)
RETURNS TABLE (identity_id text, platform_id text, platform_customer_id text, mapping_method text,
               mapping_confidence numeric, match_attributes jsonb, created_at timestamptz, last_matched_at timestamptz)
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    SELECT i.identity_id, i.platform_id, i.platform_customer_id, i.mapping_method, i.mapping_confidence,
           i.match_attributes, i.created_at, i.last_matched_at
    FROM patternos_dw.dim_customer c
    JOIN patternos_dw.dim_customer_identity i USING (customer_key)
    WHERE c.global_customer_id = patternos.resolve_id($1)
    ORDER BY i.identity_key
$$;

REVOKE ALL ON FUNCTION patternos._create_rebuild_work(bigint[]), patternos._rebuild_customers(bigint[]), patternos.resolve_id(text),
    patternos.customer_accounts(text) FROM PUBLIC;

COMMENT ON FUNCTION patternos.resolve_id(text) IS
    'The customer id that an id stands for today, however often its customer was merged since.';
COMMENT ON FUNCTION patternos.customer_accounts(text) IS
    'The accounts of a customer with how each was matched; an old id works as well.';
