-- Lookalikes that are kept: what they are made of, how good they are, and whom they found.

CREATE FUNCTION patternos._create_lookalikes() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CREATE TABLE patternos_dw.lookalike (
        name              text PRIMARY KEY,
        seed              text NOT NULL,
        population        text,
        size              double precision NOT NULL,
        excluded          text[] NOT NULL,
        params            jsonb NOT NULL,
        as_of             date NOT NULL,
        method            text NOT NULL CHECK (method IN ('trees', 'logistic', 'distance')),
        seed_customers    bigint NOT NULL,
        prospects         bigint NOT NULL,
        members           bigint NOT NULL,
        spies             bigint NOT NULL,
        spy_recall        numeric(5, 4) NOT NULL,
        spy_recall_low    numeric(5, 4) NOT NULL,
        spy_recall_high   numeric(5, 4) NOT NULL,
        spy_lift          numeric(10, 4) NOT NULL,
        distance_recall   numeric(5, 4) NOT NULL,
        features_left_out text[] NOT NULL,
        model_version     text,
        created_at        timestamptz NOT NULL DEFAULT now(),
        updated_at        timestamptz NOT NULL DEFAULT now()
    );

    CREATE TABLE patternos_dw.lookalike_member (
        name               text NOT NULL,
        customer_key       bigint NOT NULL,
        global_customer_id text GENERATED ALWAYS AS ('GLOBAL' ||
                           CASE WHEN customer_key < 1000000 THEN lpad(customer_key::text, 6, '0')
                                ELSE customer_key::text END) STORED,
        similarity         numeric(5, 4) NOT NULL CHECK (similarity BETWEEN 0 AND 1),
        rank               bigint NOT NULL CHECK (rank > 0),
        PRIMARY KEY (name, customer_key)
    );
    CREATE INDEX lookalike_member_customer ON patternos_dw.lookalike_member (customer_key);
END
$$;

CREATE FUNCTION patternos._describe_lookalikes() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM patternos._describe('lookalike', 'Lookalikes that are kept by save_lookalike(): definition, and figures of the last time that they were made.', $c$
name: name of the lookalike, and of its model
seed: table or query of the customers to look like
population: table or query of the customers to choose from; NULL for all who may be addressed
size: share of the prospects, or from 1 on their number
excluded: features not to be used
params: method and parameters of training
as_of: reference date of the features
method: what ranks: trees, logistic or distance
seed_customers: customers of the seed that have features and may be profiled
prospects: customers of the population outside the seed
members: prospects chosen
spies: seed customers that were each ranked among the prospects by a model that did not know them
spy_recall: share of the spies that rank within the members
spy_recall_low: lower end of its interval of 95 %
spy_recall_high: upper end of that interval
spy_lift: spy_recall divided by the members' share of the prospects
distance_recall: spy_recall when ranked by standardised distance to the seed's centroid
features_left_out: features that alone separate seed and population, so define the seed
model_version: version of the model of this name in patternos_dw.model; NULL for method distance
updated_at: when it was made last$c$);
    PERFORM patternos._describe('lookalike_member', 'Customers that a lookalike chose: one row per lookalike and customer. audience_lookalike has those of them who may be addressed.', $c$
name: name of the lookalike
similarity: how typical of the seed, 0 to 1; 0.5 is as typical of the seed as of the population
rank: place, 1 for the most alike$c$);
END
$$;

REVOKE ALL ON FUNCTION patternos._create_lookalikes(), patternos._describe_lookalikes() FROM PUBLIC;
