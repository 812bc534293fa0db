#!/usr/bin/env bash
# Identity resolution: ROWS accounts at once, then a thousand new ones against them.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
own_database bench_resolve

people=$((ROWS * 617 / 1000))
land landing_customer "SELECT * FROM patternos.sample_customers($people, 42)"
sql 'VACUUM ANALYZE'
accounts=$(sql 'SELECT count(*) FROM patternos_dw.dim_customer_identity')
resolve() { sql 'SELECT patternos._resolve_identities()'; }
rate "resolve $accounts accounts" "$accounts" "$(seconds resolve)" "all of it: identifiers, likeness, customers"
sql 'VACUUM ANALYZE'

# the best of three thousands, each a new one
best=
for part in 1 2 3; do
	first=$((people + 1 + (part - 1) * 617))
	land landing_customer "SELECT * FROM patternos.sample_customers($((first + 616)), 42, 0.3, $first)"
	best+=$(seconds resolve)$'\n'
done
rate "resolve 1,000 new accounts against $accounts" 1000 "$(sort -n <<<"$best" | sed '/^$/d' | head -n 1)" "goal: under a second"
