-- From records to edges: forecast, and the pairs that a model holds for matches.

-- A model's document, from the name of a registered one or from the document itself.
CREATE FUNCTION patternos._match_document(model text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF model IS NULL THEN
        RAISE EXCEPTION 'model must not be NULL' USING ERRCODE = 'null_value_not_allowed',
            HINT = 'Give the name of a model from train_match_model() or import_match_model(), or its document.';
    END IF;
    IF ltrim(model) LIKE '{%' THEN
        RETURN model::jsonb;
    END IF;
    RETURN patternos.match_model(model);
END
$$;

-- The quoted name of a new table; errors: no name, no such schema, a relation of that name.
CREATE FUNCTION patternos._match_target("into" text, current name) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    parts text[];
    target text;
BEGIN
    IF "into" IS NULL OR "into" = '' THEN
        RAISE EXCEPTION 'into must name a new table' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    parts := parse_ident("into");
    IF cardinality(parts) = 1 THEN
        IF current IS NULL THEN
            RAISE EXCEPTION 'no schema to create the table in' USING ERRCODE = 'invalid_schema_name',
                HINT = 'Write "into" with a schema, or set search_path to one that exists.';
        END IF;
        parts := ARRAY[current::text] || parts;
    ELSIF cardinality(parts) > 2 THEN
        RAISE EXCEPTION 'into must be a table or schema.table' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    target := format('%I.%I', parts[1], parts[2]);
    IF to_regclass(target) IS NOT NULL THEN
        RAISE EXCEPTION 'table % exists already', target USING ERRCODE = 'duplicate_table',
            HINT = 'Drop it first, or write into another one.';
    END IF;
    RETURN target;
END
$$;

-- The schema of a new table, where its work tables go, too: the caller may create there.
CREATE FUNCTION patternos._target_schema(target text) RETURNS name
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$ SELECT (parse_ident(target))[1] $$;

-- Raises unless a threshold is a probability; the weight it stands for.
CREATE FUNCTION patternos._match_floor(threshold double precision) RETURNS double precision
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF threshold IS NULL OR NOT threshold BETWEEN 0 AND 1 THEN
        RAISE EXCEPTION 'threshold must be a probability between 0 and 1' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN CASE threshold WHEN 0 THEN '-Infinity' WHEN 1 THEN 'Infinity' ELSE ln(threshold / (1 - threshold)) / ln(2) END;
END
$$;

-- <work>_edge<r> (a, b, weight, pattern, rule) for each blocking rule: the pairs with at least that weight, as numbers of records.
CREATE FUNCTION patternos._predict_records(document jsonb, work text, floor double precision)
RETURNS TABLE (rule integer, definition text, pairs numeric, edges bigint, refined_by text[], dropped_records bigint, seconds double precision)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET jit = off SET enable_mergejoin = off SET enable_nestloop = off SET parallel_tuple_cost = 0 SET work_mem = '128MB'
AS $$
DECLARE
    started timestamptz;
BEGIN
    FOR rule, definition, pairs, refined_by, dropped_records IN EXECUTE format(
        'SELECT r.rule, r.definition, r.pairs - r.oversize_pairs + r.refined_pairs, r.refined_by, r.dropped_records FROM %s_rule AS r
         WHERE r.rule <= jsonb_array_length($1) ORDER BY r.rule', work) USING document -> 'blocking' LOOP
        started := clock_timestamp();
        edges := patternos._make_work_table(format('%s_edge%s', work, rule),
                                            format('SELECT e.*, %s::smallint AS rule FROM (%s) AS e', rule, patternos._block_query(document, work, rule, floor)));
        seconds := round(extract(epoch FROM clock_timestamp() - started)::numeric, 3);
        RAISE NOTICE 'rule % (%): % pairs, % edges, % s', rule, definition, pairs, edges, seconds;
        IF dropped_records > 0 THEN
            RAISE NOTICE 'rule %: % records of keys with more records than block_cap are not compared by this rule', rule, dropped_records;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;

-- SQL for all edges of a run.
CREATE FUNCTION patternos._match_edge_query(document jsonb, work text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(string_agg(format('SELECT * FROM %s_edge%s', work, r), ' UNION ALL ' ORDER BY r),
                    'SELECT NULL::bigint AS a, NULL::bigint AS b, NULL::float8 AS weight, NULL::bigint AS pattern, NULL::smallint AS rule WHERE false')
    FROM generate_series(1, jsonb_array_length(document -> 'blocking')) AS r
$$;

-- Writes the edges of a run into the table that the user asked for.
CREATE FUNCTION patternos._write_match_edges(document jsonb, work text, target text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET jit = off SET enable_mergejoin = off SET enable_nestloop = off SET parallel_tuple_cost = 0 SET work_mem = '128MB'
AS $$
DECLARE
    made bigint;
BEGIN
    EXECUTE format('CREATE TABLE %s AS SELECT l.uid AS unique_id_l, r.uid AS unique_id_r%s, e.weight AS match_weight,
                        patternos.match_probability(e.weight) AS match_probability, e.pattern, e.rule
                    FROM (%s) AS e JOIN %s AS l ON l.rec = e.a JOIN %s AS r ON r.rec = e.b ORDER BY e.a, e.b',
                   target, CASE WHEN document ->> 'source' IS NULL THEN '' ELSE ', l.src AS source_l, r.src AS source_r' END,
                   patternos._match_edge_query(document, work), work, work);
    GET DIAGNOSTICS made = ROW_COUNT;
    EXECUTE format('COMMENT ON TABLE %s IS %L', target, 'Pairs of records with the weight and probability that they are the same, each pair once');
    RETURN made;
END
$$;

CREATE FUNCTION patternos._predict_matches(document jsonb, relation regclass, threshold double precision, "into" text, current name)
RETURNS TABLE (rule integer, definition text, pairs numeric, edges bigint, refined_by text[], dropped_records bigint, seconds double precision)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    target text := patternos._match_target("into", current);
    floor double precision := patternos._match_floor(threshold);
    work text;
BEGIN
    PERFORM patternos._require_match_relation(relation);
    work := patternos._create_match_records(document, relation, patternos._target_schema(target));
    RETURN QUERY SELECT * FROM patternos._predict_records(document, work, floor);
    PERFORM patternos._write_match_edges(document, work, target);
    PERFORM patternos._drop_match_records(work);
END
$$;

-- Raises for a relation that cannot be read as records.
CREATE FUNCTION patternos._require_match_relation(relation regclass) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF relation IS NULL THEN
        RAISE EXCEPTION 'relation must not be NULL' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    IF (SELECT relkind NOT IN ('r', 'p', 'v', 'm', 'f') FROM pg_class WHERE oid = relation) THEN
        RAISE EXCEPTION '% is no table or view', relation USING ERRCODE = 'wrong_object_type';
    END IF;
END
$$;

CREATE FUNCTION patternos.predict_matches(model jsonb, relation regclass, threshold double precision, "into" text)
RETURNS TABLE (rule integer, definition text, pairs numeric, edges bigint, refined_by text[], dropped_records bigint, seconds double precision)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT * FROM patternos._predict_matches(model, relation, threshold, "into", pg_catalog.current_schema());
END;
COMMENT ON FUNCTION patternos.predict_matches(jsonb, regclass, double precision, text) IS
    'Pairs of a relation''s records that a model holds for matches, written into a new table.';

CREATE FUNCTION patternos.predict_matches(model text, relation regclass, threshold double precision, "into" text)
RETURNS TABLE (rule integer, definition text, pairs numeric, edges bigint, refined_by text[], dropped_records bigint, seconds double precision)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT * FROM patternos._predict_matches(patternos._match_document(model), relation, threshold, "into", pg_catalog.current_schema());
END;
COMMENT ON FUNCTION patternos.predict_matches(text, regclass, double precision, text) IS
    'Pairs of a relation''s records that a model holds for matches, written into a new table.';

-- The settings or the model of a call, as a document.
CREATE FUNCTION patternos._settings_document(relation regclass, settings jsonb) RETURNS jsonb
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE WHEN settings ? 'format' THEN settings ELSE patternos._propose_document(relation, settings) END $$;

CREATE FUNCTION patternos.forecast_pairs(relation regclass, settings jsonb DEFAULT '{}')
RETURNS TABLE (rule integer, definition text, pairs numeric, largest bigint, oversize_keys bigint, oversize_pairs numeric, worst_keys jsonb)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off SET parallel_tuple_cost = 0 SET work_mem = '64MB'
SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET extra_float_digits = 1 SET bytea_output = 'hex'
AS $$
DECLARE
    document jsonb;
    cap bigint;
BEGIN
    PERFORM patternos._require_match_relation(relation);
    document := patternos._settings_document(relation, settings);
    cap := coalesce((document ->> 'block_cap')::bigint, 1000);
    FOR rule, definition IN SELECT r.ordinality, r.value FROM jsonb_array_elements_text(document -> 'blocking') WITH ORDINALITY AS r LOOP
        EXECUTE format('WITH key AS MATERIALIZED (
                            SELECT k, count(*) AS n FROM (SELECT %1$s AS k FROM %2$s AS %3$s) AS s WHERE k IS NOT NULL GROUP BY k HAVING count(*) > 1)
                        SELECT coalesce(sum(n * (n - 1) / 2), 0), coalesce(max(n), 0), count(*) FILTER (WHERE n > %4$s),
                            coalesce(sum(n * (n - 1) / 2) FILTER (WHERE n > %4$s), 0),
                            (SELECT coalesce(jsonb_agg(jsonb_build_object(''key'', k, ''records'', n) ORDER BY n DESC, k), ''[]'')
                             FROM (SELECT k, n FROM key ORDER BY n DESC, k LIMIT 5) AS w)
                        FROM key', patternos._match_readable_key(document, relation, definition), relation, patternos._match_alias(relation), cap)
        INTO pairs, largest, oversize_keys, oversize_pairs, worst_keys;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION patternos.forecast_pairs(regclass, jsonb) IS
    'Pairs that each blocking rule would compare, and its keys with the most records, before anything is compared.';
