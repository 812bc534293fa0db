#!/usr/bin/perl
# The SQL of doc/tutorial.md and README.md runs from top to bottom in a fresh database, and prints what they say.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Temp qw(tempdir);
use Test::More;
use lib 'test/lib';
use Warehouse;

# Without spaces at the ends of lines and empty lines at the end.
sub trimmed { return $_[0] =~ s/ +$//mgr =~ s/\n+\z/\n/r; }

# Runs all blocks of SQL of a page in one session and compares those that are followed by a block of output.
sub run_page
{
	my ($page, $database) = @_;
	my $text = slurp($page);
	my @blocks;
	while ($text =~ /^```sql\n(.*?)^```\n(?:```\n(.*?)^```\n)?/msg)
	{
		push @blocks, { sql => $1, expected => $2 };
	}
	my $folder = tempdir(CLEANUP => 1);
	open my $script, '>', "$folder/page.sql" or die;
	print $script "\\pset pager off\nSET timezone = 'Asia/Kolkata';\n";
	print $script "\\o $folder/$_\n$blocks[$_]{sql}\n" for 0 .. $#blocks;
	close $script;
	my $top = abs_path('.');
	chdir $folder or die;
	my $error = `psql -Xq -v ON_ERROR_STOP=1 -d $database -f page.sql 2>&1 | grep -A5 ERROR`;
	is($error, '', "$page: no statement fails");
	for my $i (grep { defined $blocks[$_]{expected} } 0 .. $#blocks)
	{
		my ($name) = split /\n/, $blocks[$i]{sql};
		is(-e $i ? trimmed(slurp($i)) : '', trimmed($blocks[$i]{expected}), "$page: $name");
	}
	chdir $top or die;
}

run_page('README.md', make_database('patternos_readme'));

# What README.md says of the duplicates that it finds, against the truth.
my ($people, $right, $found) = slurp('README.md') =~ /It finds ([\d,]+) people; .* joins ([\d.]+) % are right, and of the right ones it finds ([\d.]+) %/;
is(psql('patternos_readme', <<'SQL'), join('|', $people =~ s/,//r, $right, $found), 'README.md: how many duplicates are right');
CREATE TABLE contact_truth AS
SELECT row_number() OVER (ORDER BY platform_id, platform_customer_id) AS id, person
FROM patternos.sample_customers(1000) JOIN patternos.sample_truth_accounts(1000) USING (platform_id, platform_customer_id);
SELECT clusters_found, round(100 * precision::numeric, 1), round(100 * recall::numeric, 1)
FROM patternos.evaluate_clusters('contact_person', 'contact_truth', 'id', 'person')
SQL
run_page('doc/tutorial.md', make_database('patternos_tutorial'));
done_testing();
