-- The dictionary of brands as shipped. An entry is "brand" or "brand = alias | alias"; the brand is always an alias of itself.
-- Words that mean something else elsewhere (Apple, Minimalist, Boat) count on their own platform only.

CREATE FUNCTION patternos._seed_brands(platform text, brands text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO patternos_dw.brand (platform_id, alias, brand)
    SELECT DISTINCT ON (lower(btrim(a.alias))) platform, lower(btrim(a.alias)), btrim(m[1])
    FROM regexp_split_to_table(brands, '[;\n]') l (entry)
    CROSS JOIN regexp_match(l.entry, '^\s*([^=]*[^=\s])\s*(?:=(.*))?$') m
    CROSS JOIN string_to_table(concat_ws('|', m[1], m[2]), '|') a (alias)
$$;

CREATE FUNCTION patternos._seed_items() RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp
AS $seed$
    SELECT patternos._seed_rules_grocery();
    SELECT patternos._seed_rules_shops();

    SELECT patternos._seed_brands('ALL', $$
24 Mantra = 24 Mantra Organic; 5 Star; 7UP = 7 Up; Aashirvaad; Aavin; Act II; Adidas; Akshayakalpa; All Out
Allen Solly; Alpenliebe; American Tourister; Amul; Anchor; Annapurna; Aptamil; Aquafina; Aqualogica; Ariel
Arun Ice Cream; Axe; Baidyanath; Bajaj; Band-Aid; Barbie; Bata; Beardo; Bella Vita; Bingo; Bioderma; Biotique; Bisleri
Bobbi Brown; Bombay Shaving Company; Boost; Borosil; Bourbon; Bournvita; Britannia; Brooke Bond; Bru; Cadbury
Calvin Klein; Campa Cola; Casio; Catch; Cavin's; Cello; Center Fresh; CeraVe; Cerelac; Cetaphil; Charlotte Tilbury
Ching's = Ching's Secret; Chumbak; Cinthol; Clinic Plus; Clinique; Closeup; Coca-Cola = Coke; Colgate; Colorbar
Comfort; Complan; Cosco; COSRX; Country Delight; Crocin; Cycle Agarbatti; Daawat; Dabur; Dairy Milk; Dark Fantasy
Davidoff; Decathlon; Del Monte; Dettol; Domex; Dot & Key; Dove; Dr. Oetker; Drools; Duracell; Eclairs; Engage; Eno
Ensure; Epigamia; Estee Lauder; Eveready; Everest; Exo; Ezee; Fabindia; Faces Canada; Fanta; Farex; Farmina; Fastrack
Ferrero Rocher; Fiama; Finolex; Fisher-Price; Fogg; Forest Essentials; Fortune; Fossil; Foxtale; Frooti; Funskool
Gala; Garnier; Gelusil; Gems; Ghari; Gillette; Gits; Glucon-D; Godrej; Good Day; Good Knight; Hajmola
Haldiram's = Haldiram; Harpic; Harvest Gold; Hatsun; Havmor; Head & Shoulders; Heinz; Henko; Hershey's; Hide & Seek
Himalaya; Himalaya Herbals; Himalayan; Horlicks; Hot Wheels; Huda Beauty; Huggies; IKEA; India Gate; Indulekha
Innisfree; Iodex; ITC; Jockey; Johnson's = Johnson & Johnson | Johnson's Baby; Juicy Chemistry; Just Herbs
Kama Ayurveda; Kay Beauty; Kellogg's; Kesh King; Keya; Khadi Natural; Kiehl's; Kinder; Kinley; Kissan; KitKat; Knorr
KrackJack; Kurkure; Kwality Wall's; L'Oreal = L'Oreal Paris; La Roche-Posay; Lactogen; Lakme; Laneige; Lay's; Lego
Levi's; Lifebuoy; Lijjat; Limca; Lipton; Listerine; Livon; Lizol; Lotus Herbals; Lux; Maaza; Maggi; Mamaearth
MamyPoko = MamyPoko Pants; Mangaldeep; Marie Gold; Matrix; Maybelline = Maybelline New York; mCaffeine; MDH; Me-O
Mentos; Milky Mist; Milton; Minimalist Skincare; Mirinda; Monaco; Monster; Moov; Moroccanoil; Mortein; Mother Dairy
Mother's Recipe; Mountain Dew; MTR; Munch; MuscleBlaze; Nandini; Nescafe; Nestle; Neutrogena; Nike; Nippo; Nirma
Nivea; Nivia; Nutella; Nykaa; NYX = NYX Professional Makeup; Odomos; Odonil; Olay; Old Spice; Optimum Nutrition
Oral-B; Oreo; Organic India; Pampers; Pantene; Paper Boat; Parachute; Parle; Parle-G; Patanjali; Pedigree; Penguin
Pepsi; Pepsodent; Perk; Peter England; Philips; Pilgrim; Pillsbury; Plum Goodness; Ponds; Pril; Pringles; Priyagold
Pulse Candy; Puma; Purina; Quaker; Raid; Rasna; Re'equil; Red Bull; Reebok; Revital; Revlon; Rexona; Rin; Rooh Afza
Royal Canin; Safari Luggage; Saffola; Santoor; Savlon; Schwarzkopf; Scotch-Brite; Seer Secrets; Sensodyne; Set Wet
Shiseido; Simple Skincare; Skybags; Slice; Snickers; Sofy; Sprite; Stayfree; Sting; Streax; Sudha; Sugar Cosmetics
Sunfeast; Sunsilk; Supradyn; Surf Excel; Swiss Beauty; Taj Mahal; Tata; Tata Salt; Tata Sampann; Tata Tea; Tetley
The Body Shop = Body Shop; The Derma Co; The Man Company; Thums Up; Tide; Titan; Too Yumm; Top Ramen; Tresemme
Tropicana; Tupperware; Unibic; Urban Ladder; Ustraa; Vadilal; Van Heusen; Vaseline; Vega; Verka; Versace; Vicks; Vim
Volini; Wagh Bakri; Wai Wai; Weikfield; Wella; Wheel; Whiskas; Whisper; Wild Stone; Wildcraft; Wonderchef; Wonderla
WOW Skin Science; Yippee; Yonex; Zandu; Zepto
$$);

    SELECT patternos._seed_brands('ZEPTO', $$
Aachi; Amul; Badshah; Borges; Dhara; Double Horse; Eastern; Emami; Figaro; Freedom; Fresho; Gemini; Good Life; Hit
Modern; Nilon's; Ramdev; Real; Relish; Sakthi; Suhana; Tops; Veeba; Wagh
$$);

    SELECT patternos._seed_brands('AMAZON', $$
Acer; Agaro; Amazfit; Amazon = Amazon Basics | Echo Dot | Fire TV | Kindle | Alexa; AmazonBasics; Ambrane; AMD; Anker
Apple = iPhone | iPad | MacBook | AirPods; Aquaguard = Eureka Forbes; Arihant; Asus = ROG; Bajaj; Bata; Belkin; Biba
Black+Decker = Black & Decker; Blue Star; Boat; Boldfit; Bosch; Bose; Boult; Brother; Butterfly; Camlin; Campus; Canon
Cello; Classmate; Crocs; Crompton; Cultsport; D-Link; Daikin; Dell = Alienware; Dyson; Epson; Faber-Castell
Fire-Boltt; Fitbit; Fujifilm; Garmin; Google = Pixel; GoPro; H&M; Haier; HarperCollins; Hasbro; Havells; Hawkins
Hisense; Hitachi; Honor; HP = Hewlett-Packard; Huawei; IFB; Inalsa; Infinix; Intel; iQOO; JBL; Kent; Kingston; Kobo
Lava; Lenovo = ThinkPad; LG; Libas; Lifelong; Livpure; Logitech; Luminous; Mattel; Micromax; Microsoft = Xbox; Mivi
Morphy Richards; Motorola = Moto; MRF; MSI; Nerf; Netgear; Nikon; Nilkamal; Nintendo; Noise; Nokia; Nothing Phone
Nvidia; OnePlus; Oppo; Orient; Oxford; Panasonic; Parker; Penguin Random House; Pigeon; Poco; Portronics; Prestige
pTron; Realme; Red Tape; Redmi; Relaxo; Reynolds; Rupa; Samsung = Galaxy; SanDisk; Scholastic; Seagate; Sennheiser; SG
Siemens; Skechers; Skullcandy; SleepyCat; Solara; Solimo; Sony = PlayStation; Sparx; SS; Stanley; Symbol; Symphony
Syska; TCL; Tecno; Toshiba; TP-Link; Usha; V-Guard; Vivo; Voltas; Vu; W for Woman; Wakefit; Western Digital = WD
Whirlpool; Wipro; Woodland; Xiaomi = Mi; Zara; Zebronics
$$);

    SELECT patternos._seed_brands('NYKAA', $$
Alan Truman; Anastasia; Arata; Armani; Bare Anatomy; Be Bodywise; Benefit; Blue Heaven; Burberry; Chanel
Daughter Earth; Dior; Dyson; e.l.f. = elf; Elle 18; Etude; Gucci; Himalaya; Ikonic; Insight; Johnson's; Kama; Lotus
Love Beauty & Planet; MAC; Makeup Revolution; Minimalist; Missha; Nars; Nat Habit; Nykaa Cosmetics; Nykaa Naturals
Olaplex; Palmer's; Paula's Choice; Philips; Pixi; Plum; Simple; Smashbox; Sol de Janeiro; Soulflower; St. Ives; Sugar
Tatcha; The Face Shop; The Ordinary; Too Faced; Urban Decay; Wanderlust; Wet n Wild; WOW; Wow Life Science
$$);

    SELECT patternos._seed_brands('CARWALE', $$
Aston Martin; Audi; Bentley; BMW; BYD; Chevrolet; Citroen; Datsun; Ferrari; Fiat; Force = Force Motors; Ford
Hindustan Motors; Honda; Hyundai; Isuzu; Jaguar; Jeep; Kia; Lamborghini; Land Rover = Range Rover; Lexus; Mahindra
Maruti Suzuki = Maruti; Maserati; Mercedes-Benz = Mercedes; MG = Morris Garages; Mini = Mini Cooper; Mitsubishi
Nissan; Porsche; Renault; Rolls-Royce; Skoda; Ssangyong; Tata = Tata Motors; Tesla; Toyota; VinFast; Volkswagen = VW
Volvo
$$);

    SELECT patternos._seed_brands('MAKEMYTRIP', $$
Accor; Air India; Air India Express; AirAsia; Akasa Air = Akasa; Best Western; British Airways; Clarks; Club Mahindra
Conrad; Courtyard by Marriott = Courtyard; Crowne Plaza; DoubleTree; Emirates; Etihad; FabHotel; Fairfield
Fortune Hotels; Four Points; Four Seasons; Ginger; Go First; Grand Hyatt; Hilton; Holiday Inn; Hyatt = Hyatt Regency
Ibis; IndiGo; InterContinental; IntrCity; IRCTC; ITC Hotels = ITC | ITC Grand | ITC Maurya; JW Marriott; Le Meridien
Lemon Tree = Lemon Tree Hotel; Lufthansa; Malaysia Airlines; Marriott; Mercure; Neemrana; Novotel; Ola; OYO
Park Hyatt; Pullman; Qatar Airways; Radisson; Radisson Blu; Ramada; RedBus; Shangri-La; Sheraton; Singapore Airlines
Sofitel; SpiceJet; St. Regis; Sterling; Taj = Taj Hotels | Taj Palace; Thai Airways; The Lalit = Lalit
The Leela = Leela; The Oberoi = Oberoi; The Park; The Ritz-Carlton = Ritz-Carlton | Ritz Carlton; Treebo; Trident
Uber; Vistara; Vivanta; Westin = The Westin; Wyndham; Zingbus; Zostel
$$);

    SELECT patternos._seed_brands('SWIGGY', $$
A2B; Barbeque Nation; Baskin Robbins; Behrouz Biryani = Behrouz; Bikanervala; Biryani Blues; Biryani By Kilo
Blue Tokai; Box8; Burger King; Burger Singh; Cafe Coffee Day; Chaayos; Chai Point; Domino's; EatFit; Empire; Faasos
Goli Vada Pav; Haldiram's; Jumbo King; Karim's; Keventers; KFC; Krispy Kreme; La Pino'z; Leon's; Licious; Lunchbox
Mad Over Donuts; Mainland China; McDonald's; Meghana Foods; Mojo Pizza; Naturals; Oven Story; Paradise Biryani
Pizza Hut; Popeyes; Sagar Ratna; Saravana Bhavan; Social; Starbucks; Subway; Sweet Truth; Taco Bell; The Good Bowl
Theobroma; Third Wave Coffee; Truffles; Wendy's; Wow! Momo = Wow Momo
$$);
$seed$;

REVOKE ALL ON FUNCTION patternos._seed_brands(text, text), patternos._seed_items() FROM PUBLIC;
