-- Three groups in mixed columns, with missing values, twice: as rows and as jsonb.
CREATE TABLE cluster_rows AS
SELECT n, CASE WHEN n % 10 < 5 THEN 'a' WHEN n % 10 < 8 THEN 'b' ELSE 'c' END AS truth,
  CASE WHEN n % 10 < 5 THEN 'retail' WHEN n % 10 < 8 THEN 'wholesale' ELSE 'public' END AS industry,
  CASE WHEN n % 10 < 5 THEN 10 WHEN n % 10 < 8 THEN 200 ELSE 3000 END * (1 + (n * 7919 % 101) / 200.0) AS employees,
  CASE WHEN n % 7 <> 0 THEN n % 10 < 8 END AS online,
  CASE WHEN n % 11 <> 0 THEN ARRAY[CASE WHEN n % 10 < 5 THEN 'shop' ELSE 'erp' END, 'mail'] END AS stack
FROM generate_series(1, 600) n;
CREATE VIEW cluster_input AS SELECT industry, employees, online, stack FROM cluster_rows;

SELECT truth, label, count(*) FROM (
  SELECT truth, icp_cluster(r) OVER () AS label
  FROM cluster_rows c, LATERAL (SELECT c.industry, c.employees, c.online, c.stack) r) q
GROUP BY 1, 2 ORDER BY 1, 2;
SELECT truth, label, count(*) FROM (
  SELECT truth, icp_cluster(to_jsonb(r), 3) OVER (ORDER BY n DESC) AS label
  FROM cluster_rows c, LATERAL (SELECT c.industry, c.employees, c.online, c.stack) r) q
GROUP BY 1, 2 ORDER BY 1, 2;
-- The order of the rows, the frame and the form change nothing.
SELECT count(*) FILTER (WHERE a IS DISTINCT FROM b) AS shuffled, count(*) FILTER (WHERE a IS DISTINCT FROM c) AS framed,
  count(*) FILTER (WHERE a IS DISTINCT FROM d) AS as_jsonb
FROM (
  SELECT icp_cluster(r) OVER () AS a, icp_cluster(r) OVER (ORDER BY md5(n::text)) AS b,
    icp_cluster(r) OVER (ORDER BY n ROWS 1 PRECEDING) AS c, icp_cluster(to_jsonb(r)) OVER () AS d
  FROM cluster_rows c, LATERAL (SELECT c.industry, c.employees, c.online, c.stack) r) q;
-- Partitions are apart; a sample smaller than the partition labels every row.
SELECT part, count(DISTINCT label), min(label), count(label) FROM (
  SELECT n % 2 AS part, icp_cluster(r, 2, '{"sample": 100}') OVER (PARTITION BY n % 2) AS label
  FROM cluster_rows c, LATERAL (SELECT c.industry, c.employees) r) q GROUP BY 1 ORDER BY 1;
-- Named arguments.
SELECT count(DISTINCT label) FROM (SELECT icp_cluster(v, options => '{"k_max": 4}', k => 2) OVER () AS label FROM cluster_input v) q;
-- Nothing known: NULL. NULL rows too. One row, and rows that are all alike: one group.
SELECT label, count(*) FROM (
  SELECT icp_cluster(r) OVER () AS label FROM cluster_rows c, LATERAL (SELECT nullif(c.industry, 'public') AS industry) r) q
GROUP BY 1 ORDER BY 1;
SELECT icp_cluster(NULL::cluster_input) OVER () FROM generate_series(1, 2);
SELECT icp_cluster(r) OVER () FROM (SELECT 1 AS a, 'x' AS b) r;
SELECT DISTINCT icp_cluster(r) OVER () FROM (SELECT 1 AS a, 'x' AS b FROM generate_series(1, 50)) r;
-- More groups than rows.
SELECT icp_cluster(r, 5) OVER () FROM (VALUES (1), (2), (3)) r(a);
-- Bad input.
SELECT icp_cluster(v, 0) OVER () FROM cluster_input v;
SELECT icp_cluster(v, 51) OVER () FROM cluster_input v;
SELECT icp_cluster(v, 2, '{"neighbours": 3}') OVER () FROM cluster_input v;
SELECT icp_cluster(v, 2, '{"sample": 1}') OVER () FROM cluster_input v;
SELECT icp_cluster(v, 2, '[]') OVER () FROM cluster_input v;
SELECT icp_cluster(r) OVER () FROM (SELECT n AS deal_id, n AS company_id, 'won' AS outcome FROM cluster_rows) r;
SELECT icp_cluster('[1]'::jsonb) OVER ();
SELECT icp_cluster(r) OVER () FROM (SELECT 1 AS a, 2 AS a) r;
SET maintenance_work_mem = '1MB';
SELECT icp_cluster(r) OVER () FROM (SELECT n, repeat('x', 1000) AS t, n % 3 AS d FROM generate_series(1, 5000) n) r;
RESET maintenance_work_mem;
DROP VIEW cluster_input;
DROP TABLE cluster_rows;
