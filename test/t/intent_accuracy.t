#!/usr/bin/perl
# A champion trained by defaults, judged on dates that it has not seen: in a generated world against the true probability, and on a year of a
# real shop against the documented baseline. Defaults were chosen on other seeds.
use strict;
use warnings;
use lib 'test/lib';
use Test::More;
use Warehouse;

my $people = $ENV{PATTERNOS_PEOPLE} // 2000;
my $seed = $ENV{PATTERNOS_SEED} // 77;
my $date = $ENV{PATTERNOS_DATE} // '2025-10-02'; # before the festive month, whose purchases no earlier one shows
my $database = make_database('patternos_intent_accuracy');

# a world of people whose probability is known
psql($database, <<"SQL");
SET client_min_messages = warning;
INSERT INTO patternos_dw.landing_customer SELECT * FROM patternos.sample_customers($people, $seed);
INSERT INTO patternos_dw.landing_zepto SELECT * FROM patternos.sample_zepto($people, $seed);
INSERT INTO patternos_dw.landing_swiggy SELECT * FROM patternos.sample_swiggy($people, $seed);
INSERT INTO patternos_dw.landing_amazon SELECT * FROM patternos.sample_amazon($people, $seed);
INSERT INTO patternos_dw.landing_nykaa SELECT * FROM patternos.sample_nykaa($people, $seed);
INSERT INTO patternos_dw.landing_chumbak SELECT * FROM patternos.sample_chumbak($people, $seed);
INSERT INTO patternos_dw.landing_makemytrip SELECT * FROM patternos.sample_makemytrip($people, $seed);
INSERT INTO patternos_dw.landing_carwale SELECT * FROM patternos.sample_carwale($people, $seed);
INSERT INTO patternos_dw.landing_event SELECT * FROM patternos.sample_events($people, $seed, DATE '$date' - 170, '$date');
CALL patternos.resolve_identities();
SELECT patternos.train_intent(ARRAY(SELECT DATE '$date' - 30 * i FROM generate_series(4, 0, -1) i));
SQL
my $source = psql($database, "SELECT patternos.training_set('{$date}', 'ALL')");
my ($rows, $base, $auc, $oracle, $baseline, $ece, $least_ece, $mean, $precision, $lift) = split /\|/, psql($database, <<"SQL");
WITH person AS (
	SELECT DISTINCT i.customer_key, a.person FROM patternos.sample_truth_accounts($people, $seed) a JOIN patternos_dw.dim_customer_identity i USING (platform_id, platform_customer_id)
), truth AS (
	SELECT p.customer_key, 1 - exp(sum(ln(1 - least(t.probability, 1 - 1e-9)))) AS probability
	FROM patternos.sample_truth_probability($people, $seed, '$date') t JOIN person p USING (person) GROUP BY p.customer_key
), judged AS (
	SELECT e.purchased, e.intent_index::float8 AS baseline, t.probability, patternos.score(m.compiled, e) AS score
	FROM ($source) e JOIN truth t USING (customer_key)
	CROSS JOIN (SELECT compiled FROM patternos_dw.model WHERE name = 'intent' AND version = '1') m
)
SELECT count(*), avg(purchased::integer), patternos.auc(score, purchased), patternos.auc(probability, purchased), patternos.auc(baseline, purchased),
       patternos.ece(score, purchased, 10), patternos.ece(probability, purchased, 10), avg(score), patternos.precision_at(score, purchased, 0.1), patternos.lift_at(score, purchased, 0.1) FROM judged
SQL
diag(sprintf 'world of %d people, seed %d, as of %s: base rate %.3f, AUC %.4f (baseline %.4f, true probability %.4f: %.3f of it), ECE %.4f (true probability %.4f; mean score %.3f), precision at 10 %% %.3f, lift %.2f',
	$people, $seed, $date, $base, $auc, $baseline, $oracle, $auc / $oracle, $ece, $least_ece, $mean, $precision, $lift);
cmp_ok($rows, '>', $people * 0.6, 'all are judged but minors, who refused and who joined later');
cmp_ok($auc, '>=', 0.85, 'generated world: AUC');
cmp_ok($auc / $oracle, '>=', 0.955, 'of the true probability\'s AUC');
cmp_ok($auc, '>', $baseline + 0.03, 'above the baseline');
cmp_ok($precision, '>=', 0.58, 'precision at 10 %');
cmp_ok($lift, '>=', 3.8, 'lift at 10 %');
# of so few customers the true probability has .02 itself
cmp_ok($ece, '<=', 0.045, 'probabilities are calibrated');
drop_database($database);

# a year of invoices of a British shop (UCI Online Retail): who buys again within 30 days
SKIP:
{
	my $file = ($ENV{PATTERNOS_SHARED_DATA} // '../shared/data') . '/online_retail/online_retail.csv.gz';
	skip "no $file", 6 unless -f $file;
	$database = make_database('patternos_intent_retail');
	my $header = `gzip -dc $file | head -n 1`;
	my $call = psql($database, qq{SELECT patternos.suggest_platform(\$h\$$header\$h\$, 'ONLINE_RETAIL')});
	$call =~ s/"order_id"\]/"order_id", "cancelled:C"]/;
	$call =~ s{'Asia/Kolkata'}{'Europe/London'};
	$call =~ s{'INR'}{'GBP'};
	psql($database, "UPDATE patternos_dw.setting SET value = 'GBP' WHERE name = 'currency'; $call");
	system("gzip -dc $file | psql -XqAt -v ON_ERROR_STOP=1 -d $database -c 'SET client_min_messages = warning' "
		  . "-c '\\copy patternos_dw.landing_online_retail FROM STDIN WITH (FORMAT csv, HEADER MATCH)'") == 0 or die;
	psql($database, 'SET client_min_messages = warning; CALL patternos.resolve_identities(); SELECT patternos.train_intent()');
	my %figure;
	@figure{qw(rows base auc pr_auc lift ece baseline_auc baseline_lift baseline_pr_auc)} = split /\|/, psql($database, <<'SQL');
SELECT f ->> 'rows', f ->> 'base_rate', f ->> 'auc', f ->> 'pr_auc', f ->> 'lift_at_10', f ->> 'ece', f ->> 'baseline_auc', f ->> 'baseline_lift_at_10', f ->> 'baseline_pr_auc'
FROM (SELECT metrics -> 'platforms' -> 'ALL' AS f FROM patternos_dw.model WHERE name = 'intent') m
SQL
	diag(sprintf 'Online Retail: %d customers, base rate %.3f, AUC %.4f (baseline %.4f), PR-AUC %.4f (%.4f), lift at 10 %% %.2f (%.2f), ECE %.4f',
		@figure{qw(rows base auc baseline_auc pr_auc baseline_pr_auc lift baseline_lift ece)});
	cmp_ok($figure{rows}, '>', 4000, 'the customers at the last dates test');
	cmp_ok($figure{auc}, '>=', 0.72, 'Online Retail: AUC');
	cmp_ok($figure{auc}, '>', $figure{baseline_auc} + 0.015, 'above the baseline');
	cmp_ok($figure{pr_auc}, '>', $figure{baseline_pr_auc} + 0.02, 'as is the PR-AUC');
	cmp_ok($figure{lift}, '>', $figure{baseline_lift}, 'and the lift at 10 %');
	cmp_ok($figure{ece}, '<=', 0.08, 'probabilities are near, in a month with more purchases than those before');
}
done_testing();
