#!/usr/bin/perl
# Accuracy of whole runs on public labelled data: nothing is said but the name of the key, the truth is in a table that matching never sees.
use strict;
use warnings;
use Test::More;
use File::Spec;
use lib 'test/lib';
use Warehouse;

my $shared = $ENV{PATTERNOS_SHARED_DATA} // '../shared/data';
plan skip_all => "no labelled data in $shared" unless -d "$shared/febrl" && -d "$shared/splink";
$shared = File::Spec->rel2abs($shared);

my $database = make_database('patternos_match_accuracy');

# Loads a file; key is the expression that numbers the records, truth the one that names the person.
sub load
{
	my ($name, $source, $columns, $key, $truth, @hidden) = @_;
	my $visible = join ', ', grep { my $c = $_; !grep { $_ eq $c } @hidden } split / /, $columns;
	psql($database, 'CREATE TABLE raw (' . join(', ', map { "$_ text" } split / /, $columns) . ");\n"
		  . "\\copy raw FROM $source WITH (FORMAT csv, HEADER)\n"
		  . "CREATE TABLE $name AS SELECT row_number() OVER (ORDER BY $key) AS record, $visible FROM raw;\n"
		  . "CREATE TABLE ${name}_truth AS SELECT row_number() OVER (ORDER BY $key) AS record, $truth AS person FROM raw;\n"
		  . "DROP TABLE raw;\n");
}

# F1 of the pairs in common clusters, and B3.
sub cluster_scores
{
	my ($clusters, $truth) = @_;
	return split /\|/, psql($database, <<"SQL");
WITH s AS (SELECT c.cluster_id AS k, t.person AS p FROM $clusters AS c JOIN $truth AS t ON t.record = c.unique_id),
n AS (SELECT (SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM s GROUP BY p) AS x) AS t,
             (SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM s GROUP BY k) AS x) AS f,
             (SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM s GROUP BY k, p) AS x) AS b),
c AS (SELECT k, p, count(*) AS n, sum(count(*)) OVER (PARTITION BY k) AS nk, sum(count(*)) OVER (PARTITION BY p) AS np FROM s GROUP BY k, p),
b3 AS (SELECT sum(n * n / nk) / sum(n) AS p, sum(n * n / np) / sum(n) AS r FROM c)
SELECT round(2 * b / (t + f), 4), round(2 * b3.p * b3.r / (b3.p + b3.r), 4) FROM n, b3;
SQL
}

# Best F1 of the edges over all thresholds, and F1 at probability 0.9.
sub edge_scores
{
	my ($edges, $truth) = @_;
	return split /\|/, psql($database, <<"SQL");
WITH t AS (SELECT sum(n * (n - 1) / 2) AS t FROM (SELECT count(*) AS n FROM $truth GROUP BY person) AS x),
e AS (SELECT match_weight AS w, match_probability AS p, (x.person = y.person)::integer AS right_pair
      FROM $edges JOIN $truth AS x ON x.record = unique_id_l JOIN $truth AS y ON y.record = unique_id_r),
g AS (SELECT p, 2 * sum(right_pair) OVER o / (t + count(*) OVER o) AS f1 FROM e, t WINDOW o AS (ORDER BY w DESC RANGE UNBOUNDED PRECEDING))
SELECT round(max(f1), 4), round((array_agg(f1 ORDER BY p) FILTER (WHERE p >= 0.9))[1], 4) FROM g;
SQL
}

# Runs it all; the goals are F1 and B3 of the clusters, best F1 of the edges and F1 at 0.9.
sub check
{
	my ($name, $f1, $b3, $best, $sure) = @_;
	psql($database, "SELECT patternos.dedupe('$name', '{\"unique_id\": \"record\"}', '${name}_people');\n");
	my @clusters = cluster_scores("${name}_people", "${name}_truth");
	cmp_ok($clusters[0], '>=', $f1, "$name: F1 of the clusters at 0.9 is $clusters[0]");
	cmp_ok($clusters[1], '>=', $b3, "$name: B3 of the clusters at 0.9 is $clusters[1]");
	return unless defined $best;
	psql($database, "SELECT patternos.predict_matches(patternos._train(jsonb_build_object('unique_id', 'record'), '$name', 'public'), '$name', 0.00001, '${name}_edges');\n");
	my @edges = edge_scores("${name}_edges", "${name}_truth");
	cmp_ok($edges[0], '>=', $best, "$name: best F1 of the edges is $edges[0]");
	cmp_ok($edges[1], '>=', $sure, "$name: F1 of the edges at 0.9 is $edges[1]");
}

# The Senzing truth set: three lists of persons and firms in one view, which puts together the parts of a name or an address, as a user of
# such lists would. One run, the same defaults; which pairs differ from the truth is printed.
sub check_senzing
{
	my ($least) = @_;
	my (%columns, %seen, @all);
	for my $list (qw(customers reference watchlist))
	{
		open my $file, '<', "$shared/senzing/$list.csv" or die "$list.csv: $!";
		chomp(my $head = lc <$file>);
		$head =~ s/\r//;
		$columns{$list} = [ split /,/, $head ];
		push @all, grep { !$seen{$_}++ } @{ $columns{$list} };
	}
	my $script = 'CREATE TABLE senzing_raw (' . join(', ', map { "$_ text" } @all) . ");\n"
	  . "CREATE TABLE senzing_key (test_group text, person text, list text, record integer);\n"
	  . "\\copy senzing_key FROM '$shared/senzing/actual_truthset_key.csv' WITH (FORMAT csv, HEADER)\n";
	$script .= "\\copy senzing_raw (" . join(', ', @{ $columns{$_} }) . ") FROM '$shared/senzing/$_.csv' WITH (FORMAT csv, HEADER)\n"
	  for sort keys %columns;
	psql($database, $script . <<'SQL');
CREATE VIEW senzing AS
SELECT record_id::integer AS record,
       coalesce(nullif(concat_ws(' ', primary_name_first, primary_name_middle, primary_name_last), ''), primary_name_full, primary_name_org, native_name_full) AS full_name,
       date_of_birth, gender,
       nullif(concat_ws(', ', coalesce(addr_full, addr_line1), addr_city, addr_state, addr_postal_code, addr_country), '') AS address,
       phone_number AS phone, email_address AS email, passport_number, drivers_license_number AS drivers_license, ssn_number AS ssn,
       national_id_number AS national_id, tax_id_number AS tax_id
FROM senzing_raw;
CREATE TABLE senzing_truth AS SELECT record, person FROM senzing_key;
SELECT patternos.dedupe('senzing', '{"unique_id": "record"}', 'senzing_people');
SQL
	my ($f1, $b3) = cluster_scores('senzing_people', 'senzing_truth');
	cmp_ok($f1, '>=', $least, "senzing: F1 of the clusters at 0.9 is $f1, B3 $b3");
	my $pairs = psql($database, <<'SQL');
SELECT CASE WHEN x.person = y.person THEN 'missed' ELSE 'wrong' END || ': ' || string_agg(a.unique_id || '-' || b.unique_id, ' ' ORDER BY a.unique_id, b.unique_id)
FROM senzing_people AS a JOIN senzing_people AS b ON a.unique_id < b.unique_id
JOIN senzing_truth AS x ON x.record = a.unique_id JOIN senzing_truth AS y ON y.record = b.unique_id
WHERE (a.cluster_id = b.cluster_id) <> (x.person = y.person) GROUP BY x.person = y.person ORDER BY 1
SQL
	diag("senzing, pairs that differ from the truth:\n$pairs");
}


my $febrl = 'rec_id given_name surname street_number address_1 address_2 suburb postcode state date_of_birth soc_sec_id';
load("febrl$_", "'$shared/febrl/dataset$_.csv'", $febrl, 'md5(rec_id)', "substring(rec_id FROM 'rec-([0-9]+)')", 'rec_id') for 1 .. 3;
load('fake', "'$shared/splink/fake_1000.csv'", 'unique_id first_name surname dob city email cluster', 'md5(unique_id)', 'cluster', 'unique_id', 'cluster');
load('historical', "PROGRAM 'gzip -dc $shared/splink/historical_50k.csv.gz'",
	'unique_id cluster full_name first_and_surname first_name surname dob birth_place postcode_fake gender occupation',
	'md5(unique_id)', 'cluster', 'unique_id', 'cluster');

check('febrl1', 1, 1, 1, 1);
check('febrl2', 0.9977, 0.9977, 0.9977, 0.9977);
check('febrl3', 0.9954, 0.9954, 0.9954, 0.9885);
check('fake', 0.9114, 0.9114, 0.9114, 0.749);
check('historical', 0.9, 0.9);
SKIP:
{
	skip "no truth set in $shared/senzing", 1 unless -d "$shared/senzing";
	check_senzing(0.9);
}
done_testing();
