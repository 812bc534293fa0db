#!/usr/bin/perl
# Personal values planted in every column of every landing view, in good and in failing loads, are
# searched byte by byte in the data directory, the WAL, the server's log and a dump: none may be there.
use strict;
use warnings;
use File::Find;
use IPC::Open3;
use lib 'test/lib';
use Test::More;
use Time::HiRes qw(sleep);
use Warehouse;

my $email = 'zqcanary';       # begins every planted address
my $phone = '7391508';        # begins every planted number
my $name = 'Zqperson';        # in every planted name and address
my $database = make_database('patternos_canary');
my $dir = "/tmp/patternos_canary.$$";
mkdir $dir or die "$dir: $!";
my $log_start = -s $ENV{PATTERNOS_LOG};
my $number = 100;

# The next planted values.
sub address { return sprintf 'Zqcanary%d@planted.in', $number++ }
sub mobile { return sprintf '+91 73915 08%03d', $number++ % 1000 }

# Runs psql over SQL and returns its output and errors.
sub run
{
	my ($sql, $input, @options) = @_;
	open my $script, '>:raw', "$dir/script.sql" or die;
	print $script $sql;
	close $script;
	open my $data, '>:raw', "$dir/data.csv" or die;
	print $data $input // '';
	close $data;
	return scalar `psql -XAt @options -d $database -f $dir/script.sql 2>&1`;
}

# Files that hold a needle in any case, among those found under the given places.
sub holding
{
	my ($needles, @places) = @_;
	my $pattern = join '|', map { quotemeta } @$needles;
	my %hits;
	find({ no_chdir => 1, wanted => sub {
		return unless -f $File::Find::name && open my $in, '<:raw', $File::Find::name;
		my $rest = '';
		while (read $in, my $chunk, 1 << 20)
		{
			$hits{"$File::Find::name: $1"} = 1 if ($rest . $chunk) =~ /($pattern)/i;
			$rest = substr $chunk, -40;
		}
	} }, @places);
	return sort keys %hits;
}

# The log since this test began, as a file.
sub log_part
{
	open my $in, '<:raw', $ENV{PATTERNOS_LOG} or die;
	seek $in, $log_start, 0;
	local $/;
	open my $out, '>:raw', "$dir/log" or die;
	print $out scalar <$in>;
	close $out;
	return "$dir/log";
}

sub dump_file
{
	system("pg_dump -d $database -f $dir/dump.sql") == 0 or die 'pg_dump failed';
	return "$dir/dump.sql";
}

# A sound value for a column.
sub sound
{
	local $_ = $_[0];
	return '2025-08-02 10:00:00' if /date|time|_at$/ && !/birth/;
	return '1990-02-28' if /birth/;
	return '560001' if /pincode/;
	return 'ZEPTO' if /platform/;
	return 'C' . $number++ if /(customer|account|visitor|session|event|sku|product)_id$/;
	return 'INR' if /currency/;
	return 'Yes' if /flag|repeat|consent|active/;
	return '2' if /count|travellers|days|quantity|seconds|pages/;
	return '100' if /value|price|amount/;
	return '25-34' if /age/;
	return 'Tata Salt 1kg, Amul Butter 100g' if /items_list/;
	return 'Tata Salt 1kg' if /sku_name/;
	return 'Grocery' if /category_level_1/;
	return 'Asha Verma' if /^name$/;
	return '12 MG Road, Pune' if /^address$/;
	return '';
}

# What is planted in a column: an address or a number anywhere, whole persons where they belong.
sub planted
{
	my ($column, $turn) = @_;
	return sprintf '%s Kumari %d', $name, $number++ if $column =~ /name/ && $column !~ /sku|item|product/;
	return sprintf '%d %s Road', $number++, $name if $column =~ /address|street/;
	return $turn ? mobile() : address();
}

sub csv { return join(',', map { s/"/""/gr =~ s/(.*)/"$1"/sr } @_) . "\n" }

my @views = split /\n/, psql($database, <<'SQL');
SELECT relname || ' ' || string_agg(attname, ' ' ORDER BY attnum)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0
WHERE relnamespace = 'patternos_dw'::regnamespace AND relkind = 'v' AND relname LIKE 'landing\_%' GROUP BY relname
SQL
cmp_ok(scalar @views, '>=', 7, 'landing views');
psql($database, "UPDATE patternos_dw.setting SET value = '1' WHERE name = 'max_reject_share'");

for my $share ('1', '0.2')    # accepted or rejected row by row, then parked whole
{
	psql($database, "UPDATE patternos_dw.setting SET value = '$share' WHERE name = 'max_reject_share'");
	for (@views)
	{
		my ($view, @columns) = split / /;
		my $rows = csv(@columns);
		for my $planted (@columns)
		{
			$rows .= csv(map { $_ eq $planted ? planted($_, $planted eq $columns[0]) : sound($_) } @columns);
			$rows .= csv(map { $_ eq $planted ? mobile() : sound($_) } @columns);
		}
		my $out = run("\\copy patternos_dw.$view FROM '$dir/data.csv' WITH (FORMAT csv, HEADER MATCH)", $rows);
		unlike($out, qr/ERROR/, "rows with planted values land in $view") if $share eq '1';
	}
}
cmp_ok(psql($database, 'SELECT count(*) FROM patternos_dw.raw_record'), '>', 100, 'many of the rows were accepted');
cmp_ok(psql($database, 'SELECT count(*) FROM patternos_dw.raw_reject'), '>', 50, 'many of the rows were rejected');
cmp_ok(psql($database, "SELECT count(*) FROM patternos_dw.raw_record WHERE payload::text ~ '\\[(email|phone)\\]'"), '>', 20,
	'stored texts were redacted');
if (psql($database, "SELECT count(*) FROM pg_proc WHERE proname = 'ingest_batch'"))
{
	my $rows = join ', ', map { sprintf '{"customer_id": "%s", "date_of_order": "2025-08-02", "items_list": "%s", "order_value": 5, "%s": "x"}',
		address(), mobile(), address() } 1 .. 5;
	run("SELECT patternos.ingest_batch('ZEPTO', 'transaction', 'stream', '[$rows]'::jsonb)");
	run("SELECT patternos.ingest_batch('ZEPTO', 'transaction', 'stream', '[$rows'::jsonb)");
	run("SELECT patternos.ingest_batch('@{[address()]}', 'transaction', 'stream', '[$rows]'::jsonb)");
	run("SELECT patternos.ingest_batch('ZEPTO', 'transaction', 'stream', '[{\"customer_id\": @{[address()]}}]'::jsonb)");
}

# loads that fail
my @zepto = split / /, (grep { /^landing_zepto / } @views)[0];
my $view = shift @zepto;
my $header = csv(@zepto);
my $good = csv(map { /list/ ? address() : sound($_) } @zepto);
my $copy = "\\copy patternos_dw.$view FROM '$dir/data.csv' WITH (FORMAT csv, HEADER MATCH)";
my $text_copy = "\\copy patternos_dw.$view FROM '$dir/data.csv'";
my %failing = (
	'a short line' => [ $copy, $header . $good . csv(address(), mobile()) ],
	'a long line' => [ $copy, $header . $good =~ s/\n/',"' . address() . "\"\n"/er ],
	'bad encoding' => [ $copy, $header . csv(map { /list/ ? address() . "\xff" . address() : sound($_) } @zepto) ],
	'an open quote' => [ $copy, $header . '"' . address() . "\n" . address() ],
	'no header' => [ $copy, csv(map { address() } @zepto) ],
	'a header with values' => [ $copy, csv($zepto[0], map { qq(say "") . address() . qq("") } 2 .. @zepto) ],
	'a short line of text' => [ $text_copy, address() . "\t" . mobile() . "\n" ],
	'a bad escape' => [ $text_copy, address() . "\\.\n" ],
);
my $values = join ', ', map { $_ eq 'customer_id' ? "'" . address() . "'" : $_ eq 'items_list' ? "'" . mobile() . "'" : "'" . sound($_) . "'" } @zepto;
my $insert = "INSERT INTO patternos_dw.$view (@{[join ', ', @zepto]}) VALUES ($values";
my @literal = (
	"$insert, '" . address() . "')",
	"$insert)) -- " . address(),
	$insert =~ s/customer_id/customer_idd/r . ')',
	"INSERT INTO patternos_dw.$view (customer_id) VALUES (\"" . address() . '")',
	"INSERT INTO patternos_dw.$view (customer_id) VALUES ('" . address() . "'::integer)",
	"INSERT INTO patternos_dw.$view (customer_id) VALUES ('$name O'Brien')",
	"INSERT INTO patternos_dw.$view (customer_id) VALUES (73915080001 / 0)",
	"INSERT INTO patternos_dw.$view (date_of_order) VALUES ('" . address() . "'::timestamp)",
	"DO \$x\$BEGIN EXECUTE 'INSERT INTO patternos_dw.$view (customer_id) SELECT ''" . address() . "''::integer'; END\$x\$",
	"PREPARE p AS INSERT INTO patternos_dw.$view (customer_id) VALUES (\$1::text::integer::text); EXECUTE p('" . address() . "')",
	"PREPARE p AS INSERT INTO patternos_dw.$view (customer_id) SELECT \$1 FROM generate_series(1, 2) g WHERE 1 / (g - 2) < 5; EXECUTE p('" . address() . "')",
	"BEGIN; SELECT 1 / 0 AS patternos; $insert); COMMIT",
	"SET statement_timeout = '200ms'; $insert), ('" . address() . "' || pg_sleep(5), " . join(', ', map { "''" } 2 .. @zepto) . ')',
	"SELECT patternos.normalize_email('" . address() . "') / 0",
	"SELECT patternos.hash_identifier('" . address() . "', '" . address() . "')",
	"SELECT patternos.check_value('" . address() . "', '" . address() . "')",
	"SELECT patternos.parse_datetime('" . address() . "', '" . address() . "')",
);
$failing{"statement $_ with literals"} = [ $literal[$_] ] for 0 .. $#literal;
for my $settings ('', "SET log_statement = 'all'; SET log_min_duration_statement = 0; SET log_parameter_max_length_on_error = -1;")
{
	for (sort keys %failing)
	{
		my ($statement, $input) = @{ $failing{$_} };
		like(run("$settings\n$statement;", $input), qr/ERROR/, "$_ fails" . ($settings && ' with all statements logged'));
	}
}

# loads that are stopped from outside
for my $stop ('pg_cancel_backend', 'pg_terminate_backend', 'kill')
{
	my $statement = $stop eq 'kill' ? "$insert), ('" . address() . "' || pg_sleep(60), " . join(', ', map { "''" } 2 .. @zepto) . ");\n"
	  : "COPY patternos_dw.$view FROM STDIN WITH (FORMAT csv, HEADER);\n$header$good" . address();
	my $pid = open3(my $to, my $from, undef, 'psql', '-XAt', '-d', $database);
	print $to "SET application_name = 'canary_load';\n$statement";
	$to->flush;
	my $backend;
	for (1 .. 100)
	{
		$backend = psql($database, "SELECT pid FROM pg_stat_activity WHERE application_name = 'canary_load' AND query ILIKE '%$view%'");
		last if $backend;
		sleep 0.05;
	}
	ok($backend, "a load to stop by $stop");
	sleep 0.2;
	if ($stop eq 'kill') { kill 'KILL', $backend }
	else { psql($database, "SELECT $stop($backend)") }
	print $to "\n" . address() . "\n\\.\n" if $stop ne 'kill';
	close $to;
	waitpid $pid, 0;
}
for (1 .. 100) { last if `psql -XAtc 'SELECT 1' -d $database 2>&1` =~ /^1$/; sleep 0.1 }

# refusals stay readable
like(run("SELECT patternos.add_platform('NYKAA', 'x', '[[\"a\", \"order_id\"]]')"), qr/platform "NYKAA" exists already/, 'a refusal names the platform');
like(run('SELECT no_such FROM patternos_dw.dim_sku'), qr/column "no_such" does not exist/, 'and a column that is missing');
like(run(qq{DO \$\$ BEGIN RAISE 'patternos_dw "%"', '${\ address()}'; END \$\$}), qr/patternos_dw "\.\.\."/, 'what a user raises is masked');

my $log = slurp(log_part());
like($log, qr/ERROR:  missing data for column/, 'the log keeps messages');
like($log, qr/COPY $view, line 3/, 'the log keeps the number of the line');
like($log, qr/was terminated by signal 9/, 'the log keeps the crash');
psql($database, 'CHECKPOINT');
is_deeply([ holding([ $email, $phone, '73915 08', $name ], "$ENV{PATTERNOS_DATA}/") ], [], 'nothing in the data directory and WAL');
is(join("\n", grep { /$email|$phone|73915 08|$name/i } split /\n/, slurp(log_part())), '', 'nothing in the log');
is_deeply([ holding([ $email, $phone, '73915 08', $name ], dump_file()) ], [], 'nothing in a dump');

# the search finds what is really there
run("CREATE TABLE public.leak AS SELECT 'ZqControl' || 1 AS value; SELECT 'Zqcontrol'::integer; CHECKPOINT");
my @found = holding(['zqcontrol'], "$ENV{PATTERNOS_DATA}/");
ok((grep { m{/base/} } @found), 'a stored value is found in the data directory');
ok((grep { m{/pg_wal/} } @found), 'a stored value is found in the WAL');
is(scalar(() = holding(['zqcontrol'], log_part())), 1, 'a logged value is found in the log');
is(scalar(() = holding(['zqcontrol'], dump_file())), 1, 'a stored value is found in the dump');
system('rm', '-rf', $dir);
done_testing();
