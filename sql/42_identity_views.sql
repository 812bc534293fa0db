-- Views of identity resolution.

-- The blocked values of a kind, as value_key, ascending.
CREATE FUNCTION patternos._blocked_values(kind text) RETURNS bigint[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT array_agg(patternos._value_key(b.value_hash) ORDER BY patternos._value_key(b.value_hash)) FROM patternos_dw.identifier_block b WHERE b.kind = $1
$$;

-- Accounts as a relation that can be compared, trained on and explained: what landing wrote, without values
-- that are blocked.
CREATE FUNCTION patternos._create_match_account() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CREATE OR REPLACE VIEW patternos_dw.match_account AS
    SELECT i.identity_key, i.identity_id, i.platform_id, f.name_hash, f.forename_hash, f.surname_hash,
           f.forename_canonical_hash, f.forename_phonetic_hash, f.surname_phonetic_hash, f.forename_initial_hash,
           f.surname_initial_hash, f.birth_date_hash, f.birth_day_hash, f.birth_month_hash, f.birth_year_hash,
           f.birth_year_hashes, f.email_hash, f.email_user_hash, f.mobile_hash, f.mobile_last7_hash,
           upper(left(p.gender, 1)) AS gender, p.age_group, lower(p.state) AS state, lower(p.city) AS city, p.pincode,
           f.pincode_area_hash, f.address_hash, f.house_hash, f.forename_bloom, f.surname_bloom, f.address_bloom,
           patternos._without(f.device_hashes, (SELECT patternos._blocked_values('device'))) AS device_hashes,
           patternos._without(f.ip_hashes, (SELECT patternos._blocked_values('ip'))) AS ip_hashes,
           CASE WHEN f.address_bloom IS NOT NULL OR f.ip_hashes IS NOT NULL
                THEN patternos._without(f.ip_hashes || ('x' || left(md5(f.address_bloom), 16))::bit(64)::bigint,
                                        (SELECT patternos._blocked_values('ip'))) END AS place_hashes,
           ARRAY[CASE upper(left(p.gender, 1)) WHEN 'F' THEN 1 WHEN 'M' THEN 2 ELSE 0 END,
                 coalesce(f.birth_day_hash, 0), coalesce(f.birth_month_hash, 0), coalesce(f.birth_year_hash, 0),
                 hashtextextended(i.platform_id, 0)]
               || ARRAY(SELECT l.value_key FROM patternos_dw.account_identifier l
                        WHERE l.identity_key = i.identity_key AND l.kind = 'loyalty_id'
                          AND NOT EXISTS (SELECT FROM patternos_dw.identifier_block b
                                          WHERE b.kind = l.kind AND b.value_hash = l.value_hash)
                        ORDER BY l.value_key) AS traits
    FROM patternos_dw.dim_customer_identity i
    LEFT JOIN patternos_dw.account_profile p USING (identity_key)
    LEFT JOIN patternos_dw.account_feature f USING (identity_key);
    PERFORM patternos._describe_like('match_account', 'account_profile', 'Accounts as they are compared: keyed hashes and filters of what landing wrote, without blocked values.');
    PERFORM patternos._describe_like('match_account', 'account_feature', 'Accounts as they are compared: keyed hashes and filters of what landing wrote, without blocked values.');
    PERFORM patternos._describe('match_account', 'Accounts as they are compared: keyed hashes and filters of what landing wrote, without blocked values.', $c$
identity_id: the account, as text
gender: F or M; NULL when not known
device_hashes: hashes of its devices without blocked ones; NULL when none are known
ip_hashes: hashes of its IP addresses without blocked ones; NULL when none are known
place_hashes: ip_hashes and the hash of the filter of the address; NULL when nothing is known
traits: what can contradict, as in match_record$c$);
END
$$;

-- The customers that an account belonged to, each with the time in which it did.
CREATE FUNCTION patternos._create_account_customer() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CREATE OR REPLACE VIEW patternos_dw.account_customer AS
    SELECT s.identity_key, s.platform_id, s.platform_customer_id, s.customer_key,
           'GLOBAL' || CASE WHEN s.customer_key < 1000000 THEN lpad(s.customer_key::text, 6, '0')
                            ELSE s.customer_key::text END AS global_customer_id, s.valid_from, s.valid_to
    FROM (SELECT i.identity_key, i.platform_id, i.platform_customer_id, p.customer_key, p.valid_from,
                 lead(p.valid_from, 1, 'infinity') OVER (PARTITION BY i.identity_key ORDER BY p.valid_from, p.history_id) AS valid_to
          FROM patternos_dw.dim_customer_identity i
          JOIN (SELECT i.identity_key, coalesce((SELECT h.old_customer_key FROM patternos_dw.customer_id_history h
                                                 WHERE h.identity_key = i.identity_key ORDER BY h.changed_at, h.history_id LIMIT 1),
                                                i.customer_key) AS customer_key, i.created_at AS valid_from, 0 AS history_id
                FROM patternos_dw.dim_customer_identity i
                UNION ALL
                SELECT h.identity_key, h.new_customer_key, h.changed_at, h.history_id
                FROM patternos_dw.customer_id_history h) p USING (identity_key)) s
    WHERE s.valid_from < s.valid_to;
    PERFORM patternos._describe('account_customer', 'The customers that each account belonged to, and from when to when: for joins as of a moment.', $c$
customer_key: the customer at that time; it may be retired by now, see patternos.resolve_id()
global_customer_id: the same as text
valid_from: when the account came to this customer
valid_to: when it left; infinity for the present customer$c$);
END
$$;

CREATE FUNCTION patternos._create_identity_views() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._create_match_account();
    PERFORM patternos._create_account_customer();
    PERFORM patternos._create_match_review();
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

REVOKE ALL ON FUNCTION patternos._blocked_values(text), patternos._create_match_account(), patternos._create_account_customer(),
    patternos._create_identity_views() FROM PUBLIC;
