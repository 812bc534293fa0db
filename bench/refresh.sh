#!/usr/bin/env bash
# The second refresh: at the same date after one customer in a hundred changed, and a day later, against the first,
# which computes everything; of the features, and together with the scores.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
fill_warehouse

features() { sql "CALL patternos.refresh_features('$1')"; }
scores() { sql "CALL patternos.score_intent('$1')"; }
day=$(date -d "$as_of - 1 day" +%F)
sql 'DELETE FROM patternos_dw.refresh_state'
full=$(seconds features "$day")
full_scores=$(seconds scores "$day")
sql "UPDATE patternos_dw.fact_transaction SET total_value = total_value + 10 WHERE customer_key % 100 = 0" \
	"SELECT patternos.mark_changed(ARRAY(SELECT customer_key FROM patternos_dw.dim_customer WHERE customer_key % 100 = 0), 'benchmark')"
changed=$(seconds features "$day")
line "refresh, 1 % of customers changed" "$changed" "$full" "the full refresh, goal 0.03"
line "the same, with scores" "$(printf '%s\n' "$changed" "$(seconds scores "$day")" | total)" \
	"$(printf '%s\n' "$full" "$full_scores" | total)" "the full refresh"
later=$(seconds features "$as_of")
line "refresh, a day later" "$later" "$full" "the full refresh, goal 0.3"
line "the same, with scores" "$(printf '%s\n' "$later" "$(seconds scores "$as_of")" | total)" \
	"$(printf '%s\n' "$full" "$full_scores" | total)" "the full refresh"
