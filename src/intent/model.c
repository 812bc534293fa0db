/*
 * model.c
 *		Opening models: checks, and the caches of open ones.
 */
#include "patternos.h"

#include <math.h>

#include "access/detoast.h"
#include "common/hashfn.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "model.h"

/* Open models that a backend keeps, and how large they may be together. */
#define KEPT_MODELS		8
#define KEPT_BYTES		(64 * 1024 * 1024)

/* A model that stays open from statement to statement. */
typedef struct KeptModel
{
	uint64		digest;
	Size		size;
	uint64		used;			/* when last, by a counter */
	int			pins;			/* call sites that use it */
	MemoryContext context;
	Model	   *model;
} KeptModel;

static KeptModel kept[KEPT_MODELS];
static uint64 uses = 0;

static Size
aligned(Size size)
{
	return (size + 7) & ~(Size) 7;
}

/*
 * A hash of a model's bytes: tells models apart, does not protect them.
 */
uint64
model_digest(const char *bytes, Size size)
{
	return hash_bytes_extended((const unsigned char *) bytes, (int) size, 0x70617474);
}

/*
 * Whether there are exactly count strings in a section.
 */
static bool
strings_fit(const char *section, Size size, Size count)
{
	Size		ends = 0;

	for (Size i = 0; i < size; i++)
		ends += section[i] == '\0';
	return ends == count && (size == 0 || section[size - 1] == '\0');
}

/*
 * Points the parts of a model at their sections.  Sizes have been checked.
 */
static void
lay_sections(Model *model, const char *bytes)
{
	const ModelHead *head = (const ModelHead *) bytes;
	const char *at = bytes + aligned(sizeof(ModelHead));

	model->head = head;
	model->trees = (const PackedTrees *) at;
	model->coefficients = (const double *) (const void *) at;
	at += aligned(head->scorer_size);
	model->knots_x = (const double *) (const void *) at;
	model->knots_y = model->knots_x + head->nknots;
	at += 2 * sizeof(double) * head->nknots;
	model->categories = (const CategoryCode *) at;
	at += sizeof(CategoryCode) * head->ncategories;
	model->texts = at;
}

static const char *
check_sections(const ModelHead *head, Size size)
{
	Size		needed;

	if (head->magic != MODEL_MAGIC || (head->kind != MODEL_TREES && head->kind != MODEL_LOGISTIC))
		return "it is no compiled model";
	if (head->nfeatures < 1 || head->nfeatures > TREE_MAX_FEATURES || head->scorer_size < 0 || head->nknots < 0
		|| head->names_size < 0 || head->ncategories < 0 || head->texts_size < 0
		|| head->calibration > CALIBRATION_ISOTONIC || head->unused != 0)
		return "its head is damaged";
	needed = aligned(sizeof(ModelHead)) + aligned(head->scorer_size) + 2 * sizeof(double) * (Size) head->nknots
		+ sizeof(CategoryCode) * (Size) head->ncategories + (Size) head->texts_size + (Size) head->names_size;
	return needed == size ? NULL : "its length is wrong";
}

static const char *
check_knots(const Model *model)
{
	const ModelHead *head = model->head;

	if ((head->calibration == CALIBRATION_PLATT && head->nknots != 1)
		|| (head->calibration == CALIBRATION_ISOTONIC && head->nknots < 1)
		|| (head->calibration == CALIBRATION_NONE && head->nknots != 0))
		return "its calibration is damaged";
	for (int i = 0; i < head->nknots; i++)
		if (!isfinite(model->knots_x[i]) || !isfinite(model->knots_y[i])
			|| (head->calibration == CALIBRATION_ISOTONIC
				&& (model->knots_y[i] < 0 || model->knots_y[i] > 1
					|| (i > 0 && (model->knots_x[i] <= model->knots_x[i - 1] || model->knots_y[i] < model->knots_y[i - 1])))))
			return "its calibration is damaged";
	return NULL;
}

/*
 * What is wrong with the bytes of a model, or NULL.  They are aligned to 8.
 */
const char *
model_check(const char *bytes, Size size)
{
	const ModelHead *head = (const ModelHead *) bytes;
	Model		model;
	const char *wrong;

	if (size < aligned(sizeof(ModelHead)))
		return "it is no compiled model";
	wrong = check_sections(head, size);
	if (wrong)
		return wrong;
	if (head->digest != model_digest(bytes + aligned(sizeof(ModelHead)), size - aligned(sizeof(ModelHead))))
		return "its bytes are damaged";
	lay_sections(&model, bytes);
	if (head->kind == MODEL_TREES
		? tree_packed_check(model.trees, head->scorer_size) != NULL || model.trees->nfeatures != head->nfeatures
		: (Size) head->scorer_size != (2 * (Size) head->nfeatures + 1) * sizeof(double))
		return "its scorer is damaged";
	for (int i = 0; head->kind == MODEL_LOGISTIC && i < 2 * head->nfeatures + 1; i++)
		if (!isfinite(model.coefficients[i]))
			return "its scorer is damaged";
	for (int i = 0; i < head->ncategories; i++)
		if (model.categories[i].feature < 0 || model.categories[i].feature >= head->nfeatures
			|| model.categories[i].text <0 || model.categories[i].text >=head->texts_size
			|| (i > 0 && model.categories[i].feature < model.categories[i - 1].feature))
			return "its categories are damaged";
	if (!strings_fit(model.texts, head->texts_size, head->ncategories)
		|| !strings_fit(model.texts + head->texts_size, head->names_size, head->nfeatures))
		return "its names are damaged";
	return check_knots(&model);
}

/*
 * Opens a copy of a model's bytes in the current context.
 */
static Model *
open_bytes(const char *bytes, Size size)
{
	Model	   *model = palloc0(sizeof(Model));
	char	   *copy = palloc_extended(size, MCXT_ALLOC_HUGE);
	const char *wrong;
	const char *name;

	memcpy(copy, bytes, size);
	wrong = model_check(copy, size);
	if (wrong)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("value is not a usable model: %s", wrong),
				 errhint("Models stand in patternos_dw.model, column compiled.")));
	lay_sections(model, copy);
	model->names = palloc(model->head->nfeatures * sizeof(char *));
	model->is_category = palloc0(model->head->nfeatures * sizeof(bool));
	model->spread = palloc(tree_spread_size(model->head->nfeatures) * sizeof(float4));
	name = model->texts + model->head->texts_size;
	for (int i = 0; i < model->head->nfeatures; i++)
	{
		model->names[i] = name;
		name += strlen(name) + 1;
	}
	for (int i = 0; i < model->head->ncategories; i++)
		model->is_category[model->categories[i].feature] = true;
	return model;
}

/*
 * A call site ends: its model may make room for others.
 */
static void
unpin(void *place)
{
	((KeptModel *) place)->pins--;
}

/*
 * The place of a model that is open, or a free one, or that of the model which
 * nobody has used for longest; NULL when all are in use.
 */
static KeptModel *
find_place(uint64 digest, Size size, bool *is_open)
{
	KeptModel  *place = NULL;
	Size		total = size;

	*is_open = false;
	for (int i = 0; i < KEPT_MODELS; i++)
	{
		if (kept[i].model && kept[i].digest == digest && kept[i].size == size)
		{
			*is_open = true;
			return &kept[i];
		}
		total += kept[i].size;
		if (kept[i].pins == 0 && (!place || kept[i].used < place->used))
			place = &kept[i];
	}
	return place && total - place->size <= KEPT_BYTES ? place : NULL;
}

/*
 * Opens a model for a call site, from the ones that the backend keeps if it is
 * there.  head has been read, the whole value is fetched only when needed.
 */
static const Model *
open_for_site(FunctionCallInfo fcinfo, struct varlena *value, const ModelHead *head, Size size)
{
	bool		is_open;
	KeptModel  *place = find_place(head->digest, size, &is_open);
	MemoryContext caller;
	MemoryContextCallback *callback;

	/*
	 * bytes that are not where tables keep them may have any head: compare
	 * them whole
	 */
	if (is_open && !VARATT_IS_EXTERNAL_ONDISK(value))
	{
		struct varlena *whole = pg_detoast_datum(value);

		if (memcmp(VARDATA(whole), place->model->head, size) != 0)
		{
			is_open = false;
			place = NULL;
		}
	}
	if (!is_open)
	{
		struct varlena *whole = pg_detoast_datum(value);

		if (!place)
		{
			caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
			((ModelSite *) fcinfo->flinfo->fn_extra)->model = open_bytes(VARDATA(whole), VARSIZE(whole) - VARHDRSZ);
			MemoryContextSwitchTo(caller);
			return ((ModelSite *) fcinfo->flinfo->fn_extra)->model;
		}
		if (place->context)
			MemoryContextDelete(place->context);
		memset(place, 0, sizeof(KeptModel));
		place->context = AllocSetContextCreate(TopMemoryContext, "patternos model", ALLOCSET_DEFAULT_SIZES);
		caller = MemoryContextSwitchTo(place->context);
		place->model = open_bytes(VARDATA(whole), VARSIZE(whole) - VARHDRSZ);
		MemoryContextSwitchTo(caller);
		place->digest = head->digest;
		place->size = size;
		if (whole != value)
			pfree(whole);
	}
	place->used = ++uses;
	callback = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(MemoryContextCallback));
	callback->func = unpin;
	callback->arg = place;
	MemoryContextRegisterResetCallback(fcinfo->flinfo->fn_mcxt, callback);
	place->pins++;
	return place->model;
}

ModelSite  *
model_site(FunctionCallInfo fcinfo)
{
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(ModelSite));
	return fcinfo->flinfo->fn_extra;
}

/*
 * The model in an argument, open.  While the argument is the same TOAST pointer
 * nothing is fetched.  Errors: bytes that are no model.
 */
const Model *
model_open(FunctionCallInfo fcinfo, int argument)
{
	ModelSite  *site = model_site(fcinfo);
	struct varlena *value = (struct varlena *) PG_GETARG_POINTER(argument);
	struct varatt_external toast = {0};
	bool		has_toast = VARATT_IS_EXTERNAL_ONDISK(value);
	ModelHead	head = {0};
	struct varlena *slice;
	Size		size = toast_raw_datum_size(PointerGetDatum(value)) - VARHDRSZ;

	StaticAssertStmt(sizeof(toast) == sizeof(site->toast), "size of a TOAST pointer");
	if (has_toast)
	{
		VARATT_EXTERNAL_GET_POINTER(toast, value);
		if (site->model && site->has_toast && memcmp(&toast, site->toast, sizeof(toast)) == 0)
			return site->model;
	}
	slice = pg_detoast_datum_slice(value, 0, sizeof(ModelHead));
	memcpy(&head, VARDATA_ANY(slice), Min(VARSIZE_ANY_EXHDR(slice), sizeof(ModelHead)));
	if (site->model && site->model->head->digest == head.digest
		&& memcmp(site->model->head, &head, sizeof(ModelHead)) == 0)
		return site->model;
	if (site->model)
		site->map = site->attribution = NULL;
	site->model = NULL;
	site->model = open_for_site(fcinfo, value, &head, size);
	site->row = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, site->model->head->nfeatures * sizeof(float4));
	site->has_toast = has_toast;
	memcpy(site->toast, &toast, sizeof(toast));
	return site->model;
}

/*
 * The margin of a row, missing features NaN.
 */
double
model_margin(const Model *model, const float4 *row)
{
	double		margin;

	if (model->head->kind == MODEL_TREES)
	{
		tree_spread(row, model->head->nfeatures, model->spread);
		return tree_margin(model->trees, model->spread);
	}
	margin = model->coefficients[0];
	for (int i = 0; i < model->head->nfeatures; i++)
		margin += model->coefficients[2 * i + 1] * (isnan(row[i]) ? model->coefficients[2 * i + 2] : row[i]);
	return margin;
}

/*
 * The margins of up to TREE_BLOCK_ROWS rows, given one after the other: what
 * model_margin says of each.  There is room for tree_block_size floats.
 */
void
model_margins(const Model *model, const float4 *rows, int count, float4 *block, double *margins)
{
	float4		sums[TREE_BLOCK_ROWS];

	if (model->head->kind == MODEL_TREES)
		tree_margins(model->trees, rows, count, block, sums);
	for (int i = 0; i < count; i++)
		margins[i] = model->head->kind == MODEL_TREES ? sums[i]
			: model_margin(model, rows + (size_t) i * model->head->nfeatures);
}

/*
 * The value of a curve at x: linear between knots, constant outside of them.
 */
static double
interpolate(const double *knots_x, const double *knots_y, int count, double x)
{
	int			low = 0,
				high = count - 1;

	if (x <= knots_x[0])
		return knots_y[0];
	if (x >= knots_x[high])
		return knots_y[high];
	while (high - low > 1)
	{
		int			middle = (low + high) / 2;

		if (knots_x[middle] <= x)
			low = middle;
		else
			high = middle;
	}
	return knots_y[low] + (knots_y[high] - knots_y[low]) * (x - knots_x[low]) / (knots_x[high] - knots_x[low]);
}

/*
 * The calibrated probability of a margin.
 */
double
model_probability(const Model *model, double margin)
{
	switch (model->head->calibration)
	{
		case CALIBRATION_PLATT:
			return 1 / (1 + exp(-(model->knots_x[0] * margin + model->knots_y[0])));
		case CALIBRATION_ISOTONIC:
			return interpolate(model->knots_x, model->knots_y, model->head->nknots, tree_sigmoid((float) margin));
		default:
			return tree_sigmoid((float) margin);
	}
}

/*
 * The code of a category; NaN for one that training has not seen.
 */
float4
model_category(const Model *model, int feature, const char *text, Size length)
{
	int			low = 0,
				high = model->head->ncategories;

	while (low < high)
	{
		int			middle = (low + high) / 2;
		const CategoryCode *code = &model->categories[middle];
		const char *candidate = model->texts + code->text;
		int			order = code->feature - feature;

		if (order == 0)
		{
			order = strncmp(candidate, text, length);
			if (order == 0 && candidate[length] != '\0')
				order = 1;
		}
		if (order == 0)
			return code->value;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NAN;
}
