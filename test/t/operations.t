#!/usr/bin/perl
# doc/operations.md names every setting with its default, and its grants run.
use strict;
use warnings;
use lib 'test/lib';
use Test::More;
use Warehouse;

my $text = slurp('doc/operations.md');
my $database = make_database('patternos_operations');
my %documented = $text =~ /^\| `(\w+)` \| `([^`]*)` \|/mg;
my %shipped = map { split /\|/, $_, 2 } split /\n/, psql($database, 'SELECT name, value FROM patternos_dw.setting');
is_deeply(\%documented, \%shipped, 'every setting is documented with its default');

my ($grants) = $text =~ /^```\n(-- loads.*?)^SET ROLE/ms;
psql('postgres', 'DROP ROLE IF EXISTS loader; DROP ROLE IF EXISTS analyst; DROP ROLE IF EXISTS warehouse_owner; CREATE ROLE loader; CREATE ROLE analyst; CREATE ROLE warehouse_owner');
psql($database, $grants =~ s/DATABASE mydb/DATABASE $database/r);
is(psql($database, 'SET ROLE analyst; SELECT count(*), count(lifetime_value) FROM patternos_dw.dim_customer'), '0|0', 'the analyst reads what was granted');
like(psql_fails($database, "SET ROLE analyst; SELECT $_"), qr/42501/, "but not $_")
  for 'email_hash FROM patternos_dw.dim_customer', 'value_hash FROM patternos_dw.account_identifier', 'forename_bloom FROM patternos_dw.account_feature', "patternos.hash_identifier('email', 'a\@b.example')";
psql($database, "SELECT patternos.create_experiment('sale', 'patternos_dw.dim_customer'); SELECT FROM patternos.start_experiment('sale')");
is(psql($database, "SET ROLE analyst; SELECT (SELECT count(*) FROM patternos.experiment_results('sale')), (SELECT count(*) FROM patternos.experiment_checks('sale'))"), '8|6', 'the analyst reads results of experiments');
like(psql_fails($database, "SET ROLE analyst; SELECT $_"), qr/42501/, "but does not $_")
  for "patternos.stop_experiment('sale')", "patternos.assign_experiment('sale')", "patternos.create_experiment('more', 'patternos_dw.dim_customer')";
drop_database($database);
psql('postgres', 'DROP ROLE loader, analyst, warehouse_owner');
done_testing();
