-- Models that Splink saved: what of them can be said in a document of ours, and what cannot.

-- A condition of Splink in one spelling: {name}l and {name}r for the two sides of a column, user() for the part of an address before
-- the @, casts to text and parsing of dates left out.
CREATE FUNCTION patternos._splink_condition(condition text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    c text := btrim(regexp_replace(replace(replace(condition, '`', '"'), '\''', ''), '\s+', ' ', 'g'));
BEGIN
    IF length(condition) > 10000 THEN
        RAISE EXCEPTION 'a condition must have at most 10000 characters' USING ERRCODE = 'program_limit_exceeded';
    END IF;
    c := regexp_replace(c, '"([^"{}]+)_([lr])"', '{\1}\2', 'g');
    c := regexp_replace(c, '(?<![\w{"])([A-Za-z_]\w*)_([lr])(?![\w}"(])', '{\1}\2', 'g');
    c := regexp_replace(c, '\mCAST\((\{[^{}]+\}[lr]) AS (TEXT|VARCHAR|STRING)\)', '\1', 'gi');
    c := regexp_replace(c, '(\{[^{}]+\}[lr])::(text|varchar)', '\1', 'gi');
    FOR nesting IN 1 .. 4 LOOP
        c := regexp_replace(c, '\m(date|try_cast_date|try_cast_timestamp|try_strptime|strptime|try_to_timestamp|to_timestamp|to_date)\((\{[^{}]+\}[lr])(, ?''[^'']*'')?\)', '\2', 'gi');
    END LOOP;
    c := regexp_replace(c, '\msubstring\((\{[^{}]+\}[lr]) from ''\((\^[^'']+)\)''\)', 'regexp_extract(\1, ''\2'', 0)', 'gi');
    c := regexp_replace(c, 'NULLIF\(regexp_extract\((\{[^{}]+\}[lr]), ''\^\[\^@\]\+'', 0\), ''''\)', 'user(\1)', 'gi');
    c := regexp_replace(c, 'regexp_extract\((\{[^{}]+\}[lr]), ''\^\[\^@\]\+''(, 0)?\)', 'user(\1)', 'gi');
    WHILE c ~ '^\(.*\)$' AND cardinality(patternos._split_and(c)) = 1 AND patternos._split_and(c) <> ARRAY[c] LOOP
        c := (patternos._split_and(c))[1];
    END LOOP;
    RETURN c;
END
$$;

-- The parts of a condition that AND joins outside of parentheses and quotes, each without parentheses around it.
CREATE FUNCTION patternos._split_and(condition text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    token text;
    depth integer := 0;
    part text := '';
    result text[] := '{}';
BEGIN
    IF length(condition) > 10000 THEN
        RAISE EXCEPTION 'a condition must have at most 10000 characters' USING ERRCODE = 'program_limit_exceeded';
    END IF;
    FOR token IN SELECT m[1] FROM regexp_matches(condition, '("[^"]*"|''[^'']*''|[()]|\mAND\M|[^()"''A]+|A)', 'gi') AS m LOOP
        depth := depth + CASE token WHEN '(' THEN 1 WHEN ')' THEN -1 ELSE 0 END;
        IF depth = 0 AND upper(token) = 'AND' THEN
            result := result || btrim(part);
            part := '';
        ELSE
            part := part || token;
        END IF;
    END LOOP;
    result := result || btrim(part);
    RETURN ARRAY(SELECT CASE WHEN p ~ '^\([^()]*(\([^()]*(\([^()]*\)[^()]*)*\)[^()]*)*\)$' THEN btrim(substr(p, 2, length(p) - 2)) ELSE p END
                 FROM unnest(result) WITH ORDINALITY AS t (p, n) ORDER BY n);
END
$$;

-- What a single condition tests: test, threshold and kind that the test belongs to; no row for what is not known. The first group of
-- the pattern is the column, the second one the threshold.
CREATE FUNCTION patternos._splink_tests() RETURNS TABLE (test text, kind text, factor double precision, pattern text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ VALUES
    ('exact', 'any', NULL, '^\{([^}]+)\}l = \{\1\}r$'),
    ('user_exact', 'email', NULL, '^user\(\{([^}]+)\}l\) = user\(\{\1\}r\)$'),
    ('user_jaro_winkler', 'email', 1, '^jaro_winkler\w*\(user\(\{([^}]+)\}l\), user\(\{\1\}r\)\) >= ([0-9.]+)$'),
    ('jaro_winkler', 'string', 1, '^jaro_winkler\w*\(\{([^}]+)\}l, \{\1\}r\) >= ([0-9.]+)$'),
    ('jaro', 'string', 1, '^jaro(?:_sim\w*)?\(\{([^}]+)\}l, \{\1\}r\) >= ([0-9.]+)$'),
    ('jaccard', 'string', 1, '^jaccard\(\{([^}]+)\}l, \{\1\}r\) >= ([0-9.]+)$'),
    ('levenshtein', 'string', 1, '^levenshtein\(\{([^}]+)\}l, \{\1\}r\) <= ([0-9.]+)$'),
    ('damerau_levenshtein', 'string', 1, '^damerau_levenshtein\(\{([^}]+)\}l, \{\1\}r\) <= ([0-9.]+)$'),
    ('shared', 'set', 1, '^(?:array_length|len|size|array_size|cardinality)\((?:list_intersect|array_intersect)\(\{([^}]+)\}l, \{\1\}r\)(?:, 1)?\) >= ([0-9]+)$'),
    ('within_days', 'date', 0.000011574074074074, '^abs\((?:epoch|time_to_unix|unix_timestamp|to_unix_timestamp|extract)\((?:epoch from )?\{([^}]+)\}l.*\{\1\}r.*\) ?<= ([0-9.]+)$'),
    ('within_days', 'date', 0.000011574074074074, '^abs\(datediff\(\{([^}]+)\}l, \{\1\}r\)\) <= floor\(([0-9.]+) / 86400\)$'),
    ('within_days', 'date', 1, '^abs\(date_?diff\(''day'', \{([^}]+)\}l, \{\1\}r\)\) <= ([0-9.]+)$'),
    ('within_days', 'date', 30.4375, '^abs\(date_?diff\(''month'', \{([^}]+)\}l, \{\1\}r\)\) <= ([0-9.]+)$'),
    ('within_days', 'date', 365.25, '^abs\(date_?diff\(''year'', \{([^}]+)\}l, \{\1\}r\)\) <= ([0-9.]+)$'),
    ('absolute', 'number', 1, '^abs\(\{([^}]+)\}l - \{\1\}r\) <= ([0-9.]+)$'),
    ('relative', 'number', 1, '^\(?abs\(\{([^}]+)\}l - \{\1\}r\) ?/ ?\(?case when .* end\)*,? <=? ([0-9.]+)$'),
    ('prefix', 'postcode', -2, '^nullif\(regexp_extract\(\{([^}]+)\}l, ''\^\[A-Za-z\]\{1,2\}\[0-9\]\[A-Za-z0-9\]\? \[0-9\]'', 0\), ''''\) = .*$'),
    ('prefix', 'postcode', -3, '^nullif\(regexp_extract\(\{([^}]+)\}l, ''\^\[A-Za-z\]\{1,2\}\[0-9\]\[A-Za-z0-9\]\?'', 0\), ''''\) = .*$'),
    ('prefix', 'postcode', 2, '^nullif\(regexp_extract\(\{([^}]+)\}l, ''\^\[A-Za-z\]\{1,2\}'', 0\), ''''\) = .*$')
$$;

-- A single condition as {"test", "threshold", "kind", "column"}, NULL when it is not known.
CREATE FUNCTION patternos._splink_test(condition text) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object('test', t.test, 'kind', t.kind, 'column', m[1], 'threshold',
               CASE WHEN t.test = 'prefix' THEN t.factor WHEN t.factor IS NOT NULL THEN round(m[2]::numeric * t.factor::numeric, 6) END))
    FROM patternos._splink_tests() AS t, regexp_match(condition, t.pattern, 'i') AS m
    WHERE m IS NOT NULL LIMIT 1
$$;

-- A level's condition as {"test", "threshold", "kind", "columns"}: a single test, or one over a forename and a surname.
CREATE FUNCTION patternos._splink_level(condition text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    c text := patternos._splink_condition(condition);
    parts text[] := patternos._split_and(c);
    a jsonb := patternos._splink_test(parts[1]);
    b jsonb := patternos._splink_test(parts[2]);
    swapped text[] := regexp_match(c, '^\(?\{([^}]+)\}l = \{([^}]+)\}r\)?(?: AND \(?\{\1\}r = \{\2\}l\)?| AND \(?\{\2\}l = \{\1\}r\)?)?$');
BEGIN
    IF upper(c) = 'ELSE' THEN
        RETURN '{"test": "else", "kind": "any", "columns": []}';
    ELSIF cardinality(parts) = 1 AND a IS NOT NULL THEN
        RETURN a - 'column' || jsonb_build_object('columns', jsonb_build_array(a -> 'column'));
    ELSIF swapped[1] <> swapped[2] THEN
        RETURN jsonb_build_object('test', 'swapped', 'kind', 'full_name', 'columns', to_jsonb(swapped));
    ELSIF cardinality(parts) = 2 AND a ->> 'test' = b ->> 'test' AND a ->> 'test' IN ('exact', 'jaro_winkler')
          AND a -> 'threshold' IS NOT DISTINCT FROM b -> 'threshold' THEN
        RETURN jsonb_strip_nulls(jsonb_build_object('test', CASE a ->> 'test' WHEN 'exact' THEN 'exact' ELSE 'both_jaro_winkler' END, 'threshold', a -> 'threshold',
                                                    'kind', 'full_name', 'columns', jsonb_build_array(a -> 'column', b -> 'column')));
    END IF;
    RETURN NULL;
END
$$;

-- A probability as Splink saves it: a number, or a text for levels that training never saw.
CREATE FUNCTION patternos._splink_probability(value jsonb) RETURNS double precision
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE jsonb_typeof(value) WHEN 'number' THEN least(greatest(value::text::float8, 1e-12), 1) WHEN 'string' THEN 1e-6 END $$;

-- The kind of a comparison out of what its levels test and what its column's name says.
CREATE FUNCTION patternos._splink_kind(levels jsonb, columns text[]) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN cardinality(columns) = 2 THEN 'full_name'
                WHEN k.kind IS NOT NULL THEN k.kind
                WHEN NOT EXISTS (SELECT FROM jsonb_array_elements(levels) AS l WHERE l -> 'found' ->> 'kind' = 'string') THEN 'exact'
                WHEN (SELECT m.kind FROM patternos._column_meanings() AS m WHERE patternos._spaced_name(columns[1]) ~ m.pattern ORDER BY m.priority LIMIT 1) = 'name' THEN 'name'
                ELSE 'text' END
    FROM (SELECT min(l -> 'found' ->> 'kind') FILTER (WHERE l -> 'found' ->> 'kind' NOT IN ('any', 'string', 'full_name')) AS kind
          FROM jsonb_array_elements(levels) AS l) AS k
$$;

-- The levels of a comparison that are not of a missing value, each with what was found for it.
CREATE FUNCTION patternos._splink_levels(comparison jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_agg(l.value || jsonb_build_object('found', patternos._splink_level(l.value ->> 'sql_condition')) ORDER BY l.ordinality)
    FROM jsonb_array_elements(comparison -> 'comparison_levels') WITH ORDINALITY AS l
    WHERE NOT coalesce((l.value ->> 'is_null_level')::boolean, false)
$$;

-- One level for the document. A date is one edit away where Splink says a distance of at most 1; of two columns one equal is a level too.
CREATE FUNCTION patternos._splink_document_level(level jsonb, kind text, columns text[], m double precision, u double precision) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object(
        'label', coalesce(level ->> 'label_for_charts', level ->> 'sql_condition'),
        'test', CASE WHEN kind = 'date' AND f ->> 'test' LIKE '%levenshtein' THEN 'one_edit'
                     WHEN kind = 'full_name' AND jsonb_array_length(f -> 'columns') = 1 AND f ->> 'test' = 'exact'
                     THEN CASE f -> 'columns' ->> 0 WHEN columns[2] THEN 'surname_only' ELSE 'forename_only' END
                     ELSE f ->> 'test' END,
        'threshold', CASE WHEN NOT (kind = 'date' AND f ->> 'test' LIKE '%levenshtein') THEN f -> 'threshold' END,
        'm', m, 'u', u, 'fix_m', nullif(level -> 'fix_m_probability', 'false'), 'fix_u', nullif(level -> 'fix_u_probability', 'false'),
        'tf_weight', CASE WHEN level ->> 'tf_adjustment_column' IS NOT NULL THEN coalesce(level -> 'tf_adjustment_weight', '1') END,
        'tf_floor', CASE WHEN (level ->> 'tf_minimum_u_value')::float8 > 0 THEN level -> 'tf_minimum_u_value' END))
    FROM (SELECT level -> 'found' AS f) AS x
$$;

-- Whether a test may stand in a kind.
CREATE FUNCTION patternos._splink_fits(found jsonb, kind text, columns text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT found IS NOT NULL AND found <> 'null'
           AND (found ->> 'kind' IN ('any', kind)
                OR (found ->> 'kind' = 'string' AND (kind IN ('exact', 'name', 'text', 'email', 'phone', 'postcode', 'address')
                                                     OR (kind = 'date' AND found ->> 'test' LIKE '%levenshtein' AND (found ->> 'threshold')::float8 = 1))))
           AND NOT (kind = 'set' AND found ->> 'test' = 'exact')
$$;

-- A comparison of Splink as one of ours, NULL without any level but the last; what no level is found for falls to the next one.
CREATE FUNCTION patternos._splink_comparison(comparison jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    levels jsonb := patternos._splink_levels(comparison);
    columns text[] := ARRAY(SELECT c FROM jsonb_array_elements(levels) WITH ORDINALITY AS l, jsonb_array_elements_text(l.value -> 'found' -> 'columns') WITH ORDINALITY AS x (c, n)
                            WHERE jsonb_typeof(l.value -> 'found') = 'object' GROUP BY c ORDER BY min(l.ordinality * 10 + x.n));
    kind text;
    level jsonb;
    m double precision := 0;
    u double precision := 0;
    result jsonb := '[]';
    count integer := jsonb_array_length(levels);
BEGIN
    IF cardinality(columns) NOT BETWEEN 1 AND 2 THEN
        RETURN NULL;
    END IF;
    kind := patternos._splink_kind(levels, columns);
    FOR level IN SELECT value FROM jsonb_array_elements(levels) LOOP
        m := m + coalesce(patternos._splink_probability(level -> 'm_probability'), 1.0 / count);
        u := u + coalesce(patternos._splink_probability(level -> 'u_probability'), 1.0 / count);
        CONTINUE WHEN NOT patternos._splink_fits(level -> 'found', kind, columns);
        result := result || patternos._splink_document_level(level, kind, columns, least(m, 1), least(u, 1));
        m := 0;
        u := 0;
    END LOOP;
    IF EXISTS (SELECT FROM jsonb_array_elements(levels) AS l WHERE NOT (l ? 'm_probability' AND l ? 'u_probability')) THEN
        -- saved before it was trained
        result := patternos._complete_levels(jsonb_build_object('columns', to_jsonb(columns),
                      'levels', (SELECT jsonb_agg(l - 'm' - 'u' ORDER BY n) FROM jsonb_array_elements(result) WITH ORDINALITY AS t (l, n))));
    END IF;
    RETURN CASE WHEN jsonb_array_length(result) > 1 AND result -> -1 ->> 'test' = 'else' THEN
        jsonb_build_object('name', coalesce(comparison ->> 'output_column_name', array_to_string(columns, '_')), 'kind', kind,
                           'columns', to_jsonb(columns), 'levels', result) END;
END
$$;

-- A blocking rule of Splink as a list of expressions, NULL for what is more than equalities of the same expression on both sides.
CREATE FUNCTION patternos._splink_blocking(rule jsonb) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    condition text := replace(coalesce(rule ->> 'blocking_rule', rule #>> '{}'), '`', '"');
    part text;
    sides text[];
    result text[] := '{}';
BEGIN
    FOREACH part IN ARRAY patternos._split_and(btrim(condition)) LOOP
        sides := regexp_match(part, '^(.*[^<>!=])=([^=].*)$');
        sides := ARRAY[btrim(regexp_replace(sides[1], '\ml\.', '', 'g')), btrim(regexp_replace(sides[2], '\mr\.', '', 'g'))];
        IF sides[1] IS NULL OR sides[1] <> sides[2] THEN
            RETURN NULL;
        END IF;
        result := result || sides[1];
    END LOOP;
    PERFORM patternos._split_expressions(array_to_string(result, ', '));
    RETURN array_to_string(result, ', ');
EXCEPTION WHEN syntax_error THEN
    RETURN NULL;
END
$$;

-- The document of a saved model, with what was mapped of it.
CREATE FUNCTION patternos._splink_document(model jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH comparisons AS (
        SELECT jsonb_agg(c ORDER BY n) FILTER (WHERE c IS NOT NULL) AS list
        FROM (SELECT patternos._splink_comparison(value) AS c, ordinality AS n FROM jsonb_array_elements(model -> 'comparisons') WITH ORDINALITY) AS s
    )
    SELECT jsonb_build_object(
        'format', 'patternos.match_model', 'format_version', 1, 'relation', NULL,
        'unique_id', coalesce(model ->> 'unique_id_column_name', 'unique_id'),
        'link_type', coalesce(model ->> 'link_type', 'dedupe_only'),
        'source', CASE WHEN model ->> 'link_type' <> 'dedupe_only' THEN coalesce(model ->> 'source_dataset_column_name', 'source_dataset') END,
        'blocking', (SELECT coalesce(jsonb_agg(b ORDER BY n) FILTER (WHERE b IS NOT NULL), '[]')
                     FROM (SELECT patternos._splink_blocking(value) AS b, ordinality AS n
                           FROM jsonb_array_elements(model -> 'blocking_rules_to_generate_predictions') WITH ORDINALITY) AS s),
        'probability_two_random_records_match', coalesce((model ->> 'probability_two_random_records_match')::numeric, 0.0001),
        'columns', patternos._document_columns(list), 'comparisons', list,
        'training', jsonb_build_object('source', 'splink', 'sql_dialect', model -> 'sql_dialect'))
    FROM comparisons
$$;

CREATE FUNCTION patternos.import_match_model(name text, splink_model jsonb)
RETURNS TABLE (part text, item text, definition text, outcome text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    document jsonb;
BEGIN
    IF jsonb_typeof(splink_model -> 'comparisons') IS DISTINCT FROM 'array' THEN
        RAISE EXCEPTION 'this is not a model that Splink saved: it has no list of comparisons'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Splink 3 and later write one by linker.misc.save_model_to_json().';
    END IF;
    document := patternos._splink_document(splink_model);
    IF document -> 'comparisons' = 'null' THEN
        RAISE EXCEPTION 'no comparison of the model can be mapped' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    PERFORM patternos._compile_match_model(document);
    PERFORM patternos._register_match_model(name, document, 'imported');
    RETURN QUERY
    SELECT 'blocking', r.ordinality::text, coalesce(r.value ->> 'blocking_rule', r.value #>> '{}'),
           coalesce('mapped: ' || patternos._splink_blocking(r.value), 'not mapped: left out')
    FROM jsonb_array_elements(splink_model -> 'blocking_rules_to_generate_predictions') WITH ORDINALITY AS r;
    RETURN QUERY
    SELECT 'level', coalesce(c.value ->> 'output_column_name', c.ordinality::text), l.value ->> 'sql_condition',
           CASE WHEN m.mapped IS NULL THEN 'not mapped: the comparison is left out'
                WHEN NOT patternos._splink_fits(l.value -> 'found', m.mapped ->> 'kind', NULL) THEN 'not mapped: its pairs fall to the next level'
                ELSE CASE WHEN l.value -> 'found' ->> 'test' = 'prefix' THEN 'approximated: ' ELSE 'mapped: ' END || (m.mapped ->> 'kind') || ', ' || (l.value -> 'found' ->> 'test')
                     || coalesce(' ' || (l.value -> 'found' ->> 'threshold'), '') END
    FROM jsonb_array_elements(splink_model -> 'comparisons') WITH ORDINALITY AS c
    CROSS JOIN LATERAL (SELECT patternos._splink_comparison(c.value) AS mapped) AS m
    CROSS JOIN LATERAL jsonb_array_elements(patternos._splink_levels(c.value)) WITH ORDINALITY AS l
    ORDER BY c.ordinality, l.ordinality;
END
$$;
COMMENT ON FUNCTION patternos.import_match_model(text, jsonb) IS
    'Registers a model that Splink saved as JSON, and lists what of it was mapped and what was not.';

REVOKE ALL ON FUNCTION patternos.import_match_model(text, jsonb) FROM PUBLIC;
