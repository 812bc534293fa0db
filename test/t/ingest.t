#!/usr/bin/perl
# Rows as JSON: every rule of the landing views, each offset once, hostile documents.
use strict;
use warnings;
use lib 'test/lib';
use Test::More;
use Warehouse;

my $database = make_database('patternos_ingest');

# One batch; returns status and counts.
sub ingest
{
	my ($platform, $entity, $rows, $place) = @_;
	return psql($database, call('concat_ws(\' \', status, rows_total, accepted, rejected, duplicate, suppressed)', $platform, $entity, $rows, $place));
}

sub call
{
	my ($what, $platform, $entity, $rows, $place) = @_;
	return "SELECT $what FROM patternos.ingest_batch(" . join(', ', map({ defined ? "\$q\$$_\$q\$" : 'NULL' } $platform, $entity), $place && $place =~ /^'/ ? "'s'" : 'NULL', "\$q\$$rows\$q\$", $place || ()) . ')';
}

# The error of a batch that must fail: its SQLSTATE; dies when the message shows a value.
sub fails
{
	my $error = psql_fails($database, call('*', @_));
	die "value in: $error" if $error =~ /planted|73915/;
	return $error =~ /ERROR:  (\w{5})/ ? $1 : 'none';
}

sub value { return psql($database, "SELECT $_[0]") }
sub order { return sprintf '{"customer_id": "C%d", "date_of_order": "2025-08-01 10:00", "order_value": %d}', $_[0], $_[0] }
sub orders { return '[' . join(', ', map { order($_) } @_) . ']' }

# the same as a file
is(ingest('zepto', 'transaction', '[{"order_value": 12.50, "customer_id": 17, "date_of_order": "2025-08-01 10:00", "repeat_order": true, "items_list": "Tata Salt 1kg, asha@planted.in", "city": null},
	{"customer_id": "x", "date_of_order": "soon", "order_value": "5"}]'), 'parked 2 1 1 0 0', 'numbers, booleans and nulls; too many faults park the batch');
psql($database, "UPDATE patternos_dw.setting SET value = '1' WHERE name = 'max_reject_share'");
is(ingest('zepto', 'transaction', '[{"order_value": 12.50, "customer_id": 17, "date_of_order": "2025-08-01 10:00", "repeat_order": true, "items_list": "Tata Salt 1kg, asha@planted.in", "city": null}, {}]'),
	'loaded 2 1 1 0 0', 'a row without anything lacks what is required');
is(value('concat_ws(\' \', platform_customer_id, total_value, is_repeat, items_list) FROM patternos_dw.fact_transaction'), '17 12.50 t Tata Salt 1kg, [email]', 'the fact');
is(ingest('ZEPTO', 'event', '[{"visitor_id": 5, "event_type": "search", "event_timestamp": "2025-08-01T10:00:00Z", "event_properties": {"n": [1, "asha@planted.in"]}},
	{"platform_id": "SWIGGY", "visitor_id": 5, "event_type": "search", "event_timestamp": "2025-08-01T10:00:00Z"}]'), 'loaded 2 2 0 0 0', 'events, properties as an object');
is(value(q{string_agg(concat_ws(' ', platform_id, event_properties), ', ' ORDER BY platform_id) FROM patternos_dw.event_anonymous}), 'SWIGGY, ZEPTO {"n": [1, "[email]"]}', 'of the platform that they name, else of the batch\'s');
is(ingest(undef, 'event', '[{"visitor_id": 5, "event_type": "search", "event_timestamp": "2025-08-01T10:00:00Z"}]'), 'loaded 1 0 1 0 0', 'a row of no platform is rejected');
is(ingest('ZEPTO', 'transaction', '[{"customer_id": "first", "customer_id": "last", "date_of_order": "2025-08-01", "order_value": [1, {"a": "b"}]}]'), 'loaded 1 0 1 0 0', 'an array is no amount');
is(ingest('ZEPTO', 'transaction', '[{"customer_id": "first", "customer_id": "last", "date_of_order": "2025-08-01", "order_value": 1}]'), 'loaded 1 1 0 0 0', 'of a key twice');
is(value(q{count(*) FROM patternos_dw.dim_customer_identity WHERE platform_customer_id IN ('first', 'last')}), '1', 'the last value counts');
is(ingest('ZEPTO', 'transaction', '[]'), 'empty 0 0 0 0 0', 'an empty batch');
is(value(q{count(*) FROM patternos.ingest_batch('ZEPTO', 'transaction', 's', '[]')}), '1', 'gives a row');

# what is refused
my $state = value(q{concat_ws(' ', (SELECT count(*) FROM patternos_dw.raw_batch), (SELECT count(*) FROM patternos_dw.raw_record), (SELECT count(*) FROM patternos_dw.ingest_offset))});
my $secret = 'asha@planted.in';
is(fails('ZEPTO', 'transaction', $_), '22023', "no array of objects: $_") for '{}', '1', 'null', '"' . $secret . '"', '[1]', '[[]]', "[{}, \"$secret\"]", '[null]';
is(fails('ZEPTO', 'transaction', $_), '42703', 'a key that is no column') for qq([{"$secret": 1}]), '[{"customer_id": 1, "CUSTOMER_ID": 2}]', '[{}, {"": 1}]';
like(psql_fails($database, call('*', 'ZEPTO', 'transaction', '[{}, {"x": 1}]')), qr/row 2.*Columns are customer_id, date_of_order, age_group/s, 'the columns are told');
is(fails('ZEPTO', 'transaction', '[{"customer_id": "\u0000"}]'), '22P05', 'a character that text cannot hold');
is(fails('ZEPTO', 'transaction', '[{"customer_id": "' . $secret . '"'), '22P02', 'a torn document');
is(fails('ZEPTO', 'transaction', '[' x 20000 . ']' x 20000), '54001', 'a deep document') for 1;
is(fails(@$_, '[]'), '22023', 'no such platform or entity') for [ $secret, 'transaction' ], [ 'ALL', 'transaction' ], [ undef, 'transaction' ], [ 'ZEPTO', $secret ], [ 'ZEPTO', undef ], [ 'ZEPTO', 'transaction_line' ];
is(fails('SWIGGY', 'sku', '[]'), '42P01', 'a platform without a catalogue');
is(fails('ZEPTO', 'transaction', orders(1), $_), '22023', "bad place: $_") for "'p', -1", "'p', 9223372036854775807", "'" . 'x' x 201 . "', 1", "'asha\@planted.in', 1", 'NULL, 5';
like(psql_fails($database, "SELECT patternos.ingest_batch('ZEPTO', 'transaction', 's', NULL)"), qr/22023/, 'no rows at all');
is(value(q{concat_ws(' ', (SELECT count(*) FROM patternos_dw.raw_batch), (SELECT count(*) FROM patternos_dw.raw_record), (SELECT count(*) FROM patternos_dw.ingest_offset))}), $state, 'nothing is left behind');

# offsets
is(ingest('ZEPTO', 'transaction', orders(1 .. 3), "'p', 100"), 'loaded 3 3 0 0 0', 'the first batch of a partition');
is(ingest('ZEPTO', 'transaction', orders(1 .. 3), "'p', 100"), 'duplicate 3 0 0 3 0', 'the same again');
is(ingest('ZEPTO', 'transaction', orders(2 .. 5), "'p', 101"), 'loaded 4 2 0 2 0', 'an overlapping batch lands its rest');
is(ingest('ZEPTO', 'transaction', orders(1 .. 2), "'p', 100"), 'duplicate 2 0 0 2 0', 'a part of what was there');
is(fails('ZEPTO', 'transaction', orders(7), "'p', 106"), '55000', 'a gap is refused');
like(psql_fails($database, call('*', 'ZEPTO', 'transaction', orders(7), "'p', 106")), qr/begins at offset 106, the next one is 105.*Send the rows between/s, 'and told');
is(fails('ZEPTO', 'transaction', orders(99), "'p', 99"), '55000', 'and so is what lies before the first batch');
is(ingest('ZEPTO', 'transaction', '[]', "'p', 105"), 'empty 0 0 0 0 0', 'an empty batch at the end');
is(ingest('ZEPTO', 'transaction', orders(6), "'p', 105"), 'loaded 1 1 0 0 0', 'does not move it');
is(ingest('ZEPTO', 'transaction', orders(8), "'q', 0"), 'loaded 1 1 0 0 0', 'partitions count apart');
is(ingest('ZEPTO', 'transaction', orders(9), "'p', 106") . '; ' . value('rows_total FROM patternos_dw.raw_batch WHERE source_offset = 106'), 'loaded 1 1 0 0 0; 1', 'a batch keeps its offset');
is(psql_fails($database, 'BEGIN; ' . call('*', 'ZEPTO', 'transaction', orders(10), "'p', 107") . '; SELECT 1 / 0; COMMIT') =~ /22012/, 1, 'a transaction that fails');
is(ingest('ZEPTO', 'transaction', orders(10), "'p', 107"), 'loaded 1 1 0 0 0', 'takes its offsets along');
is(value(q{string_agg(concat_ws(' ', source, source_partition, next_offset), ', ' ORDER BY source_partition) FROM patternos_dw.ingest_offset}), 's p 108, s q 1', 'the next offsets');
is(value(q{count(*) || ' ' || count(DISTINCT platform_customer_id) FROM patternos_dw.fact_transaction WHERE platform_customer_id ~ '^C\d+$'}), '9 9', 'every order once');
is(psql($database, "SET patternos.source = 'mine'; " . call('status', 'ZEPTO', 'transaction', orders(20), "'r', 0") . "; SHOW patternos.source"), "loaded\nmine", 'the session\'s source comes back');
is(value(q{source FROM patternos_dw.raw_batch WHERE source_partition = 'r'}), 's', 'the batch has its own');

# a file's worth
my $rows = "(SELECT jsonb_agg(jsonb_build_object('customer_id', 'B' || i % 5000, 'date_of_order', '2025-08-01 10:00', 'order_value', i)) FROM generate_series(1, 100000) i)";
is(psql($database, "SELECT concat_ws(' ', status, rows_total, accepted) FROM patternos.ingest_batch('ZEPTO', 'transaction', 'big', $rows)"), 'loaded 100000 100000', '100,000 rows');
is(psql_fails($database, "SET ROLE pg_read_all_data; " . call('*', 'ZEPTO', 'transaction', '[]')) =~ /42501/, 1, 'not for everybody');
done_testing();
