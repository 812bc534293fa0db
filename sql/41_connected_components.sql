-- Connected components of any graph.

CREATE FUNCTION patternos.connected_components(query text)
RETURNS TABLE (node bigint, component bigint)
LANGUAGE c VOLATILE STRICT COST 10000 ROWS 100000
AS 'MODULE_PATHNAME', 'patternos_connected_components';
COMMENT ON FUNCTION patternos.connected_components(text) IS
    'Connected components of the graph whose edges a query returns, named by their smallest node.';

-- The maximum spanning forest of a graph in which some nodes must not meet: src/forest.c.
CREATE FUNCTION patternos._spanning_forest(edges text, conflicts text)
RETURNS TABLE (node bigint, component bigint, weakest double precision, strongest double precision)
LANGUAGE c VOLATILE STRICT COST 10000 ROWS 100000
AS 'MODULE_PATHNAME', 'patternos__spanning_forest';

-- Whether what is known of two accounts speaks against one person: src/contradict.c.
CREATE FUNCTION patternos._contradict(a bigint[], b bigint[]) RETURNS boolean
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'patternos__contradict';

-- What the members of groups have in common: src/evidence.c.
CREATE FUNCTION patternos._common_evidence(query text) RETURNS TABLE (member bigint, compared integer, shared integer)
LANGUAGE c VOLATILE STRICT COST 10000 ROWS 100000
AS 'MODULE_PATHNAME', 'patternos__common_evidence';

-- Blocking keys of a record, and numbers without unwanted ones: src/blocking_keys.c.
CREATE FUNCTION patternos._blocking_keys(VARIADIC hashes "any") RETURNS bigint[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'patternos__blocking_keys';

CREATE FUNCTION patternos._without(numbers bigint[], unwanted bigint[]) RETURNS bigint[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'patternos__without';

REVOKE ALL ON FUNCTION patternos._spanning_forest(text, text), patternos._common_evidence(text) FROM PUBLIC;
