-- The model of accounts that is shipped: in force until one is trained.
--
-- It has to be right for a warehouse that nobody has seen, so its weights are priors and stay on the careful
-- side: two random accounts are one person's once in a million pairs, and what goes together is one
-- comparison. An address and a home's network are the same evidence twice, hence "place" takes both;
-- "address" adds only where the writing differs. A common surname says less than nothing once the place is
-- the same: families live together.

-- A level of a comparison, m and u as powers of two.
CREATE FUNCTION patternos._level(test text, threshold double precision, m double precision, weight double precision) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object('test', test, 'threshold', threshold, 'm', m,
                                                'u', round((m / 2 ^ weight)::numeric, 9),
                                                'label', test || coalesce(' >= ' || threshold, '')))
$$;

CREATE FUNCTION patternos._default_account_model() RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'format', 'patternos.match_model', 'format_version', 1, 'unique_id', 'identity_key', 'link_type', 'dedupe_only', 'source', NULL,
        'relation', 'patternos_dw.match_account',
        'probability_two_random_records_match', 0.000001,
        'blocking', '["device_hashes", "place_hashes", "email_user_hash", "birth_date_hash, forename_phonetic_hash",
                      "birth_date_hash, surname_phonetic_hash", "surname_phonetic_hash, house_hash, pincode"]'::jsonb,
        'columns', '[{"column": "forename_bloom", "kind": "bloom"}, {"column": "surname_bloom", "kind": "bloom"},
                     {"column": "birth_year_hash", "kind": "exact"}, {"column": "birth_month_hash", "kind": "exact"},
                     {"column": "birth_day_hash", "kind": "exact"}, {"column": "place_hashes", "kind": "set"},
                     {"column": "address_bloom", "kind": "bloom"}, {"column": "city", "kind": "exact"},
                     {"column": "age_group", "kind": "exact"}, {"column": "device_hashes", "kind": "set"},
                     {"column": "email_user_hash", "kind": "exact"}]'::jsonb,
        'comparisons', jsonb_build_array(
            jsonb_build_object('name', 'name', 'kind', 'bloom', 'columns', '["forename_bloom", "surname_bloom"]'::jsonb, 'levels', jsonb_build_array(
                patternos._level('exact', NULL, 0.70, 14), patternos._level('swapped', 0.9, 0.02, 11),
                patternos._level('both_jaro_winkler', 0.75, 0.10, 11), patternos._level('both_jaro_winkler', 0.55, 0.06, 8),
                patternos._level('surname_exact', 0.4, 0.02, 5), patternos._level('forename_exact', 0.4, 0.02, 5),
                patternos._level('forename_exact', 0, 0.04, 2),
                patternos._level('surname_only', 1, 0.01, 3), patternos._level('forename_only', 1, 0.02, 3),
                patternos._level('surname_exact', 0, 0.008, -4.3), patternos._level('else', NULL, 0.002, -8.9))),
            jsonb_build_object('name', 'birth_date', 'kind', 'date',
                'columns', '["birth_year_hash", "birth_month_hash", "birth_day_hash"]'::jsonb, 'levels', jsonb_build_array(
                patternos._level('exact', NULL, 0.92, 13), patternos._level('swapped_day_month', NULL, 0.02, 7),
                patternos._level('two_parts', NULL, 0.04, 1.5), patternos._level('else', NULL, 0.02, -5.5))),
            jsonb_build_object('name', 'place', 'kind', 'set', 'columns', '["place_hashes"]'::jsonb, 'levels', jsonb_build_array(
                patternos._level('shared', 2, 0.35, 16), patternos._level('shared', 1, 0.40, 13.5),
                patternos._level('else', NULL, 0.25, -2))),
            jsonb_build_object('name', 'address', 'kind', 'bloom', 'columns', '["address_bloom"]'::jsonb, 'levels', jsonb_build_array(
                patternos._level('exact', NULL, 0.5, 0), patternos._level('dice', 0.8, 0.15, 9),
                patternos._level('dice', 0.65, 0.05, 4), patternos._level('else', NULL, 0.3, -0.5))),
            jsonb_build_object('name', 'city', 'kind', 'exact', 'columns', '["city"]'::jsonb, 'levels', jsonb_build_array(
                patternos._level('exact', NULL, 0.8, 2), patternos._level('else', NULL, 0.2, -2))),
            jsonb_build_object('name', 'age_group', 'kind', 'exact', 'columns', '["age_group"]'::jsonb, 'levels', jsonb_build_array(
                patternos._level('exact', NULL, 0.85, 1.3), patternos._level('else', NULL, 0.15, -2))),
            jsonb_build_object('name', 'device', 'kind', 'set', 'columns', '["device_hashes"]'::jsonb, 'levels', jsonb_build_array(
                patternos._level('shared', 2, 0.15, 11), patternos._level('shared', 1, 0.45, 8),
                patternos._level('else', NULL, 0.4, -1.2))),
            jsonb_build_object('name', 'email_user', 'kind', 'exact', 'columns', '["email_user_hash"]'::jsonb, 'levels', jsonb_build_array(
                patternos._level('exact', NULL, 0.1, 9), patternos._level('else', NULL, 0.9, -0.15)))))
$$;

-- How the model of accounts is trained: the comparisons and blocking rules of the shipped one. What tells a
-- person from the household stays as shipped, for pairs that share a block are mostly of one household: the
-- share of matches, names, and addresses, of which "place" has the evidence already.
CREATE FUNCTION patternos._account_model_settings() RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('unique_id', 'identity_id', 'link_type', 'dedupe_only', 'blocking', d -> 'blocking',
               'probability_two_random_records_match', d -> 'probability_two_random_records_match',
               'comparisons', (SELECT jsonb_agg(CASE WHEN c.value ->> 'name' NOT IN ('name', 'address') THEN c.value ELSE
                                   jsonb_set(c.value, '{levels}', (SELECT jsonb_agg(l.value || '{"fix_m": true, "fix_u": true}' ORDER BY l.number)
                                                                   FROM jsonb_array_elements(c.value -> 'levels') WITH ORDINALITY l (value, number))) END
                                   ORDER BY c.number)
                               FROM jsonb_array_elements(d -> 'comparisons') WITH ORDINALITY c (value, number)))
    FROM patternos._default_account_model() d
$$;

CREATE FUNCTION patternos.train_account_model() RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._require_owner();
    PERFORM patternos.train_match_model('accounts', patternos._account_model_settings(), 'patternos_dw.match_account');
    RETURN (patternos._account_model()).version;
END
$$;

REVOKE ALL ON FUNCTION patternos._level(text, double precision, double precision, double precision), patternos._default_account_model(),
    patternos._account_model_settings(), patternos.train_account_model() FROM PUBLIC;

COMMENT ON FUNCTION patternos.train_account_model() IS
    'Trains a new version of the model of accounts on the warehouse''s accounts and returns its number.';
