-- Money in one reporting currency, by dated rates.

CREATE TABLE icp_currency_rates (
    currency text COLLATE "C" NOT NULL CONSTRAINT icp_currency_rates_currency CHECK (currency <> '' AND currency = upper(btrim(currency))),
    base text COLLATE "C" NOT NULL CONSTRAINT icp_currency_rates_base CHECK (base <> '' AND base = upper(btrim(base)) AND base <> currency),
    valid_from date NOT NULL CONSTRAINT icp_currency_rates_valid_from CHECK (isfinite(valid_from)),
    rate numeric NOT NULL CONSTRAINT icp_currency_rates_rate CHECK (rate > 0 AND rate - rate = 0),
    source text,
    CONSTRAINT icp_currency_rates_pkey PRIMARY KEY (currency, base, valid_from));
ALTER TABLE icp_currency_rates OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_currency_rates', '');
COMMENT ON TABLE icp_currency_rates IS
'What one unit of a currency is worth in another, from a day on until the next row of the same pair. Filled by you. No rate is turned round or made of two others: insert each pair that you convert.';
COMMENT ON COLUMN icp_currency_rates.currency IS 'The currency of the amounts: a code in upper case, as USD.';
COMMENT ON COLUMN icp_currency_rates.base IS 'The currency they are converted to.';
COMMENT ON COLUMN icp_currency_rates.valid_from IS 'First day on which the rate is in force.';
COMMENT ON COLUMN icp_currency_rates.rate IS 'Units of base for one unit of currency; above 0.';
COMMENT ON COLUMN icp_currency_rates.source IS 'Where the rate comes from.';

CREATE FUNCTION icp_currency(currency text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN pg_catalog.btrim(icp_currency.currency) OPERATOR(pg_catalog.<>) '' THEN pg_catalog.upper(pg_catalog.btrim(icp_currency.currency) COLLATE "C") END
$$;
COMMENT ON FUNCTION icp_currency(text) IS 'The code of a currency as icp_currency_rates has it: without blanks around it, in upper case; NULL where nothing is left.';

CREATE FUNCTION icp_rate(currency text, at date, base text) RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 AS $$
SELECT CASE WHEN @extschema@.icp_currency(icp_rate.currency) OPERATOR(pg_catalog.=) @extschema@.icp_currency(icp_rate.base) THEN 1
    ELSE (SELECT r.rate FROM @extschema@.icp_currency_rates r
          WHERE r.currency OPERATOR(pg_catalog.=) @extschema@.icp_currency(icp_rate.currency)
            AND r.base OPERATOR(pg_catalog.=) @extschema@.icp_currency(icp_rate.base) AND r.valid_from OPERATOR(pg_catalog.<=) icp_rate.at
          ORDER BY r.valid_from DESC LIMIT 1) END
$$;
COMMENT ON FUNCTION icp_rate(text, date, text) IS
'Units of base for one unit of currency on a day: the latest rate of icp_currency_rates dated at or before it; 1 where both are the same. NULL where there is none, or an argument is not known.';

CREATE FUNCTION icp_money(amount numeric, currency text, at date, base text) RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT CASE WHEN icp_money.amount OPERATOR(pg_catalog.-) icp_money.amount OPERATOR(pg_catalog.=) 0 THEN
    CASE WHEN icp_money.currency OPERATOR(pg_catalog.=) @extschema@.icp_currency(icp_money.base)
           OR @extschema@.icp_currency(icp_money.currency) OPERATOR(pg_catalog.=) @extschema@.icp_currency(icp_money.base) THEN icp_money.amount
         ELSE icp_money.amount OPERATOR(pg_catalog.*) @extschema@.icp_rate(icp_money.currency, icp_money.at, icp_money.base) END END
$$;
COMMENT ON FUNCTION icp_money(numeric, text, date, text) IS
'An amount in the reporting currency, by the latest rate of icp_currency_rates dated at or before the day; unrounded. NULL where the amount, its currency or day is not known, or there is no rate: never a guess. Sum with icp_total(), which does not pass over a NULL, and look at icp_missing_rates(). For many rows CROSS JOIN LATERAL icp_convert() is faster: it looks up each currency and day once.';
CREATE FUNCTION icp_money(amount numeric, currency text, at timestamp, base text) RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT @extschema@.icp_money(icp_money.amount, icp_money.currency, @extschema@.icp_day(icp_money.at), icp_money.base)
$$;
COMMENT ON FUNCTION icp_money(numeric, text, timestamp, text) IS 'An amount in the reporting currency, as icp_money of a date; the day of at as it is written.';
CREATE FUNCTION icp_money(amount numeric, currency text, at timestamptz, base text) RETURNS numeric
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT @extschema@.icp_money(icp_money.amount, icp_money.currency, @extschema@.icp_day(icp_money.at), icp_money.base)
$$;
COMMENT ON FUNCTION icp_money(numeric, text, timestamptz, text) IS 'An amount in the reporting currency, as icp_money of a date; the day of at in UTC, never in the zone of the session.';

CREATE TYPE icp_conversion AS (amount numeric, rate numeric, rated_on date, missing boolean);
COMMENT ON TYPE icp_conversion IS 'An amount in the reporting currency: result of icp_convert.';
COMMENT ON COLUMN icp_conversion.amount IS 'The amount in the reporting currency, unrounded; NULL where the amount or its rate is not known.';
COMMENT ON COLUMN icp_conversion.rate IS 'The rate used; 1 where the amount is in the reporting currency already, NULL where there is none.';
COMMENT ON COLUMN icp_conversion.rated_on IS 'The day from which that rate is in force; NULL where none was needed or found.';
COMMENT ON COLUMN icp_conversion.missing IS 'Whether there is an amount but no rate for it: no currency, no day, or no row of icp_currency_rates.';

CREATE FUNCTION icp_convert(amount numeric, currency text, at date, base text) RETURNS SETOF icp_conversion
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
SELECT CASE WHEN icp_convert.amount OPERATOR(pg_catalog.-) icp_convert.amount OPERATOR(pg_catalog.=) 0 THEN icp_convert.amount OPERATOR(pg_catalog.*) q.rate END,
       q.rate, q.rated_on, q.rate IS NULL AND icp_convert.amount OPERATOR(pg_catalog.-) icp_convert.amount OPERATOR(pg_catalog.=) 0 IS TRUE
-- One row, by the aggregate, and no join: so the planner can keep (Memoize) the rate of a currency and day.
FROM (SELECT pg_catalog.max(x.rate) AS rate, pg_catalog.max(x.valid_from) AS rated_on
      FROM (SELECT 1::pg_catalog.numeric AS rate, NULL::pg_catalog.date AS valid_from
            WHERE @extschema@.icp_currency(icp_convert.currency) OPERATOR(pg_catalog.=) @extschema@.icp_currency(icp_convert.base)
            UNION ALL
            (SELECT r.rate, r.valid_from FROM @extschema@.icp_currency_rates r
             WHERE @extschema@.icp_currency(icp_convert.currency) OPERATOR(pg_catalog.<>) @extschema@.icp_currency(icp_convert.base)
               AND r.currency OPERATOR(pg_catalog.=) @extschema@.icp_currency(icp_convert.currency)
               AND r.base OPERATOR(pg_catalog.=) @extschema@.icp_currency(icp_convert.base) AND r.valid_from OPERATOR(pg_catalog.<=) icp_convert.at
             ORDER BY r.valid_from DESC LIMIT 1)) x) q
$$;
COMMENT ON FUNCTION icp_convert(numeric, text, date, text) IS
'As icp_money, for FROM … CROSS JOIN LATERAL: one row with the amount in the reporting currency, the rate, the day from which it is in force, and the flag missing. From PostgreSQL 14 on each currency and day is looked up once a query. For times write icp_day(at).';

CREATE TYPE icp_missing_rate AS (problem text, currency text, row_count bigint, amount numeric, first_on date, last_on date, hint text);
COMMENT ON TYPE icp_missing_rate IS 'Amounts that cannot be converted as they should: result of icp_missing_rates.';
COMMENT ON COLUMN icp_missing_rate.problem IS 'A key: no currency, no day, no rate; old rate: converted, by a rate older than max_age days.';
COMMENT ON COLUMN icp_missing_rate.currency IS 'The currency of the amounts; NULL where it is not known.';
COMMENT ON COLUMN icp_missing_rate.row_count IS 'How many amounts.';
COMMENT ON COLUMN icp_missing_rate.amount IS 'Their sum, in that currency.';
COMMENT ON COLUMN icp_missing_rate.first_on IS 'Earliest day among them.';
COMMENT ON COLUMN icp_missing_rate.last_on IS 'Latest day among them.';
COMMENT ON COLUMN icp_missing_rate.hint IS 'What to do.';

CREATE FUNCTION icp_missing_rates(source regclass, base text, amount text DEFAULT 'amount', currency text DEFAULT 'currency', at text DEFAULT 'at', max_age integer DEFAULT 31, language text DEFAULT 'en')
RETURNS SETOF icp_missing_rate
LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 10 COST 100000 AS $$
DECLARE
    ru CONSTANT boolean := @extschema@.icp_language(coalesce(icp_missing_rates.language, 'en')) OPERATOR(pg_catalog.=) 'ru';
BEGIN
    IF icp_missing_rates.source IS NULL OR @extschema@.icp_currency(icp_missing_rates.base) IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'the source or the reporting currency is NULL',
            HINT = 'For example icp_missing_rates(''sales_order'', ''EUR'', at => ''ordered_on'').';
    END IF;
    IF icp_missing_rates.amount IS NULL OR icp_missing_rates.currency IS NULL OR icp_missing_rates.at IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed',
            MESSAGE = pg_catalog.format('the name of the column "%s" is NULL', CASE WHEN icp_missing_rates.amount IS NULL THEN 'amount' WHEN icp_missing_rates.currency IS NULL THEN 'currency' ELSE 'at' END),
            HINT = 'For example icp_missing_rates(''sales_order'', ''EUR'', at => ''ordered_on'').';
    END IF;
    RETURN QUERY EXECUTE pg_catalog.format($query$
        SELECT p.problem, p.currency, pg_catalog.count(*), pg_catalog.sum(p.amount), pg_catalog.min(p.day), pg_catalog.max(p.day),
               CASE p.problem WHEN 'no currency' THEN CASE WHEN $3 THEN 'заполните столбец валюты: никакая не подразумевается' ELSE 'fill the column of the currency: none is assumed' END
                   WHEN 'no day' THEN CASE WHEN $3 THEN 'заполните столбец дня' ELSE 'fill the column of the day' END
                   WHEN 'no rate' THEN pg_catalog.format(CASE WHEN $3 THEN 'внесите в icp_currency_rates курс %%s к %%s, действующий с %%s или раньше'
                       ELSE 'insert a rate of %%s to %%s valid from %%s or before into icp_currency_rates' END, p.currency, $1, pg_catalog.min(p.day))
                   ELSE pg_catalog.format(CASE WHEN $3 THEN 'внесите курсы %%s к %%s с %%s по %%s: использованным до %%s дней'
                       ELSE 'insert rates of %%s to %%s from %%s to %%s: those used are up to %%s days old' END, p.currency, $1,
                       pg_catalog.min(p.day), pg_catalog.max(p.day), pg_catalog.max(p.age)) END
        FROM (SELECT s.amount, s.currency, s.day, a.age,
                     CASE WHEN c.missing THEN CASE WHEN s.currency IS NULL THEN 'no currency' WHEN s.day IS NULL THEN 'no day' ELSE 'no rate' END
                          WHEN c.amount IS NOT NULL AND a.age OPERATOR(pg_catalog.>) $2 THEN 'old rate' END AS problem
              FROM (SELECT r.%I::pg_catalog.numeric AS amount, @extschema@.icp_currency(r.%I::pg_catalog.text) AS currency, @extschema@.icp_day(r.%I) AS day FROM %s r) s
              CROSS JOIN LATERAL @extschema@.icp_convert(s.amount, s.currency, s.day, $1) c
              CROSS JOIN LATERAL (SELECT CASE WHEN pg_catalog.isfinite(s.day) THEN s.day OPERATOR(pg_catalog.-) c.rated_on END AS age) a) p
        WHERE p.problem IS NOT NULL GROUP BY p.problem, p.currency ORDER BY p.problem COLLATE "C", p.currency COLLATE "C"
        $query$, icp_missing_rates.amount, icp_missing_rates.currency, icp_missing_rates.at, icp_missing_rates.source)
    USING @extschema@.icp_currency(icp_missing_rates.base), icp_missing_rates.max_age, ru;
END
$$;
COMMENT ON FUNCTION icp_missing_rates(regclass, text, text, text, text, integer, text) IS
'Amounts of a table or view that have no rate to the reporting currency base, by currency, and those whose rate is older than max_age days (NULL: any age will do). amount, currency and at name the columns. The language of hint is en or ru (another: 22023); problem is a key in any. No rows: all is well. Reads with the privileges of the caller. A column that there is not is an error (42703), a name of a column that is NULL too (22004).';
