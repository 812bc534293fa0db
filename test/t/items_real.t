#!/usr/bin/perl
# Items of the real sample files: each has a category, and a brand where it names one. Counts only.
use strict;
use warnings;
use Test::More;
use lib 'test/lib';
use Warehouse;

my $folder = ($ENV{PATTERNOS_SHARED_DATA} // '../shared/data') . '/platforms';
plan skip_all => "no real data in $folder" unless -e "$folder/Zepto_sample.csv";

my $database = make_database('patternos_items_real');
psql($database, 'CREATE TABLE sample (line bigint GENERATED ALWAYS AS IDENTITY, platform_id text, items text, declared integer)');
# file, platform, distinct items, those with a brand; the fifteen of MakeMyTrip without one are flights, trains and a cab
my @files = (
	[ 'Zepto_sample.csv',   'ZEPTO',      24, 24 ],
	[ 'Swiggy_sample.csv',  'SWIGGY',     29, 0 ],
	[ 'Amazon_sample.csv',  'AMAZON',     19, 19 ],
	[ 'Nykaa_sample.csv',   'NYKAA',      24, 24 ],
	[ 'Chumbak_sample.csv', 'CHUMBAK',    28, 28 ],
	[ 'MMT_sample.csv',     'MAKEMYTRIP', 22, 6 ],
	[ 'CarWale_sample.csv', 'CARWALE',    25, 25 ]);
for my $file (@files)
{
	my ($name, $platform, $items, $brands) = @$file;
	my ($header) = split /\r?\n/, slurp("$folder/$name");
	my @columns = split /,/, $header;
	my $counts = $platform eq 'CARWALE' ? 'vehicle_interest_count::integer' : 'items_purchased_count::integer';
	psql($database, 'CREATE TABLE source (' . join(', ', map { "$_ text" } @columns) . ");\n"
		  . "\\copy source FROM '$folder/$name' WITH (FORMAT csv, HEADER MATCH)\n"
		  . "INSERT INTO sample (platform_id, items, declared) SELECT '$platform', items_list, $counts FROM source;\n"
		  . "SELECT patternos._observe_items('$platform', array_agg(i)) FROM source, unnest(patternos.split_items(items_list)) i;\n"
		  . 'DROP TABLE source');
	is(psql($database, "SELECT count(*), count(brand), count(category_id) FROM patternos_dw.dim_sku WHERE platform_id = '$platform'"),
		"$items|$brands|$items", "$name: distinct items, brands, categories");
}
is(psql($database, 'SELECT count(*), sum(declared), count(*) FILTER (WHERE cardinality(patternos.split_items(items)) <> declared) FROM sample'),
	'35|172|0', 'every list has as many items as its row says');
is(psql($database, q{SELECT string_agg(DISTINCT unified_category, ',' ORDER BY unified_category) FROM patternos_dw.dim_sku s
	JOIN patternos_dw.dim_product_category USING (category_id)}), 'Automotive,Beauty,Electronics,FMCG,Fashion,Food,Home,Travel', 'unified categories');

# the rules and the catalogue agree: its brands, and the unified category of its own first level
psql($database, "CREATE TABLE catalogue (" . join(', ', map { "$_ text" } split /,/, (split /\n/, `zcat $folder/zepto_sku_library_10000.csv.gz | head -n 1`)[0]) . ");\n"
	  . "\\copy catalogue FROM PROGRAM 'zcat $folder/zepto_sku_library_10000.csv.gz' WITH (FORMAT csv, HEADER MATCH)\n");
is(psql($database, q{
	SELECT count(*), count(*) FILTER (WHERE c.brand = k.brand), count(k.category_level_1)
	FROM catalogue c
	JOIN patternos._classify_items('ZEPTO', (SELECT array_agg(DISTINCT sku_name) FROM catalogue)) k ON k.item_name = c.sku_name}),
	'10000|10000|10000', 'the catalogue: articles, brands recognised, categories found');
cmp_ok(psql($database, q{
	WITH level AS MATERIALIZED (
		SELECT l.category_level_1, f.unified_category
		FROM (SELECT DISTINCT category_level_1 FROM catalogue) l CROSS JOIN LATERAL patternos._category_fallback('ZEPTO', l.category_level_1) f)
	SELECT round(100.0 * count(*) FILTER (WHERE f.unified_category = k.unified_category) / count(*), 1)
	FROM catalogue c
	JOIN level f USING (category_level_1)
	JOIN patternos._classify_items('ZEPTO', (SELECT array_agg(DISTINCT sku_name) FROM catalogue WHERE sku_name !~ 'Food|Accessories')) k ON k.item_name = c.sku_name}),
	'>', 75, 'most articles that say what they are get the unified category of the catalogue');
done_testing();
