#!/usr/bin/perl
# A refresh that is killed, cancelled or fails leaves what was there, says so, and can be repeated.
use strict;
use warnings;
use lib 'test/lib';
use Test::More;
use Time::HiRes qw(sleep);
use Warehouse;

# what is committed must survive the crash: the test cluster does not wait for its log by default
$ENV{PGOPTIONS} = '-c synchronous_commit=on';

my $database = make_database('patternos_crash');
fill($database);

my $latest = 'SELECT max(as_of), count(*), sum(monetary_365d) FROM patternos_dw.feat_customer_rfm_latest';
my $shown = psql($database, $latest);
like($shown, qr/^2025-05-15\|300\|/, 'the views show the newest refresh');

# what a refresh makes that nothing disturbs, and what shall come out of the disturbed ones
my $features = "AND c.relname ~ '^(feat|intent_score)'";
my $quiet = make_database('patternos_quiet');
fill($quiet);
psql($quiet, "SET client_min_messages = warning; CALL patternos.refresh('2025-05-22')");
my $expected = contents($quiet, $features);

# Waits until a query is true.
sub wait_for
{
	my ($query) = @_;
	for (1 .. 200)
	{
		my $answer = eval { psql($database, $query) } // '';
		return 1 if $answer eq 't';
		sleep 0.05;
	}
	return 0;
}

# Becomes a psql that runs a statement and says nothing.
sub background
{
	open STDERR, '>', '/dev/null';
	exec 'psql', '-XqAt', '-d', $database, '-o', '/dev/null', '-c', $_[0];
}

# Starts a refresh that stops in step rfm, because somebody else holds its table; returns when it has.
sub start_blocked_refresh
{
	my ($call) = @_;
	my $holder = fork() // die;
	background("BEGIN; LOCK TABLE patternos_dw.feat_customer_rfm; SELECT pg_sleep(60)") if $holder == 0;
	wait_for("SELECT count(*) > 0 FROM pg_locks WHERE relation = 'patternos_dw.feat_customer_rfm'::regclass AND mode = 'AccessExclusiveLock' AND granted");
	my $runner = fork() // die;
	background($call) if $runner == 0;
	ok(wait_for("SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE 'CALL patternos.refresh%' AND wait_event_type = 'Lock'"),
		'a refresh waits in the middle');
	return ($holder, $runner);
}

my $call = "CALL patternos.refresh('2025-05-22')";
my $pid = "SELECT backend_pid FROM patternos_dw.pipeline_run WHERE status = 'running' AND run_id = refresh_id";
my $state = "SELECT string_agg(DISTINCT status, ',' ORDER BY status) FROM patternos_dw.pipeline_status WHERE refresh_id = (SELECT max(refresh_id) FROM patternos_dw.pipeline_status)";

for my $how ('cancelled', 'terminated', 'killed')
{
	my ($holder, $runner) = start_blocked_refresh($call);
	is(psql($database, $state), 'complete,running', 'another session sees how far it is');
	my $error = psql_fails($database, $call);
	like($error, qr/55P03.*another run of the pipeline is in progress/s, 'a second refresh is refused at once');
	my $backend = psql($database, $pid);
	if ($how eq 'cancelled') { psql($database, "SELECT pg_cancel_backend($backend)") }
	elsif ($how eq 'terminated') { psql($database, "SELECT pg_terminate_backend($backend)") }
	else { kill 'KILL', $backend }
	waitpid $runner, 0;
	eval { psql($database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'BEGIN; LOCK%'") };
	waitpid $holder, 0;
	wait_for('SELECT true');
	is(psql($database, $state), 'complete,failed', "$how: what was running reads as failed");
	is(psql($database, $latest), $shown, "$how: the views show what they showed");
	is(psql($database, 'SELECT count(*) FROM pg_locks WHERE locktype = \'advisory\''), '0', "$how: no lock stays behind");
}
psql($database, "SET client_min_messages = warning; $call");
is(contents($database, $features), $expected, 'repeated, it makes the same as undisturbed');
is(psql($database, "SELECT count(*) FROM patternos_dw.pipeline_run WHERE status = 'running'"), '0', 'no row says running');
psql($database, "SET client_min_messages = warning; $call");
is(contents($database, $features), $expected, 'and again');

# a step that fails
$shown = psql($database, $latest);
psql($database, "UPDATE patternos_dw.setting SET value = 'many' WHERE name = 'affinity_window_days'");
like(psql_fails($database, "CALL patternos.refresh('2025-05-25')"), qr/22P02/, 'a failed step raises its own error');
is(psql($database, "SELECT step, sqlstate FROM patternos_dw.pipeline_status WHERE status = 'failed' AND as_of = '2025-05-25' ORDER BY step"),
	"affinity|22P02\nrefresh|22P02", 'its row and the run say failed');
psql($database, "UPDATE patternos_dw.setting SET value = '365' WHERE name = 'affinity_window_days'");
is(psql($database, $latest), $shown, 'the views show what they showed');
psql($database, "SET client_min_messages = warning; CALL patternos.refresh('2025-05-25')");
like(psql($database, $latest), qr/^2025-05-25\|/, 'mended, the next run is shown');

# as one transaction
psql($database, "SET client_min_messages = warning; BEGIN; CALL patternos.refresh('2025-06-01', in_steps => false); ROLLBACK");
like(psql($database, $latest), qr/^2025-05-25\|/, 'a refresh in a transaction can be rolled back');
like(psql_fails($database, "BEGIN; CALL patternos.refresh('2025-06-01')"), qr/2D000/, 'one in steps cannot run in a transaction');

# a load that is killed while rows arrive, and one while it writes them
my $columns = 'customer_id,date_of_order,age_group,state,city,pincode,items_purchased_count,items_list,repeat_order,order_value,discount_value,payment_mode';
my @rows = map { sprintf "ZEP9%05d,2025-01-%02d 10:11:12,25-34,Kerala,Kochi,682001,2,\"Amul Milk 1L, Parle-G 100g\",No,%d,10,UPI\n", $_ % 700, 1 + $_ % 28, 100 + $_ } 1 .. 3000;
my $loaded = "SELECT count(*), sum(total_value), (SELECT count(*) FROM patternos_dw.fact_transaction_line WHERE platform_id = 'ZEPTO') FROM patternos_dw.fact_transaction WHERE platform_id = 'ZEPTO'";
my $untouched = contents($database);
for my $when ('rows arrive', 'it writes')
{
	my $holder;
	if ($when eq 'it writes')
	{
		$holder = fork() // die;
		background('BEGIN; LOCK TABLE patternos_dw.fact_transaction_line; SELECT pg_sleep(60)') if $holder == 0;
		wait_for("SELECT count(*) > 0 FROM pg_locks WHERE relation = 'patternos_dw.fact_transaction_line'::regclass AND mode = 'AccessExclusiveLock' AND granted");
	}
	open my $load, '|-', "psql -XqAt -d $database >/dev/null 2>&1" or die;
	local $SIG{PIPE} = 'IGNORE';
	$load->autoflush(1);
	print $load "COPY patternos_dw.landing_zepto FROM STDIN WITH (FORMAT csv, HEADER MATCH);\n$columns\n", @rows;
	print $load "\\.\n" if $when eq 'it writes';
	my $is_there = $when eq 'it writes' ? "wait_event_type = 'Lock'" : "wait_event = 'ClientRead' AND state = 'active'";
	ok(wait_for("SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE 'COPY patternos_dw.landing%' AND $is_there"), "a load is killed while $when");
	kill 'KILL', psql($database, "SELECT pid FROM pg_stat_activity WHERE query LIKE 'COPY patternos_dw.landing%'");
	close $load;
	waitpid $holder, 0 if $holder;
	wait_for('SELECT true');
	is(contents($database), $untouched, 'nothing of it is there');
}
my $copy = "COPY patternos_dw.landing_zepto FROM STDIN WITH (FORMAT csv, HEADER MATCH);\n$columns\n" . join('', @rows) . "\\.\n";
psql($database, $copy);
is(psql($database, $loaded), '3000|4801500.00|6000', 'repeated, it loads every row');
psql($database, $copy);
is(psql($database, $loaded), '3000|4801500.00|6000', 'and once more, none twice');

drop_database($_) for $database, $quiet;
done_testing();
