# What the benchmarks share; sourced by each.
set -euo pipefail
ROWS=${ROWS:-1000000}
python=.venv/bin/python

# Runs SQL quietly, stops at the first error.
sql() { psql -XqAt -v ON_ERROR_STOP=1 -c 'SET client_min_messages = warning' "${@/#/-c}"; }

# Prints the seconds that a command takes.
seconds() {
	local begin end
	begin=$(date +%s.%N)
	"$@" >/dev/null
	end=$(date +%s.%N)
	awk "BEGIN { print $end - $begin }"
}

# Prints the best of N runs of a command.
best_of() {
	local n=$1
	shift
	for _ in $(seq "$n"); do seconds "$@"; done | sort -n | head -n 1
}

# line NAME OURS PEER "PEER'S NAME, GOAL": the ratio is ours over the peer's.
line() { awk -v n="$1" -v o="$2" -v p="$3" -v g="$4" 'BEGIN { printf "%-52s %9.2fs %9.2fs %8.2f  %s\n", n, o, p, o / p, g }'; }

# skip NAME WHY
skip() { printf '%-52s skipped: %s\n' "$1" "$2"; }
