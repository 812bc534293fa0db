#!/usr/bin/perl
# RFM of a published data set: scores of 995 customers under its cut points; purchase rates of CDNOW.
use strict;
use warnings;
use lib 'test/lib';
use Test::More;
use File::Spec;
use Warehouse;

my $shared = $ENV{PATTERNOS_SHARED_DATA} || '../shared/data';
plan skip_all => "no data in $shared" unless -d "$shared/rfm" && -d "$shared/cdnow";
$shared = File::Spec->rel2abs($shared);

my $database = make_database('patternos_rfm_published');
sub value { return psql($database, @_); }

# The source scores a recency that equals a cut point as older: in whole days that is one day less.
is(value(<<"SQL"), '995|995', 'recency, frequency, amount and scores of 995 customers');
CREATE TABLE orders (customer text, day date, revenue numeric, first text, last text, email text);
CREATE TABLE published (customer text, segment text, score text, transactions integer, recency integer, amount numeric, r integer, f integer, m integer);
\\copy orders FROM '$shared/rfm/rfm_data_orders.csv' (FORMAT csv, HEADER)
\\copy published FROM '$shared/rfm/expected_rfm_table_order_2006-12-31.csv' (FORMAT csv, HEADER)
SELECT count(*), count(*) FILTER (WHERE (q.rfm).recency_days = p.recency AND (q.rfm).frequency_lifetime = p.transactions
	AND (q.rfm).monetary_lifetime = p.amount
	AND patternos.recency_score((q.rfm).recency_days, ARRAY(SELECT ceil(c) - 1 FROM unnest('{115,181,297.4,482}'::numeric[]) c)) = p.r
	AND patternos.frequency_score((q.rfm).frequency_lifetime, '{4,5,6,8}') = p.f
	AND patternos.monetary_score((q.rfm).monetary_lifetime, '{255.8,382,506.4,666}') = p.m)
FROM (SELECT customer, patternos.rfm(day, revenue, DATE '2006-12-31') FROM orders GROUP BY customer) q
FULL JOIN published p USING (customer);
SQL

# The 23,570 customers of CDNOW: repeat purchases x in t days since the first.
my $fit = value(<<"SQL");
CREATE TABLE cdnow (customer integer, day date, amount numeric);
CREATE TABLE line (line text);
\\copy line FROM PROGRAM 'gzip -dc "$shared/cdnow/CDNOW_master.txt.gz"'
INSERT INTO cdnow SELECT f[1]::integer, to_date(f[2], 'YYYYMMDD'), f[4]::numeric
FROM (SELECT regexp_split_to_array(btrim(line, E' \\r'), ' +') AS f FROM line) l WHERE f[1] ~ '^\\d+\$';
CREATE TABLE cell AS
SELECT x, t, count(*) AS customers
FROM (SELECT (r).frequency_lifetime::bigint - 1 AS x, (DATE '1998-07-01' - (r).first_purchase_date)::double precision AS t
	FROM (SELECT patternos.rfm(day, amount, DATE '1998-07-01') AS r FROM cdnow GROUP BY customer) q) c
GROUP BY x, t;
CREATE TABLE fit AS SELECT (patternos.fit_purchase_rate(array_agg(x), array_agg(t), array_agg(customers))).* FROM cell;
SELECT count(*), sum(amount) FROM cdnow;
SQL
is($fit, '69659|2500315.63', 'CDNOW is read');
is(value('SELECT customers FROM fit'), 23570, 'all customers are fitted');
is(value('SELECT fit = (SELECT patternos.fit_purchase_rate(array_agg(x ORDER BY random()), array_agg(t), array_agg(customers)) FROM (SELECT * FROM cell ORDER BY random()) c)::text FROM (SELECT row(r, alpha, log_likelihood, customers)::text AS fit FROM fit) f'),
	'f', 'shuffled arrays that no longer belong together fit otherwise');
is(value('SELECT fit = (SELECT patternos.fit_purchase_rate(array_agg(x), array_agg(t), array_agg(customers)) FROM (SELECT * FROM cell ORDER BY md5(x || \' \' || t)) c)::text FROM (SELECT row(r, alpha, log_likelihood, customers)::text AS fit FROM fit) f'),
	't', 'the order of cells does not matter');

# The likelihood written out in SQL (lnGamma(r + x) - lnGamma(r) as a sum): as given, and nowhere greater around.
value(<<'SQL');
CREATE FUNCTION likelihood(r double precision, alpha double precision) RETURNS double precision LANGUAGE sql AS $$
	SELECT sum(customers * ((SELECT coalesce(sum(ln(r + j) - ln(j + 1)), 0) FROM generate_series(0, x - 1) j)
		+ r * ln(alpha / (alpha + t)) + x * ln(t / (alpha + t)))) FROM cell $$;
SQL
is(value('SELECT abs(likelihood(r, alpha) - log_likelihood) < 1e-6 * abs(log_likelihood) FROM fit'), 't', 'the likelihood is that of the formula');
is(value('SELECT bool_and(likelihood(r * a, alpha * b) < log_likelihood) FROM fit, unnest(ARRAY[0.99, 1, 1.01]) a, unnest(ARRAY[0.99, 1, 1.01]) b WHERE NOT (a = 1 AND b = 1)'),
	't', 'and at its maximum');
drop_database($database);
done_testing();
