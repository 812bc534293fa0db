/*
 * event_kind.h
 *		The vocabulary of shopping events.
 */
#ifndef PATTERNOS_EVENT_KIND_H
#define PATTERNOS_EVENT_KIND_H

#include <stddef.h>

typedef enum EventKind
{
	EVENT_OTHER,
	EVENT_PAGE_VIEW,
	EVENT_PRODUCT_VIEW,
	EVENT_CATEGORY_VIEW,
	EVENT_SEARCH,
	EVENT_ADD_TO_CART,
	EVENT_REMOVE_FROM_CART,
	EVENT_CART_VIEW,
	EVENT_WISHLIST_ADD,
	EVENT_WISHLIST_REMOVE,
	EVENT_CHECKOUT,
	EVENT_PURCHASE,
	EVENT_PURCHASE_OVERALL,		/* counts in the total over platforms only */
	EVENT_REFUND,
	EVENT_ENQUIRY,
	EVENT_KINDS					/* number of kinds */
} EventKind;

/* The kind behind an event's name in any of the known vocabularies. */
extern EventKind event_kind(const char *name, size_t length);

/* The kind's own name, a constant. */
extern const char *event_kind_name(EventKind kind);

#endif							/* PATTERNOS_EVENT_KIND_H */
