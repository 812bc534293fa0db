-- Labels: what happened in the days from a reference date on, as examples to train on.

-- The part of each date: the latest test, those before them validate, the others train; between the parts as many days as the longest
-- window, so that no outcome is seen by two of them. No row when the dates do not suffice for three parts.
CREATE FUNCTION patternos._date_parts(dates date[], embargo integer, valid numeric, test numeric) RETURNS TABLE (as_of date, part text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH day AS (
        SELECT d, row_number() OVER (ORDER BY d DESC) AS place, count(*) OVER () AS n FROM (SELECT DISTINCT d FROM unnest(dates) d) u
    ), test_day AS (
        SELECT min(d) AS first FROM day WHERE place <= greatest(1, round(test * n))
    ), valid_day AS (
        SELECT min(v.d) AS first
        FROM (SELECT d, n, row_number() OVER (ORDER BY d DESC) AS place FROM day, test_day WHERE d + embargo <= test_day.first) v
        WHERE v.place <= greatest(1, round(valid * n))
    ), parted AS (
        SELECT d, CASE WHEN d >= t.first THEN 'test'
                       WHEN d >= v.first THEN CASE WHEN d + embargo <= t.first THEN 'valid' END
                       WHEN d + embargo <= v.first THEN 'train' END AS part
        FROM day, test_day t, valid_day v
    )
    SELECT d, p.part FROM parted p WHERE EXISTS (SELECT FROM parted WHERE part = 'train')
$$;

-- The members of a split of labels with their defaults.
CREATE FUNCTION patternos._label_split(split jsonb) RETURNS TABLE (method text, valid numeric, test numeric)
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unknown text;
BEGIN
    IF jsonb_typeof(split) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION 'split must be a JSON object' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT k INTO unknown FROM jsonb_object_keys(split) k WHERE k <> ALL ('{method,valid,test}');
    method := split ->> 'method';
    valid := coalesce((split ->> 'valid')::numeric, 0.15);
    test := coalesce((split ->> 'test')::numeric, 0.15);
    IF unknown IS NOT NULL OR method <> ALL ('{time,customer,none}')
       OR (valid > 0 AND test > 0 AND valid + test <= 0.9) IS NOT TRUE THEN
        RAISE EXCEPTION 'split is not understood%', coalesce(': "' || unknown || '"', '') USING ERRCODE = 'invalid_parameter_value',
            HINT = 'It is like {"method": "time" | "customer" | "none", "valid": 0.15, "test": 0.15}, with shares above 0 and at most 0.9 together.';
    END IF;
    RETURN NEXT;
EXCEPTION WHEN invalid_text_representation THEN
    RAISE EXCEPTION 'valid and test must be numbers' USING ERRCODE = 'invalid_parameter_value';
END
$$;

-- Refuses dates and windows out of range.
CREATE FUNCTION patternos._check_label_windows(as_of date[], windows integer[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF (cardinality(as_of) BETWEEN 1 AND 1000) IS NOT TRUE
       OR EXISTS (SELECT FROM unnest(as_of) d WHERE (d BETWEEN '1900-01-01' AND '9999-12-31') IS NOT TRUE) THEN
        RAISE EXCEPTION 'reference dates are out of range' USING ERRCODE = 'datetime_field_overflow',
            HINT = 'Give from 1 to 1000 dates from 1900-01-01 on, for example ''{2025-06-01,2025-07-01}''.';
    END IF;
    IF (cardinality(windows) BETWEEN 1 AND 10) IS NOT TRUE
       OR EXISTS (SELECT FROM unnest(windows) w WHERE (w BETWEEN 1 AND 366) IS NOT TRUE) THEN
        RAISE EXCEPTION 'windows must be from 1 to 10 lengths from 1 to 366 days' USING ERRCODE = 'invalid_parameter_value';
    END IF;
END
$$;

-- The purchases within so many days from each date of pg_temp.label_date on, and the category of the first one: that of its line with
-- most value.
CREATE FUNCTION patternos._find_label_purchases(days integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format($query$
        CREATE TEMPORARY TABLE label_purchase ON COMMIT DROP AS
        SELECT f.customer_key, v.platform_id, s.as_of, f.transaction_date - s.as_of AS day, f.total_value,
               f.transaction_datetime, f.transaction_id
        FROM patternos_dw.fact_transaction f
        JOIN pg_temp.label_date s ON f.transaction_date >= s.as_of AND f.transaction_date < s.as_of + %1$s
        CROSS JOIN LATERAL (VALUES (f.platform_id, 1), ('ALL', 2)) v (platform_id, role)
        WHERE %2$s & v.role <> 0$query$, days, patternos._rfm_role());
    ANALYZE pg_temp.label_purchase;
    CREATE TEMPORARY TABLE label_category ON COMMIT DROP AS
    SELECT DISTINCT ON (p.customer_key, p.platform_id, p.as_of) p.customer_key, p.platform_id, p.as_of, p.day, l.category_id
    FROM (SELECT DISTINCT ON (customer_key, platform_id, as_of) * FROM pg_temp.label_purchase
          ORDER BY customer_key, platform_id, as_of, transaction_datetime, transaction_id) p
    JOIN patternos_dw.fact_transaction_line l
      ON l.customer_key = p.customer_key AND l.transaction_datetime = p.transaction_datetime AND l.transaction_id = p.transaction_id
    ORDER BY p.customer_key, p.platform_id, p.as_of, l.line_total DESC, l.line_number;
    ANALYZE pg_temp.label_category;
END
$$;

-- Writes the labels of everybody who was seen before a date: on each platform with facts, and on all together. Windows that are not
-- over stay open.
CREATE FUNCTION patternos._insert_labels(windows integer[], valid numeric, test numeric, folds integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rows bigint;
BEGIN
    WITH seen AS MATERIALIZED (
        SELECT s.customer_key, s.platform_id, min(s.first_day) AS first_day
        FROM (SELECT f.customer_key, v.platform_id, f.first_day
              FROM (SELECT customer_key, platform_id, min(transaction_date) AS first_day
                    FROM patternos_dw.fact_transaction GROUP BY customer_key, platform_id) f
              CROSS JOIN LATERAL (VALUES (f.platform_id), ('ALL')) v (platform_id)
              UNION ALL
              SELECT c.customer_key, 'ALL', coalesce(c.first_seen_date, '-infinity') FROM patternos_dw.dim_customer c) s
        GROUP BY s.customer_key, s.platform_id
    ), outcome AS (
        SELECT p.customer_key, p.platform_id, p.as_of, w.days, min(p.day) AS day, sum(p.total_value) AS spent
        FROM pg_temp.label_purchase p
        JOIN unnest(windows) w (days) ON p.day < w.days
        GROUP BY p.customer_key, p.platform_id, p.as_of, w.days
    ), person AS (
        SELECT s.*, w.as_of, w.days, w.part, w.method, w.is_over,
               (hashint8extended(s.customer_key, 0) & 9223372036854775807) % 1000 AS lot,
               (hashint8extended(s.customer_key, 1) & 9223372036854775807) % folds + 1 AS fold
        FROM pg_temp.label_window w
        JOIN seen s ON s.first_day < w.as_of
    )
    INSERT INTO patternos_dw.intent_training_labels
        (customer_key, label_timestamp, platform_id, label_window_days, lookback_days, purchased, purchase_value, category_id,
         days_to_purchase, dataset_split, fold_number)
    SELECT p.customer_key, p.as_of::timestamp AT TIME ZONE patternos._setting('time_zone'), p.platform_id, p.days,
           CASE WHEN isfinite(p.first_day) THEN least(p.as_of - p.first_day, 32767) ELSE 32767 END,
           CASE WHEN p.is_over THEN o.day IS NOT NULL END, CASE WHEN p.is_over THEN coalesce(o.spent, 0) END,
           CASE WHEN p.is_over AND c.day < p.days THEN c.category_id END, CASE WHEN p.is_over THEN o.day END,
           CASE p.method WHEN 'time' THEN p.part
                         WHEN 'customer' THEN CASE WHEN p.lot < 1000 * test THEN 'test' WHEN p.lot < 1000 * (test + valid) THEN 'valid'
                                                   ELSE 'train' END END,
           p.fold
    FROM person p
    LEFT JOIN outcome o ON (o.customer_key, o.platform_id, o.as_of, o.days) = (p.customer_key, p.platform_id, p.as_of, p.days)
    LEFT JOIN pg_temp.label_category c ON (c.customer_key, c.platform_id, c.as_of) = (p.customer_key, p.platform_id, p.as_of);
    GET DIAGNOSTICS rows = ROW_COUNT;
    RETURN rows;
END
$$;

-- The windows of all dates with their parts into pg_temp.label_window: dates whose window is over are split, the others belong to no part.
-- Without a method it is by time where the dates suffice, else by customers.
CREATE FUNCTION patternos._make_label_windows(dates date[], windows integer[], method text, valid numeric, test numeric) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET client_min_messages = warning
AS $$
DECLARE
    known_until CONSTANT date := patternos._reference_date(NULL);
    length integer;
    is_by_time boolean;
BEGIN
    DROP TABLE IF EXISTS pg_temp.label_date, pg_temp.label_window, pg_temp.label_purchase, pg_temp.label_category;
    CREATE TEMPORARY TABLE label_date ON COMMIT DROP AS SELECT DISTINCT d AS as_of FROM unnest(dates) d;
    CREATE TEMPORARY TABLE label_window (as_of date, days integer, is_over boolean, part text, method text) ON COMMIT DROP;
    FOR length IN SELECT DISTINCT w FROM unnest(windows) w LOOP
        INSERT INTO pg_temp.label_window (as_of, days, is_over, part, method)
        SELECT d.as_of, length, d.as_of + length <= known_until, p.part, _make_label_windows.method
        FROM pg_temp.label_date d
        LEFT JOIN patternos._date_parts(ARRAY(SELECT o FROM unnest(dates) o WHERE o + length <= known_until), length, valid, test) p
               ON p.as_of = d.as_of;
        is_by_time := EXISTS (SELECT FROM pg_temp.label_window w WHERE w.days = length AND w.part IS NOT NULL);
        IF method = 'time' AND NOT is_by_time THEN
            RAISE EXCEPTION 'there are too few reference dates to split by time' USING ERRCODE = 'invalid_parameter_value',
                HINT = format('Give at least three that lie %s days apart, all so long ago, or split {"method": "customer"}.', length);
        END IF;
        UPDATE pg_temp.label_window w
        SET method = CASE WHEN is_by_time THEN 'time' WHEN w.is_over THEN 'customer' ELSE 'none' END
        WHERE w.days = length AND w.method IS NULL;
    END LOOP;
END
$$;

CREATE FUNCTION patternos.build_labels(as_of date[], windows integer[] DEFAULT '{7,30}', split jsonb DEFAULT '{}', folds integer DEFAULT 5)
RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET jit = off SET enable_nestloop = off SET work_mem = '64MB' SET client_min_messages = warning
AS $$
DECLARE
    parts record;
    rows bigint;
BEGIN
    PERFORM patternos._require_owner();
    PERFORM patternos._check_label_windows(as_of, windows);
    IF (folds BETWEEN 2 AND 100) IS NOT TRUE THEN
        RAISE EXCEPTION 'folds must be a number from 2 to 100' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT * INTO parts FROM patternos._label_split(split);
    PERFORM patternos._make_label_windows(as_of, windows, parts.method, parts.valid, parts.test);
    PERFORM patternos._find_label_purchases((SELECT max(w) FROM unnest(windows) w));
    DELETE FROM patternos_dw.intent_training_labels l
    WHERE l.label_window_days = ANY (windows)
      AND l.label_timestamp IN (SELECT d::timestamp AT TIME ZONE patternos._setting('time_zone') FROM unnest(build_labels.as_of) d);
    rows := patternos._insert_labels(windows, parts.valid, parts.test, folds);
    DROP TABLE pg_temp.label_date, pg_temp.label_window, pg_temp.label_purchase, pg_temp.label_category;
    RETURN rows;
END
$$;
COMMENT ON FUNCTION patternos.build_labels(date[], integer[], jsonb, integer) IS
    'Records who bought in the days from each reference date on, as examples to train on, and returns the number of rows.';

REVOKE ALL ON FUNCTION patternos._find_label_purchases(integer), patternos._insert_labels(integer[], numeric, numeric, integer),
    patternos._make_label_windows(date[], integer[], text, numeric, numeric),
    patternos.build_labels(date[], integer[], jsonb, integer) FROM PUBLIC;
