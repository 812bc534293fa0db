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

CREATE FUNCTION patternos._divide_clusters(query text, threshold double precision, share double precision)
RETURNS TABLE (node bigint, cluster bigint, size integer, best_weight double precision, weakest_weight double precision)
AS 'MODULE_PATHNAME', 'patternos_divide_clusters'
LANGUAGE C VOLATILE STRICT COST 10000 ROWS 10000;
