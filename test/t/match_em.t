#!/usr/bin/perl
# Expectation maximisation on comparison vectors with known parameters: m .7 .9 .95, u .1 .025 .2, lambda .5, each within .01,
# and the probability of every pair within .01.
use strict;
use warnings;
use Test::More;
use lib 'test/lib';
use Warehouse;

my $file = ($ENV{PATTERNOS_SHARED_DATA} // '../shared/data') . '/em/known_params_comparison_vectors.csv';
plan skip_all => "no vectors in $file" unless -e $file;

my $database = make_database('patternos_match_em');
my ($header) = split /\r?\n/, slurp($file);
psql($database, 'CREATE TABLE vector (' . join(', ', map { "$_ text" } split /,/, $header) . ");\n"
	  . "\\copy vector FROM '$file' WITH (FORMAT csv, HEADER MATCH)\n"
	  . 'CREATE TABLE pattern AS SELECT (gamma_col_1::bigint + 1) + 16 * (gamma_col_2::bigint + 1) + 256 * (gamma_col_3::bigint + 1) AS pattern,
			count(*) AS n, avg(true_match_probability_l::float8) AS expected FROM vector GROUP BY 1;
		CREATE TABLE fit AS SELECT e.* FROM (SELECT array_agg(pattern ORDER BY pattern) AS p, array_agg(n ORDER BY pattern) AS n FROM pattern) AS s,
			patternos._em(p, n, \'{2,2,2}\', \'{0.3, 0.1,0.9, 0.1,0.9, 0.1,0.9, 0.9,0.1, 0.9,0.1, 0.9,0.1}\', array_fill(false, \'{13}\')) AS e');
is(psql($database, 'SELECT count(*) FROM vector'), 4000, 'vectors');

# worst level first; true values by place in the array of parameters
my %truth = (1 => 0.5, 3 => 0.7, 5 => 0.9, 7 => 0.95, 9 => 0.1, 11 => 0.025, 13 => 0.2);
for my $place (sort { $a <=> $b } keys %truth)
{
	is(psql($database, "SELECT abs(parameters[$place] - $truth{$place}) < 0.01 FROM fit"), 't', "parameter $place is near $truth{$place}");
}
is(psql($database, q{SELECT count(*) FROM pattern p, fit f,
	LATERAL (SELECT f.parameters[1] * f.parameters[1 + (pattern & 15)] * f.parameters[3 + ((pattern >> 4) & 15)] * f.parameters[5 + ((pattern >> 8) & 15)] AS x,
		(1 - f.parameters[1]) * f.parameters[7 + (pattern & 15)] * f.parameters[9 + ((pattern >> 4) & 15)] * f.parameters[11 + ((pattern >> 8) & 15)] AS y) s
	WHERE abs(x / (x + y) - expected) > 0.01}), 0, 'probabilities are within .01');

# u fixed at its true values, from another start
is(psql($database, q{SELECT abs(e.parameters[1] - 0.5) < 0.01 AND abs(e.parameters[3] - 0.7) < 0.01 AND abs(e.parameters[5] - 0.9) < 0.01 AND abs(e.parameters[7] - 0.95) < 0.01
	FROM (SELECT array_agg(pattern ORDER BY pattern) AS p, array_agg(n ORDER BY pattern) AS n FROM pattern) AS s,
	patternos._em(p, n, '{2,2,2}', '{0.05, 0.5,0.5, 0.5,0.5, 0.5,0.5, 0.9,0.1, 0.975,0.025, 0.8,0.2}', array_fill(false, '{7}') || array_fill(true, '{6}')) AS e}),
	't', 'the same with u fixed');
drop_database($database);
done_testing();
