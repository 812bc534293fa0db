-- Records to compare: numbered, encoded and with their blocking keys, in work tables that live as long as a run.
--
-- <work>        rec bigint, uid (the source's type), src text, k1 … kR, f bytea: one row a record. rec is the record's place in
--               the order of unique_id, from 1. kr is the 64-bit key of rule r: NULL where it makes no pair, an ordered
--               bigint[] where an expression of the rule is an array (a record then has a key for each member).
-- <work>_rule   one row a rule: what it is, how many pairs its keys make, what was refined or dropped.
-- <work>_column one row a column that is counted: how many records have a value and how many pairs of them the same one.
--
-- The work tables are unlogged tables of the given schema, so that plans over them may be parallel; without a schema they are
-- temporary and plans over them serial. Who makes them drops them with _drop_match_records().

-- A name that no relation bears yet, for the work tables of one run, quoted and with its schema.
CREATE FUNCTION patternos._match_work_name(work_schema name) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    stem text := coalesce(quote_ident(work_schema), 'pg_temp') || '.patternos_match_' || pg_backend_pid();
    number integer := 1;
BEGIN
    WHILE to_regclass(format('%s_%s', stem, number)) IS NOT NULL LOOP
        number := number + 1;
    END LOOP;
    RETURN format('%s_%s', stem, number);
END
$$;

-- Makes a work table from a query.
CREATE FUNCTION patternos._make_work_table(name text, query text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    made bigint;
BEGIN
    EXECUTE format('CREATE %s TABLE %s AS %s', CASE WHEN name LIKE 'pg\_temp.%' THEN 'TEMP' ELSE 'UNLOGGED' END, name, query);
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN made;
END
$$;

-- SQL for the normalised text of an expression over the relation: a bare column by the kind it is compared by, anything else as text.
CREATE FUNCTION patternos._match_value(document jsonb, relation regclass, expression text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kind text := 'text';
BEGIN
    SELECT coalesce(c.value ->> 'kind', 'text') INTO kind
    FROM pg_attribute AS a LEFT JOIN jsonb_array_elements(document -> 'columns') AS c ON c.value ->> 'column' = a.attname
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
      AND expression IN (quote_ident(a.attname), '"' || replace(a.attname, '"', '""') || '"')
    LIMIT 1;
    RETURN format('patternos._normalize_value(%L, (%s)::text)',
                  CASE WHEN kind IN ('set', 'bloom') THEN 'exact' ELSE coalesce(kind, 'text') END, expression);
END
$$;

-- SQL for the parts of a rule's key as text, and FROM items for the members of the arrays among them, of which a key has one each.
CREATE FUNCTION patternos._match_key_parts(document jsonb, relation regclass, rule text, OUT parts text[], OUT members text[])
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part text;
    type regtype;
BEGIN
    parts := '{}';
    members := '{}';
    FOR part, type IN SELECT * FROM unnest(patternos._split_expressions(rule), patternos._expression_types(relation, rule)) LOOP
        IF (SELECT typcategory = 'A' FROM pg_type WHERE oid = type) THEN
            members := members || format('unnest((%s)::text[]) AS "patternos member%s"', part, cardinality(members));
            part := format('"patternos member%s"', cardinality(members) - 1);
        END IF;
        parts := parts || patternos._match_value(document, relation, part);
    END LOOP;
END
$$;

-- SQL for the key of a rule over the relation, and whether it is an array of keys.
CREATE FUNCTION patternos._match_key(document jsonb, relation regclass, rule text, OUT expression text, OUT exploded boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key record := patternos._match_key_parts(document, relation, rule);
BEGIN
    exploded := key.members <> '{}';
    expression := format('hashtextextended((%s) COLLATE "C", 0)', array_to_string(key.parts, ' || chr(31) || '));
    IF exploded THEN
        expression := format('(SELECT array_agg(DISTINCT k ORDER BY k) FROM (SELECT %s AS k FROM %s) AS m WHERE k IS NOT NULL)',
                             expression, array_to_string(key.members, ', '));
    END IF;
END
$$;

-- SQL for the key of a rule as people read it; a set of keys where the rule has an array.
CREATE FUNCTION patternos._match_readable_key(document jsonb, relation regclass, rule text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key record := patternos._match_key_parts(document, relation, rule);
BEGIN
    IF key.members = '{}' THEN
        RETURN array_to_string(key.parts, ' || '', '' || ');
    END IF;
    RETURN format('unnest(ARRAY(SELECT DISTINCT %s FROM %s))', array_to_string(key.parts, ' || '', '' || '), array_to_string(key.members, ', '));
END
$$;

-- The name by which rules may qualify the relation's columns.
CREATE FUNCTION patternos._match_alias(relation regclass) RETURNS text
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$ SELECT quote_ident(relname) FROM pg_class WHERE oid = relation $$;

-- The columns that a run reads: unique_id, source, those compared and those in rules.
CREATE FUNCTION patternos._columns_read(document jsonb, rules text[]) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT document ->> 'unique_id' UNION ALL SELECT document ->> 'source'
    UNION ALL SELECT c.value ->> 'column' FROM jsonb_array_elements(document -> 'columns') AS c
    UNION ALL SELECT c FROM unnest(rules) AS rule, unnest(patternos._expression_columns(rule)) AS c
$$;

-- The same in the order of the relation.
CREATE FUNCTION patternos._match_columns(document jsonb, relation regclass, rules text[]) RETURNS SETOF name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT attname FROM pg_attribute
    WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attname IN (SELECT patternos._columns_read(document, rules))
    ORDER BY attnum
$$;

-- <work>_raw: the relation's columns that a run reads, numbered in the order of unique_id, with the keys of the rules and the hashes
-- of the values that are counted. Errors: no such column, a NULL or repeated unique_id.
CREATE FUNCTION patternos._number_match_records(document jsonb, relation regclass, rules text[], work text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET jit = off SET parallel_tuple_cost = 0 SET work_mem = '128MB'
AS $$
DECLARE
    uid text := document ->> 'unique_id';
    src text := document ->> 'source';
    columns name[] := ARRAY(SELECT patternos._match_columns(document, relation, rules));
    keys text;
    records bigint;
BEGIN
    IF uid IS NULL THEN
        RAISE EXCEPTION 'the key of % is not known', relation
            USING ERRCODE = 'undefined_column', HINT = 'Settings name the key of the records in "unique_id".';
    END IF;
    EXECUTE format('SELECT string_agg(format('', %%s AS "patternos k%%s"'', expression, rule), '' '' ORDER BY rule) FROM %s_rule', work) INTO keys;
    keys := concat(keys, (SELECT string_agg(format(', %s AS "patternos h%s"', f.value, f.number), ' ' ORDER BY f.number)
                          FROM patternos._match_frequency_columns(document, relation) AS f));
    -- the volatile column keeps the keys below the numbering, where they are computed in parallel
    records := patternos._make_work_table(work || '_raw', format(
        'SELECT row_number() OVER w AS "patternos rec", (lag(s.%1$I) OVER w = s.%1$I) AS "patternos twice", s.*
         FROM (SELECT %2$s%3$s, clock_timestamp() AS "patternos read" FROM %4$s AS %5$s) AS s WINDOW w AS (ORDER BY s.%1$I)',
        uid, (SELECT string_agg(quote_ident(c), ', ') FROM unnest(columns) AS c), keys, relation, patternos._match_alias(relation)));
    PERFORM patternos._check_match_keys(relation, uid, src, work);
    RETURN records;
END
$$;

-- Raises unless every record has a unique_id of its own and, where there are sources, a source.
CREATE FUNCTION patternos._check_match_keys(relation regclass, uid text, src text, work text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    faulty record;
BEGIN
    EXECUTE format('SELECT count(*) FILTER (WHERE "patternos twice") AS repeated, count(*) FILTER (WHERE %I IS NULL) AS missing, %s AS sourceless FROM %s_raw',
                   uid, CASE WHEN src IS NULL THEN '0::bigint' ELSE format('count(*) FILTER (WHERE %I IS NULL)', src) END, work) INTO faulty;
    IF faulty.missing > 0 OR faulty.sourceless > 0 THEN
        RAISE EXCEPTION 'column % of % is NULL in % records', quote_ident(CASE WHEN faulty.missing > 0 THEN uid ELSE src END), relation,
            greatest(faulty.missing, faulty.sourceless)
            USING ERRCODE = 'null_value_not_allowed', HINT = 'Every record needs a unique_id and, when there are sources, a source.';
    ELSIF faulty.repeated > 0 THEN
        RAISE EXCEPTION 'column % of % is not unique: % records repeat another''s value', quote_ident(uid), relation, faulty.repeated
            USING ERRCODE = 'unique_violation', HINT = 'Name a key of the records in "unique_id", for example one made of source and number.';
    END IF;
END
$$;

-- How often the columns of bigint or bigint[] of a query repeat a value: a row (col, k, n) for each value that a column, counted from 1,
-- has more than once, and for each column one with k NULL: how many rows have a value.
CREATE FUNCTION patternos._repeated_keys(query text, rows bigint) RETURNS TABLE (col integer, k bigint, n bigint)
AS 'MODULE_PATHNAME', 'patternos_repeated_keys'
LANGUAGE C VOLATILE STRICT COST 10000 ROWS 1000000;

-- <work>_count (col, k, n): how often keys and values repeat; col is the rule, or the number of rules plus the place of the column
-- among those of _match_frequency_columns(). Fills in <work>_rule and <work>_column.
CREATE FUNCTION patternos._count_match_keys(document jsonb, relation regclass, work text, rules integer, records bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    cap bigint := coalesce((document ->> 'block_cap')::bigint, 1000);
    keys text;
BEGIN
    SELECT string_agg(format('"patternos %s%s"', x.letter, x.number), ', ' ORDER BY x.place, x.number) INTO keys
    FROM (SELECT 'k', 1, r FROM generate_series(1, rules) AS r
          UNION ALL SELECT 'h', 2, f.number FROM patternos._match_frequency_columns(document, relation) AS f) AS x (letter, place, number);
    PERFORM patternos._make_work_table(work || '_count', format('SELECT * FROM patternos._repeated_keys(%L, %s)', format('SELECT %s FROM %s_raw', keys, work), records));
    EXECUTE format('ANALYZE %s_count', work);
    EXECUTE format('UPDATE %1$s_rule SET pairs = c.pairs, largest = c.largest, oversize_keys = c.oversize, oversize_pairs = c.oversize_pairs
                    FROM (SELECT col, sum(n * (n - 1) / 2) AS pairs, max(n) AS largest, count(*) FILTER (WHERE n > %2$s) AS oversize,
                                 coalesce(sum(n * (n - 1) / 2) FILTER (WHERE n > %2$s), 0) AS oversize_pairs
                          FROM %1$s_count WHERE k IS NOT NULL GROUP BY col) AS c WHERE c.col = rule', work, cap);
    EXECUTE format('CREATE %1$s TABLE %2$s_column AS
                    SELECT f.number, f.name, f.place, sum(c.n) FILTER (WHERE c.k IS NULL)::bigint AS records,
                        coalesce(sum(c.n * (c.n - 1) / 2) FILTER (WHERE c.k IS NOT NULL), 0) AS equal_pairs
                    FROM (SELECT number, name, %3$s + row_number() OVER (ORDER BY number) AS place FROM patternos._match_frequency_columns($1, $2)) AS f
                    JOIN %2$s_count AS c ON c.col = f.place GROUP BY 1, 2, 3',
                   CASE WHEN work LIKE 'pg\_temp.%' THEN 'TEMP' ELSE 'UNLOGGED' END, work, rules) USING document, relation;
    IF EXISTS (SELECT FROM patternos._match_frequency_columns(document, relation) AS f WHERE f.is_array) THEN
        EXECUTE format('CREATE INDEX ON %s_count (col, k)', work);
    END IF;
END
$$;

-- <work>_fine<rule>: the refined key of each record whose key has more records than the cap; NULL where further columns did not help.
CREATE FUNCTION patternos._refine_match_keys(document jsonb, relation regclass, work text, rule integer, definition text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
SET jit = off SET enable_nestloop = off
AS $$
DECLARE
    cap bigint := coalesce((document ->> 'block_cap')::bigint, 1000);
    alias text := patternos._match_alias(relation);
    fine text := format('%s_fine%s', work, rule);
    col text;
    used text[] := '{}';
    oversize bigint := 1;
    dropped bigint;
    pairs bigint;
BEGIN
    PERFORM patternos._make_work_table(fine, format(
        'SELECT "patternos rec" AS rec, c.k FROM %1$s_raw JOIN %1$s_count AS c ON c.col = %2$s AND c.k = "patternos k%2$s" WHERE c.n > %3$s', work, rule, cap));
    FOR col IN SELECT c.value ->> 'column' FROM jsonb_array_elements(document -> 'columns') WITH ORDINALITY AS c
               WHERE c.value ->> 'kind' NOT IN ('set', 'bloom') AND c.value ->> 'column' <> ALL (patternos._expression_columns(definition))
               ORDER BY c.ordinality LIMIT 3 LOOP
        EXIT WHEN oversize = 0;
        EXECUTE format('UPDATE %1$s AS f SET k = hashint8extended(f.k, hashtextextended(%2$s COLLATE "C", 0)) FROM %3$s_raw AS %4$s
                        WHERE %4$s."patternos rec" = f.rec AND f.k IN (SELECT k FROM %1$s GROUP BY k HAVING count(*) > %5$s)',
                       fine, patternos._match_value(document, relation, quote_ident(col)), work, alias, cap);
        used := used || col;
        EXECUTE format('SELECT count(*) FROM (SELECT FROM %s WHERE k IS NOT NULL GROUP BY k HAVING count(*) > %s) AS s', fine, cap) INTO oversize;
    END LOOP;
    EXECUTE format('UPDATE %1$s SET k = NULL WHERE k IN (SELECT k FROM %1$s GROUP BY k HAVING count(*) > %2$s)', fine, cap);
    GET DIAGNOSTICS dropped = ROW_COUNT;
    EXECUTE format('SELECT coalesce(sum(n * (n - 1) / 2), 0) FROM (SELECT count(*) AS n FROM %s WHERE k IS NOT NULL GROUP BY k) AS s', fine) INTO pairs;
    EXECUTE format('UPDATE %s_rule SET refined_by = $2, refined_pairs = $3, dropped_records = $4 WHERE rule = $1', work)
    USING rule, used, pairs, dropped;
END
$$;

-- The columns whose values are counted, with SQL for the hash of a value; of an array column, for the array of its members' hashes.
-- tf: the frequencies weigh in comparisons. Of the others the share of equal values is wanted.
CREATE FUNCTION patternos._match_frequency_columns(document jsonb, relation regclass)
RETURNS TABLE (number bigint, name text, value text, is_array boolean, tf boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.ordinality, a.attname,
           CASE WHEN t.typcategory = 'A'
                THEN format('ARRAY(SELECT hashtextextended(patternos._normalize_value(''exact'', m) COLLATE "C", 0) FROM unnest(%I::text[]) AS m)', a.attname)
                ELSE format('hashtextextended(%s COLLATE "C", 0)', patternos._match_value(document, relation, quote_ident(a.attname))) END,
           t.typcategory = 'A', coalesce((c.value ->> 'tf')::boolean, false)
    FROM jsonb_array_elements(document -> 'columns') WITH ORDINALITY AS c
    JOIN pg_attribute AS a ON a.attrelid = relation AND a.attname = c.value ->> 'column' AND NOT a.attisdropped
    JOIN pg_type AS t ON t.oid = a.atttypid
    WHERE (c.value ->> 'tf')::boolean OR t.typcategory <> 'A' AND c.value ->> 'kind' NOT IN ('set', 'bloom')
    ORDER BY c.ordinality
$$;

-- SQL for the arguments of _encode_record: the document's columns in order, each with its frequency where that weighs.
CREATE FUNCTION patternos._match_arguments(document jsonb, relation regclass, work text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    col record;
    found record;
    arguments text := '';
BEGIN
    FOR col IN SELECT c.ordinality AS number, c.value ->> 'column' AS name, f.value, f.is_array
               FROM jsonb_array_elements(document -> 'columns') WITH ORDINALITY AS c
               LEFT JOIN patternos._match_frequency_columns(document, relation) AS f ON f.number = c.ordinality AND f.tf
               ORDER BY c.ordinality LOOP
        arguments := arguments || format(', s.%I', col.name);
        CONTINUE WHEN col.value IS NULL;
        EXECUTE format('SELECT place, greatest(records, 1)::float8 AS records FROM %s_column WHERE number = $1', work) INTO found USING col.number;
        arguments := arguments || CASE
            WHEN col.is_array THEN format(', ARRAY(SELECT coalesce((SELECT n FROM %s_count AS t WHERE t.col = %s AND t.k = m.h), 1) / %s::float8 FROM unnest(s."patternos h%s") WITH ORDINALITY AS m (h, i) ORDER BY i)',
                                          work, found.place, found.records, col.number)
            ELSE format(', greatest(coalesce(t%1$s.n, 1) - 1, 0.5) / greatest(%2$s::float8 - 1, 1)', found.place, found.records) END;
    END LOOP;
    RETURN arguments;
END
$$;

-- SQL for the keys of the records (columns) and what they are joined with (joins). A key that no other record has becomes NULL.
CREATE FUNCTION patternos._match_key_columns(document jsonb, work text, OUT columns text, OUT joins text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    cap bigint := coalesce((document ->> 'block_cap')::bigint, 1000);
    rule record;
BEGIN
    columns := '';
    joins := '';
    FOR rule IN EXECUTE format('SELECT rule AS r, exploded, oversize_keys > 0 AS oversize FROM %s_rule ORDER BY rule', work) LOOP
        columns := columns || CASE
            WHEN rule.exploded AND rule.oversize
                THEN format(', (SELECT array_agg(k ORDER BY k) FROM unnest(s."patternos k%1$s") AS k WHERE k NOT IN (SELECT o.k FROM %2$s_count AS o WHERE o.col = %1$s AND o.n > %3$s)) AS k%1$s',
                            rule.r, work, cap)
            WHEN rule.exploded THEN format(', s."patternos k%1$s" AS k%1$s', rule.r)
            WHEN rule.oversize THEN format(', CASE WHEN c%1$s.n > %2$s THEN x%1$s.k ELSE c%1$s.k END AS k%1$s', rule.r, cap)
            ELSE format(', c%1$s.k AS k%1$s', rule.r) END;
        CONTINUE WHEN rule.exploded;
        joins := joins || format(' LEFT JOIN %1$s_count AS c%2$s ON c%2$s.col = %2$s AND c%2$s.k = s."patternos k%2$s"', work, rule.r)
            || CASE WHEN rule.oversize THEN format(' LEFT JOIN %1$s_fine%2$s AS x%2$s ON x%2$s.rec = s."patternos rec"', work, rule.r) ELSE '' END;
    END LOOP;
END
$$;

-- SQL for the records.
CREATE FUNCTION patternos._match_record_query(document jsonb, relation regclass, work text, model bytea) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    keys record := patternos._match_key_columns(document, work);
    frequencies text := '';
    col record;
BEGIN
    FOR col IN EXECUTE format('SELECT f.number, c.place FROM %s_column AS c JOIN patternos._match_frequency_columns($1, $2) AS f USING (number) WHERE f.tf AND NOT f.is_array', work)
               USING document, relation LOOP
        frequencies := frequencies || format(' LEFT JOIN %1$s_count AS t%2$s ON t%2$s.col = %2$s AND t%2$s.k = s."patternos h%3$s"', work, col.place, col.number);
    END LOOP;
    RETURN format('SELECT s."patternos rec" AS rec, s.%I AS uid, %s AS src%s, patternos._encode_record(%L::bytea%s) AS f FROM %s_raw AS s%s%s',
                  document ->> 'unique_id', coalesce('s.' || quote_ident(document ->> 'source') || '::text', 'NULL::text'), keys.columns, model,
                  patternos._match_arguments(document, relation, work), work, keys.joins, frequencies);
END
$$;

-- <work>_rule: a row for each rule, its figures still to come.
CREATE FUNCTION patternos._list_match_rules(document jsonb, relation regclass, rules text[], work text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('CREATE %s TABLE %s_rule (rule integer PRIMARY KEY, definition text NOT NULL, expression text NOT NULL,
                        exploded boolean NOT NULL, pairs numeric NOT NULL DEFAULT 0, largest bigint NOT NULL DEFAULT 0,
                        oversize_keys bigint NOT NULL DEFAULT 0, oversize_pairs numeric NOT NULL DEFAULT 0, refined_by text[],
                        refined_pairs numeric NOT NULL DEFAULT 0, dropped_records bigint NOT NULL DEFAULT 0)',
                   CASE WHEN work LIKE 'pg\_temp.%' THEN 'TEMP' ELSE 'UNLOGGED' END, work);
    EXECUTE format('INSERT INTO %s_rule (rule, definition, expression, exploded)
                    SELECT r, $3[r], k.expression, k.exploded FROM generate_series(1, cardinality($3)) AS r, patternos._match_key($1, $2, $3[r]) AS k', work)
    USING document, relation, rules;
END
$$;

-- The records of a relation in work tables: see the head of this file. Rules are the document's, then further ones. Returns the
-- name of the work table, for format %s.
CREATE FUNCTION patternos._create_match_records(document jsonb, relation regclass, work_schema name DEFAULT NULL, further text[] DEFAULT '{}')
RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
SET jit = off SET enable_mergejoin = off SET enable_nestloop = off SET parallel_tuple_cost = 0 SET work_mem = '64MB' SET join_collapse_limit = 1
SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET extra_float_digits = 1 SET bytea_output = 'hex'
AS $$
DECLARE
    work text := patternos._match_work_name(work_schema);
    rules text[] := ARRAY(SELECT value FROM jsonb_array_elements_text(document -> 'blocking')) || further;
    model bytea := patternos._compile_match_model(document);
    oversize record;
BEGIN
    PERFORM patternos._check_columns(relation, ARRAY(SELECT patternos._columns_read(document, rules)));
    PERFORM patternos._list_match_rules(document, relation, rules, work);
    PERFORM patternos._count_match_keys(document, relation, work, cardinality(rules),
                                        patternos._number_match_records(document, relation, rules, work));
    FOR oversize IN EXECUTE format('SELECT rule, definition FROM %s_rule WHERE oversize_keys > 0 AND NOT exploded ORDER BY rule', work) LOOP
        PERFORM patternos._refine_match_keys(document, relation, work, oversize.rule, oversize.definition);
    END LOOP;
    PERFORM patternos._make_work_table(work, patternos._match_record_query(document, relation, work, model));
    EXECUTE format('DROP TABLE %1$s_raw, %1$s_count', work);
    EXECUTE format('ANALYZE %s (rec)', work);
    RETURN work;
END
$$;

CREATE FUNCTION patternos._drop_match_records(work text) RETURNS void
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT c.oid::regclass FROM pg_class AS c
                WHERE c.relkind = 'r' AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = work::regclass)
                  AND c.relname ~ ('^' || (SELECT relname FROM pg_class WHERE oid = work::regclass) || '(_[a-z]+[0-9]*)?$') LOOP
        EXECUTE format('DROP TABLE %s', name);
    END LOOP;
END
$$;

-- FROM and WHERE of the pairs that a rule makes, as records a and b, each once; pairs of the excepted rules are left to those. OFFSET keeps
-- the members of arrays by their records: merged into the join, every record would be held against every other. OFFSET 0, unlike OFFSET '0',
-- is an expression when the planner asks whether workers may run it.
CREATE FUNCTION patternos._pair_query(document jsonb, work text, rule integer, except_rules integer[] DEFAULT '{}') RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    other integer;
    exploded boolean[];
    pairs text;
BEGIN
    EXECUTE format('SELECT array_agg(exploded ORDER BY rule) FROM %s_rule', work) INTO exploded;
    pairs := CASE WHEN exploded[rule]
        THEN format('FROM (SELECT r.*, k FROM %1$s AS r, unnest(r.k%2$s) AS k OFFSET ''0'') AS a JOIN (SELECT r.*, k FROM %1$s AS r, unnest(r.k%2$s) AS k OFFSET ''0'') AS b ON a.k = b.k AND a.rec < b.rec AND a.k = patternos._first_common(a.k%2$s, b.k%2$s)', work, rule)
        ELSE format('FROM %1$s AS a JOIN %1$s AS b ON a.k%2$s = b.k%2$s AND a.rec < b.rec', work, rule) END
        || CASE WHEN document ->> 'link_type' = 'link_only' THEN ' AND a.src <> b.src' ELSE '' END || ' WHERE true';
    FOREACH other IN ARRAY except_rules LOOP
        pairs := pairs || CASE WHEN exploded[other] THEN format(' AND patternos._first_common(a.k%1$s, b.k%1$s) IS NULL', other)
                          ELSE format(' AND (a.k%1$s = b.k%1$s) IS NOT TRUE', other) END;
    END LOOP;
    RETURN pairs;
END
$$;

-- The smallest member that two ordered arrays share, NULL when they share none.
CREATE FUNCTION patternos._first_common(a bigint[], b bigint[]) RETURNS bigint
AS 'MODULE_PATHNAME', 'patternos_first_common'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;

-- Pairs of records with one key, from a query of records in order of key and number; see the C source for its columns.
CREATE FUNCTION patternos._block_edges(query text, model bytea, floor double precision,
    OUT key bigint, OUT a bigint, OUT b bigint, OUT weight double precision, OUT pattern bigint) RETURNS SETOF record
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 1000000 ROWS 100000 SET max_parallel_workers_per_gather = 0
AS 'MODULE_PATHNAME', 'patternos__block_edges';

-- SQL for the edges of a rule, without those of earlier rules: (a, b, weight, pattern). Each process takes the blocks of some keys.
CREATE FUNCTION patternos._block_query(document jsonb, work text, rule integer, floor double precision) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    processes integer := CASE WHEN (SELECT relpersistence FROM pg_class WHERE oid = work::regclass) = 't' THEN 1
                              ELSE current_setting('max_parallel_workers_per_gather')::integer + 1 END;
    model bytea := patternos._compile_match_model(document);
    own text := format('r.k%s', rule);
    exploded boolean;
    key text;
    records text;
BEGIN
    EXECUTE format('SELECT exploded FROM %s_rule AS r WHERE r.rule = $1', work) INTO exploded USING rule;
    key := CASE WHEN exploded THEN 'member.k' ELSE own END;
    records := format('SELECT %s, r.rec, r.f, %s, %s%s FROM %s AS r%s WHERE %1$s IS NOT NULL', key,
                      CASE WHEN document ->> 'link_type' = 'link_only' THEN 'r.src' ELSE 'NULL::text' END,
                      CASE WHEN exploded THEN own ELSE 'NULL::bigint[]' END,
                      (SELECT string_agg(format(', r.k%s', n), '' ORDER BY n) FROM generate_series(1, rule - 1) AS n), work,
                      CASE WHEN exploded THEN format(', unnest(%s) AS member (k)', own) ELSE '' END);
    RETURN (SELECT string_agg(format('SELECT a, b, weight, pattern FROM patternos._block_edges(%L, %L, %L)',
                                     format('%s AND (%s & 9223372036854775807) %% %s = %s ORDER BY 1, 2', records, key, processes, part), model, floor), ' UNION ALL ')
            FROM generate_series(0, processes - 1) AS part);
END
$$;
