/*
 * sample_visit.h
 *		What happens in a visit of the sample data.
 *
 * Pure C.
 */
#ifndef PATTERNOS_SAMPLE_VISIT_H
#define PATTERNOS_SAMPLE_VISIT_H

#include "core/sample_order.h"

#define MOST_EVENTS 40

typedef enum VisitStep
{
	VISIT_PAGE,
	VISIT_SEARCH,
	VISIT_PRODUCT,
	VISIT_WISHLIST,
	VISIT_ADD,
	VISIT_REMOVE,
	VISIT_CHECKOUT,
	VISIT_ORDER
} VisitStep;

typedef struct VisitEvent
{
	VisitStep	step;
	int			second;			/* of the day */
	int			item;			/* index into the visit's items, -1: none */
} VisitEvent;

typedef struct Visit
{
	uint64_t	id;
	int			day;
	bool		logged_in;
	bool		at_home;
	int			device;			/* as device_id() counts them */
	const char *device_type;
	const char *browser;
	const char *os;
	const char *referrer;		/* empty: came directly */
	int			order_total;	/* rupees, of the order that ends the visit */
	int			order_count;	/* its items */
	int			count;
	VisitEvent	events[MOST_EVENTS];
	CatalogueItem items[MOST_ITEMS];
} Visit;

extern const char *const visit_step_names[];

extern void draw_visit(Visit *visit, const Person *person, const Account *account,
					   const Occasion *occasion);
extern void draw_order_visit(Visit *visit, const Person *person, const Account *account,
							 const Occasion *occasion, const Order *order);
extern void write_search_term(SamplePlatform platform, const CatalogueItem *item,
							  char result[ITEM_NAME_SIZE]);

#endif							/* PATTERNOS_SAMPLE_VISIT_H */
