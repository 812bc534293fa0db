#!/usr/bin/perl
# A warehouse survives pg_dump in every format, with what its user added to it.
use strict;
use warnings;
use lib 'test/lib';
use Test::More;
use Warehouse;

my $source = make_database('patternos_dump');
fill($source);
psql('postgres', 'DROP ROLE IF EXISTS regress_analyst; CREATE ROLE regress_analyst');
psql($source, <<'SQL');
CREATE INDEX my_index ON patternos_dw.fact_transaction (payment_mode);
ALTER TABLE patternos_dw.dim_customer ADD COLUMN crm_id text;
UPDATE patternos_dw.dim_customer SET crm_id = 'C' || customer_key WHERE customer_key % 10 = 0;
ALTER TABLE patternos_dw.dim_customer ENABLE ROW LEVEL SECURITY;
CREATE POLICY only_consented ON patternos_dw.dim_customer FOR SELECT TO regress_analyst USING (consent_marketing);
GRANT USAGE ON SCHEMA patternos_dw TO regress_analyst;
GRANT SELECT ON patternos_dw.dim_customer, patternos_dw.feat_customer_rfm_latest TO regress_analyst;
GRANT SELECT (customer_key, total_value) ON patternos_dw.fact_transaction TO regress_analyst;
CREATE STATISTICS patternos_dw.my_statistics ON platform_id, payment_mode FROM patternos_dw.fact_transaction;
ALTER TABLE patternos_dw.dim_sku ADD CONSTRAINT my_check CHECK (sku_id <> '');
COMMENT ON TABLE patternos_dw.dim_platform IS 'my own words';
CREATE VIEW public.my_view AS SELECT customer_key, rfm_score FROM patternos_dw.feat_customer_rfm_latest;
SQL
my ($contents, $schema) = (contents($source), schema($source));
cmp_ok((() = $contents =~ /^\S+ [1-9]/mg), '>', 15, 'many tables hold rows');
like($schema, qr/CREATE POLICY only_consented/, 'the schema has the policy');

my $dir = "/tmp/patternos_dump.$$";
mkdir $dir or die;
my %restore = (
	plain => sub { my ($to) = @_;
		system("pg_dump -d $source -f $dir/plain.sql && psql -XqAt -v ON_ERROR_STOP=1 -o /dev/null -d $to -f $dir/plain.sql 2>$dir/log") },
	custom => sub { my ($to) = @_;
		system("pg_dump -Fc -d $source -f $dir/custom && pg_restore --exit-on-error -d $to $dir/custom 2>$dir/log") },
	parallel => sub { my ($to) = @_;
		system("pg_dump -Fd -j2 -d $source -f $dir/parallel && pg_restore --exit-on-error -j2 -d $to $dir/parallel 2>$dir/log") },
);
for my $format (sort keys %restore)
{
	my $copy = make_database("patternos_dump_$format", empty => 1);
	is($restore{$format}->($copy), 0, "$format: dumped and restored without an error") or diag(slurp("$dir/log"));
	is(contents($copy), $contents, "$format: every table has the same rows");
	is(schema($copy), $schema, "$format: the same schema");
	is(psql($copy, "SELECT count(*) FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
	                AND classid = 'pg_class'::regclass AND objid IN (SELECT oid FROM pg_class WHERE relkind <> 'c')
	                AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'patternos')"),
		'0', "$format: no table is a member of the extension");
}

my $copy = 'patternos_dump_custom';
is(psql($copy, "INSERT INTO patternos_dw.dim_customer DEFAULT VALUES RETURNING global_customer_id"), 'GLOBAL000301',
	'sequences go on where they were');
is(psql($copy, 'SET client_min_messages = warning; SELECT patternos.create_views() > 5; CALL patternos.refresh(DATE \'2025-05-20\'); SELECT count(*) FROM patternos_dw.pipeline_status WHERE status <> \'complete\''),
	"t\n0", 'the copy works');

system('rm', '-rf', $dir);
drop_database($_) for $source, map { "patternos_dump_$_" } keys %restore;
psql('postgres', 'DROP ROLE regress_analyst');
done_testing();
