/*
 * landing_payload.c
 *		The jsonb values of a landed row: its payload and its properties.
 *
 * The payload has the same keys in every row of a batch and only strings or
 * nulls as values.  Its keys are sorted once; a row's value is then written
 * directly in the layout that utils/jsonb.h describes: a header, one entry per
 * key and one per value, the keys' bytes, the values' bytes.  Strings need no
 * alignment, so nothing has to be padded.
 */
#include "landing.h"

#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

typedef struct PayloadShape
{
	int			count;
	int		   *column;			/* of the view, in the order of the sorted
								 * keys */
	char	   *keys;			/* all keys' bytes */
	uint32	   *key_sizes;
	uint32		key_bytes;
} PayloadShape;

/* Order of keys inside a jsonb object: shorter first, then by bytes. */
static int
compare_keys(const void *a, const void *b, void *arg)
{
	const LandingColumn *columns = arg;
	const char *left = columns[*(const int *) a].name;
	const char *right = columns[*(const int *) b].name;
	size_t		left_size = strlen(left);
	size_t		right_size = strlen(right);

	if (left_size != right_size)
		return left_size > right_size ? 1 : -1;
	return memcmp(left, right, left_size);
}

/*
 * The keys of a view's columns, ready for payload_datum().
 */
PayloadShape *
payload_shape(MemoryContext context, int count, const LandingColumn *columns)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	PayloadShape *shape = palloc0(sizeof(PayloadShape));
	uint32		offset = 0;

	shape->count = count;
	shape->column = palloc(count * sizeof(int));
	shape->key_sizes = palloc(count * sizeof(uint32));
	for (int i = 0; i < count; i++)
	{
		shape->column[i] = i;
		shape->key_bytes += strlen(columns[i].name);
	}
	qsort_arg(shape->column, count, sizeof(int), compare_keys, (void *) columns);
	shape->keys = palloc(shape->key_bytes + 1);
	for (int i = 0; i < count; i++)
	{
		const char *name = columns[shape->column[i]].name;

		shape->key_sizes[i] = strlen(name);
		memcpy(shape->keys + offset, name, shape->key_sizes[i]);
		offset += shape->key_sizes[i];
	}
	MemoryContextSwitchTo(old);
	return shape;
}

/*
 * The object of the given values, by column of the view; a NULL value is a
 * JSON null.
 */
Datum
payload_datum(const PayloadShape *shape, const FieldValue *values)
{
	Size		size = shape->key_bytes;
	Jsonb	   *result;
	JEntry	   *entry;
	char	   *data;
	uint32		offset = 0;

	for (int i = 0; i < shape->count; i++)
		if (!values[i].isnull)
			size += values[i].stored_size;
	size += offsetof(Jsonb, root) + sizeof(uint32) + 2 * shape->count * sizeof(JEntry);
	result = palloc(size);
	SET_VARSIZE(result, size);
	result->root.header = JB_FOBJECT | shape->count;
	entry = result->root.children;
	data = (char *) (entry + 2 * shape->count);
	memcpy(data, shape->keys, shape->key_bytes);

	for (int i = 0; i < 2 * shape->count; i++)
	{
		const FieldValue *value = i < shape->count ? NULL : &values[shape->column[i - shape->count]];
		uint32		length;
		uint32		type = JENTRY_ISSTRING;

		if (value == NULL)
			length = shape->key_sizes[i];
		else if (value->isnull)
		{
			length = 0;
			type = JENTRY_ISNULL;
		}
		else
		{
			length = value->stored_size;
			memcpy(data + offset, value->stored, length);
		}
		offset += length;
		if (i % JB_OFFSET_STRIDE == 0)
			entry[i] = type | JENTRY_HAS_OFF | offset;
		else
			entry[i] = type | length;
	}
	return PointerGetDatum(result);
}

/* Pushes one key with its value, opening the object at the first. */
static void
push_property(LandingBatch *batch, const char *name, JsonbValue *value)
{
	JsonbValue	key;

	if (batch->properties == NULL)
		pushJsonbValue(&batch->properties, WJB_BEGIN_OBJECT, NULL);
	key.type = jbvString;
	key.val.string.val = pstrdup(name);
	key.val.string.len = strlen(name);
	pushJsonbValue(&batch->properties, WJB_KEY, &key);
	pushJsonbValue(&batch->properties, WJB_VALUE, value);
}

/*
 * Adds a text to the properties of the row at hand.
 */
void
add_text_property(LandingBatch *batch, const char *name, const char *text, size_t size)
{
	JsonbValue	value;

	value.type = jbvString;
	value.val.string.val = (char *) text;

	value.val.string.len = size;
	push_property(batch, name, &value);
}

/*
 * Adds a number of units of 10^-scale to the properties of the row at hand.
 */
void
add_number_property(LandingBatch *batch, const char *name, int64 number, int scale)
{
	JsonbValue	value;

	value.type = jbvNumeric;
	value.val.numeric = int64_div_fast_to_numeric(number, scale);
	push_property(batch, name, &value);
}

/* Adds a column mapped to 'property', in the type its parser gave it. */
static void
add_column_property(LandingBatch *batch, const LandingColumn *column, const FieldValue *parsed)
{
	JsonbValue	value;

	if (parsed->isnull)
		return;
	switch (column->rule.kind)
	{
		case FIELD_FLAG:
			value.type = jbvBool;
			value.val.boolean = DatumGetBool(parsed->datum);
			push_property(batch, column->name, &value);
			break;
		case FIELD_INTEGER:
			add_number_property(batch, column->name, DatumGetInt64(parsed->datum), 0);
			break;
		case FIELD_AMOUNT:
			add_number_property(batch, column->name, DatumGetInt64(parsed->datum), column->rule.limit);
			break;
		default:
			add_text_property(batch, column->name, parsed->stored, parsed->stored_size);
			break;
	}
}

/*
 * The properties of the row at hand: its columns mapped to 'property' and what
 * the entity added.  NULL when there is none.
 */
Datum
properties_datum(LandingBatch *batch, bool *isnull)
{
	for (int i = 0; i < batch->column_count; i++)
		if (batch->columns[i].field < 0)
			add_column_property(batch, &batch->columns[i], &batch->parsed[i]);
	*isnull = batch->properties == NULL;
	if (*isnull)
		return (Datum) 0;
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&batch->properties, WJB_END_OBJECT, NULL)));
}
