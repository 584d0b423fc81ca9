-- Calendar days and working days.
SELECT icp_cycle_days(date '2025-09-26', date '2025-09-29') AS calendar, icp_cycle_days(date '2025-09-26', date '2025-09-29', working => true) AS working,
       icp_cycle_days(date '2025-09-26', date '2025-09-26') AS same_day, icp_cycle_days(date '2025-09-26', date '2025-09-25') AS wrong, icp_cycle_days(NULL::date, date '2025-09-25') AS unknown,
       icp_cycle_days(date '2025-09-26', 'infinity'::date) AS never;
SELECT icp_working_days('2011-01-01', '2012-01-01') AS year, icp_working_days('2011-01-01', '2012-01-01', weekend => '{}') AS all_days, icp_working_days('2011-01-01', '2012-01-01', weekend => '{5,6}') AS friday_saturday,
       icp_working_days('2011-01-01', '2012-01-01', holidays => '{2011-01-03,2011-01-03,2011-01-08,2012-01-02}') AS holidays, icp_working_days('2011-01-01', '2012-01-01', NULL, NULL) AS defaults,
       icp_working_days('2011-01-02', '2011-01-01') AS wrong, icp_working_days(NULL, '2011-01-01') AS unknown;
-- Every pair of types, in three zones of the session: the days are those of UTC, or of the zone named.
CREATE TABLE t AS SELECT date '2025-03-09' AS d1, timestamp '2025-03-09 23:30' AS t1, timestamptz '2025-03-09 23:30+00' AS z1, date '2025-04-08' AS d2, timestamp '2025-04-08 00:30' AS t2, timestamptz '2025-04-08 00:30+00' AS z2;
CREATE VIEW v AS SELECT ARRAY[icp_cycle_days(d1, d2), icp_cycle_days(d1, t2), icp_cycle_days(d1, z2), icp_cycle_days(t1, d2), icp_cycle_days(t1, t2), icp_cycle_days(t1, z2), icp_cycle_days(z1, d2), icp_cycle_days(z1, t2), icp_cycle_days(z1, z2)] AS utc,
  ARRAY[icp_cycle_days(d1, z2, zone => 'Asia/Tokyo'), icp_cycle_days(z1, d2, zone => 'Asia/Tokyo'), icp_cycle_days(z1, z2, zone => 'America/New_York'), icp_cycle_days(z1, z2, true, zone => 'Asia/Tokyo')] AS elsewhere FROM t;
SET TimeZone = 'UTC';
SELECT * FROM v;
SET TimeZone = 'Asia/Tokyo';
SELECT * FROM v;
SET TimeZone = 'America/New_York';
SELECT * FROM v;
RESET TimeZone;
-- Bare literals are moments of the session's zone where there is a choice of types; dates are dates.
SET TimeZone = 'Asia/Tokyo';
SELECT icp_day('2025-03-09') AS bare, icp_day(date '2025-03-09') AS of_date, icp_cycle_days('2025-03-09', '2025-03-12') AS bare_cycle, icp_cycle_days(NULL, NULL) AS nothing;
PREPARE p AS SELECT icp_cycle_days($1, $2);
EXECUTE p ('2025-03-09', '2025-03-12');
DEALLOCATE p;
RESET TimeZone;
-- A payment before the first contact is said by icp_check; the DQS goes by what else is known.
CREATE VIEW deals AS SELECT i AS deal_id, i AS company_id, 'won' AS outcome, date '2025-01-10' AS first_contact_at, date '2025-01-08' + i AS closed_at, icp_cycle_days(date '2025-01-10', date '2025-01-08' + i) AS cycle_days, 0.5 AS retention, 10 AS effort FROM generate_series(0, 4) i;
SELECT deal_id, cycle_days, dqs(NULL, NULL, cycle_days, retention::float8, effort) FROM deals ORDER BY 1;
SELECT severity, column_name, rows, message FROM icp_check('deals') WHERE message LIKE 'closed before%';
DROP VIEW deals;
-- Wrong input.
SELECT icp_working_days('2011-01-01', '2012-01-01', weekend => '{0}');
SELECT icp_working_days('2011-01-01', '2012-01-01', weekend => '{6,NULL}');
SELECT icp_working_days('2011-01-01', '2012-01-01', holidays => '{{2011-01-03}}');
SELECT icp_cycle_days(z1, z2, zone => 'nowhere') FROM t;
DROP TABLE t CASCADE;
