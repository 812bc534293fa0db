#!/usr/bin/env bash
# Mutated records and models through the compare engine, with the compiler's sanitizers watching; see test/fuzz.
set -eu
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
echo 1..1
if ! "${CC:-cc}" -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -Isrc test/fuzz/fuzz_match.c \
	src/core/{match_compare,match_encode,match_kind,match_model,match_name,match_normalize,match_normalize_name,transliterate,match_text,match_value,match_words}.c \
	src/core/{similarity_edit,similarity_gram,similarity_jaro,similarity_match,bloom,sha256,phonetic,name,name_short_forms,address}.c \
	src/core/{utf8,parse,parse_datetime,normalize,normalize_text}.c -lm -o "$build/fuzz_match" 2>"$build/log"; then
	sed 's/^/# /' "$build/log" >&2
	echo "not ok 1 - the harness builds"
elif "$build/fuzz_match" 20000 >"$build/log" 2>&1; then
	echo "ok 1 - 20,000 mutated records and models"
else
	sed 's/^/# /' "$build/log" >&2
	echo "not ok 1 - 20,000 mutated records and models"
fi
