#!/usr/bin/perl
# Landing: rows in every platform's columns become accounts, facts and lines, exactly once.
use strict;
use warnings;
use lib 'test/lib';
use Test::More;
use Warehouse;

my $database = make_database('patternos_landing');
my @platforms = qw(zepto swiggy amazon nykaa chumbak makemytrip carwale);
my $quiet = "SET client_min_messages = warning;\n";

sub copy_file { my ($view, $file) = @_; return psql($database, "$quiet\\copy patternos_dw.$view FROM '$file' WITH (FORMAT csv, HEADER MATCH)"); }

# The last batch: status, rows total, accepted, rejected, duplicate.
sub last_batch
{
	return psql($database, q{SELECT concat_ws(' ', status, rows_total, rows_accepted, rows_rejected, rows_duplicate)
		FROM patternos_dw.raw_batch ORDER BY batch_id DESC LIMIT 1});
}

# Every fact with its lines, as the expected file has them.
my $lines = <<'SQL';
SELECT f.platform_customer_id, f.transaction_datetime AT TIME ZONE 'UTC' AS utc, f.date_id, f.transaction_type, f.total_value,
    f.quoted_value, f.unified_category AS order_category, l.line_number, l.item_name, s.brand, c.category_level_1,
    c.unified_category, l.unit_price, l.line_total, l.discount_applied
FROM patternos_dw.fact_transaction f
JOIN patternos_dw.fact_transaction_line l USING (customer_key, transaction_datetime, transaction_id)
LEFT JOIN patternos_dw.dim_sku s ON s.platform_id = l.platform_id AND s.sku_id = l.sku_id
LEFT JOIN patternos_dw.dim_product_category c ON c.category_id = l.category_id
ORDER BY 1, 2, l.line_number
SQL
$lines =~ s/\s+/ /g;

# rows of our own in every platform's columns, against a file checked by hand
copy_file("landing_$_", "test/data/landing_$_.csv") for @platforms;
is(psql($database, "SET datestyle = iso;\n\\copy ($lines) TO STDOUT WITH (FORMAT csv, HEADER)") . "\n",
	slurp('test/data/landing_lines.csv'), 'lines, brands and categories of all platforms');
is(psql($database, q{SELECT concat_ws(' ', platform_customer_id, age_group, city, pincode) FROM patternos_dw.account_profile
	JOIN patternos_dw.dim_customer_identity USING (identity_key) WHERE platform_customer_id = 'OWN-Z1'}),
	'OWN-Z1 25-34 Kochi 682002', 'a profile keeps the most recent values');
is(psql($database, q{SELECT transaction_properties FROM patternos_dw.fact_transaction WHERE platform_customer_id = 'OWN-M1'}),
	'{"category": "Flight", "destination": "Goa", "trip_duration_days": 3, "number_of_travellers": 2}', 'further columns are properties');
is(psql($database, q{SELECT concat_ws(' ', prime_member, delivery_speed, payment_mode, is_repeat, items_count, city)
	FROM patternos_dw.fact_transaction JOIN patternos_dw.dim_location USING (location_id) WHERE platform_customer_id = 'OWN-A1'}),
	't Same-day UPI f 3 Surat', 'columns of a fact');
is(psql($database, q{SELECT count(*) FROM patternos_dw.fact_transaction f WHERE NOT EXISTS
	(SELECT FROM patternos_dw.changed_customer c WHERE c.customer_key = f.customer_key)}), 0, 'changed customers are recorded');
is(psql($database, 'SELECT count(*) FROM patternos.check_relationships() WHERE orphans > 0'), 0, 'no orphans');

# a file again, an overlapping export, no rows at all
copy_file('landing_zepto', 'test/data/landing_zepto.csv');
is(last_batch(), 'loaded 3 0 0 3', 'a file loaded twice adds nothing');
psql($database, "${quiet}COPY patternos_dw.landing_zepto (customer_id, date_of_order, order_value) FROM STDIN (FORMAT csv);
OWN-Z3,2025-02-02 10:00:00,10
OWN-Z3,2025-02-02 10:00:00,10
OWN-Z3,2025-02-02 10:00:00,11
\\.
");
is(last_batch(), 'loaded 3 3 0 0', 'a row that comes twice in one file is two purchases');
is(psql($database, 'SELECT rows_same_second FROM patternos_dw.raw_batch ORDER BY batch_id DESC LIMIT 1'), 2, 'rows of one second are counted');
psql($database, "${quiet}INSERT INTO patternos_dw.landing_zepto (customer_id, date_of_order, order_value) VALUES
('OWN-Z3', '2025-02-02 10:00:00', '10'), ('OWN-Z3', '2025-02-03 10:00:00', '12')");
is(last_batch(), 'loaded 2 1 0 1', 'an overlapping export adds what is new');
psql($database, "${quiet}INSERT INTO patternos_dw.landing_zepto SELECT * FROM patternos_dw.landing_zepto");
is(last_batch(), 'loaded 0 0 0 0', 'a statement without rows is an empty batch');

# parked batches
my $bad = "INSERT INTO patternos_dw.landing_zepto (customer_id, date_of_order, order_value) VALUES
('OWN-P1', '2025-02-02', '10'), ('OWN-P1', '2025-02-03', 'ten'), ('OWN-P2', '2025-02-04', '20')";
psql($database, $quiet . $bad);
is(last_batch(), 'parked 3 2 1 0', 'a batch with too many faults is parked');
is(psql($database, "SELECT count(*) FROM patternos_dw.dim_customer_identity WHERE platform_customer_id LIKE 'OWN-P%'"), 0, 'nothing of it is loaded');
my $parked = psql($database, 'SELECT max(batch_id) FROM patternos_dw.raw_batch');
is(psql($database, "${quiet}SELECT patternos.load_parked_batch($parked) > $parked"), 't', 'its sound rows can be loaded');
is(last_batch(), 'loaded 2 2 0 0', 'as a batch of their own');
is(psql($database, "SELECT status || ' ' || (SELECT count(*) FROM patternos_dw.raw_record r WHERE r.batch_id = b.batch_id)
	FROM patternos_dw.raw_batch b WHERE batch_id = $parked"), 'released 0', 'the parked batch is released');
like(psql_fails($database, "SELECT patternos.load_parked_batch($parked)"), qr/55000.*not parked/, 'only once');
psql($database, $quiet . $bad =~ s/OWN-P/OWN-Q/gr);
$parked = psql($database, 'SELECT max(batch_id) FROM patternos_dw.raw_batch');
is(psql($database, "SELECT patternos.drop_parked_batch($parked)"), 2, 'a parked batch can be dropped');
like(psql_fails($database, 'SELECT patternos.drop_parked_batch(-1)'), qr/P0002/, 'an unknown batch is an error');

# statements that fail or are rolled back leave nothing, and the next load works
my $before = psql($database, "SELECT count(*) FROM patternos_dw.fact_transaction");
my $rows = "INSERT INTO patternos_dw.landing_zepto (customer_id, date_of_order, order_value)";
psql_fails($database, "$rows SELECT 'OWN-E' || i, '2025-03-03', (100 / (500 - i))::text FROM generate_series(1, 1000) i");
psql($database, "${quiet}BEGIN; SAVEPOINT a; $rows VALUES ('OWN-E1', '2025-03-03', '5'); ROLLBACK TO a;
	$rows VALUES ('OWN-E2', '2025-03-03', '6'); ROLLBACK;");
psql($database, "${quiet}DO \$\$ BEGIN
	FOR i IN 1 .. 50 LOOP
		BEGIN
			$rows SELECT 'OWN-E' || i, '2025-03-03', (1 / (3 - g))::text FROM generate_series(1, 5) g;
		EXCEPTION WHEN division_by_zero THEN NULL;
		END;
	END LOOP;
END \$\$");
is(psql($database, "SELECT count(*) FROM patternos_dw.fact_transaction"), $before, 'what failed or was rolled back left nothing');
psql($database, "${quiet}CREATE FUNCTION public.nested(i integer) RETURNS text LANGUAGE plpgsql AS \$\$ BEGIN
	$rows VALUES ('OWN-N' || i, '2025-04-04', '1'); RETURN 'OWN-O' || i; END \$\$;
	$rows SELECT nested(i), '2025-04-04', '2' FROM generate_series(1, 3) i");
is(psql($database, q{SELECT string_agg(rows_total || '/' || rows_accepted, ' ' ORDER BY batch_id) FROM
	(SELECT * FROM patternos_dw.raw_batch ORDER BY batch_id DESC LIMIT 4) b}), '3/3 1/1 1/1 1/1', 'a load inside a load is a batch of its own');
psql($database, "${quiet}WITH a AS ($rows VALUES ('OWN-W1', '2025-04-05', '1') RETURNING customer_id) $rows SELECT customer_id || 'x', '2025-04-05', '1' FROM a");
is(last_batch(), 'loaded 2 2 0 0', 'two inserts of one statement are one batch');

psql($database, "${quiet}WITH a AS ($rows VALUES ('OWN-W2', '2025-04-06', '1') RETURNING 1), b AS (INSERT INTO patternos_dw.landing_swiggy
	(customer_id, date_of_order, order_value, items_list) VALUES ('OWN-W3', '2025-04-06', '1', 'Veg Biryani, Gulab Jamun') RETURNING 1) SELECT FROM a, b");
is(psql($database, q{SELECT string_agg(platform_id || ' ' || rows_accepted, ', ' ORDER BY platform_id) FROM
	(SELECT * FROM patternos_dw.raw_batch ORDER BY batch_id DESC LIMIT 2) b}), 'SWIGGY 1, ZEPTO 1', 'a statement on two views is a batch in each');
like(psql_fails($database, 'SELECT patternos._main_category(ARRAY[0], ARRAY[1::bigint], NULL)'), qr/55000/, 'helpers of a load refuse to be called alone');

# a loader needs INSERT on the view only
psql($database, 'CREATE ROLE regress_loader; GRANT USAGE ON SCHEMA patternos_dw TO regress_loader; GRANT INSERT ON patternos_dw.landing_zepto TO regress_loader');
psql($database, "${quiet}SET ROLE regress_loader; $rows VALUES ('OWN-L1', '2025-05-05', '5')");
is(last_batch(), 'loaded 1 1 0 0', 'a role with INSERT loads');
like(psql_fails($database, 'SET ROLE regress_loader; SELECT * FROM patternos_dw.fact_transaction'), qr/42501/, 'and reads nothing');
psql($database, 'DROP OWNED BY regress_loader; DROP ROLE regress_loader');

# a declared order id makes a changed row a revision; amounts convert by the latest rate
psql($database, <<'SQL');
INSERT INTO patternos_dw.source_mapping (landing_view, column_name, position, platform_id, entity, field)
SELECT 'landing_shop', field, row_number() OVER (), 'CHUMBAK', 'transaction', field
FROM unnest('{platform_customer_id,transaction_datetime,order_id,total_value,currency,transaction_status,items_list}'::text[]) field;
SELECT patternos._create_landing_view('landing_shop');
INSERT INTO patternos_dw.fx_rate (rate_date, currency, rate) VALUES ('2025-01-01', 'USD', 80), ('2025-02-01', 'USD', 85.125);
SQL
my $shop = "${quiet}INSERT INTO patternos_dw.landing_shop VALUES ";
psql($database, $shop . "('OWN-R1', '2025-01-10', 'O-1', '10.00', 'USD', 'completed', 'Mug, Cup'), ('OWN-R1', '2025-02-10', 'O-2', '10.01', 'USD', '', 'Mug'),
	('OWN-R2', '2025-02-11', 'O-3', '7', NULL, 'Delivered', 'Mug'), ('OWN-R2', '2025-02-11', 'O-3', '8', '', 'delivered', 'Mug'),
	('OWN-R2', '2025-02-12', 'O-4', '-8', 'INR', 'Refunded', 'Mug'), ('OWN-R2', '2025-02-12', 'O-5', '8', 'inr', '', 'Mug')");
is(last_batch(), 'loaded 6 5 0 1', 'of one order id the last row of a file counts');
is(psql($database, q{SELECT string_agg(concat_ws(' ', transaction_properties ->> 'order_id', total_value, currency, transaction_status), ', '
	ORDER BY transaction_properties ->> 'order_id') FROM patternos_dw.fact_transaction WHERE platform_customer_id LIKE 'OWN-R%'}),
	'O-1 800.00 USD completed, O-2 852.10 USD completed, O-3 8.00 INR completed, O-4 -8.00 INR returned, O-5 8.00 INR completed', 'converted amounts and states');
psql($database, $shop . "('OWN-R1', '2025-01-10', 'O-1', '10.00', 'USD', 'cancelled', 'Mug, Cup'), ('OWN-R2', '2025-02-12', 'O-5', '8', 'INR', '', 'Mug')");
is(last_batch(), 'loaded 2 1 0 1', 'a changed order is accepted, an unchanged one is a duplicate');
is(psql($database, q{SELECT transaction_status || ' ' || (SELECT count(*) FROM patternos_dw.fact_transaction_line l WHERE l.transaction_id = f.transaction_id)
	|| ' ' || (SELECT transaction ->> 'transaction_status' || jsonb_array_length(lines) FROM patternos_dw.fact_transaction_revision r WHERE r.transaction_id = f.transaction_id)
	FROM patternos_dw.fact_transaction f WHERE transaction_properties ->> 'order_id' = 'O-1'}), 'cancelled 2 completed2', 'it replaces the order and keeps what was before');
psql($database, "UPDATE patternos_dw.setting SET value = '1' WHERE name = 'max_reject_share'");
psql($database, $shop . "('OWN-R3', '2025-01-10', 'O-6', '1', 'EUR', '', ''), ('OWN-R3', '2024-12-31', 'O-7', '1', 'USD', '', ''), ('OWN-R3', '2025-01-10', '', '1', 'XX', '', '')");
is(psql($database, q{SELECT string_agg(column_name || ' ' || reason_code, ', ' ORDER BY line) FROM patternos_dw.raw_reject
	WHERE batch_id = (SELECT max(batch_id) FROM patternos_dw.raw_batch)}),
	'total_value missing_rate, total_value missing_rate, currency bad_value', 'a missing rate rejects the row');

# order lines
psql($database, <<'SQL');
INSERT INTO patternos_dw.source_mapping (landing_view, column_name, position, platform_id, entity, field, format)
SELECT 'landing_line', field, row_number() OVER (), 'CHUMBAK', 'transaction_line', field, format
FROM (VALUES ('platform_customer_id', 'optional'), ('transaction_datetime', NULL), ('order_id', 'cancelled:C'), ('item_id', NULL), ('item_name', NULL), ('quantity', NULL), ('unit_price', NULL)) m (field, format);
SELECT patternos._create_landing_view('landing_line');
SQL
my $line = "${quiet}INSERT INTO patternos_dw.landing_line VALUES ";
my $order = "('OWN-X1', '2025-06-01 10:00', '100', 'S1', 'Blue Mug', '3', '1.335'), ('OWN-X1', '2025-06-01 10:01', '100', 'S2', 'Lamp, red', '1', '20'),
	('OWN-X1', '2025-06-02 10:00', 'C101', 'S1', 'Blue Mug', '-1', '1.335'), (NULL, '2025-06-03 10:00', '102', 'S1', 'Blue Mug', '2', '1.335')";
psql($database, "$line $order, ('OWN-X1', '2025-06-03', '103', 'S1', 'Blue Mug', '-1', '2')");
is(last_batch(), 'loaded 5 4 1 0', 'order lines land');
is(psql($database, q{SELECT string_agg(concat_ws(' ', f.transaction_status, f.total_value, f.items_count, l.line_number, l.sku_id, l.item_name, l.quantity, l.line_total, l.is_allocated), ', ' ORDER BY f.transaction_datetime, l.line_number)
	FROM patternos_dw.fact_transaction f JOIN patternos_dw.fact_transaction_line l USING (customer_key, transaction_datetime, transaction_id) WHERE f.platform_customer_id = 'OWN-X1'}),
	'completed 24.01 4 1 S1 Blue Mug 3.0000 4.0050 f, completed 24.01 4 2 S2 Lamp, red 1.0000 20.0000 f, cancelled -1.34 1 1 S1 Blue Mug -1.0000 -1.3350 f', 'as orders with their own lines');
is(psql($database, 'SELECT count(*) || \' \' || sum(total_value) FROM patternos_dw.transaction_anonymous'), '1 2.67', 'orders of unknown buyers wait apart');
psql($database, "$line $order");
is(last_batch(), 'loaded 4 0 0 4', 'order lines loaded twice add nothing');

# settings of the session change nothing
my $other = make_database('patternos_landing_other');
$database = $other;
$quiet = "SET client_min_messages = warning; SET datestyle = 'SQL, DMY'; SET timezone = 'America/St_Johns'; SET lc_numeric = 'C'; SET search_path = pg_temp; SET extra_float_digits = 0;\n";
copy_file("landing_$_", "test/data/landing_$_.csv") for reverse @platforms;
is(psql($database, "SET datestyle = iso;\n\\copy ($lines) TO STDOUT WITH (FORMAT csv, HEADER)") . "\n",
	slurp('test/data/landing_lines.csv'), 'time zone, date style and search path of the session do not matter');
is(psql($database, q{SELECT string_agg(bound, '; ' ORDER BY bound) FROM (SELECT pg_get_expr(relpartbound, oid) AS bound FROM pg_class
	WHERE relname IN ('raw_record_2024_12', 'raw_record_2025_01')) b}),
	psql('patternos_landing', q{SELECT string_agg(bound, '; ' ORDER BY bound) FROM (SELECT pg_get_expr(relpartbound, oid) AS bound FROM pg_class
	WHERE relname IN ('raw_record_2024_12', 'raw_record_2025_01')) b}), 'nor for the bounds of partitions');

# the real files
SKIP:
{
	my $shared = ($ENV{PATTERNOS_SHARED_DATA} // '../shared/data') . '/platforms';
	skip "no files in $shared", 2 unless -f "$shared/Zepto_sample.csv";
	$database = make_database('patternos_landing_real');
	$quiet = "SET client_min_messages = warning;\n";
	my %file = (zepto => 'Zepto', swiggy => 'Swiggy', amazon => 'Amazon', nykaa => 'Nykaa', chumbak => 'Chumbak', makemytrip => 'MMT', carwale => 'CarWale');
	copy_file("landing_$_", "$shared/$file{$_}_sample.csv") for @platforms;
	is(psql($database, 'SELECT sum(rows_total) || \' \' || sum(rows_accepted) FROM patternos_dw.raw_batch'), '35 35', 'all 35 rows are accepted');
	is(psql($database, q{SELECT concat_ws(' ', sum(total_value), sum(discount_value), sum(quoted_value), sum(items_count),
		(SELECT concat_ws(' ', count(*), sum(line_total), sum(discount_applied)) FROM patternos_dw.fact_transaction_line)) FROM patternos_dw.fact_transaction}),
		'495397.00 51474.00 8395853.00 172 172 495397.0000 51474.0000', 'counts and totals');
}
done_testing();
