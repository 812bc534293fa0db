-- The calendar: dim_time grows in whole years as data arrives.

-- Adds the missing days of every year from the first date to the last, and brings the holidays of
-- these years in line with table holiday. Returns the days added. A range already there costs one look.
CREATE FUNCTION patternos._extend_dim_time(first_date date, last_date date) RETURNS bigint
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    first_day date;
    last_day date;
    added bigint;
BEGIN
    PERFORM patternos._require_owner();
    IF first_date < DATE '1900-01-01' OR last_date > DATE '2199-12-31' THEN
        RAISE EXCEPTION 'calendar covers the years 1900 to 2199 only'
            USING ERRCODE = 'datetime_field_overflow';
    END IF;
    first_day := date_trunc('year', first_date::timestamp);
    last_day := date_trunc('year', last_date::timestamp) + INTERVAL '1 year' - INTERVAL '1 day';
    IF (SELECT count(*) FROM patternos_dw.dim_time WHERE full_date BETWEEN first_day AND last_day)
       >= last_day - first_day + 1 THEN
        RETURN 0;
    END IF;
    INSERT INTO patternos_dw.dim_time
        (date_id, full_date, year, quarter, month, month_name, week_of_year, day_of_month, day_of_week,
         day_name, is_weekend, is_holiday, fiscal_year, fiscal_quarter)
    SELECT to_char(d, 'YYYYMMDD')::integer, d, extract(year FROM d), extract(quarter FROM d),
           extract(month FROM d), to_char(d, 'FMMonth'), extract(week FROM d), extract(day FROM d),
           extract(isodow FROM d), to_char(d, 'FMDay'), extract(isodow FROM d) >= 6, false,
           extract(year FROM d + INTERVAL '9 months'), extract(quarter FROM d + INTERVAL '9 months')
    FROM (SELECT first_day + i AS d FROM generate_series(0, last_day - first_day) AS i) AS days
    ON CONFLICT (date_id) DO NOTHING;
    GET DIAGNOSTICS added = ROW_COUNT;
    PERFORM patternos._mark_holidays(first_day, last_day);
    RETURN added;
END
$$;

-- Sets is_holiday and holiday_name of the days between two dates from table holiday.
CREATE FUNCTION patternos._mark_holidays(first_day date, last_day date) RETURNS bigint
LANGUAGE plpgsql STRICT SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changed bigint;
BEGIN
    UPDATE patternos_dw.dim_time t
    SET is_holiday = day.names IS NOT NULL, holiday_name = day.names
    FROM (SELECT t2.date_id, string_agg(h.holiday_name, ', ' ORDER BY h.holiday_name COLLATE "C") AS names
          FROM patternos_dw.dim_time t2
          LEFT JOIN patternos_dw.holiday h
                 ON h.month = t2.month AND h.day = t2.day_of_month AND (h.year = t2.year OR h.year = 0)
          WHERE t2.full_date BETWEEN first_day AND last_day
          GROUP BY t2.date_id) AS day
    WHERE t.date_id = day.date_id AND t.holiday_name IS DISTINCT FROM day.names;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END
$$;

CREATE FUNCTION patternos.update_holidays() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._require_owner();
    RETURN coalesce(patternos._mark_holidays((SELECT min(full_date) FROM patternos_dw.dim_time),
                                             (SELECT max(full_date) FROM patternos_dw.dim_time)), 0);
END
$$;

REVOKE ALL ON FUNCTION patternos._extend_dim_time(date, date), patternos._mark_holidays(date, date),
    patternos.update_holidays() FROM PUBLIC;

COMMENT ON FUNCTION patternos.update_holidays() IS
    'Brings is_holiday and holiday_name of dim_time in line with table holiday and returns the number of days changed.';

