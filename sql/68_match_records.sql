-- Records to compare: numbered, encoded and with their blocking keys, in work tables that live as long as a run.
--
-- <work>        rec bigint, uid (the source's type), src text, k1 … kR, f bytea: one row a record. rec is the record's place in
--               the order of unique_id, from 1. kr is the 64-bit key of rule r: NULL where the rule does not apply, an ordered
--               bigint[] where an expression of the rule is an array (a record then has a key for each member).
-- <work>_rule   one row a rule: what it is, how many pairs its keys make, what was refined or dropped.
-- <work>_column one row a column with term frequencies: how many records have a value and how many pairs of them the same one.
-- <work>_tf<c>  (h, n): how many records have a value of column c of the document, by the hash of the normalised value; values
--               that only one record has are left out.
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

-- SQL for the key of a rule over the relation, and whether it is an array of keys.
CREATE FUNCTION patternos._match_key(document jsonb, relation regclass, rule text, OUT expression text, OUT exploded boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part text;
    type regtype;
    parts text[] := '{}';
    members text[] := '{}';
BEGIN
    FOR part, type IN SELECT * FROM unnest(patternos._split_expressions(rule), patternos._expression_types(relation, rule)) LOOP
        IF (SELECT typcategory = 'A' FROM pg_type WHERE oid = type) THEN
            members := members || format('unnest((%s)::text[]) AS "patternos member%s"', part, cardinality(members));
            part := format('"patternos member%s"', cardinality(members) - 1);
        END IF;
        parts := parts || patternos._match_value(document, relation, part);
    END LOOP;
    exploded := members <> '{}';
    expression := format('hashtextextended((%s) COLLATE "C", 0)', array_to_string(parts, ' || chr(31) || '));
    IF exploded THEN
        expression := format('(SELECT array_agg(DISTINCT k ORDER BY k) FROM (SELECT %s AS k FROM %s) AS m WHERE k IS NOT NULL)',
                             expression, array_to_string(members, ', '));
    END IF;
END
$$;

-- The name by which rules may qualify the relation's columns.
CREATE FUNCTION patternos._match_alias(relation regclass) RETURNS text
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$ SELECT quote_ident(relname) FROM pg_class WHERE oid = relation $$;

-- The columns of the relation that a run reads, in order: unique_id, source, those compared and those in rules.
CREATE FUNCTION patternos._match_columns(document jsonb, relation regclass, rules text[]) RETURNS SETOF name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT attname FROM pg_attribute
    WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped
      AND (attname IN (SELECT document ->> 'unique_id' UNION ALL SELECT document ->> 'source'
                       UNION ALL SELECT c.value ->> 'column' FROM jsonb_array_elements(document -> 'columns') AS c)
           OR attname IN (SELECT c FROM unnest(rules) AS rule, unnest(patternos._expression_columns(rule)) AS c))
    ORDER BY attnum
$$;

-- The relation's columns that a run reads, numbered in the order of unique_id. Errors: no such column, a NULL or repeated unique_id.
CREATE FUNCTION patternos._number_match_records(document jsonb, relation regclass, rules text[], work text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    uid text := document ->> 'unique_id';
    src text := document ->> 'source';
    columns name[] := ARRAY(SELECT patternos._match_columns(document, relation, rules));
    missing text;
    records bigint;
    faulty record;
BEGIN
    SELECT c INTO missing FROM unnest(ARRAY[uid, src]) AS c WHERE c IS NOT NULL AND c <> ALL (columns);
    IF uid IS NULL OR missing IS NOT NULL THEN
        RAISE EXCEPTION 'column % of % does not exist', coalesce(quote_ident(missing), 'unique_id'), relation
            USING ERRCODE = 'undefined_column', HINT = 'Settings name the key of the records in "unique_id" and their source in "source".';
    END IF;
    records := patternos._make_work_table(work || '_raw', format(
        'SELECT row_number() OVER w AS "patternos rec", (lag(%1$I) OVER w = %1$I) AS "patternos twice", %2$s FROM %3$s AS r WINDOW w AS (ORDER BY %1$I)',
        uid, (SELECT string_agg(quote_ident(c), ', ') FROM unnest(columns) AS c), relation));
    EXECUTE format('SELECT count(*) FILTER (WHERE "patternos twice") AS repeated, count(*) FILTER (WHERE %I IS NULL) AS missing, %s AS sourceless FROM %s_raw',
                   uid, CASE WHEN src IS NULL THEN '0' ELSE format('count(*) FILTER (WHERE %I IS NULL)', src) END, work) INTO faulty;
    IF faulty.missing > 0 OR faulty.sourceless > 0 THEN
        RAISE EXCEPTION 'column % of % is NULL in % records', quote_ident(CASE WHEN faulty.missing > 0 THEN uid ELSE src END), relation,
            greatest(faulty.missing, faulty.sourceless)
            USING ERRCODE = 'null_value_not_allowed', HINT = 'Every record needs a unique_id and, when there are sources, a source.';
    ELSIF faulty.repeated > 0 THEN
        RAISE EXCEPTION 'column % of % is not unique: % records repeat another''s value', quote_ident(uid), relation, faulty.repeated
            USING ERRCODE = 'unique_violation', HINT = 'Name a key of the records in "unique_id", for example one made of source and number.';
    END IF;
    RETURN records;
END
$$;

-- Counts the keys of a rule; where a key has more records than the cap, refines it by further columns, and drops it when they do not help.
CREATE FUNCTION patternos._count_match_keys(document jsonb, relation regclass, work text, rule integer, definition text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    cap bigint := coalesce((document ->> 'block_cap')::bigint, 1000);
    alias text := patternos._match_alias(relation);
    key record;
    found record;
BEGIN
    key := patternos._match_key(document, relation, definition);
    PERFORM patternos._make_work_table(format('%s_k%s', work, rule), format(
        'SELECT k, count(*) AS n FROM (SELECT %s AS k FROM %s_raw AS %s) AS s WHERE k IS NOT NULL GROUP BY k HAVING count(*) > 1',
        CASE WHEN key.exploded THEN format('unnest(%s)', key.expression) ELSE key.expression END, work, alias));
    EXECUTE format('SELECT count(*) AS keys, coalesce(sum(n * (n - 1) / 2), 0) AS pairs, coalesce(max(n), 0) AS largest,
                           count(*) FILTER (WHERE n > %1$s) AS oversize,
                           coalesce(sum(n * (n - 1) / 2) FILTER (WHERE n > %1$s), 0) AS oversize_pairs FROM %2$s_k%3$s', cap, work, rule) INTO found;
    EXECUTE format('INSERT INTO %s_rule (rule, definition, expression, exploded, pairs, largest, oversize_keys, oversize_pairs) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)', work)
    USING rule, definition, key.expression, key.exploded, found.pairs, found.largest, found.oversize, found.oversize_pairs;
    IF found.oversize = 0 THEN
        EXECUTE format('DROP TABLE %s_k%s', work, rule);
    ELSE
        EXECUTE format('DELETE FROM %s_k%s WHERE n <= %s', work, rule, cap);
        IF NOT key.exploded THEN
            PERFORM patternos._refine_match_keys(document, relation, work, rule, definition, key.expression, cap);
        END IF;
    END IF;
END
$$;

-- <work>_fine<rule>: the refined key of each record whose key has more records than the cap; NULL where it was dropped.
CREATE FUNCTION patternos._refine_match_keys(document jsonb, relation regclass, work text, rule integer, definition text,
                                             expression text, cap bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    alias text := patternos._match_alias(relation);
    fine text := format('%s_fine%s', work, rule);
    col text;
    used text[] := '{}';
    oversize bigint := 1;
    dropped bigint := 0;
    pairs bigint;
BEGIN
    PERFORM patternos._make_work_table(fine, format('SELECT s.rec, s.k FROM (SELECT "patternos rec" AS rec, %s AS k FROM %s_raw AS %s) AS s JOIN %s_k%s USING (k)',
                                                    expression, work, alias, work, rule));
    FOR col IN SELECT c.value ->> 'column' FROM jsonb_array_elements(document -> 'columns') WITH ORDINALITY AS c
               WHERE c.value ->> 'kind' NOT IN ('set', 'bloom') AND strpos(lower(definition), lower(c.value ->> 'column')) = 0
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

-- The columns whose values' frequencies weigh, with SQL for the hash of a value; of an array column, for the array of its members' hashes.
CREATE FUNCTION patternos._match_frequency_columns(document jsonb, relation regclass)
RETURNS TABLE (number bigint, name text, value text, is_array boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.ordinality, a.attname,
           CASE WHEN t.typcategory = 'A'
                THEN format('ARRAY(SELECT hashtextextended(patternos._normalize_value(''exact'', m) COLLATE "C", 0) FROM unnest(%I::text[]) AS m)', a.attname)
                ELSE format('hashtextextended(%s COLLATE "C", 0)', patternos._match_value(document, relation, quote_ident(a.attname))) END,
           t.typcategory = 'A'
    FROM jsonb_array_elements(document -> 'columns') WITH ORDINALITY AS c
    JOIN pg_attribute AS a ON a.attrelid = relation AND a.attname = c.value ->> 'column' AND NOT a.attisdropped
    JOIN pg_type AS t ON t.oid = a.atttypid
    WHERE (c.value ->> 'tf')::boolean
    ORDER BY c.ordinality
$$;

-- <work>_tf<c> (h, n): how often the values of column c of the document occur, and a row of <work>_column for each such column.
CREATE FUNCTION patternos._count_match_values(document jsonb, relation regclass, work text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    col record;
    alias text := patternos._match_alias(relation);
BEGIN
    EXECUTE format('CREATE %s TABLE %s_column (number bigint PRIMARY KEY, name text NOT NULL, records bigint NOT NULL, equal_pairs numeric NOT NULL)',
                   CASE WHEN work LIKE 'pg\_temp.%' THEN 'TEMP' ELSE 'UNLOGGED' END, work);
    FOR col IN SELECT * FROM patternos._match_frequency_columns(document, relation) LOOP
        PERFORM patternos._make_work_table(format('%s_tf%s', work, col.number), format(
            'SELECT h, count(*) AS n FROM (SELECT %s AS h FROM %s_raw AS %s) AS s WHERE h IS NOT NULL GROUP BY h HAVING count(*) > 1',
            CASE WHEN col.is_array THEN format('unnest(%s)', col.value) ELSE col.value END, work, alias));
        IF col.is_array THEN
            EXECUTE format('CREATE INDEX ON %s_tf%s (h)', work, col.number);
        END IF;
        EXECUTE format('INSERT INTO %1$s_column SELECT $1, $2, (SELECT count(*) FROM %1$s_raw AS %3$s WHERE %4$s IS NOT NULL),
                            coalesce(sum(n * (n - 1) / 2), 0) FROM %1$s_tf%2$s', work, col.number, alias, col.value)
        USING col.number, col.name;
    END LOOP;
END
$$;

-- SQL for the arguments of _encode_record: the document's columns in order, each with its frequency where that weighs.
CREATE FUNCTION patternos._match_arguments(document jsonb, relation regclass, work text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    col record;
    records double precision;
    arguments text := '';
BEGIN
    FOR col IN SELECT c.ordinality AS number, c.value ->> 'column' AS name, f.value, f.is_array
               FROM jsonb_array_elements(document -> 'columns') WITH ORDINALITY AS c
               LEFT JOIN patternos._match_frequency_columns(document, relation) AS f ON f.number = c.ordinality
               ORDER BY c.ordinality LOOP
        arguments := arguments || format(', s.%I', col.name);
        CONTINUE WHEN col.value IS NULL;
        EXECUTE format('SELECT greatest(records, 1) FROM %s_column WHERE number = $1', work) INTO records USING col.number;
        arguments := arguments || CASE
            WHEN col.is_array THEN format(', ARRAY(SELECT coalesce((SELECT n FROM %s_tf%s AS t WHERE t.h = m.h), 1) / %s::float8 FROM unnest(s."patternos h%s") WITH ORDINALITY AS m (h, i) ORDER BY i)',
                                          work, col.number, records, col.number)
            ELSE format(', greatest(coalesce(t%1$s.n, 1) - 1, 0.5) / greatest(%2$s::float8 - 1, 1)', col.number, records) END;
    END LOOP;
    RETURN arguments;
END
$$;

-- SQL for the records: FROM clause and what hangs on it.
CREATE FUNCTION patternos._match_record_query(document jsonb, relation regclass, work text, model bytea) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rule record;
    keys text := '';
    inner_keys text := '';
    joins text := '';
    col record;
BEGIN
    FOR rule IN EXECUTE format('SELECT rule AS r, expression, exploded, oversize_keys FROM %s_rule ORDER BY rule', work) LOOP
        inner_keys := inner_keys || format(', %s AS "patternos k%s"', rule.expression, rule.r);
        keys := keys || CASE
            WHEN rule.oversize_keys = 0 THEN format(', s."patternos k%1$s" AS k%1$s', rule.r)
            WHEN rule.exploded THEN format(', (SELECT array_agg(k ORDER BY k) FROM unnest(s."patternos k%1$s") AS k WHERE k NOT IN (SELECT o.k FROM %2$s_k%1$s AS o)) AS k%1$s', rule.r, work)
            ELSE format(', CASE WHEN x%1$s.rec IS NULL THEN s."patternos k%1$s" ELSE x%1$s.k END AS k%1$s', rule.r) END;
        IF rule.oversize_keys > 0 AND NOT rule.exploded THEN
            joins := joins || format(' LEFT JOIN %1$s_fine%2$s AS x%2$s ON x%2$s.rec = s."patternos rec"', work, rule.r);
        END IF;
    END LOOP;
    FOR col IN SELECT * FROM patternos._match_frequency_columns(document, relation) LOOP
        inner_keys := inner_keys || format(', %s AS "patternos h%s"', col.value, col.number);
        IF NOT col.is_array THEN
            joins := joins || format(' LEFT JOIN %1$s_tf%2$s AS t%2$s ON t%2$s.h = s."patternos h%2$s"', work, col.number);
        END IF;
    END LOOP;
    RETURN format('SELECT s."patternos rec" AS rec, s.%I AS uid, %s AS src%s, patternos._encode_record(%L::bytea%s) AS f FROM (SELECT %s.*%s FROM %s_raw AS %s) AS s%s',
                  document ->> 'unique_id', coalesce('s.' || quote_ident(document ->> 'source') || '::text', 'NULL::text'), keys, model,
                  patternos._match_arguments(document, relation, work), patternos._match_alias(relation), inner_keys, work,
                  patternos._match_alias(relation), joins);
END
$$;

-- The records of a relation in work tables: see the head of this file. Rules are the document's, then further ones. Returns the
-- name of the work table, for format %s.
CREATE FUNCTION patternos._create_match_records(document jsonb, relation regclass, work_schema name DEFAULT NULL, further text[] DEFAULT '{}')
RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
SET jit = off SET enable_mergejoin = off SET parallel_tuple_cost = 0 SET work_mem = '128MB'
SET datestyle = 'ISO' SET intervalstyle = 'iso_8601' SET extra_float_digits = 1 SET bytea_output = 'hex'
AS $$
DECLARE
    work text := patternos._match_work_name(work_schema);
    rules text[] := ARRAY(SELECT value FROM jsonb_array_elements_text(document -> 'blocking')) || further;
    model bytea := patternos._compile_match_model(document);
BEGIN
    PERFORM patternos._number_match_records(document, relation, rules, work);
    EXECUTE format('CREATE %s TABLE %s_rule (rule integer PRIMARY KEY, definition text NOT NULL, expression text NOT NULL,
                        exploded boolean NOT NULL, pairs numeric NOT NULL, largest bigint NOT NULL, oversize_keys bigint NOT NULL,
                        oversize_pairs numeric NOT NULL, refined_by text[], refined_pairs numeric NOT NULL DEFAULT 0,
                        dropped_records bigint NOT NULL DEFAULT 0)',
                   CASE WHEN work_schema IS NULL THEN 'TEMP' ELSE 'UNLOGGED' END, work);
    FOR rule IN 1 .. cardinality(rules) LOOP
        PERFORM patternos._count_match_keys(document, relation, work, rule, rules[rule]);
    END LOOP;
    PERFORM patternos._count_match_values(document, relation, work);
    PERFORM patternos._make_work_table(work, patternos._match_record_query(document, relation, work, model));
    EXECUTE format('DROP TABLE %s_raw', work);
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

-- FROM and WHERE of the pairs that a rule makes, as records a and b, each once; pairs of the excepted rules are left to those.
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
        THEN format('FROM (SELECT r.*, k FROM %1$s AS r, unnest(r.k%2$s) AS k) AS a JOIN (SELECT r.*, k FROM %1$s AS r, unnest(r.k%2$s) AS k) AS b ON a.k = b.k AND a.rec < b.rec AND a.k = patternos._first_common(a.k%2$s, b.k%2$s)', work, rule)
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
