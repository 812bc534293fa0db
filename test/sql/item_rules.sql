-- Brands and categories of items in every platform's shapes, checked by hand; versions, prices, fallbacks.
BEGIN;
CREATE TEMP TABLE item (platform_id text, item_name text);
INSERT INTO item SELECT p, i FROM (VALUES
    ('ZEPTO', 'Amul Butter 500g|Tata Salt Spices 1kg|Surf Excel Detergent 2kg|Coca-Cola Soft Drink 1L|Pampers Diapers Pack of 6|Whiskas Cat Food 1kg|Hershey''s Milk Chocolate 100g|Dettol Handwash 200ml|Mother Dairy Curd 400g|Nivea Body Lotion 250g|Local Jaggery 1kg|Haldiram Namkeen 200g|Colgate Toothpaste 100g|Himalaya Baby Soap 100g'),
    ('SWIGGY', 'Biryani Chicken Biryani Large|Cafe Chocolate Brownie Mild|North Indian Butter Chicken Jain|South Indian Masala Dosa Spicy|Chinese Veg Manchurian Combo|Italian Pasta Alfredo|Biryani Schezwan Fried Rice|Domino''s Cheese Burst Pizza|Seafood Platter Shareable'),
    ('AMAZON', 'Samsung Smartphone Max 8GB RAM|Boat Bluetooth Speaker Mini|Prestige Air Fryer Pro|LG Washing Machine 2024 Model|Apple Laptop 2025 Edition|Philips LED Bulb Bundle|HP Printer With Warranty|Harry Potter Book Box|Nike Running Shoes|Lego Puzzle 500'),
    ('NYKAA', 'Dot & Key Serum Glow 30ml|L''Oreal Shampoo Hydrating 250ml|The Body Shop Body Lotion 100ml|MAC Lipstick Longwear 5g|Lakme Nail Polish Glow|Kama Ayurveda Hair Oil 50ml|Minimalist Sunscreen SPF 50 50ml|Charlotte Tilbury Perfume 30ml'),
    ('CHUMBAK', 'Chumbak Boho Coffee Mug Teal|Chumbak Minimalist Photo Frame Blue|Chumbak Retro Travel Pouch Green|Chumbak Elephant Cushion Cover White|Chumbak Floral Notebook Maroon|Chumbak Tropical Table Lamp'),
    ('MAKEMYTRIP', 'Flight - Pune to Goa (Economy)|Hotel - Taj Jaipur (3N)|Hotel - Radisson Blu Goa (2N)|Train - Delhi to Agra (Sleeper/AC)|Cab - Mumbai Airport Transfer|Bus - Pune to Hampi (Volvo)|Holiday - Kerala Houseboat (5N)'),
    ('CARWALE', 'Maruti Suzuki Swift VXI (Petrol)|Ford Endeavour Base (Diesel)|Tata Nexon ZX (Electric)|Hyundai Verna SX (Petrol)|MG Comet LXI (Electric)|Toyota Innova Crysta ZXI (Diesel)|Renault Unknown (Petrol)')) v (p, l),
    unnest(string_to_array(l, '|')) i;
SELECT patternos._observe_items(platform_id, array_agg(item_name)) FROM item GROUP BY platform_id;
SELECT s.platform_id, s.sku_name, s.brand, concat_ws(' > ', category_level_1, category_level_2, category_level_3) AS category, unified_category
FROM patternos_dw.dim_sku s LEFT JOIN patternos_dw.dim_product_category USING (category_id)
ORDER BY s.platform_id COLLATE "C", s.sku_name COLLATE "C";

-- a second look adds nothing; names differ by case only; the catalogue's article wins over the observed one
SELECT patternos._observe_items('ZEPTO', ARRAY['AMUL BUTTER 500G', 'amul butter 500g', NULL, '', repeat('x', 5000)]);
SELECT count(*) FROM patternos_dw.dim_sku WHERE platform_id = 'ZEPTO';
INSERT INTO patternos_dw.dim_sku (platform_id, sku_id, sku_name, brand, average_price, is_active)
VALUES ('ZEPTO', 'SKU2', 'Amul Butter 500g', 'Amul', 250, true), ('ZEPTO', 'SKU1', 'Amul Butter 500g', 'Amul', 240, false);
SELECT item_name, sku_id, brand FROM patternos._find_items('ZEPTO', ARRAY['amul BUTTER 500g', 'amul BUTTER 500g', 'Local Jaggery 1kg', 'nothing', NULL]) ORDER BY 1;

-- rules for the same levels name one unified category, of the shared vocabulary; every phrase has a word
SELECT category_level_1, category_level_2, category_level_3 FROM patternos_dw.item_rule GROUP BY 1, 2, 3 HAVING count(DISTINCT unified_category) > 1;
SELECT string_agg(DISTINCT unified_category, ', ' ORDER BY unified_category) FROM patternos_dw.item_rule;
SELECT platform_id, phrase FROM patternos_dw.item_rule, string_to_table(pattern, '|') phrase WHERE patternos.match_rule(phrase, ARRAY[phrase]) IS NULL;
SELECT platform_id, alias FROM patternos_dw.brand WHERE patternos.match_brand(alias, ARRAY[alias], ARRAY[brand]) IS DISTINCT FROM brand;
SELECT count(*) FROM patternos_dw.item_rule WHERE category_level_1 IS NULL OR pattern = '';

-- what platforms call their categories, also with two levels of a catalogue
SELECT p, c, patternos._category_fallback(p, c)
FROM (VALUES ('NYKAA', 'Skincare'), ('NYKAA', 'Haircare'), ('AMAZON', 'Electronics'), ('AMAZON', 'Books'), ('AMAZON', 'Home'), ('AMAZON', 'Beauty'),
             ('CARWALE', 'New'), ('CARWALE', 'Used'), ('ZEPTO', 'Baby Care'), ('ZEPTO', 'Seasonal & Festive'), ('ZEPTO', 'Pet Care Accessories'), ('ZEPTO', 'Home & Cleaning Cleaners'), ('ZEPTO', 'Baby Care Food'), ('OTHER', 'Unheard of'), ('OTHER', '')) v (p, c);

-- an edit makes new versions, once, and keeps the old ones
INSERT INTO patternos_dw.brand VALUES ('ZEPTO', 'local', 'Local Farms');
INSERT INTO patternos_dw.item_rule VALUES ('ZEPTO', 1, 'jaggery', 'Sweeteners', NULL, NULL, 'FMCG');
UPDATE patternos_dw.dim_sku SET valid_from = '2024-01-01' WHERE sku_name = 'Local Jaggery 1kg';
SELECT patternos.reclassify_items(), patternos.reclassify_items();
SELECT brand, category_level_1, valid_from = '2024-01-01' AS old_start, valid_to = 'infinity' AS is_current
FROM patternos_dw.dim_sku LEFT JOIN patternos_dw.dim_product_category USING (category_id) WHERE sku_name = 'Local Jaggery 1kg' ORDER BY valid_from;

-- facts follow: lines, the transaction's main category, the customers to look at again
INSERT INTO patternos_dw.dim_customer (customer_key) VALUES (900001);
INSERT INTO patternos_dw.fact_transaction (customer_key, transaction_id, platform_id, platform_customer_id, transaction_type, transaction_datetime,
    transaction_date, date_id, total_value, currency, unified_category, known_at, batch_id)
VALUES (900001, 1, 'ZEPTO', 'Z1', 'order', '2025-01-01 10:00+05:30', '2025-01-01', 20250101, 100, 'INR', 'FMCG', now(), 0);
INSERT INTO patternos_dw.fact_transaction_line (customer_key, transaction_datetime, transaction_id, line_number, platform_id, sku_id, item_name, category_id,
    quantity, unit_price, line_total, is_allocated, known_at, batch_id)
SELECT 900001, '2025-01-01 10:00+05:30', 1, row_number() OVER (ORDER BY sku_name), 'ZEPTO', sku_id, sku_name, category_id, 2, 30, 60, false, now(), 0
FROM patternos_dw.dim_sku WHERE sku_name IN ('Local Jaggery 1kg', 'Colgate Toothpaste 100g') AND platform_id = 'ZEPTO' AND valid_to = 'infinity';
INSERT INTO patternos_dw.item_rule VALUES ('ZEPTO', 2, 'toothpaste', 'Dentistry', NULL, NULL, 'Health');
UPDATE patternos_dw.item_rule SET category_level_1 = 'Tooth decay' WHERE (platform_id, priority) = ('ZEPTO', 1);
SELECT patternos.reclassify_items();
SELECT line_number, category_level_1, t.unified_category FROM patternos_dw.fact_transaction t JOIN patternos_dw.fact_transaction_line l USING (customer_key)
JOIN patternos_dw.dim_product_category USING (category_id) ORDER BY 1;
-- another unified category for the same levels
UPDATE patternos_dw.item_rule SET unified_category = 'Dental' WHERE (platform_id, priority) = ('ZEPTO', 2);
SELECT patternos.reclassify_items(), patternos.reclassify_items();
SELECT line_number, category_level_1, t.unified_category FROM patternos_dw.fact_transaction t JOIN patternos_dw.fact_transaction_line l USING (customer_key)
JOIN patternos_dw.dim_product_category USING (category_id) ORDER BY 1;
SELECT DISTINCT customer_key, reason FROM patternos_dw.changed_customer WHERE customer_key = 900001;

-- prices of observed articles come from lines that state one; bands are thirds within the category, ties cheaper
SELECT sku_name, average_price FROM patternos_dw.dim_sku WHERE average_price IS NOT NULL AND is_observed AND valid_to = 'infinity' ORDER BY 1;
INSERT INTO patternos_dw.dim_sku (platform_id, sku_id, sku_name, category_id, average_price)
SELECT 'CHUMBAK', 'P' || i, 'priced ' || i, (SELECT min(category_id) FROM patternos_dw.dim_product_category), price
FROM unnest(ARRAY[10, 10, 20, 30, 30, 40, 50, 60, 70, NULL]) WITH ORDINALITY u (price, i);
SELECT patternos._refresh_price_bands() > 0 AS changed, patternos._refresh_price_bands() AS again;
SELECT average_price, price_band FROM patternos_dw.dim_sku WHERE sku_id LIKE 'P%' AND platform_id = 'CHUMBAK' ORDER BY 1;
SELECT count(*) FILTER (WHERE price_band IS NOT NULL) FROM patternos_dw.dim_sku WHERE average_price IS NULL;
ROLLBACK;
