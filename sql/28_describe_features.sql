-- Comments of the feature and intent tables.

CREATE FUNCTION patternos._describe_rfm() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._describe('feat_customer_rfm', 'Recency, frequency and monetary value of each customer, per platform and for ALL. Windows are local days before as_of.', $c$
recency_days: days from the last purchase to as_of, 1 is yesterday; NULL for who never bought
recency_score: 1 to 5, 5 is most recent
frequency_score: 1 to 5, from purchases in 90 days
monetary_score: 1 to 5, from spend in 90 days
frequency_7d: purchases in 7 days
frequency_30d: purchases in 30 days
frequency_90d: purchases in 90 days
frequency_365d: purchases in 365 days
frequency_lifetime: all purchases
monetary_7d: spend in 7 days, reporting currency
monetary_30d: spend in 30 days
monetary_90d: spend in 90 days
monetary_365d: spend in 365 days
monetary_lifetime: all spend
net_monetary_7d: spend in 7 days less discounts and returns
net_monetary_30d: spend in 30 days less discounts and returns
net_monetary_90d: spend in 90 days less discounts and returns
net_monetary_365d: spend in 365 days less discounts and returns
net_monetary_lifetime: all spend less discounts and returns
aov_30d: average order value in 30 days; NULL without a purchase
aov_90d: average order value in 90 days; NULL without a purchase
aov_lifetime: average order value; NULL without a purchase
avg_days_between_purchases: average gap between purchases in days; NULL under two purchases
purchase_consistency_score: 1 / (1 + variation of the gaps), 0 to 1; NULL under three purchases
first_purchase_date: day of the first purchase; NULL without one
last_purchase_date: day of the last purchase; NULL without one
rfm_score: the three scores as three digits, such as 543
customer_segment: RFM segment, such as Champions; Prospect for who never bought$c$);
    PERFORM patternos._describe('rfm_threshold', 'Cut points of the scores per platform; ALL is the default. Editable.', $c$
metric: recency, frequency or monetary
method: fixed (the cuts given), quantile (tie-safe) or ntile
cuts: four ascending cut points: days for recency, purchases or money otherwise$c$);
    PERFORM patternos._describe('rfm_cutpoint', 'Cut points that were in force at a date, so that one customer can be scored alone.', $c$
metric: recency, frequency or monetary
method: how they came about
cuts: four ascending cut points
cut_keys: customers at the cut points, where ntile tells equal values apart; NULL otherwise$c$);
    PERFORM patternos._describe('rfm_segment_rule', 'Which recency and frequency scores make which segment. Editable; every cell must have exactly one.', $c$
segment: name of the segment
recency_scores: range of recency scores
frequency_scores: range of frequency scores$c$);
    PERFORM patternos._describe('value_segment_rule', 'Rules of the value tier in dim_customer.customer_segment, first match wins. Editable.', $c$
priority: order in which the rules are tried
segment: tier that it gives
rule: what is looked at
threshold: days, share or number, as the rule needs; NULL for none$c$);
END
$$;

CREATE FUNCTION patternos._describe_features() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._describe('feat_customer_affinity', 'What each customer leans to: one row per level, item and window.', $c$
window_days: length of the window in days
level: category, unified_category or brand
item: name of the category or brand
category_id: the category, on level category; NULL otherwise
unified_category: its unified category; NULL on level brand
brand: the brand, on level brand; NULL otherwise
category_purchase_count: purchases with the category in the window; NULL on level brand
category_purchase_value: spend in the category in the window; NULL on level brand
category_recency_days: days since the last purchase in the category; NULL on level brand
category_affinity_score: 0.4 share of purchases + 0.3 recency + 0.3 share of spend, 0 to 1; NULL on level brand
brand_purchase_count: purchases with the brand in the window; NULL on other levels
brand_purchase_value: spend on the brand in the window; NULL on other levels
brand_recency_days: days since the last purchase of the brand; NULL on other levels
brand_affinity_score: purchases with the brand / all purchases, 0 to 1; NULL on other levels
window_purchases: all purchases of the customer in the window, the whole of which category_ or brand_purchase_count is a part
category_rank: place of the item for the customer within its level, by score, then spend, then name$c$);
    PERFORM patternos._describe('affinity_population', 'What all customers together bought of each item in the window: affinity_index compares a customer with it.', $c$
window_days: length of the window in days
level: category, unified_category or brand
item: name of the category or brand
category_id: the category, on level category; NULL otherwise
unified_category: its unified category; NULL on level brand
purchase_count: purchases with the item in the window
window_purchases: all purchases in the window$c$);
    PERFORM patternos._describe('feat_customer_behavior', 'How each customer browses and shops, per platform and for ALL.', $c$
total_sessions: sessions
avg_session_duration: average length of a session in seconds; NULL without sessions
total_page_views: pages viewed
avg_pages_per_session: pages per session; NULL without sessions
total_searches: searches
unique_search_terms: different terms searched for
search_to_purchase_ratio: purchases / searches, may pass 1; NULL without searches
search_conversion_rate: share of searching sessions that led to a purchase; NULL without any
add_to_cart_count: items put into carts
remove_from_cart_count: items taken out of carts
cart_abandonment_count: sessions with an add and no order within 24 hours (setting cart_timeout_hours)
cart_abandonment_rate: these / those and the carts ordered, 0 to 1; NULL without; younger carts are open and not counted
wishlist_adds: items put on wish lists
product_views: products viewed
category_exploration_score: normalised entropy of the categories viewed, 0 to 1; NULL without views
preferred_shopping_hour: hour of day of most purchases, 0 to 23; NULL under three purchases
weekend_shopping_ratio: share of purchases on Saturday and Sunday; NULL without purchases
night_shopping_ratio: share of purchases from 22 to 6 o'clock; NULL without purchases
night_shopping_flag: whether half or more of the purchases are at night; NULL without purchases
mobile_sessions_pct: share on mobile devices of the sessions whose device is known, 0 to 1; NULL without
desktop_sessions_pct: share on desktops of the same sessions, 0 to 1; NULL without
last_event_at: time of the latest event; NULL without events
sessions_7d: sessions that began within 7 days
sessions_14d: sessions that began within 14 days
sessions_30d: sessions that began within 30 days
sessions_90d: sessions that began within 90 days
product_views_7d: products viewed within 7 days
product_views_14d: products viewed within 14 days
product_views_30d: products viewed within 30 days
product_views_90d: products viewed within 90 days
searches_7d: searches within 7 days
searches_30d: searches within 30 days
add_to_cart_7d: items put into carts within 7 days
add_to_cart_30d: items put into carts within 30 days
last_product_view_at: time of the latest view of a product; NULL without
last_search_at: time of the latest search; NULL without
last_add_to_cart_at: time when an item was last put into a cart; NULL without$c$);
    PERFORM patternos._describe('feat_cross_platform', 'How each customer spreads over the platforms.', $c$
platforms_used_count: platforms with an order, booking or (where it is the conversion) enquiry
platforms_list: their ids, in alphabetical order
cross_platform_purchase_count_30d: purchases in 30 days of who bought on two or more platforms in them; else 0
cross_platform_value_30d: their spend, reporting currency
common_categories: unified categories bought on two or more platforms
category_overlap_score: their number / all unified categories bought, 0 to 1; NULL without
platform_switching_frequency: changes of platform from one order or enquiry to the next, per 30 days since the first
dominant_platform: platform with most purchases; NULL without purchases
dominant_platform_share: its share of the purchases, 0 to 1; NULL without purchases
platform_diversity_score: platforms used / active platforms, 0 to 1
platform_loyalty_score: Herfindahl index of purchase shares, 0 to 1; NULL without purchases$c$);
END
$$;

CREATE FUNCTION patternos._describe_intent() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    scores text := $c$
intent_score: purchase intent, 0 to 1: the documented index, or a champion model's 30-day probability
intent_level: high, medium or low, from the stored score
intent_percentile: share of customers with a lower score, 0 to 100
predicted_category_id: category bought most likely next (dim_product_category); NULL when unknown
purchase_probability_7d: probability of a purchase within 7 days, 0 to 1; NULL when it cannot be said
purchase_probability_30d: probability of a purchase within 30 days, 0 to 1; NULL when it cannot be said
model_version: version of the model that scored$c$;
BEGIN
    PERFORM patternos._describe('intent_score', 'Purchase intent of each customer, per platform used and for ALL.', scores || $c$
score_id: text id of the row, generated
scoring_timestamp: moment that it holds for: midnight at the start of as_of in the warehouse's time zone
category_intent_score: strength of the predicted category, 0 to 1: its probability within 30 days by a champion of category_intent, else the score times the affinity; NULL when unknown
predicted_purchase_days: days until the next purchase expected; NULL when it cannot be said
model_type: what filled score and probabilities
feature_importance: what the score is made of; NULL when not explained
actual_purchased: whether the customer bought within 30 days; NULL until they have passed
actual_purchase_date: day of that purchase; NULL without one
days_to_purchase: days from as_of to it; NULL without one
served_to_campaign: campaign that used the score; NULL for none
served_timestamp: when it was used; NULL for never$c$);
    PERFORM patternos._describe('intent_training_labels', 'What happened after a point in time: examples to train on.', $c$
label_timestamp: point in time; features come from before it, the label from after it
label_window_days: length of the label's window in days
lookback_days: length of the features' window in days
purchased: whether the customer bought in the window; NULL while it is open
purchase_value: spend in the window; NULL while it is open
category_id: category of the first purchase in the window; NULL without one
days_to_purchase: days to the first purchase in the window; NULL without one
dataset_split: train, valid or test; NULL for none
fold_number: fold for cross-validation; NULL for none$c$);
    PERFORM patternos._describe('purchase_rate_model', 'Gamma-Poisson purchase rates fitted over all customers at a date.', $c$
r: shape of the rates' distribution
alpha: its scale, in days
log_likelihood: log-likelihood of the fit
customers: customers fitted on$c$);
    PERFORM patternos._describe('intent_percentile', 'Percentile of every intent score that occurred at a date, so that one customer can be scored alone.', $c$
intent_score: score
intent_percentile: share of the platform''s customers with at most this score, 0 to 100$c$);
    PERFORM patternos._describe('model', 'Registry of models; the documented baseline is version baseline-1.', $c$
model_id: number of the model
name: what it predicts
version: its version
model_type: kind of model: baseline, trees, logistic, xgboost, lightgbm
stage: candidate, champion (in use, one per name) or retired
high_cut: lowest score of level high
medium_cut: lowest score of level medium
features: names of the features in the order of the model
label_definition: what the label means: event, window, source of the examples
params: parameters that it was trained with, defaults included
rows_used: rows and positives of each part: train, valid, calibrate, test
metrics: figures on held-out rows, by part
calibration: how margins become probabilities: method and knots
encoders: numbers that stand for categories, by feature
importance: gain and splits by feature
reference: distribution of each feature and of the score in training, for drift
document: the model as text: XGBoost JSON for trees; NULL for the baseline
document_sha256: SHA-256 of the document
compiled: the model ready for patternos.score()
created_by: role that made it$c$);
    PERFORM patternos._describe('model_event', 'What became of models: trained, imported, promoted, rolled back.', $c$
event_id: number of the event
name: name of the model
from_version: version that was in use before; NULL for none
to_version: version that the event made or put in use
action: train, import, promote, rollback or retire
reason: why, in the words of who did it
details: figures that the decision rested on
actor: role that did it
occurred_at: when$c$);
    PERFORM patternos._describe('intent_serving', 'One row per customer for lookups while serving; consent and suppression are folded in.', scores || $c$
is_servable: whether the person may be addressed: consented, not suppressed$c$);
END
$$;

REVOKE ALL ON FUNCTION patternos._describe_rfm(), patternos._describe_features(), patternos._describe_intent()
    FROM PUBLIC;

