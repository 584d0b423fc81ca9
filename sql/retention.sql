-- Retention, 0 to 1, from purchases, renewals or a churn date: unknown, not zero, until a customer is old enough.

CREATE FUNCTION icp_period(bought_on date, since date, every integer DEFAULT 30, periods integer DEFAULT 6) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN icp_period.bought_on OPERATOR(pg_catalog.>) icp_period.since AND icp_period.periods OPERATOR(pg_catalog.<=) 63
             AND icp_period.bought_on OPERATOR(pg_catalog.<=) (icp_period.since OPERATOR(pg_catalog.+) (icp_period.every OPERATOR(pg_catalog.*) icp_period.periods))
            THEN 1::pg_catalog.int8 OPERATOR(pg_catalog.<<)
                 ((icp_period.bought_on OPERATOR(pg_catalog.-) icp_period.since OPERATOR(pg_catalog.-) 1) OPERATOR(pg_catalog./) icp_period.every) END
$$;
COMMENT ON FUNCTION icp_period(date, date, integer, integer) IS
'The period in which a purchase lies, as one bit of 63: the first begins the day after since (the first payment) and each lasts every days. bit_or() of them are the periods with a purchase, which icp_retention() counts; they merge by bit_or again. NULL outside the periods, and where there are more than 63. For times write icp_day(bought_at).';

CREATE FUNCTION icp_retention(bought bigint, since date, until date, every integer DEFAULT 30, periods integer DEFAULT 6) RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_retention(bigint, date, date, integer, integer) IS
'Retention from purchases: the share of the expected periods in which the customer bought. bought is bit_or(icp_period(…)) with the same since, every and periods; NULL: it bought in none. NULL, not 0, until all periods have passed by until: who is younger is unknown. Choose every as the time within which a good customer buys again. every below 1, or periods other than 1 to 63, is an error (22023).';

CREATE FUNCTION icp_renewed(due_on date, renewed_on date, until date, grace integer DEFAULT 30) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN icp_renewed.due_on OPERATOR(pg_catalog.+) icp_renewed.grace OPERATOR(pg_catalog.<=) icp_renewed.until
            THEN CASE WHEN icp_renewed.renewed_on OPERATOR(pg_catalog.<=) (icp_renewed.due_on OPERATOR(pg_catalog.+) icp_renewed.grace) THEN 1 ELSE 0 END END
$$;
COMMENT ON FUNCTION icp_renewed(date, date, date, integer) IS
'Whether a renewal that was due came within grace days: 1 or 0, and NULL until these have passed by until, also where it has come already (else only good news would count of what is young). renewed_on NULL: not renewed. avg() of it over the renewals of a customer is its retention; NULL where none was due.';

CREATE FUNCTION icp_stayed(since date, churned_on date, until date, age integer DEFAULT 180) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN icp_stayed.age OPERATOR(pg_catalog.<=) 0 OR icp_stayed.since OPERATOR(pg_catalog.+) icp_stayed.age OPERATOR(pg_catalog.>) icp_stayed.until
                 OR icp_stayed.until IS NULL OR NOT pg_catalog.isfinite(icp_stayed.since) OR icp_stayed.churned_on OPERATOR(pg_catalog.<) icp_stayed.since THEN NULL
            WHEN icp_stayed.churned_on OPERATOR(pg_catalog.<) (icp_stayed.since OPERATOR(pg_catalog.+) icp_stayed.age)
            THEN (icp_stayed.churned_on OPERATOR(pg_catalog.-) icp_stayed.since)::pg_catalog.float8 OPERATOR(pg_catalog./) icp_stayed.age
            WHEN icp_stayed.since IS NOT NULL THEN 1 END
$$;
COMMENT ON FUNCTION icp_stayed(date, date, date, integer) IS
'Retention from a churn date: the share of its first age days that a customer stayed, 1 where it stayed them all; churned_on NULL: it is still one. NULL until age days have passed by until, also where it has left already (else only bad news would count of who is young), and where it left before it came.';
