-- Training passes: pattern counts of the pairs that agree on a rule.

-- Pattern counts of all passes in one list: pass 0 is the blocked pairs, each once, scaled to all of them; the others are the rules'.
CREATE TYPE patternos._match_passes AS (
    rules text[], masks bigint[], shares double precision[], passes integer[], patterns bigint[], counts double precision[], truths integer[]
);

COMMENT ON TYPE patternos._match_passes IS 'Pattern counts of the training passes of a match model.';

CREATE FUNCTION patternos._collect_passes(document jsonb, work text, relation regclass, model bytea, has_labels boolean) RETURNS patternos._match_passes
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result patternos._match_passes := ROW ('{}', '{}', '{}', '{}', '{}', '{}', '{}');
    rule record;
    found record;
    pass integer;
BEGIN
    FOR rule IN EXECUTE format('SELECT rule AS r, definition, refined_by, rule <= $1 AS is_blocking FROM %s_rule ORDER BY rule', work)
                USING jsonb_array_length(document -> 'blocking') LOOP
        found := patternos._rule_patterns(document, work, model, rule.r, has_labels);
        pass := cardinality(result.rules) + 1;
        result.rules := result.rules || rule.definition;
        result.masks := result.masks || patternos._rule_mask(document, relation, concat_ws(', ', rule.definition,
                            (SELECT string_agg(quote_ident(c), ', ') FROM unnest(rule.refined_by) AS c)));
        result.shares := result.shares || found.share;
        IF rule.is_blocking THEN
            result.passes := result.passes || array_fill(0, ARRAY[(SELECT count(*)::integer FROM unnest(found.firsts) AS f WHERE f)]);
            result.patterns := result.patterns || ARRAY(SELECT p FROM unnest(found.patterns, found.firsts) AS u (p, f) WHERE f);
            result.counts := result.counts || ARRAY(SELECT n / found.share FROM unnest(found.counts, found.firsts) AS u (n, f) WHERE f);
            result.truths := result.truths || ARRAY(SELECT t FROM unnest(found.truths, found.firsts) AS u (t, f) WHERE f);
        END IF;
        result.passes := result.passes || array_fill(pass, ARRAY[cardinality(found.patterns)]);
        result.patterns := result.patterns || found.patterns;
        result.counts := result.counts || found.counts::double precision[];
        result.truths := result.truths || found.truths;
        EXIT WHEN pass = 60;
    END LOOP;
    RETURN result;
END
$$;

-- What is kept of how a model was trained: per pass the figures and the m of the comparisons that it speaks of.
CREATE FUNCTION patternos._describe_passes(document jsonb, passes patternos._match_passes, figures double precision[]) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH comparison AS (
        SELECT c.value ->> 'name' AS name, c.ordinality AS n, jsonb_array_length(c.value -> 'levels') AS levels,
               sum(jsonb_array_length(c.value -> 'levels')) OVER (ORDER BY c.ordinality) AS last
        FROM jsonb_array_elements(document -> 'comparisons') WITH ORDINALITY AS c
    ), width AS (
        SELECT max(last)::integer + 6 AS w FROM comparison
    )
    SELECT coalesce(jsonb_agg(jsonb_build_object(
               'rule', r.rule, 'share_of_records', patternos._significant(passes.shares[r.pass]),
               'pairs', figures[(r.pass - 1) * w + 6]::bigint, 'lambda', patternos._significant(figures[(r.pass - 1) * w + 1]),
               'matches', round(figures[(r.pass - 1) * w + 2]::numeric, 1), 'iterations', figures[(r.pass - 1) * w + 3]::integer,
               'm', (SELECT jsonb_object_agg(c.name, (SELECT jsonb_agg(round(figures[(r.pass - 1) * w + 6 + i]::numeric, 6) ORDER BY i DESC)
                                                      FROM generate_series((c.last - c.levels + 1)::integer, c.last::integer) AS i))
                     FROM comparison AS c WHERE (passes.masks[r.pass] >> (4 * (c.n::integer - 1))) & 15 = 15)) ORDER BY r.pass), '[]')
    FROM unnest(passes.rules) WITH ORDINALITY AS r (rule, pass), width
$$;
