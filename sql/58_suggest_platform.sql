-- A proposal for add_platform out of the header of a file.

-- The names in a header line: its separator is the most frequent of comma, semicolon, tab and bar.
CREATE FUNCTION patternos._header_names(header text) RETURNS TABLE (number bigint, name text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH line (text) AS (
        SELECT rtrim(ltrim(split_part(header, E'\n', 1), U&'\FEFF'), E'\r')
    ), bare (text, unquoted) AS (
        SELECT text, regexp_replace(text, '"([^"]|"")*"', '', 'g') FROM line
    ), separator (text) AS (
        SELECT s.c FROM bare, unnest(ARRAY[',', ';', E'\t', '|']) WITH ORDINALITY s (c, n)
        ORDER BY length(unquoted) - length(replace(unquoted, s.c, '')) DESC, s.n LIMIT 1
    )
    SELECT m.number, CASE WHEN m.part[1] LIKE '"%"' THEN replace(substr(m.part[1], 2, length(m.part[1]) - 2), '""', '"')
                          ELSE m.part[1] END
    FROM bare, separator,
         regexp_matches(bare.text || separator.text, format('("(?:[^"]|"")*"|[^%1$s]*)[%1$s]', separator.text), 'g')
         WITH ORDINALITY m (part, number)
$$;

-- The fields that go by a name, the likeliest name of each field first.
CREATE FUNCTION patternos._field_names() RETURNS TABLE (field text, names text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$ VALUES
    ('platform_customer_id', 'platformcustomerid customerid custid customerno customernumber customeruniqueid userid memberid clientid buyerid '
                             'shopperid accountid householdid householdkey customer client user'),
    ('transaction_datetime', 'transactiondatetime orderdatetime invoicedatetime ordertimestamp transactiontimestamp purchasetimestamp '
                             'orderpurchasetimestamp orderedat dateoforder orderdate invoicedate transactiondate purchasedate bookingdate '
                             'enquirydate saledate billdate createdat datetime timestamp date'),
    ('order_id', 'orderid invoiceid invoiceno invoicenumber orderno ordernumber transactionid transactionno txnid bookingid bookingno '
                 'receiptno receiptid billno basketid invoice order'),
    ('original_order_id', 'originalorderid originalinvoice refundedorderid'),
    ('transaction_status', 'transactionstatus orderstatus status'),
    ('transaction_type', 'transactiontype'),
    ('item_id', 'itemid stockcode sku skuid skucode productid productcode itemcode articleid articleno asin variantid'),
    ('item_name', 'itemname productname producttitle articlename description productdescription itemdescription title product item'),
    ('quantity', 'quantity qty itemquantity orderquantity units'),
    ('unit_price', 'unitprice itemprice sellingprice priceperunit priceperitem rate price'),
    ('line_total', 'linetotal lineamount itemtotal extendedprice salesvalue'),
    ('total_value', 'totalvalue ordervalue ordertotal grandtotal invoiceamount invoicetotal bookingvalue travelvalue totalamount totalprice total '
                    'revenue salesamount amount value'),
    ('quoted_value', 'quotedvalue quote quotedprice'),
    ('discount_value', 'discountvalue discountamount discount coupondiscount'),
    ('currency', 'currency currencycode'),
    ('items_list', 'itemslist itemlist items products productlist'),
    ('items_count', 'itemscount itemcount itemspurchasedcount numberofitems noofitems'),
    ('category', 'category productcategory categoryname itemcategory department servicetype'),
    ('payment_mode', 'paymentmode paymentmethod paymenttype payment preferredpaymentmode'),
    ('delivery_speed', 'deliveryspeed shippingspeed'),
    ('is_repeat', 'isrepeat repeatorder repeatflag'),
    ('age_group', 'agegroup agerange ageband age'),
    ('gender', 'gender sex'),
    ('state', 'state homestate province'),
    ('city', 'city homecity town'),
    ('pincode', 'pincode homepincode pin'),
    ('ignored', 'email emailid emailaddress customeremail phone phoneno phonenumber mobile mobileno mobilenumber contactnumber telephone name '
                'firstname lastname fullname customername username address streetaddress street addressline1 addressline2 shippingaddress '
                'billingaddress dob dateofbirth birthdate birthday ip ipaddress aadhaar pan')
$$;

-- The field of each column for a grain: what no field fits is a property, a field goes to the likeliest column only.
-- likeliest is the field that the name suggests, whatever the grain.
CREATE FUNCTION patternos._suggest_fields(header text, grain text)
RETURNS TABLE (number bigint, name text, field text, likeliest text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
    WITH fitting AS (
        SELECT h.number, h.name,
               CASE WHEN grain = 'order' AND f.field = 'item_name' THEN 'items_list'
                    WHEN grain = 'order' AND f.field = 'quantity' THEN 'items_count'
                    WHEN grain = 'order' AND f.field IN ('unit_price', 'line_total') THEN 'total_value'
                    WHEN grain = 'line' AND f.field = 'items_list' THEN 'item_name'
                    WHEN grain = 'line' AND f.field = 'total_value' THEN 'line_total' ELSE f.field END AS field,
               f.field AS plain,
               array_position(string_to_array(f.names, ' '), lower(regexp_replace(h.name, '[^A-Za-z0-9]', '', 'g'))) AS likeness
        FROM patternos._header_names(header) h
        LEFT JOIN patternos._field_names() f
               ON lower(regexp_replace(h.name, '[^A-Za-z0-9]', '', 'g')) = ANY (string_to_array(f.names, ' '))
    ), ranked AS (
        SELECT f.*, row_number() OVER (PARTITION BY f.field ORDER BY f.plain <> f.field, f.likeness, f.number) AS rank,
               bool_or(f.field = 'unit_price') OVER () AS has_price
        FROM fitting f
    )
    SELECT r.number, r.name,
           CASE WHEN r.field = 'ignored' THEN 'ignored'
                WHEN r.rank = 1 AND r.field = ANY (patternos._landing_fields(CASE grain WHEN 'line' THEN 'transaction_line' ELSE 'transaction' END))
                     AND NOT (r.plain = 'total_value' AND r.field = 'line_total' AND r.has_price) THEN r.field
                ELSE 'property' END,
           r.plain
    FROM ranked r
$$;

CREATE FUNCTION patternos.suggest_platform(header text, platform_id text DEFAULT 'NEW_PLATFORM') RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    grain text;
    columns jsonb;
    listed text;
    notes text;
BEGIN
    PERFORM patternos._check_platform_id(platform_id);
    IF header IS NULL OR length(header) > 100000 THEN
        RAISE EXCEPTION 'header must be the first line of a CSV file' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT CASE WHEN bool_or(s.likeliest = 'order_id') AND bool_or(s.likeliest IN ('unit_price', 'line_total')) THEN 'line'
                ELSE 'order' END INTO grain
    FROM patternos._suggest_fields(header, 'line') s;
    SELECT jsonb_agg(jsonb_build_array(s.name, s.field) ORDER BY s.number),
           string_agg('    ' || jsonb_build_array(s.name, s.field)::text, E',\n' ORDER BY s.number),
           string_agg(format(E'-- %s is personal and not kept: land it in patternos_dw.landing_customer.\n',
                             regexp_replace(s.name, '\s', ' ', 'g')), '' ORDER BY s.number)
               FILTER (WHERE s.field = 'ignored')
    INTO columns, listed, notes
    FROM patternos._suggest_fields(header, grain) s;
    PERFORM patternos._check_platform_columns(columns, CASE grain WHEN 'line' THEN 'transaction_line' ELSE 'transaction' END);
    RETURN coalesce(notes, '') ||
           E'-- Correct fields and options. A third element is a format: "dmy" or "mdy" for dates such as 01/02/2025' ||
           CASE grain WHEN 'line' THEN E',\n-- "cancelled:C" for order ids that begin with C when the order is cancelled' ELSE '' END || E'.\n' ||
           format(E'SELECT patternos.add_platform(%L, %L, %L,\n    time_zone => %L, currency => %L, grain => %L, anonymous => %s);',
                  platform_id, initcap(replace(platform_id, '_', ' ')), E'[\n' || listed || ']',
                  patternos._setting('time_zone'), patternos._setting('currency'), grain,
                  CASE grain WHEN 'line' THEN 'true' ELSE 'false' END);
END
$$;
COMMENT ON FUNCTION patternos.suggest_platform(text, text) IS
    'A call of add_platform for a file with this header line, guessed from the names of its columns.';

REVOKE ALL ON FUNCTION patternos._header_names(text), patternos._field_names(), patternos._suggest_fields(text, text),
    patternos.suggest_platform(text, text) FROM PUBLIC;
