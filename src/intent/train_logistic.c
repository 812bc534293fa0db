/*
 * train_logistic.c
 *		Training of a logistic regression on the rows of a query.
 *
 * Rows come in a fixed order, so the result has the same bits again.
 */
#include "patternos.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"

#include "core/logistic.h"
#include "training_result.h"

/* Newton's method needs about ten. */
#define MOST_PASSES 60

/* What a pass over the training rows does with each. */
typedef enum Pass
{
	NOTE,
	ADD
} Pass;

static void
pass_over(TrainingRows *rows, Logistic *fit, Pass pass, double positive_weight, float4 *features)
{
	training_rows_rewind(rows);
	for (size_t i = 0; i < rows->nrows; i++)
	{
		double		weight = rows->weights[i] * (rows->labels[i] ? positive_weight : 1);

		training_rows_next(rows, features);
		CHECK_FOR_INTERRUPTS();
		if (rows->parts[i] != PART_TRAIN)
			continue;
		if (pass == NOTE)
			logistic_note(fit, features, weight);
		else
			logistic_add(fit, features, rows->labels[i], weight);
	}
}

/*
 * Fits, and returns the number of passes over the rows.
 */
static int
fit_rows(TrainingRows *rows, Logistic *fit, double positive_weight)
{
	float4	   *features = palloc(rows->nfeatures * sizeof(float4));
	double		best = INFINITY;
	int			passes;

	pass_over(rows, fit, NOTE, positive_weight, features);
	logistic_noted(fit);
	for (passes = 1; passes <= MOST_PASSES; passes++)
	{
		logistic_begin(fit);
		pass_over(rows, fit, ADD, positive_weight, features);
		if (logistic_progress(fit) > best)
		{
			logistic_halve(fit);
			continue;
		}
		best = logistic_progress(fit);
		if (!logistic_step(fit))
			break;
	}
	return passes;
}

/*
 * The coefficients as a document: what export_model gives.
 */
static Datum
logistic_document(const double *coefficients, const char *const *names, int nfeatures)
{
	StringInfoData document;

	initStringInfo(&document);
	appendStringInfo(&document, "{\"model\": \"logistic\", \"intercept\": %.17g, \"features\": [", coefficients[0]);
	for (int i = 0; i < nfeatures; i++)
	{
		appendStringInfoString(&document, i > 0 ? ", {\"name\": " : "{\"name\": ");
		escape_json(&document, names[i]);
		appendStringInfo(&document, ", \"coefficient\": %.17g, \"missing\": %.17g}", coefficients[2 * i + 1], coefficients[2 * i + 2]);
	}
	appendStringInfoString(&document, "]}");
	return PointerGetDatum(cstring_to_text_with_len(document.data, document.len));
}

/*
 * _train_logistic(query text, names text[], reg_lambda float8, scale_pos_weight float8, max_memory bigint)
 *
 * Strict.  reg_lambda is the penalty on standardised coefficients, max_memory in
 * bytes.  Returns patternos.training_result; gain holds the sizes of the
 * standardised coefficients.
 */
PG_FUNCTION_INFO_V1(patternos__train_logistic);
Datum
patternos__train_logistic(PG_FUNCTION_ARGS)
{
	size_t		most_memory = (size_t) Max(PG_GETARG_INT64(4), 0);
	int			nfeatures;
	char	  **names = feature_names(PG_GETARG_ARRAYTYPE_P(1), &nfeatures);
	size_t		scorer_size = (2 * (size_t) nfeatures + 1) * sizeof(double) + VARHDRSZ;
	TrainingResult result = {.names = (const char *const *) names,.nfeatures = nfeatures,.valid_loss = NAN,.valid_auc = NAN};
	double	   *coefficients = palloc(scorer_size);
	TrainingRows *rows;
	Logistic	fit;

	refuse_memory(logistic_size(nfeatures), most_memory);
	rows = training_rows_read(text_to_cstring(PG_GETARG_TEXT_PP(0)), names, nfeatures, most_memory);
	training_rows_check(rows, false);
	logistic_start(&fit, nfeatures, PG_GETARG_FLOAT8(2), palloc_extended(logistic_size(nfeatures), MCXT_ALLOC_HUGE));
	result.rounds = fit_rows(rows, &fit, PG_GETARG_FLOAT8(3));
	training_rows_close(rows);
	logistic_result(&fit, coefficients);
	result.rows = rows;
	result.scorer = palloc(scorer_size);
	SET_VARSIZE(result.scorer, scorer_size);
	memcpy(VARDATA(result.scorer), coefficients, scorer_size - VARHDRSZ);
	result.document = logistic_document(coefficients, result.names, nfeatures);
	result.gain = palloc(nfeatures * sizeof(double));
	for (int i = 0; i < nfeatures; i++)
		result.gain[i] = fabs(fit.beta[i + 1]);
	result.splits = result.cover = palloc0(nfeatures * sizeof(double));
	PG_RETURN_DATUM(training_result_row(fcinfo, &result));
}
