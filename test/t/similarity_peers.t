#!/usr/bin/env bash
# The same numbers as RapidFuzz (and jellyfish and DuckDB, where they agree with it) for random Unicode texts.
# The peers come from PyPI into a private folder; without them the test is skipped.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=.venv/bin/python
if ! $python -c 'import rapidfuzz, jellyfish' 2>/dev/null; then
	python=$work/venv/bin/python
	if ! { python3 -m venv "$work/venv" && timeout 120 "$work/venv/bin/pip" install --quiet rapidfuzz jellyfish; } >"$work/log" 2>&1; then
		echo '1..0 # SKIP RapidFuzz and jellyfish cannot be had from PyPI'
		exit
	fi
fi
$python - >"$work/pairs" <<'P'
import random
import jellyfish
from rapidfuzz.distance import OSA, DamerauLevenshtein, Jaro, JaroWinkler, Levenshtein

random.seed(1)
# letters of many scripts, combining marks, and characters beyond the basic plane
anything = [chr(c) for r in ((0x20, 0x7E), (0xC0, 0x24F), (0x300, 0x315), (0x400, 0x45F), (0x905, 0x94D), (0xB85, 0xBCD), (0x4E00, 0x4E40), (0x1F600, 0x1F640)) for c in range(*r) if chr(c) != "\\"]
alphabets = ["ab", "abcdefgh ", "abcdefghijklmnopqrstuvwxyz", "aàbßक्षñ", "अआकखग😀😁z", anything]


def text(alphabet, longest):
    return "".join(random.choice(alphabet) for _ in range(random.randint(0, longest)))


for n in range(20000):
    alphabet = random.choice(alphabets)
    longest = random.choice([33, 63, 64, 65, 66, 130, 300] if n % 20 == 0 else [3, 6, 10, 17])
    a, b = text(alphabet, longest), text(alphabet, longest)
    if random.random() < 0.5:
        letters = list(a)
        for _ in range(random.randint(1, 5)):
            if letters:
                i, kind = random.randrange(len(letters)), random.random()
                if kind < 0.3:
                    letters[i] = random.choice(alphabet)
                elif kind < 0.5:
                    del letters[i]
                elif kind < 0.7:
                    letters.insert(i, random.choice(alphabet))
                else:
                    letters[i : i + 2] = letters[i : i + 2][::-1]
        b = "".join(letters)
    jellyfishs = (jellyfish.levenshtein_distance(a, b), jellyfish.damerau_levenshtein_distance(a, b)) if "\u0300" > max(a + b + " ") else ("\\N", "\\N")
    print(a, b, Levenshtein.distance(a, b), OSA.distance(a, b), DamerauLevenshtein.distance(a, b), repr(Jaro.similarity(a, b)), repr(JaroWinkler.similarity(a, b)), *jellyfishs, sep="\t")
P
psql -XqAt -v ON_ERROR_STOP=1 <<S
SET client_min_messages = warning;
DROP TABLE IF EXISTS public.similarity_peer;
CREATE TABLE public.similarity_peer (a text, b text, levenshtein int, osa int, damerau int, jaro float8, winkler float8, jellyfish_levenshtein int, jellyfish_damerau int);
\copy public.similarity_peer FROM '$work/pairs'
S
number=0
compare() { # description, condition
	number=$((number + 1))
	wrong=$(psql -XqAt -c "SET search_path = patternos, public; SELECT count(*) FILTER (WHERE NOT ($2)) || ' of ' || count(*) FROM similarity_peer WHERE ($2) IS NOT NULL")
	case $wrong in
	'0 of '[1-9]*) echo "ok $number - $1" ;;
	*) echo "not ok $number - $1: $wrong" ;;
	esac
}
echo 1..7
compare "Levenshtein's distance is RapidFuzz's" 'levenshtein(a, b) = levenshtein'
compare "that of optimal string alignment too" 'osa_distance(a, b) = osa'
compare "Damerau's too" 'damerau_levenshtein(a, b) = damerau'
compare "Jaro's similarity has the same bits" 'jaro(a, b) = jaro'
compare "Jaro's and Winkler's too" 'jaro_winkler(a, b) = winkler'
compare "Levenshtein's distance is jellyfish's" 'levenshtein(a, b) = jellyfish_levenshtein'
compare "Damerau's too" 'damerau_levenshtein(a, b) = jellyfish_damerau'
psql -XqAtc 'DROP TABLE public.similarity_peer'
