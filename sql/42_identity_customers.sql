-- Customers as the sum of their accounts, and their ids.

-- Recomputes what a customer has from its accounts: the most recent value of each attribute, the span of
-- its sightings, and consent, which the newest statement of every account that made one must grant. NULL
-- means all customers. Returns the number of rows that changed.
CREATE FUNCTION patternos._rebuild_customers(keys bigint[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan SET jit = off
AS $$
DECLARE
    zone CONSTANT text := patternos._setting('time_zone');
    changed bigint;
BEGIN
    PERFORM patternos._require_owner();
    WITH account AS (
        SELECT i.customer_key, i.identity_key
        FROM patternos_dw.dim_customer_identity i
        WHERE keys IS NULL OR i.customer_key = ANY (keys)
    ), profile AS (
        SELECT a.customer_key,
               (min(p.first_seen) AT TIME ZONE zone)::date AS first_seen_date,
               (max(p.last_seen) AT TIME ZONE zone)::date AS last_seen_date,
               (array_agg(p.age_group ORDER BY p.age_group_at DESC NULLS LAST, p.identity_key) FILTER (WHERE p.age_group IS NOT NULL))[1] AS age_group,
               (array_agg(p.gender ORDER BY p.gender_at DESC NULLS LAST, p.identity_key) FILTER (WHERE p.gender IS NOT NULL))[1] AS gender,
               (array_agg(p.state ORDER BY p.location_at DESC NULLS LAST, p.identity_key) FILTER (WHERE p.state IS NOT NULL))[1] AS state,
               (array_agg(p.city ORDER BY p.location_at DESC NULLS LAST, p.identity_key) FILTER (WHERE p.city IS NOT NULL))[1] AS city,
               (array_agg(p.pincode ORDER BY p.location_at DESC NULLS LAST, p.identity_key) FILTER (WHERE p.pincode IS NOT NULL))[1] AS pincode
        FROM account a LEFT JOIN patternos_dw.account_profile p USING (identity_key)
        GROUP BY a.customer_key
    ), identifier AS (
        SELECT a.customer_key,
               (array_agg(h.value_hash ORDER BY h.last_seen DESC, h.value_hash) FILTER (WHERE h.kind = 'email'))[1] AS email,
               (array_agg(h.value_hash ORDER BY h.last_seen DESC, h.value_hash) FILTER (WHERE h.kind = 'mobile'))[1] AS mobile
        FROM account a
        JOIN patternos_dw.account_identifier h USING (identity_key)
        WHERE h.kind IN ('email', 'mobile')
          AND NOT EXISTS (SELECT FROM patternos_dw.identifier_block b WHERE b.kind = h.kind AND b.value_hash = h.value_hash)
        GROUP BY a.customer_key
    ), consent AS (
        SELECT s.customer_key,
               bool_and(s.granted) FILTER (WHERE s.purpose = 'marketing') AS marketing,
               bool_and(s.granted) FILTER (WHERE s.purpose = 'personalization') AS personalization,
               bool_and(s.granted) FILTER (WHERE s.purpose = 'sharing') AS sharing
        FROM (SELECT DISTINCT ON (c.identity_key, c.purpose) a.customer_key, c.purpose, c.granted
              FROM account a JOIN patternos_dw.account_consent c USING (identity_key)
              ORDER BY c.identity_key, c.purpose, c.occurred_at DESC) s
        GROUP BY s.customer_key
    )
    UPDATE patternos_dw.dim_customer c
    SET first_seen_date = p.first_seen_date, last_seen_date = p.last_seen_date, primary_age_group = p.age_group,
        primary_state = p.state, primary_city = p.city, primary_pincode = p.pincode, gender = p.gender,
        email_hash = h.email, mobile_hash = h.mobile, consent_marketing = coalesce(s.marketing, false),
        consent_personalization = coalesce(s.personalization, false), consent_sharing = coalesce(s.sharing, false),
        updated_at = now()
    FROM profile p
    LEFT JOIN identifier h ON h.customer_key = p.customer_key
    LEFT JOIN consent s ON s.customer_key = p.customer_key
    WHERE c.customer_key = p.customer_key
      AND (c.first_seen_date, c.last_seen_date, c.primary_age_group, c.primary_state, c.primary_city, c.primary_pincode,
           c.gender, c.email_hash, c.mobile_hash, c.consent_marketing, c.consent_personalization, c.consent_sharing)
          IS DISTINCT FROM
          (p.first_seen_date, p.last_seen_date, p.age_group, p.state, p.city, p.pincode, p.gender, h.email, h.mobile,
           coalesce(s.marketing, false), coalesce(s.personalization, false), coalesce(s.sharing, false));
    GET DIAGNOSTICS changed = ROW_COUNT;
    PERFORM patternos._refresh_serving(keys);
    RETURN changed;
END
$$;

CREATE FUNCTION patternos.resolve_id(global_customer_id text) RETURNS text
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE start AS (
        SELECT substr($1, 7)::bigint AS customer_key
        WHERE $1 ~ '^GLOBAL([0-9]{6}|[1-9][0-9]{6,17})$'
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

REVOKE ALL ON FUNCTION patternos._rebuild_customers(bigint[]), patternos.resolve_id(text),
    patternos.customer_accounts(text) FROM PUBLIC;

COMMENT ON FUNCTION patternos.resolve_id(text) IS
    'The customer id that an id stands for today, however often its customer was merged since.';
COMMENT ON FUNCTION patternos.customer_accounts(text) IS
    'The accounts of a customer with how each was matched; an old id works as well.';
