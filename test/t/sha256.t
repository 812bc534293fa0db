#!/usr/bin/env bash
# SHA-256 by the processor's instructions and without them: the same blocks, the same states.
set -eu
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
cat >"$build/sha256.c" <<'END'
#include "core/sha256.c"
#include <stdio.h>
#include <stdlib.h>

int
main(void)
{
	uint32_t	portable[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	uint32_t	native[8];
	uint8_t		block[SHA256_BLOCK];

#ifdef HAVE_SHA_INSTRUCTIONS
	if (!has_sha_instructions())
		return 77;
	for (int i = 0; i < 100000; i++)
	{
		for (int j = 0; j < SHA256_BLOCK; j++)
			block[j] = (uint8_t) (random() >> 7);
		memcpy(native, portable, sizeof(native));
		compress_portable(portable, block);
		compress_native(native, block);
		if (memcmp(portable, native, sizeof(native)) != 0)
			return 1;
	}
	return 0;
#else
	return 77;
#endif
}
END
echo 1..1
"${CC:-cc}" -O1 -Isrc "$build/sha256.c" -o "$build/sha256"
status=0
"$build/sha256" || status=$?
case $status in
0) echo "ok 1 - 100,000 blocks" ;;
77) echo "ok 1 # SKIP the processor has no such instructions" ;;
*) echo "not ok 1 - 100,000 blocks" ;;
esac
