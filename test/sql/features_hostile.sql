-- Affinity, behaviour and cross-platform: what is refused, ignored and survived.
\set VERBOSITY sqlstate
SELECT patternos.category_affinity('NaN', 0, 0);
SELECT patternos.category_affinity(0, 1.0001, 0);
SELECT patternos.category_affinity(0, 0, '-Infinity');
SELECT patternos.recency_weight(-1);
SELECT patternos.affinity_index(2, 1, 0.5);
SELECT patternos.affinity_index(-1, 1, 0.5);
SELECT patternos.affinity_index(1, 1, 'NaN');
SELECT patternos.affinity_index(1, 1, 0.5, -1);
SELECT patternos.affinity_index(9223372036854775807, 9223372036854775807, 1e-300);
SELECT patternos.cart_abandonment_rate(-1, 0);
SELECT patternos.search_to_purchase_ratio(9223372036854775807, 1);
SELECT patternos.platform_diversity_score(-1, 7);
SELECT patternos.category_affinity(NULL, 0, 0), patternos.recency_weight(NULL), patternos.cart_abandonment_rate(NULL, 1), patternos.event_kind(NULL);

-- amounts, times and dates out of range; another date within a group
SELECT patternos.affinity('a', 1, '2025-01-01', 'NaN', '2026-01-01');
SELECT patternos.affinity('a', 1, '2025-01-01', 'Infinity', '2026-01-01');
SELECT patternos.affinity('a', 1, '2025-01-01', 1e30, '2026-01-01');
SELECT patternos.affinity('a', 1, '2025-01-01', 900000000000000, '2026-01-01') FROM generate_series(1, 100);
SELECT patternos.affinity('a', i, '2025-01-01', 90000000000000, '2026-01-01') FROM generate_series(1, 100) i;
SELECT patternos.affinity('a', 1, '-infinity', 1, '2026-01-01');
SELECT patternos.affinity('a', 1, '2025-01-01', 1, 'infinity');
SELECT patternos.affinity('a', 1, '2025-01-01', 1, day) FROM unnest('{2026-01-01,2026-01-02}'::date[]) day;
SELECT (patternos.affinity('a', 1, at, 1, day))[1].recency_days FROM (VALUES (timestamp '4713-01-01 BC', date '5874897-12-31')) v (at, day);
SELECT patternos.affinity('a', 1, NULL, 1, '2026-01-01'), patternos.affinity('a', NULL, '2025-01-01', 1, '2026-01-01'), patternos.affinity('a', 1, '2025-01-01', 1, NULL);
SELECT patternos.affinity('a', 1, '2025-01-01', 1, '2026-01-01') WHERE false;
-- a negative sum has no share; a hundred thousand items are fine, more than a million are refused
SELECT patternos.affinity('a', 1, '2025-12-31', -5, '2026-01-01');
SELECT cardinality(patternos.affinity('item ' || i, i, '2025-01-01', 1, '2026-01-01')) FROM generate_series(1, 100000) i;
SELECT cardinality(patternos.affinity('item ' || i, i, '2025-01-01', 1, '2026-01-01')) FROM generate_series(1, 1048577) i;
SELECT length((patternos.affinity(repeat('x', 10000000), 1, '2025-01-01', 1, '2026-01-01'))[1].item);

CREATE FUNCTION behavior_of(at timestamptz, as_of date, zone text, gap integer, cap integer, cart integer) RETURNS integer
LANGUAGE sql AS $$
    SELECT (patternos.behavior(ROW('P', 'page_view', at, NULL, NULL, NULL)::patternos.behavior_event,
                               ROW(as_of, zone, gap, cap, cart)::patternos.behavior_rules)).total_sessions
$$;
SELECT behavior_of('2025-01-01', '2026-01-01', 'Asia/Kolkata', 30, 24, 24), behavior_of(NULL, '2026-01-01', 'Asia/Kolkata', 30, 24, 24),
       behavior_of('4713-01-01 BC', '9999-12-31', 'UTC', 30, 24, 24), behavior_of('9999-12-31', '9999-12-31', 'UTC', 30, 24, 24);
SELECT behavior_of('infinity', '9999-12-31', 'UTC', 30, 24, 24);
SELECT behavior_of('2025-01-01', '2026-01-01', 'Mars/Olympus', 30, 24, 24);
SELECT behavior_of('2025-01-01', '2026-01-01', '', 30, 24, 24);
SELECT behavior_of('2025-01-01', 'infinity', 'UTC', 30, 24, 24);
SELECT behavior_of('2025-01-01', '5874897-12-31', 'UTC', 30, 24, 24);
SELECT behavior_of('2025-01-01', NULL, 'UTC', 30, 24, 24);
SELECT behavior_of('2025-01-01', '2026-01-01', 'UTC', 0, 24, 24);
SELECT behavior_of('2025-01-01', '2026-01-01', 'UTC', 30, 2147483647, 24);
SELECT behavior_of('-infinity', '2026-01-01', 'UTC', 30, 24, 24);
DROP FUNCTION behavior_of;
SELECT patternos.behavior(NULL, NULL), patternos.behavior(ROW('P', 'x', '2025-01-01', NULL, NULL, NULL)::patternos.behavior_event, NULL),
       patternos.behavior_by_platform(NULL, ROW('2026-01-01', 'UTC', 30, 24, 24)::patternos.behavior_rules);
SELECT patternos.behavior(ROW('P', 'x', '2025-01-01', NULL, NULL, NULL)::patternos.behavior_event,
                          ROW('2026-01-01', 'UTC', gap, 24, 24)::patternos.behavior_rules) FROM generate_series(1, 2) gap;

SELECT patternos.cross_platform(NULL, '2026-01-01'), patternos.cross_platform(ROW('P', 1, NULL, 1, 'x')::patternos.purchase_line, '2026-01-01');
SELECT patternos.cross_platform(ROW('P', 1, '2025-01-01', 'NaN', 'x')::patternos.purchase_line, '2026-01-01');
SELECT patternos.cross_platform(ROW('P', 1, 'infinity', 1, 'x')::patternos.purchase_line, '2026-01-01');
SELECT patternos.cross_platform(ROW('P', 1, '2025-01-01', 1, 'x')::patternos.purchase_line, '5874897-12-31');
SELECT ((patternos.cross_platform(ROW('P' || i % 5000, i, '2025-12-31', 1, 'c' || i % 9999)::patternos.purchase_line, '2026-01-01'))).platforms_used_count FROM generate_series(1, 50000) i;

-- the window function wants rows in order of time and sane rules
SELECT patternos.session_number(at) OVER (ORDER BY at DESC) FROM (VALUES (timestamp '2025-01-01'), ('2025-01-02')) v (at);
SELECT patternos.session_number(timestamp 'infinity') OVER ();
SELECT patternos.session_number(timestamp '2025-01-01', NULL, '1 month') OVER ();
SELECT patternos.session_number(timestamp '2025-01-01', NULL, '0') OVER ();
SELECT patternos.session_number(timestamp '2025-01-01', NULL, NULL) OVER ();
SELECT patternos.session_number(timestamp '2025-01-01', 'a', '1 minute', '400 days') OVER ();
SELECT patternos.session_number(NULL) OVER (), patternos.session_number(timestamp '2025-01-01', '') OVER ();
SELECT max(n) FROM (SELECT patternos.session_number(timestamp '2025-01-01', 's' || i) OVER () AS n FROM generate_series(1, 20000) i) x;
-- internal functions cannot be called by hand; before 15.20 the function itself refuses
CREATE FUNCTION refused(call text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE call;
    RETURN false;
EXCEPTION WHEN undefined_function OR feature_not_supported THEN
    RETURN true;
END
$$;
SELECT refused('SELECT patternos._affinity_final(NULL)'), refused('SELECT patternos._journal_combine(NULL, NULL)'),
       refused('SELECT patternos._behavior_step(NULL, NULL, NULL)');
DROP FUNCTION refused;
