#!/usr/bin/perl
# DROP EXTENSION is refused while views use it, and with CASCADE costs no data.
use strict;
use warnings;
use lib 'test/lib';
use Test::More;
use Warehouse;

my $database = make_database('patternos_drop');
fill($database);
my ($contents, $schema) = (contents($database), schema($database));

like(psql_fails($database, 'DROP EXTENSION patternos'), qr/2BP01.*depend/s, 'DROP EXTENSION is refused');
is(contents($database), $contents, 'and changes nothing');

psql($database, 'SET client_min_messages = warning; DROP EXTENSION patternos CASCADE');
is(contents($database), $contents, 'with CASCADE every row stays');
psql($database, 'SET client_min_messages = error; CREATE EXTENSION patternos');
is(contents($database), $contents, 'CREATE EXTENSION leaves them alone');
psql($database, 'SELECT patternos.create_views()');
is(schema($database), $schema, 'create_views() makes all whole again');
is(contents($database), $contents, 'with the same rows');
psql($database, "SET client_min_messages = warning; CALL patternos.refresh('2025-05-20')");
is(psql($database, 'SELECT max(as_of), count(*) > 0 FROM patternos_dw.feat_customer_rfm_latest'), '2025-05-20|t', 'and the pipeline runs');

my $again = schema($database);
psql($database, 'SELECT patternos.create_views(); SELECT patternos.upgrade_warehouse(); SELECT patternos.update_holidays()');
is(schema($database), $again, 'rebuilding views and upgrading an up-to-date warehouse change nothing');
drop_database($database);
done_testing();
