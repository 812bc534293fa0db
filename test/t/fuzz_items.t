#!/usr/bin/env bash
# Mutated item lists through src/core, with the compiler's sanitizers watching; see test/fuzz.
set -eu
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
echo 1..1
if ! "${CC:-cc}" -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -DSTANDALONE -Isrc \
	test/fuzz/fuzz_items.c src/core/items.c src/core/phrase.c -o "$build/fuzz_items" 2>"$build/log"; then
	sed 's/^/# /' "$build/log" >&2
	echo "not ok 1 - the harness builds"
elif "$build/fuzz_items" 100000 >"$build/log" 2>&1; then
	echo "ok 1 - 100,000 mutated lists"
else
	sed 's/^/# /' "$build/log" >&2
	echo "not ok 1 - 100,000 mutated lists"
fi
