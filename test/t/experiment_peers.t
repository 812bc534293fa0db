#!/usr/bin/env bash
# Differences between groups and between models are those of scipy and statsmodels, which come from PyPI into .venv or a private folder;
# without them the test is skipped.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"; psql -XqAt -d postgres -c "DROP DATABASE IF EXISTS patternos_lift" 2>/dev/null' EXIT
python=.venv/bin/python
if ! $python -c 'import statsmodels, scipy' 2>/dev/null; then
	python=$work/venv/bin/python
	if ! { python3 -m venv "$work/venv" && timeout 300 "$work/venv/bin/pip" install --quiet statsmodels; } >"$work/log" 2>&1; then
		echo '1..0 # SKIP statsmodels cannot be had from PyPI'
		exit
	fi
fi
peers=$work/peers
mkdir "$peers"
$python -W ignore test/t/experiment_peers.py "$peers"
sed -i "s/True$/t/; s/False$/f/; s/'//g" "$peers"/*
psql -XqAt -d postgres -c 'SET client_min_messages = warning' -c 'DROP DATABASE IF EXISTS patternos_lift' -c 'CREATE DATABASE patternos_lift'
export PGDATABASE=patternos_lift
psql -XqAt -v ON_ERROR_STOP=1 <<S
SET client_min_messages = warning;
CREATE EXTENSION patternos CASCADE;
CREATE TABLE rates (conversions_a bigint, n_a bigint, conversions_b bigint, n_b bigint, confidence float8, low float8, high float8, relative_low float8, relative_high float8, p float8, detectable float8);
\copy rates FROM '$peers/rates'
CREATE TABLE means (n_a bigint, mean_a float8, variance_a float8, n_b bigint, mean_b float8, variance_b float8, confidence float8, low float8, high float8, relative_low float8, relative_high float8, p float8);
\copy means FROM '$peers/means'
CREATE TABLE ratios (n_a bigint, n_b bigint, share float8, p float8);
\copy ratios FROM '$peers/ratios'
CREATE TABLE pair (a float8, b float8, label boolean);
\copy pair FROM '$peers/pair'
CREATE TABLE pair_figures (metric text, difference float8, error float8);
\copy pair_figures FROM '$peers/pair_figures'
-- the same, or near each other by the scale of what is compared
CREATE FUNCTION near(ours float8, theirs float8, scale float8) RETURNS boolean LANGUAGE sql IMMUTABLE AS
'SELECT CASE WHEN theirs IS NULL OR ours IS NULL THEN ours IS NULL AND theirs IS NULL ELSE abs(ours - theirs) <= 1e-9 * greatest(scale, abs(theirs)) END';
SELECT 'CREATE TABLE compared (metric, a, b, difference, low, high, p, n, n_pos) AS ' || patternos._comparison_query(
	'(SELECT *, CASE WHEN a >= 0.7 THEN 1 END IS NULL AS level_a, CASE WHEN b >= 0.7 THEN 1 END IS NULL AS level_b FROM pair) AS x') \gexec
S
number=0
compare() { # description, condition
	number=$((number + 1))
	found=$(psql -XqAt -c "SELECT $2" 2>&1 || true)
	if [ "$found" = t ]; then echo "ok $number - $1"; else echo "not ok $number - $1: $found"; fi
}
echo 1..8
ours="FROM rates AS r, patternos.compare_rates(r.conversions_a, r.n_a, r.conversions_b, r.n_b, r.confidence) AS o"
compare "intervals of differences of rates are Newcombe's" "count(*) = 306 AND bool_and(near(o.lift_low, r.low, 1e-3) AND near(o.lift_high, r.high, 1e-3)) $ours"
compare "intervals of ratios of rates too" "count(r.relative_low) > 150 AND bool_and(near(o.relative_low, r.relative_low, 1e-3) AND near(o.relative_high, r.relative_high, 1e-3)) $ours"
compare "p-values are those of the pooled z test" "count(r.p) > 150 AND bool_and(near(o.p_value, r.p, 1e-3) AND near(o.minimum_detectable, r.detectable, 1e-3)) $ours"
ours="FROM means AS r, patternos.compare_means(r.n_a, r.mean_a, r.variance_a, r.n_b, r.mean_b, r.variance_b, r.confidence) AS o"
compare "intervals of differences of means are Welch's" "count(*) = 300 AND bool_and(near(o.lift_low, r.low, r.mean_b) AND near(o.lift_high, r.high, r.mean_b)) $ours"
compare "p-values too" "bool_and(near(o.p_value, r.p, 1e-3)) $ours"
compare "intervals of ratios of means" "bool_and(near(o.relative_low, r.relative_low, 1) AND near(o.relative_high, r.relative_high, 1)) $ours"
compare "the sample ratio is tested by chi-square" "count(*) = 200 AND bool_and(near(patternos.sample_ratio_p(n_a, n_b, share), p, 1)) FROM ratios"
compare "models are compared by DeLong's test, paired losses and rank correlation" "count(*) = 4 AND bool_and(near(c.difference, f.difference, 1)
	AND (f.error IS NULL OR near(c.high - c.difference, 1.96 * f.error, 1e-3))) FROM pair_figures AS f JOIN compared AS c USING (metric)"
