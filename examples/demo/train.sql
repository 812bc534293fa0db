\echo == Models learned from the past of the warehouse, judged on dates that they have not seen
SELECT name, version, rows_train, trees, round(auc::numeric, 3) AS auc, round(precision_at_10::numeric, 3) AS precision_at_10,
       round(lift_at_10::numeric, 2) AS lift_at_10, round(ece::numeric, 3) AS ece
FROM patternos.train_intent();
SELECT figure, gate, round(champion::numeric, 4) AS baseline, round(candidate::numeric, 4) AS model, passed FROM patternos.promote('intent', '1');
SELECT name, version, rows_train, trees, round(auc::numeric, 3) AS auc, round(precision_at_10::numeric, 3) AS precision_at_10,
       round(lift_at_10::numeric, 2) AS lift_at_10, round(ece::numeric, 3) AS ece
FROM patternos.train_category_intent();
-- a thousand people in a few categories are few: the gate on drift is wider
SELECT figure, gate, round(candidate::numeric, 4) AS model, passed
FROM patternos.promote('category_intent', '1', '{"auc": 0.65, "lift_10": 1.5, "max_ece": 0.05, "max_psi": 0.5}');
CALL patternos.score_intent();

\echo == Who bought in a category: was it the predicted one?
SELECT predictor, buyers, predicted, hits, hit_rate FROM patternos.category_hit_rates();
