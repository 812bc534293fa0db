-- Training: counts of agreement patterns out of the records, and the model that fits them.

-- Number of all pairs of the records: between sources only for link_only.
CREATE FUNCTION patternos._all_pairs(document jsonb, work text) RETURNS double precision
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result double precision;
BEGIN
    EXECUTE format(CASE WHEN document ->> 'link_type' = 'link_only'
                        THEN 'SELECT (sum(n) ^ 2 - sum(n ^ 2)) / 2 FROM (SELECT count(*)::float8 AS n FROM %s GROUP BY src) AS s'
                        ELSE 'SELECT count(*) * (count(*) - 1.0) / 2 FROM %s' END, work) INTO result;
    RETURN coalesce(result, 0);
END
$$;

-- Pattern counts of all pairs when they are few, else of pairs that a counter hash over the records' numbers picks.
CREATE FUNCTION patternos._random_patterns(document jsonb, work text, model bytea, total double precision,
                                           OUT patterns bigint[], OUT counts bigint[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off
AS $$
DECLARE
    most double precision := coalesce((document ->> 'max_pairs')::float8, 1e6);
    seed bigint := coalesce((document ->> 'seed')::bigint, 0);
    apart text := CASE WHEN document ->> 'link_type' = 'link_only' THEN 'a.src <> b.src' ELSE 'true' END;
    records double precision;
    draws double precision;
    pairs text;
BEGIN
    EXECUTE format('SELECT count(*) FROM %s', work) INTO records;
    IF total <= most THEN
        pairs := format('%1$s AS a JOIN %1$s AS b ON a.rec < b.rec AND %2$s', work, apart);
    ELSE
        -- of the pairs drawn, those within a source are thrown away
        draws := most * least(records * (records - 1) / 2 / total, 10);
        pairs := format('(SELECT r.*, 1 + (hashint8extended(r.rec * %2$s + i, %3$s) & 9223372036854775807) %% %4$s AS other
                          FROM %1$s AS r, generate_series(1, %2$s) AS i
                          WHERE (hashint8extended(r.rec, %3$s) & 1048575) < %5$s) AS a
                         JOIN %1$s AS b ON b.rec = a.other AND b.rec <> a.rec AND %6$s',
                        work, ceil(draws / records), seed, records::bigint, ceil(1048576 * draws / records / ceil(draws / records)), apart);
    END IF;
    EXECUTE format('SELECT coalesce(array_agg(p ORDER BY p), ''{}''), coalesce(array_agg(n ORDER BY p), ''{}'')
                    FROM (SELECT patternos._match_pattern(a.f, b.f, %L::bytea) AS p, count(*) AS n FROM %s GROUP BY 1) AS s', model, pairs)
    INTO patterns, counts;
END
$$;

-- Share of the pairs with a value on either side whose values are equal, exactly, from the frequencies of the values; NULL without such
-- pairs. What was counted with the records of work is not counted again; of more than 200,000 records a part is taken, by the hash of their key.
CREATE FUNCTION patternos._equal_share(document jsonb, relation regclass, columns text[], work text DEFAULT NULL) RETURNS double precision
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '128MB'
SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET extra_float_digits = 1 SET bytea_output = 'hex'
AS $$
DECLARE
    source text := CASE WHEN document ->> 'link_type' = 'link_only' THEN quote_ident(document ->> 'source') || '::text' ELSE '1' END;
    value text := (SELECT string_agg(patternos._match_value(document, relation, quote_ident(c)), ' || chr(31) || ' ORDER BY n)
                   FROM unnest(columns) WITH ORDINALITY AS t (c, n));
    records double precision;
    result double precision;
BEGIN
    IF work IS NOT NULL AND cardinality(columns) = 1 AND document ->> 'link_type' <> 'link_only' THEN
        EXECUTE format('SELECT equal_pairs / nullif(records * (records - 1.0) / 2, 0) FROM %s_column WHERE name = $1', work) INTO result USING columns[1];
        IF result IS NOT NULL THEN
            RETURN result;
        END IF;
    END IF;
    EXECUTE format('SELECT count(*) FROM %s', relation) INTO records;
    EXECUTE format('WITH value AS (SELECT hashtextextended((%1$s) COLLATE "C", 0) AS v, %2$s AS s FROM %3$s WHERE %5$s),
                         part AS (SELECT v, s, count(*)::numeric AS n FROM value WHERE v IS NOT NULL GROUP BY v, s),
                         whole AS (SELECT sum(n) AS n, sum(n * n) AS same FROM part GROUP BY v),
                         total AS (SELECT (SELECT sum(n) FROM whole) AS n, (SELECT sum(n * n) FROM (SELECT sum(n) AS n FROM part GROUP BY s) AS x) AS same)
                    SELECT CASE WHEN %4$L = ''link_only''
                           THEN (SELECT sum(n * n - same) FROM whole) / nullif(max(total.n) * max(total.n) - max(total.same), 0)
                           ELSE (SELECT sum(n * (n - 1)) FROM whole) / nullif(max(total.n) * (max(total.n) - 1), 0) END
                    FROM total', value, source, relation, document ->> 'link_type',
                   CASE WHEN records > 200000 THEN format('(hashtextextended(%I::text, 0) & 1048575) < %s', document ->> 'unique_id', ceil(2e5 / records * 1048576))
                        ELSE 'true' END) INTO result;
    RETURN result;
END
$$;

-- Pairs per level among all pairs, comparison by comparison, worst level first: counted where all pairs were looked at; otherwise the
-- share of equal values is exact and the other levels share the rest as in the sample.
CREATE FUNCTION patternos._agreement(document jsonb, relation regclass, work text, patterns bigint[], counts bigint[], is_sample boolean)
RETURNS double precision[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    comparison record;
    seen double precision[];
    pairs double precision;
    equal double precision;
    best integer;
    result double precision[] := '{}';
BEGIN
    FOR comparison IN SELECT value AS c, ordinality::integer - 1 AS n FROM jsonb_array_elements(document -> 'comparisons') WITH ORDINALITY LOOP
        best := jsonb_array_length(comparison.c -> 'levels');
        SELECT array_agg(coalesce(t.n, 0) ORDER BY level) INTO seen
        FROM generate_series(1, best) AS level
        LEFT JOIN (SELECT (p >> (4 * comparison.n)) & 15 AS level, sum(n)::float8 AS n FROM unnest(patterns, counts) AS u (p, n) GROUP BY 1) AS t USING (level);
        SELECT sum(s) INTO pairs FROM unnest(seen) AS s;
        IF is_sample AND pairs > 0 AND comparison.c -> 'levels' -> 0 ->> 'test' = 'exact' AND comparison.c ->> 'kind' NOT IN ('set', 'bloom') THEN
            equal := patternos._equal_share(document, relation, ARRAY(SELECT jsonb_array_elements_text(comparison.c -> 'columns')), work);
            SELECT array_agg(CASE WHEN level = best THEN equal * pairs ELSE s * (1 - equal) * pairs / greatest(pairs - seen[best], 1) END ORDER BY level)
            INTO seen FROM unnest(seen) WITH ORDINALITY AS t (s, level) WHERE equal IS NOT NULL;
        END IF;
        result := result || seen;
    END LOOP;
    RETURN result;
END
$$;

-- Pattern counts of the pairs of a rule; first where no earlier rule of the document finds the pair; truth is what labels say of it, 2 for
-- nothing. When the pairs are too many, those of a part of the records are taken; share is that part.
CREATE FUNCTION patternos._rule_patterns(document jsonb, work text, model bytea, rule integer, has_labels boolean,
                                         OUT patterns bigint[], OUT counts bigint[], OUT firsts boolean[], OUT truths integer[], OUT share double precision)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET enable_mergejoin = off
AS $$
DECLARE
    most double precision := coalesce((document ->> 'max_pairs')::float8, 1e6) / 8;
    earlier text;
    pairs double precision;
BEGIN
    EXECUTE format('SELECT (pairs - oversize_pairs + refined_pairs)::float8 FROM %s_rule WHERE rule = $1', work) INTO pairs USING rule;
    EXECUTE format('SELECT string_agg(CASE WHEN exploded THEN format(''patternos._first_common(a.k%%1$s, b.k%%1$s) IS NOT NULL'', rule)
                                           ELSE format(''(a.k%%1$s = b.k%%1$s) IS TRUE'', rule) END, '' OR '' ORDER BY rule)
                    FROM %s_rule WHERE rule < $1 OR $1 > $2', work)
    INTO earlier USING rule, jsonb_array_length(document -> 'blocking');
    share := least(ceil(least(most / greatest(pairs, 1), 1) * 1048576) / 1048576, 1);
    EXECUTE format('SELECT coalesce(array_agg(p ORDER BY p, f, t), ''{}''), coalesce(array_agg(n ORDER BY p, f, t), ''{}''),
                           coalesce(array_agg(f ORDER BY p, f, t), ''{}''), coalesce(array_agg(t ORDER BY p, f, t), ''{}'')
                    FROM (SELECT p, f, t, count(*) AS n
                          FROM (SELECT patternos._match_pattern(a.f, b.f, %L::bytea) AS p, NOT (%s) AS f, %s AS t %s%s) AS x GROUP BY 1, 2, 3) AS s',
                   model, coalesce(earlier, 'false'),
                   CASE WHEN has_labels THEN format('coalesce((SELECT l.same::integer FROM %s_label AS l WHERE l.a = a.rec AND l.b = b.rec), 2)', work) ELSE '2' END,
                   patternos._pair_query(document, work, rule),
                   CASE WHEN share < 1 THEN format(' AND (hashint8extended(a.rec, %s) & 1048575) < %s', rule, share * 1048576) ELSE '' END)
    INTO patterns, counts, firsts, truths;
END
$$;

-- 15 in the place of each comparison that a rule says nothing about: it has no column of the rule, nor, where the rule uses a name, a
-- name, since a whole name repeats its parts.
CREATE FUNCTION patternos._rule_mask(document jsonb, relation regclass, rule text) RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH role AS (
        SELECT r.name, CASE WHEN r.role IN ('forename', 'surname', 'full_name', 'middle', 'alias') THEN 'name' END AS family
        FROM patternos._column_roles(relation) AS r
    ), used AS (
        SELECT u.name, role.family FROM unnest(patternos._expression_columns(rule)) AS u (name) LEFT JOIN role USING (name)
    )
    SELECT coalesce(sum(15::bigint << (4 * (c.ordinality::integer - 1))), 0)::bigint
    FROM jsonb_array_elements(document -> 'comparisons') WITH ORDINALITY AS c
    WHERE NOT EXISTS (SELECT FROM jsonb_array_elements_text(c.value -> 'columns') AS col (name) LEFT JOIN role USING (name)
                      JOIN used ON used.name = col.name OR used.family = role.family)
$$;

-- The parameters of a document in the order of _fit_match_model, with pseudo-counts of m and u, and what is to be kept: those of u
-- weigh by the pairs of which the level's share is known.
CREATE FUNCTION patternos._start_parameters(document jsonb, OUT levels integer[], OUT start double precision[],
                                            OUT prior double precision[], OUT fixed boolean[])
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH level AS (
        SELECT c.ordinality AS c, jsonb_array_length(c.value -> 'levels') - l.ordinality + 1 AS level, l.value AS l
        FROM jsonb_array_elements(document -> 'comparisons') WITH ORDINALITY AS c, jsonb_array_elements(c.value -> 'levels') WITH ORDINALITY AS l
    ), scaled AS (
        SELECT c, level, (l ->> 'm')::float8 / sum((l ->> 'm')::float8) OVER w AS m, (l ->> 'u')::float8 / sum((l ->> 'u')::float8) OVER w AS u,
               coalesce((l ->> 'fix_m')::boolean, false) AS fix_m, coalesce((l ->> 'fix_u')::boolean, false) AS fix_u
        FROM level WINDOW w AS (PARTITION BY c)
    )
    SELECT (SELECT array_agg(n ORDER BY c) FROM (SELECT c, count(*)::integer AS n FROM scaled GROUP BY c) AS x),
           array_agg(m ORDER BY c, level) || array_agg(u ORDER BY c, level),
           array_agg(25 * m ORDER BY c, level) || array_agg(0.05 + 200 * u ORDER BY c, level),
           array_agg(fix_m ORDER BY c, level) || array_agg(fix_u ORDER BY c, level)
    FROM scaled
$$;

-- What two people of one household share, for _fit_match_model: per comparison how it is shared (0 not, 1 its value, 2 its surname), the
-- share of households that do and how many pairs that is worth; per level, worst first, which parts of a name agree at it
-- (1 surname, 2 forename, 3 both,
-- 4 surname and nearly the forename, 5 surname and the forename's initial). Without a
-- telephone, an address, an e-mail address or a set of devices, and without a name or a date beside it, nothing is shared.
CREATE FUNCTION patternos._household_sharing(document jsonb, relation regclass, OUT sharing double precision[], OUT names integer[])
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH comparison AS (
        SELECT c.value AS c, c.ordinality AS n, c.value ->> 'kind' AS kind,
               (SELECT r.role FROM patternos._column_roles(relation) AS r WHERE jsonb_build_array(r.name) = c.value -> 'columns') AS role
        FROM jsonb_array_elements(document -> 'comparisons') WITH ORDINALITY AS c
    ), shared AS (
        SELECT n, c, CASE WHEN kind IN ('address', 'postcode') OR role IN ('place', 'region', 'house') THEN ARRAY[1, 0.9, 20]
                          WHEN kind IN ('phone', 'email', 'set') THEN ARRAY[1, 0.4, 5]
                          WHEN kind = 'full_name' THEN ARRAY[2, 0.7, 10]
                          WHEN kind = 'name' AND role = 'surname' THEN ARRAY[1, 0.7, 10]
                          ELSE ARRAY[0, 0.01, 0] END AS how
        FROM comparison
        WHERE (SELECT bool_or(kind IN ('address', 'phone', 'email', 'set')) AND bool_or(kind IN ('full_name', 'name', 'date')) FROM comparison)
    )
    SELECT coalesce(array_agg(h ORDER BY c.n, i) FILTER (WHERE h IS NOT NULL), (SELECT array_fill(0::float8, ARRAY[3 * count(*)::integer]) FROM comparison)),
           (SELECT array_agg(CASE WHEN l.value ->> 'test' IN ('exact', 'swapped', 'nickname') OR l.value ->> 'test' IN ('surname_exact', 'forename_exact')
                                       AND (l.value ->> 'threshold')::float8 = 1 THEN 3
                                  WHEN l.value ->> 'test' IN ('both_jaro_winkler', 'phonetic') OR l.value ->> 'test' IN ('surname_exact', 'forename_exact')
                                       AND (l.value ->> 'threshold')::float8 > 0.8 THEN 4
                                  WHEN l.value ->> 'test' = 'initial' THEN 5
                                  WHEN l.value ->> 'test' IN ('surname_exact', 'surname_only') THEN 1
                                  WHEN l.value ->> 'test' IN ('forename_exact', 'forename_only') THEN 2 ELSE 0 END ORDER BY x.n, l.ordinality DESC)
            FROM comparison AS x, jsonb_array_elements(x.c -> 'levels') WITH ORDINALITY AS l)
    FROM comparison AS c LEFT JOIN shared AS s ON s.n = c.n LEFT JOIN LATERAL unnest(s.how::float8[]) WITH ORDINALITY AS u (h, i) ON true
$$;

-- What the levels have to do with names, for _fit_match_model, worst first: 1 they are those of a name, 2 a likeness of values that are made of
-- names, but not equality.
CREATE FUNCTION patternos._naming(document jsonb) RETURNS integer[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT array_agg(CASE WHEN c.value ->> 'kind' IN ('name', 'full_name') THEN 1
                          WHEN c.value ->> 'kind' = 'email' AND l.value ->> 'test' NOT IN ('exact', 'else')
                               AND (document -> 'comparisons' @> '[{"kind": "full_name"}]' OR document -> 'comparisons' @> '[{"kind": "name"}]') THEN 2
                          ELSE 0 END ORDER BY c.ordinality, l.ordinality DESC)
    FROM jsonb_array_elements(document -> 'comparisons') WITH ORDINALITY AS c, jsonb_array_elements(c.value -> 'levels') WITH ORDINALITY AS l
$$;

-- <work>_label (a, b, same): labelled pairs of records by their numbers, from a table of labels and, for the warehouse's owner, from
-- match_label. Returns how many there are.
CREATE FUNCTION patternos._match_labels(document jsonb, work text, relation regclass) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    labels text := document -> 'labels' ->> 'table';
    name text := patternos._qualified_name(relation);
    found text := '';
    made bigint;
BEGIN
    IF EXISTS (SELECT FROM pg_namespace WHERE nspname = 'patternos_dw' AND pg_get_userbyid(nspowner) = current_user) THEN
        found := format('SELECT unique_id_l, unique_id_r, same FROM patternos_dw.match_label WHERE relation IS NOT DISTINCT FROM %L',
                        CASE WHEN name <> 'patternos_dw.match_account' THEN name END);
    END IF;
    IF labels IS NOT NULL THEN
        PERFORM patternos._check_columns(labels::regclass, '{unique_id_l,unique_id_r,same}');
        found := concat_ws(' UNION ALL ', nullif(found, ''), format('SELECT unique_id_l::text, unique_id_r::text, same FROM %s', labels::regclass));
    END IF;
    IF found = '' THEN
        RETURN 0;
    END IF;
    made := patternos._make_work_table(work || '_label', format(
        'SELECT least(x.rec, y.rec) AS a, greatest(x.rec, y.rec) AS b, bool_and(l.same) AS same
         FROM (%s) AS l JOIN %s AS x ON x.uid::text = l.unique_id_l JOIN %s AS y ON y.uid::text = l.unique_id_r
         WHERE x.rec <> y.rec AND l.same IS NOT NULL GROUP BY 1, 2', found, work, work));
    EXECUTE format('CREATE INDEX ON %s_label (a, b)', work);
    RETURN made;
END
$$;

-- Pattern counts of the pairs with the same value in the column that holds the truth, and the share of such pairs among those where
-- both values are known.
CREATE FUNCTION patternos._truth_patterns(document jsonb, work text, model bytea, relation regclass,
                                          OUT patterns bigint[], OUT counts bigint[], OUT lambda double precision)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET enable_mergejoin = off
AS $$
DECLARE
    col text := document -> 'labels' ->> 'column';
BEGIN
    EXECUTE format('WITH t AS MATERIALIZED (SELECT w.rec, w.src, w.f, r.%2$I::text AS v FROM %1$s AS w JOIN %3$s AS r ON r.%4$I = w.uid WHERE r.%2$I IS NOT NULL)
                    SELECT coalesce(array_agg(p ORDER BY p), ''{}''), coalesce(array_agg(n ORDER BY p), ''{}'')
                    FROM (SELECT patternos._match_pattern(a.f, b.f, %5$L::bytea) AS p, count(*) AS n
                          FROM t AS a JOIN t AS b ON a.v = b.v AND a.rec < b.rec %6$s GROUP BY 1) AS s',
                   work, col, relation, document ->> 'unique_id', model,
                   CASE WHEN document ->> 'link_type' = 'link_only' THEN 'AND a.src <> b.src' ELSE '' END)
    INTO patterns, counts;
    lambda := patternos._equal_share(document || jsonb_build_object('columns', jsonb_build_array(jsonb_build_object('column', col, 'kind', 'exact'))),
                                     relation, ARRAY[col]);
END
$$;

-- lambda from rules that only matches agree on: pairs found, over what share of all matches they are, over all pairs.
CREATE FUNCTION patternos._deterministic_lambda(document jsonb, work text, total double precision) RETURNS double precision
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET enable_mergejoin = off
AS $$
DECLARE
    rules integer := jsonb_array_length(document -> 'blocking') + jsonb_array_length(document -> 'training_blocking');
    first integer := rules - jsonb_array_length(document -> 'deterministic_rules') + 1;
    found bigint;
    pairs double precision := 0;
BEGIN
    FOR rule IN first .. rules LOOP
        EXECUTE 'SELECT count(*) ' || patternos._pair_query(document, work, rule, ARRAY(SELECT generate_series(first, rule - 1))) INTO found;
        pairs := pairs + found;
    END LOOP;
    RETURN least(greatest(pairs, 0.5) / coalesce((document ->> 'recall')::float8, 0.9) / greatest(total, 1), 0.999);
END
$$;

-- The document with m and u of all levels and lambda out of the parameters of _fit_match_model, and with h of all levels and the share
-- of households where there are any.
CREATE FUNCTION patternos._with_parameters(document jsonb, parameters double precision[], households double precision[]) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH comparison AS (
        SELECT c.value AS c, c.ordinality AS n, jsonb_array_length(c.value -> 'levels') AS levels,
               sum(jsonb_array_length(c.value -> 'levels')) OVER (ORDER BY c.ordinality) AS last
        FROM jsonb_array_elements(document -> 'comparisons') WITH ORDINALITY AS c
    ), filled AS (
        SELECT c.n, c.c, jsonb_agg(l.value || jsonb_build_object(
                   'm', patternos._significant(parameters[(c.last - l.ordinality + 2)::integer]),
                   'u', patternos._significant(parameters[(c.last - l.ordinality + 2)::integer + (cardinality(parameters) - 1) / 2]))
                   || CASE WHEN households IS NULL THEN '{}'
                           ELSE jsonb_build_object('h', patternos._significant(households[(c.last - l.ordinality + 2)::integer])) END
                   ORDER BY l.ordinality) AS levels
        FROM comparison AS c, jsonb_array_elements(c.c -> 'levels') WITH ORDINALITY AS l
        GROUP BY c.n, c.c
    )
    SELECT document || jsonb_build_object('probability_two_random_records_match', patternos._significant(least(parameters[1], 0.999999999)),
                                          'comparisons', jsonb_agg(c || jsonb_build_object('levels', levels) ORDER BY n))
        || CASE WHEN households IS NULL THEN '{}' ELSE jsonb_build_object('probability_same_household', patternos._significant(least(households[1], 0.5))) END
    FROM filled
$$;

-- The columns of the document with u of equal values where a comparison of several columns weighs the frequencies of each; at least
-- the frequency of a value that one record has.
CREATE FUNCTION patternos._with_column_shares(document jsonb, relation regclass, work text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    least_share double precision;
BEGIN
    EXECUTE format('SELECT 0.5 / greatest(count(*) - 1, 1) FROM %s', work) INTO least_share;
    RETURN (SELECT document || jsonb_build_object('columns', jsonb_agg(
                CASE WHEN s.share IS NULL THEN c.value
                     ELSE c.value || jsonb_build_object('u_exact', patternos._significant(greatest(s.share, least_share))) END ORDER BY c.ordinality))
            FROM jsonb_array_elements(document -> 'columns') WITH ORDINALITY AS c
            LEFT JOIN LATERAL (
                SELECT patternos._equal_share(document, relation, ARRAY[c.value ->> 'column'], work) AS share
                WHERE (c.value ->> 'tf')::boolean AND c.value ->> 'kind' NOT IN ('set', 'bloom')) AS s ON true);
END
$$;
