-- All of it in one call: propose, train, predict, cluster.

-- Writes the clusters of a run into the table that the user asked for; records without a link are clusters of their own.
CREATE FUNCTION patternos._write_match_clusters(document jsonb, work text, target text,
                                                OUT clusters bigint, OUT duplicates bigint, OUT largest bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET jit = off SET enable_mergejoin = off SET enable_nestloop = off SET parallel_tuple_cost = 0 SET work_mem = '128MB'
AS $$
BEGIN
    EXECUTE format('CREATE TABLE %1$s AS
                    SELECT r.uid AS unique_id, %2$s coalesce(l.uid, r.uid) AS cluster_id, coalesce(c.size, 1) AS cluster_size,
                        patternos.match_probability(c.best_weight) AS best_probability, patternos.match_probability(c.weakest_weight) AS weakest_probability
                    FROM %3$s AS r LEFT JOIN %3$s_component AS c ON c.node = r.rec LEFT JOIN %3$s AS l ON l.rec = c.cluster ORDER BY r.rec',
                   target, CASE WHEN document ->> 'source' IS NULL THEN '' ELSE 'r.src AS source,' END, work);
    EXECUTE format('SELECT count(*) - coalesce(sum(size - 1) FILTER (WHERE cluster = node), 0), coalesce(sum(size - 1) FILTER (WHERE cluster = node), 0)
                    FROM %s_component', work) INTO clusters, duplicates;
    EXECUTE format('SELECT count(*) - $1, (SELECT coalesce(max(size), 1) FROM %1$s_component) FROM %1$s', work) INTO clusters, largest USING duplicates;
    EXECUTE format('COMMENT ON TABLE %s IS %L', target, 'Records with the cluster of records that are the same, named by its smallest unique_id');
END
$$;

-- The table beside that of the clusters which keeps the model.
CREATE FUNCTION patternos._model_target(target text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    parts text[] := parse_ident(target);
BEGIN
    RETURN patternos._match_target(format('%I.%I', parts[1], left(parts[2], 57) || '_model'), parts[1]);
END
$$;

CREATE FUNCTION patternos._dedupe(relation regclass, settings jsonb, "into" text, threshold double precision, current name,
    OUT records bigint, OUT pairs numeric, OUT edges bigint, OUT clusters bigint, OUT duplicates bigint, OUT largest bigint,
    OUT suspicious bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    model jsonb;
    target text := patternos._match_target("into", current);
    model_target text := patternos._model_target(target);
    floor double precision := patternos._match_floor(threshold);
    edge text;
    work text;
BEGIN
    PERFORM patternos._require_match_relation(relation);
    model := patternos._propose_document(relation, settings);
    work := patternos._create_match_records(model, relation, patternos._target_schema(target),
        ARRAY(SELECT value FROM jsonb_array_elements_text(coalesce(model -> 'training_blocking', '[]'))));
    EXECUTE format('SELECT count(*) FROM %s', work) INTO records;
    model := patternos._train_on_records(model, work, relation);
    SELECT coalesce(sum(p.pairs), 0), coalesce(sum(p.edges), 0) INTO pairs, edges FROM patternos._predict_records(model, work, floor) AS p;
    edge := patternos._match_edge_query(model, work);
    suspicious := patternos._cluster_edges(work, edge, patternos._label_query(relation, work, 'rec', 'uid'), 'bigint',
        patternos._suspect_pairs(work, work, 'rec', patternos._compile_match_model(model)), floor,
        patternos._exclusive_query(model, relation, (model ->> 'unique_id')::name, work));
    SELECT w.clusters, w.duplicates, w.largest INTO clusters, duplicates, largest FROM patternos._write_match_clusters(model, work, target) AS w;
    EXECUTE format('CREATE TABLE %s AS SELECT $1 AS document', model_target) USING model;
    EXECUTE format('COMMENT ON TABLE %s IS %L', model_target, 'Match model that found the clusters of ' || target);
    PERFORM patternos._drop_match_records(work);
END
$$;

CREATE FUNCTION patternos.dedupe(relation regclass, settings jsonb, "into" text, threshold double precision DEFAULT 0.9,
    OUT records bigint, OUT pairs numeric, OUT edges bigint, OUT clusters bigint, OUT duplicates bigint, OUT largest bigint,
    OUT suspicious bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT * FROM patternos._dedupe(relation, settings, "into", threshold, pg_catalog.current_schema());
END;
COMMENT ON FUNCTION patternos.dedupe(regclass, jsonb, text, double precision) IS
    'Finds the records of a relation that are the same and writes each with its cluster into a new table.';
