#!/usr/bin/perl
# A refresh of changed customers that dies between its steps: the next one computes what is left, and writes what one of all
# customers does.
use strict;
use warnings;
use lib 'test/lib';
use Test::More;
use Warehouse;

my $database = make_database('patternos_refresh_killed');
my @tables = qw(dim_customer feat_customer_rfm feat_customer_affinity affinity_population feat_customer_behavior feat_cross_platform intent_score intent_serving);
my $refresh = "SET client_min_messages = warning; CALL patternos.refresh('2025-06-01')";

sub written { return join "\n", map { psql($database, "SELECT (to_jsonb(t) - 'updated_at')::text FROM patternos_dw.$_ t ORDER BY 1") } @tables }
sub value { return psql($database, "SELECT $_[0]") }

psql($database, <<SQL);
SET client_min_messages = warning;
INSERT INTO patternos_dw.landing_zepto SELECT * FROM patternos.sample_zepto(100, 5);
INSERT INTO patternos_dw.landing_amazon SELECT * FROM patternos.sample_amazon(100, 5);
INSERT INTO patternos_dw.landing_event SELECT * FROM patternos.sample_events(30, 5);
$refresh;
UPDATE patternos_dw.fact_transaction SET total_value = total_value + 1000 WHERE customer_key % 10 = 3;
SELECT patternos.mark_changed(ARRAY(SELECT customer_key FROM patternos_dw.dim_customer WHERE customer_key % 10 = 3), 'corrected');
SQL

# a lock makes the refresh wait in its step behavior, where it is killed
open my $reader, '|-', "psql -XqAt -d $database >/dev/null" or die $!;
$reader->autoflush(1);
print $reader "BEGIN; LOCK TABLE patternos_dw.feat_customer_behavior IN SHARE MODE;\n";
my $waiting = "EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation IS NOT NULL AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";
my $locked = "EXISTS (SELECT FROM pg_locks WHERE mode = 'ShareLock' AND relation = 'patternos_dw.feat_customer_behavior'::regclass)";
for (1 .. 100) { last if value($locked) eq 't'; select undef, undef, undef, 0.1 }
my $pid = fork // die $!;
if (!$pid) { open STDERR, '>', '/dev/null'; exec 'psql', '-XqAt', '-d', $database, '-c', 'SET client_min_messages = warning', '-c', "CALL patternos.refresh('2025-06-01')" }
for (1 .. 300) { last if value($waiting) eq 't'; select undef, undef, undef, 0.1 }
is(value($waiting), 't', 'the refresh waits');
psql($database, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted AND relation IS NOT NULL AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
waitpid $pid, 0;
isnt($?, 0, 'and dies');
print $reader "COMMIT;\n";
close $reader;
is(value("(SELECT string_agg(DISTINCT step, ' ' ORDER BY step) FROM patternos_dw.stale_customer)"), 'behavior cross_platform scores', 'what it did not come to is left');
is(value("(SELECT count(*) FROM patternos_dw.changed_customer)"), 0, 'the changes are in the keeping of the steps');

psql($database, $refresh);
is(value("(SELECT count(*) FROM patternos_dw.stale_customer)"), 0, 'the next refresh computes the rest');
is(value("(SELECT sum(rows) FROM patternos_dw.pipeline_run WHERE step = 'rfm' AND refresh_id = (SELECT max(refresh_id) FROM patternos_dw.pipeline_run))"), 0, 'and not what was done');
my $incremental = written();
psql($database, 'DELETE FROM patternos_dw.refresh_state');
psql($database, $refresh);
ok($incremental eq written(), 'as one that computes all customers');
cmp_ok(length $incremental, '>', 100_000, 'of which there are some');
done_testing();
