
-- Cleansing of exported values, and personal identifiers: canonical forms, hashes, redaction.

CREATE FUNCTION patternos.parse_amount(value text) RETURNS numeric
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'patternos_parse_amount';
COMMENT ON FUNCTION patternos.parse_amount(text) IS
    'The amount that a text of an export means, without its currency sign; NULL when it is none.';

CREATE FUNCTION patternos.parse_datetime(value text, format text DEFAULT '', time_zone text DEFAULT 'Asia/Kolkata')
RETURNS timestamptz
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'patternos_parse_datetime';
COMMENT ON FUNCTION patternos.parse_datetime(text, text, text) IS
    'The moment that a text of an export means; NULL when it is no date or an ambiguous one.';

CREATE FUNCTION patternos.parse_flag(value text) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 3
AS 'MODULE_PATHNAME', 'patternos_parse_flag';
COMMENT ON FUNCTION patternos.parse_flag(text) IS
    'Yes or no in the spellings of exports; NULL for anything else.';

CREATE FUNCTION patternos.check_value(kind text, value text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'patternos_check_value';
COMMENT ON FUNCTION patternos.check_value(text, text) IS
    'The reason code with which a loader would answer a value of a kind, ok for a good one.';

CREATE FUNCTION patternos.normalize_email(value text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'patternos_normalize_email';
COMMENT ON FUNCTION patternos.normalize_email(text) IS
    'The canonical form of an e-mail address; NULL when it is none or a placeholder.';

CREATE FUNCTION patternos.normalize_phone(value text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'patternos_normalize_phone';
COMMENT ON FUNCTION patternos.normalize_phone(text) IS
    'The canonical form of a person''s phone number, E.164; NULL when it is none or shared by many.';

CREATE FUNCTION patternos.normalize_name(value text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'patternos_normalize_name';
COMMENT ON FUNCTION patternos.normalize_name(text) IS
    'The canonical form of a person''s name; NULL when it is none or a placeholder.';

CREATE FUNCTION patternos.normalize_address(value text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'patternos_normalize_address';
COMMENT ON FUNCTION patternos.normalize_address(text) IS
    'The canonical form of an address; NULL when it is none or a placeholder.';

CREATE FUNCTION patternos.normalize_code(value text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'patternos_normalize_code';
COMMENT ON FUNCTION patternos.normalize_code(text) IS
    'The canonical form of a loyalty or device id; NULL when it is none or a placeholder.';

CREATE FUNCTION patternos.normalize_ip(value text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'patternos_normalize_ip';
COMMENT ON FUNCTION patternos.normalize_ip(text) IS
    'The canonical form of a public IP address; NULL when it is none or shared by many networks.';

CREATE FUNCTION patternos.hash_pii(value text, salt text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20
AS 'MODULE_PATHNAME', 'patternos_hash_pii';
COMMENT ON FUNCTION patternos.hash_pii(text, text) IS
    'SHA-256 of value followed by salt, in hexadecimal.';

CREATE FUNCTION patternos.redact_pii(value text) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 20
AS 'MODULE_PATHNAME', 'patternos_redact_text';
COMMENT ON FUNCTION patternos.redact_pii(text) IS
    'The text with e-mail addresses, phone, card and Aadhaar numbers replaced by labels.';

CREATE FUNCTION patternos.redact_pii(value jsonb) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'patternos_redact_jsonb';
COMMENT ON FUNCTION patternos.redact_pii(jsonb) IS
    'The document with identifiers in its keys, strings and numbers replaced by labels.';

CREATE FUNCTION patternos.hash_identifier(kind text, value text) RETURNS bytea
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'patternos_hash_identifier';
COMMENT ON FUNCTION patternos.hash_identifier(text, text) IS
    'The keyed hash under which the warehouse stores an identifier; NULL for a value that is refused.';

-- The first 64 bits of a hash: account_identifier.value_key of a value_hash.
CREATE FUNCTION patternos._value_key(value_hash bytea) RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'patternos__value_key';

-- Eight bytes that tell whether two keys are the same.
CREATE FUNCTION patternos._key_check() RETURNS bytea
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'patternos__key_check';

-- What is wrong with the key file, and what to do; NULLs when it is usable.
CREATE FUNCTION patternos._key_problem(OUT problem text, OUT remedy text)
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'patternos__key_problem';

-- Ties the warehouse to the present key at its first use: from then on hashes under another key are
-- refused. Loaders call it in a transaction that stores hashes.
CREATE FUNCTION patternos._register_key() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._require_owner();
    INSERT INTO patternos_dw.hash_key (version, key_check)
    SELECT 1, patternos._key_check()
    WHERE NOT EXISTS (SELECT FROM patternos_dw.hash_key)
    ON CONFLICT (version) DO NOTHING;
    -- a concurrent first load may have had another key
    IF NOT EXISTS (SELECT FROM patternos_dw.hash_key k WHERE k.key_check = patternos._key_check()) THEN
        RAISE EXCEPTION 'key file is not the one that this warehouse was loaded with'
            USING ERRCODE = 'config_file_error',
                  HINT = 'Point patternos.key_file at the right file: with another key every customer would become a new one.';
    END IF;
END
$$;

REVOKE ALL ON FUNCTION patternos.hash_identifier(text, text), patternos._value_key(bytea), patternos._key_check(), patternos._key_problem(),
    patternos._register_key() FROM PUBLIC;
