#!/usr/bin/perl
# Events: what is kept of them, whose they are, what is refused, and that none counts twice.
use strict;
use warnings;
use lib 'test/lib';
use Test::More;
use Warehouse;

my $database = make_database('patternos_event');
my @columns = qw(platform_id platform_customer_id visitor_id session_id event_type event_timestamp page_url referrer_url
  search_term product_id category device_type browser os ip event_properties event_id);

# Lands events, each a hash of columns; returns the batch's status and counts.
sub land
{
	my @events = map { my %e = (platform_id => 'ZEPTO', visitor_id => 'd-1', event_type => 'page_view', event_timestamp => '2025-08-01 10:00', %$_); \%e } @_;
	my $rows = join ', ', map { my $e = $_; '(' . join(', ', map { defined $e->{$_} ? "\$v\$$e->{$_}\$v\$" : 'NULL' } @columns) . ')' } @events;
	psql($database, "SET client_min_messages = warning; INSERT INTO patternos_dw.landing_event VALUES $rows");
	return psql($database, q{SELECT concat_ws(' ', status, rows_total, rows_accepted, rows_rejected, rows_duplicate) FROM patternos_dw.raw_batch ORDER BY batch_id DESC LIMIT 1});
}

sub value { return psql($database, "SELECT $_[0]") }
sub counts { return value("(SELECT count(*) FROM patternos_dw.fact_event) || ' ' || (SELECT count(*) FROM patternos_dw.event_anonymous)") }
my $reasons = q{string_agg(column_name || ' ' || reason_code, ', ' ORDER BY line, column_name COLLATE "C") FROM patternos_dw.raw_reject WHERE batch_id = (SELECT max(batch_id) FROM patternos_dw.raw_batch)};

# columns
psql($database, "INSERT INTO patternos_dw.dim_sku (platform_id, sku_id, sku_name, category_id)
	SELECT 'ZEPTO', 'P-1', 'Something', category_id FROM (INSERT_CATEGORY) c" =~ s/\(INSERT_CATEGORY\)/patternos_dw.dim_product_category/r)
  if psql($database, "INSERT INTO patternos_dw.dim_product_category (category_level_1, unified_category) VALUES ('Test', 'Test') RETURNING 1");
is(land({ platform_id => 'zepto', platform_customer_id => 'A1', session_id => 's1', event_type => 'Product Added', event_timestamp => '2025-08-01T10:00:00+02:00',
	page_url => 'https://x.in/p?mail=asha.verma@planted.in', referrer_url => 'https://y.in/?q=9876543210', search_term => 'call +91 98765 43210', product_id => 'P-1',
	category => 'Snacks', device_type => 'Smartphone', browser => 'Chrome', os => 'Android', ip => '49.36.12.7',
	event_properties => '{"a": {"b": ["asha@planted.in", 9876543210, 12.50]}, "asha@planted.in": true}', event_id => 'e1' }), 'loaded 1 1 0 0', 'an event with everything');
is(value(q{concat_ws('|', platform_id, platform_customer_id, session_id, event_type, event_timestamp AT TIME ZONE 'UTC', page_url, referrer_url, search_term, product_id,
	device_type, browser, os, event_properties) FROM patternos_dw.fact_event}),
	'ZEPTO|A1|s1|add_to_cart|2025-08-01 08:00:00|https://x.in/p?mail=[email]|https://y.in/?q=[phone]|call [phone]|P-1|mobile|Chrome|Android|'
	. '{"a": {"b": ["[email]", "[phone]", 12.50]}, "[email]": true}', 'is kept redacted');
is(value(q{(ip_hash = patternos.hash_identifier('ip', '49.36.12.7')) || ' ' || (SELECT c.unified_category FROM patternos_dw.dim_product_category c WHERE c.category_id = e.category_id)
	|| ' ' || (SELECT string_agg((device_hashes = ARRAY[patternos._value_key(patternos.hash_identifier('device', ' D-1'))])::text, ' ') FROM patternos_dw.account_feature) FROM patternos_dw.fact_event e}),
	'true Test true', 'its address and device as hashes, its category from the product');
# what an event came with stays an account's device; what the account's own row names goes with the next one
my $devices = q{string_agg(d.name || ' ' || (patternos._value_key(patternos.hash_identifier('device', d.name)) = ANY (f.device_hashes)), ', ' ORDER BY d.name)
	FROM patternos_dw.account_feature f JOIN patternos_dw.dim_customer_identity i USING (identity_key) CROSS JOIN (VALUES ('d-0'), ('d-1'), ('d-2')) d (name) WHERE i.platform_customer_id = 'A1'};
my $state = q{SET client_min_messages = warning; TRUNCATE patternos_dw.changed_account; INSERT INTO patternos_dw.landing_customer (platform_id, platform_customer_id, devices, updated_at) VALUES ('ZEPTO', 'A1', };
psql($database, $state . q{'d-0;d-2', '2025-08-02')});
is(value($devices), 'd-0 true, d-1 true, d-2 true', 'an account names devices, an event came with another');
psql($database, $state . q{'d-2', '2025-08-03')});
is(value($devices), 'd-0 false, d-1 true, d-2 true', 'the newest row says which, but for that of the event');
is(value('count(*) FROM patternos_dw.changed_account'), 1, 'which is a change');
psql($database, $state . q{'d-2', '2025-08-04')});
is(value('count(*) FROM patternos_dw.changed_account'), 0, 'the same devices again are none');
is(value(q{count(*) FROM patternos_dw.raw_record WHERE payload::text ~ '(planted|98765|d-1|49\.36)'}), '0', 'its record holds nothing personal');
is(land(map { { platform_customer_id => 'A2', event_id => "k$_", event_timestamp => "2025-08-01 10:00:0$_", event_type => (qw(view_item search scroll OrderCompleted))[$_],
	device_type => ('iPad', 'PC', 'fridge', undef)[$_], category => ('Salt', 'Oddities', undef, undef)[$_], ip => ('10.0.0.1', '', undef, '2001:db8:85a3::1')[$_] } } 0 .. 3), 'loaded 4 4 0 0', 'names of other vocabularies');
is(value(q{string_agg(concat_ws(' ', event_type, device_type, c.unified_category, e.ip_hash IS NOT NULL), ', ' ORDER BY event_timestamp)
	FROM patternos_dw.fact_event e LEFT JOIN patternos_dw.dim_product_category c USING (category_id) WHERE platform_customer_id = 'A2'}),
	value(q{'product_view tablet ' || (patternos._category_fallback('ZEPTO', 'Salt')).unified_category || ' f, search desktop Other f, scroll other f, purchase t'}), 'become ours; private addresses are none');

# faults
psql($database, "UPDATE patternos_dw.setting SET value = '1' WHERE name = 'max_reject_share'");
my @bad = ({ platform_id => 'NOWHERE' }, { platform_id => 'ALL' }, { platform_id => undef }, { visitor_id => undef }, { event_type => undef }, { event_timestamp => 'soon' },
	{ ip => '999.1.1.1' }, map { { event_properties => $_ } } '{', '[]', '"x"', '1', 'null', '{"a": "\u0000"}', '{"a": "\ud800"}', '{"a": "\udc00\ud800"}', '{"a": 1e1000}', '{"a": 01}', '{"a": .5}', '{"a": "b',
	'{"a": nan}', '{a: 1}', '{"a": 1,}', '{"a" 1}', '{} {}', '{"a": "' . "\t" . '"}', '{"a": "\x"}', '{"a":' x 100 . '1' . '}' x 100, '{"a":' x 50000, '{"a": "' . 'x' x 100000 . '"}', '{"a": ' . '1' x 101 . '}');
is(land(@bad), 'loaded ' . @bad . ' 0 ' . @bad . ' 0', 'faulty events are rejected one by one');
is(value($reasons), join(', ', 'platform_id bad_value', 'platform_id bad_value', 'platform_id missing', 'visitor_id missing', 'event_type missing', 'event_timestamp bad_date', 'ip bad_value',
	('event_properties bad_value') x (@bad - 10), ('event_properties too_long') x 2, 'event_properties bad_value'), 'with their reasons');
my @good = map { { visitor_id => 'j', event_id => "j$_->[0]", event_properties => $_->[1] } } map { [ $_, ('{}', ' {"a" : [ ] } ', '{"a":' x 60 . '1' . '}' x 60, '{"a": "\u00e9\ud83d\ude00\"\\\\\/\b"}', '{"a": -0.5e-3, "a": 1E+9}', "{\"a\": \"\x{e0}\x{a4}\x{85}\"}")[$_] ] } 0 .. 5;
is(land(@good), 'loaded 6 6 0 0', 'objects as JSON allows them are kept');

# mutated documents: what jsonb reads as an object within the limits is kept, all else is rejected
psql($database, <<'SQL');
CREATE FUNCTION public.is_object(document text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN RETURN jsonb_typeof(document::jsonb) = 'object'; EXCEPTION WHEN OTHERS THEN RETURN false; END $$;
CREATE TABLE public.document (number integer, document text);
SQL
srand 42;
my @seeds = ('{"a": [1, -2.5e3, "x\\u00e9\\n\\ud83d\\ude00"], "b": {"c": null, "d": true}}', '{"": false, "k": 0, "l": [[], {}]}', '{"u": "\\u0041", "n": 10e-2}');
my @bits = (split(//, '{}[]:,"\\ \t0123456789eE+-.aful'), 'null', 'true', '\\u0000', '\\ud800', '\\udc00', '1e9', '\\/', '\\"', "\x01", '""');
my @documents = @seeds;
for (1 .. 3000)
{
	my $document = $seeds[rand @seeds];
	substr($document, rand(length($document)), int rand 3) = $bits[rand @bits] for 0 .. rand 2;
	push @documents, $document;
}
psql($database, 'INSERT INTO public.document VALUES ' . join(', ', map { "($_, \$q\$$documents[$_]\$q\$)" } 0 .. $#documents));
psql($database, "SET client_min_messages = warning; INSERT INTO patternos_dw.landing_event (platform_id, visitor_id, event_type, event_timestamp, event_properties)
	SELECT 'NYKAA', 'm' || number, 'search', '2025-08-01', document FROM public.document ORDER BY number");
is(value(q{count(*) || ' ' || count(*) FILTER (WHERE public.is_object(d.document) <> (r.line IS NULL)) FROM public.document d
	LEFT JOIN patternos_dw.raw_reject r ON r.line = d.number + 1 AND r.batch_id = (SELECT max(batch_id) FROM patternos_dw.raw_batch)}), @documents . ' 0', 'mutated documents');
cmp_ok(value('rows_accepted FROM patternos_dw.raw_batch ORDER BY batch_id DESC LIMIT 1'), '>', 200, 'many of them sound');
psql($database, "DELETE FROM patternos_dw.event_anonymous WHERE platform_id = 'NYKAA'");

# who did it
is(land(map { { visitor_id => 'cookie-1', event_id => "v$_", event_timestamp => "2025-08-02 10:0$_" } } 0 .. 4), 'loaded 5 5 0 0', 'a visitor without an account');
is(counts(), '5 11', 'waits');
psql($database, "SET client_min_messages = warning; CALL patternos.resolve_identities()");
is(counts(), '5 11', 'while nobody knows the visitor');
is(land({ visitor_id => 'COOKIE-1 ', platform_customer_id => 'A3', event_id => 'v5', event_timestamp => '2025-08-02 10:05' }), 'loaded 1 1 0 0', 'the visitor logs in');
psql($database, "SET client_min_messages = warning; CALL patternos.resolve_identities()");
is(counts(), '11 6', 'the events move to the account');
is(value(q{count(*) || ' ' || count(platform_customer_id) FROM patternos_dw.fact_event JOIN patternos_dw.dim_customer_identity i USING (customer_key) WHERE i.platform_customer_id = 'A3'} =~ s/count\(platform_customer_id\)/count(fact_event.platform_customer_id)/r), '6 1', 'of who logged in');
is(land(map { { visitor_id => 'cookie-1', event_id => "v$_", event_timestamp => "2025-08-02 10:0$_" } } 3 .. 7), 'loaded 5 2 0 3', 'events that have moved are known when they come again');
psql($database, "SET client_min_messages = warning; CALL patternos.resolve_identities()");
is(counts(), '13 6', 'and move only once');
land({ visitor_id => 'cookie-1', platform_customer_id => 'A4', event_timestamp => '2025-08-03' }, { visitor_id => 'cookie-1', event_timestamp => '2025-08-03 00:01' });
psql($database, "SET client_min_messages = warning; CALL patternos.resolve_identities()");
is(counts(), '14 7', 'a device of two customers tells nothing about who');

# which are the same
is(land(map { { platform_customer_id => 'A5', event_id => 'same', page_url => "https://x.in/$_" } } 1 .. 3), 'loaded 3 1 0 2', 'of several rows with one id the first counts, for a new account');
is(land(map { { platform_customer_id => 'A5', event_id => $_ } } qw(same other same)), 'loaded 3 1 0 2', 'and for a known one');
is(land(map { { platform_customer_id => 'A6', event_id => undef } } 1 .. 2), 'loaded 2 2 0 0', 'without an id, equal rows of a file are two events');
is(land(map { { platform_customer_id => 'A6', event_id => undef } } 1 .. 3), 'loaded 3 1 0 2', 'and a longer file adds the rest');
is(land(map { { platform_customer_id => 'A7', event_id => 9876543210 + $_, session_id => 9876543210 } } 0 .. 9), 'loaded 10 10 0 0', 'ids that look like telephone numbers stay apart');
is(value(q{count(DISTINCT session_id) || ' ' || bool_and(session_id ~ '^h[0-9a-f]{64}$') FROM patternos_dw.fact_event WHERE platform_customer_id = 'A7'}), '1 true', 'as hashes');

# parked and released
psql($database, "UPDATE patternos_dw.setting SET value = '0' WHERE name = 'max_reject_share'");
is(land({ visitor_id => 'p', event_id => 'p1', ip => '49.36.12.8', event_properties => '{"mail": "a@planted.in"}' }, { event_type => '' }), 'parked 2 1 1 0', 'a parked batch');
psql($database, 'SET client_min_messages = warning; SELECT patternos.load_parked_batch(max(batch_id)) FROM patternos_dw.raw_batch');
is(value(q{string_agg(status || ' ' || rows_accepted, ', ' ORDER BY batch_id) FROM patternos_dw.raw_batch WHERE batch_id >= (SELECT max(batch_id) - 1 FROM patternos_dw.raw_batch)}),
	'released 1, loaded 1', 'is released');
is(value(q{count(*) FROM patternos_dw.event_anonymous WHERE visitor_hash = patternos.hash_identifier('device', 'p') AND ip_hash = patternos.hash_identifier('ip', '49.36.12.8')
	AND event_properties = '{"mail": "[email]"}'}), '1', 'with the hashes that it had');
is(value(q{count(*) FROM patternos_dw.changed_customer WHERE reason = 'load'}) > 0, 1, 'customers are marked as changed');
is(value(q{count(*) FROM patternos_dw.fact_event e LEFT JOIN patternos_dw.dim_time t ON t.full_date = (e.event_timestamp AT TIME ZONE 'Asia/Kolkata')::date WHERE t.date_id IS NULL}), '0', 'the calendar reaches');
done_testing();
