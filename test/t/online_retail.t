#!/usr/bin/perl
# A year of invoices of a British shop (UCI Online Retail) as an eighth platform: published figures of the
# cleaned data come out of the facts, and RFM of the refresh equals plain SQL.
use strict;
use warnings;
use lib 'test/lib';
use Test::More;
use Warehouse;

my $file = ($ENV{PATTERNOS_SHARED_DATA} // '../shared/data') . '/online_retail/online_retail.csv.gz';
plan skip_all => "no $file" unless -f $file;

my $database = make_database('patternos_online_retail');
my $header = `gzip -dc $file | head -n 1`;
my $call = psql($database, qq{SELECT patternos.suggest_platform(\$h\$$header\$h\$, 'ONLINE_RETAIL')});
$call =~ s/"order_id"\]/"order_id", "cancelled:C"]/;
$call =~ s{'Asia/Kolkata'}{'Europe/London'};
$call =~ s{'INR'}{'GBP'};
like($call, qr/grain => 'line', anonymous => true/, 'lines are suggested from the header');
psql($database, "UPDATE patternos_dw.setting SET value = 'GBP' WHERE name = 'currency'");
is(psql($database, $call), 'patternos_dw.landing_online_retail', 'the platform is added');
is(psql($database, q{SELECT string_agg(concat_ws(' ', column_name, field, format), ', ' ORDER BY position)
	FROM patternos_dw.source_mapping WHERE platform_id = 'ONLINE_RETAIL'}),
	'InvoiceNo order_id cancelled:C, StockCode item_id, Description item_name, Quantity quantity, InvoiceDate transaction_datetime, '
	. 'UnitPrice unit_price, CustomerID platform_customer_id optional, Country property text' =~ s/ text$//r, 'with its columns in order');

my $copy = "gzip -dc $file | psql -XqAt -v ON_ERROR_STOP=1 -d $database -c 'SET client_min_messages = warning' "
  . "-c '\\copy patternos_dw.landing_online_retail FROM STDIN WITH (FORMAT csv, HEADER MATCH)'";
is(system($copy), 0, 'the file lands');
is(psql($database, 'SELECT concat_ws(\' \', status, rows_total, rows_accepted, rows_rejected, rows_duplicate) FROM patternos_dw.raw_batch'),
	'loaded 541909 540571 1338 0', 'all rows are accounted for');
is(psql($database, q{SELECT string_agg(reason || ' ' || n, ', ' ORDER BY reason) FROM (SELECT column_name || ' ' || reason_code AS reason, count(*) AS n
	FROM patternos_dw.raw_reject GROUP BY 1) r}), 'Quantity negative 1336, UnitPrice negative 2',
	'stock corrections and adjustments of debt are rejected');

my $cleaned = q{patternos_dw.fact_transaction t JOIN patternos_dw.fact_transaction_line l USING (customer_key, transaction_datetime, transaction_id)
	WHERE t.transaction_status = 'completed' AND l.unit_price > 0};
is(psql($database, "SELECT count(*) || ' ' || count(DISTINCT t.customer_key) || ' ' || count(DISTINCT t.transaction_id) || ' ' || sum(l.line_total) FROM $cleaned"),
	'397884 4338 18532 8911407.9040', 'lines, customers, invoices and revenue of the cleaned data are the published ones');
is(psql($database, 'SELECT bool_and(NOT is_allocated) FROM patternos_dw.fact_transaction_line'), 't', 'no line is allocated');
is(psql($database, q{SELECT count(*) || ' ' || sum(items_count) FROM patternos_dw.fact_transaction WHERE transaction_status = 'cancelled'}),
	psql($database, q{SELECT count(DISTINCT payload ->> 'InvoiceNo') || ' ' || sum(-(payload ->> 'Quantity')::integer) FROM patternos_dw.raw_record
	WHERE payload ->> 'InvoiceNo' LIKE 'C%' AND platform_customer_id IS NOT NULL}), 'cancellations are orders taken back');
is(psql($database, q{SELECT count(*) || ' ' || sum(items_count) FROM patternos_dw.transaction_anonymous WHERE transaction_status = 'completed'}),
	psql($database, q{SELECT count(DISTINCT payload ->> 'InvoiceNo') || ' ' || sum((payload ->> 'Quantity')::integer) FROM patternos_dw.raw_record
	WHERE payload ->> 'InvoiceNo' NOT LIKE 'C%' AND platform_customer_id IS NULL}), 'orders of unknown buyers wait apart');
is(psql($database, q{SELECT count(*) FROM (SELECT FROM patternos_dw.raw_record WHERE platform_customer_id IS NOT NULL AND payload ->> 'InvoiceNo' NOT LIKE 'C%'
	GROUP BY payload HAVING count(*) > 1) g}) > 4000, 1, 'equal lines of an invoice are lines of their own');
is(psql($database, q{SELECT min(transaction_datetime AT TIME ZONE 'Europe/London') || ' ' || max(transaction_datetime AT TIME ZONE 'Europe/London')
	FROM patternos_dw.fact_transaction}), '2010-12-01 08:26:00 2011-12-09 12:50:00', 'times are read in London');

# features
psql($database, 'SET client_min_messages = warning; CALL patternos.refresh()');
is(psql($database, <<'SQL'), '', 'RFM of the refresh equals SQL over the facts');
WITH mine AS (
	SELECT customer_key, recency_days, frequency_lifetime, monetary_lifetime, frequency_90d, monetary_90d, as_of
	FROM patternos_dw.feat_customer_rfm_latest_by_platform WHERE platform_id = 'ONLINE_RETAIL' AND frequency_lifetime > 0
), brute AS (
	SELECT t.customer_key, a.as_of - max(t.transaction_date) AS recency_days, count(*) AS frequency, sum(t.total_value) AS monetary,
	       count(*) FILTER (WHERE t.transaction_date >= a.as_of - 90) AS frequency_90d,
	       coalesce(sum(t.total_value) FILTER (WHERE t.transaction_date >= a.as_of - 90), 0) AS monetary_90d, a.as_of
	FROM patternos_dw.fact_transaction t CROSS JOIN (SELECT DISTINCT as_of FROM mine) a
	WHERE t.transaction_status = 'completed' GROUP BY t.customer_key, a.as_of
)
SELECT * FROM ((TABLE mine EXCEPT TABLE brute) UNION ALL (TABLE brute EXCEPT TABLE mine)) d LIMIT 3
SQL
is(psql($database, q{SELECT count(*) || ' ' || sum(monetary_lifetime) FROM patternos_dw.feat_customer_rfm_latest WHERE frequency_lifetime > 0}),
	psql($database, q{SELECT count(DISTINCT customer_key) || ' ' || sum(total_value) FROM patternos_dw.fact_transaction WHERE transaction_status = 'completed'}),
	'and its totals over all platforms');

is(psql($database, q{SELECT sum(net_monetary_lifetime) < sum(monetary_lifetime), sum(net_monetary_lifetime) FROM patternos_dw.feat_customer_rfm_latest}),
	psql($database, q{SELECT true, sum(round((payload ->> 'Quantity')::integer * (payload ->> 'UnitPrice')::numeric, 4)) FROM patternos_dw.raw_record
	WHERE platform_customer_id IS NOT NULL}) =~ s/(\.\d\d).*/$1/r, 'credit notes are taken off');

# part of the file once more
is(system($copy =~ s/\| psql/| grep -e Invoice -e '^"536' | psql/r), 0, 'an overlapping file lands');
is(psql($database, 'SELECT concat_ws(\' \', status, rows_total > 1000, rows_accepted, rows_duplicate = rows_total - rows_rejected) FROM patternos_dw.raw_batch ORDER BY batch_id DESC LIMIT 1'),
	'loaded t 0 t', 'and adds nothing');
done_testing();
