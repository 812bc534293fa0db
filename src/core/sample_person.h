/*
 * sample_person.h
 *		The people of the sample data: traits, homes, accounts.
 *
 * Pure C.  Everything about person i follows from (seed, overlap, i).  Days
 * count from 2000-01-01.
 */
#ifndef PATTERNOS_SAMPLE_PERSON_H
#define PATTERNOS_SAMPLE_PERSON_H

#include "core/sample_vocabulary.h"

typedef enum SamplePlatform
{
	SAMPLE_ZEPTO,
	SAMPLE_SWIGGY,
	SAMPLE_AMAZON,
	SAMPLE_NYKAA,
	SAMPLE_CHUMBAK,
	SAMPLE_MAKEMYTRIP,
	SAMPLE_CARWALE
} SamplePlatform;

/* the last account is opened before 2025-11-01 */
#define LAST_JOIN 9436

#define SAMPLE_PLATFORMS 7
#define MAX_ACCOUNTS (SAMPLE_PLATFORMS + 1)

/* streams of random numbers; each is a family of its own */
typedef enum SampleStream
{
	STREAM_TRAITS,
	STREAM_HOUSEHOLDS,
	STREAM_HOMES,
	STREAM_NAMES,
	STREAM_CONTACT,
	STREAM_ACCOUNT,
	STREAM_STATE,
	STREAM_SHOCK,
	STREAM_PURCHASES,
	STREAM_SESSIONS,
	STREAM_NUMBERS,
	STREAM_SKUS,
	STREAM_DIRT
} SampleStream;

typedef struct Home
{
	int			city;
	int			locality;
	int			pincode;
} Home;

typedef struct Account
{
	SamplePlatform platform;
	bool		second;			/* the person's second account there */
	int			open_day;
	double		taste;			/* orders here per unit of the person's rate */
	double		browsing;		/* sessions per unit of the person's browsing */
	bool		old_home;		/* still has the address before the move */
	char		id[24];			/* platform_customer_id */
} Account;

typedef struct Person
{
	uint64_t	seed;
	uint64_t	number;			/* from 1 */
	uint64_t	household;		/* number of its first member */
	bool		female;
	int			birth_day;
	int			join_day;		/* opened the first account */
	int			homes;			/* 2 when the person moved */
	Home		home[2];		/* the last one is the present one */
	double		rate;			/* hidden: orders a day at taste 1 */
	double		browse_rate;	/* hidden: sessions a day at browsing 1 */
	double		thrift;			/* 0..1: how much discounts matter */
	int			accounts;
	Account		account[MAX_ACCOUNTS];
} Person;

extern const char *const sample_platform_ids[SAMPLE_PLATFORMS];

extern void draw_person(Person *person, uint64_t seed, double overlap, uint64_t number);
extern uint64_t household_of(uint64_t seed, uint64_t number, int *members);
extern const Home *account_home(const Person *person, const Account *account);
extern void date_of_day(int day, int *year, int *month, int *day_of_month);
extern int	day_of_date(int year, int month, int day_of_month);

#endif							/* PATTERNOS_SAMPLE_PERSON_H */
