-- Facts: hash-partitioned by customer, the primary key covers what the feature engine reads.

CREATE FUNCTION patternos._create_facts(partitions integer) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    fact text;
BEGIN
    CREATE TABLE patternos_dw.fact_transaction (
        customer_key            bigint NOT NULL,
        transaction_id          bigint NOT NULL,
        global_customer_id      text GENERATED ALWAYS AS ('GLOBAL' ||
                                CASE WHEN customer_key < 1000000 THEN lpad(customer_key::text, 6, '0')
                                     ELSE customer_key::text END) STORED,
        platform_id             text COLLATE "C" NOT NULL,
        platform_customer_id    text COLLATE "C" NOT NULL,
        transaction_type        text NOT NULL CHECK (transaction_type IN ('order', 'booking', 'enquiry')),
        transaction_status      text NOT NULL DEFAULT 'completed'
                                CHECK (transaction_status IN ('completed', 'cancelled', 'returned')),
        original_transaction_id bigint,
        transaction_datetime    timestamptz NOT NULL CHECK (isfinite(transaction_datetime)),
        transaction_date        date NOT NULL,
        date_id                 integer NOT NULL,
        total_value             numeric(18, 2) NOT NULL CHECK (total_value < 'NaN'),
        quoted_value            numeric(18, 2),
        discount_value          numeric(18, 2) NOT NULL DEFAULT 0 CHECK (discount_value < 'NaN'),
        net_value               numeric(18, 2) GENERATED ALWAYS AS (total_value - discount_value) STORED,
        currency                text NOT NULL,
        items_count             integer,
        items_list              text,
        unified_category        text,
        is_repeat               boolean,
        payment_mode            text,
        delivery_speed          text,
        fulfillment_time_hours  numeric(10, 2),
        prime_member            boolean,
        loyalty_member          boolean,
        location_id             bigint,
        transaction_properties  jsonb,
        known_at                timestamptz NOT NULL,
        batch_id                bigint NOT NULL,
        PRIMARY KEY (customer_key, transaction_datetime, transaction_id)
            INCLUDE (platform_id, transaction_date, transaction_type, transaction_status, total_value, discount_value)
    ) PARTITION BY HASH (customer_key);
    CREATE INDEX fact_transaction_time ON patternos_dw.fact_transaction
        USING brin (transaction_datetime);

    CREATE TABLE patternos_dw.fact_transaction_line (
        customer_key         bigint NOT NULL,
        transaction_datetime timestamptz NOT NULL,
        transaction_id       bigint NOT NULL,
        line_number          integer NOT NULL,
        platform_id          text COLLATE "C" NOT NULL,
        sku_id               text COLLATE "C",
        item_name            text,
        category_id          integer,
        quantity             numeric(18, 4) NOT NULL,
        unit_price           numeric(18, 4),
        line_total           numeric(18, 4) NOT NULL CHECK (line_total < 'NaN'),
        discount_applied     numeric(18, 4) NOT NULL DEFAULT 0,
        is_allocated         boolean NOT NULL,
        known_at             timestamptz NOT NULL,
        batch_id             bigint NOT NULL,
        PRIMARY KEY (customer_key, transaction_datetime, transaction_id, line_number)
    ) PARTITION BY HASH (customer_key);
    -- lines with a price of their own are what prices of observed items come from
    CREATE INDEX fact_transaction_line_priced ON patternos_dw.fact_transaction_line (platform_id, sku_id)
        WHERE NOT is_allocated;
    CREATE INDEX fact_transaction_line_time ON patternos_dw.fact_transaction_line
        USING brin (transaction_datetime);

    CREATE TABLE patternos_dw.fact_event (
        customer_key             bigint NOT NULL,
        event_id                 bigint NOT NULL,
        global_customer_id       text GENERATED ALWAYS AS ('GLOBAL' ||
                                 CASE WHEN customer_key < 1000000 THEN lpad(customer_key::text, 6, '0')
                                      ELSE customer_key::text END) STORED,
        platform_id              text COLLATE "C" NOT NULL,
        platform_customer_id     text COLLATE "C",
        session_id               text,
        event_type               text NOT NULL,
        event_timestamp          timestamptz NOT NULL CHECK (isfinite(event_timestamp)),
        page_url                 text,
        referrer_url             text,
        search_term              text,
        product_id               text,
        category_id              integer,
        device_type              text,
        browser                  text,
        os                       text,
        ip_hash                  bytea,
        location_id              bigint,
        session_duration_seconds integer,
        pages_viewed_in_session  integer,
        event_properties         jsonb,
        known_at                 timestamptz NOT NULL,
        batch_id                 bigint NOT NULL,
        PRIMARY KEY (customer_key, event_timestamp, event_id)
    ) PARTITION BY HASH (customer_key);
    CREATE INDEX fact_event_time ON patternos_dw.fact_event USING brin (event_timestamp);

    FOREACH fact IN ARRAY ARRAY['fact_transaction', 'fact_transaction_line', 'fact_event'] LOOP
        FOR remainder IN 0 .. partitions - 1 LOOP
            EXECUTE format('CREATE TABLE patternos_part.%I PARTITION OF patternos_dw.%I '
                           'FOR VALUES WITH (MODULUS %s, REMAINDER %s)',
                           fact || '_p' || lpad(remainder::text, 2, '0'), fact, partitions, remainder);
        END LOOP;
    END LOOP;
END
$$;

-- What waits for a customer, for a refresh, and the record of what ran.
CREATE FUNCTION patternos._create_waiting() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- orders and events without a known account wait here, outside the facts
    CREATE TABLE patternos_dw.transaction_anonymous (
        platform_id            text COLLATE "C" NOT NULL,
        transaction_id         bigint NOT NULL,
        transaction_type       text NOT NULL,
        transaction_status     text NOT NULL,
        transaction_datetime   timestamptz NOT NULL,
        transaction_date       date NOT NULL,
        total_value            numeric(18, 2) NOT NULL,
        discount_value         numeric(18, 2) NOT NULL DEFAULT 0,
        currency               text NOT NULL,
        items_count            integer,
        transaction_properties jsonb,
        known_at               timestamptz NOT NULL,
        batch_id               bigint NOT NULL,
        PRIMARY KEY (platform_id, transaction_id)
    );

    CREATE TABLE patternos_dw.event_anonymous (
        visitor_hash     bytea NOT NULL CHECK (octet_length(visitor_hash) = 32),
        event_timestamp  timestamptz NOT NULL,
        event_id         bigint NOT NULL,
        platform_id      text COLLATE "C" NOT NULL,
        session_id       text,
        event_type       text NOT NULL,
        page_url         text,
        referrer_url     text,
        search_term      text,
        product_id       text,
        category_id      integer,
        device_type      text,
        browser          text,
        os               text,
        ip_hash          bytea,
        location_id      bigint,
        event_properties jsonb,
        known_at         timestamptz NOT NULL,
        batch_id         bigint NOT NULL,
        PRIMARY KEY (visitor_hash, event_timestamp, event_id)
    );

    -- what a transaction was before a declared order id brought it again with other content
    CREATE TABLE patternos_dw.fact_transaction_revision (
        platform_id    text COLLATE "C" NOT NULL,
        transaction_id bigint NOT NULL,
        batch_id       bigint NOT NULL,
        customer_key   bigint NOT NULL,
        transaction    jsonb NOT NULL,
        lines          jsonb NOT NULL,
        replaced_at    timestamptz NOT NULL,
        PRIMARY KEY (platform_id, transaction_id, batch_id)
    );

    -- customers whose facts changed since a refresh last looked: a queue, read whole. Each transaction has marks of its own,
    -- or else that of one could be taken away before another, which found it there, has committed; new customers of a
    -- load, with consecutive keys, are one row
    CREATE TABLE patternos_dw.changed_customer (
        customer_key bigint NOT NULL,
        changed_at   timestamptz NOT NULL DEFAULT now(),
        reason       text NOT NULL,
        changed_by   xid8 NOT NULL DEFAULT pg_current_xact_id(),
        customers    bigint NOT NULL DEFAULT 1 CHECK (customers > 0)
    );

    -- what the newest snapshot of a step was computed with, and the customers whose rows in it are out of date
    CREATE TABLE patternos_dw.refresh_state (
        step          text COLLATE "C" PRIMARY KEY,
        as_of         date NOT NULL,
        rules         text NOT NULL,
        last_category integer NOT NULL,
        borders       numeric[]
    );
    CREATE TABLE patternos_dw.stale_customer (
        step         text COLLATE "C" NOT NULL,
        customer_key bigint NOT NULL,
        PRIMARY KEY (step, customer_key)
    );

    CREATE TABLE patternos_dw.pipeline_run (
        run_id        bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
        refresh_id    bigint NOT NULL,
        step          text NOT NULL,
        as_of         date,
        is_requested  boolean NOT NULL DEFAULT false,
        status        text NOT NULL CHECK (status IN ('running', 'complete', 'failed')),
        rows          bigint,
        started_at    timestamptz NOT NULL,
        finished_at   timestamptz,
        seconds       numeric(12, 3),
        backend_pid   integer,
        sqlstate      text,
        error         text
    );
    CREATE INDEX pipeline_run_complete ON patternos_dw.pipeline_run (step, as_of) WHERE status = 'complete';
END
$$;

REVOKE ALL ON FUNCTION patternos._create_facts(integer), patternos._create_waiting() FROM PUBLIC;

