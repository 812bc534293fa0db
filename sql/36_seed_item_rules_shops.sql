-- Rules of the shops, of travel and of cars, and those of every platform.

CREATE FUNCTION patternos._seed_rules_shops() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $seed$
    SELECT patternos._seed_rules('NYKAA', $$
Beauty: Beauty > Makeup > Nails = nail polish|nail paint|nail enamel|nail lacquer|nail art|nail
Beauty: Beauty > Haircare > Hair Oil = hair oil|onion oil|argan oil|scalp oil|rosemary oil
Beauty: Beauty > Haircare > Shampoo = shampoo|dry shampoo
Beauty: Beauty > Haircare > Conditioner = conditioner|leave in conditioner|hair mask|hair spa
Beauty: Beauty > Haircare > Hair Serum & Styling = hair serum|hair gel|hair spray|hair wax|hair cream|hair colour|hair color|heat protectant|hair mist
Beauty: Beauty > Appliances > Hair Appliances = hair dryer|hair straightener|straightener|hair curler|curler|trimmer|epilator|shaver
Beauty: Beauty > Makeup > Lips = lipstick|lip gloss|lip liner|lip tint|lip crayon|liquid lipstick|lip colour|lip color|lip stain
Beauty: Beauty > Makeup > Eyes = kajal|kohl|mascara|eyeliner|eye liner|eyeshadow|eye shadow|eyebrow pencil|brow|brow gel|lashes|eye pencil
Beauty: Beauty > Makeup > Face = primer|concealer|foundation|highlighter|blush|blusher|bronzer|compact|compact powder|contour|bb cream|cc cream|setting spray|setting powder|loose powder|face powder|makeup kit|palette
Beauty: Beauty > Makeup > Tools = makeup brush|beauty blender|brush|makeup sponge|makeup pouch|makeup remover|micellar water
Beauty: Beauty > Fragrance > Perfume = perfume|eau de parfum|eau de toilette|edp|edt|cologne|body mist|attar|deodorant|deo|roll on|fragrance
Beauty: Beauty > Skincare > Sunscreen = sunscreen|sun screen|sunblock|sun protection|sunstick
Beauty: Beauty > Skincare > Lip Care = lip balm|lip mask|lip scrub|lip butter
Beauty: Beauty > Skincare > Cleansers & Toners = face wash|cleanser|facewash|cleansing balm|cleansing milk|toner|face mist|rose water|face scrub|scrub|exfoliator|peel|peeling solution
Beauty: Beauty > Skincare > Masks = face mask|sheet mask|face pack|clay mask|sleeping mask|mask|eye mask|under eye
Beauty: Beauty > Skincare > Serums & Oils = serum|face serum|face oil|essence|ampoule|retinol|niacinamide|vitamin c|hyaluronic acid|salicylic acid
Beauty: Beauty > Skincare > Moisturizers = moisturizer|moisturiser|face cream|night cream|day cream|eye cream|cold cream|gel cream|face gel|aloe vera gel|cream
Beauty: Beauty > Bath & Body > Body Lotions = body lotion|lotion|body butter|body cream|body oil|hand cream|foot cream|body yogurt
Beauty: Beauty > Bath & Body > Bath = body wash|shower gel|soap|body scrub|bath bomb|bath salt|hand wash|intimate wash|talc
Beauty: Beauty > Men > Grooming = beard oil|beard wax|shaving cream|after shave|aftershave|shaving foam|razor
Health: Wellness > Supplements > Supplements = supplement|multivitamin|biotin|collagen|gummies|protein
Baby: Mom & Baby > Baby Care > Baby Care = baby
Beauty: Beauty > Haircare = haircare|hair care|hair
Beauty: Beauty > Skincare = skincare|skin care|skin
Beauty: Beauty > Makeup = makeup|make up
Beauty: Beauty > Bath & Body = bath and body|bath|body
Beauty: Beauty > Fragrance = fragrances
$$);

    SELECT patternos._seed_rules('AMAZON', $$
Electronics: Electronics > Mobiles > Mobile Accessories = power bank|powerbank|phone case|mobile cover|back cover|screen guard|tempered glass|charger|charging cable|usb cable|mobile holder|selfie stick|memory card
Electronics: Electronics > Mobiles > Smartphones = smartphone|mobile phone|mobile|iphone|phone|feature phone|smart phone
Electronics: Electronics > Wearables > Smart Watches = smartwatch|smart watch|fitness band|fitness tracker|smart band
Electronics: Electronics > Audio > Headphones = headphone|earphone|earbud|earbuds|airpods|headset|neckband|tws
Electronics: Electronics > Audio > Speakers = bluetooth speaker|speaker|soundbar|sound bar|home theatre|home theater|smart speaker|echo dot
Electronics: Electronics > Computers > Laptops = laptop|notebook computer|macbook|chromebook|ultrabook
Electronics: Electronics > Computers > Tablets = tablet|ipad|kindle|e reader
Electronics: Electronics > Computers > Computer Accessories = keyboard|mouse|monitor|printer|router|pen drive|pendrive|hard disk|hard drive|ssd|webcam|laptop bag|usb hub|graphics card|ups|ink cartridge
Electronics: Electronics > Cameras > Cameras = camera|dslr|action camera|camcorder|tripod|camera lens|gopro|cctv|security camera
Electronics: Electronics > Television > Television = television|tv|smart tv|led tv|fire tv stick|streaming stick|projector|set top box
Electronics: Electronics > Gaming > Gaming = gaming console|console|playstation|xbox|nintendo|joystick|game controller
Electronics: Home Appliances > Large Appliances > Large Appliances = washing machine|refrigerator|fridge|air conditioner|dishwasher|microwave|microwave oven|deep freezer|water heater|geyser
Electronics: Home Appliances > Small Appliances > Small Appliances = vacuum cleaner|robot vacuum|air purifier|air cooler|fan|ceiling fan|iron|steam iron|room heater|inverter|sewing machine|humidifier
Beauty: Beauty & Personal Care > Grooming > Grooming = trimmer|hair dryer|shaver|hair straightener|epilator|electric toothbrush
Home: Home & Kitchen > Kitchen Appliances > Kitchen Appliances = water purifier|ro purifier|air fryer|mixer grinder|mixer|juicer|blender|toaster|sandwich maker|induction cooktop|electric kettle|kettle|rice cooker|oven|otg|coffee maker|food processor|hand blender|chimney|gas stove|wet grinder
Home: Home & Kitchen > Cookware > Cookware = cookware set|cookware|pressure cooker|frying pan|kadai|tawa|casserole|knife set|dinner set|lunch box|water bottle|bottle|flask|container set|storage container|utensil|mug
Home: Home & Kitchen > Lighting > Lighting = led bulb|bulb|lamp|tube light|led light|string lights|torch|emergency light|night light
Home: Home & Kitchen > Furniture > Furniture = sofa|chair|office chair|table|study table|bed|mattress|wardrobe|bookshelf|shelf|shoe rack|bean bag|desk
Home: Home & Kitchen > Furnishing > Furnishing = bedsheet|bed sheet|pillow|cushion|curtain|blanket|comforter|carpet|rug|towel|quilt|doormat
Home: Home & Kitchen > Decor > Decor = wall clock|photo frame|wall art|vase|artificial plant|planter|candle|showpiece|mirror
Home: Home & Kitchen > Tools > Tools = drill|tool kit|screwdriver|ladder|extension board|paint|hammer|garden hose|plant pot
Books: Books > Books > Books = book|novel|paperback|hardcover|textbook|comics|magazine|biography|dictionary|exam guide
Books: Office > Stationery > Stationery = notebook|diary|pen|pencil|planner|stapler|marker|sketchbook
Toys: Toys & Games > Toys > Toys = toy|lego|puzzle|board game|doll|action figure|soft toy|remote control car|building blocks|teddy bear
Sports: Sports & Fitness > Fitness > Fitness = dumbbell|yoga mat|treadmill|exercise bike|cricket bat|football|badminton racket|cycle|bicycle|skipping rope|gym bag|tent
Fashion: Fashion > Footwear > Footwear = shoe|shoes|sneaker|sandal|slipper|boots|flip flops|heels
Fashion: Fashion > Clothing > Clothing = t shirt|tshirt|shirt|jeans|trouser|kurta|kurti|saree|dress|jacket|hoodie|sweater|shorts|leggings|socks|lehenga|track pants|innerwear|bra
Fashion: Fashion > Accessories > Accessories = watch|wallet|belt|handbag|backpack|sunglasses|jewellery|earring|necklace|ring|bag|cap|luggage|suitcase|trolley bag
Baby: Baby > Baby Care > Baby Care = diaper|baby wipes|baby stroller|stroller|feeding bottle|baby|car seat
Pet: Pet Supplies > Pet Supplies > Pet Supplies = dog food|cat food|pet food|pet bed|cat litter|dog leash|aquarium
Beauty: Beauty & Personal Care > Beauty > Beauty = shampoo|conditioner|face wash|moisturizer|moisturiser|sunscreen|serum|lipstick|kajal|perfume|deodorant|body lotion|hair oil|foundation|makeup|nail polish|beard oil|face cream|body wash
Health: Health > Health Care > Health Care = vitamin|multivitamin|whey protein|protein powder|supplement|blood pressure monitor|thermometer|glucometer|oximeter|face mask|massager|weighing scale
Automotive: Automotive > Accessories > Car & Bike Accessories = car charger|car cover|helmet|car perfume|tyre inflator|dash cam|seat cover|engine oil|car vacuum cleaner|car
FMCG: Grocery > Grocery > Grocery = tea|coffee|rice|atta|dal|cooking oil|ghee|biscuit|chocolate|almond|cashew|oats|honey|masala|detergent|soap|toothpaste|handwash|dishwash|floor cleaner|noodle|juice|snack|dry fruit|sugar|salt
Electronics: Electronics = electronics|electronic|mobiles|computers
Home: Home & Kitchen = home|kitchen|home and kitchen|furniture|appliances
Beauty: Beauty & Personal Care = beauty|personal care
Fashion: Fashion = fashion|clothing|apparel|footwear
Sports: Sports & Fitness = sports|sport|fitness|outdoors
Toys: Toys & Games = games
FMCG: Grocery = grocery|groceries|gourmet
Health: Health = health|wellness|medicine
$$);

    SELECT patternos._seed_rules('CHUMBAK', $$
Home: Home > Furnishing > Throws & Blankets = throw blanket|throw|blanket|quilt|dohar|comforter
Home: Home > Furnishing > Cushions = cushion cover|cushion|pillow|pillow cover|floor cushion|bolster
Home: Home > Furnishing > Bed Linen = bed sheet|bedsheet|bedding|duvet cover|bed cover|bed linen
Home: Home > Furnishing > Table Linen = table runner|table mat|placemat|table cloth|napkin|apron|oven mitt
Home: Home > Furnishing > Curtains & Rugs = curtain|rug|doormat|door mat|carpet|bath mat|towel|shower curtain
Home: Home > Lighting > Candle Holders = candle holder|candle|tealight holder|diffuser|lantern|diya
Home: Home > Lighting > Lamps = lamp shade|pendant lamp|table lamp|lamp|floor lamp|string lights|night lamp|light
Home: Home > Decor > Wall Decor = wall clock|clock|wall art|wall plate|photo frame|mirror|wall hanging|poster|key holder|wall decor|canvas
Home: Home > Decor > Decor Accents = planter|vase|figurine|bobblehead|bookend|tray|fridge magnet|magnet|coaster set|coaster|showpiece|incense holder|drawer knob|knob
Home: Home > Dining > Mugs & Drinkware = coffee mug|mug|cup|tumbler|glass|bottle|water bottle|teapot|kettle|flask|sipper|tea set
Home: Home > Dining > Tableware = bowl|plate|dinner set|serving tray|cutlery|jar|lunch box|platter|cutting board|storage jar
Home: Stationery > Desk > Desk Organizers = desk organizer|desk organiser|organizer|organiser|pen stand|desk calendar|calendar
Home: Stationery > Paper > Notebooks = notebook|diary|journal|planner|notepad|sticky notes|greeting card|bookmark|gift wrap|pen|pencil
Fashion: Fashion > Bags > Pouches = travel pouch|pouch|makeup pouch|coin purse|toiletry bag|utility pouch|pencil pouch
Fashion: Fashion > Bags > Bags = tote bag|tote|backpack|sling bag|handbag|laptop bag|wallet|clutch|duffle bag|bag|luggage|laptop sleeve|passport cover|card holder|luggage tag
Fashion: Fashion > Accessories > Accessories = watch|scarf|stole|earring|necklace|bracelet|ring|keychain|key chain|socks|sunglasses|phone case|phone cover|umbrella|mask|brooch|cap|jewellery|bandana|belt
Fashion: Fashion > Apparel > Apparel = t shirt|tshirt|dress|kurta|pyjama|pajama|shorts|shirt|boxers|kimono|robe|night suit|sweatshirt|skirt|top
Fashion: Fashion > Footwear > Footwear = flip flops|shoe|sneaker|slipper|sandal
Home: Home > Furniture > Furniture = stool|chair|table|cabinet|bench|shelf|ottoman|pouffe
Home: Home > Gifting > Gifts = gift set|gift box|gift|hamper
$$);

    SELECT patternos._seed_rules('MAKEMYTRIP', $$
Travel: Travel > Holidays > Holiday Packages = holiday|holiday package|package|tour|tour package|honeymoon|cruise
Travel: Travel > Cabs > Airport Transfers = airport transfer|airport cab|airport taxi|airport pickup|airport drop
Travel: Travel > Flights > Flights = flight|airfare|air ticket|airlines
Travel: Travel > Hotels > Hotels = hotel|resort|hostel|homestay|villa|guest house|stay|apartment|houseboat
Travel: Travel > Trains > Trains = train|rail|railway|irctc|metro
Travel: Travel > Buses > Buses = bus|volvo|coach|shuttle
Travel: Travel > Cabs > Cabs = cab|taxi|car rental|outstation|self drive|transfer
Travel: Travel > Services > Insurance & Visa = insurance|travel insurance|visa|forex|travel card|sim card|lounge
Travel: Travel > Activities > Activities = activity|activities|sightseeing|safari|trek|ticket|theme park|museum|scuba|rafting|paragliding
$$);

    SELECT patternos._seed_rules('CARWALE', $$
Automotive: Cars > Hatchback > Hatchback = swift|baleno|wagonr|wagon r|alto|alto k10|celerio|ignis|s presso|i10|grand i10|grand i10 nios|i20|santro|tiago|altroz|kwid|polo|jazz|brio|glanza|micra|figo|etios liva|spark|beat|a star|zen|ritz|eon|punto|indica|vista|cooper
Automotive: Cars > Sedan > Sedan = dzire|ciaz|verna|aura|xcent|accent|virtus|vento|ameo|jetta|city|amaze|civic|accord|slavia|octavia|superb|rapid|laura|tigor|zest|yaris|corolla|corolla altis|etios|camry|sunny|aspire|fiesta|ikon|scala|fluence|linea|cruze|passat|3 series|5 series|7 series|c class|e class|s class|a class limousine|a4|a6|a8|es|xf|xe|xj|model 3|seal|sx4|esteem
Automotive: Cars > SUV > Compact SUV = venue|brezza|vitara brezza|nexon|punch|sonet|magnite|kiger|xuv300|xuv 300|xuv 3xo|xuv3xo|ecosport|fronx|exter|taisor|urban cruiser|urban cruiser taisor|kushaq|kylaq|syros|wr v|tuv300|elevate|s cross|terrano|freestyle
Automotive: Cars > SUV > SUV = creta|alcazar|tucson|santa fe|seltos|sportage|harrier|safari|hexa|curvv|sierra|scorpio|scorpio n|xuv500|xuv 500|xuv700|xuv 700|thar|thar roxx|bolero|bolero neo|alturas|hector|hector plus|gloster|astor|compass|wrangler|meridian|grand cherokee|endeavour|fortuner|hyryder|urban cruiser hyryder|land cruiser|grand vitara|jimny|gypsy|duster|captur|koleos|kicks|x trail|pathfinder|taigun|tiguan|touareg|t roc|kodiaq|karoq|yeti|cr v|br v|zr v|q3|q5|q7|q8|x1|x3|x5|x7|gla|glb|glc|gle|gls|g class|defender|discovery|discovery sport|range rover|range rover evoque|velar|evoque|xc40|xc60|xc90|nx|rx|lx|macan|cayenne|urus|f pace|countryman|storme|trailblazer|captiva
Automotive: Cars > MPV > MPV = ertiga|xl6|eeco|omni|invicto|marazzo|innova|innova crysta|innova hycross|hycross|rumion|vellfire|triber|carens|carnival|lodgy|evalia|mobilio|xylo|enjoy|v class|go plus|go
Automotive: Cars > Electric > Electric = comet|comet ev|zs ev|windsor|windsor ev|nexon ev|tiago ev|tigor ev|punch ev|kona|ioniq|ioniq 5|ev6|ev9|e2o|e verito|xuv400|be 6|xev 9e|atto 3|e6|e tron|i4|ix|i7|eqs|eqb|eqc|taycan|c3|ec3|model y|leaf
Automotive: Cars > Luxury > Sports = 911|718|boxster|panamera|huracan|mustang|z4|m2|m4|amg|gt r|370z|f type|portofino|continental gt|ghost|phantom|cullinan
Automotive: Cars > Truck > Pickup = hilux|isuzu|v cross|d max|ranger|pickup|camper|xenon
Automotive: Cars > SUV = suv
Automotive: Cars > Sedan = sedan
Automotive: Cars > Hatchback = hatchback
Automotive: Cars > MPV = mpv|muv
Automotive: Two-Wheelers = bike|scooter|motorcycle
Automotive: Cars = maruti|suzuki|hyundai|tata|mahindra|kia|toyota|honda|ford|renault|nissan|volkswagen|skoda|jeep|mg|bmw|audi|mercedes|volvo|jaguar|lexus|porsche|citroen|byd|car|petrol|diesel|electric|cng|hybrid
Automotive: Cars > New Cars = new
Automotive: Cars > Used Cars = used|second hand|pre owned|certified
$$);

    -- what platforms call their own categories; the words of a name come first
    SELECT patternos._seed_rules('ALL', $$
Beauty: Beauty & Personal Care = beauty and personal care|beauty|personal care|cosmetics
Baby: Baby Care = baby care|mom and baby
Pet: Pet Care = pet care|pet supplies
Home: Home & Cleaning = home and cleaning
FMCG: Grocery & Essentials = grocery and essentials|grocery|groceries
Fashion: Fashion & Merchandise = fashion and merchandise|fashion|apparel|clothing
Health: Medical & Wellness = medical and wellness|medical|pharmacy|wellness
FMCG: Seasonal & Festive = seasonal and festive
Electronics: Electronics = electronics
Books: Books = books
Toys: Toys & Games = toys
Sports: Sports & Fitness = sports
Home: Home & Kitchen = home|home and kitchen|furniture
Travel: Travel = travel|flight|hotel
Food: Food Delivery = food|restaurant
Automotive: Automotive = automotive|cars
$$);
$seed$;

REVOKE ALL ON FUNCTION patternos._seed_rules_shops() FROM PUBLIC;
