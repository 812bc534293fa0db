#!/usr/bin/perl
# Canonical forms against the tables in test/data, their idempotence, and the published hashes.
use strict;
use warnings;
use File::Basename qw(dirname);
use JSON::PP;
use lib 'test/lib';
use Test::More;
use Warehouse;

# The answer of psql to SQL.
sub query
{
	my ($sql, $database) = @_;
	return psql($database // $ENV{PGDATABASE}, $sql) =~ s/^\s+|\s+$//gr;
}

# A JSON array as an SQL literal.
sub literal { return '$json$' . JSON::PP->new->ascii->encode($_[0]) . '$json$::jsonb' }

# Cases of a table: input and expected result.
sub cases
{
	my ($name) = @_;
	my @cases;
	open my $in, '<', "test/data/$name.txt" or die "test/data/$name.txt: $!";
	while (my $line = <$in>)
	{
		chomp $line;
		next if $line =~ /^#/;
		my ($input, $expected) = $line =~ /^(.*?) ?\| (.*)$/ or die "$name: $line";
		for ($input, $expected)
		{
			s/\\u([0-9A-F]{4})/chr hex $1/ge;
			s/\\\\/\\/g;
		}
		push @cases, [ $input, $expected ];
	}
	return \@cases;
}

for my $kind (qw(email phone))
{
	my $cases = cases($kind);
	cmp_ok(scalar @$cases, '>=', 150, "cases of $kind");
	my $wrong = query(<<"SQL");
SELECT format('%s gave %s instead of %s', c.value->0, got, c.value->>1)
FROM jsonb_array_elements(@{[ literal($cases) ]}) AS c,
     LATERAL (SELECT coalesce(patternos.normalize_$kind(c.value->>0),
                              '(' || patternos.check_value('$kind', c.value->>0) || ')') AS got) g
WHERE got IS DISTINCT FROM c.value->>1
SQL
	is($wrong, '', "canonical forms of $kind");
	my $moved = query(<<"SQL");
SELECT f FROM jsonb_array_elements(@{[ literal($cases) ]}) AS c, patternos.normalize_$kind(c.value->>0) AS f
WHERE f IS NOT NULL AND patternos.normalize_$kind(f) IS DISTINCT FROM f
SQL
	is($moved, '', "canonical forms of $kind are fixed points");
}

# every normaliser applied to random text of the characters that matter, twice
is(query(<<'SQL'), '0', 'normalising twice is normalising once, on random text');
SELECT setseed(0.5);
CREATE TEMP TABLE piece AS
SELECT array['a','B','z','.','.','+','@','gmail.com','googlemail.com','example.in',' ','-','0','9','91','+91',
             '98765','43210','''','"','(',')','/','Dr','Mr ',' jr','É','ß','क़','क','़','ो','९','５',U&'\200B',U&'\00A0',
             ':','::','ffff','1.2.3.4','dead','|','test','_'] AS p;
CREATE TEMP TABLE sample AS
SELECT string_agg(p[1 + floor(random() * cardinality(p))::int], '') AS s
FROM piece, generate_series(1, 30000) i, generate_series(1, 1 + i % 9) j GROUP BY i;
SELECT count(*) FROM sample
WHERE patternos.normalize_email(patternos.normalize_email(s)) IS DISTINCT FROM patternos.normalize_email(s)
   OR patternos.normalize_phone(patternos.normalize_phone(s)) IS DISTINCT FROM patternos.normalize_phone(s)
   OR patternos.normalize_name(patternos.normalize_name(s)) IS DISTINCT FROM patternos.normalize_name(s)
   OR patternos.normalize_address(patternos.normalize_address(s)) IS DISTINCT FROM patternos.normalize_address(s)
   OR patternos.normalize_code(patternos.normalize_code(s)) IS DISTINCT FROM patternos.normalize_code(s)
   OR patternos.normalize_ip(patternos.normalize_ip(s)) IS DISTINCT FROM patternos.normalize_ip(s);
SQL

# PostgreSQL's own type is the judge of addresses
is(query(<<'SQL'), '0', 'IP addresses as PostgreSQL writes them');
WITH v6 AS (
    SELECT string_agg(CASE WHEN random() < 0.5 THEN '0' ELSE to_hex((random() * 65535)::int) END, ':' ORDER BY g) AS s
    FROM generate_series(1, 5000) i, generate_series(1, 8) g GROUP BY i),
v4 AS (
    SELECT concat_ws('.', (random() * 255)::int, (random() * 255)::int, (random() * 255)::int, (random() * 255)::int) AS s
    FROM generate_series(1, 5000) i)
SELECT count(*) FROM (TABLE v6 UNION ALL TABLE v4) a
WHERE CASE WHEN patternos.check_value('ip', s) = 'placeholder'
           THEN NOT (s::inet << ANY ('{0.0.0.0/8,10.0.0.0/8,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,172.16.0.0/12,192.168.0.0/16,224.0.0.0/3,fe80::/10,fc00::/7,ff00::/8}'::inet[])
                     OR s::inet <<= '::/127')
           ELSE patternos.normalize_ip(s) IS DISTINCT FROM host(s::inet)
                AND NOT s::inet <<= '::/96' -- which PostgreSQL writes as version 4
           END
SQL

# the hashes of research: key 00..1f
my $database = make_database('patternos_identifiers');
my $key = dirname($ENV{PATTERNOS_KEY}) . '/vector_key';
open my $out, '>:raw', $key or die $!;
print $out join '', map { chr } 0 .. 31;
close $out;
chmod 0600, $key;
my (undef, undef, undef, undef, $uid) = stat $ENV{PATTERNOS_KEY};
chown $uid, -1, $key if $> == 0;
is(query("SET patternos.key_file = '$key';
	SELECT encode(patternos.hash_identifier('mobile', s), 'hex') FROM unnest('{9876543210,+91 98765-43210}'::text[]) s", $database),
	join("\n", ('3b0772095e0f060464763d7f88f916d6af4ac9c9ddbb159356aab18abfa6a81c') x 2), 'keyed hash of a phone number');
is(query("SET patternos.key_file = '$key';
	SELECT encode(patternos.hash_identifier(k, s), 'hex') FROM (VALUES ('email', 'User\@Example.com'),
		('email_sha256', 'b4c9a289323b21a01c3e940f150eb9b8c542587f1abfd8f0e1cc1ffc5e475514'),
		('email_sha256', encode(sha256('user\@example.com'), 'base64'))) v (k, s)", $database),
	join("\n", ('c9892fa9ef33010ceb6a0d1111172bb23ecc7571014e1aabbfcc09edb4ce3474') x 3),
	'keyed hash of an address, written or hashed by a partner');
is(query("SELECT count(*) FROM generate_series(0, 300) n
	WHERE patternos.hash_pii(repeat('x', n), repeat('y', n % 7)) <> encode(sha256(convert_to(repeat('x', n) || repeat('y', n % 7), 'UTF8')), 'hex')"),
	'0', 'SHA-256 of any length equals the server\'s');
is(query("SET patternos.key_file = '$key';
	SELECT patternos._register_key(); SET patternos.key_file = '$ENV{PATTERNOS_KEY}';
	SELECT problem FROM patternos._key_problem()", $database), "key file is not the one that this warehouse was loaded with",
	'another key is refused');
unlink $key;
done_testing();
