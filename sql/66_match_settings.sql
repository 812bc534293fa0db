-- Settings of matching: what they may hold, and the columns that they speak of.

CREATE FUNCTION patternos._match_kinds() RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT '{exact,name,full_name,date,email,phone,postcode,address,text,number,set,bloom,identifier,gender}'::text[] $$;

-- Raises 22023 for the first key of an object that is not allowed, and lists what is.
CREATE FUNCTION patternos._check_keys(object jsonb, what text, allowed text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    stranger text;
BEGIN
    IF jsonb_typeof(object) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'settings, a comparison and labels must each be a JSON object' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT k INTO stranger FROM jsonb_object_keys(object) AS k WHERE k <> ALL (allowed) ORDER BY k LIMIT 1;
    IF stranger IS NOT NULL THEN
        RAISE EXCEPTION '% has no key "%"', what, stranger
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Allowed are: ' || array_to_string(allowed, ', ') || '.';
    END IF;
END
$$;

-- Raises 22023 unless the value, if there is one, has a type of JSON.
CREATE FUNCTION patternos._check_json_type(object jsonb, keys text[], type text, what text) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wrong text;
BEGIN
    SELECT k INTO wrong FROM unnest(keys) AS k WHERE jsonb_typeof(object -> k) NOT IN (type, 'null') LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION '"%" of % must be %', wrong, what, CASE type WHEN 'array' THEN 'an array' ELSE 'a ' || type END
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
END
$$;

-- Raises unless each comparison of the settings has known keys, a kind that is shipped, and columns.
CREATE FUNCTION patternos._check_match_comparisons(comparisons jsonb) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    comparison jsonb;
BEGIN
    IF jsonb_array_length(comparisons) NOT BETWEEN 1 AND 15 THEN
        RAISE EXCEPTION 'settings must have between 1 and 15 comparisons' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR comparison IN SELECT value FROM jsonb_array_elements(comparisons) LOOP
        PERFORM patternos._check_keys(comparison, 'a comparison', '{name,column,columns,kind,levels,tf}');
        PERFORM patternos._check_json_type(comparison, '{name,column,kind}', 'string', 'a comparison');
        PERFORM patternos._check_json_type(comparison, '{columns,levels}', 'array', 'a comparison');
        IF (comparison ? 'column') = (comparison ? 'columns')
           OR (comparison ? 'columns' AND jsonb_array_length(comparison -> 'columns') NOT BETWEEN 1 AND 15) THEN
            RAISE EXCEPTION 'a comparison must name its "column", or a list of "columns"' USING ERRCODE = 'invalid_parameter_value';
        END IF;
        IF jsonb_array_length(comparison -> 'levels') NOT BETWEEN 2 AND 15 THEN
            RAISE EXCEPTION '"levels" of a comparison must be a list of 2 to 15 levels'
                USING ERRCODE = 'invalid_parameter_value', HINT = 'The last one is {"test": "else"}; without "levels" those of the kind are taken.';
        END IF;
        IF comparison ->> 'kind' <> ALL (patternos._match_kinds()) THEN
            RAISE EXCEPTION 'comparison kind "%" is not known', comparison ->> 'kind'
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = 'Kinds are: ' || array_to_string(patternos._match_kinds(), ', ') || '.';
        END IF;
    END LOOP;
END
$$;

-- Raises 22023 for settings that cannot be: unknown keys, wrong types, numbers out of range.
CREATE FUNCTION patternos._check_match_settings(settings jsonb) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    number record;
BEGIN
    PERFORM patternos._check_keys(settings, 'settings',
        '{relation,unique_id,link_type,source,blocking,comparisons,probability_two_random_records_match,deterministic_rules,recall,training_blocking,max_pairs,block_cap,labels,seed,exclusive,one_per_source}');
    PERFORM patternos._check_json_type(settings, '{relation,unique_id,link_type,source}', 'string', 'settings');
    PERFORM patternos._check_json_type(settings, '{blocking,comparisons,deterministic_rules,training_blocking,exclusive}', 'array', 'settings');
    PERFORM patternos._check_json_type(settings, '{probability_two_random_records_match,recall,max_pairs,block_cap,seed}', 'number', 'settings');
    PERFORM patternos._check_json_type(settings, '{labels}', 'object', 'settings');
    PERFORM patternos._check_json_type(settings, '{one_per_source}', 'boolean', 'settings');
    IF EXISTS (SELECT FROM unnest('{blocking,deterministic_rules,training_blocking,exclusive}'::text[]) AS k,
                    jsonb_array_elements(CASE jsonb_typeof(settings -> k) WHEN 'array' THEN settings -> k END) AS v
               WHERE jsonb_typeof(v) <> 'string') THEN
        RAISE EXCEPTION 'blocking rules and columns of settings must be strings'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: {"blocking": ["surname, left(postcode, 4)", "email"]}.';
    END IF;
    IF settings ->> 'link_type' NOT IN ('dedupe_only', 'link_only', 'link_and_dedupe') THEN
        RAISE EXCEPTION 'link_type "%" is not known', settings ->> 'link_type'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'It is dedupe_only, link_only or link_and_dedupe.';
    END IF;
    IF settings ->> 'link_type' <> 'dedupe_only' AND settings ->> 'source' IS NULL THEN
        RAISE EXCEPTION 'link_type "%" needs a "source"', settings ->> 'link_type'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Name the column that says which source a record comes from.';
    END IF;
    IF (settings ->> 'one_per_source')::boolean AND settings ->> 'source' IS NULL THEN
        RAISE EXCEPTION 'one_per_source needs a "source"'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Name the column that says which source a record comes from.';
    END IF;
    FOR number IN
        SELECT k.key, k.least, k.greatest FROM (VALUES
            ('probability_two_random_records_match', 1e-12, 0.999999999), ('recall', 0.01, 1), ('max_pairs', 1000, 1e9),
            ('block_cap', 2, 1e6), ('seed', -9e15, 9e15)) AS k (key, least, greatest)
        WHERE (settings ->> k.key)::numeric NOT BETWEEN k.least AND k.greatest
    LOOP
        RAISE EXCEPTION '"%" of settings must be between % and %', number.key, number.least, number.greatest
            USING ERRCODE = 'invalid_parameter_value';
    END LOOP;
    SELECT k.key INTO number FROM unnest('{block_cap,seed}'::text[]) AS k (key) WHERE mod((settings ->> k.key)::numeric, 1) <> 0;
    IF FOUND THEN
        RAISE EXCEPTION '"%" of settings must be a whole number', number.key USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF jsonb_typeof(settings -> 'labels') = 'object' THEN
        PERFORM patternos._check_keys(settings -> 'labels', '"labels" of settings', '{column,table}');
    END IF;
    IF jsonb_typeof(settings -> 'comparisons') = 'array' THEN
        PERFORM patternos._check_match_comparisons(settings -> 'comparisons');
    END IF;
END
$$;

-- Raises 42703 for a column that the relation lacks.
CREATE FUNCTION patternos._check_columns(relation regclass, columns text[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    missing text;
BEGIN
    SELECT c INTO missing FROM unnest(columns) AS c
    WHERE c IS NOT NULL AND NOT EXISTS (SELECT FROM pg_attribute AS a
                                        WHERE a.attrelid = relation AND a.attname = c AND a.attnum > 0 AND NOT a.attisdropped)
    LIMIT 1;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'relation % has no column "%"', relation, missing
            USING ERRCODE = 'undefined_column',
                  HINT = (SELECT 'Its columns are: ' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) || '.'
                          FROM pg_attribute AS a WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped);
    END IF;
END
$$;

-- A comparison of the settings with name, columns and kind filled in.
CREATE FUNCTION patternos._complete_comparison(relation regclass, comparison jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH named AS (
        SELECT coalesce(comparison -> 'columns', jsonb_build_array(comparison -> 'column')) AS columns
    )
    SELECT comparison - 'column' || jsonb_build_object(
        'name', coalesce(comparison ->> 'name', (SELECT string_agg(c, '_' ORDER BY n) FROM jsonb_array_elements_text(columns) WITH ORDINALITY AS t (c, n))),
        'columns', columns,
        'kind', coalesce(comparison ->> 'kind', patternos._column_kind(relation, columns ->> 0)))
    FROM named
$$;
