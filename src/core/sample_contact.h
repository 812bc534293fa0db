/*
 * sample_contact.h
 *		What an account of the sample data says about its holder, with the
 *		errors that such records have.
 *
 * Pure C.  Empty strings are values that the platform does not have.
 */
#ifndef PATTERNOS_SAMPLE_CONTACT_H
#define PATTERNOS_SAMPLE_CONTACT_H

#include "core/sample_person.h"

#define CONTACT_SIZE 160

typedef struct Contact
{
	char		name[CONTACT_SIZE];
	char		email[CONTACT_SIZE];
	char		phone[CONTACT_SIZE];
	char		birth_date[16];
	const char *gender;
	char		address[CONTACT_SIZE];
	char		loyalty_id[32];
	char		devices[CONTACT_SIZE];
	char		ips[CONTACT_SIZE];
	const char *consents[3];	/* marketing, personalization, sharing */
	bool		hashed;			/* e-mail and phone are delivered as SHA-256 */
	char		canonical_email[CONTACT_SIZE];
	char		canonical_phone[16];
	int			updated_day;
	int			updated_second;
} Contact;

extern void draw_contact(Contact *contact, const Person *person, const Account *account);
extern void device_id(const Person *person, int device, char result[24]);
extern void home_ip(const Person *person, int home, char result[48]);
extern void mobile_ip(const Person *person, char result[48]);

#endif							/* PATTERNOS_SAMPLE_CONTACT_H */
