#!/usr/bin/perl
# Every function of schema patternos under values nobody should pass: none crashes the server, fails
# as an internal error, cannot be cancelled, or repeats a personal value in what it says.
use strict;
use warnings;
use lib 'test/lib';
use Test::More;
use Warehouse;

my @canaries = ('canary@example.com', '9876501234');
my $database = make_database('patternos_hostile');
fill($database);

# A statement in a subtransaction that is always rolled back: state, seconds and what was said.
psql($database, <<'SQL');
CREATE FUNCTION public.attempt(statement text, OUT state text, OUT seconds numeric, OUT said text) LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz := clock_timestamp();
    detail text;
    hint text;
BEGIN
    BEGIN
        EXECUTE statement;
        RAISE SQLSTATE 'OK000';
    EXCEPTION WHEN query_canceled OR assert_failure OR OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, said = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
        said := translate(concat_ws(' ', said, detail, hint), E'\n', ' ');
    END;
    seconds := round(extract(epoch FROM clock_timestamp() - started), 2);
END
$$;
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_hostile;
CREATE ROLE regress_hostile;
SQL

# The first value of a type is an ordinary one; NULL comes by itself.
my @numbers = ("'1'", "'0'", "'-1'");
my @integers = (@numbers, "'5'", "'2147483647'", "'-2147483648'");
my @moments = ("'2025-01-02'", "'infinity'", "'-infinity'", "'4714-11-24 BC'", "'1969-12-31'", "'9999-12-31'");
my %values = (
	text => [ "'a'", "''", "' '", "'ALL'", "'$canaries[0]'", "'+91 $canaries[1]'", "'$canaries[0], $canaries[1] | x | 2001-02-29'", "repeat('x', 1000000)",
		"repeat('[{\"a\":', 100000)", "repeat(U&'\\00e9\\+01f600', 150000)", "repeat('(', 100000)", "repeat('1', 100000)", "repeat(' ,', 200000)",
		"E'\\x01\\t\\n\\x7f'", "U&'\\feff\\202e\\0301\\+10ffff'", "'%s%n%1\$s''\";--'", "'NaN'", "'-Infinity'", "'1e400'", "'9999-99-99 99:99:99'",
		"'select 1, 2'", "'drop table x'", "'/((((a*)*)*)*)*b/'" ],
	boolean => [ 'true', 'false' ],
	smallint => [ @numbers, "'32767'", "'-32768'" ],
	integer => [ @integers ],
	bigint => [ @integers, "'9223372036854775807'", "'-9223372036854775808'" ],
	'double precision' => [ "'0.5'", @numbers, "'NaN'", "'Infinity'", "'-Infinity'", "'1e308'", "'-1e308'", "'1e-320'" ],
	numeric => [ @numbers, "'0.00005'", "'NaN'", "'Infinity'", "'-Infinity'", "'922337203685477.5807'", "'-1e30'", "'1e-1000'", "'1e100000'" ],
	date => [ @moments, "'5874897-12-31'" ],
	'timestamp without time zone' => [ @moments, "'294276-12-31 23:59:59.999999'" ],
	'timestamp with time zone' => [ @moments, "'294276-12-31 23:59:59.999999+00'" ],
	interval => [ "'30 minutes'", "'0'", "'-1 day'", "'178000000 years'", "'1 month'", "'-2147483648 days'", "'2562047788 hours'", "'-2562047788 hours'" ],
	bytea => [ "sha256('a')", "''", "'\\x00'", "'\\xfffefd80c0'", "decode(repeat('00', 1000000), 'hex')" ],
	jsonb => [ "'[{\"a\": 1}]'", "'null'", "'[]'", "'{}'", "'1e400'", "'[[[]]]'", "'{\"email\": \"$canaries[0]\", \"a\": [\"$canaries[1]\", null]}'",
		"to_jsonb(repeat('$canaries[1] ', 100000))", "(repeat('[', 3000) || repeat(']', 3000))::jsonb", "jsonb_build_array(repeat('{\"a\":', 3000) || '1' || repeat('}', 3000))" ],
);
# What is ordinary for arguments and columns of some names.
my %ordinary = (
	as_of => "'2026-01-01'", reference_date => "'2025-05-15'", date_from => "'2024-01-01'", time_zone => "'Asia/Kolkata'", in_steps => 'false', role => "'15'",
	query => "'SELECT 1, 2 UNION SELECT 2, 3'", platform_id => "'NYKAA'", entity => "'transaction'", kind => "'email'",
	items => "'Amul Milk 1L, Parle-G 100g'", global_customer_id => "'GLOBAL000001'", header => "'customer_id,order_date,amount'",
	columns => "'{\"cust\": \"customer_id\", \"date\": \"order_date\", \"total\": \"order_value\"}'",
);

# Values of a type, those of its elements or columns for arrays and composites; the ordinary one first.
sub values_of
{
	my ($type, $name) = @_;
	return [ $ordinary{$name}, @{ values_of($type) } ] if defined $name && $ordinary{$name} && $values{$type};
	return $values{$type} if $values{$type};
	if ($type =~ /^(.*)\[\]$/)
	{
		my ($first, @others) = @{ values_of($1) };
		return $values{$type} = [ "ARRAY[$first]::$type", "'{}'", "ARRAY[NULL, $first]::$type", "ARRAY[[$first, $first], [$first, $first]]::$type",
			"(ARRAY[NULL, $first]::$type)[2:2]", "array_fill($first\::$1, ARRAY[2], ARRAY[-2147483648])", "array_fill($first\::$1, ARRAY[100000])",
			map { "ARRAY[$_, $first]::$type" } @others ];
	}
	my @columns = map { [ 'NULL', @{ values_of(split /=/) } ] } split /\|/,
	  psql($database, "SELECT string_agg(format_type(atttypid, NULL) || '=' || attname, '|' ORDER BY attnum) FROM pg_attribute WHERE attrelid = (SELECT typrelid FROM pg_type WHERE oid = '$type'::regtype) AND attnum > 0 AND NOT attisdropped");
	return $values{$type} = [ map { "ROW($_)::$type" } lists(\@columns) ];
}

# Argument lists: ordinary, all NULL, each value in turn with ordinary ones around it, and mixtures.
# The columns' values begin with NULL and the ordinary one.
sub lists
{
	my ($columns) = @_;
	my @ordinary = map { $_->[1] } @$columns;
	my @lists = (join(', ', @ordinary), join(', ', map { $_->[0] } @$columns));
	for my $i (0 .. $#$columns)
	{
		my @list = @ordinary;
		for my $value (@{ $columns->[$i] }[ 0, 2 .. $#{ $columns->[$i] } ])
		{
			$list[$i] = $value;
			push @lists, join ', ', @list;
		}
	}
	srand(20250102);
	push @lists, join ', ', map { $_->[ rand() < 0.5 ? 1 : int rand @$_ ] } @$columns for @$columns > 1 ? 1 .. 20 : ();
	return @lists;
}

# The statement that calls a function; whatever comes out is turned to text.
sub call
{
	my ($kind, $name, $arguments) = @_;
	return "CALL $name($arguments)" if $kind eq 'p';
	return "SELECT count(n::text) FROM (SELECT $name($arguments) AS n FROM generate_series(1, 3)) AS g" if $kind eq 'a';
	return "SELECT count(n::text) FROM (SELECT $name($arguments) OVER () AS n FROM generate_series(1, 3)) AS w" if $kind eq 'w';
	return "SELECT count(f::text) FROM $name($arguments) AS f";
}

# Everything but triggers: what anybody may call with that role's rights, the rest as the owner.
# Functions of the state of an aggregate cannot be called from SQL, the aggregates call them.
my $functions = psql($database, <<'SQL');
SELECT prokind, has_function_privilege('regress_hostile', oid, 'EXECUTE'), oid::regproc, oid::regprocedure,
       (SELECT string_agg(format_type(type, NULL) || '=' || coalesce(proargnames[n], ''), '|' ORDER BY n) FROM unnest(proargtypes) WITH ORDINALITY AS a (type, n))
FROM pg_proc
WHERE pronamespace = 'patternos'::regnamespace AND prorettype <> 'trigger'::regtype
  AND NOT 'internal'::regtype = ANY (proargtypes) AND (proname !~ '^_' OR has_function_privilege('regress_hostile', oid, 'EXECUTE'))
ORDER BY 4
SQL
my (@calls, @tested);
for (split /\n/, $functions)
{
	my ($kind, $anybody, $name, $signature, @types) = split /\|/;
	$name = "patternos.$1" if $signature =~ /^patternos\.([^(]+)/;
	my @columns = map { my ($type, $argument) = split /=/; [ map { "$_\::$type" } 'NULL', @{ values_of($type, $argument) } ] } @types;
	push @tested, $signature;
	# making many rows takes its time, but must be cancellable; the pipeline has a warehouse to work on
	my $limit = $signature =~ /^patternos\.sample_/ ? 200 : $kind eq 'p' ? 30000 : 5000;
	push @calls, [ $signature, $anybody, $limit, call($kind, $name, $_) ] for lists(\@columns);
}
cmp_ok(scalar(@tested), '>', 90, scalar(@tested) . ' functions, ' . scalar(@calls) . ' calls');

# One session runs all of them; the last line printed says where it died.
my $script = '';
for my $i (0 .. $#calls)
{
	my ($signature, $anybody, $limit, $statement) = @{ $calls[$i] };
	$script .= 'SET ROLE ' . ($anybody eq 't' ? 'regress_hostile' : 'NONE') . ";\nSET statement_timeout = $limit;\n"
	  . "SELECT '$i' AS call, state, seconds, said FROM public.attempt(\$attempt\$$statement\$attempt\$);\n";
}
my $file = "/tmp/patternos_hostile.$$";
open my $out, '>', $file or die "$file: $!";
print $out "SET client_min_messages = notice;\n$script";
close $out;
my @lines = split /\n/, `psql -XqAt -F '|' -d $database -f $file 2>$file.err`;
my $noise = slurp("$file.err");
unlink $file, "$file.err";

my $brief = sub { my ($text) = @_; return length $text > 300 ? substr($text, 0, 300) . '…' : $text };
my (%bad, %states);
my $last = -1;
for (@lines)
{
	my ($i, $state, $seconds, $said) = split /\|/, $_, 4;
	my ($signature, undef, $limit, $statement) = @{ $calls[$i] };
	$last = $i;
	$states{$state}++;
	push @{ $bad{internal} }, "$state $said: $statement" if $state =~ /^XX/;
	push @{ $bad{slow} }, "$seconds s: $statement" if $seconds > $limit / 1000 + 5 || ($state eq '57014' && $limit != 200);
	$said =~ s/^time zone "[^"]*" not recognized//;	# the server's own words about the name of a setting
	# what names a thing (a relation, a column, a model, a parameter) is repeated, here as by the server
	$said =~ s/^(relation|column|parameter|unknown parameter|the source has no column|there is no match model|there is no model|string is not a valid identifier:|there is no table or view|feature|syntax error at or near) "(.{0,64}|[^"]*)"//;
	$said =~ s/^ of version "[^"]*"//;
	$said =~ s/^invalid value for parameter "search_path": "[^"]*"//;
	$said =~ s/must be one of: .*//;
	$said =~ s/^.* must be a JSON object//;
	push @{ $bad{canary} }, "$said: $statement" if grep { index($said, $_) >= 0 } @canaries;
}
is($last, $#calls, 'the server survives all of them') or diag('died in ' . $brief->($calls[ $last + 1 ][3]));
is(scalar(@{ $bad{internal} // [] }), 0, 'no internal error') or diag(map { $brief->($_) . "\n" } @{ $bad{internal} });
is(scalar(@{ $bad{slow} // [] }), 0, 'none takes long') or diag(map { $brief->($_) . "\n" } @{ $bad{slow} });
is(scalar(@{ $bad{canary} // [] }), 0, 'no error repeats a personal value') or diag(map { $brief->($_) . "\n" } @{ $bad{canary} });
ok(!(grep { index($noise, $_) >= 0 } @canaries), 'nor does a notice') or diag($brief->($noise));
cmp_ok($states{OK000} // 0, '>', @calls / 4, ($states{OK000} // 0) . ' calls succeed') or diag(map { "$_: $states{$_}\n" } sort keys %states);

psql('postgres', 'SELECT 1');
drop_database($database);
psql('postgres', 'DROP ROLE regress_hostile');
done_testing();
