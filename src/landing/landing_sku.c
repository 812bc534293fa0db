/*
 * landing_sku.c
 *		Landing of a platform's catalogue: one row per article.
 *
 * The steps read "staged" only.
 */
#include "landing.h"

#include "catalog/pg_type.h"

typedef enum SkuField
{
	SKU_ID,
	SKU_NAME,
	BRAND,
	LEVEL_1,
	LEVEL_2,
	LEVEL_3,
	UNIT,
	PRICE,
	AVAILABILITY,
	UPDATED_AT,
	SKU_FIELDS
} SkuField;

static const LandingField fields[SKU_FIELDS] = {
	[SKU_ID] = {"sku_id", FIELD_TEXT, TEXTOID, true, 200},
	[SKU_NAME] = {"sku_name", FIELD_TEXT, TEXTOID, true, 500},
	[BRAND] = {"brand", FIELD_TEXT, TEXTOID, false, 200},
	[LEVEL_1] = {"category_level_1", FIELD_TEXT, TEXTOID, false, 200},
	[LEVEL_2] = {"category_level_2", FIELD_TEXT, TEXTOID, false, 200},
	[LEVEL_3] = {"category_level_3", FIELD_TEXT, TEXTOID, false, 200},
	[UNIT] = {"unit_of_measure", FIELD_TEXT, TEXTOID, false, 100},
	[PRICE] = {"price", FIELD_AMOUNT, INT8OID, false, 4},
	[AVAILABILITY] = {"availability", FIELD_TEXT, TEXTOID, false, 100},
	[UPDATED_AT] = {"updated_at", FIELD_TIME, TIMESTAMPTZOID},
};

static void
begin_skus(LandingBatch *batch)
{
	batch->declared = true;
}

/* A level of the category needs the ones above it. */
static void
check_sku(LandingBatch *batch)
{
	for (int level = LEVEL_3; level > LEVEL_1; level--)
		if (!FIELD_IS_NULL(batch, level) && FIELD_IS_NULL(batch, level - 1))
			reject_field(batch, level - 1, REASON_MISSING);
}

static void
stage_sku(LandingBatch *batch)
{
}

static void
make_sku_relations(LandingBatch *batch)
{
}

const LandingEntity landing_sku = {
	.name = "sku",
	.fields = fields,
	.field_count = SKU_FIELDS,
	.time_field = UPDATED_AT,
	.begin = begin_skus,
	.check_row = check_sku,
	.stage_row = stage_sku,
	.make_relations = make_sku_relations
};
