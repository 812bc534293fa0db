#!/usr/bin/env bash
# Mutated model documents and compiled models through src/core, with the compiler's sanitizers watching; see test/fuzz.
set -eu
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
echo 1..1
if ! "${CC:-cc}" -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -DSTANDALONE -Isrc \
	test/fuzz/fuzz_trees.c src/core/{json_reader,tree,tree_explain,tree_lightgbm,tree_xgboost_read,tree_xgboost_write}.c -lm -o "$build/fuzz_trees" 2>"$build/log"; then
	sed 's/^/# /' "$build/log" >&2
	echo "not ok 1 - the harness builds"
elif "$build/fuzz_trees" 5000 >"$build/log" 2>&1; then
	echo "ok 1 - 5,000 mutated models"
else
	sed 's/^/# /' "$build/log" >&2
	echo "not ok 1 - 5,000 mutated models"
fi
