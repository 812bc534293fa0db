-- Snapshots: the partition of a feature or score table for one reference date.

CREATE FUNCTION patternos._write_snapshot(parent regclass, as_of date, query text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name text := (SELECT relname FROM pg_class WHERE oid = parent) || '_' || to_char(as_of, 'YYYYMMDD');
    columns text;
    rows bigint;
BEGIN
    PERFORM patternos._require_owner();
    DROP TABLE IF EXISTS pg_temp.snapshot_rows;
    EXECUTE 'CREATE TEMPORARY TABLE snapshot_rows ON COMMIT DROP AS ' || query;
    SELECT string_agg(quote_ident(attname), ', ') INTO columns
    FROM pg_attribute WHERE attrelid = 'pg_temp.snapshot_rows'::regclass AND attnum > 0;
    EXECUTE format('CREATE TABLE patternos_part.%I (LIKE %s INCLUDING GENERATED INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING COMMENTS)',
                   name || '_new', parent);
    EXECUTE format('INSERT INTO patternos_part.%I (%s) SELECT * FROM pg_temp.snapshot_rows', name || '_new', columns);
    GET DIAGNOSTICS rows = ROW_COUNT;
    DROP TABLE pg_temp.snapshot_rows;
    IF to_regclass(format('patternos_part.%I', name)) IS NOT NULL THEN
        EXECUTE format('DROP TABLE patternos_part.%I', name);
    END IF;
    EXECUTE format('ALTER TABLE patternos_part.%I RENAME TO %I', name || '_new', name);
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION patternos_part.%I FOR VALUES IN (%L)', parent, name, as_of);
    RETURN rows;
END
$$;

REVOKE ALL ON FUNCTION patternos._write_snapshot(regclass, date, text) FROM PUBLIC;
