-- Groups in mixed data, one label a row of the window's partition.

CREATE FUNCTION icp_cluster("row" record, k integer DEFAULT NULL, options jsonb DEFAULT '{}') RETURNS integer
LANGUAGE c STABLE WINDOW PARALLEL SAFE AS 'MODULE_PATHNAME', 'icp_cluster';
COMMENT ON FUNCTION icp_cluster(record, integer, jsonb) IS
'Group of the row among the rows of its partition, 1 = the largest; NULL for a row in which nothing is known. Numbers, booleans, text, enums and arrays of text are used as they are, missing values included; columns that have a role in the deals view (deal_id, company_id, outcome, amount and so on), identifiers, dates and constants are not. k: 1 to 50 groups (fewer where the rows do not hold that many); NULL: chosen from the data (a latent-class mixture chosen by its integrated completed likelihood, Biernacki, Celeux and Govaert 2000); named, the groups alone explain how columns go together (the classical latent-class model). The frame and the order of the window do not matter, and the same rows in any order get the same groups. options: features, ignore, keep, kinds, roles (as in icp_fit), k_max (12), seed (0), sample (rows learned from, 20000). k and options are those of the first row of the partition. Error when the memory needed exceeds maintenance_work_mem.';

CREATE FUNCTION icp_cluster("row" jsonb, k integer DEFAULT NULL, options jsonb DEFAULT '{}') RETURNS integer
LANGUAGE c IMMUTABLE WINDOW PARALLEL SAFE AS 'MODULE_PATHNAME', 'icp_cluster_jsonb';
COMMENT ON FUNCTION icp_cluster(jsonb, integer, jsonb) IS
'The same for rows given as JSON objects.';
