#!/usr/bin/perl
# The key file: what is wrong with it is said with its remedy, only identifiers need it, no role learns it.
use strict;
use warnings;
use File::Basename qw(dirname);
use lib 'test/lib';
use Test::More;
use Warehouse;

my $database = make_database('patternos_key');
my $dir = dirname($ENV{PATTERNOS_KEY});
my $key = "$dir/test_key";
my (undef, undef, undef, undef, $server) = stat $ENV{PATTERNOS_DATA};

sub key_file
{
	my ($path, $bytes, $mode) = @_;
	open my $out, '>:raw', $path or die "$path: $!";
	print $out $bytes;
	close $out;
	chmod $mode, $path;
	chown $server, -1, $path if $> == 0;
	return $path;
}

sub problem
{
	my ($path) = @_;
	return psql($database, "SET patternos.key_file = '$path'; SELECT problem || coalesce(nullif(remedy, '') IS NOT NULL, false) FROM patternos._key_problem()");
}

my $random = join '', map { chr int rand 256 } 1 .. 32;
is(problem(key_file($key, $random, 0600)), '', 'a private file of 32 bytes is usable');
is(problem(''), 'no key file is set, so personal identifiers cannot be hashedtrue', 'none set');
is(problem('key'), 'patternos.key_file is not an absolute pathtrue', 'a relative path');
is(problem("$dir/nowhere"), 'key file does not existtrue', 'a missing file');
is(problem($dir), 'key file is not a regular filetrue', 'a directory');
is(problem(key_file($key, $random, 0644)), 'key file has group or world access or another ownertrue', 'readable by all');
is(problem(key_file($key, $random, 0660)), 'key file has group or world access or another ownertrue', 'writable by the group');
is(problem(key_file($key, substr($random, 1), 0600)), 'key file must hold 32 to 1024 bytestrue', 'too short');
is(problem(key_file($key, 'x' x 2000, 0600)), 'key file must hold 32 to 1024 bytestrue', 'too long');
is(problem(key_file($key, "\0" x 32, 0600)), 'key file holds one byte repeatedtrue', 'no key at all');
is(problem(key_file("$ENV{PATTERNOS_DATA}/test_key", $random, 0600)), 'key file lies in the data directorytrue', 'in the data directory');
unlink "$ENV{PATTERNOS_DATA}/test_key";

# status() names the missing key as the next thing to do
my $next = q{SELECT detail FROM patternos.status() WHERE "check" = 'next step'};
is(psql($database, "SET patternos.key_file = ''; $next"), 'key file', 'the next step is the key file');
key_file($key, $random, 0600);
is(psql($database, "SET patternos.key_file = '$key'; $next"), 'raw zone', 'with a key it is the first load');

# a changed file is read again within a session
key_file($key, $random, 0600);
key_file("$key.new", reverse($random) . 'more', 0600);
is(psql($database, <<"SQL"), "t\nf", 'a replaced file is read again');
SET patternos.key_file = '$key';
CREATE TEMP TABLE before AS SELECT patternos.hash_identifier('email', 'jane\@example.com') AS hash;
SELECT hash = patternos.hash_identifier('email', 'jane\@example.com') FROM before;
\\! mv '$key.new' '$key'
SELECT hash = patternos.hash_identifier('email', 'jane\@example.com') FROM before;
SQL

# only identifiers need it
my $row = "(customer_id, date_of_order, items_list, order_value, items_purchased_count, discount_value)
	VALUES (%s, '2025-08-02 10:00:00', 'Tata Salt 1kg', '100', '1', '0')";
my $insert = 'SET client_min_messages = warning; INSERT INTO patternos_dw.landing_zepto ' . $row;
psql($database, "SET patternos.key_file = ''; " . sprintf $insert, "'C1'");
pass('a row without identifiers lands without a key');
like(psql_fails($database, "SET patternos.key_file = ''; " . sprintf $insert, q('jane@example.com')), qr/F0000: no key file is set.*HINT/s, 'a row with one does not');
psql($database, sprintf $insert, q('jane@example.com'));
is(psql($database, 'SELECT count(*) FROM patternos_dw.hash_key'), '1', 'the first hash ties the warehouse to its key');
like(psql_fails($database, "SET patternos.key_file = '$key'; " . sprintf $insert, q('ravi@example.com')), qr/F0000: key file is not the one/, 'another key is refused');
like(psql_fails($database, "SET patternos.key_file = '$key'; SELECT patternos.hash_identifier('ip', '8.8.8.8')"), qr/F0000: key file is not the one/, 'for lookups too');

# nobody but superusers
psql('postgres', 'DROP ROLE IF EXISTS regress_nobody; CREATE ROLE regress_nobody');
for my $sql ("SELECT patternos.hash_identifier('email', 'jane\@example.com')", 'SELECT patternos._key_check()', 'SELECT patternos._key_problem()',
	'SHOW patternos.key_file', "SET patternos.key_file = '/etc/passwd'")
{
	like(psql_fails($database, "SET ROLE regress_nobody; $sql"), qr/42501/, "refused to others: $sql");
}
psql('postgres', 'DROP ROLE regress_nobody');
unlink $key;
done_testing();
