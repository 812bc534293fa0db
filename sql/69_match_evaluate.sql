-- How good matches are: edges and clusters against a known truth or against labelled pairs.
-- Ids are compared as text, so that truth may come from a file of another type.

-- The expression over alias t that says whether a labelled pair is the same person.
CREATE FUNCTION patternos._label_verdict(labels regclass) RETURNS text
LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    verdict text;
BEGIN
    SELECT CASE a.attname WHEN 'same' THEN 't.same' ELSE 't.clerical_match_score >= 0.5' END INTO verdict
    FROM pg_attribute a
    WHERE a.attrelid = labels AND NOT a.attisdropped
      AND ((a.attname = 'same' AND a.atttypid = 'boolean'::regtype)
           OR (a.attname = 'clerical_match_score' AND a.atttypid IN ('real'::regtype, 'double precision'::regtype, 'numeric'::regtype)))
    ORDER BY a.attname DESC
    LIMIT 1;
    IF verdict IS NULL OR (SELECT count(*) FROM pg_attribute a
                           WHERE a.attrelid = labels AND NOT a.attisdropped AND a.attname IN ('unique_id_l', 'unique_id_r')) < 2 THEN
        RAISE EXCEPTION 'relation % holds no labelled pairs', labels
            USING ERRCODE = 'undefined_column',
                  HINT = 'Name the column of the true person as truth_column, or give a table with the columns unique_id_l, unique_id_r and same boolean (or clerical_match_score).';
    END IF;
    RETURN verdict;
END
$$;

-- Refuses a relation without the columns that an evaluation reads.
CREATE FUNCTION patternos._require_columns(relation regclass, VARIADIC names text[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    missing text;
BEGIN
    IF relation IS NULL THEN
        RAISE EXCEPTION 'relation must not be null' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    SELECT string_agg(quote_ident(n), ', ') INTO missing
    FROM unnest(names) n
    WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = relation AND a.attname = n AND a.attnum > 0 AND NOT a.attisdropped);
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'relation % has no column %', relation, missing
            USING ERRCODE = 'undefined_column', HINT = 'Name the columns as the relation has them, without quotes.';
    END IF;
END
$$;

-- The edges whose truth is known, as a query of (match_weight, same), and a query of the number of true pairs.
CREATE FUNCTION patternos._truth_queries(edges regclass, truth regclass, unique_id text, truth_column text,
                                         OUT pairs text, OUT positives text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    verdict text;
    rows text;
BEGIN
    IF edges IS NULL THEN
        RAISE EXCEPTION 'edges must not be null' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    rows := (SELECT format('(SELECT a AS unique_id_l, b AS unique_id_r, weight AS match_weight FROM (%s) q)', q.query) FROM patternos._read_match_edges(edges) AS q);
    IF truth_column IS NOT NULL THEN
        PERFORM patternos._require_columns(truth, unique_id, truth_column);
        pairs := format('SELECT e.match_weight, coalesce(l.%1$I = r.%1$I, false) AS same FROM %2$s e '
                        'JOIN %3$s l ON l.%4$I::text = e.unique_id_l::text JOIN %3$s r ON r.%4$I::text = e.unique_id_r::text',
                        truth_column, rows, truth, unique_id);
        positives := format('SELECT coalesce(sum(n * (n - 1) / 2), 0)::bigint '
                            'FROM (SELECT count(*) AS n FROM %1$s WHERE %2$I IS NOT NULL GROUP BY %2$I) c', truth, truth_column);
    ELSE
        verdict := patternos._label_verdict(truth);
        pairs := format('SELECT e.match_weight, %1$s AS same FROM %2$s t JOIN %3$s e '
                        'ON least(t.unique_id_l::text, t.unique_id_r::text) = least(e.unique_id_l::text, e.unique_id_r::text) '
                        'AND greatest(t.unique_id_l::text, t.unique_id_r::text) = greatest(e.unique_id_l::text, e.unique_id_r::text)',
                        verdict, truth, rows);
        positives := format('SELECT count(*) FROM %s t WHERE %s', truth, verdict);
    END IF;
END
$$;

CREATE FUNCTION patternos.evaluate_matches(edges regclass, truth regclass, unique_id text DEFAULT 'unique_id',
                                           truth_column text DEFAULT NULL, step double precision DEFAULT 0.1)
RETURNS TABLE (match_weight double precision, match_probability double precision, true_positives bigint, false_positives bigint,
               false_negatives bigint, "precision" double precision, recall double precision, f1 double precision)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    query record;
    positives bigint;
BEGIN
    IF step IS NULL OR NOT (step >= 0.001 AND step <= 100) THEN
        RAISE EXCEPTION 'step must be between 0.001 and 100' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT * INTO query FROM patternos._truth_queries(edges, truth, unique_id, truth_column);
    EXECUTE query.positives INTO positives;
    -- the thresholds are the steps that occur and the probabilities that people ask for
    RETURN QUERY EXECUTE format($q$
        WITH scored AS (
            SELECT s.match_weight, count(*) FILTER (WHERE s.same) AS hits, count(*) FILTER (WHERE NOT s.same) AS misses
            FROM (%s) s WHERE s.match_weight IS NOT NULL GROUP BY s.match_weight
        ), threshold AS (
            SELECT floor(match_weight / $1) * $1 AS match_weight FROM scored
            UNION SELECT log(2.0, p / (1 - p))::float8 FROM unnest('{0.5,0.9,0.95,0.99}'::numeric[]) p
        ), running AS (
            SELECT e.match_weight, e.is_threshold,
                   sum(e.hits) OVER (ORDER BY e.match_weight DESC)::bigint AS tp,
                   sum(e.misses) OVER (ORDER BY e.match_weight DESC)::bigint AS fp
            FROM (SELECT match_weight, hits, misses, false AS is_threshold FROM scored
                  UNION ALL SELECT match_weight, 0, 0, true FROM threshold) e
        )
        SELECT r.match_weight, patternos.match_probability(r.match_weight), r.tp, r.fp, $2 - r.tp,
               r.tp::float8 / nullif(r.tp + r.fp, 0), r.tp::float8 / nullif($2, 0), 2 * r.tp::float8 / nullif(r.tp + r.fp + $2, 0)
        FROM running r WHERE r.is_threshold ORDER BY r.match_weight$q$, query.pairs)
    USING step, positives;
END
$$;

-- Pairwise counts from the table of (cluster, person) without making a pair; B cubed from the same table.
CREATE FUNCTION patternos.evaluate_clusters(clusters regclass, truth regclass, unique_id text DEFAULT 'unique_id',
                                            truth_column text DEFAULT NULL, cluster_column text DEFAULT 'cluster_id',
    OUT records bigint, OUT clusters_found bigint, OUT clusters_true bigint, OUT clusters_exact bigint,
    OUT true_positives bigint, OUT false_positives bigint, OUT false_negatives bigint,
    OUT "precision" double precision, OUT recall double precision, OUT f1 double precision,
    OUT b3_precision double precision, OUT b3_recall double precision, OUT b3_f1 double precision)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    verdict text;
BEGIN
    PERFORM patternos._require_columns(clusters, 'unique_id', cluster_column);
    IF truth_column IS NOT NULL THEN
        PERFORM patternos._require_columns(truth, unique_id, truth_column);
        EXECUTE format($q$
            WITH cell AS (
                -- who has no person in the truth is somebody of their own
                SELECT c.%1$I::text AS cluster, coalesce('=' || t.%2$I::text, '#' || t.%3$I::text) AS person, count(*)::numeric AS n
                FROM %4$s c JOIN %5$s t ON t.%3$I::text = c.unique_id::text
                GROUP BY 1, 2
            ), counted AS (
                SELECT n, sum(n) OVER (PARTITION BY cluster) AS in_cluster, sum(n) OVER (PARTITION BY person) AS in_person,
                       row_number() OVER (PARTITION BY cluster) AS nth_in_cluster, row_number() OVER (PARTITION BY person) AS nth_in_person
                FROM cell
            )
            SELECT coalesce(sum(n), 0), count(*) FILTER (WHERE nth_in_cluster = 1), count(*) FILTER (WHERE nth_in_person = 1),
                   count(*) FILTER (WHERE n = in_cluster AND n = in_person), sum(n * (n - 1) / 2),
                   sum(in_cluster * (in_cluster - 1) / 2) FILTER (WHERE nth_in_cluster = 1) - sum(n * (n - 1) / 2),
                   sum(in_person * (in_person - 1) / 2) FILTER (WHERE nth_in_person = 1) - sum(n * (n - 1) / 2),
                   sum(n * n / in_cluster) / sum(n), sum(n * n / in_person) / sum(n)
            FROM counted$q$, cluster_column, truth_column, unique_id, clusters, truth)
        INTO records, clusters_found, clusters_true, clusters_exact, true_positives, false_positives, false_negatives, b3_precision, b3_recall;
        b3_f1 := 2 * b3_precision * b3_recall / nullif(b3_precision + b3_recall, 0);
    ELSE
        verdict := patternos._label_verdict(truth);
        EXECUTE format($q$
            SELECT count(*) FILTER (WHERE l.%1$I = r.%1$I AND %2$s), count(*) FILTER (WHERE l.%1$I = r.%1$I AND NOT %2$s),
                   count(*) FILTER (WHERE (l.%1$I = r.%1$I) IS NOT TRUE AND %2$s)
            FROM %3$s t LEFT JOIN %4$s l ON l.unique_id::text = t.unique_id_l::text
                        LEFT JOIN %4$s r ON r.unique_id::text = t.unique_id_r::text$q$, cluster_column, verdict, truth, clusters)
        INTO true_positives, false_positives, false_negatives;
        EXECUTE format('SELECT count(*), count(DISTINCT %I) FROM %s', cluster_column, clusters) INTO records, clusters_found;
    END IF;
    "precision" := true_positives::float8 / nullif(true_positives + false_positives, 0);
    recall := true_positives::float8 / nullif(true_positives + false_negatives, 0);
    f1 := 2 * true_positives::float8 / nullif(2 * true_positives + false_positives + false_negatives, 0);
END
$$;

COMMENT ON FUNCTION patternos.evaluate_matches(regclass, regclass, text, text, double precision) IS
    'Precision, recall and F1 of an edge table over thresholds, against the true person of each record or against labelled pairs.';
COMMENT ON FUNCTION patternos.evaluate_clusters(regclass, regclass, text, text, text) IS
    'Pairwise precision, recall and F1 and B cubed of clusters, against the true person of each record or against labelled pairs.';
