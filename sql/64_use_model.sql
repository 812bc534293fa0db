-- Using registered models on the rows of a table or query, which is read with the rights and in the search_path of the caller.

-- What to write after FROM for a source: the name of a relation as it is found in path, or a query in parentheses.
CREATE FUNCTION patternos._source_rows(source text, path text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation regclass;
BEGIN
    IF source !~ '^[^[:space:]()]+$' THEN
        RETURN '(' || source || ')';
    END IF;
    PERFORM set_config('search_path', path, true);
    relation := pg_catalog.to_regclass(source);
    PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    IF relation IS NULL THEN
        RAISE EXCEPTION 'there is no table or view "%"', left(source, 127) USING ERRCODE = 'undefined_table', HINT = 'Give a table, a view or a query.';
    END IF;
    RETURN relation::text;
END
$$;

-- The compiled form and the version of a model. The warehouse does not exist yet when functions that are bound to it would be made.
CREATE FUNCTION patternos._compiled_model(name text, version text) RETURNS TABLE (compiled bytea, model_version text)
LANGUAGE plpgsql STABLE ROWS 1 SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY SELECT m.compiled, m.version FROM patternos_dw.model AS m
                 WHERE m.model_id = patternos._find_model(_compiled_model.name, _compiled_model.version);
END
$$;

-- Scores of a query's rows, whose last column is their id.
CREATE FUNCTION patternos._predict(model bytea, version text, query text)
RETURNS TABLE (id text, probability double precision, raw double precision, model_version text)
LANGUAGE c STABLE STRICT COST 100000 SET jit = off AS 'MODULE_PATHNAME', 'patternos__predict';

CREATE FUNCTION patternos.predict(name text, source text, version text DEFAULT NULL, id_column text DEFAULT 'id')
RETURNS TABLE (id text, probability double precision, raw double precision, model_version text)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT p.id, p.probability, p.raw, p.model_version
    FROM patternos._compiled_model(predict.name, predict.version) AS m
    CROSS JOIN LATERAL patternos._predict(m.compiled, m.model_version, pg_catalog.format('SELECT s.*, s.%I::pg_catalog.text FROM %s AS s', predict.id_column,
        patternos._source_rows(predict.source, pg_catalog.current_setting('search_path')))) AS p;
END;
COMMENT ON FUNCTION patternos.predict(text, text, text, text) IS
    'Scores the rows of a table or query with a registered model.';

-- A share with Wilson's interval; NULL without cases.
CREATE FUNCTION patternos._wilson(share double precision, n double precision, OUT ci_low double precision, OUT ci_high double precision)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (w.middle - w.half) / (1 + 3.8416 / n), (w.middle + w.half) / (1 + 3.8416 / n)
    FROM (SELECT share + 1.9208 / n AS middle, 1.96 * sqrt(greatest(share * (1 - share), 0) / n + 0.9604 / n / n) AS half WHERE n > 0) AS w
$$;

-- Whether a label, as text, says yes. Errors: a label that is neither a boolean nor 0 or 1.
CREATE FUNCTION patternos._outcome(label text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- numeric has its scale: 1.0
    IF label !~ '^(true|false|[01](\.0+)?)$' THEN
        RAISE EXCEPTION 'label must be 0 or 1, or a boolean' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Make a condition of it, such as value > 0 AS label.';
    END IF;
    RETURN label ~ '^[t1]';
END
$$;

-- The figures of scored rows, as SQL over columns score and label.
CREATE FUNCTION patternos._evaluation_query(scored text, fractions double precision[]) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format($q$
        WITH figures AS (
            SELECT count(*) AS n, count(*) FILTER (WHERE label) AS n_pos, patternos.auc(score, label) AS auc, patternos.auc_error(score, label) AS auc_error,
                   patternos.pr_auc(score, label) AS pr_auc, patternos.log_loss(score, label) AS log_loss, patternos.log_loss_error(score, label) AS log_loss_error,
                   patternos.brier(score, label) AS brier, patternos.brier_error(score, label) AS brier_error, patternos.ece(score, label, 10) AS ece%s
            FROM %s
        ), top AS (
            SELECT k.k, (f.at)[k.i] AS precision, f.n, f.n_pos, greatest(1, round(k.k * f.n)) AS rows
            FROM figures AS f, unnest(%L::float8[]) WITH ORDINALITY AS k (k, i)
        ), line AS (
            SELECT 1 AS o, 'auc' AS metric, NULL::float8 AS k, auc AS value, greatest(0, auc - 1.96 * auc_error) AS ci_low, least(1, auc + 1.96 * auc_error) AS ci_high FROM figures
            UNION ALL SELECT 2, 'pr_auc', NULL, pr_auc, CASE WHEN pr_auc < 1 THEN 1 / (1 + (1 / pr_auc - 1) * exp(1.96 / sqrt(n_pos * pr_auc * (1 - pr_auc)))) END,
                CASE WHEN pr_auc < 1 THEN 1 / (1 + (1 / pr_auc - 1) * exp(-1.96 / sqrt(n_pos * pr_auc * (1 - pr_auc)))) END FROM figures
            UNION ALL SELECT 3, 'log_loss', NULL, log_loss, greatest(0, log_loss - 1.96 * log_loss_error), log_loss + 1.96 * log_loss_error FROM figures
            UNION ALL SELECT 4, 'brier', NULL, brier, greatest(0, brier - 1.96 * brier_error), brier + 1.96 * brier_error FROM figures
            UNION ALL SELECT 5, 'ece', NULL, ece, NULL, NULL FROM figures
            UNION ALL SELECT 6, 'base_rate', NULL, n_pos::float8 / nullif(n, 0), w.ci_low, w.ci_high
                FROM figures LEFT JOIN LATERAL patternos._wilson(n_pos::float8 / nullif(n, 0), n) AS w ON true
            UNION ALL SELECT 7, 'precision', k, precision, w.ci_low, w.ci_high FROM top LEFT JOIN LATERAL patternos._wilson(precision, rows) AS w ON true
            UNION ALL SELECT 8, 'recall', k, precision * rows / nullif(n_pos, 0), w.ci_low, w.ci_high
                FROM top LEFT JOIN LATERAL patternos._wilson(precision * rows / nullif(n_pos, 0), n_pos) AS w ON true
            UNION ALL SELECT 9, 'lift', k, precision * n / nullif(n_pos, 0), w.ci_low * n / nullif(n_pos, 0), w.ci_high * n / nullif(n_pos, 0)
                FROM top LEFT JOIN LATERAL patternos._wilson(precision, rows) AS w ON true
        )
        SELECT l.metric, l.k, l.value, CASE WHEN l.value IS NOT NULL THEN l.ci_low END, CASE WHEN l.value IS NOT NULL THEN l.ci_high END, f.n, f.n_pos FROM line AS l, figures AS f ORDER BY l.o, l.k$q$,
        (SELECT ', ARRAY[' || coalesce(string_agg(format('patternos.precision_at(score, label, %L::float8)', k), ', ' ORDER BY i), 'NULL::float8') || '] AS at'
         FROM unnest(fractions) WITH ORDINALITY AS f (k, i)), scored, fractions)
$$;

CREATE FUNCTION patternos._evaluate(name text, source text, label text, version text, fractions double precision[], path text)
RETURNS TABLE (metric text, k double precision, value double precision, ci_low double precision, ci_high double precision, n bigint, n_pos bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
    compiled bytea := (SELECT m.compiled FROM patternos_dw.model AS m WHERE m.model_id = patternos._find_model(_evaluate.name, _evaluate.version));
    statement text := patternos._evaluation_query(format('(SELECT patternos.score($1, s) AS score, CASE WHEN s.%1$I::text IN (''true'', ''1'') THEN true WHEN s.%1$I::text IN (''false'', ''0'') THEN false
                                                                 ELSE patternos._outcome(s.%1$I::text) END AS label FROM %2$s AS s WHERE s.%1$I IS NOT NULL) AS scored',
                                                         label, patternos._source_rows(source, path)), fractions);
BEGIN
    PERFORM set_config('search_path', path, true);
    RETURN QUERY EXECUTE statement USING compiled;
END
$$;

CREATE FUNCTION patternos.evaluate(name text, source text, label text DEFAULT 'label', version text DEFAULT NULL,
    fractions double precision[] DEFAULT '{0.01,0.05,0.1,0.2}')
RETURNS TABLE (metric text, k double precision, value double precision, ci_low double precision, ci_high double precision, n bigint, n_pos bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT * FROM patternos._evaluate(name, source, label, version, fractions, pg_catalog.current_setting('search_path'));
END;
COMMENT ON FUNCTION patternos.evaluate(text, text, text, text, double precision[]) IS
    'How well a registered model foretells the outcomes of a table or query, with intervals of 95 %.';

CREATE FUNCTION patternos.explain(name text, features jsonb, method text DEFAULT 'treeshap', top_k integer DEFAULT 5, version text DEFAULT NULL)
RETURNS TABLE (rank integer, feature text, value text, contribution double precision, base_value double precision)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT (row_number() OVER (ORDER BY abs(c.contribution) DESC, c.i))::integer, c.feature, explain.features ->> c.feature, c.contribution,
           e.contributions[cardinality(e.contributions)]
    FROM (SELECT m.features AS names, patternos._attribute(m.compiled, explain.features, m.document, explain.method) AS contributions
          FROM patternos_dw.model AS m WHERE m.model_id = patternos._find_model(explain.name, explain.version)) AS e
    CROSS JOIN LATERAL unnest(e.names, trim_array(e.contributions, 1)) WITH ORDINALITY AS c (feature, contribution, i)
    ORDER BY 1 LIMIT top_k;
END
$$;
COMMENT ON FUNCTION patternos.explain(text, jsonb, text, integer, text) IS
    'The features that move a row''s margin most, and by how much.';

CREATE FUNCTION patternos._feature_importance(name text, kind text, version text, source text, path text)
RETURNS TABLE (feature text, importance double precision, share double precision)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
    model record;
    parts jsonb;
    statement text;
BEGIN
    IF (kind = ANY ('{gain,splits,cover,shap}') AND (kind = 'shap') = (source IS NOT NULL)) IS NOT TRUE THEN
        RAISE EXCEPTION 'kind must be gain, splits or cover, or shap with a source' USING ERRCODE = 'invalid_parameter_value',
            HINT = 'SHAP values are of rows: give a table or query of some hundred.';
    END IF;
    SELECT m.* INTO model FROM patternos_dw.model AS m WHERE m.model_id = patternos._find_model(_feature_importance.name, _feature_importance.version);
    IF kind = 'shap' THEN
        statement := format('SELECT pg_catalog.jsonb_agg(m.v ORDER BY m.i) FROM (SELECT u.i, pg_catalog.avg(pg_catalog.abs(u.v)) AS v
            FROM (SELECT patternos._attribute($1, s, $2, ''treeshap'') AS a FROM %s AS s) AS r, pg_catalog.unnest(r.a) WITH ORDINALITY AS u (v, i) GROUP BY u.i) AS m',
            patternos._source_rows(source, path));
        PERFORM set_config('search_path', path, true);
        EXECUTE statement INTO parts USING model.compiled, model.document;
        PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
    END IF;
    RETURN QUERY
    SELECT f.feature, f.v, f.v / nullif(sum(f.v) OVER (), 0)
    FROM (SELECT n.feature, coalesce(CASE WHEN kind = 'shap' THEN parts ->> (n.i - 1)::integer ELSE model.importance -> n.feature ->> kind END, '0')::float8 AS v
          FROM unnest(model.features) WITH ORDINALITY AS n (feature, i)) AS f
    ORDER BY 2 DESC, 1;
END
$$;

CREATE FUNCTION patternos.feature_importance(name text, kind text DEFAULT 'gain', version text DEFAULT NULL, source text DEFAULT NULL)
RETURNS TABLE (feature text, importance double precision, share double precision)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT * FROM patternos._feature_importance(name, kind, version, source, pg_catalog.current_setting('search_path'));
END;
COMMENT ON FUNCTION patternos.feature_importance(text, text, text, text) IS
    'How much each feature matters to a model.';

CREATE FUNCTION patternos._drift(name text, source text, version text, path text)
RETURNS TABLE (feature text, psi double precision, level text, missing_reference double precision, missing_current double precision, rows bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
    model record;
    statement text := format('SELECT r.f OPERATOR(pg_catalog.||) patternos.score($1, r.f)::pg_catalog.float4
                              FROM (SELECT patternos._features($1, s) AS f FROM %s AS s OFFSET 0) AS r', patternos._source_rows(source, path));
BEGIN
    SELECT m.* INTO model FROM patternos_dw.model AS m WHERE m.model_id = patternos._find_model(_drift.name, _drift.version);
    IF model.reference IS NULL THEN
        RAISE EXCEPTION 'model "%" has no reference distribution', name USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Models trained here have one.';
    END IF;
    PERFORM set_config('search_path', path, true);
    RETURN QUERY EXECUTE format($q$
        WITH reference AS (
            SELECT u.i, u.name, ARRAY(SELECT v::float8 FROM pg_catalog.jsonb_array_elements_text(d.d -> 'edges') AS v) AS edges,
                   ARRAY(SELECT v::float8 FROM pg_catalog.jsonb_array_elements_text(d.d -> 'counts') AS v) AS counts, (d.d ->> 'missing')::float8 AS missing
            FROM pg_catalog.unnest($2 || '(score)'::text) WITH ORDINALITY AS u (name, i),
                 LATERAL (SELECT CASE WHEN u.i > pg_catalog.cardinality($2) THEN $3 -> 'score' ELSE $3 -> 'features' -> u.name END) AS d (d)
        ), current AS (
            SELECT u.i, pg_catalog.array_agg(u.v::float8) AS v, pg_catalog.count(*) - pg_catalog.count(u.v) AS missing, pg_catalog.count(*) AS n
            FROM (%s) AS r (f), pg_catalog.unnest(r.f) WITH ORDINALITY AS u (v, i) GROUP BY u.i
        ), moved AS (
            SELECT r.name, r.i, patternos.psi(r.counts || r.missing, patternos._bin_counts(c.v, r.edges) || c.missing::float8) AS psi,
                   r.missing / (SELECT nullif(sum(x), 0) FROM pg_catalog.unnest(r.counts || r.missing) AS x) AS was, c.missing / c.n::float8 AS is, c.n
            FROM reference AS r JOIN current AS c USING (i) WHERE r.counts IS NOT NULL AND pg_catalog.cardinality(r.counts) > 0
        )
        SELECT m.name, m.psi, CASE WHEN m.psi < 0.1 THEN 'stable' WHEN m.psi <= 0.25 THEN 'watch' ELSE 'act' END, m.was, m.is, m.n
        FROM moved AS m ORDER BY m.i > pg_catalog.cardinality($2) DESC, m.psi DESC, m.name$q$, statement)
    USING model.compiled, model.features, model.reference;
END
$$;

CREATE FUNCTION patternos.drift(name text, source text, version text DEFAULT NULL)
RETURNS TABLE (feature text, psi double precision, level text, missing_reference double precision, missing_current double precision, rows bigint)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT * FROM patternos._drift(name, source, version, pg_catalog.current_setting('search_path'));
END;
COMMENT ON FUNCTION patternos.drift(text, text, text) IS
    'How far the features and the scores of a table or query have moved from those that a model was trained on.';

REVOKE ALL ON FUNCTION patternos._compiled_model(text, text), patternos._predict(bytea, text, text), patternos.predict(text, text, text, text),
    patternos._outcome(text),
    patternos._evaluate(text, text, text, text, double precision[], text), patternos.evaluate(text, text, text, text, double precision[]),
    patternos.explain(text, jsonb, text, integer, text), patternos._feature_importance(text, text, text, text, text),
    patternos.feature_importance(text, text, text, text), patternos._drift(text, text, text, text), patternos.drift(text, text, text) FROM PUBLIC;
