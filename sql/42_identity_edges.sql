-- Edges: which pairs of accounts are, or may be, of one person.
--
-- The edges of a changed account, or where very many changed of all, are found anew and compared with those stored. Which edges a pair has
-- depends on these two accounts, on values and keys that are blocked because many hold them, on labels
-- and on the version of the model, never on the order in which accounts came.

-- Deterministic: a common identifying value that is not blocked. A telephone may be a household's or passed
-- on: by itself it does not join two accounts that contradict each other. work_value says which values more
-- than one account holds: with everything of all, else of those of changed accounts.
CREATE FUNCTION patternos._find_deterministic_edges(everything boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format($query$
        INSERT INTO pg_temp.work_edge (account_a, account_b, kind, rule, probability)
        SELECT s.a, s.b, 'deterministic', string_agg(s.kind, ',' ORDER BY s.kind), 1
        FROM (SELECT DISTINCT p.a, p.b, p.kind
              FROM (%s) p
              WHERE p.kind = ANY (patternos._identifying_kinds())
                AND NOT EXISTS (SELECT FROM patternos_dw.identifier_block b WHERE b.kind = p.kind AND b.value_hash = p.value_hash)) s
        JOIN patternos_dw.match_record x ON x.identity_key = s.a
        JOIN patternos_dw.match_record y ON y.identity_key = s.b
        WHERE s.kind <> 'mobile' OR NOT patternos._contradict(x.traits, y.traits)
        GROUP BY s.a, s.b$query$,
        CASE WHEN everything THEN $query$
            SELECT h.identity_key AS a, o.identity_key AS b, kind, value_hash
            FROM pg_temp.work_value v
            JOIN patternos_dw.account_identifier h USING (value_key, kind, value_hash)
            JOIN patternos_dw.account_identifier o USING (value_key, kind, value_hash)
            WHERE NOT v.is_crowded AND h.identity_key < o.identity_key$query$
        ELSE $query$
            SELECT least(h.identity_key, o.identity_key) AS a, greatest(h.identity_key, o.identity_key) AS b, kind, value_hash
            FROM (SELECT h.identity_key, h.value_key, kind, value_hash
                  FROM pg_temp.work_changed c
                  JOIN patternos_dw.account_identifier h USING (identity_key)
                  LEFT JOIN pg_temp.work_value v USING (kind, value_hash)
                  WHERE (v.accounts = 1 OR v.is_crowded) IS NOT TRUE OFFSET 0) h
            JOIN patternos_dw.account_identifier o USING (value_key, kind, value_hash)
            WHERE o.identity_key <> h.identity_key$query$ END);
END
$$;

-- Manual: a steward's or reviewer's word that two accounts are the same person's.
CREATE FUNCTION patternos._find_manual_edges(everything boolean) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO pg_temp.work_edge (account_a, account_b, kind, rule, probability)
    SELECT l.account_a, l.account_b, 'manual', l.source, 1
    FROM patternos._account_labels() l
    JOIN patternos_dw.match_record x ON x.identity_key = l.account_a
    JOIN patternos_dw.match_record y ON y.identity_key = l.account_b
    WHERE l.same
      AND (everything OR EXISTS (SELECT FROM pg_temp.work_changed c WHERE c.identity_key IN (l.account_a, l.account_b)))
$$;

-- Pairs with a common key that is not crowded, one of them changed or, with everything, all, as a query
-- (a, b, key). Of few accounts each pair comes once, and not at all when it has an edge, so that no record is
-- fetched in vain.
CREATE FUNCTION patternos._account_pair_query(everything boolean) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN everything THEN $query$
        SELECT k.identity_key AS a, o.identity_key AS b, key
        FROM pg_temp.work_key w
        JOIN patternos_dw.match_key k USING (key)
        JOIN patternos_dw.match_key o USING (key)
        WHERE NOT w.is_crowded AND k.identity_key < o.identity_key$query$
    ELSE $query$
        SELECT s.a, s.b, min(s.key) AS key
        FROM (SELECT least(c.identity_key, o.identity_key) AS a, greatest(c.identity_key, o.identity_key) AS b, o.key
              FROM pg_temp.work_changed c
              JOIN patternos_dw.match_record r USING (identity_key)
              CROSS JOIN LATERAL unnest(r.keys) n (key)
              JOIN patternos_dw.match_key o ON o.key = n.key
              WHERE o.identity_key <> c.identity_key
                AND NOT EXISTS (SELECT FROM pg_temp.work_key w WHERE w.key = n.key AND w.is_single)
                AND NOT EXISTS (SELECT FROM patternos_dw.match_crowd m WHERE m.key = n.key)) s
        WHERE NOT EXISTS (SELECT FROM pg_temp.work_edge e WHERE e.account_a = s.a AND e.account_b = s.b)
        GROUP BY s.a, s.b$query$ END
$$;

-- Probabilistic: pairs of a blocking rule that the model finds more likely one person's than not, without
-- contradiction. Where an identifier links already, nothing is added.
CREATE FUNCTION patternos._find_probabilistic_edges(version integer, document jsonb, floor double precision, everything boolean)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format($query$
        INSERT INTO pg_temp.work_edge
        SELECT DISTINCT ON (p.a, p.b) p.a, p.b, 'probabilistic', p.key >> 56, w.weight, patternos.match_probability(w.weight),
               patternos._match_pattern(x.feature, y.feature, $1), $2
        FROM (%s) p
        JOIN patternos_dw.match_record x ON x.identity_key = p.a
        JOIN patternos_dw.match_record y ON y.identity_key = p.b
        CROSS JOIN LATERAL (SELECT patternos._match_weight(x.feature, y.feature, $1, $3) AS weight OFFSET 0) w
        WHERE w.weight >= $3 AND NOT patternos._contradict(x.traits, y.traits)
          AND NOT EXISTS (SELECT FROM pg_temp.work_edge e WHERE e.account_a = p.a AND e.account_b = p.b)
        ORDER BY p.a, p.b, p.key$query$,
        patternos._account_pair_query(everything))
    USING patternos._compile_match_model(document), version, patternos.match_weight(floor);
END
$$;

-- Writes what differs. Leaves work_seed: the accounts whose customers may change.
CREATE FUNCTION patternos._write_edges(everything boolean) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    written bigint;
BEGIN
    ANALYZE pg_temp.work_edge;
    CREATE TEMP TABLE work_old_edge ON COMMIT DROP AS
    SELECT e.account_a, e.account_b, e.kind,
           (n.rule, n.probability, n.pattern, n.model_version) IS NOT DISTINCT FROM (e.rule, e.probability, e.pattern, e.model_version) AS stays
    FROM (SELECT e.* FROM pg_temp.work_changed c JOIN patternos_dw.match_edge e ON e.account_a = c.identity_key
          WHERE NOT everything
          UNION
          SELECT e.* FROM pg_temp.work_changed c JOIN patternos_dw.match_edge e ON e.account_b = c.identity_key
          WHERE NOT everything
          UNION ALL
          SELECT e.* FROM patternos_dw.match_edge e WHERE everything) e
    LEFT JOIN pg_temp.work_edge n USING (account_a, account_b, kind);
    ANALYZE pg_temp.work_old_edge;
    DELETE FROM patternos_dw.match_edge e USING pg_temp.work_old_edge o
    WHERE NOT o.stays AND e.account_a = o.account_a AND e.account_b = o.account_b AND e.kind = o.kind;
    INSERT INTO patternos_dw.match_edge (account_a, account_b, kind, rule, weight, probability, pattern, model_version)
    SELECT n.account_a, n.account_b, n.kind, n.rule, n.weight, n.probability, n.pattern, n.model_version
    FROM pg_temp.work_edge n
    WHERE NOT EXISTS (SELECT FROM pg_temp.work_old_edge o
                      WHERE o.stays AND o.account_a = n.account_a AND o.account_b = n.account_b AND o.kind = n.kind)
    ORDER BY n.account_a, n.account_b;
    GET DIAGNOSTICS written = ROW_COUNT;
    INSERT INTO pg_temp.work_seed
    SELECT identity_key FROM pg_temp.work_changed
    UNION SELECT account_a FROM pg_temp.work_old_edge WHERE NOT stays
    UNION SELECT account_b FROM pg_temp.work_old_edge WHERE NOT stays;
    DROP TABLE pg_temp.work_old_edge;
    RETURN written;
END
$$;

REVOKE ALL ON FUNCTION patternos._find_deterministic_edges(boolean), patternos._find_manual_edges(boolean), patternos._account_pair_query(boolean),
    patternos._find_probabilistic_edges(integer, jsonb, double precision, boolean), patternos._write_edges(boolean) FROM PUBLIC;
