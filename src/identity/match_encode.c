/*
 * match_encode.c
 *		Encodes values of any type as a record of a match model.
 *
 * The arguments after the model are the document's columns in their order, each
 * column with "tf" followed by its relative frequency (of a set: an array as long
 * as the set).  What a call site knows of its arguments' types is kept for it.
 */
#include "match.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "core/bloom.h"
#include "core/match_record.h"

/* Bytes of a set written as text that are read; members of an array. */
#define MAX_SET_TEXT 65536
#define MAX_ARRAY_MEMBERS 1000000

/* How an argument is read. */
typedef enum ArgumentForm
{
	FORM_TEXT,					/* a varlena that holds the characters */
	FORM_DATE,
	FORM_TIMESTAMP,
	FORM_INTEGER,
	FORM_FLOAT,
	FORM_NUMERIC,
	FORM_BYTES,
	FORM_ARRAY,
	FORM_OUTPUT					/* by the type's output function */
} ArgumentForm;

typedef struct Argument
{
	ArgumentForm form;
	Oid			type;
	FmgrInfo	output;
	ArgumentForm element;		/* of an array */
	Oid			element_type;
	int16		length;
	bool		by_value;
	char		align;
} Argument;

/* Of one call site. */
typedef struct Encoder
{
	bool		ready;
	Argument	argument[1 + 2 * MATCH_MAX_COLUMNS];
} Encoder;

/* Text of a value; points into buffer or into the value. */
typedef struct ValueText
{
	const char *text;
	Size		size;
	char		buffer[DOUBLE_SHORTEST_DECIMAL_LEN + MAXDATELEN];
} ValueText;

PG_FUNCTION_INFO_V1(patternos__encode_record);
PG_FUNCTION_INFO_V1(patternos__normalize_value);

/*
 * How a type is read.
 */
static ArgumentForm
form_of_type(Oid type)
{
	switch (type)
	{
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			return FORM_TEXT;
		case DATEOID:
			return FORM_DATE;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return FORM_TIMESTAMP;
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return FORM_INTEGER;
		case FLOAT4OID:
		case FLOAT8OID:
			return FORM_FLOAT;
		case NUMERICOID:
			return FORM_NUMERIC;
		case BYTEAOID:
			return FORM_BYTES;
		default:
			return FORM_OUTPUT;
	}
}

/*
 * Finds out how an argument is read.
 */
static void
prepare_argument(FunctionCallInfo fcinfo, int i, Argument *argument)
{
	Oid			type = getBaseType(get_fn_expr_argtype(fcinfo->flinfo, i));
	Oid			element = get_element_type(type);
	Oid			output;
	bool		is_varlena;

	argument->type = type;
	if (OidIsValid(element))
	{
		argument->form = FORM_ARRAY;
		argument->element_type = getBaseType(element);
		argument->element = form_of_type(argument->element_type);
		get_typlenbyvalalign(element, &argument->length, &argument->by_value, &argument->align);
		type = argument->element_type;
	}
	else
		argument->form = form_of_type(type);
	if (type == UNKNOWNOID)
		argument->form = FORM_OUTPUT;
	getTypeOutputInfo(type, &output, &is_varlena);
	fmgr_info_cxt(output, &argument->output, fcinfo->flinfo->fn_mcxt);
}

/*
 * Checks the number of arguments and prepares them.
 */
static void
prepare_encoder(FunctionCallInfo fcinfo, const MatchModel *model, Encoder *encoder)
{
	int			expected = 1;

	for (int i = 0; i < model->columns; i++)
		expected += 1 + model->column[i].tf;
	if (PG_NARGS() != expected || get_fn_expr_variadic(fcinfo->flinfo))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the match model takes %d values", expected - 1),
				 errhint("Pass its columns in their order, each column with tf followed by its relative frequency.")));
	for (int i = 1; i < PG_NARGS(); i++)
		prepare_argument(fcinfo, i, &encoder->argument[i]);
	encoder->ready = true;
}

/*
 * An integer of any width.
 */
static int64
integer_value(Datum value, Oid type)
{
	return type == INT2OID ? DatumGetInt16(value) : type == INT4OID ? DatumGetInt32(value) : DatumGetInt64(value);
}

/*
 * Year, month and day of a date or timestamp (with time zone: in UTC, whatever the
 * session's zone); false for infinity and years that have not four digits.
 */
static bool
civil_date(Datum value, const Argument *argument, int *year, int *month, int *day)
{
	if (argument->form == FORM_DATE)
	{
		DateADT		date = DatumGetDateADT(value);

		if (DATE_NOT_FINITE(date))
			return false;
		j2date(date + POSTGRES_EPOCH_JDATE, year, month, day);
	}
	else
	{
		Timestamp	moment = DatumGetTimestamp(value);
		struct pg_tm tm;
		fsec_t		fraction;

		if (TIMESTAMP_NOT_FINITE(moment) || timestamp2tm(moment, NULL, &tm, &fraction, NULL, NULL) != 0)
			return false;
		*year = tm.tm_year;
		*month = tm.tm_mon;
		*day = tm.tm_mday;
	}
	return *year >= 1 && *year <= 9999;
}

/*
 * The text of a value, the same whatever the session's settings; false for null.
 */
static bool
value_text(Datum value, ArgumentForm form, Oid type, Argument *argument, ValueText *result)
{
	int			year,
				month,
				day;

	switch (form)
	{
		case FORM_TEXT:
		case FORM_BYTES:
			{
				struct varlena *bytes = PG_DETOAST_DATUM_PACKED(value);

				result->text = VARDATA_ANY(bytes);
				result->size = VARSIZE_ANY_EXHDR(bytes);
				return form == FORM_TEXT;
			}
		case FORM_DATE:
		case FORM_TIMESTAMP:
			{
				Argument	plain = {form};

				if (!civil_date(value, &plain, &year, &month, &day))
					return false;
				result->size = snprintf(result->buffer, sizeof(result->buffer), "%04d-%02d-%02d", year, month, day);
				break;
			}
		case FORM_INTEGER:
			result->size = pg_lltoa(integer_value(value, type), result->buffer);
			break;
		case FORM_FLOAT:
			{
				double		number = type == FLOAT4OID ? DatumGetFloat4(value) : DatumGetFloat8(value);

				if (!isfinite(number))
					return false;
				result->size = type == FLOAT4OID ?
					float_to_shortest_decimal_buf((float) number, result->buffer) :
					double_to_shortest_decimal_buf(number, result->buffer);
				break;
			}
		default:
			result->text = OutputFunctionCall(&argument->output, value);
			result->size = strlen(result->text);
			return true;
	}
	result->text = result->buffer;
	return true;
}

/*
 * A relative frequency; NaN for null.
 */
static double
frequency(Datum value, bool is_null, const Argument *argument)
{
	if (is_null)
		return NAN;
	if (argument->type == FLOAT8OID)
		return DatumGetFloat8(value);
	if (argument->type == FLOAT4OID)
		return DatumGetFloat4(value);
	if (argument->type == NUMERICOID)
		return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("a relative frequency must be a number"),
			 errhint("A column with tf is followed by its relative frequency.")));
}

/*
 * Makes room for a field.
 */
static void
reserve(RecordWriter *writer, Size *capacity, Size bound)
{
	if (writer->size + bound <= *capacity)
		return;
	*capacity = Max(*capacity * 2, writer->size + bound);
	writer->bytes = (char *) repalloc(writer->bytes - VARHDRSZ, VARHDRSZ + *capacity) + VARHDRSZ;
}

/*
 * The members of a set that is written as text: separated by commas, semicolons, bars
 * or line ends, with or without brackets and quotes.
 */
static int
split_members(const char *text, Size size, SetMember **members)
{
	int			n = 0;
	Size		start = 0;

	size = Min(size, MAX_SET_TEXT);
	*members = palloc(sizeof(SetMember) * (size + 1));
	for (Size i = 0; i <= size; i++)
	{
		char		normal[MATCH_NORMAL_MAX];
		Size		length;

		if (i < size && strchr(",;|\n{}[]\"", text[i]) == NULL)
			continue;
		if (i > start && match_normalize(KIND_EXACT, text +start, i - start, normal, &length))
		{
			(*members)[n].hash = match_hash(normal, length);
			(*members)[n++].log2_tf = NAN;
		}
		start = i + 1;
	}
	return n;
}

/*
 * The members of an array, with their frequencies.
 */
static int
array_members(Datum value, Argument *argument, Datum *frequencies, Argument *frequency_argument,
			  SetMember **members)
{
	Datum	   *elements;
	bool	   *nulls;
	int			count;
	Datum	   *tf = NULL;
	bool	   *tf_nulls = NULL;
	Argument	tf_element = {FORM_FLOAT};
	int			tf_count = 0;
	int			n = 0;

	deconstruct_array(DatumGetArrayTypeP(value), argument->element_type, argument->length,
					  argument->by_value, argument->align, &elements, &nulls, &count);
	if (frequencies != NULL)
	{
		if (frequency_argument->form != FORM_ARRAY)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the frequencies of a set must be an array")));
		tf_element.type = frequency_argument->element_type;
		deconstruct_array(DatumGetArrayTypeP(*frequencies), frequency_argument->element_type,
						  frequency_argument->length, frequency_argument->by_value,
						  frequency_argument->align, &tf, &tf_nulls, &tf_count);
		if (tf_count != count)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a set has %d members but %d frequencies", count, tf_count)));
	}
	if (count > MAX_ARRAY_MEMBERS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a set may have %d members at most", MAX_ARRAY_MEMBERS)));
	*members = palloc(sizeof(SetMember) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		ValueText	member;
		char		normal[MATCH_NORMAL_MAX];
		Size		length;

		if (nulls[i] || !value_text(elements[i], argument->element, argument->element_type, argument, &member) ||
			!match_normalize(KIND_EXACT, member.text, member.size, normal, &length))
			continue;
		(*members)[n].hash = match_hash(normal, length);
		(*members)[n++].log2_tf = match_log2_tf(frequencies == NULL ? NAN :
												frequency(tf[i], tf_nulls[i], &tf_element));
	}
	return n;
}

/*
 * Adds a set.
 */
static void
encode_set(RecordWriter *writer, Size *capacity, Datum value, Argument *argument,
		   Datum *frequencies, Argument *frequency_argument)
{
	SetMember  *members;
	ValueText text;
	int			count;

	if (argument->form == FORM_ARRAY)
		count = array_members(value, argument, frequencies, frequency_argument, &members);
	else if (value_text(value, argument->form, argument->type, argument, &text))
		count = split_members(text.text, text.size, &members);
	else
	{
		match_add_null(writer);
		return;
	}
	reserve(writer, capacity, match_field_bound(KIND_SET, Min(count, MATCH_MAX_MEMBERS)));
	match_add_set(writer, members, count);
}

/*
 * Adds a Bloom filter.
 */
static void
encode_bloom(RecordWriter *writer, Size *capacity, Datum value, Argument *argument, double tf)
{
	bytea	   *filter;

	if (argument->form != FORM_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a column of kind bloom must have type bytea")));
	filter = DatumGetByteaPP(value);
	if (VARSIZE_ANY_EXHDR(filter) > MATCH_MAX_BLOOM ||
		!bloom_valid((const uint8 *) VARDATA_ANY(filter), VARSIZE_ANY_EXHDR(filter)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("not a Bloom filter of at most %d bytes", MATCH_MAX_BLOOM),
				 errhint("Make filters with patternos.bloom_encode().")));
	reserve(writer, capacity, match_field_bound(KIND_BLOOM, VARSIZE_ANY_EXHDR(filter)));
	match_add_bloom(writer, VARDATA_ANY(filter), VARSIZE_ANY_EXHDR(filter), tf);
}

/*
 * Adds the value of a column.
 */
static void
encode_value(RecordWriter *writer, Size *capacity, Datum value, Argument *argument,
			 double tf)
{
	int			kind = writer->model->column[writer->column].kind;
	ValueText text;
	char		normal[MATCH_NORMAL_MAX];
	Size		length;
	double		number;
	int			year,
				month,
				day;

	reserve(writer, capacity, match_field_bound(kind, 0));
	if (match_kinds[kind].class == CLASS_DATE &&
		(argument->form == FORM_DATE || argument->form == FORM_TIMESTAMP))
	{
		if (civil_date(value, argument, &year, &month, &day) && !match_placeholder_date(year, month, day))
			match_add_date(writer, year, month, day, tf);
		else
			match_add_null(writer);
		return;
	}
	if (!value_text(value, argument->form, argument->type, argument, &text))
		match_add_null(writer);
	else if (match_kinds[kind].class == CLASS_DATE)
	{
		if (match_parse_date(text.text, text.size, &year, &month, &day))
			match_add_date(writer, year, month, day, tf);
		else
			match_add_null(writer);
	}
	else if (match_kinds[kind].class == CLASS_NUMBER)
	{
		if (match_parse_number(text.text, text.size, &number))
			match_add_number(writer, number, tf);
		else
			match_add_null(writer);
	}
	else if (match_normalize(kind, text.text, text.size, normal, &length))
		match_add_text(writer, normal, length, tf,
					   kind == KIND_NAME || kind == KIND_FULL_NAME ? match_generation(text.text, text.size) : 0);
	else
		match_add_null(writer);
}

/*
 * patternos._encode_record(model, VARIADIC values): the record.
 */
Datum
patternos__encode_record(PG_FUNCTION_ARGS)
{
	Encoder    *encoder;
	const MatchModel *model;
	RecordWriter writer;
	Size		capacity = 1024;
	char	   *bytes;
	int			i = 1;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	model = match_model_argument(fcinfo, 0, sizeof(Encoder), (void **) &encoder);
	if (!encoder->ready)
		prepare_encoder(fcinfo, model, encoder);
	bytes = palloc(VARHDRSZ + capacity);
	match_start_record(&writer, model, bytes + VARHDRSZ);
	for (int c = 0; c < model->columns; c++)
	{
		MatchClass	class = match_kinds[model->column[c].kind].class;
		Argument   *argument = &encoder->argument[i];
		bool		tf = model->column[c].tf;
		Datum		value = PG_GETARG_DATUM(i);
		Datum		tf_value = tf ? PG_GETARG_DATUM(i + 1) : (Datum) 0;
		bool		tf_null = !tf || PG_ARGISNULL(i + 1);

		if (PG_ARGISNULL(i))
			match_add_null(&writer);
		else if (class == CLASS_SET)
			encode_set(&writer, &capacity, value, argument, tf_null ? NULL : &tf_value, &encoder->argument[i + 1]);
		else if (class == CLASS_BLOOM)
			encode_bloom(&writer, &capacity, value, argument, frequency(tf_value, tf_null, argument + 1));
		else
			encode_value(&writer, &capacity, value, argument, frequency(tf_value, tf_null, argument + 1));
		i += 1 + tf;
	}
	bytes = writer.bytes - VARHDRSZ;
	SET_VARSIZE(bytes, VARHDRSZ + writer.size);
	PG_RETURN_BYTEA_P(bytes);
}

/*
 * patternos._normalize_value(kind, value): what encoding compares, NULL for null.
 */
Datum
patternos__normalize_value(PG_FUNCTION_ARGS)
{
	text	   *name = PG_GETARG_TEXT_PP(0);
	text	   *value = PG_GETARG_TEXT_PP(1);
	int			kind = match_find_kind(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	char		normal[MATCH_NORMAL_MAX];
	Size		length;

	if (kind < 0)
		match_refuse_kind("kind");
	if (!match_normalize(kind, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), normal, &length))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text_with_len(normal, length));
}
