#!/usr/bin/env perl
# Runs every test against the cluster in the environment and counts them.
# usage: script/test [NAME...]   only the files whose path contains one of the names
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use TAP::Harness;

chdir dirname(dirname(abs_path($0))) or die "cannot enter the checkout: $!";
my @names = @ARGV;
my ($passed, $failed, $skipped) = (0, 0, 0);

# The files of a pattern that were asked for.
sub wanted
{
	my @files = sort glob $_[0];
	return @files unless @names;
	return grep { my $file = $_; grep { index($file, $_) >= 0 } @names } @files;
}

# Runs pg_regress or pg_isolation_regress over named tests and counts their verdicts.
sub regress
{
	my ($program, $files, @options) = @_;
	return unless @$files;
	my $pgxs = `$ENV{PG_CONFIG} --pgxs`;
	chomp $pgxs;
	my $binary = dirname(dirname($pgxs)) . "/test/$program";
	my @tests = map { s{.*/}{}r =~ s{\.\w+$}{}r } @$files;
	(my $bindir = `$ENV{PG_CONFIG} --bindir`) =~ s/\n//;
	open my $out, '-|', $binary, '--inputdir=test', "--bindir=$bindir", @options, @tests
	  or die "cannot run $binary: $!";
	my $bad = 0;
	while (my $line = <$out>)
	{
		print $line;
		if ($line =~ /^(?:test\s+\S+\s+\.\.\.\s+ok\b|ok \d+)/) { $passed++ }
		elsif ($line =~ /^(?:test\s+\S+\s+\.\.\.\s+FAILED|not ok \d+)/) { $failed++; $bad = 1 }
	}
	close $out;
	$failed++ if $? && !$bad;
	for my $diff ('regression.diffs', 'output_iso/regression.diffs')
	{
		next unless $bad && -f $diff;
		open my $in, '<', $diff or next;
		print <$in>;
	}
}

# Runs files that print TAP and counts their assertions.
sub tap
{
	my ($files, %options) = @_;
	return unless @$files;
	my $harness = TAP::Harness->new({ verbosity => 0, failures => 1, comments => 1, merge => 0, %options });
	my $result = $harness->runtests(@$files);
	$skipped += scalar $result->skipped;
	$passed += scalar($result->passed) - scalar($result->skipped);
	$failed += scalar $result->failed;
	# a file that dies or breaks its plan fails even where each assertion passed
	for my $file ($result->descriptions)
	{
		my ($parser) = $result->parsers($file);
		$failed++ if $parser->has_problems && !$parser->failed;
		if (defined $parser->skip_all) { print "$file: skipped: " . $parser->skip_all . "\n"; $skipped++ }
	}
}

my @regress = wanted('test/sql/*.sql');
regress('regress/pg_regress', \@regress, '--load-extension=pgcrypto', '--load-extension=patternos');
my @specs = wanted('test/specs/*.spec');
regress('isolation/pg_isolation_regress', \@specs, '--outputdir=output_iso',
	'--load-extension=pgcrypto', '--load-extension=patternos')
  if @specs && (mkdir('output_iso') || -d 'output_iso');
tap([ wanted('test/pgtap/*.sql') ],
	exec => [ 'psql', '-XqAt', '-P', 'pager=off', '-v', 'ON_ERROR_ROLLBACK=1', '-v', 'ON_ERROR_STOP=1', '-f' ]);
tap([ wanted('test/t/*.t') ]);

print "\n$passed passed, $failed failed, $skipped skipped\n";
exit($failed ? 1 : 0);
