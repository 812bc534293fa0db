-- Comments of the raw zone and the dimensions.

CREATE FUNCTION patternos._describe_raw_zone() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._describe('setting', 'Settings of the warehouse; doc/operations.md lists them.', $c$
name: name of the setting
value: its value, as text
description: what it does$c$);
    PERFORM patternos._describe('source_mapping', 'Which column of a landing view feeds which field.', $c$
landing_view: landing view, without its schema
column_name: column of the landing view
position: place of the column in the view, from 1
platform_id: platform of the view; NULL where each row names its own
entity: what a row of the view is: transaction, transaction_line, customer, event or sku
field: field of the warehouse that the column feeds
format: how the value is written where that must be said, such as dmy for dates; NULL for the usual forms$c$);
    PERFORM patternos._describe('raw_batch', 'One row per batch received: the unit of exactly-once. Accepted, rejected, duplicate and suppressed rows add up to the total.', $c$
batch_id: number of the batch
platform_id: platform of the batch; NULL where its rows name several
entity: what the rows are: transaction, customer, event or sku
source: where the batch came from: the name given to ingest_batch or in setting patternos.source, else the landing view
landing_view: landing view that it came through
source_partition: partition of the stream; NULL for files
source_offset: offset of the batch in its stream; NULL for files
content_hash: SHA-256 of the rows; the same content is not loaded twice
rows_total: rows received
rows_accepted: rows taken over
rows_rejected: rows refused; raw_reject says why
rows_duplicate: rows that were there already
rows_suppressed: rows dropped because their person was erased or objected
rows_same_second: accepted rows that share customer and second with another row of different content
values_refused: identifiers of accepted rows that identify nobody and were left out
status: pending while open, loaded when its facts are written, parked when too many rows were rejected, then released (loaded as a batch of its own) or dropped
received_by: database user who sent it
received_at: when it arrived
loaded_at: when its facts were written; NULL until then$c$);
    PERFORM patternos._describe('ingest_offset', 'How far each stream has been read, written in the transaction of the batch.', $c$
source: name of the stream
source_partition: partition of the stream
first_offset: where its first batch began
next_offset: first offset not yet read$c$);
    PERFORM patternos._describe('hash_key', 'Which key the stored hashes were made with; made at the first load of identifiers.', $c$
version: version of the key, 1 for the first
key_check: eight bytes of a keyed hash of a constant: tells keys apart, reveals none
created_at: when the key was first used$c$);
    PERFORM patternos._describe('raw_record', 'Rows as received, personal identifiers already replaced; partitioned by month.', $c$
record_time: time of the row's own event, the arrival where it has none; decides the partition
line: number of the row within its batch, from 1
entity: what the row is: transaction, customer, event or sku
payload: the row's columns and values, personal identifiers replaced$c$);
    PERFORM patternos._describe('raw_reject', 'Why a row or an identifier was refused: place and reason, never the value.', $c$
line: number of the row within its batch, from 1
column_name: column at fault
reason_code: what is wrong, such as bad_date
value_length: length of the value in bytes; NULL when there was none
row_rejected: whether the row was rejected; false: it was loaded without this value$c$);
END
$$;

CREATE FUNCTION patternos._describe_reference_data() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._describe('dim_platform', 'Platforms: seven, and ALL, which stands for all of them together and is not active.', $c$
platform_id: short id in capitals, such as NYKAA
platform_name: name for people
platform_type: kind of business, such as marketplace
industry_vertical: branch, such as beauty
region: where it sells
launch_date: when it started; NULL when unknown
is_active: whether it counts as a platform; false for ALL
time_zone: time zone in which its files write times without an offset
currency: currency of its files where they name none, ISO 4217
conversion_type: what counts as a conversion there: order, booking or enquiry; any for ALL$c$);
    PERFORM patternos._describe('dim_location', 'Places as accounts and orders name them.', $c$
location_id: number of the place
pincode: Indian postal code, six digits; NULL when unknown
city: city; NULL when unknown
state: state or union territory; NULL when unknown
region: part of the country: North, South, East, West, Central, North-East; NULL when unknown
metro_flag: whether the city is one of the eight metropolises; NULL when unknown
tier: city tier, 1 to 3; NULL when unknown
latitude: degrees north; NULL when unknown
longitude: degrees east; NULL when unknown$c$);
    PERFORM patternos._describe('dim_product_category', 'Product categories in up to three levels.', $c$
category_id: number of the category
category_level_1: top level
category_level_2: second level; NULL when there is none
category_level_3: third level; NULL when there is none$c$);
    PERFORM patternos._describe('dim_sku', 'Articles of each platform, with their history: one row per version.', $c$
sku_id: id of the article on its platform; for articles known from item lists only, made from the name
sku_name: name of the article
brand: brand; NULL when not recognised
category_id: its category (dim_product_category); NULL when not recognised
price_band: budget, mid-range or premium: terciles of price within the category; NULL without a price
average_price: average unit price in the reporting currency; NULL when unknown
unit_of_measure: size or unit of one piece, such as 500 g; NULL when unknown
is_active: whether it is still sold
is_observed: true when known from item lists only, false when from a catalogue$c$);
    PERFORM patternos._describe('brand', 'Dictionary of brands; the longest alias in a name wins. Editable; then call patternos.reclassify_items().', $c$
platform_id: platform whose items the alias is for; ALL for every platform
alias: way of writing the brand; case, accents, apostrophes, a plural s and punctuation do not matter
brand: the brand as shown$c$);
    PERFORM patternos._describe('item_rule', 'Rules that give an item its category, tried in order of priority. Editable; then call patternos.reclassify_items().', $c$
platform_id: platform whose items the rule is for; ALL for every platform
priority: lower numbers are tried first; the platform's own rules come before those of ALL
pattern: phrases with | between them; one of them stands in the item's name as whole words, compared like brands
category_level_1: top level that it gives
category_level_2: second level; NULL for none
category_level_3: third level; NULL for none$c$);
    PERFORM patternos._describe('dim_time', 'Calendar, a row per day; grows in whole years as data arrives.', $c$
date_id: the day as a number, YYYYMMDD
full_date: the day
year: calendar year
quarter: calendar quarter, 1 to 4
month: month, 1 to 12
month_name: English name of the month
week_of_year: ISO 8601 week, 1 to 53
day_of_month: day of the month, 1 to 31
day_of_week: ISO 8601 day of the week: 1 is Monday, 7 is Sunday
day_name: English name of the day
is_weekend: whether it is a Saturday or Sunday
is_holiday: whether table holiday names the day
holiday_name: names of its holidays; NULL for none
fiscal_year: fiscal year, April to March, by the year in which it ends: 1 April 2024 is in 2025
fiscal_quarter: quarter of the fiscal year, 1 is April to June$c$);
    PERFORM patternos._describe('holiday', 'Holidays, for dim_time. Editable; then call patternos.update_holidays().', $c$
month: month, 1 to 12
day: day of the month, 1 to 31
year: the year of a movable feast; 0 for every year
holiday_name: name of the holiday$c$);
    PERFORM patternos._describe('fx_rate', 'Exchange rates into the reporting currency.', $c$
rate_date: day of the rate
currency: currency converted from, ISO 4217
rate: units of the reporting currency for one unit$c$);
END
$$;

REVOKE ALL ON FUNCTION patternos._describe_raw_zone(), patternos._describe_reference_data() FROM PUBLIC;

