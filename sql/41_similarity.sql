-- Distances and similarities of texts, names, addresses, dates, sets and Bloom filters.

CREATE FUNCTION patternos.jaro(a text, b text) RETURNS double precision
AS 'MODULE_PATHNAME', 'patternos_jaro'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 4;
COMMENT ON FUNCTION patternos.jaro(text, text) IS 'Jaro''s similarity of two texts, 0 to 1.';

CREATE FUNCTION patternos.jaro_similarity(a text, b text) RETURNS double precision
AS 'MODULE_PATHNAME', 'patternos_jaro'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 4;
COMMENT ON FUNCTION patternos.jaro_similarity(text, text) IS 'The name of jaro() in DuckDB, which rules and models written there use.';

CREATE FUNCTION patternos.jaro_winkler(a text, b text) RETURNS double precision
AS 'MODULE_PATHNAME', 'patternos_jaro_winkler'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 4;
COMMENT ON FUNCTION patternos.jaro_winkler(text, text) IS 'Jaro''s and Winkler''s similarity of two texts, 0 to 1: Jaro''s, raised for a common beginning.';

CREATE FUNCTION patternos.jaro_winkler_similarity(a text, b text) RETURNS double precision
AS 'MODULE_PATHNAME', 'patternos_jaro_winkler'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 4;
COMMENT ON FUNCTION patternos.jaro_winkler_similarity(text, text) IS 'The name of jaro_winkler() in DuckDB, which rules and models written there use.';

CREATE FUNCTION patternos.levenshtein(a text, b text) RETURNS integer
AS 'MODULE_PATHNAME', 'patternos_levenshtein'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 4;
COMMENT ON FUNCTION patternos.levenshtein(text, text) IS 'Levenshtein''s distance: the least number of characters to insert, delete and replace.';

CREATE FUNCTION patternos.levenshtein_similarity(a text, b text) RETURNS double precision
AS 'MODULE_PATHNAME', 'patternos_levenshtein_similarity'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 4;
COMMENT ON FUNCTION patternos.levenshtein_similarity(text, text) IS 'One less Levenshtein''s distance over the length of the longer text, 0 to 1.';

CREATE FUNCTION patternos.osa_distance(a text, b text) RETURNS integer
AS 'MODULE_PATHNAME', 'patternos_osa_distance'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 4;
COMMENT ON FUNCTION patternos.osa_distance(text, text) IS 'Distance of optimal string alignment: Levenshtein''s with swaps of two neighbours, no piece edited twice.';

CREATE FUNCTION patternos.damerau_levenshtein(a text, b text) RETURNS integer
AS 'MODULE_PATHNAME', 'patternos_damerau_levenshtein'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 8;
COMMENT ON FUNCTION patternos.damerau_levenshtein(text, text) IS 'Damerau''s and Levenshtein''s distance: swaps too, also of characters that are neighbours only after other edits.';

CREATE FUNCTION patternos.jaccard(a text, b text, q integer DEFAULT 1) RETURNS double precision
AS 'MODULE_PATHNAME', 'patternos_jaccard'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 6;
COMMENT ON FUNCTION patternos.jaccard(text, text, integer) IS 'Jaccard''s similarity of the sets of grams of two texts, 0 to 1: those in common over all.';

CREATE FUNCTION patternos.dice(a text, b text, q integer DEFAULT 2) RETURNS double precision
AS 'MODULE_PATHNAME', 'patternos_dice'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 6;
COMMENT ON FUNCTION patternos.dice(text, text, integer) IS 'Dice''s similarity of the sets of grams of two texts, 0 to 1: twice those in common over the sum of both.';

CREATE FUNCTION patternos.name_similarity(a text, b text) RETURNS double precision
AS 'MODULE_PATHNAME', 'patternos_name_similarity'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION patternos.name_similarity(text, text) IS 'Similarity of two people''s names, 0 to 1: words in any order, initials, short forms and spellings.';

CREATE FUNCTION patternos.address_similarity(a text, b text) RETURNS double precision
AS 'MODULE_PATHNAME', 'patternos_address_similarity'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION patternos.address_similarity(text, text) IS 'Similarity of two postal addresses, 0 to 1: words in any order and spelling, common ones counting little, and the house number.';

CREATE FUNCTION patternos.date_comparison(a date, b date) RETURNS text
AS 'MODULE_PATHNAME', 'patternos_date_comparison'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION patternos.date_comparison(date, date) IS 'How two dates are alike: exact, swapped, typo, exact_january_first, same_month, placeholder, same_year or different.';

CREATE FUNCTION patternos.date_similarity(a date, b date) RETURNS double precision
AS 'MODULE_PATHNAME', 'patternos_date_similarity'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION patternos.date_similarity(date, date) IS 'Similarity of two dates, 0 to 1, by the level that date_comparison() names.';

CREATE FUNCTION patternos.phonetic_key(name text) RETURNS text
AS 'MODULE_PATHNAME', 'patternos_phonetic_key'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION patternos.phonetic_key(text) IS 'A key by sound for names of India and of English, at most 12 characters: spellings of a name share it.';

CREATE FUNCTION patternos.word_pairs(value text) RETURNS text[]
AS 'MODULE_PATHNAME', 'patternos_word_pairs'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION patternos.word_pairs(text) IS 'Pairs of words of a text, as keys to find texts by that have two words in common.';

CREATE FUNCTION patternos.set_overlap(a text[], b text[], shares jsonb DEFAULT '{}') RETURNS double precision
AS 'MODULE_PATHNAME', 'patternos_set_overlap'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION patternos.set_overlap(text[], text[], jsonb) IS 'Weight of the members that two sets have in common over that of all, 0 to 1; rare members weigh more.';

CREATE FUNCTION patternos.set_overlap(a bigint[], b bigint[], shares jsonb DEFAULT '{}') RETURNS double precision
AS 'MODULE_PATHNAME', 'patternos_set_overlap'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION patternos.set_overlap(bigint[], bigint[], jsonb) IS 'Weight of the members that two sets have in common over that of all, 0 to 1; rare members weigh more.';

CREATE FUNCTION patternos.token_overlap(a text, b text, shares jsonb DEFAULT '{}') RETURNS double precision
AS 'MODULE_PATHNAME', 'patternos_token_overlap'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION patternos.token_overlap(text, text, jsonb) IS 'Weight of the words that two texts have in common over that of all their words, 0 to 1; rare words weigh more.';

CREATE FUNCTION patternos.bloom_encode(value text, key bytea, field text, bits integer DEFAULT 512, hashes integer DEFAULT 16) RETURNS bytea
AS 'MODULE_PATHNAME', 'patternos_bloom_encode'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION patternos.bloom_encode(text, bytea, text, integer, integer) IS 'A keyed Bloom filter of a text: can be compared with others of the same key and field, but not read.';

CREATE FUNCTION patternos.bloom_dice(a bytea, b bytea) RETURNS double precision
AS 'MODULE_PATHNAME', 'patternos_bloom_dice'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2;
COMMENT ON FUNCTION patternos.bloom_dice(bytea, bytea) IS 'Dice''s coefficient of two Bloom filters, 0 to 1: how alike the texts are that they were made from.';
