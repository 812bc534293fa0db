-- Saved models of Splink: conditions of its three engines, whole documents, what cannot be mapped.
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
SELECT no_plan();
SET LOCAL client_min_messages = warning;

SELECT is(l ->> 'test' || coalesce(' ' || (l ->> 'threshold'), '') || ' ' || array_to_string(ARRAY(SELECT jsonb_array_elements_text(l -> 'columns')), '+'), expected, condition)
FROM (VALUES
    ($$"surname_l" = "surname_r"$$, 'exact surname'),
    ($$surname_l = surname_r$$, 'exact surname'),
    ($$`first name_l` = `first name_r`$$, 'exact first name'),
    ($$CAST("dob_l" AS TEXT) = CAST("dob_r" AS TEXT)$$, 'exact dob'),
    ($$jaro_winkler_similarity("a_l", "a_r") >= 0.92$$, 'jaro_winkler 0.92 a'),
    ($$jaro_winkler(`a_l`, `a_r`) >= 0.88$$, 'jaro_winkler 0.88 a'),
    ($$jaro_sim(`a_l`, `a_r`) >= 0.8$$, 'jaro 0.8 a'),
    ($$jaccard("a_l", "a_r") >= 0.7$$, 'jaccard 0.7 a'),
    ($$levenshtein("a_l", "a_r") <= 2$$, 'levenshtein 2 a'),
    ($$damerau_levenshtein("a_l", "a_r") <= 1$$, 'damerau_levenshtein 1 a'),
    ($$"f_l" = "s_r" AND "f_r" = "s_l"$$, 'swapped f+s'),
    ($$("f_l" = "f_r") AND ("s_l" = "s_r")$$, 'exact f+s'),
    ($$(jaro_winkler_similarity("f_l", "f_r") >= 0.92) AND (jaro_winkler_similarity("s_l", "s_r") >= 0.92)$$, 'both_jaro_winkler 0.92 f+s'),
    ($$NULLIF(regexp_extract("email_l", '^[^@]+', 0), '') = NULLIF(regexp_extract("email_r", '^[^@]+', 0), '')$$, 'user_exact email'),
    ($$ABS(EPOCH(try_strptime("dob_l", '%Y-%m-%d')) - EPOCH(try_strptime("dob_r", '%Y-%m-%d'))) <= 2629800.0$$, 'within_days 30.4375 dob'),
    ($$abs(datediff(date(try_to_timestamp(`dob_l`, 'yyyy-MM-dd')), date(try_to_timestamp(`dob_r`, 'yyyy-MM-dd')))) <= floor(864000 / 86400)$$, 'within_days 10 dob'),
    ($$ABS(EXTRACT(EPOCH FROM try_cast_date("dob_l", 'YYYY-MM-DD')) - EXTRACT(EPOCH FROM try_cast_date("dob_r", 'YYYY-MM-DD')))<= 31557600.0$$, 'within_days 365.25 dob'),
    ($$array_length(list_intersect("ip_l", "ip_r")) >= 2$$, 'shared 2 ip'),
    ($$CARDINALITY(ARRAY_INTERSECT("ip_l", "ip_r")) >= 1$$, 'shared 1 ip'),
    ($$ABS("n_l" - "n_r") <= 5$$, 'absolute 5 n'),
    ($$(ABS("n_l" - "n_r") / (CASE WHEN "n_r" > "n_l" THEN "n_r" ELSE "n_l" END)) < 0.1$$, 'relative 0.1 n'),
    ($$NULLIF(substring("pc_l" from '(^[A-Za-z]{1,2}[0-9][A-Za-z0-9]?)'), '') = NULLIF(substring("pc_r" from '(^[A-Za-z]{1,2}[0-9][A-Za-z0-9]?)'), '')$$, 'prefix -3 pc'),
    ('ELSE', 'else ')) AS v (condition, expected),
    LATERAL (SELECT patternos._splink_level(condition) AS l) AS x;
SELECT is(patternos._splink_level(c), NULL, c)
FROM unnest(ARRAY[$$"a_l" = 'x' AND "a_r" = 'x'$$, $$array_cosine_similarity("v_l", "v_r") >= 0.9$$, '', 'AND', '((((', $$"a_l" < "a_r"$$, $$levenshtein("a_l", "b_r") <= 1$$]) AS c;

SELECT is(patternos._splink_blocking(to_jsonb(rule)), expected, rule)
FROM (VALUES ('(l."first_name" = r."first_name") AND (SUBSTR(l.surname, 1, 4) = SUBSTR(r.surname, 1, 4))', '"first_name", SUBSTR(surname, 1, 4)'),
             ('l.`dob` = r.`dob`', '"dob"'), ('l.a = r.b', NULL), ('l.a < r.a', NULL), ('l.a = r.a OR l.b = r.b', NULL), ('l.a = r.a; DROP TABLE x', NULL), ('', NULL)) AS v (rule, expected);

-- a document that pairs can be compared by
CREATE TEMP TABLE model AS SELECT '{"link_type": "dedupe_only", "probability_two_random_records_match": 0.001, "unique_id_column_name": "id", "sql_dialect": "duckdb",
 "blocking_rules_to_generate_predictions": [{"blocking_rule": "l.\"surname\" = r.\"surname\"", "sql_dialect": "duckdb"}, {"blocking_rule": "l.a = r.b"}],
 "comparisons": [
   {"output_column_name": "surname", "comparison_levels": [
     {"sql_condition": "\"surname_l\" IS NULL OR \"surname_r\" IS NULL", "is_null_level": true},
     {"sql_condition": "\"surname_l\" = \"surname_r\"", "m_probability": 0.8, "u_probability": 0.001, "tf_adjustment_column": "surname", "tf_adjustment_weight": 0.5, "tf_minimum_u_value": 0.0005},
     {"sql_condition": "cosine(\"surname_l\", \"surname_r\") >= 0.9", "m_probability": 0.05, "u_probability": 0.002},
     {"sql_condition": "jaro_winkler_similarity(\"surname_l\", \"surname_r\") >= 0.9", "m_probability": 0.1, "u_probability": "level not observed in training dataset"},
     {"sql_condition": "ELSE", "m_probability": 0.05, "u_probability": 0.995}]},
   {"output_column_name": "v", "comparison_levels": [{"sql_condition": "cosine(\"v_l\", \"v_r\") > 0.5", "m_probability": 0.9, "u_probability": 0.1}, {"sql_condition": "ELSE", "m_probability": 0.1, "u_probability": 0.9}]}]}'::jsonb AS m;
SELECT is((SELECT string_agg(item || ': ' || outcome, E'\n') FROM model, patternos.import_match_model('test splink', m)),
    E'1: mapped: "surname"\n2: not mapped: left out\nsurname: mapped: name, exact\nsurname: not mapped: its pairs fall to the next level\nsurname: mapped: name, jaro_winkler 0.9\n'
    'surname: mapped: name, else\nv: not mapped: the comparison is left out\nv: not mapped: the comparison is left out', 'what was mapped');
SELECT is((patternos.match_model('test splink') #> '{comparisons,0,levels,0}') - 'label', '{"test": "exact", "m": 0.8, "u": 0.001, "tf_weight": 0.5, "tf_floor": 0.0005}'::jsonb, 'a level with frequencies');
SELECT ok(abs((l ->> 'm')::float8 - 0.15) < 1e-9 AND abs((l ->> 'u')::float8 - 0.002001) < 1e-9, 'what is not known falls to the next level')
FROM (SELECT patternos.match_model('test splink') #> '{comparisons,0,levels,1}' AS l) AS s;
SELECT is(patternos.match_model('test splink') #> '{blocking}', '["\"surname\""]', 'rules');
SELECT ok(patternos._compile_match_model(patternos.match_model('test splink')) IS NOT NULL, 'it compiles');

SELECT throws_ok(format('SELECT * FROM patternos.import_match_model(''bad'', %L)', m), '22023', NULL, m)
FROM unnest(ARRAY['{}', '[]', '1', 'null', '{"comparisons": []}', '{"comparisons": {}}', '{"comparisons": [1]}', '{"comparisons": [{"comparison_levels": [{"sql_condition": "x"}]}]}']) AS m;
SELECT throws_ok($$SELECT * FROM patternos.import_match_model('bad', NULL)$$, '22023', NULL, 'NULL');

SELECT * FROM finish();
ROLLBACK;
