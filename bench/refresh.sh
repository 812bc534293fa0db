#!/usr/bin/env bash
# The second refresh of the features: at the same date after one customer in a hundred changed, and a day later,
# against the first, which computes everything.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
fill_warehouse

refresh() { sql "CALL patternos.refresh_features('$1')"; }
day=$(date -d "$as_of - 1 day" +%F)
full=$(seconds refresh "$day")
sql "SELECT patternos.mark_changed(ARRAY(SELECT customer_key FROM patternos_dw.dim_customer WHERE customer_key % 100 = 0), 'benchmark')"
line "refresh, 1 % of customers changed" "$(seconds refresh "$day")" "$full" "the full refresh, goal 0.03"
line "refresh, a day later" "$(seconds refresh "$as_of")" "$full" "the full refresh, goal 0.3"
