-- What refers to what: listed, checked on demand, and declared for who wants it.

CREATE FUNCTION patternos._create_relationship_views() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CREATE OR REPLACE VIEW patternos_dw.relationship AS
    SELECT v.child_table, v.child_columns::text[] AS child_columns,
           v.parent_table, v.parent_columns::text[] AS parent_columns, v.is_declarable
    FROM (VALUES
        ('account_consent', '{batch_id}', 'raw_batch', '{batch_id}', true),
        ('account_consent', '{identity_key}', 'dim_customer_identity', '{identity_key}', true),
        ('account_feature', '{identity_key}', 'dim_customer_identity', '{identity_key}', true),
        ('account_identifier', '{identity_key}', 'dim_customer_identity', '{identity_key}', true),
        ('account_profile', '{identity_key}', 'dim_customer_identity', '{identity_key}', true),
        ('affinity_population', '{category_id}', 'dim_product_category', '{category_id}', true),
        ('brand', '{platform_id}', 'dim_platform', '{platform_id}', true),
        ('changed_account', '{identity_key}', 'dim_customer_identity', '{identity_key}', true),
        ('changed_customer', '{customer_key}', 'dim_customer', '{customer_key}', false),
        ('customer_id_history', '{identity_key}', 'dim_customer_identity', '{identity_key}', false),
        ('dim_customer_identity', '{customer_key}', 'dim_customer', '{customer_key}', true),
        ('dim_customer_identity', '{platform_id}', 'dim_platform', '{platform_id}', true),
        ('dim_sku', '{category_id}', 'dim_product_category', '{category_id}', true),
        ('dim_sku', '{platform_id}', 'dim_platform', '{platform_id}', true),
        ('event_anonymous', '{batch_id}', 'raw_batch', '{batch_id}', true),
        ('event_anonymous', '{category_id}', 'dim_product_category', '{category_id}', true),
        ('event_anonymous', '{location_id}', 'dim_location', '{location_id}', true),
        ('event_anonymous', '{platform_id}', 'dim_platform', '{platform_id}', true),
        ('experiment', '{platform_id}', 'dim_platform', '{platform_id}', true),
        ('experiment_assignment', '{customer_key}', 'dim_customer', '{customer_key}', false),
        ('experiment_assignment', '{experiment_id}', 'experiment', '{experiment_id}', true),
        ('fact_event', '{batch_id}', 'raw_batch', '{batch_id}', true),
        ('fact_event', '{category_id}', 'dim_product_category', '{category_id}', true),
        ('fact_event', '{customer_key}', 'dim_customer', '{customer_key}', true),
        ('fact_event', '{location_id}', 'dim_location', '{location_id}', true),
        ('fact_event', '{platform_id}', 'dim_platform', '{platform_id}', true),
        ('fact_transaction', '{batch_id}', 'raw_batch', '{batch_id}', true),
        ('fact_transaction', '{customer_key}', 'dim_customer', '{customer_key}', true),
        ('fact_transaction', '{date_id}', 'dim_time', '{date_id}', true),
        ('fact_transaction', '{location_id}', 'dim_location', '{location_id}', true),
        ('fact_transaction', '{platform_id,platform_customer_id}', 'dim_customer_identity', '{platform_id,platform_customer_id}', true),
        ('fact_transaction', '{platform_id}', 'dim_platform', '{platform_id}', true),
        ('fact_transaction_line', '{batch_id}', 'raw_batch', '{batch_id}', true),
        ('fact_transaction_line', '{category_id}', 'dim_product_category', '{category_id}', true),
        ('fact_transaction_line', '{customer_key,transaction_datetime,transaction_id}', 'fact_transaction', '{customer_key,transaction_datetime,transaction_id}', true),
        ('fact_transaction_line', '{platform_id,sku_id}', 'dim_sku', '{platform_id,sku_id}', false),
        ('fact_transaction_revision', '{batch_id}', 'raw_batch', '{batch_id}', true),
        ('fact_transaction_revision', '{customer_key}', 'dim_customer', '{customer_key}', false),
        ('fact_transaction_revision', '{platform_id}', 'dim_platform', '{platform_id}', true),
        ('feat_cross_platform', '{customer_key}', 'dim_customer', '{customer_key}', false),
        ('feat_customer_affinity', '{category_id}', 'dim_product_category', '{category_id}', true),
        ('feat_customer_affinity', '{customer_key}', 'dim_customer', '{customer_key}', false),
        ('feat_customer_behavior', '{customer_key}', 'dim_customer', '{customer_key}', false),
        ('feat_customer_behavior', '{platform_id}', 'dim_platform', '{platform_id}', true),
        ('feat_customer_rfm', '{customer_key}', 'dim_customer', '{customer_key}', false),
        ('feat_customer_rfm', '{platform_id}', 'dim_platform', '{platform_id}', true),
        ('identity_preview', '{identity_key}', 'dim_customer_identity', '{identity_key}', false),
        ('identity_preview', '{platform_id}', 'dim_platform', '{platform_id}', true),
        ('intent_percentile', '{platform_id}', 'dim_platform', '{platform_id}', true),
        ('intent_score', '{customer_key}', 'dim_customer', '{customer_key}', false),
        ('intent_score', '{platform_id}', 'dim_platform', '{platform_id}', true),
        ('intent_score', '{predicted_category_id}', 'dim_product_category', '{category_id}', true),
        ('intent_score_category', '{category_id}', 'dim_product_category', '{category_id}', true),
        ('intent_score_category', '{customer_key}', 'dim_customer', '{customer_key}', false),
        ('intent_serving', '{customer_key}', 'dim_customer', '{customer_key}', true),
        ('intent_training_labels', '{category_id}', 'dim_product_category', '{category_id}', true),
        ('intent_training_labels', '{customer_key}', 'dim_customer', '{customer_key}', false),
        ('intent_training_labels', '{platform_id}', 'dim_platform', '{platform_id}', true),
        ('item_rule', '{platform_id}', 'dim_platform', '{platform_id}', true),
        ('lookalike_member', '{customer_key}', 'dim_customer', '{customer_key}', false),
        ('lookalike_member', '{name}', 'lookalike', '{name}', true),
        ('match_key', '{identity_key}', 'match_record', '{identity_key}', true),
        ('match_member', '{identity_key}', 'match_record', '{identity_key}', false),
        ('match_quarantine', '{identity_key}', 'dim_customer_identity', '{identity_key}', false),
        ('match_record', '{identity_key}', 'dim_customer_identity', '{identity_key}', false),
        ('purchase_rate_model', '{platform_id}', 'dim_platform', '{platform_id}', true),
        ('raw_batch', '{platform_id}', 'dim_platform', '{platform_id}', true),
        ('raw_record', '{batch_id}', 'raw_batch', '{batch_id}', true),
        ('raw_record', '{platform_id}', 'dim_platform', '{platform_id}', true),
        ('raw_reject', '{batch_id}', 'raw_batch', '{batch_id}', true),
        ('rfm_cutpoint', '{platform_id}', 'dim_platform', '{platform_id}', true),
        ('rfm_threshold', '{platform_id}', 'dim_platform', '{platform_id}', true),
        ('source_mapping', '{platform_id}', 'dim_platform', '{platform_id}', true),
        ('stale_customer', '{customer_key}', 'dim_customer', '{customer_key}', false),
        ('transaction_anonymous', '{batch_id}', 'raw_batch', '{batch_id}', true),
        ('transaction_anonymous', '{platform_id}', 'dim_platform', '{platform_id}', true)
    ) AS v (child_table, child_columns, parent_table, parent_columns, is_declarable);
    PERFORM patternos._describe('relationship',
        'Every relationship between tables of the warehouse, for diagrams, BI tools and orphan checks.', $c$
child_table: table that refers
child_columns: its columns; NULL in one of them refers to nothing
parent_table: table referred to
parent_columns: its columns, in the same order
is_declarable: whether add_foreign_keys() declares it; false where the parent keeps versions, or the child keeps customers that were merged since$c$);
END
$$;

CREATE FUNCTION patternos.check_relationships()
RETURNS TABLE (child_table text, child_columns text[], parent_table text, orphans bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_sort = off SET jit = off
AS $$
DECLARE
    relation record;
BEGIN
    PERFORM patternos._require_owner();
    FOR relation IN
        SELECT r.*, (SELECT string_agg(format('p.%I = c.%I', p, c), ' AND ')
                     FROM unnest(r.parent_columns, r.child_columns) AS u (p, c)) AS condition,
               (SELECT string_agg(format('f.%I IS NOT NULL', c), ' AND ') FROM unnest(r.child_columns) AS c) AS filter,
               (SELECT string_agg(format('f.%I', c), ', ') FROM unnest(r.child_columns) AS c) AS columns
        FROM patternos_dw.relationship r
        WHERE r.is_declarable OR r.parent_table = 'dim_sku'
    LOOP
        child_table := relation.child_table;
        child_columns := relation.child_columns;
        parent_table := relation.parent_table;
        EXECUTE format('SELECT count(*) FROM (SELECT DISTINCT %s FROM patternos_dw.%I f WHERE %s) AS c '
                       'WHERE NOT EXISTS (SELECT FROM patternos_dw.%I p WHERE %s)',
                       relation.columns, relation.child_table, relation.filter, relation.parent_table, relation.condition)
            INTO orphans;
        CONTINUE WHEN orphans = 0;
        RETURN NEXT;
    END LOOP;
END
$$;

CREATE FUNCTION patternos.add_foreign_keys() RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation record;
    added integer := 0;
BEGIN
    PERFORM patternos._require_owner();
    FOR relation IN
        SELECT r.child_table, r.child_table || '_' || array_to_string(r.child_columns, '_') || '_fkey' AS name,
               (SELECT string_agg(quote_ident(c), ', ') FROM unnest(r.child_columns) AS c) AS child_columns,
               r.parent_table,
               (SELECT string_agg(quote_ident(c), ', ') FROM unnest(r.parent_columns) AS c) AS parent_columns
        FROM patternos_dw.relationship r
        WHERE r.is_declarable
    LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_constraint
                              WHERE conrelid = format('patternos_dw.%I', relation.child_table)::regclass
                                AND contype = 'f' AND conname = left(relation.name, 63));
        EXECUTE format('ALTER TABLE patternos_dw.%I ADD CONSTRAINT %I FOREIGN KEY (%s) REFERENCES patternos_dw.%I (%s) '
                       'DEFERRABLE INITIALLY DEFERRED',
                       relation.child_table, left(relation.name, 63), relation.child_columns,
                       relation.parent_table, relation.parent_columns);
        added := added + 1;
    END LOOP;
    RETURN added;
END
$$;

CREATE FUNCTION patternos.mark_changed(customer_keys bigint[], reason text) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    marked bigint;
BEGIN
    PERFORM patternos._require_owner();
    IF reason IS NULL THEN
        RAISE EXCEPTION 'a reason is needed' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    INSERT INTO patternos_dw.changed_customer (customer_key, changed_at, reason)
    SELECT DISTINCT key, now(), mark_changed.reason
    FROM unnest(customer_keys) AS key
    JOIN patternos_dw.dim_customer c ON c.customer_key = key;
    GET DIAGNOSTICS marked = ROW_COUNT;
    RETURN marked;
END
$$;

REVOKE ALL ON FUNCTION patternos._create_relationship_views(), patternos.check_relationships(),
    patternos.add_foreign_keys(), patternos.mark_changed(bigint[], text) FROM PUBLIC;

COMMENT ON FUNCTION patternos.check_relationships() IS
    'Looks for rows that refer to nothing: the relationships in which there are some, and the number of keys without a parent.';
COMMENT ON FUNCTION patternos.add_foreign_keys() IS
    'Declares the relationships of the warehouse as foreign keys and returns the number added.';
COMMENT ON FUNCTION patternos.mark_changed(bigint[], text) IS
    'Tells the next refresh that the facts of these customers were changed by hand, and returns the number of customers marked.';

