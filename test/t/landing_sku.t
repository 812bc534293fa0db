#!/usr/bin/perl
# landing_sku: catalogues become articles with categories, brands and prices; changes make versions.
use strict;
use warnings;
use lib 'test/lib';
use Test::More;
use Warehouse;

my $database = make_database('patternos_landing_sku');
my $quiet = "SET client_min_messages = warning;\n";

# Loads rows of id, name, brand, three levels, price, availability; returns status and counts of their batch.
sub land
{
	my $rows = join ', ', map { '(' . join(', ', map { defined $_ ? "'" . s/'/''/gr . "'" : 'NULL' } @$_[0 .. 7]) . ')' } @_;
	psql($database, "${quiet}INSERT INTO patternos_dw.landing_sku (sku_id, sku_name, brand, category_level_1, category_level_2,
		category_level_3, selling_price, availability_status) VALUES $rows");
	return psql($database, q{SELECT concat_ws(' ', status, rows_total, rows_accepted, rows_rejected, rows_duplicate)
		FROM patternos_dw.raw_batch ORDER BY batch_id DESC LIMIT 1});
}
sub value { return psql($database, "SELECT $_[0]") }

# The versions of an article.
sub versions
{
	return value("string_agg(concat_ws(' ', s.sku_name, s.brand, c.category_level_1, c.unified_category, s.average_price, s.is_active,
		CASE WHEN s.valid_from = '-infinity' THEN 'first' END, CASE WHEN s.valid_to = 'infinity' THEN 'current' END), '; ' ORDER BY s.valid_from)
		FROM patternos_dw.dim_sku s LEFT JOIN patternos_dw.dim_product_category c USING (category_id) WHERE s.sku_id = '$_[0]'");
}

my @salt = ('S1', 'Sun Salt 1kg', 'Sun', 'Grocery & Essentials', 'Staples', 'Salt', '24.50', 'In Stock');
is(land(\@salt, [ 'S2', 'Odd thing', undef, 'Curiosities', undef, undef, undef, 'Discontinued' ], [ 'S3', 'Loose article' ]), 'loaded 3 3 0 0', 'a catalogue lands');
is(versions('S1'), 'Sun Salt 1kg Sun Grocery & Essentials FMCG 24.5000 t first current', 'an article as its row says');
is(versions('S2'), 'Odd thing Curiosities Other f first current', 'an unknown category is Other');
is(versions('S3'), 'Loose article t first current', 'an article without a category');
is(land(\@salt), 'loaded 1 0 0 1', 'a row again adds nothing');
psql($database, "${quiet}INSERT INTO patternos_dw.landing_zepto (customer_id, date_of_order, items_list, order_value) VALUES
	('K1', '2025-06-01 10:00', 'sun salt 1KG', '24.5'), ('K2', '2025-06-01 10:00', 'Loose article', '10')");
is(value(q{string_agg(concat_ws(' ', l.sku_id, c.category_level_3, t.unified_category), ', ' ORDER BY l.sku_id) FROM patternos_dw.fact_transaction_line l
	JOIN patternos_dw.fact_transaction t USING (customer_key, transaction_datetime, transaction_id) LEFT JOIN patternos_dw.dim_product_category c USING (category_id)}),
	'S1 Salt FMCG, S3', 'orders name its articles');
psql($database, 'TRUNCATE patternos_dw.changed_customer');

# changes
is(land([ @salt[0 .. 5], '30', 'Out of Stock' ]), 'loaded 1 1 0 0', 'a new price');
is(versions('S1'), 'Sun Salt 1kg Sun Grocery & Essentials FMCG 30.0000 t first current', 'is no new version');
is(land([ 'S1', 'Sun Salt 1kg', 'Moon', @salt[3 .. 7] ]), 'loaded 1 1 0 0', 'a new brand');
is(versions('S1'), 'Sun Salt 1kg Sun Grocery & Essentials FMCG 30.0000 t first; Sun Salt 1kg Moon Grocery & Essentials FMCG 24.5000 t current', 'is one');
is(value('count(DISTINCT customer_key) FROM patternos_dw.changed_customer'), 1, 'which concerns who bought it');
is(land([ 'S1', 'Sun Salt 1kg', 'Moon', 'Baby Care', undef, undef, '24.5' ], [ 'S1', 'Sun Salt 1kg', 'Moon', 'Pet Care', 'Dog Food', undef, '24.5' ]), 'loaded 2 1 0 1', 'a new category; the last row counts');
like(versions('S1'), qr/; Sun Salt 1kg Moon Pet Care Pet 24.5000 t current$/, 'is a version');
is(value(q{DISTINCT concat_ws(' ', t.unified_category, c.category_level_1, x.reason) FROM patternos_dw.fact_transaction t JOIN patternos_dw.fact_transaction_line l USING (customer_key, transaction_datetime, transaction_id)
	JOIN patternos_dw.dim_product_category c USING (category_id) JOIN patternos_dw.changed_customer x USING (customer_key)}), 'Pet Pet Care reclassified', 'and orders and customers follow');
is(value(q{count(*) FROM (SELECT FROM patternos_dw.dim_sku GROUP BY platform_id, sku_id HAVING count(*) FILTER (WHERE valid_to = 'infinity') <> 1) x}), 0, 'each article has one current version');
is(value(q{count(*) FROM patternos_dw.dim_sku a JOIN patternos_dw.dim_sku b USING (platform_id, sku_id) WHERE a.valid_from < b.valid_from AND a.valid_to > b.valid_from}), 0, 'versions do not overlap');

# faults
is(land(@{[ map { [ "T$_", "Thing $_" ] } 1 .. 30 ]}, [ undef, 'x' ], [ 'U1', undef ], [ 'U2', 'x', undef, undef, 'Staples' ], [ 'U3', 'x', undef, 'A', undef, undef, '-1' ], [ 'U4', 'x', undef, 'A', undef, undef, 'free' ]),
	'loaded 35 30 5 0', 'rows with faults');
is(value(q{string_agg(column_name || ' ' || reason_code, ', ' ORDER BY line) FROM patternos_dw.raw_reject}),
	'sku_id missing, sku_name missing, category_level_1 missing, selling_price negative, selling_price bad_number', 'are rejected with reasons');
is(land([ 'E1', 'Write to asha@gmail.com now', undef, 'Call 9839013341', undef, undef, '1' ]), 'loaded 1 1 0 0', 'personal data in texts');
is(versions('E1'), 'Write to [email] now Call [phone] Other 1.0000 t first current', 'is redacted');
is(value('count(*) FROM patternos.check_relationships() WHERE orphans > 0'), 0, 'no orphans');

# a real catalogue
my $file = ($ENV{PATTERNOS_SHARED_DATA} // '../shared/data') . '/platforms/zepto_sku_library_10000.csv.gz';
SKIP:
{
	skip "$file is missing", 4 unless -f $file;
	for my $counts ('10000 10000 0 0', '10000 0 0 10000')
	{
		system("zcat $file | psql -XqAt -d $database -c 'SET client_min_messages = warning' -c '\\copy patternos_dw.landing_sku FROM STDIN WITH (FORMAT csv, HEADER MATCH)'");
		is(value(q{concat_ws(' ', rows_total, rows_accepted, rows_rejected, rows_duplicate) FROM patternos_dw.raw_batch ORDER BY batch_id DESC LIMIT 1}), $counts, 'a catalogue of 10,000 articles, then again');
	}
	is(value(q{concat_ws(' ', count(*), count(DISTINCT category_id), count(brand), count(average_price)) FROM patternos_dw.dim_sku WHERE sku_id LIKE 'SKU0%'}),
		'10000 32 10000 10000', 'with all categories, brands and prices');
	is(value(q{count(*) FROM patternos_dw.dim_sku JOIN patternos_dw.dim_product_category USING (category_id) WHERE sku_id LIKE 'SKU0%' AND unified_category = 'Other'}), 0, 'every category is known');
}
done_testing();
