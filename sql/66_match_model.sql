-- Match models: settings, their completion, the registry.

-- The expressions of a list such as 'surname, left(postcode, 4)', one by one: pure expressions over columns.
CREATE FUNCTION patternos._split_expressions(expressions text) RETURNS text[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'patternos_split_expressions';

-- The columns in such a list, each once.
CREATE FUNCTION patternos._expression_columns(expressions text) RETURNS text[]
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'patternos_expression_columns';

-- The types of such a list over a relation; what is volatile is refused.
CREATE FUNCTION patternos._expression_types(relation regclass, expressions text) RETURNS regtype[]
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'patternos_expression_types';

CREATE FUNCTION patternos._em(patterns bigint[], counts bigint[], levels integer[], start double precision[], fixed boolean[],
    OUT parameters double precision[], OUT iterations integer, OUT change double precision, OUT log_likelihood double precision)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100000
AS 'MODULE_PATHNAME', 'patternos_em';

CREATE FUNCTION patternos._fit_match_model(levels integer[], start double precision[], prior double precision[], fixed boolean[],
    agreement double precision[], total double precision, masks bigint[], sessions integer[], patterns bigint[],
    counts double precision[], truths integer[], looked_at double precision, sharing double precision[], names integer[],
    naming integer[],
    OUT parameters double precision[], OUT passes double precision[], OUT rounds integer, OUT change double precision,
    OUT sensitivity double precision[], OUT households double precision[])
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 1000000
AS 'MODULE_PATHNAME', 'patternos_fit_match_model';

