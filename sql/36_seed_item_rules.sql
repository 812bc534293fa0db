-- Rules that give items their category, as shipped: per platform, tried from top to bottom.
-- A line is "unified category: level 1 > level 2 > level 3 = phrase|phrase".

CREATE FUNCTION patternos._seed_rules(platform text, rules text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO patternos_dw.item_rule
        (platform_id, priority, pattern, category_level_1, category_level_2, category_level_3, unified_category)
    SELECT platform, 10 * l.number, m[5], m[2], m[3], m[4], m[1]
    FROM string_to_table(btrim(rules, E'\n'), E'\n') WITH ORDINALITY l (line, number)
    CROSS JOIN regexp_match(l.line, '^([^:]+): ([^>=]+?)(?: > ([^>=]+?))?(?: > ([^>=]+?))? = (.+)$') m
$$;

CREATE FUNCTION patternos._seed_rules_grocery() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $seed$
    SELECT patternos._seed_rules('ZEPTO', $$
Pet: Pet Care > Dog Food > Dog Food = dog food|dog treat|dog biscuit|puppy food
Pet: Pet Care > Cat Food > Cat Food = cat food|cat treat|cat litter|kitten food
Pet: Pet Care > Accessories > Pet Accessories = pet care|pet food|pet treat|pet shampoo|pet toy|dog leash|dog collar|pet accessories
Baby: Baby Care > Diapers > Diapers = diaper|diaper pants|nappy|nappies
Baby: Baby Care > Food > Baby Food = baby food|baby cereal|infant formula|infant milk
Baby: Baby Care > Hygiene > Baby Hygiene = baby wipes|baby soap|baby shampoo|baby lotion|baby powder|baby oil|baby cream|baby wash|baby hygiene|baby
FMCG: Grocery & Essentials > Frozen > Ice Cream = ice cream|icecream|kulfi|sorbet|frozen dessert
FMCG: Grocery & Essentials > Frozen > Frozen Food = frozen|frozen veg|frozen veg mix|nuggets|french fries|fish finger
FMCG: Grocery & Essentials > Snacks > Biscuits = biscuit|cookie|cookies|cracker|rusk|wafer
FMCG: Grocery & Essentials > Snacks > Chocolates = milk chocolate|dark chocolate|chocolate bar|chocolate|candy|candies|toffee|chewing gum|mints
FMCG: Grocery & Essentials > Snacks > Instant Food = noodle|instant noodle|pasta|macaroni|soup|ready to eat|ready to cook|vermicelli|popcorn|instant mix
FMCG: Grocery & Essentials > Snacks > Chips & Namkeen = chips|crisps|namkeen|bhujia|nachos|papad|makhana|snack|mixture|sev
FMCG: Grocery & Essentials > Bakery > Bread & Cakes = bread|bun|pav|cake|muffin|croissant|brownie
FMCG: Grocery & Essentials > Beverages > Coffee = coffee|cappuccino|espresso
FMCG: Grocery & Essentials > Beverages > Soft Drinks = soft drink|cola|soda|tonic water|energy drink|lemonade|carbonated drink|cold drink
FMCG: Grocery & Essentials > Beverages > Health Drinks = health drink|malt drink|protein shake|nutrition drink
FMCG: Grocery & Essentials > Beverages > Juices = juice|fruit drink|nectar|squash|sharbat|syrup|coconut water
FMCG: Grocery & Essentials > Beverages > Water = mineral water|drinking water|packaged water|sparkling water
FMCG: Grocery & Essentials > Breakfast > Spreads = peanut butter|jam|honey|marmalade|mayonnaise|mayo|spread|chocolate spread
FMCG: Grocery & Essentials > Condiments > Sauces & Pickles = sauce|ketchup|pickle|chutney|vinegar|mustard sauce|dip|dressing
FMCG: Grocery & Essentials > Cereals > Breakfast Cereals = cereal|cornflakes|corn flakes|oats|muesli|granola|poha|daliya|dalia
Beauty: Beauty & Personal Care > Haircare > Haircare = shampoo|conditioner|hair oil|hair serum|hair mask|hair colour|hair color|hair gel|haircare|hair care
Beauty: Beauty & Personal Care > Skincare > Skincare = face wash|face cream|moisturiser|moisturizer|sunscreen|body lotion|lotion|lip balm|face mask|serum|skincare|skin care|cold cream|skin cream|aloe vera gel
Beauty: Beauty & Personal Care > Makeup > Makeup = makeup|lipstick|kajal|foundation|mascara|eyeliner|nail polish
Beauty: Beauty & Personal Care > Fragrance > Fragrance = perfume|deodorant|deo|body spray|fragrance|talc|talcum powder
FMCG: Home & Cleaning > Cleaners > Dishwash = dishwash bar|dishwash|dish wash|dishwashing|dishwasher
FMCG: Home & Cleaning > Cleaners > Laundry = detergent|washing powder|laundry|fabric softener|fabric conditioner|stain remover|liquid detergent
FMCG: Home & Cleaning > Cleaners > Surface Cleaners = floor cleaner|toilet cleaner|glass cleaner|surface cleaner|bathroom cleaner|kitchen cleaner|phenyl|disinfectant|bleach|cleaner
FMCG: Home & Cleaning > Cleaners > Cleaning Tools = scrub pad|scrubber|mop|broom|sponge|garbage bag|dustbin|tissue|toilet paper|toilet roll|napkin|aluminium foil|cling film
FMCG: Home & Cleaning > Fresheners > Fresheners = freshener|air freshener|room freshener|incense|agarbatti|dhoop|mosquito repellent|insect killer|camphor
FMCG: Beauty & Personal Care > Bath > Handwash & Soap = handwash|hand wash|soap|bathing bar|body wash|shower gel|hand sanitizer|sanitizer|sanitiser|bath
FMCG: Beauty & Personal Care > Oral Care > Oral Care = toothpaste|toothbrush|tooth paste|mouthwash|floss|tongue cleaner
FMCG: Beauty & Personal Care > Hygiene > Feminine Hygiene = sanitary pad|sanitary napkin|tampon|panty liner|menstrual cup
FMCG: Beauty & Personal Care > Shaving > Shaving = razor|shaving cream|shaving foam|after shave|aftershave|shaving gel
Health: Medical & Wellness > First Aid > First Aid = first aid|bandage|band aid|antiseptic|thermometer|cotton|cotton wool
Health: Medical & Wellness > Supplements > Supplements = supplement|protein powder|whey|whey protein|chyawanprash|fish oil|omega 3
Health: Medical & Wellness > Vitamins > Vitamins = vitamin|multivitamin|vitamin c
Health: Medical & Wellness > OTC > OTC = otc|pain relief|balm|cough syrup|cough drops|antacid|tablets|ors|digestive
FMCG: Seasonal & Festive > Gifting > Gifting = gift|gifting|gift box|gift pack|gift hamper|hamper
FMCG: Seasonal & Festive > Sweets > Sweets = sweet|sweets|mithai|laddu|ladoo|barfi|gulab jamun|rasgulla|soan papdi
Home: Seasonal & Festive > Home Decor > Home Decor = home decor|decor|diya|rangoli|fairy lights|candle
Home: Home & Cleaning > Storage > Storage = storage|container|storage box|bottle|lunch box|tiffin|jar
Home: Home & Cleaning > Utensils > Utensils = utensil|pan|kadhai|tawa|cooker|pressure cooker|plate|bowl|spoon|knife|glass set
Home: Home & Cleaning > Electricals > Batteries & Bulbs = battery|batteries|bulb|led bulb|extension cord
FMCG: Grocery & Essentials > Oils > Cooking Oil = cooking oil|sunflower oil|mustard oil|olive oil|groundnut oil|coconut oil|rice bran oil|soyabean oil|refined oil|edible oil|oil
FMCG: Grocery & Essentials > Dairy > Ghee & Butter = ghee|butter|margarine
FMCG: Grocery & Essentials > Dairy > Curd & Yogurt = curd|yogurt|yoghurt|dahi|lassi|buttermilk|chaas|raita
FMCG: Grocery & Essentials > Dairy > Cheese & Paneer = cheese|paneer|cream|fresh cream|tofu
FMCG: Grocery & Essentials > Beverages > Tea = green tea|tea bag|tea|chai
FMCG: Grocery & Essentials > Dairy > Milk = milk|toned milk|milk powder|milkshake|dairy|condensed milk
FMCG: Grocery & Essentials > Dairy > Eggs = egg
FMCG: Grocery & Essentials > Fresh > Meat & Fish = chicken|mutton|fish|prawn|prawns|meat|bacon|sausage|salami
FMCG: Grocery & Essentials > Spices > Spices = spice|masala|turmeric|haldi|chilli powder|chili powder|red chilli|coriander powder|cumin|jeera|pepper|cardamom|garam masala|hing
FMCG: Grocery & Essentials > Staples > Flour & Rice = atta|flour|maida|besan|sooji|suji|rice|basmati|basmati rice|wheat|millet|ragi
FMCG: Grocery & Essentials > Staples > Pulses = dal|daal|lentil|pulse|rajma|chana|chickpea|moong|toor dal|urad
FMCG: Grocery & Essentials > Staples > Dry Fruits = dry fruit|almond|cashew|raisin|pistachio|walnut|dates|nuts|seeds
FMCG: Grocery & Essentials > Staples > Sugar & Salt = sugar|jaggery|salt|gud
FMCG: Grocery & Essentials > Staples > Staples = staple|grocery|groceries
FMCG: Grocery & Essentials > Fresh > Fruits & Vegetables = apple|banana|mango|orange|grapes|pomegranate|papaya|watermelon|lemon|coconut|onion|potato|potatoes|tomato|tomatoes|carrot|cabbage|cauliflower|spinach|palak|coriander|ginger|garlic|capsicum|cucumber|mushroom|peas|beans|bhindi|brinjal|fruit|vegetable|veg
FMCG: Grocery & Essentials > Beverages > Beverages = beverage|beverages|drink
FMCG: Grocery & Essentials > Food > Food = food|foods|meal
FMCG: Beauty & Personal Care > Hygiene > Hygiene = hygiene|personal hygiene|wipes|intimate wash
Fashion: Fashion & Merchandise > T-shirts > T-shirts = t shirt|tshirt|tee
Fashion: Fashion & Merchandise > Hoodies > Hoodies = hoodie|hoodies|sweatshirt
Fashion: Fashion & Merchandise > Socks > Socks = sock|socks
Fashion: Fashion & Merchandise > Accessories > Accessories = accessories|accessory|cap|umbrella|wallet|belt
$$);

    SELECT patternos._seed_rules('SWIGGY', $$
Food: Food Delivery > Biryani > Biryani = dum biryani|veg biryani|chicken biryani|mutton biryani|prawn biryani|egg biryani
Food: Food Delivery > Italian > Pizza = pizza|cheese burst pizza|margherita|calzone
Food: Food Delivery > Italian > Pasta = pasta|spaghetti|lasagna|lasagne|penne|alfredo|risotto|ravioli|garlic bread
Food: Food Delivery > Fast Food > Burgers = burger|veg burger|hot dog
Food: Food Delivery > Fast Food > Sandwiches & Wraps = sandwich|grilled sandwich|sub|wrap|roll|kathi roll|shawarma|frankie|taco|burrito|quesadilla|toast
Food: Food Delivery > Fast Food > Fries & Sides = french fries|fries|nugget|wings|onion rings|nachos|potato wedges
Food: Food Delivery > Chinese > Momos & Dumplings = momo|momos|tandoori momos|dumpling|dim sum|dimsum|bao|spring roll
Food: Food Delivery > Chinese > Rice & Noodles = fried rice|schezwan fried rice|noodle|hakka noodle|chow mein|chowmein|chopsuey|ramen|pad thai|sushi
Food: Food Delivery > Chinese > Manchurian & Gravies = manchurian|veg manchurian|gobi manchurian|chilli chicken|chilli paneer|chilli potato|kung pao|hot and sour soup
Food: Food Delivery > Street Food > Street Food = pav bhaji|vada pav|pani puri|golgappa|bhel|bhel puri|sev puri|chaat|samosa|kachori|dabeli|pakoda|pakora|tikki|misal|misal pav|chole bhature|bhature
Food: Food Delivery > South Indian > South Indian = idli|idli sambar|dosa|masala dosa|vada|medu vada|uttapam|upma|pongal|sambar|rasam|appam|parotta|poha|curd rice|filter coffee
Food: Food Delivery > Seafood > Seafood = fish curry|prawn fry|fish fry|prawn|crab|squid|lobster|seafood platter|fish and chips|fish|prawn curry
Food: Food Delivery > North Indian > Gravies = butter chicken|paneer butter masala|dal makhani|palak paneer|shahi paneer|kadai paneer|matar paneer|paneer|chole|rajma|dal|korma|rogan josh|kofta|chicken curry|mutton curry|curry|masala|keema
Food: Food Delivery > North Indian > Breads & Rice = naan|butter naan|roti|kulcha|paratha|chapati|pulao|jeera rice|thali|khichdi
Food: Food Delivery > Kebab > Kebabs & Tikka = tikka|seekh kebab|shami kebab|galouti kebab|tandoori chicken|chicken 65|tangdi|hara bhara kebab
Food: Food Delivery > Desserts > Desserts = brownie|chocolate brownie|ice cream|gulab jamun|rasmalai|jalebi|kheer|halwa|cake|pastry|cheesecake|kulfi|falooda|tiramisu|waffle|pancake|donut|doughnut|sundae|mousse|cookie|pudding|ladoo|rasgulla
Food: Food Delivery > Beverages > Beverages = coffee|cold coffee|cappuccino|latte|tea|chai|lassi|juice|shake|milkshake|smoothie|mojito|lemonade|soda|lime soda|buttermilk|cola|thandai|iced tea|mocktail
Food: Food Delivery > Salads & Soups > Salads & Soups = salad|caesar salad|greek salad|soup|broth|poke bowl
Food: Food Delivery > Biryani > Rice Bowls = rice bowl|meal|combo meal|bowl|mandi
Food: Food Delivery > Continental > Continental = steak|grilled chicken|roast chicken|omelette|omelet|eggs benedict|baked potato|fondue
Food: Food Delivery > Biryani > Biryani = biryani|biriyani
Food: Food Delivery > North Indian = north indian|punjabi|mughlai
Food: Food Delivery > South Indian = south indian|andhra|kerala|chettinad
Food: Food Delivery > Chinese = chinese|thai|asian|japanese|korean
Food: Food Delivery > Italian = italian|mexican
Food: Food Delivery > Street Food = street food
Food: Food Delivery > Fast Food = fast food
Food: Food Delivery > Continental = continental
Food: Food Delivery > Seafood = seafood
Food: Food Delivery > Kebab = kebab|kabab|tandoor|barbeque|bbq
Food: Food Delivery > Desserts = dessert|sweet
Food: Food Delivery > Beverages = beverage
Food: Food Delivery > Cafe = cafe
$$);
$seed$;

REVOKE ALL ON FUNCTION patternos._seed_rules(text, text), patternos._seed_rules_grocery() FROM PUBLIC;
