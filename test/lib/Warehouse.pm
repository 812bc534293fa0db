# Helpers of the TAP tests: databases of their own, psql, and the content of a warehouse as text.
package Warehouse;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(psql psql_fails make_database drop_database fill contents schema slurp);

my @made;

sub slurp { my ($file) = @_; open my $in, '<', $file or die "$file: $!"; local $/; return scalar <$in>; }

# Runs SQL in a database; returns what psql prints, or dies with its errors.
sub psql
{
	my ($database, $sql) = @_;
	my ($status, $out, $err) = run_psql($database, $sql);
	die "psql failed: $err\nSQL: $sql\n" if $status;
	return $out;
}

# Runs SQL that must fail; returns the errors, '' when it did not fail.
sub psql_fails
{
	my ($status, $out, $err) = run_psql(@_);
	return $status ? $err : '';
}

sub run_psql
{
	my ($database, $sql) = @_;
	my $file = "/tmp/patternos_psql.$$";
	open my $in, '>', "$file.sql" or die "$file.sql: $!";
	print $in $sql;
	close $in;
	my $text = `psql -XqAt -v ON_ERROR_STOP=1 -v VERBOSITY=verbose -d $database -f $file.sql 2>$file.err`;
	my $status = $?;
	my $err = slurp("$file.err");
	unlink "$file.sql", "$file.err";
	$text =~ s/\n\z//;
	return ($status, $text, $err);
}

# A fresh database; with the extension unless told otherwise. It is dropped when the test ends.
sub make_database
{
	my ($name, %options) = @_;
	drop_database($name);
	system('createdb', $name) == 0 or die "cannot create database $name";
	push @made, $name;
	psql($name, "SET client_min_messages = warning; CREATE EXTENSION patternos CASCADE") unless $options{empty};
	return $name;
}

sub drop_database
{
	my ($name) = @_;
	psql('postgres', "SET client_min_messages = warning; DROP DATABASE IF EXISTS $name WITH (FORCE)");
}

# Fills a warehouse with rows in every zone.
sub fill
{
	my ($database) = @_;
	system('psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-d', $database, '-f', 'test/lib/fill.sql') == 0
	  or die 'cannot fill the warehouse';
}

# One line per table of the warehouse: its name, number of rows and a hash of them in any order; when a
# score was computed does not count.
sub contents
{
	my ($database, $where) = @_;
	return psql($database, <<~"SQL");
	SELECT c.relname || ' ' || (xpath('/row/r/text()', query_to_xml(format(
	    'SELECT count(*) || '' '' || coalesce(md5(string_agg(r::text, E''\\n'' ORDER BY r::text COLLATE "C")), '''') AS r '
	    'FROM (SELECT to_jsonb(t) - ''scoring_timestamp'' AS r FROM patternos_dw.%I t) AS t', c.relname), false, true, '')))[1]::text
	FROM pg_class c
	WHERE c.relnamespace = 'patternos_dw'::regnamespace AND c.relkind IN ('r', 'p') @{[ $where // '' ]}
	ORDER BY 1
	SQL
}

# The schema of a database as pg_dump writes it.
sub schema
{
	my ($database) = @_;
	my $text = `pg_dump --schema-only -d $database`;
	$text =~ s/^\\(un)?restrict .*\n//mg;
	$text =~ s/^--.*\n//mg;
	return $text;
}

END
{
	local $?;
	drop_database($_) for @made;
}

1;
