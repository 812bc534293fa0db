/*
 * sample_vocabulary.c
 *		Names and places of the sample population.
 *
 * The frequent names fall off as Zipf's law has it; a quarter of the people
 * have rare names put together from syllables, so that agreement on a name
 * weighs as differently as among real people.
 */
#include "core/sample_vocabulary.h"

#include <stdio.h>

#define LENGTH(array) ((int) (sizeof(array) / sizeof((array)[0])))

#define RARE_NAMES 0.25

static const char *const female_names[] = {
	"Priya", "Anjali", "Pooja", "Neha", "Sunita", "Kavita", "Asha", "Lakshmi",
	"Deepa", "Rekha", "Shreya", "Divya", "Swati", "Meena", "Ritu", "Nisha",
	"Ananya", "Sneha", "Geeta", "Radha", "Jyoti", "Preeti", "Manisha", "Sangeeta",
	"Aarti", "Bhavna", "Kiran", "Rani", "Usha", "Vidya", "Madhuri", "Shalini",
	"Pallavi", "Aishwarya", "Meera", "Nandini", "Ishita", "Tanvi", "Aditi", "Diya",
	"Fatima", "Ayesha", "Zainab", "Sana", "Harpreet", "Simran", "Gurpreet", "Mary",
	"Revathi", "Sudha", "Padma", "Malathi", "Chitra", "Hema", "Leela", "Parvati",
	"Rupali", "Smita", "Vaishali", "Archana", "Namrata", "Payal", "Kajal", "Riya",
	"Saanvi", "Kavya", "Trisha", "Mitali", "Debjani", "Moumita", "Paromita", "Sharmila"
};

static const char *const male_names[] = {
	"Rahul", "Amit", "Rajesh", "Suresh", "Sanjay", "Vijay", "Anil", "Ravi",
	"Manoj", "Deepak", "Arjun", "Rohit", "Vikram", "Ajay", "Sunil", "Ashok",
	"Mohammed", "Ramesh", "Prakash", "Arun", "Karthik", "Aditya", "Nikhil", "Sandeep",
	"Pankaj", "Rakesh", "Mahesh", "Dinesh", "Vivek", "Gaurav", "Abhishek", "Ankit",
	"Siddharth", "Varun", "Harish", "Naveen", "Praveen", "Satish", "Mukesh", "Yash",
	"Imran", "Salman", "Irfan", "Harjit", "Gurdeep", "Joseph", "Thomas", "Murugan",
	"Senthil", "Balaji", "Venkatesh", "Srinivas", "Ganesh", "Krishna", "Gopal", "Mohan",
	"Sachin", "Nitin", "Sagar", "Swapnil", "Tushar", "Kunal", "Rohan", "Aarav",
	"Ishaan", "Vihaan", "Kabir", "Dev", "Subrata", "Sourav", "Anirban", "Debashish"
};

static const char *const surnames[] = {
	"Kumar", "Singh", "Sharma", "Devi", "Das", "Patel", "Khan", "Yadav",
	"Gupta", "Reddy", "Verma", "Shah", "Nair", "Joshi", "Mishra", "Iyer",
	"Rao", "Patil", "Jain", "Mehta", "Pillai", "Chauhan", "Roy", "Ghosh",
	"Banerjee", "Mukherjee", "Chatterjee", "Desai", "Kulkarni", "Deshmukh", "Shinde", "Pawar",
	"Jadhav", "More", "Naidu", "Chowdhury", "Thakur", "Pandey", "Tiwari", "Dubey",
	"Agarwal", "Bansal", "Malhotra", "Kapoor", "Khanna", "Chopra", "Arora", "Bhatia",
	"Sethi", "Gill", "Sandhu", "Dhillon", "Menon", "Kurian", "Varghese", "Mathew",
	"Fernandes", "DSouza", "Hegde", "Shetty", "Gowda", "Bhat", "Kamath", "Prabhu",
	"Subramanian", "Krishnan", "Raman", "Sundaram", "Ansari", "Sheikh", "Qureshi", "Siddiqui",
	"Mohanty", "Patnaik", "Sahoo", "Bora", "Gogoi", "Saikia", "Rathore", "Solanki"
};

static const char *const name_heads[] = {
	"Aa", "Bha", "Chan", "Dha", "Gan", "Har", "In", "Jay", "Kal", "Lok", "Ma", "Nar",
	"Om", "Par", "Raj", "Sha", "Tar", "Uma", "Vas", "Yam", "Su", "Kri", "Pra", "Shi"
};
static const char *const name_middles[] = {
	"", "de", "ga", "ka", "la", "ma", "ni", "ra", "ri", "sha", "ta", "van", "vi", "ya", "esh", "in"
};
static const char *const female_tails[] = {"ni", "ti", "vi", "ka", "lata", "mala", "shri", "ja"};
static const char *const male_tails[] = {"nath", "deep", "dev", "raj", "an", "eet", "kant", "prasad"};
static const char *const surname_tails[] = {
	"wal", "kar", "wani", "nathan", "swamy", "ekar", "puri", "shi", "dhar", "tra", "gadda", "palli"
};

static const char *const buildings[] = {
	"Shanti", "Lotus", "Green Park", "Sai", "Krishna", "Silver Oak", "Ganga", "Palm",
	"Sunrise", "Royal", "Lakeview", "Ashoka", "Prestige", "Meadow", "Orchid", "Himalaya",
	"Kaveri", "Nandi", "Emerald", "Heritage", "Jasmine", "Maple", "Saraswati", "Vrindavan"
};
static const char *const building_kinds[] = {
	"Apartments", "Residency", "Towers", "Heights", "Enclave", "Villa", "Nagar Society", "Gardens"
};

const char *const sample_localities[LOCALITIES] = {
	"Gandhi Nagar", "MG Road", "Station Road", "Civil Lines", "Shivaji Nagar", "Nehru Nagar",
	"Rajaji Nagar", "Model Town", "Lake Road", "Park Street", "Sector 4", "Sector 15",
	"Phase 2", "Old Town", "Market Yard", "Temple Road", "Ring Road", "College Road",
	"Vidya Nagar", "Patel Nagar", "Ambedkar Colony", "Subhash Chowk", "Green Park", "Sadar Bazaar",
	"Hill View", "River Side", "Canal Road", "Airport Road", "Tilak Nagar", "Laxmi Nagar",
	"Jawahar Colony", "Krishna Nagar", "Ashok Vihar", "Palm Grove", "Church Road", "Fort Area",
	"Industrial Area", "University Road", "Stadium Road", "Bank Colony", "Teachers Colony", "Railway Colony",
	"Sun City", "Silver Hills", "Lotus Garden", "Saraswati Vihar", "Ganesh Nagar", "Hanuman Nagar"
};

const City	sample_cities[CITIES] = {
	{"Mumbai", "Maharashtra", 400, 125, "Mumbai"},
	{"New Delhi", "Delhi", 110, 110, "Delhi"},
	{"Bengaluru", "Karnataka", 560, 90, "Bengaluru"},
	{"Hyderabad", "Telangana", 500, 70, "Hyderabad"},
	{"Chennai", "Tamil Nadu", 600, 60, "Chennai"},
	{"Kolkata", "West Bengal", 700, 50, "Kolkata"},
	{"Pune", "Maharashtra", 411, 45, "Pune"},
	{"Ahmedabad", "Gujarat", 380, 42, "Ahmedabad"},
	{"Surat", "Gujarat", 395, 30, "Surat"},
	{"Jaipur", "Rajasthan", 302, 26, "Jaipur"},
	{"Lucknow", "Uttar Pradesh", 226, 24, "Lucknow"},
	{"Kanpur", "Uttar Pradesh", 208, 18, NULL},
	{"Nagpur", "Maharashtra", 440, 17, "Nagpur"},
	{"Noida", "Uttar Pradesh", 201, 16, NULL},
	{"Indore", "Madhya Pradesh", 452, 15, "Indore"},
	{"Thane", "Maharashtra", 421, 15, NULL},
	{"Coimbatore", "Tamil Nadu", 641, 14, "Coimbatore"},
	{"Kochi", "Kerala", 682, 13, "Kochi"},
	{"Visakhapatnam", "Andhra Pradesh", 530, 12, "Visakhapatnam"},
	{"Bhopal", "Madhya Pradesh", 462, 11, "Bhopal"},
	{"Patna", "Bihar", 800, 11, "Patna"},
	{"Vadodara", "Gujarat", 390, 11, "Vadodara"},
	{"Thiruvananthapuram", "Kerala", 695, 10, "Thiruvananthapuram"},
	{"Ludhiana", "Punjab", 141, 9, NULL},
	{"Agra", "Uttar Pradesh", 282, 9, NULL},
	{"Nashik", "Maharashtra", 422, 9, NULL},
	{"Chandigarh", "Chandigarh", 160, 9, "Chandigarh"},
	{"Madurai", "Tamil Nadu", 625, 8, "Madurai"},
	{"Mysuru", "Karnataka", 570, 8, NULL},
	{"Guwahati", "Assam", 781, 7, "Guwahati"},
	{"Bhubaneswar", "Odisha", 751, 7, "Bhubaneswar"},
	{"Ranchi", "Jharkhand", 834, 6, "Ranchi"},
	{"Raipur", "Chhattisgarh", 492, 6, "Raipur"},
	{"Amritsar", "Punjab", 143, 6, "Amritsar"},
	{"Warangal", "Telangana", 506, 5, NULL},
	{"Jodhpur", "Rajasthan", 342, 5, "Jodhpur"},
	{"Dehradun", "Uttarakhand", 248, 5, "Dehradun"},
	{"Mangalore", "Karnataka", 575, 5, "Mangalore"},
	{"Siliguri", "West Bengal", 734, 4, NULL},
	{"Panaji", "Goa", 403, 3, "Goa"}
};

/*
 * A city, by its number of people.
 */
int
pick_city(Random *random)
{
	uint32_t	total = 0;
	uint32_t	pick;
	int			city = 0;

	for (int i = 0; i < CITIES; i++)
		total += sample_cities[i].weight;
	pick = random_below(random, total);
	while (pick >= sample_cities[city].weight)
		pick -= sample_cities[city++].weight;
	return city;
}

/*
 * A first name.
 */
void
write_first_name(Random *random, bool female, char result[NAME_SIZE])
{
	const char *const *tails = female ? female_tails : male_tails;
	const char *const *names = female ? female_names : male_names;

	if (random_chance(random, RARE_NAMES))
		snprintf(result, NAME_SIZE, "%s%s%s",
				 name_heads[random_below(random, LENGTH(name_heads))],
				 name_middles[random_below(random, LENGTH(name_middles))],
				 tails[random_below(random, LENGTH(female_tails))]);
	else
		snprintf(result, NAME_SIZE, "%s",
				 names[random_zipf(random, LENGTH(female_names))]);
}

/*
 * A surname.
 */
void
write_surname(Random *random, char result[NAME_SIZE])
{
	if (random_chance(random, RARE_NAMES))
		snprintf(result, NAME_SIZE, "%s%s%s",
				 name_heads[random_below(random, LENGTH(name_heads))],
				 name_middles[random_below(random, LENGTH(name_middles))],
				 surname_tails[random_below(random, LENGTH(surname_tails))]);
	else
		snprintf(result, NAME_SIZE, "%s", surnames[random_zipf(random, LENGTH(surnames))]);
}

/*
 * A building's name and kind.
 */
const char *
pick_building(Random *random)
{
	return buildings[random_below(random, LENGTH(buildings))];
}

const char *
pick_building_kind(Random *random)
{
	return building_kinds[random_below(random, LENGTH(building_kinds))];
}
