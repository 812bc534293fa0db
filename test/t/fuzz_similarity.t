#!/usr/bin/env bash
# Mutated pairs of texts through the similarities of src/core, with the compiler's sanitizers watching; see test/fuzz.
set -eu
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
echo 1..2
run() { # test number, rounds, description, compiler options
	local number=$1 rounds=$2 what=$3
	shift 3
	if "${CC:-cc}" -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -DSTANDALONE -Isrc "$@" \
		test/fuzz/fuzz_similarity.c src/core/similarity_*.c src/core/{bloom,phonetic,name,name_short_forms,address,sha256,utf8,parse,parse_datetime,normalize,normalize_text}.c \
		-o "$build/fuzz_similarity" >"$build/log" 2>&1 && "$build/fuzz_similarity" "$rounds" >"$build/log" 2>&1; then
		echo "ok $number - $rounds mutated pairs$what"
	else
		sed 's/^/# /' "$build/log" >&2
		echo "not ok $number - $rounds mutated pairs$what"
	fi
}
run 1 6000 ''
run 2 2000 ' without vector instructions' -U__SSE2__
