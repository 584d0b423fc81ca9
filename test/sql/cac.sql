-- Costs shared out to the cent; the cents that are left go by the order of the window.
SELECT deal, icp_allocate(100) OVER (ORDER BY deal) AS alike, icp_allocate(100, weight) OVER (ORDER BY deal) AS weighed, icp_allocate(100, weight, digits => 0) OVER (ORDER BY deal) AS whole,
       icp_allocate(-100) OVER (ORDER BY deal DESC) AS credit, icp_allocate(NULL) OVER (ORDER BY deal) AS unknown, icp_allocate(10.00005) OVER (ORDER BY deal) AS finer
FROM (VALUES (1, 2.5), (2, NULL), (3, 0.5)) d (deal, weight) ORDER BY deal;
-- A source without wins keeps its cost in a row of its own; a win without cost has none.
WITH cost (source, month, amount) AS (VALUES ('ads', 1, 1000.00), ('ads', 2, 500.00), ('fair', 1, 0.05), ('press', 1, 300.00), ('gift', 1, NULL)),
won (source, month, deal) AS (VALUES ('ads', 1, 11), ('ads', 1, 12), ('ads', 1, 13), ('fair', 1, 21), ('fair', 1, 22), ('gift', 1, 31), ('referral', 1, 41))
SELECT coalesce(c.source, w.source) AS source, coalesce(c.month, w.month) AS month, w.deal, icp_allocate(c.amount) OVER (PARTITION BY c.source, c.month ORDER BY w.deal) AS cac, w.deal IS NULL AS unallocated
FROM cost c FULL JOIN won w ON w.source = c.source AND w.month = c.month ORDER BY 1, 2, 3;
-- Where no weight is above 0 all share alike: nothing is lost.
SELECT icp_allocate(1, 0) OVER (ORDER BY i), icp_allocate(1, NULL) OVER (ORDER BY i) FROM generate_series(1, 3) i;
SELECT count(*), sum(c), min(c), max(c) FROM (SELECT icp_allocate(123456789012345678901234567890.12, i) OVER (ORDER BY i) AS c FROM generate_series(1, 1000) i) s;
-- Rows in any order, the same shares.
SELECT count(*) FROM (SELECT i, icp_allocate(1000, i % 7) OVER (ORDER BY i) AS c FROM generate_series(1, 100) i) a
JOIN (SELECT i, icp_allocate(1000, i % 7) OVER (ORDER BY i) AS c FROM (SELECT i FROM generate_series(1, 100) i ORDER BY -i) i) b USING (i) WHERE a.c = b.c;
-- Wrong input.
SELECT icp_allocate(i) OVER () FROM generate_series(1, 2) i;
SELECT icp_allocate(CASE WHEN i = 1 THEN 1 END) OVER () FROM generate_series(1, 2) i;
SELECT icp_allocate(1, -1) OVER ();
SELECT icp_allocate('NaN') OVER ();
SELECT icp_allocate(1, 'NaN') OVER ();
SELECT icp_allocate(1, 1, 31) OVER ();
SELECT icp_allocate(1);
