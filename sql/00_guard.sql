\echo Use "CREATE EXTENSION patternos CASCADE" to load this file. \quit

COMMENT ON SCHEMA patternos IS 'patternos: functions, aggregates and procedures (the data is in schema patternos_dw)';
GRANT USAGE ON SCHEMA patternos TO PUBLIC;

