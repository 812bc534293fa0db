-- From settings to a whole document: proposals where nothing is said, the kinds' levels with their m and u to begin with.

-- The levels of a comparison, best first, each with an m and a u: those given, else the kind's. Where m and u are missing the best
-- level has 0.95 of the matches, and u falls by half a dozen bits.
CREATE FUNCTION patternos._complete_levels(comparison jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH levels AS (
        SELECT coalesce(comparison -> 'levels', patternos._kind_levels(comparison ->> 'kind', jsonb_array_length(comparison -> 'columns'))) AS list
    ), numbered AS (
        SELECT value AS level, ordinality AS n, jsonb_array_length(list) AS count
        FROM levels, jsonb_array_elements(list) WITH ORDINALITY
    )
    SELECT jsonb_agg(jsonb_build_object(
                         'm', CASE WHEN count = 1 THEN 1 WHEN n = 1 THEN 0.95 ELSE round(0.05 / (count - 1), 6) END,
                         'u', CASE WHEN count = 1 THEN 1 WHEN n = count THEN 0.99 ELSE round(0.01 / (count - 1), 6) END) || level ORDER BY n)
    FROM numbered
$$;

-- The columns that comparisons read, each once in order, with the kind by which it is encoded; tf where a level weighs frequencies.
CREATE FUNCTION patternos._document_columns(comparisons jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH used AS (
        SELECT col AS name, min(c.ordinality * 100 + x.ordinality) AS place,
               (array_agg(CASE WHEN jsonb_array_length(c.value -> 'columns') = 1 THEN c.value ->> 'kind'
                               WHEN c.value ->> 'kind' = 'full_name' THEN 'name'
                               WHEN c.value ->> 'kind' = 'date' THEN 'exact'
                               ELSE c.value ->> 'kind' END ORDER BY c.ordinality))[1] AS kind,
               bool_or(CASE WHEN c.value ? 'tf' THEN (c.value ->> 'tf')::boolean
                            ELSE EXISTS (SELECT FROM jsonb_array_elements(c.value -> 'levels') AS l
                                         WHERE coalesce((l ->> 'tf_weight')::float8, 0) <> 0 OR l ->> 'test' = 'shared_weight') END) AS tf
        FROM jsonb_array_elements(comparisons) WITH ORDINALITY AS c,
             jsonb_array_elements_text(c.value -> 'columns') WITH ORDINALITY AS x (col, ordinality)
        GROUP BY col
    )
    SELECT jsonb_agg(jsonb_build_object('column', name, 'kind', kind) || CASE WHEN tf THEN '{"tf": true}'::jsonb ELSE '{}' END ORDER BY place)
    FROM used
$$;

-- A number as JSON with ten digits that count: what was computed beyond them is noise.
CREATE FUNCTION patternos._significant(value double precision) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN value = 0 THEN 0
                ELSE trim_scale(round(value::numeric, least(greatest(9 - floor(log(abs(value)::numeric))::integer, 0), 60))) END
$$;

-- Comparisons or blocking rules proposed where the settings have none.
CREATE FUNCTION patternos._propose_missing(relation regclass, settings jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    share double precision;
    names text[] := ARRAY(SELECT name FROM patternos._column_roles(relation) ORDER BY number);
    columns jsonb;
    document jsonb := settings;
BEGIN
    PERFORM patternos._sample_relation(relation, names, 5000);
    SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.number), '[]') INTO columns
    FROM patternos._propose_columns(relation, ARRAY[settings ->> 'unique_id', coalesce(settings ->> 'source', settings ->> 'unique_id'),
                                                            coalesce(settings -> 'labels' ->> 'column', settings ->> 'unique_id')]) AS c;
    IF settings -> 'comparisons' IS NULL THEN
        document := document || jsonb_build_object('comparisons', patternos._propose_comparisons(columns));
        IF jsonb_array_length(document -> 'comparisons') = 0 THEN
            RAISE EXCEPTION 'no column of relation % is worth comparing', relation
                USING ERRCODE = 'invalid_parameter_value', HINT = 'Name the columns to compare in "comparisons".';
        END IF;
    END IF;
    document := document || jsonb_build_object('comparisons', (
        SELECT jsonb_agg(patternos._complete_comparison(relation, value) ORDER BY ordinality)
        FROM jsonb_array_elements(document -> 'comparisons') WITH ORDINALITY));
    IF settings -> 'blocking' IS NULL THEN
        share := patternos._sample_relation(relation, names, 20000);
        document := document || jsonb_build_object('blocking', patternos._propose_blocking(
            document || jsonb_build_object('columns', patternos._document_columns(document -> 'comparisons')),
            relation, share, (SELECT coalesce(jsonb_agg(c ORDER BY n), '[]') FROM jsonb_array_elements(columns) WITH ORDINALITY AS t (c, n)
                                      WHERE EXISTS (SELECT FROM jsonb_array_elements(document -> 'comparisons') AS v WHERE v -> 'columns' ? (c ->> 'name')))));
    END IF;
    DROP TABLE pg_temp.patternos_match_sample;
    RETURN document;
END
$$;

-- The relation of the settings, if the caller names none.
CREATE FUNCTION patternos._match_relation(settings jsonb, relation regclass) RETURNS regclass
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    relation := coalesce(relation, to_regclass(settings ->> 'relation'));
    IF relation IS NULL THEN
        RAISE EXCEPTION 'the relation to match is not known'
            USING ERRCODE = CASE WHEN settings ->> 'relation' IS NULL THEN '22023' ELSE '42P01' END,
                  HINT = 'Name it as the argument relation, or as "relation" of the settings with its schema.';
    END IF;
    RETURN relation;
END
$$;

-- Settings with everything filled in that can be left out, still without levels.
CREATE FUNCTION patternos._complete_settings(relation regclass, settings jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result jsonb := jsonb_strip_nulls(settings);
    rule text;
BEGIN
    PERFORM patternos._check_match_settings(result);
    result := jsonb_build_object('link_type', 'dedupe_only', 'relation', patternos._qualified_name(relation)) || result
              || jsonb_build_object('unique_id', coalesce(result ->> 'unique_id', patternos._propose_unique_id(relation)));
    PERFORM patternos._check_columns(relation, ARRAY[result ->> 'unique_id', result ->> 'source', result -> 'labels' ->> 'column']);
    PERFORM patternos._check_columns(relation, ARRAY(
        SELECT c FROM jsonb_array_elements(result -> 'comparisons') AS v,
                      jsonb_array_elements_text(coalesce(v -> 'columns', jsonb_build_array(v -> 'column'))) AS c));
    PERFORM patternos._check_columns(relation, ARRAY(SELECT jsonb_array_elements_text(result -> 'exclusive')));
    FOR rule IN SELECT r FROM unnest('{blocking,training_blocking,deterministic_rules}'::text[]) AS k, jsonb_array_elements_text(result -> k) AS r LOOP
        PERFORM patternos._expression_types(relation, rule);
    END LOOP;
    RETURN patternos._propose_missing(relation, result);
END
$$;

-- A whole document that is not trained: levels have the m and u that their kinds begin with.
CREATE FUNCTION patternos._propose_document(relation regclass, settings jsonb) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    full_settings jsonb := patternos._complete_settings(relation, settings);
    comparisons jsonb;
BEGIN
    SELECT jsonb_agg((c.value - 'tf') || jsonb_build_object('levels', patternos._complete_levels(c.value)) ORDER BY c.ordinality) INTO comparisons
    FROM jsonb_array_elements(full_settings -> 'comparisons') WITH ORDINALITY AS c;
    RETURN full_settings || jsonb_build_object(
        'format', 'patternos.match_model', 'format_version', 1, 'comparisons', comparisons, 'settings', settings,
        'columns', patternos._document_columns((
            SELECT jsonb_agg(n.value || CASE WHEN o.value ? 'tf' THEN jsonb_build_object('tf', o.value -> 'tf') ELSE '{}' END ORDER BY n.ordinality)
            FROM jsonb_array_elements(comparisons) WITH ORDINALITY AS n
            JOIN jsonb_array_elements(full_settings -> 'comparisons') WITH ORDINALITY AS o USING (ordinality))),
        'probability_two_random_records_match', coalesce((full_settings ->> 'probability_two_random_records_match')::numeric, 0.0001))
        || jsonb_build_object('training_blocking', coalesce(full_settings -> 'training_blocking', '[]') || coalesce(full_settings -> 'deterministic_rules', '[]'));
END
$$;

CREATE FUNCTION patternos.propose_match_settings(relation regclass) RETURNS jsonb
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    SELECT s || jsonb_build_object('comparisons', (
               SELECT jsonb_agg(CASE WHEN jsonb_array_length(c -> 'columns') = 1
                                     THEN jsonb_build_object('column', c -> 'columns' -> 0, 'kind', c -> 'kind')
                                     ELSE jsonb_build_object('columns', c -> 'columns', 'kind', c -> 'kind') END ORDER BY n)
               FROM jsonb_array_elements(s -> 'comparisons') WITH ORDINALITY AS t (c, n)))
    FROM patternos._complete_settings(relation, '{}') AS s
$$;
COMMENT ON FUNCTION patternos.propose_match_settings(regclass) IS
    'Settings for finding duplicates in a table, guessed from the names, types and values of its columns.';
