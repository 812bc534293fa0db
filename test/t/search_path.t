#!/usr/bin/perl
# The pipeline and loads run none of what a hostile search_path offers, and give the same under any session settings.
use strict;
use warnings;
use lib 'test/lib';
use Test::More;
use Warehouse;

my $database = make_database('patternos_path');
fill($database);
psql($database, <<'SQL');
CREATE SCHEMA evil;
CREATE TABLE public.caught (what text);
CREATE FUNCTION evil.caught(what text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.caught VALUES (what); RETURN false; END $$;
DO $$
DECLARE
    type text;
    operator text;
BEGIN
    FOREACH type IN ARRAY ARRAY['text', 'bigint', 'integer', 'date', 'boolean', 'numeric', 'timestamptz'] LOOP
        FOREACH operator IN ARRAY ARRAY['=', '<>', '<', '>', '<=', '>='] LOOP
            EXECUTE format('CREATE OR REPLACE FUNCTION evil.trap(%1$s, %1$s) RETURNS boolean LANGUAGE sql AS %2$L', type, format('SELECT evil.caught(%L)', type));
            EXECUTE format('CREATE OPERATOR evil.%1$s (LEFTARG = %2$s, RIGHTARG = %2$s, FUNCTION = evil.trap)', operator, type);
        END LOOP;
    END LOOP;
END
$$;
CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT evil.caught('now'); SELECT '1970-01-01'::timestamptz $$;
CREATE FUNCTION evil.pg_advisory_lock(integer, integer) RETURNS void LANGUAGE sql AS $$ SELECT evil.caught('lock') $$;
CREATE DOMAIN evil.int8 AS pg_catalog.int8 CHECK (evil.caught('int8'));
CREATE DOMAIN evil.text AS pg_catalog.text CHECK (evil.caught('text'));
CREATE DOMAIN evil._text AS pg_catalog._text CHECK (evil.caught('_text'));
SQL
my $features = "AND c.relname ~ '^(feat|intent_score|dim_customer)'";
my $refresh = "CALL patternos.refresh('2025-05-15')";
my $expected = do { psql($database, "SET client_min_messages = warning; $refresh"); contents($database, $features) };

my $hostile = "SET client_min_messages = warning; SET search_path = evil, pg_catalog; SET timezone = 'America/St_Johns'; SET datestyle = 'SQL, DMY'; SET intervalstyle = 'sql_standard'; SET bytea_output = 'escape'; SET extra_float_digits = -15";
psql($database, "$hostile; SELECT 1 = 1, 'a'::pg_catalog.text = 'b', now()");
is(psql($database, 'SELECT count(*) FROM public.caught'), '3', 'the trap works');
psql($database, 'TRUNCATE public.caught');
psql($database, "$hostile; $refresh");
is(contents($database, $features), $expected, 'a refresh in steps gives the same');
psql($database, "$hostile; BEGIN; CALL patternos.refresh('2025-05-15', in_steps => false); COMMIT");
is(contents($database, $features), $expected, 'and as one transaction');
my $row = 'ZEP900001,2025-01-02 10:11:12,25-34,Kerala,Kochi,682001,2,"Amul Milk 1L, Parle-G 100g",No,120,10,UPI';
psql($database, "$hostile;\nCOPY patternos_dw.landing_zepto FROM STDIN WITH (FORMAT csv);\n$row\n\\.\n");
is(psql($database, "SELECT transaction_datetime = '2025-01-02 10:11:12+05:30', date_id FROM patternos_dw.fact_transaction WHERE platform_id = 'ZEPTO'"), 't|20250102', 'a load reads times in the platform\'s zone');
psql($database, "$hostile; SELECT count(*) FROM patternos.status(); SELECT patternos.create_views(); SELECT patternos.upgrade_warehouse(); SELECT patternos.update_holidays(); SELECT patternos.mark_changed(ARRAY[1::pg_catalog.int8], 'x'); SELECT patternos.check_relationships(); SELECT patternos.drop_snapshots('2025-05-02')");
is(psql($database, 'SELECT count(*), min(what) FROM public.caught'), '0|', 'nothing of the hostile schema ran');

# with all relationships declared, loads, merges and refreshes still work
cmp_ok(psql($database, 'SELECT patternos.add_foreign_keys()'), '>', 30, 'relationships are declared');
psql($database, "SET client_min_messages = warning;\nCOPY patternos_dw.landing_zepto FROM STDIN WITH (FORMAT csv);\n" . ($row =~ s/900001/900002/r) . "\n\\.\n");
psql($database, "INSERT INTO patternos_dw.account_identifier SELECT identity_key, 'email', sha256('same'), now(), now() FROM patternos_dw.dim_customer_identity WHERE platform_customer_id LIKE 'ZEP90000%';
                 INSERT INTO patternos_dw.changed_account (identity_key) SELECT identity_key FROM patternos_dw.dim_customer_identity WHERE platform_customer_id LIKE 'ZEP90000%' ON CONFLICT DO NOTHING");
psql($database, "SET client_min_messages = warning; CALL patternos.refresh('2025-05-20')");
is(psql($database, "SELECT count(DISTINCT customer_key), count(*) FROM patternos_dw.fact_transaction WHERE platform_id = 'ZEPTO'"), '1|2', 'two accounts were merged');
is(psql($database, 'SELECT count(*) FROM patternos.check_relationships()'), '0', 'and nothing refers to nothing');

drop_database($database);
done_testing();
