#!/usr/bin/perl
# Schemas that somebody made before CREATE EXTENSION are neither touched nor trusted.
use strict;
use warnings;
use lib 'test/lib';
use Test::More;
use Warehouse;

my $database = make_database('patternos_squat', empty => 1);
psql('postgres', 'DROP ROLE IF EXISTS regress_squatter; CREATE ROLE regress_squatter LOGIN; GRANT CREATE ON DATABASE patternos_squat TO regress_squatter');

# what the squatter prepares: code that reports under whose name it ran, wherever a superuser may step
psql($database, <<'SQL');
CREATE TABLE public.caught (who name);
GRANT INSERT ON public.caught TO PUBLIC;
SET ROLE regress_squatter;
CREATE SCHEMA patternos_dw;
CREATE SCHEMA patternos_part;
CREATE FUNCTION patternos_dw.trap() RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.caught VALUES (current_user); RETURN '1'; END $$;
CREATE FUNCTION patternos_dw.trap_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.caught VALUES (current_user); RETURN NEW; END $$;
CREATE VIEW patternos_dw.setting AS SELECT 'layout_version' AS name, patternos_dw.trap() AS value, '' AS description;
CREATE VIEW patternos_dw.relationship AS SELECT patternos_dw.trap() AS child_table;
CREATE VIEW patternos_dw.pipeline_status AS SELECT patternos_dw.trap() AS status;
CREATE TABLE patternos_dw.dim_customer (customer_key bigint DEFAULT length(patternos_dw.trap()));
CREATE TABLE patternos_dw.changed_customer (customer_key bigint, changed_at timestamptz, reason text);
CREATE TRIGGER trap BEFORE INSERT ON patternos_dw.changed_customer FOR EACH ROW EXECUTE FUNCTION patternos_dw.trap_row();
CREATE TABLE patternos_dw.pipeline_run (run_id bigint, step text, status text, as_of date);
CREATE TRIGGER trap BEFORE INSERT OR UPDATE ON patternos_dw.pipeline_run FOR EACH ROW EXECUTE FUNCTION patternos_dw.trap_row();
GRANT ALL ON SCHEMA patternos_dw, patternos_part TO PUBLIC;
GRANT ALL ON ALL TABLES IN SCHEMA patternos_dw TO PUBLIC;
SQL
my $before = schema($database);

my $err = `psql -XqAt -d $database -c 'CREATE EXTENSION patternos CASCADE' 2>&1`;
like($err, qr/WARNING:  schema "patternos_dw" exists already, owned by "regress_squatter"/, 'CREATE EXTENSION names the owner');
like($err, qr/HINT:.*create_warehouse/, 'and the call to make');
is(psql($database, 'SELECT count(*) FROM public.caught'), '0', 'nothing of it ran');

for my $call ('SELECT patternos.create_views()', 'SELECT patternos.upgrade_warehouse()', 'SELECT patternos.add_foreign_keys()',
	"SELECT patternos.mark_changed('{1}', 'x')", 'SELECT patternos.update_holidays()', "SELECT patternos.drop_snapshots('2025-01-01')",
	'CALL patternos.refresh()', 'CALL patternos.refresh(in_steps => false)', 'CALL patternos.refresh_features()',
	'CALL patternos.score_intent()', 'CALL patternos.resolve_identities()')
{
	my $failure = psql_fails($database, $call);
	like($failure, qr/ERROR:  42501:.*HINT:  Run SET ROLE regress_squatter first/s, "$call: refused");
}
like(psql_fails($database, 'SELECT patternos.create_warehouse()'), qr/42P06.*owned by "regress_squatter"/s, 'create_warehouse(): refused');
like(psql($database, 'SELECT "check", detail, next_step FROM patternos.status()'), qr/owned by role regress_squatter/, 'status() says whose it is');
is(psql($database, 'SELECT count(*) FROM public.caught'), '0', 'none of its code ran as somebody else');

psql($database, 'DROP EXTENSION patternos; DROP EXTENSION pgcrypto; DROP SCHEMA patternos');
is(schema($database), $before, 'the schemas are as they were');

# only the schema of partitions
psql($database, 'DROP SCHEMA patternos_dw CASCADE');
$err = `psql -XqAt -d $database -c 'CREATE EXTENSION patternos CASCADE' 2>&1`;
like($err, qr/WARNING:  schema "patternos_part" exists already, owned by "regress_squatter"/, 'a squatted patternos_part is named too');
psql($database, 'CREATE SCHEMA patternos_dw');
like(psql_fails($database, 'SELECT patternos.create_views()'), qr/55000.*patternos_part/s, 'and not trusted');
psql($database, 'DROP SCHEMA patternos_part; CREATE SCHEMA patternos_part');
like(psql_fails($database, 'SELECT patternos.create_views()'), qr/42P01.*holds no warehouse/s, 'an empty schema is no warehouse');
psql($database, 'DROP SCHEMA patternos_dw, patternos_part');
is(psql($database, 'SELECT patternos.create_warehouse()'), 'patternos_dw', 'with both gone the warehouse can be made');

# the schema of the code
psql($database, 'DROP SCHEMA patternos_dw, patternos_part CASCADE; DROP EXTENSION patternos; DROP SCHEMA patternos; CREATE SCHEMA patternos AUTHORIZATION regress_squatter');
like(psql_fails($database, 'CREATE EXTENSION patternos'), qr/ERROR:  42501: schema "patternos" exists already, owned by "regress_squatter"/,
	'a squatted schema of the code is refused');

drop_database($database);
psql('postgres', 'DROP ROLE regress_squatter');
done_testing();
