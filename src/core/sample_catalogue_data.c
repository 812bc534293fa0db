/*
 * sample_catalogue_data.c
 *		Kinds of items of each platform, the most bought ones first.
 */
#include "core/sample_catalogue.h"

#define LENGTH(array) ((int) (sizeof(array) / sizeof((array)[0])))

#define DAIRY "Amul|Nestle|Mother Dairy|Britannia"
#define STAPLE "Tata|Fortune|Aashirvaad|Patanjali"
#define CARE "Dove|Himalaya|Nivea|Patanjali"
#define CLEAN "Surf Excel|Vim|Lizol|Dettol"

static const ItemKind zepto[] = {
	{"%a Milk %b", "Grocery & Essentials", "Dairy", DAIRY, "200ml|500ml|1L", "", 25, 60},
	{"%a Biscuits %b", "Grocery & Essentials", "Snacks", "Parle|Britannia|Sunfeast", "100g|250g|Pack of 6", "", 20, 60},
	{"%a Bread %b", "Grocery & Essentials", "Staples", "Britannia|Modern|Harvest Gold", "250g|400g", "", 35, 65},
	{"%a Curd %b", "Grocery & Essentials", "Dairy", DAIRY, "200ml|400g|1kg", "", 25, 70},
	{"%a Chips %b", "Grocery & Essentials", "Snacks", "Lays|Haldiram|Bingo", "50g|100g|Pack of 6", "", 20, 50},
	{"%a Instant Noodles %b", "Grocery & Essentials", "Snacks", "Maggi|Yippee|Top Ramen", "100g|Pack of 6|Pack of 12", "", 15, 60},
	{"%a Soft Drink %b", "Grocery & Essentials", "Beverages", "Coca-Cola|Pepsi|Thums Up", "200ml|500ml|1L", "", 20, 60},
	{"%a Cooking Oil %b", "Grocery & Essentials", "Staples", "Fortune|Saffola|Patanjali", "500ml|1L|5kg", "", 110, 210},
	{"%a Rice %b", "Grocery & Essentials", "Staples", "Daawat|India Gate|Tata", "1kg|2kg|5kg", "", 90, 180},
	{"%a Tea %b", "Grocery & Essentials", "Beverages", "Tata|Brooke Bond|Wagh Bakri", "100g|250g|500g", "", 60, 180},
	{"%a Butter %b", "Grocery & Essentials", "Dairy", DAIRY, "100g|200g|500g", "", 55, 120},
	{"%a Sugar %b", "Grocery & Essentials", "Staples", STAPLE, "1kg|2kg|5kg", "", 45, 70},
	{"%a Ghee %b", "Grocery & Essentials", "Dairy", "Amul|Patanjali|Nandini", "200ml|500ml|1L", "", 150, 350},
	{"%a Spices %b", "Grocery & Essentials", "Spices", "Everest|MDH|Gits", "50g|100g|200g", "", 35, 110},
	{"%a Juice %b", "Grocery & Essentials", "Beverages", "Real|Tropicana|Maaza", "200ml|1L|Pack of 6", "", 25, 120},
	{"%a Ice Cream %b", "Grocery & Essentials", "Snacks", "Amul|Kwality Walls|Havmor", "100g|500ml|1L", "", 40, 180},
	{"%a Chocolate %b", "Grocery & Essentials", "Snacks", "Cadbury|Hershey's|Nestle", "50g|100g|Pack of 6", "", 40, 140},
	{"%a Handwash %b", "Beauty & Personal Care", "Bath", "Dettol|Savlon|Lifebuoy", "200ml|500ml|1L", "", 60, 130},
	{"%a Soap %b", "Beauty & Personal Care", "Bath", CARE, "100g|Pack of 6|Pack of 12", "", 35, 90},
	{"%a Shampoo %b", "Beauty & Personal Care", "Haircare", CARE, "100ml|200ml|500ml", "", 90, 240},
	{"%a Toothpaste %b", "Beauty & Personal Care", "Hygiene", "Colgate|Patanjali|Sensodyne", "100g|200g", "", 55, 140},
	{"%a Detergent %b", "Home & Cleaning", "Cleaners", "Surf Excel|Ariel|Tide", "500g|1kg|2kg", "", 90, 220},
	{"%a Dishwash Bar %b", "Home & Cleaning", "Cleaners", CLEAN, "100g|250g|Pack of 6", "", 20, 60},
	{"%a Floor Cleaner %b", "Home & Cleaning", "Cleaners", CLEAN, "500ml|1L", "", 95, 190},
	{"%a Diapers %b", "Baby Care", "Diapers", "Pampers|Huggies|MamyPoko", "Pack of 6|Pack of 12", "", 180, 420},
	{"%a Dog Food %b", "Pet Care", "Dog Food", "Pedigree|Drools", "400g|1kg|2kg", "", 110, 360},
	{"%a Cat Food %b", "Pet Care", "Cat Food", "Whiskas|Me-O", "400g|1kg", "", 100, 320},
	{"%a Vitamins %b", "Medical & Wellness", "Vitamins", "Himalaya|Dabur|Zandu", "100g|Pack of 6", "", 150, 380}
};

#define STYLES "Classic|Spicy|Large|Combo|Family Pack|Healthy|Chef Special"

static const ItemKind swiggy[] = {
	{"%a Chicken Biryani %b", "Food", "Biryani", "Biryani|Kebab|North Indian", STYLES, "", 190, 380},
	{"%a Veg Biryani %b", "Food", "Biryani", "Biryani|North Indian|South Indian", STYLES, "", 150, 300},
	{"%a Butter Chicken %b", "Food", "North Indian", "North Indian|Tandoor", STYLES, "", 220, 420},
	{"%a Masala Dosa %b", "Food", "South Indian", "South Indian|Street Food", STYLES, "", 80, 180},
	{"%a Cheese Burst Pizza %b", "Food", "Pizza", "Italian|Fast Food|Cafe Special", STYLES, "", 220, 480},
	{"%a Veg Burger %b", "Food", "Fast Food", "Fast Food|Cafe Special", STYLES, "", 90, 220},
	{"%a Paneer Tikka %b", "Food", "North Indian", "Tandoor|North Indian|Kebab", STYLES, "", 180, 340},
	{"%a Schezwan Fried Rice %b", "Food", "Chinese", "Chinese|Street Food", STYLES, "", 140, 280},
	{"%a Veg Manchurian %b", "Food", "Chinese", "Chinese|Street Food", STYLES, "", 130, 260},
	{"%a Idli Sambar %b", "Food", "South Indian", "South Indian", STYLES, "", 60, 150},
	{"%a Tandoori Momos %b", "Food", "Street Food", "Street Food|Chinese|Fast Food", STYLES, "", 90, 220},
	{"%a Pav Bhaji %b", "Food", "Street Food", "Street Food|North Indian", STYLES, "", 90, 200},
	{"%a Fish Curry %b", "Food", "Seafood", "Seafood|South Indian", STYLES, "", 220, 450},
	{"%a Prawn Fry %b", "Food", "Seafood", "Seafood", STYLES, "", 260, 520},
	{"%a Caesar Salad %b", "Food", "Italian", "Italian|Continental", STYLES, "", 160, 340},
	{"%a Grilled Sandwich %b", "Food", "Cafe", "Continental|Cafe Special", STYLES, "", 110, 240},
	{"%a French Fries %b", "Food", "Fast Food", "Fast Food|Beverages", STYLES, "", 80, 180},
	{"%a Chocolate Brownie %b", "Food", "Desserts", "Desserts|Cafe Special", STYLES, "", 90, 220}
};

#define MEMORY "64GB|128GB|256GB"
#define EDITIONS "Standard|Pro|Max|2025 Edition|With Warranty"

static const ItemKind amazon[] = {
	{"%a Smartphone %b %c", "Electronics", "Smartphones", "Samsung|Apple|Realme|Honor", EDITIONS, MEMORY, 9000, 42000},
	{"%a Headphones %b", "Electronics", "Audio", "Boat|Sony|JBL", EDITIONS, "", 900, 6000},
	{"%a Power Bank %b", "Electronics", "Accessories", "Boat|Realme|Lenovo", EDITIONS, "", 800, 2600},
	{"%a LED Bulb %b", "Home", "Lighting", "Philips|Havells|Realme", "Standard|Mini|Bundle", "", 120, 700},
	{"%a Cookware Set %b", "Home", "Kitchen", "Prestige|Hawkins|Pigeon", "Standard|Pro|Bundle", "", 1100, 4500},
	{"%a Bluetooth Speaker %b", "Electronics", "Audio", "Boat|JBL|Sony", EDITIONS, "", 1200, 7000},
	{"%a Mixer Grinder %b", "Home", "Kitchen", "Prestige|Bajaj|Usha", "Standard|Pro|2024 Model", "", 2200, 6500},
	{"%a Laptop %b %c", "Electronics", "Computers", "Dell|Lenovo|Apple", EDITIONS, "8GB RAM|16GB RAM", 28000, 68000},
	{"%a Air Fryer %b", "Home", "Kitchen", "Philips|Prestige|Havells", "Mini|Standard|Max", "", 3500, 9000},
	{"%a Smartwatch %b", "Electronics", "Wearables", "Noise|Boat|Samsung", EDITIONS, "", 1500, 9000},
	{"%a Water Purifier %b", "Home", "Appliances", "Havells|Aquaguard|Kent", "Standard|Pro|Max", "", 7000, 16000},
	{"%a Camera %b", "Electronics", "Cameras", "Canon|Sony|Nikon", EDITIONS, "", 22000, 60000},
	{"%a Washing Machine %b", "Home", "Appliances", "LG|Samsung|Whirlpool", "Standard|Pro|Max", "", 13000, 34000},
	{"%a Refrigerator %b", "Home", "Appliances", "LG|Samsung|Godrej", "Mini|Standard|Max", "", 12000, 38000},
	{"%a Wireless Mouse %b", "Electronics", "Computers", "Logitech|Dell|Lenovo", "Standard|Mini|Pro", "", 450, 2200},
	{"%a Running Shoes %b", "Fashion", "Footwear", "Puma|Adidas|Campus", "Standard|Pro|Max", "", 1200, 5500},
	{"%a Backpack %b", "Fashion", "Bags", "Wildcraft|Skybags|Puma", "Mini|Standard|Max", "", 800, 3200},
	{"%a Novel %b", "Books", "Fiction", "Penguin|HarperCollins|Rupa", "Paperback|Hardcover", "", 180, 650}
};

#define EFFECTS "Hydrating|Glow|Ultra Smooth|Oil Control|Longwear"
#define LIQUID "30ml|50ml|100ml"
#define MAKEUP "Lakme|Maybelline|MAC|Nykaa|L'Oreal"
#define SKIN "Forest Essentials|Kama Ayurveda|Dot & Key|Neutrogena|Lotus Herbals"

static const ItemKind nykaa[] = {
	{"%a Lipstick %b %c", "Makeup", "Lips", MAKEUP, "Longwear|Full Coverage|Glow", "5g|15g", 250, 1500},
	{"%a Kajal %b %c", "Makeup", "Eyes", MAKEUP, "Longwear|Full Coverage", "5ml|10ml", 150, 700},
	{"%a Sunscreen %b %c", "Skincare", "Sun care", SKIN, "SPF 50|Hydrating|Oil Control", LIQUID, 300, 900},
	{"%a Moisturizer %b %c", "Skincare", "Face", SKIN, EFFECTS, LIQUID, 280, 1100},
	{"%a Serum %b %c", "Skincare", "Face", SKIN, EFFECTS, LIQUID, 400, 1500},
	{"%a Shampoo %b %c", "Haircare", "Hair", "L'Oreal|Kama Ayurveda|The Body Shop", EFFECTS, "100ml|250ml", 250, 800},
	{"%a Conditioner %b %c", "Haircare", "Hair", "L'Oreal|The Body Shop|Dove", EFFECTS, "100ml|250ml", 250, 800},
	{"%a Foundation %b %c", "Makeup", "Face", MAKEUP, "Full Coverage|Longwear|Glow", LIQUID, 450, 1900},
	{"%a Nail Polish %b %c", "Makeup", "Nails", MAKEUP, "Glow|Longwear", "5ml|10ml", 120, 450},
	{"%a Hair Oil %b %c", "Haircare", "Hair", "Kama Ayurveda|Forest Essentials|Nykaa", EFFECTS, "100ml|250ml", 300, 900},
	{"%a Body Lotion %b %c", "Skincare", "Body", "Nivea|The Body Shop|Neutrogena", EFFECTS, "100ml|250ml", 250, 800},
	{"%a Mascara %b %c", "Makeup", "Eyes", MAKEUP, "Longwear|Full Coverage", "5ml|10ml", 350, 1200},
	{"%a Perfume %b %c", "Fragrance", "Perfume", "Nykaa|The Body Shop|Clinique", "Travel Size|Longwear", LIQUID, 600, 2600},
	{"%a Face Wash %b %c", "Skincare", "Face", SKIN, EFFECTS, "50ml|100ml", 180, 600},
	{"%a Concealer %b %c", "Makeup", "Face", MAKEUP, "Full Coverage|Glow", "5ml|10ml", 300, 1300},
	{"%a Highlighter %b %c", "Makeup", "Face", MAKEUP, "Glow|Ultra Smooth", "5g|15g", 350, 1400}
};

#define PRINTS "Boho|Floral|Tribal|Elephant|Tropical|Geometric|Mandala|Retro"
#define COLOURS "Blue|Teal|Mustard|Green|Maroon|Multicolor"

static const ItemKind chumbak[] = {
	{"Chumbak %a Coffee Mug %b", "Home & Living", "Dining", PRINTS, COLOURS, "", 295, 695},
	{"Chumbak %a Cushion Cover %b", "Home & Living", "Furnishing", PRINTS, COLOURS, "", 395, 995},
	{"Chumbak %a Notebook %b", "Stationery", "Notebooks", PRINTS, COLOURS, "", 195, 495},
	{"Chumbak %a Travel Pouch %b", "Bags", "Bags", PRINTS, COLOURS, "", 395, 1195},
	{"Chumbak %a Coaster Set %b", "Home & Living", "Dining", PRINTS, COLOURS, "", 345, 895},
	{"Chumbak %a Table Runner %b", "Home & Living", "Furnishing", PRINTS, COLOURS, "", 695, 1695},
	{"Chumbak %a Wall Clock %b", "Home & Living", "Decor", PRINTS, COLOURS, "", 1295, 2995},
	{"Chumbak %a Planter %b", "Home & Living", "Decor", PRINTS, COLOURS, "", 495, 1495},
	{"Chumbak %a Candle Holder %b", "Home & Living", "Decor", PRINTS, COLOURS, "", 445, 1395},
	{"Chumbak %a Photo Frame %b", "Home & Living", "Decor", PRINTS, COLOURS, "", 595, 1595},
	{"Chumbak %a Desk Organizer %b", "Stationery", "Desk", PRINTS, COLOURS, "", 695, 1795},
	{"Chumbak %a Bed Sheet %b", "Home & Living", "Furnishing", PRINTS, COLOURS, "", 1495, 3495},
	{"Chumbak %a Throw Blanket %b", "Home & Living", "Furnishing", PRINTS, COLOURS, "", 1295, 2995},
	{"Chumbak %a Lamp Shade %b", "Home & Living", "Decor", PRINTS, COLOURS, "", 995, 2495}
};

#define ORIGINS "Mumbai|Delhi|Bengaluru|Hyderabad|Chennai|Kolkata|Pune|Ahmedabad"
#define SIGHTS "Goa|Jaipur|Kochi|Udaipur|Varanasi|Srinagar|Leh|Manali"
#define ABROAD "Dubai|Singapore|Bangkok|Bali|Colombo"

static const ItemKind makemytrip[] = {
	{"Flight - %a to %b (%c)", "Travel", "Flight", ORIGINS, SIGHTS, "Economy|Premium Economy|Business", 3200, 9500},
	{"Hotel - %a %b (%c)", "Travel", "Hotel", "Taj|Radisson Blu|ITC Grand|Hilton|Lemon Tree", SIGHTS, "1N|2N|3N|4N|5N", 2800, 9000},
	{"Train - %a to %b (%c)", "Travel", "Train", ORIGINS, SIGHTS, "Sleeper/AC", 600, 2800},
	{"Cab - %a Airport Transfer", "Travel", "Cab", "Mumbai|Delhi|Bengaluru|Goa|Jaipur|Kochi", "", "", 500, 1800},
	{"Flight - %a to %b (%c)", "Travel", "Flight", ORIGINS, ABROAD, "Economy|Premium Economy|Business", 11000, 32000},
	{"Hotel - %a %b (%c)", "Travel", "Hotel", "JW Marriott|Park Hyatt|Hilton|Radisson Blu", ABROAD, "2N|3N|4N|5N|7N", 6000, 15000}
};

#define TRIMS "LXI|VXI|ZXI|Signature"
#define FUELS "Petrol|Diesel|CNG"

static const ItemKind carwale[] = {
	{"Maruti Suzuki %a %b (%c)", "Cars", "Hatchback", "Swift|Baleno|Wagon R", TRIMS, FUELS, 550000, 900000},
	{"Hyundai %a %b (%c)", "Cars", "SUV", "Creta|Venue", TRIMS, FUELS, 900000, 1600000},
	{"Tata %a %b (%c)", "Cars", "SUV", "Nexon|Harrier|Punch", TRIMS, "Petrol|Diesel|Electric", 700000, 1700000},
	{"Mahindra %a %b (%c)", "Cars", "SUV", "Bolero|Scorpio|Thar", TRIMS, "Diesel|Petrol", 950000, 1800000},
	{"Kia %a %b (%c)", "Cars", "SUV", "Seltos|Sonet", TRIMS, FUELS, 900000, 1700000},
	{"Honda %a %b (%c)", "Cars", "Sedan", "City|Amaze|Jazz", TRIMS, "Petrol|Hybrid", 800000, 1500000},
	{"Toyota %a %b (%c)", "Cars", "SUV", "Glanza|Fortuner|Innova", TRIMS, "Petrol|Diesel|Hybrid", 1000000, 3500000},
	{"Renault %a %b (%c)", "Cars", "Hatchback", "Kiger|Kwid|Triber", TRIMS, "Petrol|CNG", 450000, 900000},
	{"MG %a %b (%c)", "Cars", "SUV", "Hector|Comet", TRIMS, "Petrol|Electric", 800000, 2200000}
};

const Catalogue sample_catalogues[SAMPLE_PLATFORMS] = {
	{zepto, LENGTH(zepto)},
	{swiggy, LENGTH(swiggy)},
	{amazon, LENGTH(amazon)},
	{nykaa, LENGTH(nykaa)},
	{chumbak, LENGTH(chumbak)},
	{makemytrip, LENGTH(makemytrip)},
	{carwale, LENGTH(carwale)}
};
