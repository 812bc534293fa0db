-- Landing of accounts: identifiers, features, profiles and consents. src/landing_customer_write.c writes what is new
-- and lists the relations read here, which are about known accounts.
--
-- The newest row of an account says which identifiers, devices and addresses it has: those that it no longer
-- brings go away, except devices that events came with. Profiles keep the most recent value of each attribute and consents every statement with its time, so that the rows of
-- an account may come in any order and in any batches.

CREATE FUNCTION patternos._seed_customer_mapping() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO patternos_dw.source_mapping (landing_view, column_name, position, entity, field)
    SELECT 'landing_customer', c.name, c.position, 'customer', CASE c.name WHEN 'phone' THEN 'mobile' ELSE c.name END
    FROM unnest('{platform_id,platform_customer_id,name,email,phone,birth_date,gender,address,city,state,pincode,loyalty_id,'
                'devices,ips,consent_marketing,consent_personalization,consent_sharing,email_sha256,mobile_sha256,updated_at}'::text[])
        WITH ORDINALITY c (name, position)
    ON CONFLICT DO NOTHING
$$;

-- What a parked batch keeps of a row besides its payload: tokens instead of the identifiers, the band of age
-- instead of the birth date, the features instead of the address. An expression over staged s.
CREATE FUNCTION patternos._parked_customer_payload(landing_view text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 's.payload' || coalesce(' || jsonb_strip_nulls(jsonb_build_object(' || string_agg(
               CASE m.field WHEN 'birth_date' THEN format('%L, s.age_group', m.column_name)
                            WHEN 'address' THEN format('%L, ''f'' || encode(s.feature, ''hex'')', m.column_name)
                            WHEN 'name' THEN format('%L, patternos._tokens(s.name_address_dob)', m.column_name)
                            ELSE format('%L, patternos._tokens(s.%I)', m.column_name, m.field) END, ', ') || '))', '')
    FROM patternos_dw.source_mapping m
    WHERE m.landing_view = _parked_customer_payload.landing_view
      AND m.field IN ('birth_date', 'name', 'address', 'email', 'email_sha256', 'mobile', 'mobile_sha256', 'loyalty_id', 'devices', 'ips')
$$;

CREATE FUNCTION patternos._tokens(hashes bytea) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg('h' || encode(substr(hashes, 32 * i + 1, 32), 'hex'), ';' ORDER BY i)
    FROM generate_series(0, octet_length(hashes) / 32 - 1) i
$$;

-- Both sets' numbers, sorted; NULL is an empty set.
CREATE FUNCTION patternos._union(numbers bigint[], others bigint[]) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT array_agg(DISTINCT n ORDER BY n) FROM unnest(numbers || others) n
$$;

-- What was known before. Leaves "old_profile" and "old_statement" by account number.
CREATE FUNCTION patternos._landing_steps_known() RETURNS TABLE (relation text, statement text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $steps$ VALUES
('old_profile', $$
    SELECT k.account, p.age_group, p.gender, p.state, p.city, p.pincode
    FROM known_key k LEFT JOIN patternos_dw.account_profile p USING (identity_key)$$),
('old_statement', $$
    SELECT k.account, o.stated_at, o.stated_hash
    FROM known_key k JOIN patternos_dw.account_profile o USING (identity_key) WHERE o.stated_at IS NOT NULL$$)
$steps$;

-- Identifiers and features. Leaves "applied", the rows that are newer than what was known of their account,
-- "removed" and "added", the accounts that lost and got identifiers, and "changed_feature", known ones that are
-- compared by something else now.
CREATE FUNCTION patternos._landing_steps_identifiers() RETURNS TABLE (relation text, statement text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $steps$ VALUES
('applied', $$
    SELECT s.line, k.identity_key, k.is_new, s.updated_at, s.content_hash
    FROM staged_statement s JOIN account_key k USING (account) LEFT JOIN old_statement o USING (account)
    WHERE o.stated_at IS NULL OR (s.updated_at >= o.stated_at AND s.content_hash <> o.stated_hash)$$),
(NULL, $$
    UPDATE patternos_dw.account_profile p SET stated_at = a.updated_at, stated_hash = a.content_hash
    FROM applied a WHERE p.identity_key = a.identity_key AND NOT a.is_new$$),
('target', $$
    SELECT i.identity_key, i.kind, i.value_hash, patternos._value_key(i.value_hash) AS value_key, a.updated_at
    FROM applied a JOIN staged_identifier i USING (line)$$),
('removed', $$
    DELETE FROM patternos_dw.account_identifier h USING applied a
    WHERE h.identity_key = a.identity_key AND NOT a.is_new
      AND NOT EXISTS (SELECT FROM target t WHERE t.identity_key = h.identity_key AND t.value_key = h.value_key)
    RETURNING h.identity_key$$),
(NULL, $$
    UPDATE patternos_dw.account_identifier h
    SET first_seen = least(h.first_seen, t.updated_at), last_seen = greatest(h.last_seen, t.updated_at)
    FROM target t
    WHERE t.identity_key = h.identity_key AND t.value_key = h.value_key
      AND t.updated_at NOT BETWEEN h.first_seen AND h.last_seen$$),
('added', $$
    INSERT INTO patternos_dw.account_identifier (identity_key, kind, value_hash, first_seen, last_seen)
    SELECT t.identity_key, t.kind, t.value_hash, t.updated_at, t.updated_at FROM target t
    ORDER BY t.identity_key
    ON CONFLICT (identity_key, value_key) DO NOTHING
    RETURNING identity_key$$),
('old_feature', $$
    DELETE FROM patternos_dw.account_feature f USING applied a
    WHERE f.identity_key = a.identity_key AND NOT a.is_new
    RETURNING f.*$$),
('patternos_dw.account_feature', $$
    SELECT f.* FROM applied a JOIN staged_feature f USING (identity_key) ORDER BY f.identity_key$$),
(NULL, $$
    UPDATE patternos_dw.account_feature f
    SET device_hashes = patternos._union(f.device_hashes, o.observed_device_hashes), observed_device_hashes = o.observed_device_hashes
    FROM old_feature o WHERE f.identity_key = o.identity_key AND o.observed_device_hashes IS NOT NULL$$),
('changed_feature', $$
    SELECT a.identity_key
    FROM applied a JOIN patternos_dw.account_feature f USING (identity_key) LEFT JOIN old_feature o USING (identity_key)
    WHERE NOT a.is_new AND ROW(f.*) IS DISTINCT FROM ROW(o.*)$$)
$steps$;

-- The consents. Of two statements of the same moment the one that refuses counts. Leaves "consented": of
-- known accounts the statements that were not there, with the row that made each and whether it may change what holds.
CREATE FUNCTION patternos._landing_steps_consents() RETURNS TABLE (relation text, statement text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $steps$ VALUES
('consent', $$
    SELECT k.identity_key, k.is_new, s.updated_at AS occurred_at, bool_and(s.consent_marketing) AS marketing,
           bool_and(s.consent_personalization) AS personalization, bool_and(s.consent_sharing) AS sharing,
           ARRAY[min(s.line) FILTER (WHERE s.consent_marketing IS NOT NULL),
                 min(s.line) FILTER (WHERE s.consent_personalization IS NOT NULL),
                 min(s.line) FILTER (WHERE s.consent_sharing IS NOT NULL)] AS lines
    FROM staged s JOIN account_key k USING (account) LEFT JOIN old_statement o USING (account)
    WHERE num_nonnulls(s.consent_marketing, s.consent_personalization, s.consent_sharing) > 0
      AND s.row_id IS DISTINCT FROM o.stated_hash
    GROUP BY k.identity_key, k.is_new, s.updated_at$$),
('consented', $$
    SELECT p.line, c.identity_key,
           coalesce(newest.occurred_at <= c.occurred_at, true) AND p.granted IS DISTINCT FROM newest.granted AS is_change
    FROM consent c
    LEFT JOIN patternos_dw.account_consent o ON o.identity_key = c.identity_key AND o.occurred_at = c.occurred_at
    CROSS JOIN LATERAL (VALUES (1, c.lines[1], c.marketing, o.marketing), (2, c.lines[2], c.personalization, o.personalization),
                               (3, c.lines[3], c.sharing, o.sharing)) p (purpose, line, granted, was_granted)
    LEFT JOIN LATERAL (
        SELECT n.occurred_at, s.granted
        FROM patternos_dw.account_consent n
        CROSS JOIN LATERAL (SELECT CASE p.purpose WHEN 1 THEN n.marketing WHEN 2 THEN n.personalization ELSE n.sharing END) s (granted)
        WHERE n.identity_key = c.identity_key AND s.granted IS NOT NULL
        ORDER BY n.occurred_at DESC LIMIT 1) newest ON true
    WHERE NOT c.is_new AND p.granted IS NOT NULL AND (p.was_granted IS NULL OR p.was_granted > p.granted)$$),
(NULL, $$
    INSERT INTO patternos_dw.account_consent AS old (identity_key, occurred_at, batch_id, marketing, personalization, sharing)
    SELECT c.identity_key, c.occurred_at, $1, c.marketing, c.personalization, c.sharing FROM consent c
    ORDER BY c.identity_key, c.occurred_at
    ON CONFLICT (identity_key, occurred_at) DO UPDATE
        SET marketing = least(old.marketing, excluded.marketing), sharing = least(old.sharing, excluded.sharing),
            personalization = least(old.personalization, excluded.personalization), batch_id = excluded.batch_id
        WHERE (old.marketing, old.personalization, old.sharing) IS DISTINCT FROM
              (least(old.marketing, excluded.marketing), least(old.personalization, excluded.personalization),
               least(old.sharing, excluded.sharing))$$)
$steps$;

-- Who has to be looked at again, and which rows added nothing.
CREATE FUNCTION patternos._landing_steps_customer_changes() RETURNS TABLE (relation text, statement text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $steps$ VALUES
('new_profile', $$
    SELECT o.account, k.identity_key
    FROM old_profile o JOIN account_key k USING (account) JOIN patternos_dw.account_profile p USING (identity_key)
    WHERE (o.age_group, o.gender, o.state, o.city, o.pincode) IS DISTINCT FROM (p.age_group, p.gender, p.state, p.city, p.pincode)$$),
('touched', $$
    SELECT identity_key FROM new_profile
    UNION SELECT identity_key FROM removed
    UNION SELECT identity_key FROM added
    UNION SELECT identity_key FROM changed_feature
    UNION SELECT identity_key FROM consented WHERE is_change$$),
('patternos_dw.changed_account', $$
    SELECT identity_key FROM touched$$),
('patternos_dw.changed_customer', $$
    SELECT DISTINCT k.customer_key, 'load' AS reason FROM touched JOIN known_key k USING (identity_key)$$),
(NULL, $$
    SELECT patternos._rebuild_customers(ARRAY(
        SELECT DISTINCT k.customer_key FROM consented c JOIN known_key k USING (identity_key) WHERE c.is_change))$$),
('duplicate', $$
    SELECT s.line FROM staged s JOIN account_key k USING (account)
    WHERE NOT EXISTS (SELECT FROM applied a WHERE a.line = s.line)
      AND NOT EXISTS (SELECT FROM consented c WHERE c.line = s.line)
      AND NOT EXISTS (SELECT FROM new_profile p WHERE p.account = s.account)
      AND NOT EXISTS (SELECT FROM staged_statement n
                      WHERE k.is_new AND n.account = s.account AND n.updated_at > s.updated_at
                        AND (s.consent_marketing IS NOT NULL OR s.consent_personalization IS NOT NULL OR s.consent_sharing IS NOT NULL))$$),
('orphan', $$
    SELECT FROM known_key k WHERE NOT EXISTS (SELECT FROM patternos_dw.dim_customer c WHERE c.customer_key = k.customer_key)$$)
$steps$;

-- The steps of accounts.
CREATE FUNCTION patternos._landing_steps_customer(has_order_id boolean) RETURNS TABLE (relation text, statement text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT * FROM patternos._landing_steps_known()
    UNION ALL SELECT * FROM patternos._landing_steps_profiles()
    UNION ALL SELECT * FROM patternos._landing_steps_identifiers()
    UNION ALL SELECT * FROM patternos._landing_steps_consents()
    UNION ALL SELECT * FROM patternos._landing_steps_customer_changes()
$$;

REVOKE ALL ON FUNCTION patternos._seed_customer_mapping(), patternos._parked_customer_payload(text), patternos._tokens(bytea),
    patternos._union(bigint[], bigint[]),
    patternos._landing_steps_known(), patternos._landing_steps_identifiers(),
    patternos._landing_steps_consents(),
    patternos._landing_steps_customer_changes(), patternos._landing_steps_customer(boolean) FROM PUBLIC;
