-- RFM scores and segments: pure functions of their arguments.

CREATE FUNCTION patternos.recency_score(recency_days integer) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos_recency_score';

CREATE FUNCTION patternos.frequency_score(frequency_90d bigint) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos_frequency_score';

CREATE FUNCTION patternos.monetary_score(monetary_90d numeric) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos_monetary_score';

CREATE FUNCTION patternos.score_by_cuts(value numeric, cuts numeric[], higher_is_better boolean) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'patternos_score_by_cuts';

CREATE FUNCTION patternos.score_by_cuts(value numeric, key bigint, cuts numeric[], keys bigint[], higher_is_better boolean)
RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'MODULE_PATHNAME', 'patternos_score_by_ranked_cuts';

CREATE FUNCTION patternos.recency_score(recency_days integer, cuts numeric[]) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN patternos.score_by_cuts(recency_days::numeric, cuts, false);

CREATE FUNCTION patternos.frequency_score(frequency_90d bigint, cuts numeric[]) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN patternos.score_by_cuts(frequency_90d::numeric, cuts, true);

CREATE FUNCTION patternos.monetary_score(monetary_90d numeric, cuts numeric[]) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN patternos.score_by_cuts(monetary_90d, cuts, true);

CREATE FUNCTION patternos.rfm_score(recency_days integer, frequency_90d bigint, monetary_90d numeric) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos_rfm_score';

-- not strict: without a recency score nothing was ever bought
CREATE FUNCTION patternos.rfm_segment(recency_score integer, frequency_score integer) RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'patternos_rfm_segment';

-- the cells of recency and frequency score for which the editable rules name no segment, or several
CREATE FUNCTION patternos.rfm_rule_check()
RETURNS TABLE (recency_score integer, frequency_score integer, segments text[])
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT r, f, coalesce(array_agg(rule.segment ORDER BY rule.segment) FILTER (WHERE rule.segment IS NOT NULL), '{}')
    FROM generate_series(1, 5) r
    CROSS JOIN generate_series(1, 5) f
    LEFT JOIN patternos_dw.rfm_segment_rule rule ON rule.recency_scores @> r AND rule.frequency_scores @> f
    GROUP BY r, f
    HAVING count(rule.segment) <> 1
    ORDER BY r, f;
$$;

REVOKE ALL ON FUNCTION patternos.rfm_rule_check() FROM PUBLIC;

COMMENT ON FUNCTION patternos.recency_score(integer) IS
    'Score 1 to 5 of the days since the last purchase, 5 for the most recent.';
COMMENT ON FUNCTION patternos.recency_score(integer, numeric[]) IS
    'Score 1 to 5 of the days since the last purchase, 5 for the most recent.';
COMMENT ON FUNCTION patternos.frequency_score(bigint) IS
    'Score 1 to 5 of the number of purchases in 90 days.';
COMMENT ON FUNCTION patternos.frequency_score(bigint, numeric[]) IS
    'Score 1 to 5 of the number of purchases in 90 days.';
COMMENT ON FUNCTION patternos.monetary_score(numeric) IS
    'Score 1 to 5 of the spend in 90 days.';
COMMENT ON FUNCTION patternos.monetary_score(numeric, numeric[]) IS
    'Score 1 to 5 of the spend in 90 days.';
COMMENT ON FUNCTION patternos.score_by_cuts(numeric, numeric[], boolean) IS
    'Score of a value: one plus the number of cut points that it reaches.';
COMMENT ON FUNCTION patternos.score_by_cuts(numeric, bigint, numeric[], bigint[], boolean) IS
    'Score of a value: one plus the number of cut points that it reaches.';
COMMENT ON FUNCTION patternos.rfm_score(integer, bigint, numeric) IS
    'The three scores of recency, frequency and spend as three digits.';
COMMENT ON FUNCTION patternos.rfm_segment(integer, integer) IS
    'The customer segment of a recency and a frequency score.';
COMMENT ON FUNCTION patternos.rfm_rule_check() IS
    'The pairs of scores to which the editable segment rules give no segment, or several.';
