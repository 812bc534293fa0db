# What the benchmarks share; sourced by each.
set -euo pipefail
ROWS=${ROWS:-1000000}
python=.venv/bin/python
work=$(mktemp -d "${TMPDIR:-/tmp}/patternos-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

# Runs SQL quietly, stops at the first error.
sql() { psql -XqAt -v ON_ERROR_STOP=1 -c 'SET client_min_messages = warning' "${@/#/-c}"; }

# Seconds of processor time used by processes that the server and this script have seen end: all backends with
# their parallel workers, and clients.
processor_seconds() {
	awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); s += $14 + $15 } END { printf "%.2f", s / hz }' \
		"/proc/$(head -n 1 "$PATTERNOS_DATA/postmaster.pid")/stat" "/proc/$1/stat"
}

# Waits until no session is left: a process counts when it has ended.
sessions_end() {
	while ps --ppid "$(head -n 1 "$PATTERNOS_DATA/postmaster.pid")" -o args= | grep -qE '\[local\]|parallel worker|\[postgres\]'; do
		sleep 0.1
	done
}

# Prints the seconds that a command takes, by the clock and of processors.
seconds() {
	local begin end before me=$BASHPID
	sessions_end
	before=$(processor_seconds "$me")
	begin=$(date +%s.%N)
	"$@" >/dev/null
	end=$(date +%s.%N)
	sessions_end
	awk "BEGIN { print $end - $begin, $(processor_seconds "$me") - $before }"
}

# Prints the best of N runs of a command.
best_of() {
	local n=$1
	shift
	for _ in $(seq "$n"); do seconds "$@"; done | sort -n | head -n 1
}

# Adds up lines of seconds.
total() { awk '{ w += $1; c += $2 } END { print w, c }'; }

# line NAME "OURS" "PEER'S" "PEER, GOAL": seconds as above, the ratios are ours over the peer's.
line() {
	awk -v n="$1" -v o="$2" -v p="$3" -v g="$4" 'BEGIN {
		split(o, a); split(p, b)
		printf "%-44s %8.2fs %8.2fs %7.2f ", n, a[1], b[1], a[1] / b[1]
		if (a[2] > 0 && b[2] > 0) printf "%8.2fs %8.2fs %7.2f  %s\n", a[2], b[2], a[2] / b[2], g
		else printf "%27s  %s\n", "", g
	}'
}

# rate NAME ROWS "SECONDS" GOAL: rows per second, by the clock and of a processor.
rate() {
	awk -v n="$1" -v r="$2" -v s="$3" -v g="$4" 'BEGIN {
		split(s, a)
		printf "%-44s %8.2fs %17s %8.2fs %18s  %s\n", n, a[1], sprintf("%.0f rows/s", r / a[1]), a[2],
			(a[2] > 0 ? sprintf("%.0f rows/s", r / a[2]) : ""), g }'
}

# skip NAME WHY
skip() { printf '%-44s skipped: %s\n' "$1" "$2"; }

# Whether a Python module can be loaded.
has_module() { [ -x $python ] && $python -c "import $1" 2>/dev/null; }

# A database of this name with the extension, in place of the one connected to.
own_database() {
	createdb "$1"
	export PGDATABASE=$1
	sql 'CREATE EXTENSION patternos CASCADE'
}

# People whose purchases on all platforms are about ROWS rows; one in 23 of them makes about ROWS events.
people=$((ROWS * 10 / 44))
from_date=2024-01-01
as_of=2025-11-01
platforms="zepto swiggy amazon nykaa chumbak makemytrip carwale"

# Copies the rows of a query into a landing view.
land() { psql -XqAt -c "COPY ($2) TO STDOUT" | psql -XqAt -v ON_ERROR_STOP=1 -c 'SET client_min_messages = warning' -c "COPY patternos_dw.$1 FROM STDIN"; }

# The warehouse with the generated data, filled by the first benchmark that needs it.
fill_warehouse() {
	export PGDATABASE=bench_warehouse
	psql -XqAt -c '' 2>/dev/null && return
	own_database "$PGDATABASE"
	for platform in $platforms; do
		land "landing_$platform" "SELECT * FROM patternos.sample_$platform($people, 42, '$from_date', '$as_of')"
	done
	land landing_event "SELECT * FROM patternos.sample_events($((ROWS / 100)), 42, '2025-07-01', '$as_of')"
	sql 'VACUUM ANALYZE' 'CALL patternos.resolve_identities()' 'VACUUM ANALYZE'
}
