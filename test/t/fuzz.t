#!/usr/bin/env bash
# Mutated values through every parser of src/core, with the compiler's sanitizers watching; see test/fuzz.
set -eu
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
echo 1..1
if ! "${CC:-cc}" -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -DSTANDALONE -Isrc \
	test/fuzz/fuzz_values.c src/core/{utf8,parse,parse_datetime,normalize,normalize_phone,normalize_text,normalize_ip,detect,detect_number,json}.c \
	-o "$build/fuzz_values" 2>"$build/log"; then
	sed 's/^/# /' "$build/log" >&2
	echo "not ok 1 - the harness builds"
elif "$build/fuzz_values" 30000 >"$build/log" 2>&1; then
	echo "ok 1 - 30,000 mutated values"
else
	sed 's/^/# /' "$build/log" >&2
	echo "not ok 1 - 30,000 mutated values"
fi
