-- Retention from purchases: the share of the expected periods with one.
CREATE TABLE orders (customer int, day date);
INSERT INTO orders VALUES (1, '2025-01-01'), (1, '2025-01-31'), (1, '2025-02-01'), (1, '2025-06-30'), (1, '2025-07-01'), (2, '2025-01-01'), (3, NULL);
SELECT customer, bit_or(icp_period(day, '2025-01-01')) AS bits, icp_retention(bit_or(icp_period(day, '2025-01-01')), '2025-01-01', '2025-06-30') AS retention FROM orders GROUP BY 1 ORDER BY 1;
-- Unknown, not zero, until the customer is old enough.
SELECT icp_retention(0, '2025-01-01', '2025-06-29') AS young, icp_retention(NULL, '2025-01-01', '2025-06-30') AS bought_nothing, icp_retention(63, NULL, '2025-06-30') AS no_start, icp_retention(63, '2025-01-01', NULL) AS immature, icp_retention(1, '-infinity', 'infinity') AS no_day;
SELECT i, icp_period(date '2025-01-01' + i, '2025-01-01', 7, 63) AS bit FROM unnest('{0,1,7,8,441,442}'::int[]) i;
SELECT icp_period('infinity', '2025-01-01'), icp_period('2025-01-01', '-infinity'), icp_period('2025-01-01', 'infinity'), icp_period(NULL, '2025-01-01'), icp_period('2025-01-02', '2025-01-01', 1, 64), icp_period('2025-01-02', '2025-01-01', 0);
-- Renewals.
SELECT icp_renewed('2025-03-01', r, '2025-03-31') AS renewed FROM unnest('{2025-02-01,2025-03-31,2025-04-01,NULL}'::date[]) r;
SELECT icp_renewed('2025-03-01', '2025-02-01', '2025-03-30') AS too_early, icp_renewed(NULL, '2025-02-01', '2025-03-30') AS not_due, avg(icp_renewed(d, r, '2025-09-30')) AS of_three
FROM (VALUES (date '2025-01-01', date '2025-01-02'), ('2025-02-01', NULL), ('2025-09-20', NULL)) x (d, r);
-- A churn date.
SELECT icp_stayed('2025-01-01', c, '2025-06-30') AS stayed FROM unnest('{NULL,2025-06-30,2025-06-29,2025-02-15,2025-01-01,2024-12-31,infinity}'::date[]) c;
SELECT icp_stayed('2025-01-01', '2025-01-05', '2025-06-29') AS young, icp_stayed(NULL, NULL, '2025-06-29') AS no_start, icp_stayed('2025-01-01', NULL, NULL) AS immature, icp_stayed('2025-01-01', NULL, '2025-06-30', 0) AS no_age;
-- Wrong input.
SELECT icp_retention(0, '2025-01-01', '2025-06-30', 0);
SELECT icp_retention(0, '2025-01-01', '2025-06-30', 1, 64);
DROP TABLE orders;
