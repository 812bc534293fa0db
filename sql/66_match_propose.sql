-- Proposed settings of matching: what is compared, and which pairs are.

-- The key of a relation: its primary key when that is one column, else the first column whose name says so and that is unique, else
-- any column that is.
CREATE FUNCTION patternos._propose_unique_id(relation regclass) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    candidate text;
    is_key boolean;
BEGIN
    SELECT a.attname INTO candidate
    FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indrelid = relation AND i.indisunique AND i.indnkeyatts = 1 AND i.indexprs IS NULL AND i.indpred IS NULL AND a.attnotnull
    ORDER BY NOT i.indisprimary, a.attnum LIMIT 1;
    IF FOUND THEN
        RETURN candidate;
    END IF;
    FOR candidate IN
        SELECT r.name FROM patternos._column_roles(relation) AS r
        WHERE r.category NOT IN ('A', 'B') AND r.type NOT IN ('json'::regtype, 'jsonb'::regtype, 'bytea'::regtype)
        ORDER BY array_position(ARRAY['unique_id', 'id', 'uid', 'uuid', 'rec_id', 'record_id', 'row_id', 'key', 'pk'],
                                patternos._spaced_name(r.name)) NULLS LAST,
                 patternos._spaced_name(r.name) !~ '(^|_)(id|key|no|nr|number|uuid|guid)$', r.number
    LOOP
        EXECUTE format('SELECT count(%1$I) = count(*) AND count(DISTINCT %1$I::text COLLATE "C") = count(*) FROM %2$s', candidate, relation)
        INTO is_key;
        IF is_key THEN
            RETURN candidate;
        END IF;
    END LOOP;
    RAISE EXCEPTION 'relation % has no column that is unique and never NULL', relation
        USING ERRCODE = 'invalid_parameter_value', HINT = 'Add a key to the table, and name it in "unique_id".';
END
$$;

-- The columns worth comparing with their role and kind: names decide first, then values; constant and empty columns say nothing. A
-- "title" of longer values is the heading of a thing and no form of address; binary data of another size than a filter's (two bytes beside
-- words of eight) is a digest or a picture.
CREATE FUNCTION patternos._propose_columns(relation regclass, except_columns text[])
RETURNS TABLE (number integer, name text, category "char", role text, kind text, filled double precision, variety double precision, iso boolean, padded boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET bytea_output = 'hex'
AS $$
    WITH known AS (
        SELECT r.number, r.name, r.category, r.type, p.filled::float8 / greatest(p.records, 1) AS filled,
               p.variants::float8 / greatest(p.filled, 1) AS variety, p.iso_date > 0.99 AS iso, p.padded > 0.01 AS padded,
               CASE WHEN r.role IS NOT NULL AND NOT (r.role = 'group' AND r.kind = 'exact' AND p.mean_length > 12) THEN r.role
                    WHEN r.category <> 'S' AND r.category <> 'U' AND NOT (r.type IN ('date'::regtype)) THEN 'other'
                    WHEN p.email > 0.8 THEN 'email' WHEN p.some_date > 0.8 THEN 'birth' WHEN p.phone > 0.8 AND p.variants > p.filled / 10 THEN 'phone'
                    WHEN p.mean_length > 60 THEN 'other'
                    ELSE 'text' END AS role,
               CASE WHEN NOT (r.role = 'group' AND r.kind = 'exact' AND p.mean_length > 12) THEN r.kind END AS kind
        FROM patternos._column_roles(relation) AS r
        JOIN patternos._profile_columns((SELECT array_agg(c.name ORDER BY c.number) FROM patternos._column_roles(relation) AS c
                                                 WHERE c.name <> ALL (except_columns))) AS p ON p.name = r.name
        WHERE p.variants > 1 AND (r.role IS NULL OR r.kind IS NOT NULL)
          AND NOT (r.type = 'bytea'::regtype AND (p.mean_length / 2 - 1)::numeric % 8 <> 2)
    )
    SELECT k.number, k.name, k.category, k.role,
           coalesce(k.kind, CASE k.role WHEN 'email' THEN 'email' WHEN 'birth' THEN 'date' WHEN 'phone' THEN 'phone'
                                        WHEN 'text' THEN CASE WHEN k.category = 'U' THEN 'exact' ELSE 'text' END END),
           k.filled, k.variety, k.iso, k.padded
    FROM known AS k
    WHERE k.role <> 'other' AND NOT (k.role = 'birth' AND k.category = 'D' AND k.kind IS NULL AND k.type <> 'date'::regtype)
    ORDER BY k.number
$$;

-- Whether most rows that hold a whole name hold its parts too, so that one repeats the other.
CREATE FUNCTION patternos._name_is_repeated(full_name text, parts text[]) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result boolean;
BEGIN
    EXECUTE format('SELECT coalesce(avg((%s)::int) > 0.5, false) FROM pg_temp.patternos_match_sample WHERE btrim(%I::text) <> ''''',
                   (SELECT string_agg(format('coalesce(btrim(%I::text), '''') <> ''''', p), ' OR ') FROM unnest(parts) AS p), full_name)
    INTO result;
    RETURN result;
END
$$;

-- Comparisons for the columns of _propose_columns: forename and surname as one, since names are not independent of each other; what
-- repeats another column is left out; at most 15, those that tell most.
CREATE FUNCTION patternos._propose_comparisons(columns jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    names text[] := ARRAY(SELECT DISTINCT ON (c ->> 'role') c ->> 'name' FROM jsonb_array_elements(columns) AS c
                          WHERE c ->> 'role' IN ('forename', 'surname') ORDER BY c ->> 'role', (c ->> 'filled')::float8 < 0.3, (c ->> 'number')::int);
    has_place boolean := EXISTS (SELECT FROM jsonb_array_elements(columns) AS c WHERE c ->> 'role' IN ('postcode', 'place'));
    col jsonb;
    result jsonb := '[]';
BEGIN
    IF cardinality(names) = 2 THEN
        result := jsonb_build_array(jsonb_build_object('columns', to_jsonb(names), 'kind', 'full_name'));
    END IF;
    FOR col IN SELECT c FROM jsonb_array_elements(columns) AS c
               ORDER BY array_position('{surname,forename,full_name,birth,email,phone,identifier,postcode,address,set,bloom,house,place,device,middle,number,alias,text,group,region}',
                                       c ->> 'role'), (c ->> 'variety')::float8 DESC, (c ->> 'number')::int LOOP
        CONTINUE WHEN cardinality(names) = 2 AND col ->> 'name' = ANY (names);
        CONTINUE WHEN col ->> 'role' = 'region' AND has_place;
        CONTINUE WHEN col ->> 'role' = 'full_name' AND names <> '{}' AND patternos._name_is_repeated(col ->> 'name', names);
        result := result || jsonb_build_object('column', col ->> 'name', 'kind', col ->> 'kind');
        EXIT WHEN jsonb_array_length(result) = 15;
    END LOOP;
    RETURN result;
END
$$;

-- What blocking rules are made of: an expression per part. strength 1 is the whole value; parts of one base are implied by it.
CREATE FUNCTION patternos._blocking_parts(columns jsonb) RETURNS TABLE (part text, base text, whole boolean, expression text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH ranked AS (
        SELECT c ->> 'role' AS role, quote_ident(c ->> 'name') AS col, c ->> 'category' AS category, (c ->> 'iso')::boolean AS iso,
               CASE WHEN (c ->> 'padded')::boolean THEN format('ltrim(%I)', c ->> 'name')
                    WHEN c ->> 'category' = 'S' THEN quote_ident(c ->> 'name') ELSE format('%I::text', c ->> 'name') END AS bare,
               row_number() OVER (PARTITION BY c ->> 'role' ORDER BY (c ->> 'filled')::float8 < 0.3, (c ->> 'number')::int) AS number
        FROM jsonb_array_elements(columns) AS c
    ), base AS (
        SELECT *, role || CASE WHEN number > 1 THEN number::text ELSE '' END AS base FROM ranked WHERE number <= 3
    )
    SELECT base, base, true, col FROM base
    UNION ALL
    SELECT base || p.suffix, base, false, replace(p.expression, '$', bare)
    FROM base
    JOIN (VALUES ('surname', '3', 'left($, 3)'), ('surname', 'p', 'patternos.phonetic_key($)'), ('forename', 'p', 'patternos.phonetic_key($)'),
                 ('forename', '2', 'left($, 2)'), ('email', 'u', 'split_part($, ''@'', 1)'),
                 ('phone', '7', 'right(regexp_replace($, ''\D'', '''', ''g''), 7)'), ('postcode', '3', 'left($, 3)'), ('address', '6', 'left($, 6)'),
                 ('full_name', 'f', 'substring($ FROM ''^\W*(\w+)'')'), ('full_name', 'l', 'substring($ FROM ''(\w+)\W*$'')'),
                 ('text', 'w', 'patternos.word_pairs($)')) AS p (role, suffix, expression)
         USING (role)
    WHERE p.expression NOT LIKE '%phonetic%' OR to_regprocedure('patternos.phonetic_key(text)') IS NOT NULL
    UNION ALL
    SELECT base || p.suffix, base, false,
           CASE WHEN category = 'D' THEN format(p.of_date, col) WHEN iso THEN format(p.of_text, bare)
                ELSE format(p.of_text, format('patternos._normalize_value(''date'', %s)', bare)) END
    FROM base, (VALUES ('y', 'extract(year FROM %s)', 'left(%s, 4)'), ('m', 'to_char(%s, ''MM-DD'')', 'substr(%s, 6, 5)')) AS p (suffix, of_date, of_text)
    WHERE role = 'birth'
$$;

-- Rules worth a look, each as a list of parts.
CREATE FUNCTION patternos._blocking_candidates() RETURNS SETOF text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT unnest('{
    email,email2,emailu,phone,phone2,phone3,phone7,identifier,identifier2,identifier3,device,set,set2,set3,birth,full_name,full_name2,surname,forename,
    postcode,address,address2,text,text2,place,place2,surname3,forename2,surnamep,forenamep,birthy,birthm,postcode3,full_namef,full_namel,house,textw,text2w,
    surname forename,surname birth,forename birth,full_namef birth,full_namel birth,birth postcode,birth place,birth address,
    surname postcode,forename postcode,surname place,forename place,surname address,forename address,full_namel postcode,full_namef postcode,
    full_namel place,full_namef place,surname birthy,forename birthy,surname birthm,forename birthm,full_namel birthy,full_namef birthy,
    surname forename2,forename surname3,forename surnamep,surname forenamep,full_namef full_namel,full_name place,full_name postcode,house address,
    house postcode,house surname,house birth,surname text,forename text,full_namel text,full_namef text,birth text,postcode text,
    textw number,textw postcode,textw place,textw group,textw text2,
    surnamep birthy,forenamep birthy,surnamep birthm,surnamep forenamep,surnamep postcode3,forenamep postcode3,forename postcode3,surname postcode3,
    address6 postcode,address6 surname3,address6 birth,birth surname3,birth forename2,postcode birthy,postcode birthm,
    surnamep forenamep birthy,surnamep forenamep postcode3,surname3 forename2 birthy,surname3 forename2 place,surnamep forenamep place,
    surname3 forename2 birthm,surname forename postcode3,surname forename place,full_namef postcode3 birthy,postcode3 birthy forename2,
    postcode3 birthy surname3,surname forename birthy,surname birthy place,forename birthy place,full_namef full_namel birthy,full_namef full_namel place,
    surname forename birth,surname forename birth postcode}'::text[]) $$;

-- Candidates with what they need, as SQL of the settings.
CREATE FUNCTION patternos._blocking_rules(columns jsonb) RETURNS TABLE (rule text, parts text[], implied text[])
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(p.expression, ', ' ORDER BY t.n), array_agg(p.part ORDER BY t.n),
           (SELECT array_agg(q.part) FROM patternos._blocking_parts(columns) AS q
            WHERE q.part = ANY (array_agg(p.part)) OR q.base = ANY (array_agg(p.base) FILTER (WHERE p.whole)))
    FROM patternos._blocking_candidates() WITH ORDINALITY AS c (candidate, number)
    CROSS JOIN LATERAL unnest(string_to_array(btrim(c.candidate), ' ')) WITH ORDINALITY AS t (part, n)
    LEFT JOIN patternos._blocking_parts(columns) AS p USING (part)
    GROUP BY c.number HAVING bool_and(p.part IS NOT NULL)
    ORDER BY count(*), c.number
$$;

-- Pairs that a rule makes in the whole relation, forecast from a sample.
CREATE FUNCTION patternos._forecast_pairs(document jsonb, relation regclass, share double precision, rule text) RETURNS double precision
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key record;
    pairs double precision;
BEGIN
    key := patternos._match_key(document, relation, rule);
    EXECUTE format('SELECT coalesce(sum(n * (n - 1.0) / 2), 0) FROM (SELECT count(*) AS n FROM (SELECT %s AS k FROM pg_temp.patternos_match_sample AS %s) AS s WHERE k IS NOT NULL GROUP BY k) AS g',
                   CASE WHEN key.exploded THEN format('unnest(%s)', key.expression) ELSE key.expression END, patternos._match_alias(relation))
    INTO pairs;
    RETURN pairs / (share * share);
END
$$;

-- Blocking rules for the columns: broad ones first, as long as each and all together stay within a number of pairs that grows with the
-- records; what an accepted rule covers is left out. Small tables have a last rule that every pair agrees on.
CREATE FUNCTION patternos._propose_blocking(document jsonb, relation regclass, share double precision, columns jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    records double precision;
    candidate record;
    pairs double precision;
    total double precision := 0;
    accepted jsonb := '[]';
    result jsonb := '[]';
BEGIN
    SELECT count(*) / share INTO records FROM pg_temp.patternos_match_sample;
    FOR candidate IN SELECT * FROM patternos._blocking_rules(columns) LOOP
        CONTINUE WHEN EXISTS (SELECT FROM jsonb_array_elements(accepted) AS a
                              WHERE ARRAY(SELECT jsonb_array_elements_text(a)) <@ candidate.implied);
        pairs := patternos._forecast_pairs(document, relation, share, candidate.rule);
        CONTINUE WHEN pairs < 1 OR pairs > 10 * records + 1e6 OR total + pairs > 40 * records + 3e6;
        total := total + pairs;
        accepted := accepted || jsonb_build_array(to_jsonb(candidate.parts));
        result := result || to_jsonb(candidate.rule);
        EXIT WHEN jsonb_array_length(result) = 30;
    END LOOP;
    RETURN CASE WHEN records <= 1000 THEN result || '["1"]' ELSE result END;
END
$$;
