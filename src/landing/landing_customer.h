/*
 * landing_customer.h
 *		What parsing and writing of accounts share.
 */
#ifndef PATTERNOS_LANDING_CUSTOMER_H
#define PATTERNOS_LANDING_CUSTOMER_H

#include "landing.h"

#define CONSENTS 3

typedef enum CustomerField
{
	PLATFORM,
	CUSTOMER,
	NAME,
	ADDRESS,
	BIRTH_DATE,
	EMAIL,
	EMAIL_SHA256,
	MOBILE,
	MOBILE_SHA256,
	LOYALTY_ID,
	DEVICES,
	IPS,
	AGE_GROUP,
	GENDER,
	STATE,
	CITY,
	PINCODE,
	MARKETING,
	PERSONALIZATION,
	SHARING,
	UPDATED_AT,
	PERSON,
	FEATURE,
	CUSTOMER_FIELDS
} CustomerField;

/* The newest row of an account. */
typedef struct Statement
{
	TimestampTz updated_at;
	int64		line;			/* 0 = none yet */
	int64		content_hash;
	uint32		rows;			/* of the account in the batch */
	TimestampTz consent_at[CONSENTS];	/* newest statement on each purpose */
	bool		granted[CONSENTS];
} Statement;

typedef struct CustomerState
{
	int			column[CUSTOMER_FIELDS];	/* that feeds the field, -1 = none */
	char	  **marker;			/* by column: what the payload keeps of an
								 * identifier, NULL = the column is none */
	Statement  *statements;		/* by account */
	uint32		capacity;
} CustomerState;

extern void customer_write_accounts(LandingBatch *batch);
extern void customer_statement_relation(LandingBatch *batch);

#endif							/* PATTERNOS_LANDING_CUSTOMER_H */
