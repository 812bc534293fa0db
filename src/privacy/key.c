/*
 * key.c
 *		The key file, and keyed hashes of personal identifiers.
 *
 * Each backend reads the file at the first hash that it needs and looks once a
 * statement whether it changed.  Then it compares the key's check value with the
 * warehouse's: another key would give every customer a second life.  The key
 * itself never leaves this file.
 */
#include "patternos.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "core/sha256.h"
#include "funcapi.h"
#include "key.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#define MIN_KEY_SIZE 32
#define MAX_KEY_SIZE 1024
#define LABEL_SIZE 64

/* What is wrong with the key, and what to do about it; message NULL: nothing. */
typedef struct KeyProblem
{
	int			sqlstate;
	const char *message;
	const char *hint;
} KeyProblem;

static struct
{
	bool		loaded;
	bool		verified;		/* equals the warehouse's check value */
	TimestampTz compared_at;	/* statement in which it was last compared
								 * with that */
	TimestampTz checked_at;		/* statement in which the file was looked at */
	char		path[MAXPGPATH];
	struct stat file;
	HmacKey		hmac;
}			key;

/*
 * Forgets the key.
 */
static void
forget_key(int code, Datum arg)
{
	explicit_bzero(&key, sizeof(key));
}

/*
 * A problem with its remedy.
 */
static KeyProblem
problem(int sqlstate, const char *message, const char *hint)
{
	KeyProblem	result = {sqlstate, message, hint};

	return result;
}

/*
 * Whether a file lies in the data directory, where base backups would take it along
 * with the hashes.
 */
static bool
in_data_directory(const char *path)
{
	char	   *file = realpath(path, NULL);
	char	   *directory = realpath(DataDir, NULL);
	bool		result = false;

	if (file != NULL && directory != NULL)
	{
		size_t		length = strlen(directory);

		result = strncmp(file, directory, length) == 0 && file[length] == '/';
	}
	free(file);
	free(directory);
	return result;
}

/*
 * Whether only the server's user can read the file: the rule of the server's own
 * TLS key.
 */
static bool
is_private(const struct stat *file)
{
	if (file->st_uid == geteuid())
		return (file->st_mode & (S_IRWXG | S_IRWXO)) == 0;
	return file->st_uid == 0 && (file->st_mode & (S_IWGRP | S_IXGRP | S_IRWXO)) == 0;
}

/*
 * Makes the key of a file's bytes.
 */
static KeyProblem
use_key(const uint8 *bytes, ssize_t size)
{
	bool		same = true;

	if (size < MIN_KEY_SIZE || size > MAX_KEY_SIZE)
		return problem(ERRCODE_CONFIG_FILE_ERROR, "key file must hold 32 to 1024 bytes",
					   "Make one with: (umask 077; head -c 32 /dev/urandom > FILE).");
	for (ssize_t i = 1; i < size; i++)
		same = same && bytes[i] == bytes[0];
	if (same)
		return problem(ERRCODE_CONFIG_FILE_ERROR, "key file holds one byte repeated",
					   "Make one with: (umask 077; head -c 32 /dev/urandom > FILE).");
	hmac_key(&key.hmac, bytes, (size_t) size);
	key.loaded = true;
	return problem(0, NULL, NULL);
}

/*
 * Reads an open key file.
 */
static KeyProblem
read_key(int fd)
{
	uint8		bytes[MAX_KEY_SIZE + 1];
	ssize_t		size;
	KeyProblem	result;

	if (fstat(fd, &key.file) != 0 || !S_ISREG(key.file.st_mode))
		return problem(ERRCODE_CONFIG_FILE_ERROR, "key file is not a regular file",
					   "Set patternos.key_file to a file of at least 32 random bytes.");
	if (!is_private(&key.file))
		return problem(ERRCODE_CONFIG_FILE_ERROR, "key file has group or world access or another owner",
					   "Its owner must be the server's user with permissions 0600, or root with permissions 0640 or less.");
	size = read(fd, bytes, sizeof(bytes));
	result = use_key(bytes, size);
	explicit_bzero(bytes, sizeof(bytes));
	return result;
}

/*
 * Loads the key unless it is loaded from the same, unchanged file.
 */
static KeyProblem
load_key(void)
{
	static bool registered = false;
	TimestampTz now = GetCurrentStatementStartTimestamp();
	const char *path = patternos_key_file;
	struct stat file;
	int			fd;
	KeyProblem	result;

	if (key.loaded && key.checked_at == now && strcmp(path, key.path) == 0)
		return problem(0, NULL, NULL);
	if (key.loaded && strcmp(path, key.path) == 0 && stat(path, &file) == 0 &&
		file.st_ino == key.file.st_ino && file.st_dev == key.file.st_dev &&
		file.st_size == key.file.st_size && file.st_mode == key.file.st_mode &&
		file.st_uid == key.file.st_uid &&
		file.st_mtim.tv_sec == key.file.st_mtim.tv_sec &&
		file.st_mtim.tv_nsec == key.file.st_mtim.tv_nsec)
	{
		key.checked_at = now;
		return problem(0, NULL, NULL);
	}

	forget_key(0, 0);
	if (!registered)
		on_proc_exit(forget_key, 0);
	registered = true;
	if (path[0] == '\0')
		return problem(ERRCODE_CONFIG_FILE_ERROR, "no key file is set, so personal identifiers cannot be hashed",
					   "Make a file of 32 random bytes outside the data directory, then: ALTER SYSTEM SET patternos.key_file = '/path/of/the/file'; SELECT pg_reload_conf();");
	if (!is_absolute_path(path) || strlen(path) >= MAXPGPATH)
		return problem(ERRCODE_CONFIG_FILE_ERROR, "patternos.key_file is not an absolute path",
					   "Name the file with its whole path.");
	fd = OpenTransientFile(path, O_RDONLY | O_NONBLOCK | PG_BINARY);
	if (fd < 0)
		return problem(ERRCODE_CONFIG_FILE_ERROR, errno == ENOENT ? "key file does not exist" : "key file cannot be read",
					   "Check patternos.key_file, and that the server's user may read the file and enter its directory.");
	if (in_data_directory(path))
		result = problem(ERRCODE_CONFIG_FILE_ERROR, "key file lies in the data directory",
						 "Move it elsewhere: backups of the data directory must not hold the key.");
	else
		result = read_key(fd);
	CloseTransientFile(fd);
	strlcpy(key.path, path, sizeof(key.path));
	key.checked_at = now;
	return result;
}

/*
 * HMAC of "patternos:<label>:v1", a zero byte and 32 bytes.
 */
static void
keyed_hash(const char *label, const uint8 inner[32], uint8 result[IDENTIFIER_HASH_SIZE])
{
	static const char before[] = {'p', 'a', 't', 't', 'e', 'r', 'n', 'o', 's', ':'};
	static const char after[] = ":v1";
	char		prefix[LABEL_SIZE];
	size_t		size = strlen(label);

	Assert(sizeof(before) + size + sizeof(after) <= LABEL_SIZE);
	memcpy(prefix, before, sizeof(before));
	memcpy(prefix + sizeof(before), label, size);
	memcpy(prefix + sizeof(before) + size, after, sizeof(after));
	hmac_sha256(&key.hmac, prefix, sizeof(before) + size + sizeof(after), inner, SHA256_SIZE, result);
}

/*
 * The key's check value: tells whether two keys are the same and nothing else.
 */
static void
key_check(uint8 result[KEY_CHECK_SIZE])
{
	uint8		nothing[SHA256_SIZE];
	uint8		hash[IDENTIFIER_HASH_SIZE];

	sha256("", 0, nothing);
	keyed_hash("check", nothing, hash);
	memcpy(result, hash, KEY_CHECK_SIZE);
}

/*
 * Compares the loaded key with the warehouse's check value, once for each key, or
 * once a statement as long as there is none; no row or no warehouse is no problem.  The table is read directly: its reader needs
 * no privilege on it and learns nothing from it.
 */
static KeyProblem
verify_key(void)
{
	Oid			namespace;
	Oid			table;
	Relation	relation;
	TableScanDesc scan;
	TupleTableSlot *slot;
	uint8		check[KEY_CHECK_SIZE];
	bool		mismatch = false;

	if (key.verified || key.compared_at == GetCurrentStatementStartTimestamp())
		return problem(0, NULL, NULL);
	key.compared_at = GetCurrentStatementStartTimestamp();
	namespace = get_namespace_oid("patternos_dw", true);
	table = OidIsValid(namespace) ? get_relname_relid("hash_key", namespace) : InvalidOid;
	if (!OidIsValid(table) || get_rel_relkind(table) != RELKIND_RELATION)
		return problem(0, NULL, NULL);
	key_check(check);
	relation = table_open(table, AccessShareLock);
	slot = table_slot_create(relation, NULL);
	scan = table_beginscan(relation, GetActiveSnapshot(), 0, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;
		Datum		value = slot_getattr(slot, get_attnum(table, "key_check"), &isnull);
		bytea	   *stored = isnull ? NULL : DatumGetByteaPP(value);

		if (stored != NULL && VARSIZE_ANY_EXHDR(stored) == KEY_CHECK_SIZE &&
			memcmp(VARDATA_ANY(stored), check, KEY_CHECK_SIZE) == 0)
			key.verified = true;
		else
			mismatch = true;
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	table_close(relation, AccessShareLock);
	if (mismatch && !key.verified)
	{
		key.compared_at = 0;
		return problem(ERRCODE_CONFIG_FILE_ERROR, "key file is not the one that this warehouse was loaded with",
					   "Point patternos.key_file at the right file: with another key every customer would become a new one.");
	}
	return problem(0, NULL, NULL);
}

/*
 * A usable key, or an error that says what to do.
 */
static void
require_key(void)
{
	KeyProblem	p = load_key();

	if (p.message == NULL && !key.verified)
		p = verify_key();
	if (p.message != NULL)
		ereport(ERROR,
				(errcode(p.sqlstate),
				 errmsg("%s", p.message),
				 errdetail_log("patternos.key_file is \"%s\".", patternos_key_file),
				 errhint("%s", p.hint)));
}

/*
 * Whether a key is loaded that the warehouse's table of keys does not name.
 */
bool
key_is_unregistered(void)
{
	return key.loaded && !key.verified;
}

/*
 * The stored hash of a canonical value's SHA-256.  Without a usable key it raises F0000.
 */
void
identifier_hash_prehashed(const char *label, const uint8 inner[32],
						  uint8 result[IDENTIFIER_HASH_SIZE])
{
	require_key();
	keyed_hash(label, inner, result);
}

/*
 * The stored hash of a canonical value.
 */
void
identifier_hash(const char *label, const char *value, size_t length,
				uint8 result[IDENTIFIER_HASH_SIZE])
{
	uint8		inner[SHA256_SIZE];

	require_key();
	sha256(value, length, inner);
	keyed_hash(label, inner, result);
}

PG_FUNCTION_INFO_V1(patternos__key_check);
PG_FUNCTION_INFO_V1(patternos__key_problem);

/*
 * patternos._key_check(): the check value of the present key.
 */
Datum
patternos__key_check(PG_FUNCTION_ARGS)
{
	bytea	   *result = palloc(VARHDRSZ + KEY_CHECK_SIZE);

	require_key();
	SET_VARSIZE(result, VARHDRSZ + KEY_CHECK_SIZE);
	key_check((uint8 *) VARDATA(result));
	PG_RETURN_BYTEA_P(result);
}

/*
 * patternos._key_problem(): what is wrong with the key, and the remedy; both NULL
 * when it is usable.
 */
Datum
patternos__key_problem(PG_FUNCTION_ARGS)
{
	KeyProblem	p = load_key();
	TupleDesc	desc;
	Datum		values[2] = {0};
	bool		nulls[2];

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	if (p.message == NULL)
		p = verify_key();
	nulls[0] = nulls[1] = p.message == NULL;
	if (p.message != NULL)
	{
		values[0] = CStringGetTextDatum(p.message);
		values[1] = CStringGetTextDatum(p.hint);
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}
