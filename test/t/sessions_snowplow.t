#!/usr/bin/perl
# Sessions and page views of real web events against the figures of the vendor that recorded them.
#
# Where the definitions differ: after 72 hours of a session the vendor drops the events that follow, here they begin a
# further session; it makes page views out of page pings that lack one, and merges page views with equal ids.
use strict;
use warnings;
use lib 'test/lib';
use Test::More;
use Warehouse;

my $data = ($ENV{PATTERNOS_SHARED_DATA} // '../shared/data') . '/snowplow_web';
plan skip_all => "$data is missing" unless -r "$data/snowplow_web_events.csv";

my $database = make_database('patternos_snowplow');

# A table of text columns with the content of a CSV file.
sub load
{
	my ($table, $file) = @_;
	open my $in, '<', "$data/$file" or die "$file: $!";
	(my $header = <$in>) =~ s/[\r\n]+//;
	my $columns = join ', ', map { qq("$_" text) } split /,/, $header;
	psql($database, "CREATE TABLE $table ($columns);\n\\copy $table FROM '$data/$file' WITH (FORMAT csv, HEADER)");
}
load('event',    'snowplow_web_events.csv');
load('vendor',   'snowplow_web_sessions_expected.csv');
load('vendor_user', 'snowplow_web_users_expected.csv');

psql($database, <<'SQL');
CREATE VIEW hit AS
SELECT DISTINCT ON (event_id) domain_sessionid AS id, domain_userid AS visitor, event_name, derived_tstamp::timestamp AS at, dvce_type
FROM event WHERE domain_sessionid IS NOT NULL ORDER BY event_id, collector_tstamp;
CREATE TABLE visit AS
SELECT id, session, min(at) AS first, max(at) AS last, count(*) AS events, count(*) FILTER (WHERE patternos.event_kind(event_name) = 'page_view') AS page_views
FROM (SELECT *, patternos.session_number(at, id, '30 minutes', '72 hours') OVER (PARTITION BY id ORDER BY at) AS session FROM hit) h
GROUP BY id, session;
-- sessions that the vendor counts, without those it makes up from a lone page ping
CREATE VIEW known AS
SELECT domain_sessionid AS id, start_tstamp::timestamp AS first, end_tstamp::timestamp AS last, page_views::integer, total_events::integer AS events, absolute_time_in_s::integer AS seconds
FROM vendor v
WHERE EXISTS (SELECT FROM hit WHERE id = v.original_domain_sessionid AND at = v.start_tstamp::timestamp)
  AND (SELECT count(*) FROM vendor w WHERE w.original_domain_sessionid = v.original_domain_sessionid) = 1;
SQL

is(psql($database, 'SELECT count(*) FROM known'), 15, 'sessions to compare');
is(psql($database, 'SELECT count(*) FROM known k JOIN visit v USING (id, first, last) WHERE v.session = 1'), 15,
	'same beginning and end');
is(psql($database, 'SELECT count(*) FROM known k JOIN visit v USING (id, first, events) WHERE v.session = 1'), 15,
	'same number of events');
is(psql($database, 'SELECT count(*) FROM known k JOIN visit v USING (id, first, page_views) WHERE v.session = 1'), 14,
	'same page views, but for the session with duplicate page view ids');
is(psql($database, 'SELECT count(DISTINCT id) FROM visit WHERE session > 1'), 2, 'two sessions go on after 72 hours');

# The aggregate, over the events that the vendor kept: length and page views of each session.
is( psql($database, <<'SQL'), '15|15|14', 'the aggregate: sessions, lengths, page views');
SELECT count(*) FILTER (WHERE (b).total_sessions = 1), count(*) FILTER (WHERE abs((b).avg_session_duration - seconds) < 1),
       count(*) FILTER (WHERE (b).total_page_views = page_views)
FROM (SELECT k.id, k.seconds, k.page_views,
             patternos.behavior(ROW('WEB', h.event_name, h.at AT TIME ZONE 'UTC', h.id, h.dvce_type, NULL)::patternos.behavior_event,
                                ROW('2022-01-01', 'UTC', 30, 72, 24)::patternos.behavior_rules) AS b
      FROM known k JOIN hit h ON h.id = k.id AND h.at <= k.last GROUP BY 1, 2, 3) x
SQL

# Sessions per visitor, where the vendor neither joined visitors nor made up sessions.
is( psql($database, <<'SQL'), '9|0', 'sessions per visitor');
SELECT count(*), count(*) FILTER (WHERE u.sessions::integer <> ours.total_sessions)
FROM (SELECT visitor, (b).total_sessions, (b).total_page_views
      FROM (SELECT h.visitor, patternos.behavior(ROW('WEB', h.event_name, h.at AT TIME ZONE 'UTC', h.id, h.dvce_type, NULL)::patternos.behavior_event,
                                ROW('2022-01-01', 'UTC', 30, 72, 24)::patternos.behavior_rules) AS b
            FROM hit h JOIN known k ON k.id = h.id AND h.at <= k.last GROUP BY 1) x) ours
JOIN vendor_user u ON u.domain_userid = ours.visitor
WHERE (SELECT count(*) FROM vendor v WHERE v.domain_userid = u.domain_userid) = (SELECT count(*) FROM known k JOIN hit h USING (id) WHERE h.visitor = u.domain_userid AND h.at = k.first)

SQL
done_testing();
