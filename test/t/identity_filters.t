#!/usr/bin/perl
# People known by keyed hashes and Bloom filters only are recognised as well as people known in plain text: the shipped
# model of accounts, once on what landing stored and once with the comparisons of text in place of those of filters.
use strict;
use warnings;
use lib 'test/lib';
use Test::More;
use Warehouse;

my $people = 2000;
my $database = make_database('filters');
psql($database, <<"SQL");
SET client_min_messages = warning;
INSERT INTO patternos_dw.landing_customer SELECT * FROM patternos.sample_customers($people, 11, 0.5);
-- networks of very many are no place
INSERT INTO patternos_dw.identifier_block (kind, value_hash, reason)
SELECT 'ip', int8send(ip), 'shared' FROM patternos_dw.account_feature, unnest(ip_hashes) ip GROUP BY ip HAVING count(*) > 10;
CREATE TABLE hashed AS SELECT a.*, i.platform_customer_id FROM patternos_dw.match_account a JOIN patternos_dw.dim_customer_identity i USING (identity_key);

CREATE TABLE stated AS
SELECT c.*, string_to_array(ips, ';') AS ip_list, patternos.normalize_name(name) AS full_name, patternos.parse_datetime(birth_date)::date AS born
FROM patternos.sample_customers($people, 11, 0.5) c;
CREATE TABLE plain AS
SELECT h.identity_key, split_part(full_name, ' ', 1) AS forename, CASE WHEN full_name LIKE '% %' THEN regexp_replace(full_name, '.* ', '') END AS surname,
       extract(year FROM born)::integer AS birth_year, extract(month FROM born)::integer AS birth_month, extract(day FROM born)::integer AS birth_day, born,
       patternos.normalize_address(address) AS address, lower(s.city) AS city, h.age_group, s.pincode, substring(patternos.normalize_address(address) FROM '[^ ]*[0-9][^ ]*') AS house,
       string_to_array(devices, ';') AS devices, split_part(patternos.normalize_email(email), '\@', 1) AS email_user,
       patternos.phonetic_key(split_part(full_name, ' ', 1)) AS forename_phonetic, patternos.phonetic_key(regexp_replace(full_name, '.* ', '')) AS surname_phonetic,
       (SELECT array_agg(p) FROM (SELECT unnest(ip_list) EXCEPT SELECT ip FROM stated o, unnest(o.ip_list) ip GROUP BY ip HAVING count(*) > 10
                                  UNION SELECT patternos.normalize_address(address)) x (p) WHERE p IS NOT NULL) AS place
FROM stated s JOIN hashed h USING (platform_id, platform_customer_id);
CREATE TABLE truth AS SELECT h.identity_key, t.person FROM patternos.sample_truth_accounts($people, 11, 0.5) t JOIN hashed h USING (platform_id, platform_customer_id);

CREATE FUNCTION text_model(document jsonb) RETURNS jsonb LANGUAGE sql AS \$\$
    SELECT jsonb_set(jsonb_set(jsonb_set(document, '{columns}', '[{"column": "forename", "kind": "name"}, {"column": "surname", "kind": "name"},
        {"column": "birth_year", "kind": "exact"}, {"column": "birth_month", "kind": "exact"}, {"column": "birth_day", "kind": "exact"}, {"column": "place", "kind": "set"},
        {"column": "address", "kind": "text"}, {"column": "city", "kind": "exact"}, {"column": "age_group", "kind": "exact"}, {"column": "devices", "kind": "set"},
        {"column": "email_user", "kind": "exact"}]'),
        '{blocking}', '["devices", "place", "email_user", "born, forename_phonetic", "born, surname_phonetic", "surname_phonetic, house, pincode"]'),
        '{comparisons}', (SELECT jsonb_agg(CASE c ->> 'name'
            WHEN 'name' THEN jsonb_set(jsonb_set(jsonb_set(jsonb_set(jsonb_set(jsonb_set(c, '{kind}', '"full_name"'), '{columns}', '["forename", "surname"]'),
                                                 '{levels,2,threshold}', '0.92'), '{levels,3,threshold}', '0.88'), '{levels,4,threshold}', '0.8'), '{levels,5,threshold}', '0.8')
            WHEN 'birth_date' THEN jsonb_set(c, '{columns}', '["birth_year", "birth_month", "birth_day"]')
            WHEN 'place' THEN jsonb_set(c, '{columns}', '["place"]')
            WHEN 'address' THEN jsonb_set(jsonb_set(c, '{kind}', '"text"'), '{columns}', '["address"]')
            WHEN 'device' THEN jsonb_set(c, '{columns}', '["devices"]')
            WHEN 'email_user' THEN jsonb_set(c, '{columns}', '["email_user"]') ELSE c END ORDER BY n)
            FROM jsonb_array_elements(document -> 'comparisons') WITH ORDINALITY e (c, n))) - 'relation'
\$\$;
SELECT patternos.predict_matches(patternos._default_account_model(), 'hashed', 0.9, 'hashed_edge');
SELECT patternos.predict_matches(text_model(patternos._default_account_model()), 'plain', 0.9, 'plain_edge');
SQL

# precision, recall and F1 over pairs, of the groups that the edges make
sub quality
{
	my ($edges) = @_;
	return split /\|/, psql($database, <<"SQL");
	WITH grp AS (
	    SELECT t.person, coalesce(g.component, t.identity_key) AS grp
	    FROM truth t LEFT JOIN patternos.connected_components('SELECT unique_id_l, unique_id_r FROM $edges') g ON g.node = t.identity_key
	), pairs AS (
	    SELECT (SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM grp GROUP BY grp) x) AS linked,
	           (SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM grp GROUP BY person) x) AS same,
	           (SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM grp GROUP BY grp, person) x) AS found
	)
	SELECT round(found / linked, 4), round(found / same, 4), round(2 * found / (linked + same), 4) FROM pairs
SQL
}
my @hashed = quality('hashed_edge');
my @plain = quality('plain_edge');
diag("likeness alone, precision recall F1: plain text @plain, filters @hashed");
cmp_ok($hashed[0], '>=', 0.97, 'few strangers look alike through filters');
cmp_ok($hashed[2], '>=', $plain[2] - 0.01, 'filters are within .01 F1 of plain text');
cmp_ok($plain[2], '>=', 0.8, 'and plain text is no straw man');

# what the warehouse keeps of a person can be read by nobody
is(psql($database, <<'SQL'), '0', 'nothing of a name or an address stands in what is compared');
SELECT count(*)
FROM hashed h
JOIN stated s USING (platform_id, platform_customer_id)
CROSS JOIN LATERAL (SELECT string_agg(value, ' ') AS content FROM jsonb_each_text(to_jsonb(h) - '{city,state,platform_id,platform_customer_id}'::text[])) v
CROSS JOIN LATERAL regexp_split_to_table(s.name || ' ' || coalesce(s.address, ''), '[^[:alpha:]]+') word
-- hexadecimal digits may happen to spell a short word
WHERE length(word) > 3 AND word ~* '[g-z]' AND v.content ILIKE '%' || word || '%' OR length(replace(s.phone, '0', '')) > 4 AND v.content LIKE '%' || s.phone || '%'
SQL
done_testing();
