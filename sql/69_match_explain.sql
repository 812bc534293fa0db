-- Why two records are, or are not, the same: the parts of a weight, the edges of a cluster, pairs to review, labels.

-- The relation that a model explains: the one given, else the one it was trained on.
CREATE FUNCTION patternos._explained_relation(document jsonb, relation regclass) RETURNS regclass
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result regclass := coalesce(relation, to_regclass(document ->> 'relation'));
BEGIN
    IF result IS NULL THEN
        RAISE EXCEPTION 'relation must be given: the model does not say on which table it was trained' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    RETURN result;
END
$$;

-- Two records of a relation as they are compared, with the rules that make a pair of them. Accounts are kept encoded;
-- records of other tables are encoded with the frequencies of the whole table.
CREATE FUNCTION patternos._explained_records(document jsonb, relation regclass, a text, b text,
    OUT record_a bytea, OUT record_b bytea, OUT rules text[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    work text;
BEGIN
    IF relation = to_regclass('patternos_dw.match_account') THEN
        SELECT x.feature, y.feature,
               ARRAY(SELECT DISTINCT document -> 'blocking' ->> ((k >> 56) & 255)::integer
                     FROM unnest(x.keys) AS k WHERE k = ANY (y.keys) ORDER BY 1)
        INTO record_a, record_b, rules
        FROM patternos_dw.match_record AS x, patternos_dw.match_record AS y
        WHERE x.identity_key = patternos._account(a) AND y.identity_key = patternos._account(b);
    ELSE
        work := patternos._create_match_records(document, relation);
        EXECUTE format('SELECT (SELECT f FROM %1$s WHERE uid::text = $1), (SELECT f FROM %1$s WHERE uid::text = $2)', work)
        INTO record_a, record_b USING a, b;
        rules := patternos._pair_rules(document, work, a, b);
        PERFORM patternos._drop_match_records(work);
    END IF;
    IF record_a IS NULL OR record_b IS NULL THEN
        RAISE EXCEPTION 'no such record' USING ERRCODE = 'no_data_found',
            HINT = format('Give two values of column %s of %s.', document ->> 'unique_id', relation);
    END IF;
END
$$;

-- The blocking rules that make a pair of two records.
CREATE FUNCTION patternos._pair_rules(document jsonb, work text, a text, b text) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rule record;
    met boolean;
    result text[] := '{}';
BEGIN
    FOR rule IN EXECUTE format('SELECT rule, definition, exploded FROM %s_rule ORDER BY rule', work) LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %1$s AS a, %1$s AS b WHERE a.uid::text = $1 AND b.uid::text = $2 AND %2$s)', work,
                       CASE WHEN rule.exploded THEN format('patternos._first_common(a.k%1$s, b.k%1$s) IS NOT NULL', rule.rule)
                            ELSE format('a.k%1$s = b.k%1$s', rule.rule) END) INTO met USING a, b;
        IF met THEN
            result := result || rule.definition;
        END IF;
    END LOOP;
    RETURN result;
END
$$;

-- The weight of a pair step by step: the prior, each comparison in the model's order, and what one household explains. weight + tf_adjustment, added from the first
-- step on, give running_weight, and the last of these is the weight that prediction stores.
CREATE FUNCTION patternos._match_waterfall(document jsonb, record_a bytea, record_b bytea)
RETURNS TABLE (step integer, comparison text, columns text[], level text, m double precision, u double precision,
               weight double precision, tf_adjustment double precision, running_weight double precision)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    model bytea := patternos._compile_match_model(document);
    pattern bigint := patternos._match_pattern(record_a, record_b, model);
    terms double precision[] := patternos._match_terms(record_a, record_b, model);
    code integer;
    found jsonb;
BEGIN
    step := 0;
    comparison := 'prior';
    weight := terms[1];
    running_weight := terms[1];
    level := 'probability_two_random_records_match';
    RETURN NEXT;
    FOR comparison, columns, found IN
        SELECT c.value ->> 'name', ARRAY(SELECT jsonb_array_elements_text(c.value -> 'columns')), c.value -> 'levels'
        FROM jsonb_array_elements(document -> 'comparisons') WITH ORDINALITY AS c ORDER BY c.ordinality
    LOOP
        code := (pattern >> (4 * step)) & 15;
        step := step + 1;
        found := found -> (jsonb_array_length(found) - code);
        level := CASE WHEN code = 0 THEN 'null' ELSE coalesce(found ->> 'label', found ->> 'test') END;
        m := CASE WHEN code > 0 THEN (found ->> 'm')::double precision END;
        u := CASE WHEN code > 0 THEN (found ->> 'u')::double precision END;
        weight := terms[2 * step];
        tf_adjustment := terms[2 * step + 1];
        running_weight := (running_weight + weight) + tf_adjustment;
        RETURN NEXT;
    END LOOP;
    IF document ? 'probability_same_household' THEN
        step := step + 1;
        comparison := 'household';
        columns := NULL;
        level := 'probability_same_household';
        m := NULL;
        u := NULL;
        weight := terms[2 * step];
        tf_adjustment := NULL;
        running_weight := running_weight + weight;
        RETURN NEXT;
    END IF;
END
$$;

-- The text of some columns of a record, shortened. Accounts consist of hashes, which say nothing.
CREATE FUNCTION patternos._shown_values(relation regclass, key text, id text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result jsonb;
BEGIN
    IF relation IS DISTINCT FROM to_regclass('patternos_dw.match_account') THEN
        EXECUTE format('SELECT to_jsonb(t) FROM %s AS t WHERE t.%I::text = $1 LIMIT 1', relation, key) INTO result USING id;
    END IF;
    RETURN result;
END
$$;

CREATE FUNCTION patternos._explain_match(document jsonb, a text, b text, relation regclass)
RETURNS TABLE (step integer, comparison text, level text, value_l text, value_r text, m double precision, u double precision,
               weight double precision, tf_adjustment double precision, running_weight double precision, running_probability double precision)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    source regclass := patternos._explained_relation(document, relation);
    pair record;
    left_values jsonb;
    right_values jsonb;
BEGIN
    pair := patternos._explained_records(document, source, a, b);
    left_values := patternos._shown_values(source, document ->> 'unique_id', a);
    right_values := patternos._shown_values(source, document ->> 'unique_id', b);
    RETURN QUERY
    SELECT w.step, w.comparison, w.level,
           (SELECT left(string_agg(left_values ->> c, ' | '), 100) FROM unnest(w.columns) AS c),
           (SELECT left(string_agg(right_values ->> c, ' | '), 100) FROM unnest(w.columns) AS c),
           w.m, w.u, w.weight, w.tf_adjustment, w.running_weight, patternos.match_probability(w.running_weight)
    FROM patternos._match_waterfall(document, pair.record_a, pair.record_b) AS w ORDER BY w.step;
END
$$;

CREATE FUNCTION patternos.explain_match(model text, a text, b text, relation regclass DEFAULT NULL)
RETURNS TABLE (step integer, comparison text, level text, value_l text, value_r text, m double precision, u double precision,
               weight double precision, tf_adjustment double precision, running_weight double precision, running_probability double precision)
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$ SELECT * FROM patternos._explain_match(patternos._explained_document(model), a, b, relation) ORDER BY step $$;

CREATE FUNCTION patternos.explain_match(model jsonb, a text, b text, relation regclass DEFAULT NULL)
RETURNS TABLE (step integer, comparison text, level text, value_l text, value_r text, m double precision, u double precision,
               weight double precision, tf_adjustment double precision, running_weight double precision, running_probability double precision)
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$ SELECT * FROM patternos._explain_match(model, a, b, relation) ORDER BY step $$;

-- The document of a model; 'accounts' is the one in use for the warehouse, which may be the one shipped.
CREATE FUNCTION patternos._explained_document(model text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN model = 'accounts' THEN (SELECT '{"relation": "patternos_dw.match_account", "unique_id": "identity_id"}' || m.document FROM patternos._account_model() AS m)
                ELSE patternos._match_document(model) END
$$;

-- What keeps two records apart, or what holds them together: labels, rules, weight.
CREATE FUNCTION patternos.why_not(a text, b text, model text DEFAULT 'accounts', relation regclass DEFAULT NULL, threshold double precision DEFAULT 0.9)
RETURNS TABLE (verdict text, detail text, match_weight double precision, match_probability double precision)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    document jsonb := patternos._explained_document(model);
    source regclass := patternos._explained_relation(document, relation);
    floor double precision := patternos._match_floor(threshold);
    pair record;
BEGIN
    pair := patternos._explained_records(document, source, a, b);
    match_weight := patternos._match_weight(pair.record_a, pair.record_b, patternos._compile_match_model(document), '-Infinity');
    match_probability := patternos.match_probability(match_weight);
    FOR verdict, detail IN SELECT l.verdict, l.detail FROM patternos._said_of_pair(a, b, source) AS l LOOP
        RETURN NEXT;
    END LOOP;
    verdict := CASE WHEN pair.rules = '{}' THEN 'not compared' WHEN match_weight < floor THEN 'below the threshold' ELSE 'edge' END;
    detail := CASE WHEN pair.rules = '{}' THEN 'no blocking rule makes a pair of them'
                   WHEN match_weight < floor THEN format('%s bits are missing to a probability of %s', round((floor - match_weight)::numeric, 2), threshold)
                   ELSE 'rules: ' || array_to_string(pair.rules, '; ') END;
    RETURN NEXT;
END
$$;

-- Labels of a pair, and for accounts every piece of evidence with what became of it.
CREATE FUNCTION patternos._said_of_pair(a text, b text, relation regclass) RETURNS TABLE (verdict text, detail text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    first_account bigint;
    second_account bigint;
BEGIN
    IF relation = to_regclass('patternos_dw.match_account') THEN
        first_account := patternos._account(a);
        second_account := patternos._account(b);
        RETURN QUERY
        SELECT CASE WHEN x.customer_key = y.customer_key THEN 'same customer' ELSE 'two customers' END, NULL::text
        FROM patternos_dw.dim_customer_identity AS x, patternos_dw.dim_customer_identity AS y
        WHERE x.identity_key = first_account AND y.identity_key = second_account
        UNION ALL SELECT l.verdict, l.kind FROM patternos._account_links(first_account, ARRAY[second_account]) AS l WHERE l.kind <> 'probabilistic' OR l.verdict = 'cut';
    ELSIF has_schema_privilege('patternos_dw', 'USAGE') AND has_table_privilege('patternos_dw.match_label', 'SELECT') THEN
        RETURN QUERY
        SELECT CASE WHEN l.same THEN 'labelled the same' ELSE 'labelled not the same' END, l.reason FROM patternos_dw.match_label AS l
        WHERE l.relation = patternos._qualified_name(_said_of_pair.relation)
          AND l.unique_id_l = least(a COLLATE "C", b COLLATE "C") AND l.unique_id_r = greatest(a COLLATE "C", b COLLATE "C");
    END IF;
END
$$;

CREATE FUNCTION patternos.label_match(a text, b text, same boolean, relation regclass DEFAULT NULL, reason text DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key name;
    found bigint;
    id_l CONSTANT text COLLATE "C" := least(a COLLATE "C", b COLLATE "C");
    id_r CONSTANT text COLLATE "C" := greatest(a COLLATE "C", b COLLATE "C");
    before boolean;
BEGIN
    PERFORM patternos._require_owner();
    IF relation IS NULL THEN
        RETURN patternos._label_accounts(a, b, same, reason, 'review');
    ELSIF a IS NULL OR b IS NULL OR a = b THEN
        RAISE EXCEPTION 'a label needs two different records' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    key := patternos._match_key_column(relation, (SELECT m.document FROM patternos_dw.match_model AS m
        WHERE m.document ->> 'relation' = patternos._qualified_name(label_match.relation) ORDER BY m.created_at DESC, m.name, m.version DESC LIMIT 1));
    EXECUTE format('SELECT count(*) FROM (SELECT FROM %1$s WHERE %2$I::text = $1 UNION ALL SELECT FROM %1$s WHERE %2$I::text = $2) AS s', relation, key)
    INTO found USING a, b;
    IF found < 2 THEN
        RAISE EXCEPTION 'no such record' USING ERRCODE = 'no_data_found', HINT = format('Give two values of column %I of %s.', key, relation);
    END IF;
    DELETE FROM patternos_dw.match_label AS l
    WHERE l.relation = patternos._qualified_name(label_match.relation) AND l.unique_id_l = id_l AND l.unique_id_r = id_r
    RETURNING l.same INTO before;
    IF same IS NOT NULL THEN
        INSERT INTO patternos_dw.match_label (relation, unique_id_l, unique_id_r, same, reason)
        VALUES (patternos._qualified_name(label_match.relation), id_l, id_r, label_match.same, label_match.reason);
    END IF;
    RETURN before IS DISTINCT FROM same;
END
$$;

-- Pairs to ask people about: of each pattern the one that is nearest to even odds first, without those that have a label.
CREATE FUNCTION patternos.match_review(edges regclass, relation regclass DEFAULT NULL, most integer DEFAULT 50)
RETURNS TABLE (unique_id_l text, unique_id_r text, match_weight double precision, match_probability double precision, pattern bigint, pairs_of_pattern bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._require_columns(edges, 'unique_id_l', 'unique_id_r', 'match_weight', 'pattern');
    RETURN QUERY EXECUTE format($q$
        SELECT e.l, e.r, e.match_weight, patternos.match_probability(e.match_weight), e.pattern, e.pairs
        FROM (SELECT unique_id_l::text AS l, unique_id_r::text AS r, match_weight, pattern, count(*) OVER (PARTITION BY pattern) AS pairs,
                     row_number() OVER (PARTITION BY pattern ORDER BY abs(match_weight), unique_id_l, unique_id_r) AS nth
              FROM %s WHERE abs(match_weight) < 'infinity') AS e
        WHERE NOT EXISTS (SELECT FROM (%s) AS known WHERE known.l = least(e.l COLLATE "C", e.r COLLATE "C") AND known.r = greatest(e.l COLLATE "C", e.r COLLATE "C"))
        ORDER BY e.nth, abs(e.match_weight), e.l, e.r LIMIT $1$q$, edges,
        CASE WHEN relation IS NULL THEN 'SELECT NULL::text AS l, NULL::text AS r WHERE false'
             ELSE format('SELECT unique_id_l AS l, unique_id_r AS r FROM patternos_dw.match_label WHERE relation = %L', patternos._qualified_name(relation)) END)
    USING greatest(most, 0);
END
$$;

-- The pairs of accounts that a steward's word would teach most, without those that have one.
CREATE FUNCTION patternos._create_match_review() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CREATE OR REPLACE VIEW patternos_dw.match_review AS
    SELECT a.identity_id AS account_a, b.identity_id AS account_b, e.weight AS match_weight, e.probability AS match_probability, e.rule,
           a.customer_key = b.customer_key AS same_customer, e.is_cut
    FROM patternos_dw.match_edge AS e
    JOIN patternos_dw.dim_customer_identity AS a ON a.identity_key = e.account_a
    JOIN patternos_dw.dim_customer_identity AS b ON b.identity_key = e.account_b
    WHERE e.kind = 'probabilistic'
      AND NOT EXISTS (SELECT FROM patternos_dw.match_label AS l WHERE l.relation IS NULL
                      AND l.unique_id_l = least(a.identity_id COLLATE "C", b.identity_id COLLATE "C")
                      AND l.unique_id_r = greatest(a.identity_id COLLATE "C", b.identity_id COLLATE "C"))
    ORDER BY abs(e.weight - 3.17), e.account_a, e.account_b;
    PERFORM patternos._describe('match_review', 'Pairs of accounts that the model is least sure of at the threshold, without those that somebody has judged.', $c$
account_a: identity_id of one account, for patternos.label_match()
account_b: identity_id of the other
match_weight: evidence that they are the same, in bits
match_probability: probability that they are the same, 0 to 1
rule: blocking rule that found the pair
same_customer: whether both belong to one customer now
is_cut: whether the edge is not used because of a contradiction$c$);
END
$$;

CREATE FUNCTION patternos._cluster_bridges(query text, threshold double precision) RETURNS TABLE (a bigint, b bigint)
AS 'MODULE_PATHNAME', 'patternos_cluster_bridges'
LANGUAGE C VOLATILE STRICT COST 10000 ROWS 100;

CREATE FUNCTION patternos.explain_cluster(edges regclass, clusters regclass, cluster_id text)
RETURNS TABLE (unique_id_l text, unique_id_r text, match_weight double precision, match_probability double precision, is_bridge boolean)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    ids text[];
    links text;
BEGIN
    PERFORM patternos._require_columns(edges, 'unique_id_l', 'unique_id_r', 'match_weight');
    PERFORM patternos._require_columns(clusters, 'unique_id', 'cluster_id');
    EXECUTE format('SELECT array_agg(unique_id::text) FROM %s WHERE cluster_id::text = $1', clusters) INTO ids USING cluster_id;
    links := format('SELECT DISTINCT ON (least(l, r), greatest(l, r)) least(l, r) AS l, greatest(l, r) AS r, w
                     FROM (SELECT unique_id_l::text COLLATE "C" AS l, unique_id_r::text COLLATE "C" AS r, match_weight::float8 AS w FROM %s
                           WHERE unique_id_l::text = ANY (%L) AND unique_id_r::text = ANY (%2$L)) AS e WHERE l <> r ORDER BY 1, 2, w DESC', edges, ids);
    RETURN QUERY EXECUTE format('SELECT e.l::text, e.r::text, e.w, patternos.match_probability(e.w), b.a IS NOT NULL FROM (%1$s) AS e
        LEFT JOIN patternos._cluster_bridges(%2$L, ''-Infinity'') AS b
          ON ARRAY[(%3$L::text[])[b.a], (%3$L::text[])[b.b]] <@ ARRAY[e.l, e.r]::text[]
        ORDER BY e.w DESC, e.l, e.r', links,
        format('SELECT 1::bigint, array_position(%1$L::text[], l::text)::bigint, array_position(%1$L::text[], r::text)::bigint, w FROM (%2$s) AS e', ids, links), ids);
END
$$;

CREATE FUNCTION patternos.explain_cluster(global_customer_id text)
RETURNS TABLE (account_a text, account_b text, kind text, rule text, match_weight double precision, match_probability double precision,
               is_cut boolean, is_bridge boolean)
LANGUAGE plpgsql VOLATILE STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    members bigint[] := ARRAY(SELECT i.identity_key FROM patternos_dw.dim_customer_identity AS i JOIN patternos_dw.dim_customer AS c USING (customer_key)
                              WHERE c.global_customer_id = patternos.resolve_id($1));
BEGIN
    RETURN QUERY
    SELECT a.identity_id, b.identity_id, e.kind, e.rule, e.weight, e.probability, e.is_cut, x.a IS NOT NULL AND NOT e.is_cut
    FROM patternos_dw.match_edge AS e
    JOIN patternos_dw.dim_customer_identity AS a ON a.identity_key = e.account_a
    JOIN patternos_dw.dim_customer_identity AS b ON b.identity_key = e.account_b
    LEFT JOIN patternos._cluster_bridges(format(
        'SELECT 1::bigint, account_a, account_b, max(probability) FROM patternos_dw.match_edge WHERE account_a = ANY (%L) AND account_b = ANY (%1$L) AND NOT is_cut '
        'GROUP BY 2, 3', members), patternos._setting('match_threshold')::double precision) AS x ON x.a = e.account_a AND x.b = e.account_b
    WHERE e.account_a = ANY (members) AND e.account_b = ANY (members)
    ORDER BY e.probability DESC, e.account_a, e.account_b, e.kind;
END
$$;

COMMENT ON FUNCTION patternos.explain_match(text, text, text, regclass) IS
    'The weight of a pair of records step by step: what each comparison found and what it adds.';
COMMENT ON FUNCTION patternos.explain_match(jsonb, text, text, regclass) IS
    'The weight of a pair of records step by step: what each comparison found and what it adds.';
COMMENT ON FUNCTION patternos.why_not(text, text, text, regclass, double precision) IS
    'Why two records are not linked, or why they are: labels, blocking rules, weight against the threshold.';
COMMENT ON FUNCTION patternos.label_match(text, text, boolean, regclass, text) IS
    'Notes what somebody says about a pair of records: the same, not the same, or NULL to take it back.';
COMMENT ON FUNCTION patternos.match_review(regclass, regclass, integer) IS
    'Pairs of an edge table that a label would teach most: of each pattern the pair nearest to even odds first.';
COMMENT ON FUNCTION patternos.explain_cluster(regclass, regclass, text) IS
    'The edges of a cluster, the strongest first, with those that alone hold it together.';
COMMENT ON FUNCTION patternos.explain_cluster(text) IS
    'The edges among the accounts of a customer, the strongest first, with those that alone hold it together.';

REVOKE ALL ON FUNCTION patternos._create_match_review(), patternos.label_match(text, text, boolean, regclass, text), patternos.explain_cluster(text) FROM PUBLIC;
