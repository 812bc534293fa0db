-- Connected components of any graph.

CREATE FUNCTION patternos.connected_components(query text)
RETURNS TABLE (node bigint, component bigint)
LANGUAGE c VOLATILE STRICT COST 10000 ROWS 100000
AS 'MODULE_PATHNAME', 'patternos_connected_components';
COMMENT ON FUNCTION patternos.connected_components(text) IS
    'Connected components of the graph whose edges a query returns, named by their smallest node.';
