#!/usr/bin/perl
# landing_customer: identifiers, profiles and consents of accounts, whatever comes and in whatever order.
use strict;
use warnings;
use lib 'test/lib';
use Digest::SHA qw(sha256_hex);
use Test::More;
use Warehouse;

my $database = make_database('patternos_landing_customer');
my $quiet = "SET client_min_messages = warning;\n";

# Loads rows given as hashes of columns; returns status and counts of their batch.
sub land
{
	my (@rows) = @_;
	my %columns = map { map { $_ => 1 } keys %$_ } @rows;
	my @columns = sort keys %columns;
	my $values = join ', ', map { my $row = $_; '(' . join(', ', map { defined $row->{$_} ? "'" . $row->{$_} =~ s/'/''/gr . "'" : 'NULL' } @columns) . ')' } @rows;
	psql($database, "${quiet}INSERT INTO patternos_dw.landing_customer (@{[join ', ', @columns]}) VALUES $values");
	return psql($database, q{SELECT concat_ws(' ', status, rows_total, rows_accepted, rows_rejected, rows_duplicate, values_refused)
		FROM patternos_dw.raw_batch ORDER BY batch_id DESC LIMIT 1});
}

sub resolve { psql($database, "${quiet}CALL patternos.resolve_identities()") }
sub value { return psql($database, "SELECT $_[0]") }

# The customer of an account.
sub customer { return psql($database, "SELECT customer_key FROM patternos_dw.dim_customer_identity WHERE platform_customer_id = '$_[0]'") }

# All identifiers: devices and IP addresses are features.
my $held = q{SELECT identity_key, kind, value_key FROM patternos_dw.account_identifier
	UNION ALL SELECT identity_key, 'device', unnest(device_hashes) FROM patternos_dw.account_feature
	UNION ALL SELECT identity_key, 'ip', unnest(ip_hashes) FROM patternos_dw.account_feature};

# Kinds of an account's identifiers, as often as it has them.
sub kinds
{
	return psql($database, "SELECT coalesce(string_agg(kind, ' ' ORDER BY kind), '') FROM ($held) h
		JOIN patternos_dw.dim_customer_identity USING (identity_key) WHERE platform_customer_id = '$_[0]'");
}

# Whether the account holds the hash of a value.
sub holds
{
	my ($account, $kind, $value, $stored) = @_;
	return psql($database, "SELECT count(*) FROM ($held) h JOIN patternos_dw.dim_customer_identity USING (identity_key)
		WHERE platform_customer_id = '$account' AND kind = '@{[$stored // $kind]}' AND value_key = patternos._value_key(patternos.hash_identifier('$kind', '$value'))");
}

my %asha = (platform_id => 'ZEPTO', platform_customer_id => 'Z1', name => 'Asha Verma', email => 'Asha.Verma@gmail.com',
	phone => '098390 13341', birth_date => '1990-05-04', gender => 'F', address => '12 MG Road, Pune', city => 'Pune',
	state => 'Maharashtra', pincode => '411001', loyalty_id => 'LP-77', devices => 'd-1;d-2; d-1', ips => '49.36.10.7;2405:201:1::5',
	consent_marketing => 'Yes', consent_personalization => 'Yes', consent_sharing => 'No', updated_at => '2025-05-03 10:00:00');

is(land(\%asha), 'loaded 1 1 0 0 0', 'an account lands');
is(kinds('Z1'), 'device device email ip ip loyalty_id mobile name_address_dob', 'with all its identifiers, each once');
is(holds('Z1', 'email', 'ashaverma@gmail.com'), 1, 'e-mail');
is(holds('Z1', 'mobile', '+919839013341'), 1, 'phone');
is(holds('Z1', 'loyalty_id', 'ZEPTO:lp-77'), 1, 'loyalty id within the platform');
is(holds('Z1', 'name_address_dob', 'VERMA, Asha|12 MG Road, Pune|04 May 1990') || holds('Z1', 'name_address_dob', 'asha verma|12 MG Road, Pune|1990-05-04'), 1,
	'name, address and birth date together');
is(holds('Z1', 'ip', '2405:201:1:0::5'), 1, 'IP address');
is(value("concat_ws(' ', p.age_group, p.gender, p.state, p.city, p.pincode) FROM patternos_dw.account_profile p"),
	'25-34 female Maharashtra Pune 411001', 'the age band is that of the row, a day before the birthday');
is(value("concat_ws(' ', consent_marketing, consent_personalization, consent_sharing) FROM patternos_dw.dim_customer"), 't t f', 'consents hold at once');
is(value('patternos._rebuild_customers(NULL)'), 0, 'the customer is as a rebuild would make it');
is(value('payload FROM patternos_dw.raw_record'), '{"ips": "[ip]", "city": "Pune", "name": "[name]", "email": "[email]", "phone": "[mobile]", '
	. '"state": "Maharashtra", "gender": "female", "address": "[address]", "devices": "[device]", "pincode": "411001", '
	. '"birth_date": "[birth_date]", "loyalty_id": "[loyalty_id]", "updated_at": "2025-05-03 10:00:00", "platform_id": "ZEPTO", '
	. '"email_sha256": null, "mobile_sha256": null, "consent_sharing": "No", "consent_marketing": "Yes", '
	. '"platform_customer_id": "Z1", "consent_personalization": "Yes"}', 'the payload holds kinds only');

# again, older, newer
resolve();
my $before = contents($database, q{AND c.relname NOT IN ('raw_batch', 'pipeline_run', 'account_profile')});
is(land(\%asha), 'loaded 1 0 0 1 0', 'the same row adds nothing');
is(land({ %asha, devices => 'd-2;D-1' }, { %asha, devices => 'd-2;D-1' }), 'loaded 2 0 0 2 0', 'nor does it in another spelling');
is(land({ %asha, email => 'other@example.in', phone => undef, gender => 'M', updated_at => '2025-05-02',
	consent_marketing => undef, consent_personalization => undef, consent_sharing => undef }), 'loaded 1 0 0 1 0', 'nor does an older one');
is(contents($database, q{AND c.relname NOT IN ('raw_batch', 'pipeline_run', 'account_profile')}), $before, 'all is as it was');
is(value("concat_ws(' ', p.age_group, p.gender, p.state, p.city, p.pincode, p.first_seen AT TIME ZONE 'Asia/Kolkata') FROM patternos_dw.account_profile p"),
	'25-34 female Maharashtra Pune 411001 2025-05-02 00:00:00', 'save that the account was seen earlier');
is(land({ %asha, updated_at => '2025-05-03 11:00' }), 'loaded 1 1 0 0 0', 'a newer row with the same content is accepted');
is(value('count(*) FROM patternos_dw.changed_account'), 0, 'but changes no account');
is(land({ %asha, email => 'asha@work.in', loyalty_id => undef, updated_at => '2025-06-02' }), 'loaded 1 1 0 0 0', 'a correction');
is(kinds('Z1'), 'device device email ip ip mobile name_address_dob', 'takes the place of the old values');
is(holds('Z1', 'email', 'asha@work.in'), 1, 'with the new address');
is(value('count(*) FROM patternos_dw.changed_account'), 1, 'and changes the account');
is(land(\%asha), 'loaded 1 0 0 1 0', 'the first row again adds nothing');
is(holds('Z1', 'email', 'asha@work.in'), 1, 'and brings nothing back');

# consent
sub consents { return value("concat_ws(' ', consent_marketing, consent_personalization, consent_sharing) FROM patternos_dw.dim_customer WHERE customer_key = @{[customer($_[0])]}") }
psql($database, "INSERT INTO patternos_dw.intent_serving (customer_key, intent_score, intent_level, intent_percentile, model_version, as_of, is_servable)
	VALUES (@{[customer('Z1')]}, 0.8, 'high', 90, 'x', '2025-06-01', true)");
land({ %asha, email => 'asha@work.in', consent_marketing => 'No', updated_at => '2025-06-03' });
is(consents('Z1'), 'f t f', 'a withdrawal');
is(value('is_servable FROM patternos_dw.intent_serving'), 'f', 'is seen at once where scores are served');
land({ %asha, email => 'asha@work.in', consent_marketing => 'yes', consent_personalization => undef, updated_at => '2025-06-04' });
is(consents('Z1') . value('is_servable FROM patternos_dw.intent_serving'), 't t ft', 'and so is consent; who is not asked keeps the answer');
is(land({ platform_id => 'ZEPTO', platform_customer_id => 'Z1', consent_personalization => 'No', updated_at => '2025-06-03 12:00' }), 'loaded 1 1 0 0 0', 'an older row');
is(consents('Z1') . value('is_servable FROM patternos_dw.intent_serving'), 't f ff', 'withdraws what no newer row grants');
is(kinds('Z1'), 'device device email ip ip loyalty_id mobile name_address_dob', 'and takes no identifier away');
land({ %asha, consent_sharing => 'Yes', updated_at => '2025-07-01' }, { %asha, consent_sharing => 'No', updated_at => '2025-07-01' }, { %asha, consent_sharing => 'Yes', updated_at => '2025-07-01' });
is(consents('Z1'), 't t f', 'of two statements of one moment the refusal counts');

# other platforms, prehashed values
my $hash = sha256_hex('ashaverma@gmail.com');
is(land({ platform_id => 'nykaa', platform_customer_id => 'N1', email_sha256 => uc $hash, mobile_sha256 => sha256_hex('+919839013341') },
	{ platform_id => 'AMAZON', platform_customer_id => 'A1', email => 'ashaverma+x@gmail.com', email_sha256 => $hash, loyalty_id => 'LP-77' },
	{ platform_id => 'SWIGGY', platform_customer_id => 'S1', phone => '9839000000', email => 'na@na.com' }), 'loaded 3 3 0 0 1', 'accounts elsewhere');
is(kinds('N1') . ', ' . kinds('A1'), 'email mobile, email loyalty_id', 'a hashed value equals the plain one');
is(holds('N1', 'email', 'asha.verma@gmail.com') + holds('A1', 'loyalty_id', 'AMAZON:LP-77'), 2, 'and so do the stored hashes');
is(value("concat_ws(' ', column_name, reason_code, value_length, row_rejected) FROM patternos_dw.raw_reject WHERE line = 3 ORDER BY batch_id DESC LIMIT 1"),
	'email placeholder 9 f', 'a placeholder is noted, its row lands');

# two accounts with one address are one customer, with all they bought, until one of them gives it up
psql($database, "${quiet}INSERT INTO patternos_dw.landing_nykaa (customer_id, date_of_order, order_value) VALUES ('N1', '2025-06-01 10:00', '500');
	INSERT INTO patternos_dw.landing_zepto (customer_id, date_of_order, order_value) VALUES ('Z1', '2025-06-01 11:00', '300')");
resolve();
is(customer('N1') . ' ' . customer('A1'), customer('Z1') . ' ' . customer('Z1'), 'accounts with one address are merged');
isnt(customer('S1'), customer('Z1'), 'others are not');
is(value("concat_ws(' ', count(*), sum(total_value)) FROM patternos_dw.fact_transaction WHERE customer_key = " . customer('Z1')), '2 800.00', 'orders follow');
my $merged = customer('Z1');
is(land({ %asha, email => undef, phone => undef, updated_at => '2025-08-01' }), 'loaded 1 1 0 0 0', 'an account that gives address and phone up');
resolve();
isnt(customer('Z1'), customer('N1'), 'is split off');
is(customer('N1'), customer('A1'), 'the others stay together');
is(value("string_agg(platform_id || total_value, ' ' ORDER BY platform_id) FROM patternos_dw.fact_transaction WHERE customer_key = " . customer('Z1')), 'ZEPTO300.00', 'orders go with their account');
is(value('coalesce(sum(orphans), 0) FROM patternos.check_relationships()'), 0, 'no orphans');

# hostile rows: what is rejected, what is refused
sub reasons
{
	my (%row) = @_;
	land({ platform_id => 'ZEPTO', platform_customer_id => "H" . value('count(*) FROM patternos_dw.raw_batch'), %row }, map { +{ platform_id => 'ZEPTO', platform_customer_id => "F$_" } } 1 .. 9);
	return psql($database, q{SELECT coalesce(string_agg(concat_ws(' ', column_name, reason_code, row_rejected), ', ' ORDER BY column_name), '') FROM patternos_dw.raw_reject
		WHERE batch_id = (SELECT max(batch_id) FROM patternos_dw.raw_batch)});
}
is(reasons(platform_id => undef), 'platform_id missing t', 'no platform');
is(reasons(platform_id => 'FLIPKART'), 'platform_id bad_value t', 'unknown platform');
is(reasons(platform_id => 'ALL'), 'platform_id bad_value t', 'ALL is none');
is(reasons(platform_customer_id => '  '), 'platform_customer_id missing t', 'no account');
is(reasons(updated_at => '2999-01-01'), 'updated_at future_date t', 'a row from the future');
is(reasons(updated_at => '01/02/2025'), 'updated_at bad_date t', 'an ambiguous time');
is(reasons(consent_marketing => 'perhaps'), 'consent_marketing bad_flag t', 'a consent that cannot be read');
is(reasons(gender => 'x', pincode => '12'), 'gender bad_value t, pincode bad_pincode t', 'profile values');
is(reasons(email => 'nobody', phone => '12', birth_date => '1990-02-30'), 'birth_date bad_date f, email bad_email f, phone bad_phone f', 'malformed identifiers');
is(reasons(email => 'test@test.com', phone => '9999999999', name => 'test', ips => '127.0.0.1;49.36.10.7'),
	'email placeholder f, ips placeholder f, name placeholder f, phone placeholder f', 'placeholders');
is(reasons(birth_date => '2024-12-31', updated_at => '2024-01-01'), 'birth_date future_date f', 'born after the row');
is(reasons(birth_date => '1860-01-01'), 'birth_date out_of_range f', 'too old');
is(reasons(email_sha256 => 'abc', mobile_sha256 => 'z' x 64), 'email_sha256 bad_hash f, mobile_sha256 bad_hash f', 'hashes that are none');
is(reasons(devices => join(';', map { "dev$_" } 1 .. 150)), 'devices too_long f', 'more devices than anybody has');
is(reasons(devices => ';;;', ips => ' ', email => '', name => 'x' x 100000, address => "a\x01b"), 'address control_character f, name too_long f', 'empty lists, long and odd texts');
is(value(q{count(*) FROM patternos_dw.raw_batch WHERE rows_accepted + rows_rejected + rows_duplicate + rows_suppressed <> rows_total}), 0, 'counts add up');

sub features
{
	my ($account) = @_;
	return value("to_jsonb(f) - 'identity_key' FROM patternos_dw.account_feature f JOIN patternos_dw.dim_customer_identity USING (identity_key) WHERE platform_customer_id = '$account'");
}

# a parked batch keeps what it needs to be loaded
my %ravi = (%asha, platform_id => 'CHUMBAK', platform_customer_id => 'C1', name => 'Ravi Iyer', email => 'ravi@iyer.in', phone => '9839013399');
is(land(\%ravi, { platform_id => 'X' }), 'parked 2 1 1 0 0', 'a batch is parked');
is(kinds('C1'), '', 'nothing is loaded');
unlike(value("regexp_replace(payload::text, '[fh][0-9a-f]{64,}', '', 'g') FROM patternos_dw.raw_record WHERE platform_customer_id = 'C1'"), qr/ravi|98390|1990|MG/i, 'nothing personal is kept');
psql($database, "${quiet}SELECT patternos.load_parked_batch(max(batch_id)) FROM patternos_dw.raw_batch");
is(kinds('C1'), 'device device email ip ip loyalty_id mobile name_address_dob', 'released, it has all identifiers');
is(holds('C1', 'email', 'ravi@iyer.in') + holds('C1', 'loyalty_id', 'CHUMBAK:LP-77') + holds('C1', 'name_address_dob', 'ravi iyer|12 MG Road, Pune|1990-05-04'), 3, 'the right ones');
is(value("p.age_group FROM patternos_dw.account_profile p JOIN patternos_dw.dim_customer_identity USING (identity_key) WHERE platform_customer_id = 'C1'"), '25-34', 'and the age band');
is(value("payload ->> 'email' FROM patternos_dw.raw_record WHERE platform_customer_id = 'C1'"), '[email]', 'its record holds kinds only');
is(land({ %ravi, platform_customer_id => 'C2' }), 'loaded 1 1 0 0 0', 'the same person, not parked');
is(features('C2'), features('C1'), 'has the same features');

# a token that somebody made up does no harm
land({ %ravi, platform_customer_id => 'C4', address => 'f' . 'f' x (2 * 432) });
is(value("num_nonnulls(forename_bloom, surname_bloom, address_bloom) FROM patternos_dw.account_feature JOIN patternos_dw.dim_customer_identity USING (identity_key) WHERE platform_customer_id = 'C4'"), 0, 'filters that contradict themselves are left out');

# features: equal parts have equal hashes, whichever place they stand in; others have others
land({ %ravi, platform_customer_id => 'C3', name => 'Iyer Ravi', birth_date => '1991-04-05', email => 'ravi@other.in', phone => '9739013399', address => 'Flat 12, MG Road, Pune' });
sub same { my ($what) = @_; return value("$what FROM (SELECT f.* FROM patternos_dw.account_feature f JOIN patternos_dw.dim_customer_identity USING (identity_key) WHERE platform_customer_id = 'C2') a,
	(SELECT f.* FROM patternos_dw.account_feature f JOIN patternos_dw.dim_customer_identity USING (identity_key) WHERE platform_customer_id = 'C3') b"); }
is(same('a.name_hash = b.name_hash AND a.forename_hash = b.surname_hash AND a.surname_phonetic_hash = b.forename_phonetic_hash AND a.forename_bloom = b.surname_bloom'), 't', 'names in another order');
is(same('a.birth_day_hash = b.birth_month_hash AND a.birth_month_hash = b.birth_day_hash AND a.birth_date_hash <> b.birth_date_hash AND a.birth_year_hash <> b.birth_year_hash'), 't', 'day and month swapped');
is(same('cardinality(ARRAY(SELECT unnest(a.birth_year_hashes) INTERSECT SELECT unnest(b.birth_year_hashes)))'), 2, 'years one apart share two of three');
is(same('a.email_user_hash = b.email_user_hash AND a.email_hash <> b.email_hash AND a.mobile_last7_hash = b.mobile_last7_hash AND a.mobile_hash <> b.mobile_hash'), 't', 'contacts alike');
is(same('a.house_hash = b.house_hash AND a.address_hash <> b.address_hash AND a.address_bloom <> b.address_bloom'), 't', 'addresses alike');
is(same('a.pincode_area_hash = b.pincode_area_hash'), 't', 'area of the PIN code');
is(same('a.email_hash = patternos._value_key(patternos.hash_identifier(\'email\', \'ravi@iyer.in\')) AND a.address_hash = patternos._value_key(patternos.hash_identifier(\'address\', \'12 MG Road, Pune\'))'), 't', 'hashes as hash_identifier() makes them');
is(same('a.device_hashes = ARRAY(SELECT patternos._value_key(patternos.hash_identifier(\'device\', d)) AS k FROM unnest(\'{d-1,d-2}\'::text[]) d ORDER BY k) AND a.observed_device_hashes IS NULL'), 't', 'devices');
is(value('count(*) FROM patternos_dw.account_identifier WHERE value_key IS DISTINCT FROM patternos._value_key(value_hash)') . value(q{bool_and(value_key = ('x' || encode(substr(value_hash, 1, 8), 'hex'))::bit(64)::bigint) FROM patternos_dw.account_identifier}), '0t', 'value_key is what the table would generate');
is(value(q{bool_and(global_customer_id = 'GLOBAL' || lpad(customer_key::text, 6, '0')) FROM patternos_dw.dim_customer}) . value(q{bool_and(identity_id = 'ID' || lpad(identity_key::text, 8, '0')) FROM patternos_dw.dim_customer_identity}), 'tt', 'ids too');

# the rows of generated accounts, all at once, one by one in another order, or in halves: the same accounts
my %results;
for my $way ('at once', 'in halves, the newer first', 'in pieces')
{
	my $copy = make_database('patternos_landing_customer_2');
	my $rows = "(SELECT * FROM patternos.sample_customers(150) UNION ALL
		SELECT platform_id, platform_customer_id, name, lower(reverse(email)), phone, birth_date, gender, address, city, state, pincode, NULL, devices, NULL,
			consent_sharing, NULL, consent_marketing, NULL, NULL, to_char(updated_at::timestamp + interval '1 day', 'YYYY-MM-DD HH24:MI:SS') FROM patternos.sample_customers(80)) r";
	my @parts = $way eq 'at once' ? ("ORDER BY md5(r::text)") : $way eq 'in pieces'
	  ? map { "WHERE abs(hashtext(r::text)) % 7 = $_ ORDER BY updated_at" } 0 .. 6
	  : ("WHERE updated_at >= '2023-06-01' ORDER BY md5(r::text)", "WHERE updated_at < '2023-06-01'");
	psql($copy, "${quiet}INSERT INTO patternos_dw.landing_customer SELECT * FROM $rows $_") for @parts;
	is(psql($copy, 'SELECT patternos._rebuild_customers(NULL)'), 0, "loaded $way: customers as a rebuild makes them") if $way eq 'at once';
	psql($copy, "${quiet}CALL patternos.resolve_identities()");
	$results{$way} = psql($copy, q{
		SELECT 'identifier', platform_id, platform_customer_id, kind, value_hash::text, NULL FROM patternos_dw.account_identifier JOIN patternos_dw.dim_customer_identity USING (identity_key)
		UNION ALL SELECT 'consent', platform_id, platform_customer_id, (marketing, personalization, sharing)::text, NULL, occurred_at::text FROM patternos_dw.account_consent JOIN patternos_dw.dim_customer_identity USING (identity_key)
		UNION ALL SELECT 'feature', platform_id, platform_customer_id, (to_jsonb(f) - 'identity_key')::text, NULL, NULL FROM patternos_dw.account_feature f JOIN patternos_dw.dim_customer_identity USING (identity_key)
		UNION ALL SELECT 'profile', platform_id, platform_customer_id, age_group, gender, concat_ws(',', state, city, pincode, first_seen, last_seen) FROM patternos_dw.account_profile JOIN patternos_dw.dim_customer_identity USING (identity_key)
		UNION ALL SELECT 'customer', i.platform_id, i.platform_customer_id, first.platform_customer_id, NULL, concat_ws(',', c.consent_marketing, c.consent_personalization, c.consent_sharing, c.gender, c.primary_city)
			FROM patternos_dw.dim_customer_identity i JOIN patternos_dw.dim_customer c USING (customer_key)
			CROSS JOIN LATERAL (SELECT platform_customer_id FROM patternos_dw.dim_customer_identity f WHERE f.customer_key = i.customer_key ORDER BY 1 LIMIT 1) first
		ORDER BY 1, 2, 3, 4, 5, 6});
}
cmp_ok(length $results{'at once'}, '>', 100000, 'many rows to compare');
is($results{$_} eq $results{'at once'}, 1, "loaded $_: the same") for sort keys %results;
is(psql($database, 'SELECT 1'), 1, 'the server is alive');
done_testing();
