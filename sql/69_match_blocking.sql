-- What a model's blocking rules find and which records it can never link.

CREATE FUNCTION patternos._evaluate_blocking(document jsonb, relation regclass, truth_column text)
RETURNS TABLE (rule integer, definition text, pairs bigint, true_pairs bigint, new_true_pairs bigint, recall double precision, reduction_ratio double precision)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    work text;
    known numeric;
    total numeric;
    found bigint := 0;
BEGIN
    PERFORM patternos._require_columns(relation, truth_column, document ->> 'unique_id');
    work := patternos._create_match_records(document, relation);
    EXECUTE format('CREATE TEMP TABLE %I AS SELECT w.rec, t.%I AS person FROM %s AS w JOIN %s AS t ON t.%I = w.uid WHERE t.%2$I IS NOT NULL',
                   'patternos match truth', truth_column, work, relation, document ->> 'unique_id');
    EXECUTE format('SELECT (count(*)::numeric * (count(*) - 1)) / 2 FROM %s', work) INTO total;
    SELECT coalesce(sum(n * (n - 1) / 2), 0) INTO known FROM (SELECT count(*)::numeric AS n FROM pg_temp."patternos match truth" AS t GROUP BY t.person) AS s;
    FOR rule, definition IN EXECUTE format('SELECT rule, definition FROM %s_rule ORDER BY rule', work) LOOP
        EXECUTE format('SELECT count(*), count(*) FILTER (WHERE x.person = y.person) FROM (SELECT a.rec AS l, b.rec AS r %s) AS p
                        LEFT JOIN pg_temp."patternos match truth" AS x ON x.rec = p.l LEFT JOIN pg_temp."patternos match truth" AS y ON y.rec = p.r',
                       patternos._pair_query(document, work, rule)) INTO pairs, true_pairs;
        EXECUTE format('SELECT count(*) FILTER (WHERE x.person = y.person) FROM (SELECT a.rec AS l, b.rec AS r %s) AS p
                        JOIN pg_temp."patternos match truth" AS x ON x.rec = p.l JOIN pg_temp."patternos match truth" AS y ON y.rec = p.r',
                       patternos._pair_query(document, work, rule, ARRAY(SELECT generate_series(1, rule - 1)))) INTO new_true_pairs;
        found := found + new_true_pairs;
        recall := found / nullif(known, 0)::double precision;
        reduction_ratio := 1 - pairs / nullif(total, 0)::double precision;
        RETURN NEXT;
    END LOOP;
    DROP TABLE pg_temp."patternos match truth";
    PERFORM patternos._drop_match_records(work);
END
$$;

CREATE FUNCTION patternos.evaluate_blocking(model text, relation regclass, truth_column text)
RETURNS TABLE (rule integer, definition text, pairs bigint, true_pairs bigint, new_true_pairs bigint, recall double precision, reduction_ratio double precision)
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$ SELECT * FROM patternos._evaluate_blocking(patternos._match_document(model), relation, truth_column) ORDER BY rule $$;

CREATE FUNCTION patternos.unlinkables(model text, relation regclass)
RETURNS TABLE (match_probability double precision, records bigint, unlinkable bigint, share double precision)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    document jsonb := patternos._match_document(model) || '{"blocking": []}';
    work text := patternos._create_match_records(document, relation);
BEGIN
    RETURN QUERY EXECUTE format($q$
        WITH self AS (SELECT patternos._match_weight(f, f, %L::bytea, '-Infinity') AS w FROM %s)
        SELECT p, count(*), count(*) FILTER (WHERE s.w < patternos._match_floor(p)),
               count(*) FILTER (WHERE s.w < patternos._match_floor(p)) / nullif(count(*), 0)::float8
        FROM self AS s CROSS JOIN unnest('{0.5,0.9,0.95,0.99,0.999}'::float8[]) AS p GROUP BY p ORDER BY p$q$,
        patternos._compile_match_model(document), work);
    PERFORM patternos._drop_match_records(work);
END
$$;

COMMENT ON FUNCTION patternos.evaluate_blocking(text, regclass, text) IS
    'Pairs and true pairs that each blocking rule of a model finds, and the recall of the rules together.';
COMMENT ON FUNCTION patternos.unlinkables(text, regclass) IS
    'How many records say too little to be linked at a probability, even to a copy of themselves.';
