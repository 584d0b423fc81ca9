-- The trigger that scores a lead as it is stored.

CREATE FUNCTION icp_score_lead() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_score_lead() IS
'Trigger, BEFORE INSERT OR UPDATE, FOR EACH ROW: scores the row and fills columns with the fields of icp_lead_score. Arguments, all optional: the name of the model first (else the registered default); then pairs column=field (without any: every column named icp_ and a field); input=schema.function, a function of the row that returns the attributes as jsonb in place of the row''s own columns. An UPDATE is scored again only if an attribute that the model uses has changed. A row that cannot be scored is stored with NULLs and one WARNING a statement; a column that takes no NULL (NOT NULL, or its domain) keeps what the row has.';

CREATE FUNCTION icp_check_trigger(relation regclass) RETURNS SETOF icp_finding
LANGUAGE c STABLE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_check_trigger(regclass) IS
'What of a table''s triggers that run icp_score_lead() will not fit: columns that are missing, cannot hold a value or take no NULL, CHECK constraints, foreign keys and partition keys that look at them, the model, its features, the function of input=, how the triggers are declared. No rows: all is well.';
