#!/usr/bin/perl
# What a session calls a hundred thousand times, and loads it repeats, leave no memory behind.
use strict;
use warnings;
use lib 'test/lib';
use Test::More;
use Warehouse;

my $database = make_database('patternos_leak');

# Bytes that the backend uses, after something was done often enough to have filled its caches, and again.
sub growth
{
	my ($warm, $work) = @_;
	my $used = "SELECT sum(used_bytes) FROM pg_backend_memory_contexts;\n";
	my @bytes = split /\n/, psql($database, "SET client_min_messages = warning;\n\\o /dev/null\n$warm\n\\o\n$used\\o /dev/null\n$work\n\\o\n$used");
	return $bytes[-1] - $bytes[-2];
}

# row functions: what outlives the statement
my @calls = ("patternos.parse_datetime('2025-08-' || 1 + i % 28, '', 'Asia/Kolkata')", "patternos.parse_amount('Rs. ' || i)", "patternos.normalize_email('a.' || i || '\@example.com')",
	"patternos.normalize_phone('+91 98765' || 10000 + i % 80000)", "patternos.redact_pii('call 98765' || 10000 + i % 80000)", "patternos.redact_pii(jsonb_build_object('a', i))",
	"patternos.split_items('Amul Milk 1L, Parle-G ' || i)", "patternos.allocate(i, '{1,2,3}')", "patternos.match_rule('Milk ' || i, '{milk,bread|roll}')",
	"patternos.match_brand('Milk ' || i, '{milk,bread}', ARRAY['M', i::text])", "patternos.intent_score(i % 200, 3, i)", "patternos.rfm_score(i % 200, 3, i)", "patternos.purchase_probability(i, 30, 1, 100, 30)",
	"patternos.hash_identifier('email', i || '\@example.com')");
for my $call (@calls)
{
	my ($name) = $call =~ /(\w+)\(/;
	cmp_ok(growth("SELECT count($call) FROM generate_series(1, 1000) AS i;" x 2, "SELECT count($call) FROM generate_series(1, 100000) AS i;"), '<', 20000, "$name: 100,000 calls");
}

# and what outlives a row, measured early and late in one statement
psql($database, 'CREATE FUNCTION public.used() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT sum(used_bytes) FROM pg_backend_memory_contexts); END $$');
my $height = sub {
	my ($call) = @_;
	my @bytes = split /\n/, psql($database, "SELECT public.used() FROM (SELECT i, $call AS result FROM generate_series(1, 100000) AS i OFFSET 0) AS r
		WHERE result IS NOT NULL AND i IN (1000, 5000, 100000)");
	return $bytes[2] - $bytes[1];
};
cmp_ok($height->('CASE WHEN i % 100 = 0 THEN pg_advisory_lock(i)::text ELSE i::text END'), '>', 50000, 'a leak would be seen');
for my $call (@calls)
{
	my ($name) = $call =~ /(\w+)\(/;
	cmp_ok($height->($call), '<', 20000, "$name: no growth within a statement");
}

# aggregates of many groups
my $groups = "SELECT count(*) FROM (SELECT i %% 5000, patternos.rfm_by_platform(timestamp '2025-01-01' + i * interval '1 hour', i, '2026-01-01', 'P' || i %% 3),
    patternos.affinity('a' || i %% 9, i, timestamp '2025-01-01', i, '2026-01-01') FROM generate_series(1, %s) AS i GROUP BY 1) AS g;";
cmp_ok(growth(sprintf($groups, 1000) x 2, sprintf($groups, 50000) x 5), '<', 50000, 'aggregates: five times 5,000 groups');

# loads of a small file
my $columns = 'customer_id,date_of_order,age_group,state,city,pincode,items_purchased_count,items_list,repeat_order,order_value,discount_value,payment_mode';
my $load = sub {
	my ($from, $to) = @_;
	return join '', map { "COPY patternos_dw.landing_zepto FROM STDIN WITH (FORMAT csv, HEADER MATCH);\n$columns\n"
		. "ZEP9$_,2025-01-02 10:11:12,25-34,Kerala,Kochi,682001,2,\"Amul Milk 1L, Parle-G 100g\",No,120,10,UPI\n\\.\n" } 10000 + $from .. 10000 + $to;
};
my $grown = growth($load->(1, 30), $load->(31, 230));
cmp_ok($grown, '<', 200000, "200 loads ($grown bytes)");
is(psql($database, "SELECT count(*), sum(rows_accepted) FROM patternos_dw.raw_batch WHERE status = 'loaded'"), '230|230', 'and all of them were loaded');

drop_database($database);
done_testing();
