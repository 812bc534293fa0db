#!/usr/bin/perl
# What the generators make, the landing views accept; what they spoil, those reject.
use strict;
use warnings;
use Test::More;

my $database = 'patternos_sample';
system('createdb', $database) == 0 or die 'cannot create a database';
system(qw(psql -XqAt -d), $database, '-c', 'SET client_min_messages = warning',
	'-c', 'CREATE EXTENSION patternos CASCADE') == 0 or die 'cannot create the extension';

sub query
{
	my ($sql) = @_;
	my $out = `psql -XqAt -d $database -v ON_ERROR_STOP=1 -c "SET client_min_messages = error" -c "$sql"`;
	chomp $out;
	return $out;
}

my @platforms = qw(zepto swiggy amazon nykaa chumbak makemytrip carwale);
my $last = q{(SELECT concat_ws(' ', status, rows_total, rows_accepted, rows_rejected) FROM patternos_dw.raw_batch ORDER BY batch_id DESC LIMIT 1)};

for my $platform (@platforms)
{
	my $rows = query("SELECT count(*) FROM patternos.sample_$platform(400)");
	query("INSERT INTO patternos_dw.landing_$platform SELECT * FROM patternos.sample_$platform(400)");
	is(query("SELECT $last"), "loaded $rows $rows 0", "all rows of $platform are accepted");
}
my %rest = (
	customer => 'patternos.sample_customers(400)',
	event => "patternos.sample_events(200)",
	sku => "patternos.sample_skus('ZEPTO')");
for my $entity (sort keys %rest)
{
  SKIP:
	{
		skip "landing_$entity does not exist yet", 1
		  unless query("SELECT to_regclass('patternos_dw.landing_$entity') IS NOT NULL") eq 't';
		my $rows = query("SELECT count(*) FROM $rest{$entity}");
		query("INSERT INTO patternos_dw.landing_$entity SELECT * FROM $rest{$entity}");
		is(query("SELECT $last"), "loaded $rows $rows 0", "all rows of landing_$entity are accepted");
	}
}

# spoiled rows are rejected, and no other
my $dirty = q{customer_id = '' OR date_of_order = 'yesterday' OR date_of_order LIKE '2025-02-30%' OR order_value IN ('-100', '1,2,3.x')};
my $rows = query(q{SELECT count(*) FROM patternos.sample_zepto(1400, first_person => 401, dirty => 0.1)});
my $bad = query(qq{SELECT count(*) FROM patternos.sample_zepto(1400, first_person => 401, dirty => 0.1) WHERE $dirty});
cmp_ok($bad, '>', 20, 'rows are spoiled when asked for');
query(q{INSERT INTO patternos_dw.landing_zepto SELECT * FROM patternos.sample_zepto(1400, first_person => 401, dirty => 0.1)});
is(query("SELECT $last"), join(' ', 'loaded', $rows, $rows - $bad, $bad), 'exactly the spoiled rows are rejected');

# the demo's path: a file by \copy, with its header checked
my $file = "/tmp/patternos_sample_$$.csv";
system('psql', '-XqAt', '-d', $database, '-c', "\\copy (SELECT * FROM patternos.sample_nykaa(700, first_person => 401)) TO '$file' WITH (FORMAT csv, HEADER)") == 0 or die;
is(system("psql -XqAt -d $database -c 'SET client_min_messages = error' -c \"\\copy patternos_dw.landing_nykaa FROM '$file' WITH (FORMAT csv, HEADER MATCH)\""),
	0, 'a generated file lands by \copy with its header checked');
unlink $file;

system('dropdb', $database);
done_testing();
