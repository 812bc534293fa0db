-- Rows as JSON: batches of a stream, each once.

-- The landing view of an entity. A platform or entity may be a misplaced value, so no message shows it.
CREATE FUNCTION patternos._ingest_view(platform text, entity text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    target CONSTANT text := 'landing_' || CASE WHEN entity = 'transaction' THEN lower(platform) ELSE entity END;
    mapped text;
BEGIN
    IF entity IS NULL OR entity NOT IN ('transaction', 'customer', 'event', 'sku') THEN
        RAISE EXCEPTION 'entity must be transaction, customer, event or sku' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF platform IS NULL AND entity = 'transaction'
       OR platform IS NOT NULL AND NOT EXISTS (SELECT FROM patternos_dw.dim_platform p
                                               WHERE p.platform_id = upper(platform) AND p.platform_id <> 'ALL') THEN
        RAISE EXCEPTION 'there is no such platform'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('Platforms are %s. patternos.add_platform() adds one.',
                                (SELECT string_agg(p.platform_id, ', ' ORDER BY p.platform_id)
                                 FROM patternos_dw.dim_platform p WHERE p.platform_id <> 'ALL'));
    END IF;
    SELECT min(coalesce(m.platform_id, '')) INTO mapped FROM patternos_dw.source_mapping m
    WHERE m.landing_view = target AND m.entity IN (_ingest_view.entity, _ingest_view.entity || '_line');
    IF mapped IS NULL OR mapped NOT IN ('', coalesce(upper(platform), '')) THEN
        RAISE EXCEPTION 'the platform has no landing view for this entity'
            USING ERRCODE = 'undefined_table', HINT = 'The views and their platforms are in patternos_dw.source_mapping.';
    END IF;
    RETURN target;
END
$$;

-- Refuses rows that are no objects or have keys that are no columns.
CREATE FUNCTION patternos._check_ingest_rows(rows jsonb, landing_view text, columns text[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bad bigint;
BEGIN
    IF rows IS NULL OR jsonb_typeof(rows) <> 'array' THEN
        RAISE EXCEPTION 'rows must be a JSON array of objects' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT min(e.number) INTO bad FROM jsonb_array_elements(rows) WITH ORDINALITY e (value, number)
    WHERE jsonb_typeof(e.value) <> 'object';
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'rows must be a JSON array of objects'
            USING ERRCODE = 'invalid_parameter_value', DETAIL = format('Row %s is not an object.', bad);
    END IF;
    SELECT min(e.number) INTO bad FROM jsonb_array_elements(rows) WITH ORDINALITY e (value, number)
    WHERE e.value - columns <> '{}';
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'rows have keys that are no columns of %', landing_view
            USING ERRCODE = 'undefined_column', DETAIL = format('The first is in row %s.', bad),
                  HINT = format('Columns are %s.', array_to_string(columns, ', '));
    END IF;
END
$$;

-- Moves a partition's offset past a batch and returns how many of its first rows were there before. The partition
-- stays locked to the end of the transaction.
CREATE FUNCTION patternos._advance_offset(source text, source_partition text, source_offset bigint, count bigint)
RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    first bigint;
    expected bigint;
BEGIN
    IF source_offset < 0 OR source_offset > 9223372036854775807 - count THEN
        RAISE EXCEPTION 'offset is out of range' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO patternos_dw.ingest_offset (source, source_partition, first_offset, next_offset)
    VALUES (_advance_offset.source, _advance_offset.source_partition, _advance_offset.source_offset, _advance_offset.source_offset)
    ON CONFLICT (source, source_partition) DO NOTHING;
    SELECT o.first_offset, o.next_offset INTO first, expected FROM patternos_dw.ingest_offset o
    WHERE o.source = _advance_offset.source AND o.source_partition = _advance_offset.source_partition FOR UPDATE;
    IF source_offset > expected THEN
        RAISE EXCEPTION 'batch leaves a gap in its source'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = format('It begins at offset %s, the next one is %s.', source_offset, expected),
                  HINT = 'Send the rows between. If there are none, set next_offset in patternos_dw.ingest_offset.';
    ELSIF source_offset < first THEN
        RAISE EXCEPTION 'batch begins before the first one of its source'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = format('It begins at offset %s, the first one is %s.', source_offset, first),
                  HINT = 'Send the rows before without an offset.';
    END IF;
    UPDATE patternos_dw.ingest_offset o SET next_offset = source_offset + count, updated_at = now()
    WHERE o.source = _advance_offset.source AND o.source_partition = _advance_offset.source_partition
      AND o.next_offset < source_offset + count;
    RETURN least(expected - source_offset, count);
END
$$;

-- Lands the rows after the first ones, and returns the number of the batch.
CREATE FUNCTION patternos._land_json(landing_view text, columns text[], platform text, source text, rows jsonb, skipped bigint)
RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    source_before CONSTANT text := current_setting('patternos.source');
    expressions text;
BEGIN
    SELECT string_agg(CASE WHEN m.field = 'platform_id' THEN format('coalesce(e.value ->> %L, $2)', m.column_name)
                           ELSE format('e.value ->> %L', m.column_name) END, ', ' ORDER BY m.position)
    INTO expressions
    FROM patternos_dw.source_mapping m WHERE m.landing_view = _land_json.landing_view;
    PERFORM set_config('patternos.source', coalesce(source, ''), true);
    EXECUTE format('INSERT INTO patternos_dw.%I SELECT %s FROM jsonb_array_elements($1) WITH ORDINALITY e (value, number) '
                   'WHERE e.number > $3 ORDER BY e.number', landing_view, expressions) USING rows, platform, skipped;
    PERFORM set_config('patternos.source', source_before, true);
    RETURN currval(pg_get_serial_sequence('patternos_dw.raw_batch', 'batch_id'));
END
$$;

CREATE FUNCTION patternos.ingest_batch(platform text, entity text, source text, rows jsonb,
    source_partition text DEFAULT NULL, source_offset bigint DEFAULT NULL,
    OUT batch_id bigint, OUT status text, OUT rows_total bigint, OUT accepted bigint, OUT rejected bigint,
    OUT duplicate bigint, OUT suppressed bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
#variable_conflict use_variable
DECLARE
    target text;
    columns text[];
    skipped bigint := 0;
BEGIN
    PERFORM patternos._require_owner();
    IF length(source) > 200 OR length(source_partition) > 200 OR (source_offset IS NOT NULL AND coalesce(source, '') = '')
       OR patternos.redact_pii(source) <> source OR patternos.redact_pii(source_partition) <> source_partition THEN
        RAISE EXCEPTION 'source and partition must be names of at most 200 characters without personal data'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'A batch with an offset must name its source.';
    END IF;
    target := patternos._ingest_view(platform, entity);
    columns := ARRAY(SELECT m.column_name FROM patternos_dw.source_mapping m WHERE m.landing_view = target ORDER BY m.position);
    PERFORM patternos._check_ingest_rows(rows, target, columns);
    rows_total := jsonb_array_length(rows);
    IF source_offset IS NOT NULL THEN
        skipped := patternos._advance_offset(source, coalesce(source_partition, ''), source_offset, rows_total);
    END IF;
    IF skipped = rows_total THEN
        status := CASE WHEN rows_total > 0 THEN 'duplicate' ELSE 'empty' END;
        SELECT max(b.batch_id), 0, 0, skipped, 0 INTO batch_id, accepted, rejected, duplicate, suppressed
        FROM patternos_dw.raw_batch b
        WHERE b.source = ingest_batch.source AND b.source_partition = coalesce(ingest_batch.source_partition, '')
          AND b.source_offset = ingest_batch.source_offset;
        RETURN;
    END IF;
    batch_id := patternos._land_json(target, columns, upper(platform), source, rows, skipped);
    UPDATE patternos_dw.raw_batch b
    SET source_partition = CASE WHEN ingest_batch.source_offset IS NULL THEN ingest_batch.source_partition
                                ELSE coalesce(ingest_batch.source_partition, '') END,
        source_offset = ingest_batch.source_offset + skipped
    WHERE b.batch_id = ingest_batch.batch_id
    RETURNING b.status, b.rows_accepted, b.rows_rejected, b.rows_duplicate + skipped, b.rows_suppressed
    INTO status, accepted, rejected, duplicate, suppressed;
END
$$;
COMMENT ON FUNCTION patternos.ingest_batch(text, text, text, jsonb, text, bigint) IS
    'Loads a JSON array of rows as one batch, once where the rows have offsets in their source.';

REVOKE ALL ON FUNCTION patternos._ingest_view(text, text), patternos._check_ingest_rows(jsonb, text, text[]),
    patternos._advance_offset(text, text, bigint, bigint), patternos._land_json(text, text[], text, text, jsonb, bigint),
    patternos.ingest_batch(text, text, text, jsonb, text, bigint) FROM PUBLIC;
