-- Hostile documents of models end in an error of the user's, whatever they hold.
SET client_min_messages = error;
BEGIN;
-- a document of one tree whose parts can be replaced
CREATE FUNCTION pg_temp.document(changed jsonb DEFAULT '{}', head jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT jsonb_build_object('learner', jsonb_build_object('feature_names', '["a", "b"]'::jsonb, 'gradient_booster', jsonb_build_object('name', 'gbtree', 'model', jsonb_build_object('tree_info', '[0]'::jsonb,
        'trees', jsonb_build_array('{"left_children": [1, 3, -1, -1, -1], "right_children": [2, 4, -1, -1, -1], "split_indices": [0, 1, 0, 0, 0], "default_left": [1, 0, 0, 0, 0],
                                     "split_conditions": [5, 1, 0.5, 0.25, -0.25], "sum_hessian": [9, 6, 3, 4, 2]}'::jsonb || changed))),
        'learner_model_param', '{"base_score": "5E-1", "num_feature": "2", "num_class": "0"}'::jsonb || head, 'objective', '{"name": "binary:logistic"}'::jsonb))::text
$$;
CREATE FUNCTION pg_temp.read(document text, format text DEFAULT 'xgboost') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN 'version ' || version FROM patternos.import_model('hostile', document, format);
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate || ' ' || left(sqlerrm, 90);
END $$;
SELECT pg_temp.read(pg_temp.document());
SELECT what, pg_temp.read(pg_temp.document(changed::jsonb)) FROM (VALUES
    ('child beyond the tree', '{"left_children": [1, 7, -1, -1, -1]}'), ('child far beyond', '{"left_children": [1, 2147483648, -1, -1, -1]}'),
    ('cycle', '{"left_children": [1, 0, -1, -1, -1]}'), ('itself', '{"left_children": [1, 1, -1, -1, -1]}'), ('two parents in a deep chain', '{"left_children": [1, 2, 3, 4, -1], "right_children": [1, 2, 3, 4, -1]}'),
    ('negative child', '{"left_children": [1, -7, -1, -1, -1]}'), ('half a leaf', '{"right_children": [2, -1, -1, -1, -1]}'), ('feature beyond', '{"split_indices": [0, 2, 0, 0, 0]}'),
    ('negative feature', '{"split_indices": [0, -1, 0, 0, 0]}'), ('short list', '{"split_conditions": [5, 1, 0.5]}'), ('no list', '{"split_conditions": 5}'), ('words', '{"split_conditions": ["x", 1, 0, 0, 0]}'),
    ('huge number', '{"split_conditions": [1e39, 1, 0, 0, 0]}'), ('larger still', '{"split_conditions": [1e4000, 1, 0, 0, 0]}'), ('fraction for an index', '{"split_indices": [0.5, 1, 0, 0, 0]}'),
    ('empty tree', '{"left_children": [], "right_children": [], "split_indices": [], "default_left": [], "split_conditions": [], "sum_hessian": []}'), ('nested', '{"left_children": [[1], 3, -1, -1, -1]}')) AS c (what, changed);
SELECT what, pg_temp.read(pg_temp.document(head => head::jsonb)) FROM (VALUES ('base 0', '{"base_score": "0"}'), ('base 1', '{"base_score": "1"}'), ('base in a list', '{"base_score": "[5E-1]"}'), ('two bases', '{"base_score": "[5E-1,1E-1]"}'),
    ('NaN', '{"base_score": "nan"}'), ('no base', '{"base_score": ""}'), ('no features', '{"num_feature": "0"}'), ('too many', '{"num_feature": "4097"}'), ('absurd', '{"num_feature": "99999999999999999999"}'), ('classes', '{"num_class": "3"}')) AS c (what, head);
SELECT what, pg_temp.read(replace(pg_temp.document(), found, put)) FROM (VALUES ('NaN for a cut', '[5, 1, 0.5', '[NaN, 1, 0.5'), ('infinite cut', '[5, 1, 0.5', '[Infinity, 1, 0.5'), ('the same key twice', '"split_indices"', '"split_indices": [1, 0, 0, 0, 0], "split_indices"'),
    ('trees twice', '"trees"', '"trees": [], "trees"'), ('unknown key', '"split_indices"', '"new": {"deep": [1, {"x": "y"}]}, "split_indices"'), ('bad escape', '"gbtree"', '"gb\tree\q"'), ('another booster', '"gbtree"', '"dart"'), ('another objective', 'binary:logistic', 'reg:squarederror')) AS c (what, found, put);
SELECT 'nothing', pg_temp.read('') UNION ALL SELECT 'a number', pg_temp.read('1') UNION ALL SELECT 'null', pg_temp.read('null') UNION ALL SELECT 'deep', pg_temp.read(repeat('[', 1000000)) UNION ALL SELECT 'deep in a key', pg_temp.read('{"x":' || repeat('{"x":', 1000000))
UNION ALL SELECT 'behind the end', pg_temp.read(pg_temp.document() || '{}') UNION ALL SELECT 'open string', pg_temp.read('{"learner' || repeat('x', 1000000)) UNION ALL SELECT 'long number', pg_temp.read('{"x": ' || repeat('9', 1000000) || '}');
-- cut off anywhere
SELECT count(*) AS cuts, count(*) FILTER (WHERE r LIKE '22023%') AS refused FROM (SELECT pg_temp.read(left(pg_temp.document(), n)) AS r FROM generate_series(0, length(pg_temp.document()) - 1, 7) AS n) AS s;
-- a hundred megabytes of leaves, and of what is passed over
SELECT pg_temp.read(replace(pg_temp.document(), '"split_conditions": [', '"split_conditions": [' || repeat('1.5, ', 20000000)));
SELECT pg_temp.read(replace(pg_temp.document(), '"split_indices"', '"new": [' || repeat('1.5, ', 20000000) || '1], "split_indices": 3, "split_indices"'));
SELECT 'forest in text', pg_temp.read('tree' || repeat(E'\nTree=1', 1000000), 'lightgbm') UNION ALL SELECT 'endless line', pg_temp.read(E'tree\nversion=v4\nobjective=' || repeat('binary ', 1000000), 'lightgbm')
UNION ALL SELECT 'XGBoost as LightGBM', pg_temp.read(pg_temp.document(), 'lightgbm') UNION ALL SELECT 'LightGBM as XGBoost', pg_temp.read(E'tree\nversion=v4\n');
ROLLBACK;
