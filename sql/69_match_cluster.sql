-- From edges to clusters: components, then a closer look at the suspicious ones.

CREATE FUNCTION patternos._cluster_links(query text, example anyelement)
RETURNS TABLE (node anyelement, cluster anyelement, size integer, links bigint, best_weight double precision, weakest_weight double precision)
AS 'MODULE_PATHNAME', 'patternos_cluster_links'
LANGUAGE C VOLATILE COST 10000 ROWS 100000;

CREATE FUNCTION patternos._suspicious_clusters(query text, threshold double precision, density double precision,
                                               strong double precision, largest bigint)
RETURNS TABLE (cluster bigint, reason text)
AS 'MODULE_PATHNAME', 'patternos_suspicious_clusters'
LANGUAGE C VOLATILE STRICT COST 10000 ROWS 1000;

CREATE FUNCTION patternos._divide_clusters(query text, threshold double precision, absent double precision)
RETURNS TABLE (node bigint, cluster bigint, size integer, best_weight double precision, weakest_weight double precision)
AS 'MODULE_PATHNAME', 'patternos_divide_clusters'
LANGUAGE C VOLATILE STRICT COST 10000 ROWS 10000;

-- <work>_component (node, cluster, size, links, best_weight, weakest_weight): the components of a query's edges (a, b, weight) with at
-- least the floor, and of labels: +infinity for two records that are the same, -infinity for two that are not.
CREATE FUNCTION patternos._make_components(work text, edges text, labels text, node_type regtype, floor double precision) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET jit = off SET parallel_tuple_cost = 0
AS $$
BEGIN
    RETURN patternos._make_work_table(work || '_component', format(
        'SELECT * FROM patternos._cluster_links(%L, NULL::%s)',
        format('SELECT a, b, weight FROM (%s) AS e WHERE weight >= %L UNION ALL SELECT a, b, weight FROM (%s) AS l WHERE weight = ''Infinity''',
               edges, floor, labels), node_type));
END
$$;

-- <work>_member (node, rec, cluster): members, numbered, of the components that are not complete or hold a contradiction, and
-- <work>_suspect (cluster, reason): those that want a closer look. Returns how many these are.
CREATE FUNCTION patternos._find_suspects(work text, edges text, labels text, floor double precision) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET jit = off SET enable_nestloop = off SET parallel_tuple_cost = 0 SET work_mem = '64MB'
AS $$
BEGIN
    PERFORM patternos._make_work_table(work || '_member', format(
        'SELECT node, rec, min(rec) OVER (PARTITION BY cluster) AS cluster
         FROM (SELECT node, cluster, row_number() OVER (ORDER BY node) AS rec FROM %1$s_component AS c
               WHERE size > 2 AND links < size::bigint * (size - 1) / 2
                  OR cluster IN (SELECT x.cluster FROM (%2$s) AS l JOIN %1$s_component AS x ON x.node = l.a
                                 JOIN %1$s_component AS y ON y.node = l.b AND y.cluster = x.cluster WHERE l.weight = ''-Infinity'')) AS s',
        work, labels));
    RETURN patternos._make_work_table(work || '_suspect', format(
        'SELECT * FROM patternos._suspicious_clusters(%L, %L, 0.5, 6.63, 50)', format(
            'SELECT x.cluster, x.rec, y.rec, e.weight FROM (SELECT a, b, weight FROM (%s) AS e WHERE weight >= %L UNION ALL SELECT a, b, weight FROM (%s) AS l) AS e
             JOIN %s_member AS x ON x.node = e.a JOIN %s_member AS y ON y.node = e.b AND y.cluster = x.cluster ORDER BY 1',
            edges, floor, labels, work, work), floor));
END
$$;

-- SQL for the suspects of which all pairs are compared: the number of pairs grows with the square of the members.
CREATE FUNCTION patternos._small_suspects(work text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$ SELECT format('SELECT s.cluster FROM %1$s_suspect AS s JOIN %1$s_member AS m USING (cluster) GROUP BY s.cluster HAVING count(*) <= 1000', work) $$;

-- Divides the suspects and writes what becomes of their members into <work>_component. pairs is SQL for the weight of any two records of
-- suspects with at most 1,000 members, as (cluster, a, b, weight), or NULL where only the edges' weights are known, as they are of larger
-- ones. A pair without a weight counts against, as much as the threshold.
CREATE FUNCTION patternos._divide_suspects(work text, edges text, labels text, pairs text, floor double precision) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET jit = off SET enable_nestloop = off SET parallel_tuple_cost = 0 SET work_mem = '64MB'
AS $$
DECLARE
    known text := format('SELECT x.cluster, x.rec AS a, y.rec AS b, e.weight FROM (%s) AS e JOIN %s_member AS x ON x.node = e.a
                          JOIN %s_member AS y ON y.node = e.b AND y.cluster = x.cluster JOIN %s_suspect AS s ON s.cluster = x.cluster',
                         '%s', work, work, work);
    weights text := concat_ws(' UNION ALL ', pairs, format(known || ' WHERE %s', edges,
        CASE WHEN pairs IS NULL THEN 'true' ELSE format('x.cluster NOT IN (%s)', patternos._small_suspects(work)) END));
    changed bigint;
BEGIN
    PERFORM patternos._make_work_table(work || '_divided', format(
        'SELECT d.node AS rec, d.cluster, d.size, d.best_weight, d.weakest_weight FROM patternos._divide_clusters(%L, %L, %s) AS d',
        format('SELECT DISTINCT ON (cluster, least(a, b), greatest(a, b)) cluster, a, b, weight FROM (
                    SELECT cluster, a, b, weight, 2 AS rank FROM (%s) AS e
                    UNION ALL SELECT cluster, a, b, weight, 1 FROM (%s) AS l) AS s
                ORDER BY cluster, least(a, b), greatest(a, b), rank',
               weights, format(known, labels)), floor, -least(greatest(floor, 1), 10)));
    EXECUTE format('UPDATE %1$s_component AS c SET cluster = f.node, size = d.size, best_weight = d.best_weight, weakest_weight = d.weakest_weight
                    FROM %1$s_divided AS d JOIN %1$s_member AS m ON m.rec = d.rec JOIN %1$s_member AS f ON f.rec = d.cluster
                    WHERE c.node = m.node', work);
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END
$$;

-- SQL for the nodes of a relation with what a person has one of: (node, values exclusive as text[], source), NULL when the document names
-- nothing. Nodes are the column node of records, whose column key is the relation's key; without records they are the keys themselves.
CREATE FUNCTION patternos._exclusive_query(document jsonb, relation regclass, key name, records text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('SELECT %1$s AS node, ARRAY[%2$s]::text[] AS exclusive, %3$s AS source FROM %4$s AS t%5$s',
                  CASE WHEN records IS NULL THEN format('t.%I', key) ELSE 'r.rec' END,
                  (SELECT string_agg(patternos._match_value(document, relation, format('%I', c)), ', ' ORDER BY i)
                   FROM jsonb_array_elements_text(document -> 'exclusive') WITH ORDINALITY AS e (c, i)),
                  CASE WHEN (document ->> 'one_per_source')::boolean THEN format('t.%I::text', document ->> 'source') ELSE 'NULL::text' END,
                  relation, CASE WHEN records IS NULL THEN '' ELSE format(' JOIN %s AS r ON r.uid = t.%I', records, key) END)
    WHERE jsonb_array_length(coalesce(document -> 'exclusive', '[]')) > 0 OR (document ->> 'one_per_source')::boolean
$$;

-- <work>_exclusive (a, b, weight): pairs within a component that cannot be one person: two values of an exclusive column, or one source
-- twice where a source has one record of each person. Components of more than 2,000 records are left to the other signs of suspicion.
CREATE FUNCTION patternos._find_exclusive(work text, exclusive text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off SET enable_nestloop = off SET parallel_tuple_cost = 0
AS $$
BEGIN
    PERFORM patternos._make_work_table(work || '_exclusive', format(
        'WITH held AS (SELECT c.cluster, x.* FROM %1$s_component AS c JOIN (%2$s) AS x USING (node) WHERE c.size BETWEEN 2 AND 2000)
         SELECT a.node AS a, b.node AS b, ''-Infinity''::float8 AS weight FROM held AS a JOIN held AS b ON b.cluster = a.cluster AND b.node > a.node
         WHERE a.source = b.source OR EXISTS (SELECT FROM unnest(a.exclusive, b.exclusive) AS v (l, r) WHERE v.l <> v.r)', work, exclusive));
END
$$;

-- Components, and the suspicious ones divided; returns the number of suspects.
CREATE FUNCTION patternos._cluster_edges(work text, edges text, labels text, node_type regtype, pairs text, floor double precision, exclusive text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    started timestamptz := clock_timestamp();
    suspects bigint;
BEGIN
    PERFORM patternos._make_components(work, edges, labels, node_type, floor);
    IF exclusive IS NOT NULL THEN
        PERFORM patternos._find_exclusive(work, exclusive);
        -- what somebody said of a pair goes before what its ids say
        labels := format('SELECT DISTINCT ON (a, b) a, b, weight FROM (SELECT least(a, b) AS a, greatest(a, b) AS b, weight, 1 AS rank FROM (%s) AS l
                          UNION ALL SELECT a, b, weight, 2 FROM %s_exclusive) AS s ORDER BY a, b, rank', labels, work);
    END IF;
    suspects := patternos._find_suspects(work, edges, labels, floor);
    IF suspects > 0 THEN
        PERFORM patternos._divide_suspects(work, edges, labels, pairs, floor);
    END IF;
    RAISE NOTICE 'clusters: % of them looked into, % s', suspects, round(extract(epoch FROM clock_timestamp() - started)::numeric, 3);
    RETURN suspects;
END
$$;

-- SQL for the weights of all pairs within the suspects, large ones aside, from records whose column key is the members' node.
CREATE FUNCTION patternos._suspect_pairs(work text, records text, key text, model bytea) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('SELECT key AS cluster, a, b, weight FROM patternos._block_edges(%L, %L, ''-Infinity'')',
                  format('SELECT m.cluster, m.rec, x.f, NULL::text, NULL::bigint[] FROM (%s) AS s JOIN %s_member AS m ON m.cluster = s.cluster
                          JOIN %s AS x ON x.%I = m.node ORDER BY 1, 2', patternos._small_suspects(work), work, records, key), model)
$$;

-- SQL for what people said about pairs of a relation's records (a, b, weight), as far as the user may read it.
CREATE FUNCTION patternos._label_query(relation regclass, nodes text, node text, key text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    label oid := (SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace
                  WHERE nspname = 'patternos_dw' AND relname = 'match_label' AND has_schema_privilege(n.oid, 'USAGE'));
BEGIN
    IF relation IS NULL OR label IS NULL OR NOT has_table_privilege(label, 'SELECT') THEN
        RETURN format('SELECT %1$I AS a, %1$I AS b, NULL::float8 AS weight FROM %2$s WHERE false', node, nodes);
    END IF;
    RETURN format('SELECT x.%1$I AS a, y.%1$I AS b, CASE WHEN l.same THEN ''Infinity'' ELSE ''-Infinity'' END::float8 AS weight
                   FROM patternos_dw.match_label AS l JOIN %2$s AS x ON x.%3$I::text = l.unique_id_l JOIN %2$s AS y ON y.%3$I::text = l.unique_id_r
                   WHERE l.relation = %4$L', node, nodes, key,
                  (SELECT format('%s.%s', relnamespace::regnamespace, quote_ident(relname)) FROM pg_class WHERE oid = relation));
END
$$;

-- SQL for a table of edges as (a, b, weight); errors: it has not the columns of predict_matches().
CREATE FUNCTION patternos._read_match_edges(edges regclass, OUT query text, OUT node_type regtype)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    columns name[] := ARRAY(SELECT attname FROM pg_attribute WHERE attrelid = edges AND attnum > 0 AND NOT attisdropped);
BEGIN
    IF NOT columns @> '{unique_id_l,unique_id_r}' OR NOT columns && '{match_weight,match_probability}' THEN
        RAISE EXCEPTION '% is no table of edges', coalesce(edges::text, 'NULL') USING ERRCODE = 'undefined_column',
            HINT = 'It needs the columns unique_id_l, unique_id_r and match_weight or match_probability, as predict_matches() writes them.';
    END IF;
    SELECT atttypid INTO node_type FROM pg_attribute WHERE attrelid = edges AND attname = 'unique_id_l';
    query := format('SELECT unique_id_l AS a, unique_id_r::%s AS b, %s::float8 AS weight FROM %s', node_type,
                    CASE WHEN 'match_weight' = ANY (columns) THEN 'match_weight' ELSE 'patternos.match_weight(match_probability::float8)' END, edges);
END
$$;

-- The key of a relation: what the model says, else its primary key of one column, else a column unique_id.
CREATE FUNCTION patternos._match_key_column(relation regclass, document jsonb) RETURNS name
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key name;
BEGIN
    SELECT a.attname INTO key FROM pg_attribute AS a
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
      AND (a.attname = document ->> 'unique_id'
           OR a.attnum = (SELECT indkey[0] FROM pg_index WHERE indrelid = relation AND indisprimary AND indnkeyatts = 1)
           OR a.attname = 'unique_id')
    ORDER BY a.attname = document ->> 'unique_id' DESC NULLS LAST, a.attname <> 'unique_id' DESC LIMIT 1;
    IF key IS NULL THEN
        RAISE EXCEPTION 'the key of % is not known', relation USING ERRCODE = 'undefined_column',
            HINT = 'Give it a primary key of one column or a column unique_id, or give the model, which names it.';
    END IF;
    RETURN key;
END
$$;

CREATE FUNCTION patternos._cluster_matches(edges regclass, threshold double precision, "into" text, relation regclass, model text, current name,
    OUT records bigint, OUT clusters bigint, OUT largest bigint, OUT suspicious bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
    target text := patternos._match_target("into", current);
    floor double precision := patternos._match_floor(threshold);
    document jsonb := CASE WHEN model IS NOT NULL THEN patternos._match_document(model) END;
    edge record;
    work text := patternos._match_work_name(patternos._target_schema(target));
    compared text;
    key name;
    labels text;
    pairs text;
BEGIN
    edge := patternos._read_match_edges(edges);
    PERFORM patternos._make_work_table(work, 'SELECT');
    labels := format('SELECT NULL::%1$s AS a, NULL::%1$s AS b, NULL::float8 AS weight WHERE false', edge.node_type);
    IF relation IS NOT NULL THEN
        key := patternos._match_key_column(relation, document);
        labels := patternos._label_query(relation, relation::text, key, key);
        edge.query := format('%s UNION ALL SELECT %I, NULL, ''Infinity'' FROM %s', edge.query, key, relation);
    END IF;
    IF relation IS NOT NULL AND document IS NOT NULL THEN
        compared := patternos._create_match_records(document || '{"blocking": []}', relation, patternos._target_schema(target));
        pairs := patternos._suspect_pairs(work, compared, 'uid', patternos._compile_match_model(document));
    END IF;
    suspicious := patternos._cluster_edges(work, edge.query, labels, edge.node_type, pairs, floor,
        CASE WHEN relation IS NOT NULL AND document IS NOT NULL THEN patternos._exclusive_query(document, relation, key, NULL) END);
    EXECUTE format('CREATE TABLE %s AS SELECT node AS unique_id, cluster AS cluster_id, size AS cluster_size,
                        patternos.match_probability(best_weight) AS best_probability, patternos.match_probability(weakest_weight) AS weakest_probability
                    FROM %s_component ORDER BY node', target, work);
    EXECUTE format('SELECT count(*), count(*) FILTER (WHERE unique_id = cluster_id), coalesce(max(cluster_size), 0) FROM %s', target)
    INTO records, clusters, largest;
    EXECUTE format('COMMENT ON TABLE %s IS %L', target, 'Records with the cluster of records that are the same, named by its smallest unique_id');
    PERFORM patternos._drop_match_records(work), patternos._drop_match_records(compared);
END
$$;

CREATE FUNCTION patternos.cluster_matches(edges regclass, threshold double precision, "into" text, relation regclass DEFAULT NULL, model text DEFAULT NULL,
    OUT records bigint, OUT clusters bigint, OUT largest bigint, OUT suspicious bigint)
LANGUAGE sql VOLATILE
BEGIN ATOMIC
    SELECT * FROM patternos._cluster_matches(edges, threshold, "into", relation, model, pg_catalog.current_schema());
END;
COMMENT ON FUNCTION patternos.cluster_matches(regclass, double precision, text, regclass, text) IS
    'Clusters of records that a table of edges joins, written into a new table.';
