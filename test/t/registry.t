#!/usr/bin/perl
# The registry and experiments outlive the server: through pg_dump into another database, and on a standby, which scores and measures but
# does not write.
use strict;
use warnings;
use lib 'test/lib';
use Test::More;
use Time::HiRes qw(sleep);
use Warehouse;

my $source = make_database('patternos_registry');
psql($source, <<'SQL');
SET client_min_messages = warning;
INSERT INTO patternos_dw.landing_customer SELECT * FROM patternos.sample_customers(300, 5);
INSERT INTO patternos_dw.landing_zepto SELECT * FROM patternos.sample_zepto(300, 5);
INSERT INTO patternos_dw.landing_amazon SELECT * FROM patternos.sample_amazon(300, 5);
CALL patternos.refresh('2025-11-01');
SELECT FROM patternos.train_intent('{2025-07-01,2025-08-01,2025-09-01,2025-10-01}', params => '{"n_estimators": 20, "max_depth": 3}');
SELECT FROM patternos.train_intent('{2025-07-01,2025-08-01,2025-09-01,2025-10-01}', params => '{"n_estimators": 40, "max_depth": 4}');
SELECT FROM patternos.train('plain', 'SELECT customer_key AS id, recency_days, frequency_90d, monetary_90d, customer_key % 3 = 0 OR coalesce(recency_days < 40, false) AS label FROM patternos_dw.feat_customer_rfm_latest',
    params => '{"engine": "logistic"}');
SELECT FROM patternos.promote('intent', '1', gates => '{}', reason => 'first');
SELECT FROM patternos.promote('intent', '2', gates => '{}', reason => 'second');
CALL patternos.refresh('2025-11-01');
SELECT patternos.create_experiment('sale', 'patternos_dw.customer_360', 0.3, salt => 'fixed');
SELECT FROM patternos.start_experiment('sale', '2025-10-01 00:00+05:30', '2025-11-01 00:00+05:30');
SQL

# What must be the same everywhere: models, their scores to the last bit, the champion, what is served, arms and results.
my %question = (
	models => "SELECT name, version, stage, md5(compiled), md5(document), metrics ->> 'test' FROM patternos_dw.model ORDER BY name, version",
	scores => "SELECT count(*), md5(string_agg(float8send(patternos.score(m.compiled, s))::text, '' ORDER BY s.id, s.as_of)) FROM patternos_dw.intent_training_set s, patternos_dw.model m WHERE m.name = 'intent' AND m.stage = 'champion'",
	predictions => "SELECT model_version, count(*), md5(string_agg(float8send(probability)::text, '' ORDER BY id)) FROM patternos.predict('plain', 'SELECT customer_key AS id, * FROM patternos_dw.feat_customer_rfm_latest') GROUP BY 1",
	served => "SELECT model_version, count(*), sum(intent_score), count(*) FILTER (WHERE intent_level = 'high') FROM patternos_dw.customer_360 GROUP BY 1 ORDER BY 1",
	now => 'SELECT n.* FROM (SELECT global_customer_id FROM patternos_dw.intent_serving ORDER BY 1 LIMIT 3) c, patternos.score_now(c.global_customer_id) n',
	audience => 'SELECT count(*), sum(customer_key) FROM patternos_dw.audience_churn_risk',
	arms => 'SELECT experiment, arm, count(*), sum(customer_key) FROM patternos_dw.experiment_customer GROUP BY 1, 2 ORDER BY 1, 2',
	results => "SELECT * FROM patternos.experiment_results('sale')",
	checks => "SELECT * FROM patternos.experiment_checks('sale')",
	comparison => "SELECT * FROM patternos.compare('intent', '1', '2')",
	gates => "SELECT * FROM patternos.check_promotion('intent', '1')",
	quality => "SELECT * FROM patternos.evaluate('plain', 'SELECT *, customer_key % 3 = 0 AS label FROM patternos_dw.feat_customer_rfm_latest')",
	events => 'SELECT from_version, to_version, action, reason FROM patternos_dw.model_event ORDER BY event_id',
);
my %answer = map { $_ => psql($source, $question{$_}) } keys %question;
like($answer{models}, qr/^intent\|2\|champion\|/m, 'there is a champion');
like($answer{scores}, qr/^[1-9]\d{2,}\|/, 'and examples that it scores');
like($answer{served}, qr/^2\|/m, 'and that it has scored');
like($answer{results}, qr/^conversion_rate\|0\.\d*[1-9]/m, 'and an experiment with conversions');

# through a dump
my $copy = make_database('patternos_registry_copy', empty => 1);
my $dump = "/tmp/patternos_registry.$$";
is(system("pg_dump -Fc -d $source -f $dump && pg_restore --exit-on-error -d $copy $dump 2>$dump.log"), 0, 'dumped and restored') or diag(slurp("$dump.log"));
unlink $dump, "$dump.log";
is(psql($copy, $question{$_}), $answer{$_}, "restored: the same $_") for sort keys %question;
is(psql($copy, "SELECT patternos.rollback('intent', 'after the restore')"), '1', 'the way back is still there');
is(psql($copy, "SELECT version FROM patternos_dw.model WHERE name = 'intent' AND stage = 'champion'"), '1', 'and taken');
like(psql($copy, "SELECT sum(assigned) FROM patternos.assign_experiment('sale', '2025-10-02 00:00+05:30')"), qr/^0$/, 'nobody is assigned a second time');
is(psql($copy, "SELECT count(*) FROM patternos_dw.experiment_assignment a JOIN patternos_dw.experiment e USING (experiment_id) WHERE a.arm <> patternos.experiment_arm(e.salt, a.global_customer_id, e.holdout)"), '0', 'the hash gives the same arms');
drop_database($copy);

# on a standby
my $dir = "/tmp/patternos_standby.$$";
my $bin = `$ENV{PG_CONFIG} --bindir` =~ s/\n//r;
my $as = $> == 0 ? 'setpriv --reuid=postgres --regid=' . `id -g postgres` =~ s/\n//r . ' --clear-groups' : '';
mkdir $dir or die;
system("chown postgres $dir") if $> == 0;
END { if ($dir) { local $?; system("cd / && $as $bin/pg_ctl -D $dir/data -m immediate stop >/dev/null 2>&1"); system('rm', '-rf', $dir) } }
is(system("cd / && $as $bin/pg_basebackup -h $ENV{PGHOST} -p $ENV{PGPORT} -U $ENV{PGUSER} -D $dir/data -R -X stream -c fast 2>$dir/log"), 0, 'a base backup') or diag(slurp("$dir/log"));
is(system("cd / && $as $bin/pg_ctl -D $dir/data -o '-p 6543' -l $dir/data/standby.log -w start >/dev/null 2>&1"), 0, 'a standby starts')
  or diag(slurp("$dir/data/standby.log"));

# Runs a function with psql on the standby.
sub on_standby { my ($run, @arguments) = @_; local $ENV{PGPORT} = 6543; return $run->(@arguments); }

# Waits until the standby has replayed all that the primary has written.
sub caught_up
{
	my $written = psql($source, 'SELECT pg_current_wal_insert_lsn()');
	for (1 .. 200)
	{
		return 1 if on_standby(\&psql, $source, "SELECT pg_last_wal_replay_lsn() >= '$written'") eq 't';
		sleep 0.05;
	}
	return 0;
}

ok(caught_up(), 'it follows');
is(on_standby(\&psql, $source, $question{$_}), $answer{$_}, "standby: the same $_") for sort keys %question;
my %write = (
	promote => "SELECT * FROM patternos.promote('intent', '1', gates => '{}')",
	rollback => "SELECT patternos.rollback('intent', 'x')",
	train => "SELECT patternos.train('plain', 'SELECT i AS id, i AS x, i % 2 AS label FROM generate_series(1, 100) i')",
	train_intent => 'SELECT patternos.train_intent()',
	build_labels => "SELECT patternos.build_labels('{2025-09-01}')",
	refresh => "CALL patternos.refresh('2025-11-01')",
	create_experiment => "SELECT patternos.create_experiment('more', 'patternos_dw.dim_customer')",
	assign_experiment => "SELECT patternos.assign_experiment('sale', '2025-10-03 00:00+05:30')",
	start_experiment => "SELECT patternos.start_experiment('sale')",
	stop_experiment => "SELECT patternos.stop_experiment('sale', NULL, '2025-10-20')",
	drop_experiment => "SELECT patternos.drop_experiment('sale')",
);
like(on_standby(\&psql_fails, $source, $write{$_}), qr/ERROR:  25006: cannot execute [A-Z ]+ in a read-only transaction/,
	"standby: $_ is refused plainly") for sort keys %write;

# a promotion is seen there when it is committed, by the next statement
psql($source, "SELECT FROM patternos.rollback('intent', 'seen elsewhere')");
ok(caught_up(), 'the standby follows');
is(on_standby(\&psql, $source, "SELECT version FROM patternos_dw.model WHERE name = 'intent' AND stage = 'champion'"), '1', 'the other champion is there');
isnt(on_standby(\&psql, $source, $question{scores}), $answer{scores}, 'and scores');
is(on_standby(\&psql, $source, $question{scores}), psql($source, $question{scores}), 'as on the primary');
done_testing();
