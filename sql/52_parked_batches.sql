-- Parked batches: too many of their rows were rejected. The sound ones wait in raw_record.

CREATE FUNCTION patternos._lock_parked_batch(batch bigint) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    parked record;
BEGIN
    PERFORM patternos._require_owner();
    SELECT * INTO parked FROM patternos_dw.raw_batch b WHERE b.batch_id = batch FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no batch %', coalesce(batch::text, 'NULL') USING ERRCODE = 'no_data_found',
            HINT = 'Those that wait: SELECT batch_id FROM patternos_dw.raw_batch WHERE status = ''parked''.';
    END IF;
    IF parked.status <> 'parked' THEN
        RAISE EXCEPTION 'batch % is not parked', batch
            USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = format('Its status is "%s".', parked.status);
    END IF;
    RETURN parked.landing_view;
END
$$;

CREATE FUNCTION patternos.load_parked_batch(batch_id bigint) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    target CONSTANT text := patternos._lock_parked_batch(batch_id);
    columns text;
    result bigint;
BEGIN
    SELECT string_agg(format('r.payload ->> %L', m.column_name), ', ' ORDER BY m.position) INTO columns
    FROM patternos_dw.source_mapping m WHERE m.landing_view = target;
    PERFORM set_config('patternos.source', format('parked batch %s', batch_id), true);
    EXECUTE format('INSERT INTO patternos_dw.%I SELECT %s FROM patternos_dw.raw_record r WHERE r.batch_id = $1 ORDER BY r.line',
                   target, columns) USING batch_id;
    PERFORM set_config('patternos.source', '', true);
    result := currval(pg_get_serial_sequence('patternos_dw.raw_batch', 'batch_id'));
    DELETE FROM patternos_dw.raw_record r WHERE r.batch_id = load_parked_batch.batch_id;
    UPDATE patternos_dw.raw_batch b SET status = 'released' WHERE b.batch_id = load_parked_batch.batch_id;
    RETURN result;
END
$$;
COMMENT ON FUNCTION patternos.load_parked_batch(bigint) IS
    'Loads the sound rows of a parked batch as a batch of their own and returns its number.';

CREATE FUNCTION patternos.drop_parked_batch(batch_id bigint) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    dropped bigint;
BEGIN
    PERFORM patternos._lock_parked_batch(batch_id);
    DELETE FROM patternos_dw.raw_record r WHERE r.batch_id = drop_parked_batch.batch_id;
    GET DIAGNOSTICS dropped = ROW_COUNT;
    UPDATE patternos_dw.raw_batch b SET status = 'dropped' WHERE b.batch_id = drop_parked_batch.batch_id;
    RETURN dropped;
END
$$;
COMMENT ON FUNCTION patternos.drop_parked_batch(bigint) IS
    'Gives a parked batch up: removes its sound rows, keeps the record of its faults, and returns the number of rows removed.';

REVOKE ALL ON FUNCTION patternos._lock_parked_batch(bigint), patternos.load_parked_batch(bigint),
    patternos.drop_parked_batch(bigint) FROM PUBLIC;
