#!/usr/bin/perl
# The answer views and the documented queries against plain SQL over the tables, on sample people of seven platforms.
use strict;
use warnings;
use Test::More;
use lib 'test/lib';
use Warehouse;

my $database = make_database('patternos_answers');
psql($database, slurp('test/lib/answers.sql'));
my $latest = "DATE '2025-11-01'";

# Rows that only one of two queries has.
sub same
{
	my ($name, $view, $brute_force) = @_;
	is(psql($database, qq{
		WITH a AS ($view), b AS ($brute_force)
		SELECT (SELECT count(*) > 0 FROM a), (SELECT count(*) FROM (SELECT * FROM a EXCEPT ALL SELECT * FROM b) x),
		       (SELECT count(*) FROM (SELECT * FROM b EXCEPT ALL SELECT * FROM a) x)}), 't|0|0', $name);
}

# What the facts say, without any feature table: purchases before the reference date, consent of every account that was asked.
psql($database, qq{
	CREATE SCHEMA brute;
	CREATE MATERIALIZED VIEW brute.purchase AS
	SELECT * FROM patternos_dw.fact_transaction
	WHERE transaction_date < $latest AND transaction_status = 'completed' AND transaction_type IN ('order', 'booking');
	CREATE MATERIALIZED VIEW brute.conversion AS
	SELECT * FROM patternos_dw.fact_transaction
	WHERE transaction_date < $latest AND transaction_status = 'completed'
	  AND (transaction_type IN ('order', 'booking') OR platform_id = 'CARWALE');
	CREATE MATERIALIZED VIEW brute.contactable AS
	SELECT d.customer_key FROM patternos_dw.dim_customer_identity d JOIN patternos_dw.account_consent a USING (identity_key)
	GROUP BY d.customer_key HAVING bool_and(a.marketing);
	CREATE MATERIALIZED VIEW brute.rfm AS SELECT * FROM patternos_dw.feat_customer_rfm WHERE as_of = $latest AND platform_id = 'ALL';
	CREATE MATERIALIZED VIEW brute.score AS SELECT * FROM patternos_dw.intent_score WHERE as_of = $latest AND platform_id = 'ALL';
	CREATE MATERIALIZED VIEW brute.behavior AS SELECT * FROM patternos_dw.feat_customer_behavior WHERE as_of = $latest AND platform_id = 'ALL';
	CREATE INDEX ON brute.purchase (customer_key);
	CREATE INDEX ON brute.conversion (customer_key);
	CREATE TABLE brute.affinity AS SELECT * FROM patternos_dw.feat_customer_affinity WHERE as_of = $latest;
	CREATE INDEX ON brute.affinity (customer_key);
	CREATE INDEX ON brute.rfm (customer_key);
	CREATE INDEX ON brute.score (customer_key);
	CREATE INDEX ON brute.behavior (customer_key)});

is(psql($database, 'SELECT count(*), count(DISTINCT customer_key) FROM patternos_dw.customer_360'),
	psql($database, 'SELECT count(*), count(*) FROM patternos_dw.dim_customer'), 'customer_360: one row per customer');
same('customer_360 against subqueries for each customer', q{
	SELECT customer_key, global_customer_id, recency_days, rfm_score, rfm_segment, value_segment, frequency_lifetime, monetary_lifetime,
	       total_searches, platforms_list, intent_score, intent_level, intent_score_previous, intent_score_change,
	       top_brand, top_unified_category, top_category, consent_marketing, predicted_category
	FROM patternos_dw.customer_360}, qq{
	SELECT c.customer_key, c.global_customer_id,
	       (SELECT $latest - max(transaction_date) FROM brute.purchase t WHERE t.customer_key = c.customer_key),
	       (SELECT r.rfm_score FROM brute.rfm r WHERE r.customer_key = c.customer_key),
	       (SELECT r.customer_segment FROM brute.rfm r WHERE r.customer_key = c.customer_key), c.customer_segment,
	       (SELECT count(*)::integer FROM brute.purchase t WHERE t.customer_key = c.customer_key),
	       (SELECT coalesce(sum(total_value), 0)::numeric(18, 2) FROM brute.purchase t WHERE t.customer_key = c.customer_key),
	       (SELECT b.total_searches FROM brute.behavior b WHERE b.customer_key = c.customer_key),
	       (SELECT array_agg(DISTINCT platform_id ORDER BY platform_id) FROM brute.conversion t WHERE t.customer_key = c.customer_key),
	       (SELECT s.intent_score FROM brute.score s WHERE s.customer_key = c.customer_key),
	       (SELECT s.intent_level FROM brute.score s WHERE s.customer_key = c.customer_key),
	       p.intent_score, (SELECT s.intent_score FROM brute.score s WHERE s.customer_key = c.customer_key) - p.intent_score,
	       (SELECT f.item FROM brute.affinity f WHERE f.customer_key = c.customer_key AND f.level = 'brand' ORDER BY category_rank LIMIT 1),
	       (SELECT f.item FROM brute.affinity f WHERE f.customer_key = c.customer_key AND f.level = 'unified_category' ORDER BY category_rank LIMIT 1),
	       (SELECT f.item FROM brute.affinity f WHERE f.customer_key = c.customer_key AND f.level = 'category' ORDER BY category_rank LIMIT 1),
	       EXISTS (SELECT FROM brute.contactable k WHERE k.customer_key = c.customer_key),
	       (SELECT k.unified_category FROM brute.score s JOIN patternos_dw.dim_product_category k ON k.category_id = s.predicted_category_id WHERE s.customer_key = c.customer_key)
	FROM patternos_dw.dim_customer c
	LEFT JOIN patternos_dw.intent_score p ON p.customer_key = c.customer_key AND p.platform_id = 'ALL' AND p.as_of = '2025-09-01'});
same('high_intent_users', 'SELECT customer_key FROM patternos_dw.high_intent_users',
	q{SELECT customer_key FROM brute.score WHERE intent_score >= 0.7});
for my $name (qw(customer_360 high_intent_users))
{
	same("vw_$name", "SELECT * FROM patternos_dw.vw_$name", "SELECT * FROM patternos_dw.$name");
}

# audiences
same('audience_high_intent', 'SELECT customer_key, intent_score FROM patternos_dw.audience_high_intent',
	'SELECT customer_key, intent_score FROM brute.score JOIN brute.contactable USING (customer_key) WHERE intent_score >= 0.7');
same('audience_cart_retargeting', 'SELECT customer_key, cart_abandonment_rate FROM patternos_dw.audience_cart_retargeting',
	'SELECT customer_key, cart_abandonment_rate FROM brute.behavior JOIN brute.contactable USING (customer_key) WHERE cart_abandonment_rate > 0.7');
same('audience_researching', 'SELECT customer_key, search_to_purchase_ratio FROM patternos_dw.audience_researching',
	'SELECT customer_key, search_to_purchase_ratio FROM brute.behavior JOIN brute.contactable USING (customer_key) WHERE search_to_purchase_ratio < 0.1');
same('audience_churn_risk', 'SELECT customer_key, recency_days, monetary_365d_to_last_purchase FROM patternos_dw.audience_churn_risk', qq{
	SELECT customer_key, $latest - l.last, sum(t.total_value)
	FROM (SELECT customer_key, max(transaction_date) AS last FROM brute.purchase GROUP BY 1) l
	JOIN brute.contactable USING (customer_key) JOIN brute.purchase t USING (customer_key)
	WHERE l.last < $latest - 60 AND t.transaction_date > l.last - 365
	GROUP BY customer_key, l.last HAVING sum(t.total_value) > 10000});
same('audience_cross_sell', 'SELECT customer_key, platform_id, unified_category, action, platform_customer_id FROM patternos_dw.audience_cross_sell', qq{
	SELECT c.customer_key, p.platform_id, u.unified_category, CASE WHEN a.id IS NULL THEN 'acquire' ELSE 'target' END, a.id
	FROM brute.contactable c CROSS JOIN patternos_dw.dim_platform p
	CROSS JOIN (SELECT DISTINCT unified_category FROM patternos_dw.dim_product_category) u
	LEFT JOIN LATERAL (SELECT min(platform_customer_id) AS id FROM patternos_dw.dim_customer_identity d
	                   WHERE d.customer_key = c.customer_key AND d.platform_id = p.platform_id) a ON true
	WHERE EXISTS (SELECT FROM brute.purchase t JOIN patternos_dw.fact_transaction_line l USING (customer_key, transaction_datetime, transaction_id)
	              JOIN patternos_dw.dim_product_category k USING (category_id)
	              WHERE t.customer_key = c.customer_key AND k.unified_category = u.unified_category AND t.transaction_date >= $latest - 365)
	  AND EXISTS (SELECT FROM patternos_dw.dim_sku s JOIN patternos_dw.dim_product_category k USING (category_id)
	              WHERE s.platform_id = p.platform_id AND k.unified_category = u.unified_category)
	  AND NOT EXISTS (SELECT FROM brute.conversion t WHERE t.customer_key = c.customer_key AND t.platform_id = p.platform_id AND t.transaction_date >= $latest - 365)});
is(psql($database, q{SELECT count(*) FROM (SELECT FROM patternos_dw.audience_cross_sell GROUP BY customer_key, platform_id, unified_category HAVING count(*) > 1) x}),
	0, 'audience_cross_sell: one row per customer, platform and category');

# summaries
same('segment_summary', q{SELECT segment_type, segment, customers, purchases, revenue, high_intent_customers, contactable_customers FROM patternos_dw.segment_summary}, q{
	SELECT v.type, v.segment, count(*), sum(s.purchases), sum(s.revenue), count(*) FILTER (WHERE i.intent_score >= 0.7), count(k.customer_key)
	FROM patternos_dw.dim_customer c
	JOIN brute.rfm r USING (customer_key) JOIN brute.score i USING (customer_key) LEFT JOIN brute.contactable k USING (customer_key)
	CROSS JOIN LATERAL (SELECT count(*) AS purchases, coalesce(sum(total_value), 0) AS revenue FROM brute.purchase t WHERE t.customer_key = c.customer_key) s
	CROSS JOIN LATERAL (VALUES ('rfm', r.customer_segment), ('value', c.customer_segment)) v (type, segment)
	GROUP BY 1, 2});
same('platform_overlap', 'SELECT platform_a, platform_b, customers_a, customers_b, customers_both, jaccard FROM patternos_dw.platform_overlap', q{
	SELECT a.platform_id, b.platform_id, cardinality(a.who)::bigint, cardinality(b.who)::bigint, n.both, round(n.both::numeric / n.either, 4)
	FROM (SELECT platform_id, array_agg(DISTINCT customer_key) AS who FROM brute.conversion GROUP BY 1) a
	JOIN (SELECT platform_id, array_agg(DISTINCT customer_key) AS who FROM brute.conversion GROUP BY 1) b ON a.platform_id < b.platform_id
	CROSS JOIN LATERAL (SELECT (SELECT count(*) FROM unnest(a.who) w WHERE w = ANY (b.who)) AS both,
	                           (SELECT count(DISTINCT w) FROM unnest(a.who || b.who) w) AS either) n});
same('intent_distribution', 'SELECT platform_id, intent_level, customers, lowest_score, highest_score, average_score, expected_buyers_30d FROM patternos_dw.intent_distribution', qq{
	SELECT platform_id, intent_level, count(*), min(intent_score), max(intent_score), round(avg(intent_score), 4), round(sum(purchase_probability_30d), 2)
	FROM patternos_dw.intent_score WHERE as_of = $latest GROUP BY 1, 2});
is(psql($database, q{SELECT platform_id FROM patternos_dw.intent_distribution GROUP BY 1 HAVING abs(sum(share_of_customers) - 1) > 0.0002}), '', 'shares add up to one');
same('dashboard_totals', q{
	SELECT as_of, customers, accounts, multi_platform_customers, buyers, active_customers_30d, purchases, revenue, purchases_30d, revenue_30d,
	       scored_customers, high_intent_customers, medium_intent_customers, low_intent_customers, contactable_customers FROM patternos_dw.dashboard_totals}, qq{
	SELECT $latest, (SELECT count(DISTINCT customer_key) FROM patternos_dw.dim_customer_identity), (SELECT count(*) FROM patternos_dw.dim_customer_identity),
	       (SELECT count(*) FROM (SELECT FROM brute.conversion GROUP BY customer_key HAVING count(DISTINCT platform_id) > 1) x),
	       count(DISTINCT customer_key), count(DISTINCT customer_key) FILTER (WHERE transaction_date >= $latest - 30),
	       count(*), sum(total_value), count(*) FILTER (WHERE transaction_date >= $latest - 30), sum(total_value) FILTER (WHERE transaction_date >= $latest - 30),
	       (SELECT count(*) FROM brute.score), (SELECT count(*) FROM brute.score WHERE intent_score >= 0.7),
	       (SELECT count(*) FROM brute.score WHERE intent_score >= 0.4 AND intent_score < 0.7), (SELECT count(*) FROM brute.score WHERE intent_score < 0.4),
	       (SELECT count(*) FROM brute.contactable)
	FROM brute.purchase});

# journey
same('customer_journey', 'SELECT customer_key, global_customer_id, happened_at, kind, source_id, activity, amount FROM patternos_dw.customer_journey', q{
	SELECT customer_key, global_customer_id, transaction_datetime, 'transaction', transaction_id, transaction_type,
	       CASE WHEN transaction_type = 'enquiry' THEN quoted_value ELSE total_value END FROM patternos_dw.fact_transaction
	UNION ALL SELECT customer_key, global_customer_id, event_timestamp, 'event', event_id, event_type, NULL FROM patternos_dw.fact_event});
same('transaction_history', 'SELECT customer_key, transaction_id, purchase_number, is_first_purchase, days_since_last_transaction FROM patternos_dw.transaction_history', q{
	SELECT t.customer_key, t.transaction_id, 1 + e.n, e.n = 0, t.transaction_date - e.last
	FROM brute.purchase t CROSS JOIN LATERAL (
	    SELECT count(*) AS n, max(transaction_date) AS last FROM brute.purchase o
	    WHERE o.customer_key = t.customer_key AND (o.transaction_datetime, o.transaction_id) < (t.transaction_datetime, t.transaction_id)) e});

# audiences by category need a champion; what they are made of comes from the facts again
is(psql($database, join ' UNION ALL ', map { "SELECT '$_' FROM patternos_dw.audience_$_" } qw(in_market new_to_brand lapsed)), '', 'without a champion no audience by category has anybody');
psql($database, q{SET client_min_messages = warning; SELECT version FROM patternos.train_category_intent(params => '{"n_estimators": 30, "max_depth": 3, "learning_rate": 0.2}');
	SELECT count(*) FROM patternos.promote('category_intent', '1', gates => '{}'); CALL patternos.refresh('2025-11-01')});
psql($database, qq{
	CREATE MATERIALIZED VIEW brute.category_score AS SELECT * FROM patternos_dw.intent_score_category WHERE as_of = $latest;
	CREATE MATERIALIZED VIEW brute.bought AS
	SELECT p.customer_key, p.transaction_id, $latest - p.transaction_date AS days, k.brand, c.unified_category
	FROM brute.purchase p JOIN patternos_dw.fact_transaction_line l USING (customer_key, transaction_datetime, transaction_id)
	LEFT JOIN patternos_dw.dim_sku k ON (k.platform_id, k.sku_id, k.valid_to) = (l.platform_id, l.sku_id, 'infinity')
	LEFT JOIN patternos_dw.dim_product_category c ON c.category_id = k.category_id});
my $in_market = q{brute.category_score s JOIN brute.contactable USING (customer_key)
	JOIN (SELECT unified_category, sum(purchase_probability_30d) / (SELECT count(DISTINCT customer_key) FROM brute.category_score) AS mean
	      FROM brute.category_score GROUP BY unified_category) m USING (unified_category)
	WHERE (purchase_probability_30d >= 0.5 OR round(purchase_probability_30d / nullif(mean, 0), 2) >= 2)};
same('audience_in_market', 'SELECT customer_key, unified_category, category_probability_7d, category_probability_30d FROM patternos_dw.audience_in_market',
	"SELECT customer_key, unified_category, purchase_probability_7d, purchase_probability_30d FROM $in_market");
same('audience_new_to_brand', 'SELECT customer_key, brand, unified_category FROM patternos_dw.audience_new_to_brand', qq{
	SELECT s.customer_key, b.brand, b.unified_category
	FROM (SELECT * FROM $in_market) s
	JOIN (SELECT DISTINCT brand, c.unified_category FROM patternos_dw.dim_sku JOIN patternos_dw.dim_product_category c USING (category_id)
	      WHERE valid_to = 'infinity' AND is_active AND brand IS NOT NULL) b USING (unified_category)
	WHERE (s.customer_key, b.brand) NOT IN (SELECT customer_key, brand FROM brute.bought WHERE days <= 365 AND brand IS NOT NULL)});
same('audience_lapsed', 'SELECT customer_key, unified_category, purchase_count, purchase_recency_days FROM patternos_dw.audience_lapsed', q{
	SELECT customer_key, unified_category, count(DISTINCT transaction_id), min(days)
	FROM brute.bought JOIN brute.contactable USING (customer_key) WHERE days <= 730 AND unified_category IS NOT NULL
	GROUP BY customer_key, unified_category
	HAVING count(DISTINCT transaction_id) > 1 AND min(days) > greatest(60, round(2.0 * (max(days) - min(days)) / (count(DISTINCT transaction_id) - 1), 2))});

# the documented queries run as printed, find something, and give one row per customer
my $queries = slurp('doc/queries.md');
my $place = 0;
while ($queries =~ /^```sql\n(.*?)^```\n/msg)
{
	my $query = $1 =~ s/;\s*\z//r;
	$place++;
	cmp_ok(psql($database, "SELECT count(*) FROM ($query) q"), '>', 0, "documented query $place finds something");
	next unless $query =~ /^SELECT (c\.|m\.|)global_customer_id/m;
	is(psql($database, "SELECT count(*) - count(DISTINCT global_customer_id) FROM ($query) q"), 0, "documented query $place: one row per customer");
}
my ($by_line) = $queries =~ /^```sql\n(WITH spend.*?);\n```/ms;
same('buyers of FMCG on Zepto and of Beauty on Nykaa', "SELECT global_customer_id, fmcg_on_zepto, beauty_on_nykaa FROM ($by_line) q", q{
	SELECT * FROM (
	    SELECT c.global_customer_id,
	           (SELECT round(sum(l.line_total), 2) FROM patternos_dw.fact_transaction_line l
	            WHERE l.customer_key = c.customer_key AND l.platform_id = 'ZEPTO'
	              AND l.category_id IN (SELECT category_id FROM patternos_dw.dim_product_category WHERE unified_category = 'FMCG')
	              AND (SELECT t.transaction_status FROM patternos_dw.fact_transaction t WHERE t.customer_key = l.customer_key
	                     AND t.transaction_datetime = l.transaction_datetime AND t.transaction_id = l.transaction_id) = 'completed') AS z,
	           (SELECT round(sum(l.line_total), 2) FROM patternos_dw.fact_transaction_line l
	            WHERE l.customer_key = c.customer_key AND l.platform_id = 'NYKAA'
	              AND l.category_id IN (SELECT category_id FROM patternos_dw.dim_product_category WHERE unified_category = 'Beauty')
	              AND (SELECT t.transaction_status FROM patternos_dw.fact_transaction t WHERE t.customer_key = l.customer_key
	                     AND t.transaction_datetime = l.transaction_datetime AND t.transaction_id = l.transaction_id) = 'completed') AS n
	    FROM patternos_dw.dim_customer c) s
	WHERE z > 0 AND n > 0});

# a look-up of one customer is one by index in every table
my $plan = psql($database, q{SET enable_seqscan = off; EXPLAIN (COSTS OFF) SELECT * FROM patternos_dw.customer_360 WHERE customer_key = 17});
unlike($plan, qr/Seq Scan on (feat|intent_score|dim_customer)/, 'customer_360 by customer_key');
$plan = psql($database, q{SET enable_seqscan = off; EXPLAIN (COSTS OFF) SELECT * FROM patternos_dw.customer_journey WHERE global_customer_id = 'GLOBAL000017'});
unlike($plan, qr/Seq Scan/, 'customer_journey by global_customer_id');

# a reader with SELECT on the views needs nothing else
my @views = split /\n/, psql($database, q{SELECT relname FROM pg_class WHERE relnamespace = 'patternos_dw'::regnamespace AND relkind = 'v'
	AND (relname ~ '^(customer_|high_|vw_|audience_|transaction_history|segment_|platform_(overlap|category)|intent_distribution|dashboard|score_date|fx_rate_)') ORDER BY 1});
cmp_ok(@views, '>=', 21, 'all views are looked at');
sub digest
{
	return join "\n", map { "$_ " . psql($database, "SELECT count(*), md5(coalesce(string_agg(v::text, E'\\n' ORDER BY v::text), '')) FROM patternos_dw.$_ v") } @views;
}
my $before = digest();
psql($database, join ";\n", 'CREATE ROLE regress_answers', 'GRANT USAGE ON SCHEMA patternos_dw TO regress_answers',
	(map { "GRANT SELECT ON patternos_dw.$_ TO regress_answers" } @views), 'SET ROLE regress_answers', map { "SELECT count(*) FROM patternos_dw.$_" } @views);
pass('a role with SELECT on the views can read them');

# a second refresh at an earlier date changes no answer; a consent withdrawn takes effect at once
psql($database, "SET client_min_messages = warning; CALL patternos.refresh('2025-08-01')");
is(digest(), $before, 'unchanged after a refresh at an earlier date');
psql($database, 'UPDATE patternos_dw.dim_customer SET consent_marketing = false');
is(psql($database, join ' UNION ALL ', map { "SELECT '$_' FROM patternos_dw.$_" } grep { /^audience_/ } @views), '', 'without consent no audience has anybody');
psql($database, 'DROP OWNED BY regress_answers; DROP ROLE regress_answers');
done_testing();
