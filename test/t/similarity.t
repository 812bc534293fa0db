#!/usr/bin/perl
# Distances and similarities against the definitions, written out plainly here, on random texts of several
# alphabets and lengths; and against the test vectors of jellyfish.
use strict;
use warnings;
use utf8;
use lib 'test/lib';
use List::Util qw(min max);
use Test::More;
use Text::ParseWords;
use Warehouse;

my $database = make_database('patternos_similarity');

# The distances by the whole matrix: 0 Levenshtein's, 1 with swaps of neighbours, 2 with any swaps.
sub distance
{
	my ($kind, $x, $y) = @_;
	my @a = split //, $x;
	my @b = split //, $y;
	my @d = map { [ ($_) x (@b + 1) ] } 0 .. @a;
	my %last_row;
	$d[0] = [ 0 .. @b ];
	for my $i (1 .. @a)
	{
		my $last_column = 0;
		for my $j (1 .. @b)
		{
			my $same = $a[ $i - 1 ] eq $b[ $j - 1 ];
			$d[$i][$j] = min($d[ $i - 1 ][$j] + 1, $d[$i][ $j - 1 ] + 1, $d[ $i - 1 ][ $j - 1 ] + !$same);
			if ($kind == 1)
			{
				$d[$i][$j] = min($d[$i][$j], $d[ $i - 2 ][ $j - 2 ] + 1)
				  if $i > 1 && $j > 1 && $a[ $i - 1 ] eq $b[ $j - 2 ] && $a[ $i - 2 ] eq $b[ $j - 1 ];
			}
			elsif ($kind == 2)
			{
				my ($k, $l) = ($last_row{ $b[ $j - 1 ] } // 0, $last_column);
				$d[$i][$j] = min($d[$i][$j], $d[ $k - 1 ][ $l - 1 ] + ($i - $k - 1) + 1 + ($j - $l - 1)) if $k && $l;
				$last_column = $j if $same;
			}
		}
		$last_row{ $a[ $i - 1 ] } = $i;
	}
	return $d[-1][-1];
}

sub jaro
{
	my ($x, $y) = @_;
	my @a = split //, $x;
	my @b = split //, $y;
	return @a == @b ? 1 : 0 if !@a || !@b;
	my $reach = max(int(max(scalar @a, scalar @b) / 2) - 1, 0);
	my (@in_a, @in_b);
	for my $j (0 .. $#b)
	{
		for my $i (max(0, $j - $reach) .. min($#a, $j + $reach))
		{
			next if $in_a[$i] || $a[$i] ne $b[$j];
			$in_a[$i] = $in_b[$j] = 1;
			last;
		}
	}
	my @x = map { $a[$_] } grep { $in_a[$_] } 0 .. $#a;
	my @y = map { $b[$_] } grep { $in_b[$_] } 0 .. $#b;
	my $m = @x or return 0;
	my $t = int((grep { $x[$_] ne $y[$_] } 0 .. $#x) / 2);
	return ($m / @a + $m / @b + ($m - $t) / $m) / 3;
}

sub winkler
{
	my ($x, $y) = @_;
	my $j = jaro($x, $y);
	return $j if $j <= 0.7;
	my $l = 0;
	$l++ while $l < 4 && $l < min(length $x, length $y) && substr($x, $l, 1) eq substr($y, $l, 1);
	return min(1, $j + $l * 0.1 * (1 - $j));
}

sub grams
{
	my ($x, $q) = @_;
	return { map { $_ => 1 } length $x == 0 ? () : length $x < $q ? $x : map { substr $x, $_, $q } 0 .. length($x) - $q };
}

sub overlap
{
	my ($kind, $x, $y, $q) = @_;
	my ($a, $b) = (grams($x, $q), grams($y, $q));
	my $common = grep { $b->{$_} } keys %$a;
	return 1 if !%$a && !%$b;
	return $kind eq 'jaccard' ? $common / (keys(%$a) + keys(%$b) - $common) : 2 * $common / (keys(%$a) + keys(%$b));
}

# Random pairs, half of them a text and its edited copy.
srand(20250101);
my @alphabets = map { [ split // ] } 'ab', 'abcdefghijklmnopqrstuvwxyz ', 'aàbßक्षñ', "\x{1F600}\x{1F601}अz", '0123456789-';
my @rows;

sub random_text
{
	my ($alphabet, $longest) = @_;
	return join '', map { $alphabet->[ rand @$alphabet ] } 1 .. int rand($longest + 1);
}

for my $n (1 .. 1500)
{
	my $alphabet = $alphabets[ rand @alphabets ];
	my $longest = (4, 8, 8, 16, 16, 24, $n % 20 == 0 ? 140 : 12)[ rand 7 ];
	my $a = random_text($alphabet, $longest);
	my $b = random_text($alphabet, $longest);
	if ($n % 2)
	{
		$b = $a;
		for (1 .. 1 + int rand 4)
		{
			my $at = int rand(length($b) + 1);
			my $kind = rand;
			if ($kind < 0.3) { substr($b, $at, 0) = $alphabet->[ rand @$alphabet ] }
			elsif ($kind < 0.6) { substr($b, $at, 1) = '' if $at < length $b }
			elsif ($at + 1 < length $b) { substr($b, $at, 2) = reverse substr($b, $at, 2) }
		}
	}
	push @rows, join "\t", $a, $b, (map { distance($_, $a, $b) } 0 .. 2), map { sprintf '%.17g', $_ } jaro($a, $b), winkler($a, $b),
	  map { my $q = $_; map { overlap($_, $a, $b, $q) } 'jaccard', 'dice' } 1 .. 3;
}
psql($database, 'CREATE TABLE pair (a text, b text, levenshtein int, osa int, damerau int, jaro float8, winkler float8, jaccard1 float8, dice1 float8, jaccard2 float8, dice2 float8, jaccard3 float8, dice3 float8)');
open my $copy, '|-:encoding(UTF-8)', "psql -XqAt -d $database -c 'COPY pair FROM STDIN'" or die;
print $copy "$_\n" for @rows;
close $copy or die 'COPY failed';

for my $case (
	[ 'levenshtein', 'levenshtein(a, b) = levenshtein' ],
	[ 'osa_distance', 'osa_distance(a, b) = osa' ],
	[ 'damerau_levenshtein', 'damerau_levenshtein(a, b) = damerau' ],
	[ 'levenshtein_similarity', 'CASE WHEN a = \'\' AND b = \'\' THEN levenshtein_similarity(a, b) = 1 ELSE levenshtein_similarity(a, b) = 1 - levenshtein::float8 / greatest(length(a), length(b)) END' ],
	[ 'jaro', 'jaro(a, b) = jaro' ],
	[ 'jaro_winkler', 'jaro_winkler(a, b) = winkler' ],
	(map { [ "jaccard, q = $_", "jaccard(a, b, $_) = jaccard$_" ], [ "dice, q = $_", "dice(a, b, $_) = dice$_" ] } 1 .. 3),
	[ 'word_pairs', q{word_pairs(a) IS NOT DISTINCT FROM (
		WITH w AS (SELECT w COLLATE "C" AS w FROM (SELECT w, min(n) FROM regexp_split_to_table(_normalize_value('text', a), ' ') WITH ORDINALITY AS s (w, n) GROUP BY w ORDER BY 2 LIMIT 16) AS f)
		SELECT CASE WHEN (SELECT count(*) FROM w) = 1 THEN (SELECT array_agg(w::text) FROM w)
			ELSE (SELECT array_agg(x.w || ' ' || y.w ORDER BY x.w, y.w) FROM w AS x JOIN w AS y ON x.w < y.w) END)} ],
	[ 'the other order', 'levenshtein(a, b) = levenshtein(b, a) AND damerau_levenshtein(a, b) = damerau_levenshtein(b, a) AND osa_distance(a, b) = osa_distance(b, a) AND
		jaro(a, b) = jaro(b, a) AND jaro_winkler(a, b) = jaro_winkler(b, a) AND jaccard(a, b) = jaccard(b, a) AND dice(a, b) = dice(b, a) AND
		name_similarity(a, b) IS NOT DISTINCT FROM name_similarity(b, a) AND address_similarity(a, b) IS NOT DISTINCT FROM address_similarity(b, a) AND
		token_overlap(a, b) IS NOT DISTINCT FROM token_overlap(b, a)' ],
	[ 'ranges', 'damerau_levenshtein(a, b) <= osa_distance(a, b) AND osa_distance(a, b) <= levenshtein(a, b) AND jaro(a, b) BETWEEN 0 AND 1 AND jaro_winkler(a, b) BETWEEN jaro(a, b) AND 1 AND
		coalesce(name_similarity(a, b), 0) BETWEEN 0 AND 1 AND coalesce(address_similarity(a, b), 0) BETWEEN 0 AND 1 AND coalesce(token_overlap(a, b), 0) BETWEEN 0 AND 1 AND
		coalesce(name_similarity(a, a), 1) = 1 AND coalesce(address_similarity(a, a), 1) = 1 AND coalesce(length(phonetic_key(a)), 1) <= 12' ])
{
	my ($name, $condition) = @$case;
	is(psql($database, "SET search_path = patternos, public; SELECT count(*) FILTER (WHERE NOT coalesce($condition, false)) || ' of ' || count(*) FROM pair"), '0 of 1500', $name);
}

# Dice of filters follows Dice of padded bigrams, and the same key and field give the same filter in another process.
is(psql($database, q{SELECT corr(patternos.bloom_dice(patternos.bloom_encode(a, sha256('k'), 'f', 4096), patternos.bloom_encode(b, sha256('k'), 'f', 4096)), patternos.dice('^' || a || '$', '^' || b || '$')) > 0.99
	FROM pair WHERE a ~ '[a-z]' AND b ~ '[a-z]'}), 't', 'filters are as alike as the texts');
my $filter = q{SELECT patternos.bloom_encode('priya sharma', sha256('k'), 'name')};
is(psql($database, $filter), psql($database, $filter), 'one filter');

# Other encodings: the same characters.
system('createdb', '-T', 'template0', '-E', 'LATIN1', '-l', 'C', "${database}_latin1") == 0 or die;
psql("${database}_latin1", 'CREATE EXTENSION patternos CASCADE');
is(psql("${database}_latin1", q{SELECT patternos.levenshtein(convert_from('\xe974e9', 'LATIN1'), 'ete'), patternos.jaro(convert_from('\xe9', 'LATIN1'), 'e'), patternos.phonetic_key(convert_from('\x52656ee9', 'LATIN1')), patternos.word_pairs(convert_from('\xe974e920636166e9', 'LATIN1'))}), '2|0|RN|{"cafe ete"}', 'LATIN1');
system('dropdb', "${database}_latin1");
system('createdb', '-T', 'template0', '-E', 'SQL_ASCII', '-l', 'C', "${database}_ascii") == 0 or die;
psql("${database}_ascii", 'CREATE EXTENSION patternos CASCADE');
is(psql("${database}_ascii", q{SELECT patternos.levenshtein(E'\xff\xfe', E'\xff'), patternos.jaro(E'\xff', E'\xfe'), patternos.jaro(E'\xff', E'\xff'), patternos.token_overlap(E'\xff', E'\xff'), patternos.name_similarity(E'\xff', 'a') IS NULL, coalesce(cardinality(patternos.word_pairs(E'\xff a')), 0) < 2}), '1|0|1|1|t|t', 'bytes that are no text');
system('dropdb', "${database}_ascii");

my $data = $ENV{PATTERNOS_SHARED_DATA} // '../shared/data';
SKIP:
{
	skip 'the test vectors are not there', 5 if !-r "$data/strings/jaro_winkler.csv";
	my %file = (
		levenshtein => [ 'levenshtein', 0 ],
		damerau_levenshtein => [ 'damerau_levenshtein', 0 ],
		jaro_distance => [ 'jaro', 3 ],
		jaro_winkler => [ 'jaro_winkler', 3 ]);
	for my $name (sort keys %file)
	{
		my ($function, $decimals) = @{ $file{$name} };
		open my $in, '<:encoding(UTF-8)', "$data/strings/$name.csv" or die;
		my @wrong;
		while (<$in>)
		{
			chomp;
			my ($a, $b, $expected) = map { $_ // '' } quotewords(',', 0, $_);
			next if !defined $expected || $expected eq '';
			my $got = vector($function, $a, $b);
			push @wrong, "$a, $b: $got, not $expected" if sprintf("%.${decimals}f", $got) != $expected;
		}
		is(join("\n", @wrong), '', "$name.csv");
	}
	# jellyfish's Jaccard is of words, or of consecutive pieces: sets
	open my $in, '<:encoding(UTF-8)', "$data/strings/jaccard.csv" or die;
	my @wrong;
	while (<$in>)
	{
		chomp;
		my ($a, $b, $expected, $size) = split /,/;
		my ($x, $y) = map { my $t = $_; '{' . join(',', map { qq("$_") } $size ? $t =~ /.{1,$size}/g : split(' ', $t)) . '}' } $a, $b;
		my $got = psql($database, "SELECT patternos.set_overlap('$x'::text[], '$y')");
		push @wrong, "$a, $b: $got, not $expected" if abs($got - $expected) > 0.00001;
	}
	is(join("\n", @wrong), '', 'jaccard.csv');
}

sub vector
{
	my ($function, $a, $b) = @_;
	my ($x, $y) = map { my $t = $_; utf8::encode($t); unpack 'H*', $t } $a, $b;
	return psql($database, "SELECT patternos.$function(convert_from('\\x$x', 'UTF8'), convert_from('\\x$y', 'UTF8'))");
}

system('dropdb', $database);
done_testing();
