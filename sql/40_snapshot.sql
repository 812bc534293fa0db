-- Snapshots: the partition of a feature or score table for one reference date.

CREATE FUNCTION patternos._fill_table(target regclass, query text) RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp
AS 'MODULE_PATHNAME', 'patternos__fill_table';

-- The rows come from one query or several; those after the first find what is there already in the table {snapshot}.
-- Readers see the old snapshot until the transaction ends: it is dropped as late as possible, because that locks them out.
CREATE FUNCTION patternos._write_snapshot(parent regclass, as_of date, VARIADIC queries text[]) RETURNS bigint
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
-- the rows come nearly in order: one process sorts them faster than several merge their parts; no column needs finer statistics
SET max_parallel_maintenance_workers = 0 SET default_statistics_target = 20
AS $$
DECLARE
    name text := (SELECT relname FROM pg_class WHERE oid = parent) || '_' || to_char(as_of, 'YYYYMMDD');
    building text := name || '_new';
    old regclass;
    query text;
    rows bigint := 0;
BEGIN
    PERFORM patternos._require_owner();
    IF as_of NOT BETWEEN '0001-01-01' AND '9999-12-31' THEN
        RAISE EXCEPTION 'reference date is out of range' USING ERRCODE = 'datetime_field_overflow';
    END IF;
    EXECUTE format('CREATE TABLE patternos_part.%I (LIKE %s INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS '
                   'INCLUDING COMMENTS INCLUDING STORAGE INCLUDING COMPRESSION, CONSTRAINT snapshot_date CHECK (as_of = %L))',
                   building, parent, as_of);
    FOREACH query IN ARRAY queries LOOP
        rows := rows + patternos._fill_table(format('patternos_part.%I', building)::regclass,
                                             replace(query, '{snapshot}', format('patternos_part.%I', building)));
    END LOOP;
    EXECUTE format('ALTER TABLE patternos_part.%I ADD CONSTRAINT %I PRIMARY KEY (%s)', building, building || '_pkey',
                   (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.position)
                    FROM pg_index i
                    CROSS JOIN unnest(i.indkey::smallint[]) WITH ORDINALITY k (attnum, position)
                    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
                    WHERE i.indrelid = parent AND i.indisprimary));
    EXECUTE format('ANALYZE patternos_part.%I', building);
    SELECT c.oid INTO old
    FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
    WHERE h.inhparent = parent AND pg_get_expr(c.relpartbound, c.oid) = format('FOR VALUES IN (%L)', as_of);
    IF FOUND THEN
        EXECUTE format('DROP TABLE %s', old);
    END IF;
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION patternos_part.%I FOR VALUES IN (%L)', parent, building, as_of);
    EXECUTE format('ALTER TABLE patternos_part.%I DROP CONSTRAINT snapshot_date', building);
    EXECUTE format('ALTER INDEX patternos_part.%I RENAME TO %I', building || '_pkey', name || '_pkey');
    EXECUTE format('ALTER TABLE patternos_part.%I RENAME TO %I', building, name);
    RETURN rows;
END
$$;

-- Where a query finds the rows of a date: in the snapshot's own table, which has statistics, or (without one) in the parent.
CREATE FUNCTION patternos._snapshot_source(parent regclass, as_of date) RETURNS regclass
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce((SELECT c.oid FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
                     WHERE h.inhparent = parent AND pg_get_expr(c.relpartbound, c.oid) = format('FOR VALUES IN (%L)', as_of)),
                    parent)::regclass
$$;

REVOKE ALL ON FUNCTION patternos._snapshot_source(regclass, date), patternos._fill_table(regclass, text), patternos._write_snapshot(regclass, date, text[]) FROM PUBLIC;
