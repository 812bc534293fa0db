#!/usr/bin/perl
# The order in which files come, how they are split and what runs in between change nothing in features and scores.
use strict;
use warnings;
use lib 'test/lib';
use Test::More;
use Warehouse;

my @landings = qw(sku customer zepto swiggy amazon nykaa chumbak makemytrip carwale event);
my $as_of = '2025-11-01';
my @compared = qw(dim_customer feat_customer_rfm feat_customer_affinity feat_customer_behavior feat_cross_platform intent_score);

# The rows of a landing view, those of one share of several when asked for.
sub rows
{
	my ($landing, $share, $shares) = @_;
	my $source = $landing eq 'sku' ? "patternos.sample_skus('ZEPTO', 200, 5)"
	  : $landing =~ /customer|event/ ? "patternos.sample_${landing}s(60, 5)" : "patternos.sample_$landing(60, 5)";
	return "SELECT * FROM $source" unless $shares;
	return "SELECT r.* FROM $source r WHERE abs(hashtextextended(r::text, 3)) % $shares = $share ORDER BY md5(r::text)";
}

# Makes a warehouse from these statements and returns what it says of each customer, called by the accounts.
sub warehouse
{
	my ($name, @statements) = @_;
	my $database = make_database($name);
	psql($database, join ";\n", 'SET client_min_messages = error', @statements, "CALL patternos.refresh('$as_of')");
	return map { $_ => psql($database, <<~"SQL") } @compared;
	WITH accounts AS (
	    SELECT customer_key, string_agg(platform_id || ' ' || platform_customer_id, ', ' ORDER BY platform_id, platform_customer_id) AS list
	    FROM patternos_dw.dim_customer_identity GROUP BY customer_key)
	SELECT a.list || (to_jsonb(t) - '{customer_key,global_customer_id,score_id,category_id,predicted_category_id,created_at,updated_at}'::text[])::text
	FROM patternos_dw.$_ t JOIN accounts a USING (customer_key)
	WHERE coalesce(to_jsonb(t)->>'as_of', '$as_of') = '$as_of' ORDER BY 1
	SQL
}

# The customers of whom two warehouses say different things: the first of them.
sub differing
{
	my ($one, $other) = @_;
	my %known = map { $_ => 1 } split /\n/, $one;
	my ($line) = grep { !$known{$_} } split /\n/, $other;
	return $line // (length $one == length $other ? '' : 'rows are missing');
}

my %plain = warehouse('patternos_plain', map { "INSERT INTO patternos_dw.landing_$_ " . rows($_) } @landings);
cmp_ok(scalar(split /\n/, $plain{$_}), '>', 30, "$_ has rows") for @compared;

my %reversed = warehouse('patternos_reversed', map { "INSERT INTO patternos_dw.landing_$_ " . rows($_) } reverse @landings);
is(differing($plain{$_}, $reversed{$_}), '', "$_ after files in the opposite order") for @compared;

# thirds of all files in turn, the last before the first, with a refresh at another date after each
my @split;
for my $share (0 .. 2)
{
	push @split, map { "INSERT INTO patternos_dw.landing_$_ " . rows($_, $share, 3) } $share == 1 ? reverse(@landings) : @landings;
	push @split, "CALL patternos.refresh('2025-0" . (7 + $share) . "-01')";
}
my %split = warehouse('patternos_split', @split);
is(differing($plain{$_}, $split{$_}), '', "$_ after files in three parts, refreshed in between") for @compared;

done_testing();
