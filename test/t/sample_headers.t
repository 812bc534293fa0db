#!/usr/bin/perl
# The columns of the generated exports are those of the platforms' own files.
use strict;
use warnings;
use Test::More;

my $data = $ENV{PATTERNOS_SHARED_DATA} // '../shared/data';
plan skip_all => "no $data/platforms: the platforms' own files are missing" unless -d "$data/platforms";

my %files = (
	zepto => 'Zepto', swiggy => 'Swiggy', amazon => 'Amazon', nykaa => 'Nykaa',
	chumbak => 'Chumbak', makemytrip => 'MMT', carwale => 'CarWale');

sub header
{
	my ($query) = @_;
	my $line = `psql -XqAt -c "COPY ($query) TO STDOUT WITH (FORMAT csv, HEADER)" | head -n 1`;
	chomp $line;
	return $line;
}

for my $platform (sort keys %files)
{
	open my $in, '<', "$data/platforms/$files{$platform}_sample.csv" or die "$files{$platform}: $!";
	my $line = <$in>;
	$line =~ s/\r?\n//;
	is(header("SELECT * FROM patternos.sample_$platform(1)"), $line, "$platform has its file's header");
}
my $line = `gzip -dc $data/platforms/zepto_sku_library_10000.csv.gz | head -n 1`;
$line =~ s/\r?\n//;
is(header("SELECT * FROM patternos.sample_skus('ZEPTO', 1)"), $line, 'skus have the catalogue\'s header');
done_testing();
