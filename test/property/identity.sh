# The same rows give the same model byte for byte: shuffled, by parallel workers, through partitions, as jsonb, in two time
# zones, two collations and two values of work_mem.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
psql -X -q -v ON_ERROR_STOP=1 -f demo/crm.sql
psql -X -q -v ON_ERROR_STOP=1 <<'SQL'
CREATE TABLE flat AS SELECT * FROM icp_deals ORDER BY deal_id;
CREATE TABLE shuffled AS SELECT * FROM icp_deals ORDER BY md5(deal_id::text);
CREATE TABLE parts (LIKE flat) PARTITION BY HASH (deal_id);
SELECT format('CREATE TABLE part%s PARTITION OF parts FOR VALUES WITH (MODULUS 4, REMAINDER %s)', i, i) FROM generate_series(0, 3) i \gexec
INSERT INTO parts SELECT * FROM flat ORDER BY md5(company_id::text);
CREATE TABLE collated AS SELECT * FROM flat;
SELECT format('ALTER TABLE collated %s', string_agg(format('ALTER %I TYPE text COLLATE "und-x-icu"', attname), ', ')) FROM pg_attribute
WHERE attrelid = 'collated'::regclass AND attnum > 0 AND atttypid = 'text'::regtype AND EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu') \gexec
ANALYZE;
CREATE TEMP TABLE made (way text, model text);
\set options '\'{"roles": {"open": ["New", "Demo", "Proposal"]}}\''
SET max_parallel_workers_per_gather = 0;
INSERT INTO made SELECT 'plain', md5(icp_model_send(icp_fit(d, :options))) FROM flat d;
INSERT INTO made SELECT 'shuffled', md5(icp_model_send(icp_fit(d, :options))) FROM shuffled d;
INSERT INTO made SELECT 'jsonb', md5(icp_model_send(icp_fit(to_jsonb(d), :options))) FROM flat d;
INSERT INTO made SELECT 'collation', md5(icp_model_send(icp_fit(d, :options))) FROM collated d;
SET timezone = 'Pacific/Auckland';
SET datestyle = 'SQL, DMY';
INSERT INTO made SELECT 'time zone', md5(icp_model_send(icp_fit(d, :options))) FROM flat d;
INSERT INTO made SELECT 'jsonb, time zone', md5(icp_model_send(icp_fit(to_jsonb(d), :options))) FROM flat d;
RESET timezone;
RESET datestyle;
SET work_mem = '64kB';
INSERT INTO made SELECT 'work_mem', md5(icp_model_send(icp_fit(d, :options))) FROM flat d;
RESET work_mem;
SET enable_partitionwise_aggregate = on;
INSERT INTO made SELECT 'partitions', md5(icp_model_send(icp_fit(d, :options))) FROM parts d;
SET max_parallel_workers_per_gather = 3;
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
-- What INSERT … SELECT reads is not read in parallel.
SELECT md5(icp_model_send(icp_fit(d, :options))) AS model FROM shuffled d \gset
INSERT INTO made VALUES ('parallel', :'model');
SELECT md5(icp_model_send(icp_fit(d, :options))) AS model FROM parts d \gset
INSERT INTO made VALUES ('parallel, partitions', :'model');
DO $$
DECLARE line text; parallel boolean := false;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) SELECT icp_fit(d, ''{}'') FROM shuffled d' LOOP parallel := parallel OR line LIKE '%Partial Aggregate%'; END LOOP;
  IF NOT parallel THEN RAISE EXCEPTION 'not a parallel plan'; END IF;
END $$;
TABLE made;
DO $$ BEGIN IF (SELECT count(DISTINCT model) FROM made) <> 1 THEN RAISE EXCEPTION 'the models differ'; END IF; END $$;
SQL
