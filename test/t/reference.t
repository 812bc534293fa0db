#!/usr/bin/perl
# Runs the examples of doc/reference.md and compares what they print.
use strict;
use warnings;
use Test::More;

open my $in, '<', 'doc/reference.md' or die "doc/reference.md: $!";
local $/;
my $text = <$in>;

my $database = 'patternos_reference';
system('dropdb', '--if-exists', $database) if `psql -XAtc "SELECT 1 FROM pg_database WHERE datname = '$database'"` =~ /1/;
system('createdb', $database) == 0 or die 'cannot create a database';
system(qw(psql -XqAt -d), $database, '-c', 'SET client_min_messages = warning', '-c', 'CREATE EXTENSION patternos CASCADE') == 0
  or die 'cannot create the extension';

while ($text =~ /^```sql\n(.*?)^```\n```\n(.*?)^```\n/msg)
{
	my ($sql, $expected) = ($1, $2);
	my ($name) = split /\n/, $sql;
	open my $psql, '|-', "psql -XqAt -v ON_ERROR_STOP=0 -d $database >output_reference 2>&1" or die;
	print $psql "SET timezone = 'Asia/Kolkata';\nSET client_min_messages = warning;\n$sql";
	close $psql;
	open my $out, '<', 'output_reference' or die;
	is(scalar <$out>, $expected, $name);
	unlink 'output_reference';
}

# Each public function has an entry, whose first sentence is its comment; each entry is of a function that exists.
my %entry;
while ($text =~ /^### (\w+)\(.*\n\n(.+(?:\n.+)*)/mg)
{
	$entry{$1} .= $2 =~ s/\n/ /gr . "\n";
}
my @functions = split /\n/, `psql -XqAt -d $database -c "
	SELECT DISTINCT proname, replace(coalesce(obj_description(oid, 'pg_proc'), 'no comment'), E'\\n', ' ')
	FROM pg_proc WHERE pronamespace = 'patternos'::regnamespace AND proname !~ '^_' ORDER BY 1, 2"`;
my %function;
for (@functions)
{
	my ($name, $comment) = split /\|/, $_, 2;
	$function{$name} = 1;
	like($entry{$name} // '', qr/^\Q$comment\E(\s|$)/m, "the comment of $name begins its entry");
}
is_deeply([ sort keys %entry ], [ sort keys %function ], 'every public function has an entry, every entry a function');
system('dropdb', $database);
done_testing();
