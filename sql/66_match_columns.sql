-- What the columns of a table hold, by their names, types and values: the start of every proposal.

-- What names of columns mean: the first pattern that a name fits decides. Names are lower case, words apart by '_'.
-- role is what blocking rules know the column as; kind is how it is compared, NULL for never.
CREATE FUNCTION patternos._column_meanings() RETURNS TABLE (priority integer, role text, kind text, pattern text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ VALUES
    (10, 'truth', NULL, '^((true|gold|ground|expected|known)_.*|.*_truth|truth|clusters?|cluster_(id|key|no)|entity|entity_id|person_id|label|labels|is_match|match_(id|key|group|score|weight|probability)|group_id|duplicate_of|dup_of|split|test_group)$'),
    (20, 'source', NULL, '^(data_?)?(source|system|platform|origin|file|dataset)(_?(name|system|dataset|id|file|table|code))?$'),
    (30, 'email', 'email', '(^|_)(e_?mail|mail|email_?(id|addr|address)|correo|courriel)(_?[0-9])?($|_(id|addr|address|primary|personal|work|home|[0-9]))'),
    (40, 'other', NULL, '(^|_)(type|kind|status|category|flag|verified|created|updated|modified|inserted|loaded|registered|joined|last_seen|first_seen|timestamp|comment|comments|note|notes|description|url|website|record|version|password|amount|score)(_|$)'),
    (50, 'phone', 'phone', '(^|_)(phone|phones|phone_?(no|num|number)|mobile|mobile_?(no|num|number)|tel|telephone|telefon|telefono|telefone|cell|cell_?phone|landline|msisdn|whatsapp|fax|handy|contact_?(no|num|number))(_?[0-9])?($|_)'),
    (60, 'postcode', 'postcode', '(^|_)(post_?codes?|postal|postal_?code|zip|zip_?code|pin_?code|pin|plz|postleitzahl|cep|codigo_postal|code_postal|cap)(_?[0-9])?($|_)'),
    (70, 'birth', 'date', '(^|_)(dob|birth_?(date|day)|date_?of_?birth|geburtsdatum|geburtstag|fecha_?(de_?)?nac(imiento)?|date_?(de_?)?naissance|data_?(de_?|di_?)?nasc(ita|imento)?|born)($|_)'),
    (75, 'number', 'number', '(^|_)(age|height|weight|income|price|lat|latitude|lon|lng|longitude|(birth_?year|year_?of_?birth|yob))($|_)'),
    (76, 'other', NULL, '(^|_)(date|time|datetime|day|month|year)($|_)'),
    (80, 'full_name', 'full_name', '(^|_)(full_?name|name_?full|complete_?name|first_?and_?(sur|last_?)name|(customer|person|patient|client|contact|member|voter|holder|employee|student|display|legal|native)_?name|nome_?completo|nombre_?completo|nom_?complet)($|_)'),
    (90, 'middle', 'name', '(^|_)(middle_?names?|middle_?initials?|mname|name_?middle|second_?name)($|_)'),
    (100, 'surname', 'name', '(^|_)(surname|sur_?names?|last_?name|family_?name|lname|sname|lastnm|name_?last|nachname|familienname|apellidos?|cognome|sobrenome|nom_?de_?famille|nom|achternaam)(_?[0-9])?($|_)'),
    (110, 'forename', 'name', '(^|_)(fore_?names?|first_?name|given_?names?|christian_?name|fname|gname|firstnm|name_?first|vorname|pr[eé]nom|nombres?|nome|voornaam)(_?[0-9])?($|_)'),
    (120, 'alias', 'name', '(^|_)(nick_?name|alias|maiden_?name|aka|mother_?name|father_?name|spouse_?name|(mother|father|husband|wife)s_?name)($|_)'),
    (130, 'full_name', 'full_name', '^(name|names|person|naam)$'),
    (140, 'place', 'text', '(^|_)(birth_?place|place_?of_?birth|city|town|suburb|locality|village|municipality|ort|stadt|ville|ciudad|citt[aà]|cidade|district)($|_)'),
    (150, 'region', 'exact', '(^|_)(state|province|region|county|country|country_?code|bundesland|land|pays|pais|nation)($|_)'),
    (160, 'house', 'exact', '(^|_)((street|house|building|flat|unit|addr|address)_?(no|num|number|nr)|hausnummer|hausnr)($|_)'),
    (170, 'address', 'address', '(^|_)(address|addr|address_?line|addr_?line[0-9]?|addr_?full|street|street_?(name|address)|strasse|straße|road|rue|calle|adresse|direccion|indirizzo|endereco|residence)(_?[0-9])?($|_)'),
    (175, 'group', 'gender', '(^|_)(sex|gender|geschlecht|sexo|sexe)($|_)'),
    (180, 'group', 'exact', '(^|_)(title|salutation|suffix|marital|marital_status|nationality|language|race|ethnicity|blood_?group)($|_)'),
    (190, 'identifier', 'identifier', '(^|_)(ssn|soc_?sec(_?(id|no))?|social_?security(_?(no|number))?|sin|nino?|aadhaar|aadhar|pan|passport|licen[cs]e|drivers?_?licen[cs]e|national_?id|tax_?(id|no)|vat|nhs|mrn|voter_?id|loyalty|loyalty_?(id|no|number|card)|member_?(id|no|number)|membership_?(id|no|number)|iban|lei|ein|itin|tin|duns|npi|uen|gstin|cpf|cnpj|curp|rfc|dni|nif|pesel|bsn|dl|drlic|driver_?lic|passport_?(no|number)|id_?number|[a-z]+_?id_?number)($|_)'),
    (200, 'device', 'exact', '(^|_)(device|device_?id|cookie|cookie_?id|ip|ip_?address|advertising_?id|idfa|gaid)s?($|_)')
$$;

-- A name in lower case, its words apart by '_'.
CREATE FUNCTION patternos._spaced_name(name text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT btrim(regexp_replace(lower(regexp_replace(name, '([a-z0-9])([A-Z])', '\1_\2', 'g')), '[^[:alnum:]]+', '_', 'g'), '_') $$;

-- The columns of a relation with what their names and types tell. An array is a set and binary data a Bloom filter, whatever the name.
CREATE FUNCTION patternos._column_roles(relation regclass)
RETURNS TABLE (number integer, name text, category "char", type regtype, role text, kind text)
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    SELECT a.attnum, a.attname, t.typcategory, t.oid::regtype,
           CASE WHEN t.typcategory = 'A' THEN 'set' WHEN t.oid = 'bytea'::regtype THEN 'bloom' ELSE m.role END,
           CASE WHEN m.role IN ('truth', 'source') THEN NULL
                WHEN t.typcategory = 'A' THEN 'set' WHEN t.oid = 'bytea'::regtype THEN 'bloom'
                WHEN t.typcategory IN ('B', 'G', 'R', 'P') OR t.oid IN ('json'::regtype, 'jsonb'::regtype) THEN NULL
                ELSE m.kind END
    FROM pg_attribute AS a
    JOIN pg_type AS d ON d.oid = a.atttypid
    JOIN pg_type AS t ON t.oid = CASE WHEN d.typtype = 'd' THEN d.typbasetype ELSE d.oid END
    LEFT JOIN LATERAL (SELECT c.role, c.kind FROM patternos._column_meanings() AS c
                       WHERE patternos._spaced_name(a.attname) ~ c.pattern ORDER BY c.priority LIMIT 1) AS m ON true
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
$$;

-- How a column is compared when the settings do not say: by its name, else by its type.
CREATE FUNCTION patternos._column_kind(relation regclass, name text) RETURNS text
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(r.kind, CASE r.category WHEN 'D' THEN 'date' WHEN 'N' THEN 'number' WHEN 'S' THEN 'text' ELSE 'exact' END)
    FROM patternos._column_roles(relation) AS r WHERE r.name = _column_kind.name
$$;

-- A part of a relation's rows for statistics: all of them up to a number, else those whose hash says so, so that the same rows are
-- taken in whatever order they lie. Returns the share of the rows that was taken.
CREATE FUNCTION patternos._sample_relation(relation regclass, columns text[], most bigint) RETURNS double precision
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
    records bigint;
    share double precision := 1;
BEGIN
    EXECUTE format('SELECT count(*) FROM %s', relation) INTO records;
    IF records > most THEN
        share := most / records::double precision;
    END IF;
    DROP TABLE IF EXISTS pg_temp.patternos_match_sample;
    EXECUTE format('CREATE TEMP TABLE patternos_match_sample ON COMMIT DROP AS SELECT %s FROM %s AS r %s',
                   (SELECT string_agg(format('r.%I', c), ', ') FROM unnest(columns) AS c), relation,
                   CASE WHEN share < 1 THEN format('WHERE hashtextextended(r::text, 0) & 1048575 < %s', round(share * 1048576)) ELSE '' END);
    RETURN share;
END
$$;

-- Statistics of the values of a sample's columns, as text and without blank ones: shares of those filled in, except where said.
CREATE FUNCTION patternos._profile_columns(columns text[])
RETURNS TABLE (name text, records bigint, filled bigint, variants bigint, mean_length double precision,
               email double precision, iso_date double precision, some_date double precision, digits double precision,
               phone double precision, spaced double precision, padded double precision)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET datestyle = 'ISO' SET work_mem = '64MB'
AS $$
BEGIN
    RETURN QUERY EXECUTE format($q$
        SELECT c.name, (SELECT count(*) FROM pg_temp.patternos_match_sample), count(v), count(DISTINCT v COLLATE "C"), coalesce(avg(length(v)), 0)::float8,
               coalesce(avg((v ~ '^[^@\s]+@[^@\s]+$')::int), 0)::float8,
               coalesce(avg((v ~ '^\d{4}-\d\d-\d\d')::int), 0)::float8,
               coalesce(avg((v ~ '^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/. ](\d{1,2}|[A-Za-z]{3,9})[-/. ](\d{4}|\d\d)|(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01]))($|[ T])')::int), 0)::float8,
               coalesce(avg((v ~ '^\d+$')::int), 0)::float8,
               coalesce(avg((v ~ '^\+?[\d ().-]{7,20}$' AND length(translate(v, '+ ().-', '')) BETWEEN 7 AND 15)::int), 0)::float8,
               coalesce(avg((v ~ '\s')::int), 0)::float8,
               coalesce(avg((raw ~ '^\s')::int), 0)::float8
        FROM unnest(%1$L::text[]) WITH ORDINALITY AS c (name, number)
        LEFT JOIN (SELECT x.number, x.raw, btrim(x.raw) AS v
                   FROM pg_temp.patternos_match_sample AS s, LATERAL (VALUES %2$s) AS x (number, raw) WHERE btrim(x.raw) <> '') AS y USING (number)
        GROUP BY c.name, c.number ORDER BY c.number $q$,
        columns,
        (SELECT string_agg(format('(%s, left(s.%I::text, 1000))', number, c), ', ') FROM unnest(columns) WITH ORDINALITY AS t (c, number)));
END
$$;

-- A relation's name with its schema, whatever the search path.
CREATE FUNCTION patternos._qualified_name(relation regclass) RETURNS text
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$ SELECT format('%I.%I', relnamespace::regnamespace, relname) FROM pg_class WHERE oid = relation $$;
