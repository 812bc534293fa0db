#!/usr/bin/perl
# What a role may do without a grant, with INSERT on a landing view, and as an owner who is no superuser.
use strict;
use warnings;
use lib 'test/lib';
use Test::More;
use Warehouse;

my $database = make_database('patternos_privileges');
psql('postgres', <<'SQL');
DROP ROLE IF EXISTS regress_nobody; DROP ROLE IF EXISTS regress_loader; DROP ROLE IF EXISTS regress_analyst; DROP ROLE IF EXISTS regress_owner;
CREATE ROLE regress_nobody; CREATE ROLE regress_loader; CREATE ROLE regress_analyst; CREATE ROLE regress_owner;
SQL

# without a grant: pure functions only
is(psql($database, "SET ROLE regress_nobody; SELECT patternos.parse_amount('Rs. 1,234.50')"), '1234.5', 'anybody may call a pure function');
for my $statement ('CALL patternos.refresh()', 'CALL patternos.refresh_features(in_steps => false)', 'SELECT patternos.status()', 'SELECT patternos.create_views()',
	"SELECT patternos.mark_changed('{1}', 'x')", "SELECT patternos.hash_identifier('email', 'a\@example.com')",
	"SELECT patternos._setting('currency')", 'SELECT patternos._resolve_identities()')
{
	like(psql_fails($database, "SET ROLE regress_nobody; $statement"), qr/42501: permission denied for (function|procedure)/, "$statement: refused");
}
like(psql_fails($database, "SET ROLE regress_nobody; SELECT * FROM patternos_dw.$_"), qr/42501/, "$_: hidden")
  for qw(dim_customer pipeline_status landing_zepto relationship);
# connected_components() and matching work on the caller's own tables with the caller's rights; of the warehouse they read two things
is(psql($database, "SELECT string_agg(proname, ' ' ORDER BY proname) FROM pg_proc p WHERE pronamespace = 'patternos'::regnamespace
                    AND has_function_privilege('regress_nobody', p.oid, 'EXECUTE') AND provolatile = 'v' AND prokind <> 'a' AND prorettype <> 'trigger'::regtype
                    AND coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) ~ 'patternos_dw'"), '_explained_records _match_labels', 'nothing that writes to the warehouse is executable by everybody');
is(psql($database, "SELECT string_agg(proname, ' ' ORDER BY proname) FROM pg_proc p WHERE pronamespace = 'patternos'::regnamespace AND proname !~ '^_' AND prosecdef"), '', 'no public function runs as its owner');

# INSERT on a landing view is all that a loader needs
psql($database, 'GRANT USAGE ON SCHEMA patternos_dw TO regress_loader; GRANT INSERT ON patternos_dw.landing_zepto TO regress_loader');
my $columns = 'customer_id,date_of_order,age_group,state,city,pincode,items_purchased_count,items_list,repeat_order,order_value,discount_value,payment_mode';
my $row = 'ZEP900001,2025-01-02 10:11:12,25-34,Kerala,Kochi,682001,2,"Amul Milk 1L, Parle-G 100g",No,120,10,UPI';
psql($database, "SET ROLE regress_loader;\nCOPY patternos_dw.landing_zepto FROM STDIN WITH (FORMAT csv, HEADER MATCH);\n$columns\n$row\n\\.\n");
is(psql($database, 'SELECT count(*), sum(total_value) FROM patternos_dw.fact_transaction'), '1|120.00', 'a loader with INSERT only loads');
is(psql($database, "SELECT received_by, rows_accepted FROM patternos_dw.raw_batch"), 'postgres|1', 'the batch says who was logged in');
like(psql_fails($database, "SET ROLE regress_loader; $_"), qr/42501/, "$_: not for the loader")
  for 'SELECT * FROM patternos_dw.fact_transaction', 'SELECT * FROM patternos_dw.landing_zepto', "INSERT INTO patternos_dw.landing_nykaa DEFAULT VALUES",
  'INSERT INTO patternos_dw.raw_batch DEFAULT VALUES', 'SELECT patternos._landing_row()';

# an analyst reads views without rights on what is under them
psql($database, "SET client_min_messages = warning; CALL patternos.refresh('2025-01-10'); GRANT USAGE ON SCHEMA patternos_dw TO regress_analyst;
                 GRANT SELECT ON patternos_dw.feat_customer_rfm_latest, patternos_dw.pipeline_status TO regress_analyst");
is(psql($database, 'SET ROLE regress_analyst; SELECT recency_days, frequency_30d FROM patternos_dw.feat_customer_rfm_latest'), '8|1', 'an analyst reads a latest view');
is(psql($database, "SET ROLE regress_analyst; SELECT count(*) FROM patternos_dw.pipeline_status WHERE status <> 'complete'"), '0', 'and how the pipeline stands');
like(psql_fails($database, 'SET ROLE regress_analyst; SELECT * FROM patternos_dw.feat_customer_rfm'), qr/42501/, 'but not the tables');

# a warehouse of a role that is no superuser
my $other = make_database('patternos_owner');
psql($other, <<'SQL');
SET client_min_messages = warning;
DROP SCHEMA patternos_dw CASCADE;
DROP SCHEMA patternos_part CASCADE;
GRANT CREATE ON DATABASE patternos_owner TO regress_owner;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA patternos TO regress_owner;
REVOKE EXECUTE ON FUNCTION patternos.hash_identifier(text, text) FROM regress_owner;
SQL
is(psql($other, 'SET ROLE regress_owner; SELECT patternos.create_warehouse(4)'), 'patternos_dw', 'such a role can create its warehouse');
psql($other, "SET ROLE regress_owner;\nCOPY patternos_dw.landing_zepto FROM STDIN WITH (FORMAT csv, HEADER MATCH);\n$columns\n$row\n\\.\n");
psql($other, "SET client_min_messages = warning; SET ROLE regress_owner; CALL patternos.refresh('2025-01-10')");
is(psql($other, 'SET ROLE regress_owner; SELECT count(*) FROM patternos_dw.feat_customer_rfm_latest'), '1', 'load it and run its pipeline');
is(psql($other, 'SET ROLE regress_owner; SELECT state, detail FROM patternos.status() WHERE "check" = \'warehouse\''), 'ok|layout 1, owned by role regress_owner', 'and ask for its status');
like(psql_fails($other, 'CALL patternos.refresh()'), qr/42501.*SET ROLE regress_owner/s, 'a superuser has to become that role first');

drop_database($_) for $database, $other;
psql('postgres', 'DROP ROLE regress_nobody, regress_loader, regress_analyst, regress_owner');
done_testing();
