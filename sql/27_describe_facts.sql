-- Comments of customers, accounts and facts.

CREATE FUNCTION patternos._describe_customers() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._describe('dim_customer', 'People: one row per customer, whatever the number of accounts.', $c$
first_seen_date: day of the first sign of any of the accounts
last_seen_date: day of the latest sign of any of the accounts
primary_age_group: most recent age band known, such as 25-34; NULL when unknown
primary_state: most recent state known; NULL when unknown
primary_city: most recent city known; NULL when unknown
primary_pincode: most recent postal code known; NULL when unknown
gender: most recent gender known; NULL when unknown
email_hash: keyed hash of the most recent e-mail address; NULL when unknown
mobile_hash: keyed hash of the most recent mobile number; NULL when unknown
customer_segment: value tier: New, High-Value, Regular or Occasional (value_segment_rule); NULL before the first refresh
lifetime_value: value of all completed orders and bookings, reporting currency
total_orders: number of completed orders and bookings
total_platforms_used: platforms with a conversion
consent_marketing: whether the person agreed to marketing; false until they did
consent_personalization: whether the person agreed to personalisation; false until they did
consent_sharing: whether the person agreed to data being shared; false until they did
anonymized: whether the person's data was made anonymous$c$);
    PERFORM patternos._describe('dim_customer_identity', 'Accounts: which customer owns which account on which platform, and why.', $c$
identity_id: the account, as text for people and exports: ID and at least eight digits, generated from identity_key
mapping_method: deterministic (equal identifiers), probabilistic (alike) or manual
mapping_confidence: weakest link on the best path to the customer's first account, 0 to 1; 1 for a single account
match_attributes: attributes compared and whether they agreed; {} for a single account
last_matched_at: when a link last brought the account to its customer$c$);
    PERFORM patternos._describe('account_profile', 'What is known of an account besides its identifiers.', $c$
age_group: age band, such as 25-34; NULL when unknown
age_group_at: time of the row that gave the age band
gender: gender; NULL when unknown
gender_at: time of the row that gave the gender
state: state; NULL when unknown
city: city; NULL when unknown
pincode: postal code; NULL when unknown
location_at: time of the row that gave the place
first_seen: first sign of the account
last_seen: latest sign of the account
stated_at: time of the account's newest row in landing_customer, whose identifiers count; NULL without one
stated_hash: 63 bits of the hash of that row's content as stored$c$);
    PERFORM patternos._describe('account_identifier', 'Keyed hashes of the identifiers of each account.', $c$
kind: what was hashed: email, mobile, loyalty_id or name_address_dob
value_hash: keyed hash of the normalised value, 32 bytes
value_key: its first 64 bits, by which equal values are found
first_seen: first time that the account came with it
last_seen: latest time that the account came with it$c$);
    PERFORM patternos._describe('account_consent', 'Consents as the accounts gave and withdrew them, a row for each moment; of each purpose the newest that is not NULL holds.', $c$
occurred_at: when the person decided
marketing: true when given, false when withdrawn, NULL when nothing was said
personalization: the same
sharing: the same$c$);
    PERFORM patternos._describe('account_feature', 'What accounts are compared by when their identifiers differ: keyed hashes of parts, 64 bits each, and keyed Bloom filters; NULL where a part is not known.', $c$
name_hash: canonical name, its words sorted
forename_hash: first word of the name; words have the same hash in either place
surname_hash: last word of the name, NULL when it has one word only
forename_canonical_hash: name that the forename is short for, else the forename itself
forename_phonetic_hash: phonetic key of the forename
surname_phonetic_hash: phonetic key of the surname
forename_initial_hash: first letter of the forename
surname_initial_hash: first letter of the surname
birth_date_hash: whole birth date
birth_day_hash: day of the birth date; equal numbers of day and month have equal hashes
birth_month_hash: month of the birth date
birth_year_hash: year of the birth date
email_hash: email address; value_key of its identifier
email_user_hash: email address before the @
mobile_hash: mobile number; value_key of its identifier
mobile_last7_hash: last seven digits of the mobile number
pincode_area_hash: first three digits of the PIN code
address_hash: canonical address
house_hash: house number, without one the first number of the address
birth_year_hashes: birth year and its two neighbours, sorted
device_hashes: first 64 bits of the hash of each device, sorted
ip_hashes: first 64 bits of the hash of each IP address, sorted
forename_bloom: Bloom filter of the forename's bigrams, 512 bits
surname_bloom: Bloom filter of the surname's bigrams, 512 bits
address_bloom: Bloom filter of the address's bigrams, 1,024 bits
observed_device_hashes: of device_hashes those that events of the account came with; they stay when its newest row does not name them$c$);
    PERFORM patternos._describe('identifier_block', 'Identifiers that link nobody: placeholders and those shared by too many accounts.', $c$
kind: kind of identifier
value_hash: keyed hash of the value; of a device or an IP address its first 8 bytes
reason: placeholder, shared or manual
accounts: accounts that carry it
detected_at: when it was found$c$);
    PERFORM patternos._describe('customer_id_history', 'Every move of an account from one customer to another, appended only.', $c$
history_id: number of the move
old_customer_key: customer before
new_customer_key: customer after
change: merge or split
run_id: pipeline run that did it; NULL when done by hand
changed_at: when it was done$c$);
END
$$;

CREATE FUNCTION patternos._describe_transactions() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._describe('fact_transaction', 'Orders, bookings and enquiries; hash-partitioned by customer.', $c$
transaction_id: number of the transaction, from its declared id or its content
transaction_type: order, booking or enquiry
transaction_status: completed, cancelled or returned; only completed ones are purchases
original_transaction_id: the transaction that this one cancels or returns; NULL when unknown or none
transaction_datetime: when it took place
transaction_date: its day in the warehouse's time zone
date_id: its day as a number (dim_time)
total_value: value of the order before discount, reporting currency; 0 for an enquiry, so that sums are revenue; negative for a credit note, which takes back what another order brought
quoted_value: price asked about in an enquiry; NULL otherwise
discount_value: discount, reporting currency
net_value: total_value less discount_value
currency: currency in which the platform wrote it, ISO 4217
items_count: number of pieces; NULL when unknown
items_list: names of the items as the platform listed them; NULL when none
unified_category: category with most value in the order, shared vocabulary; NULL when unknown
is_repeat: whether the platform called it a repeat order; NULL when it did not say
payment_mode: how it was paid; NULL when unknown
delivery_speed: delivery promised, such as Same-day; NULL when unknown
fulfillment_time_hours: hours from order to delivery; NULL when unknown
prime_member: whether the platform called the customer a prime member; NULL when it did not say
loyalty_member: whether the platform called the customer a loyalty member; NULL when it did not say
transaction_properties: what else the platform wrote, such as the original amount or a down payment$c$);
    PERFORM patternos._describe('fact_transaction_line', 'Lines of the transactions; they add up to the order.', $c$
transaction_datetime: when the transaction took place
transaction_id: the transaction (fact_transaction)
line_number: number of the line, from 1
sku_id: the article (dim_sku); NULL when unknown
item_name: name of the item as listed; NULL when the platform lists none
quantity: pieces; negative on a credit note
unit_price: price of one piece, reporting currency; NULL when unknown
line_total: value of the line, reporting currency
discount_applied: part of the order's discount on this line
is_allocated: true when the line's value is a share of the order's total, false when the platform gave it$c$);
    PERFORM patternos._describe('transaction_anonymous', 'Transactions without an account; not in the facts.', $c$
transaction_id: number of the transaction
transaction_type: order, booking or enquiry
transaction_status: completed, cancelled or returned
transaction_datetime: when it took place
transaction_date: its day in the warehouse's time zone
total_value: value before discount, reporting currency
discount_value: discount, reporting currency
currency: currency in which the platform wrote it, ISO 4217
items_count: number of pieces; NULL when unknown
transaction_properties: what else the platform wrote$c$);
    PERFORM patternos._describe('fact_transaction_revision', 'Earlier versions of transactions whose platform sent them again, under the same order id, with other content.', $c$
transaction_id: number of the transaction
batch_id: batch that replaced this version
customer_key: customer of this version
transaction: the row of fact_transaction before it was replaced
lines: its rows of fact_transaction_line, as an array
replaced_at: when it was replaced$c$);
    PERFORM patternos._describe('changed_customer', 'Customers whose facts changed since their features were last computed.', $c$
changed_at: start of the transaction that changed them
reason: what changed them, such as load or merge
changed_by: the transaction that changed them
customers: customers that the row stands for: those with so many consecutive keys$c$);
    PERFORM patternos._describe('refresh_state', 'What the newest snapshot of each step of the refresh was computed with: while that holds, only stale_customer is computed again.', $c$
step: name of the step
rules: digest of settings, rules, thresholds, categories and queries
last_category: greatest category_id in that digest; later ones came with facts that came later
borders: spend in 365 days from which the value tiers take customers in, by priority; of step customers only$c$);
    PERFORM patternos._describe('stale_customer', 'Customers whose rows in the newest snapshot of a step are out of date.', $c$
step: name of the step$c$);
    PERFORM patternos._describe('pipeline_run', 'Runs of the pipeline and their steps; read the view pipeline_status.', $c$
run_id: number of the row
refresh_id: run_id of the run that a step belongs to; of a run, its own
step: name of the step, or of the procedure for the run itself
is_requested: whether the reference date was asked for; such snapshots are kept
status: running, complete or failed
rows: rows written; NULL while running
started_at: when it began
finished_at: when it ended; NULL while running
seconds: time it took; NULL while running
backend_pid: server process that does it
sqlstate: error code of a failure; NULL otherwise
error: error message of a failure; NULL otherwise$c$);
END
$$;

CREATE FUNCTION patternos._describe_events() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    events text;
BEGIN
    events := $c$
event_id: number of the event, from its declared id or its content
session_id: session as the platform gave it; NULL when it gave none
event_type: what happened: page_view, product_view, search, add_to_cart and so on
event_timestamp: when it happened
page_url: address of the page, redacted; NULL when unknown
referrer_url: where the visitor came from, redacted; NULL when unknown
search_term: what was searched for, redacted; NULL for other events
product_id: article on its platform; NULL for none
device_type: mobile, desktop, tablet and so on; NULL when unknown
browser: browser; NULL when unknown
os: operating system; NULL when unknown
ip_hash: keyed hash of the IP address; NULL when unknown
event_properties: what else the platform wrote, redacted$c$;
    PERFORM patternos._describe('fact_event', 'What customers did on the platforms; hash-partitioned by customer.', events || $c$
session_duration_seconds: length of the session so far as the platform gave it, seconds; NULL when unknown
pages_viewed_in_session: pages of the session so far as the platform gave it; NULL when unknown$c$);
    PERFORM patternos._describe('event_anonymous', 'Events of visitors not known yet; they move to fact_event when the visitor is.', events || $c$
visitor_hash: keyed hash of the visitor's device or cookie$c$);
END
$$;

REVOKE ALL ON FUNCTION patternos._describe_customers(), patternos._describe_transactions(),
    patternos._describe_events() FROM PUBLIC;

