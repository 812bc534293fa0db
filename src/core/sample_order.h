/*
 * sample_order.h
 *		What is in a purchase of the sample data.
 *
 * Pure C.
 */
#ifndef PATTERNOS_SAMPLE_ORDER_H
#define PATTERNOS_SAMPLE_ORDER_H

#include "core/sample_catalogue.h"
#include "core/sample_demand.h"

typedef struct Order
{
	int			day;
	int			second;
	int			count;
	CatalogueItem items[MOST_ITEMS];
	int			total;			/* rupees */
	int			discount;		/* rupees; what is paid down on a vehicle */
	const char *payment_mode;
	const char *delivery_speed;
	int			travellers;
	int			trip_days;
	bool		used_vehicle;
	bool		finance;
} Order;

extern void draw_order(Order *order, const Person *person, const Account *account,
					   const Occasion *occasion);
extern bool account_member(const Person *person, const Account *account);
extern const char *age_group(const Person *person, int day);

#endif							/* PATTERNOS_SAMPLE_ORDER_H */
