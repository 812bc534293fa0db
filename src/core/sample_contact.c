/*
 * sample_contact.c
 *		What an account of the sample data says about its holder, with the
 *		errors that such records have.
 *
 * A person has two e-mail addresses and two phone numbers, unique among all
 * people of the seed.  Members of a household share surname, address, network
 * and sometimes a device, a phone or an e-mail address.
 */
#include "core/sample_contact.h"

#include <stdio.h>
#include <string.h>

/* shares of accounts */
#define STRANGERS 0.10			/* of later accounts, like nobody's */
#define OTHER_EMAIL 0.20
#define NO_EMAIL 0.06
#define OTHER_PHONE 0.08
#define NO_PHONE 0.06
#define FAMILY_EMAIL 0.005
#define FAMILY_PHONE 0.02
#define PLACEHOLDER 0.01
#define HASHED 0.04
#define NAME_TYPO 0.08
#define NO_BIRTH_DATE 0.15
#define WRONG_BIRTH_DATE 0.02
#define NO_ADDRESS 0.08
#define NO_GENDER 0.15

#define PICK(random, array) \
	((array)[random_below(random, sizeof(array) / sizeof((array)[0]))])

static const char *const first_domains[] = {
	"gmail.com", "gmail.com", "gmail.com", "gmail.com", "gmail.com", "yahoo.com", "yahoo.co.in", "hotmail.com"
};
static const char *const second_domains[] = {
	"outlook.com", "rediffmail.com", "icloud.com", "live.in", "zoho.in"
};
static const char *const no_emails[] = {"na@na.com", "test@test.com", "none@none.com", "noreply@example.com"};
static const char *const no_phones[] = {"9999999999", "0000000000", "1234567890"};

/* phone numbers as people and systems write them: ten digits in two halves */
static const char *const phone_forms[] = {
	"%.5s%.5s", "%.5s%.5s", "+91%.5s%.5s", "+91 %.5s %.5s", "0%.5s%.5s", "91-%.5s%.5s", "%.5s-%.5s", "0091 %.5s %.5s"
};

static const char *const name_forms[] = {"%s %s", "%s %s", "%s %s", "%s %s", "%s  %s ", "%s %.1s.", "%.1s. %s"};

static void
lower(char *word)
{
	for (; *word; word++)
		if (*word >= 'A' && *word <= 'Z')
			*word += 'a' - 'A';
}

static void
upper(char *word)
{
	for (; *word; word++)
		if (*word >= 'a' && *word <= 'z')
			*word -= 'a' - 'A';
}

/* the name a person was given; the surname is mostly the household's */
static void
person_name(const Person *person, char first[NAME_SIZE], char last[NAME_SIZE])
{
	Random		random;

	random_start(&random, person->seed, STREAM_NAMES, person->number * 2);
	write_first_name(&random, person->female, first);
	if (random_chance(&random, 0.9))
		random_start(&random, person->seed, STREAM_NAMES, person->household * 2 + 1);
	write_surname(&random, last);
}

/* one slip of the keyboard after the first letter */
static void
add_typo(Random *random, char *word)
{
	int			length = (int) strlen(word);
	int			at = random_between(random, 1, length - 2);
	char		swapped = word[at];

	switch (random_below(random, 4))
	{
		case 0:
			memmove(word + at, word + at + 1, length - at);
			break;
		case 1:
			memmove(word + at + 1, word + at, length - at + 1);
			break;
		case 2:
			word[at] = word[at + 1];
			word[at + 1] = swapped;
			break;
		default:
			word[at] = (char) ('a' + random_below(random, 26));
			break;
	}
}

static void
draw_name(Contact *contact, Random *random, const Person *person)
{
	char		first[NAME_SIZE];
	char		last[NAME_SIZE];
	const char *form = PICK(random, name_forms);

	person_name(person, first, last);
	if (random_chance(random, NAME_TYPO))
		add_typo(random, random_chance(random, 0.5) ? first : last);
	if (random_chance(random, 0.06))
		snprintf(contact->name, CONTACT_SIZE, form, last, first);
	else
		snprintf(contact->name, CONTACT_SIZE, form, first, last);
	if (random_chance(random, 0.06))
		upper(contact->name);
	else if (random_chance(random, 0.06))
		lower(contact->name);
}

/*
 * One of the person's two addresses, in canonical form: the number at its end
 * is the person's own, so that no two people share one.
 */
static void
person_email(const Person *person, bool second, char result[CONTACT_SIZE])
{
	char		first[NAME_SIZE];
	char		last[NAME_SIZE];
	const char *domain;
	const char *join;
	unsigned long long number;
	Random		random;

	random_start(&random, person->seed, STREAM_CONTACT, person->number * 4 + second);
	person_name(person, first, last);
	lower(first);
	lower(last);
	number = random_permuted_digits(random_mix(person->seed ^ STREAM_CONTACT) + second,
									person->number, 100);
	domain = second ? PICK(&random, second_domains) : PICK(&random, first_domains);
	/* Gmail ignores dots: its canonical form has none */
	join = strcmp(domain, "gmail.com") == 0 ? "" : ".";
	switch (random_below(&random, 3))
	{
		case 0:
			snprintf(result, CONTACT_SIZE, "%s%s%s%llu@%s", first, join, last, number, domain);
			break;
		case 1:
			snprintf(result, CONTACT_SIZE, "%.1s%s%s%llu@%s", first, join, last, number, domain);
			break;
		default:
			snprintf(result, CONTACT_SIZE, "%s%llu@%s", first, number, domain);
			break;
	}
}

/* the same address as somebody types it */
static void
vary_email(Random *random, const char *canonical, char result[CONTACT_SIZE])
{
	const char *at = strchr(canonical, '@');
	int			local = (int) (at - canonical);
	bool		gmail = strcmp(at, "@gmail.com") == 0;
	const char *dot = "";
	const char *tag = "";
	int			split = local > 4 ? random_between(random, 2, local - 2) : local;

	if (gmail && random_chance(random, 0.4))
		dot = ".";
	if (gmail && random_chance(random, 0.08))
		tag = random_chance(random, 0.5) ? "+shopping" : "+offers";
	if (gmail && random_chance(random, 0.04))
		at = "@googlemail.com";
	snprintf(result, CONTACT_SIZE, "%.*s%s%.*s%s%s", split, canonical, dot,
			 local - split, canonical + split, tag, at);
	if (random_chance(random, 0.08))
		upper(result);
}

static void
draw_email(Contact *contact, Random *random, const Person *person, bool stranger)
{
	Person		head;

	if (random_chance(random, FAMILY_EMAIL) && !stranger)
	{
		draw_person(&head, person->seed, 0.0, person->household);
		person_email(&head, false, contact->canonical_email);
	}
	else
		person_email(person, stranger || random_chance(random, OTHER_EMAIL),
					 contact->canonical_email);
	vary_email(random, contact->canonical_email, contact->email);
	if (random_chance(random, NO_EMAIL))
		contact->email[0] = contact->canonical_email[0] = '\0';
	else if (random_chance(random, PLACEHOLDER))
	{
		snprintf(contact->email, CONTACT_SIZE, "%s", PICK(random, no_emails));
		contact->canonical_email[0] = '\0';
	}
}

/* ten digits, the first of them 6 to 9, unique among all people */
static void
person_phone(uint64_t seed, uint64_t number, bool second, char result[16])
{
	unsigned long long value = UINT64_C(6000000000) +
	random_permuted(random_mix(seed ^ (STREAM_CONTACT + 1000)),
					number + (second ? UINT64_C(1000000000) : 0), UINT64_C(4000000000));

	snprintf(result, 16, "%llu", value);
}

static void
draw_phone(Contact *contact, Random *random, const Person *person, bool stranger)
{
	char		digits[16];
	bool		family = random_chance(random, FAMILY_PHONE) && !stranger;

	person_phone(person->seed, family ? person->household : person->number,
				 stranger || random_chance(random, OTHER_PHONE), digits);
	snprintf(contact->phone, CONTACT_SIZE, PICK(random, phone_forms), digits, digits + 5);
	snprintf(contact->canonical_phone, sizeof(contact->canonical_phone), "+91%s", digits);
	if (random_chance(random, NO_PHONE))
		contact->phone[0] = contact->canonical_phone[0] = '\0';
	else if (random_chance(random, PLACEHOLDER))
	{
		snprintf(contact->phone, CONTACT_SIZE, "%s", PICK(random, no_phones));
		contact->canonical_phone[0] = '\0';
	}
}

static void
draw_birth_date(Contact *contact, Random *random, const Person *person, bool stranger)
{
	int			year;
	int			month;
	int			day;

	date_of_day(person->birth_day, &year, &month, &day);
	if (random_chance(random, WRONG_BIRTH_DATE))
	{
		int			swapped = month;

		if (day <= 12)
		{
			month = day;
			day = swapped;
		}
		else
			year++;
		if (month == 2 && day == 29)
			day = 28;
	}
	if (!stranger && !random_chance(random, NO_BIRTH_DATE))
		snprintf(contact->birth_date, sizeof(contact->birth_date), "%04d-%02d-%02d", year, month, day);
}

static void
draw_address(Contact *contact, Random *random, const Person *person, const Account *account)
{
	const Home *home = account_home(person, account);
	const char *building;
	const char *kind;
	int			flat;
	Random		fixed;

	random_start(&fixed, person->seed, STREAM_HOMES,
				 person->household + ((uint64_t) (home - person->home + 1) << 40));
	flat = random_between(&fixed, 1, 30) * 100 + random_between(&fixed, 1, 12);
	building = pick_building(&fixed);
	kind = pick_building_kind(&fixed);
	snprintf(contact->address, CONTACT_SIZE,
			 random_chance(random, 0.8) ? "Flat %d, %s %s, %s" : "Flat No. %d %s %s %s",
			 flat, building, kind, sample_localities[home->locality]);
	if (random_chance(random, 0.08))
		upper(contact->address);
	if (random_chance(random, NO_ADDRESS))
		contact->address[0] = '\0';
}

/*
 * The id of a person's device: 0 phone, 1 former phone, 2 laptop, 3 the
 * household's tablet.
 */
void
device_id(const Person *person, int device, char result[24])
{
	uint64_t	owner = device == 3 ? person->household : person->number;
	unsigned long long id = random_mix(random_mix(person->seed + 77) + owner * 4 + device);

	snprintf(result, 24, "d-%016llx", id);
}

/*
 * The address of a home's network, the same for all who live there.
 */
void
home_ip(const Person *person, int home, char result[48])
{
	uint64_t	mix = random_mix(random_mix(person->seed + 78) + person->household * 2 + home);

	if (mix % 5 == 0)
		snprintf(result, 48, "2405:201:%x:%x::%x", (unsigned) (mix >> 8 & 0xFFFF),
				 (unsigned) (mix >> 24 & 0xFFFF), (unsigned) (mix >> 40 & 0xFF) + 1);
	else
		snprintf(result, 48, "%u.%u.%u.%u", 49 + (unsigned) (mix >> 8 & 3), (unsigned) (mix >> 16 & 0xFF),
				 (unsigned) (mix >> 24 & 0xFF), 1 + (unsigned) (mix >> 32) % 254);
}

/*
 * The address of a mobile network's gateway, shared by very many.
 */
void
mobile_ip(const Person *person, char result[48])
{
	uint64_t	mix = random_mix(random_mix(person->seed + 79) + person->number);

	snprintf(result, 48, "106.192.%u.%u", (unsigned) (mix >> 8 & 3), 1 + (unsigned) (mix >> 16 & 15));
}

static void
add_to_list(char list[CONTACT_SIZE], const char *value)
{
	size_t		used = strlen(list);

	snprintf(list + used, CONTACT_SIZE - used, "%s%s", used ? ";" : "", value);
}

static void
draw_devices(Contact *contact, Random *random, const Person *person, const Account *account,
			 bool stranger)
{
	int			members;
	int			home = (int) (account_home(person, account) - person->home);
	char		value[48];

	household_of(person->seed, person->number, &members);
	if (random_chance(random, 0.9))
	{
		device_id(person, stranger || random_chance(random, 0.25), value);
		add_to_list(contact->devices, value);
	}
	if (!stranger && random_chance(random, 0.3))
	{
		device_id(person, 2, value);
		add_to_list(contact->devices, value);
	}
	if (members > 1 && !stranger && random_chance(random, 0.15))
	{
		device_id(person, 3, value);
		add_to_list(contact->devices, value);
	}
	if (random_chance(random, 0.8))
	{
		home_ip(person, home, value);
		add_to_list(contact->ips, value);
	}
	if (random_chance(random, 0.6))
	{
		mobile_ip(person, value);
		add_to_list(contact->ips, value);
	}
}

static void
draw_programmes(Contact *contact, Random *random, const Person *person, bool stranger)
{
	static const double yes[3] = {0.70, 0.75, 0.45};
	bool		member = random_mix(person->seed + 80 + person->number) % 100 < 15;

	/* one coalition's card is used on all platforms */
	if (member && !stranger && random_chance(random, 0.7))
		snprintf(contact->loyalty_id, sizeof(contact->loyalty_id), "LOOP-%09llu",
				 (unsigned long long) random_permuted(random_mix(person->seed + 81), person->number, 1000000000));
	for (int i = 0; i < 3; i++)
	{
		contact->consents[i] = random_chance(random, yes[i]) ? "Yes" : "No";
		if (random_chance(random, 0.08))
			contact->consents[i] = "";
	}
}

/*
 * What an account says about its holder.
 */
void
draw_contact(Contact *contact, const Person *person, const Account *account)
{
	static const char *const genders[2][2] = {{"M", "Male"}, {"F", "Female"}};
	bool		later = account != person->account;
	bool		stranger;
	Random		random;

	memset(contact, 0, sizeof(*contact));
	random_start(&random, person->seed, STREAM_ACCOUNT,
				 UINT64_C(1) << 40 | (person->number * MAX_ACCOUNTS + (account - person->account)));
	stranger = later && random_chance(&random, STRANGERS);
	draw_name(contact, &random, person);
	draw_email(contact, &random, person, stranger);
	draw_phone(contact, &random, person, stranger);
	draw_birth_date(contact, &random, person, stranger);
	draw_address(contact, &random, person, account);
	draw_devices(contact, &random, person, account, stranger);
	draw_programmes(contact, &random, person, stranger);
	contact->gender = random_chance(&random, NO_GENDER) ? "" :
		genders[person->female][random_chance(&random, 0.3)];
	contact->hashed = random_chance(&random, HASHED);
	contact->updated_day = random_between(&random, account->open_day, LAST_JOIN - 1);
	contact->updated_second = random_between(&random, 0, 86399);
}
