-- The client potential matrix: nine cells of potential (low, medium, high) × progress (none, partial, reached).

CREATE TYPE potential_cell_name AS ENUM (
    'low_priority', 'developing', 'stable',
    'promising', 'development_focus', 'key',
    'capture_priority', 'strategic', 'vip');
COMMENT ON TYPE potential_cell_name IS
'Cell of the client potential matrix, in the order of its numbers 1 to 9: low potential (low_priority, developing, stable), medium (promising, development_focus, key), high (capture_priority, strategic, vip); within each, nothing bought, part of the potential bought, potential reached.';

CREATE FUNCTION potential_cell(
    potential numeric, purchases numeric,
    low numeric DEFAULT 50000, high numeric DEFAULT 500000, reached_from numeric DEFAULT 1.0)
RETURNS potential_cell_name
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'potential_cell_numeric';
COMMENT ON FUNCTION potential_cell(numeric, numeric, numeric, numeric, numeric) IS
'Cell of a client: potential is the most it could buy in a year, purchases what it bought in that year, in one currency. Below low the potential is low, above high it is high; both bounds belong to medium. Purchases of 0 or less (returns) are no progress, from reached_from (above 0, at most 1) of the potential on it is reached. NULL where an argument is NULL or the potential is 0. A negative potential, a negative low, low above high, NaN or an infinity is an error (22023). Exact in decimals.';

CREATE FUNCTION potential_cell(
    potential double precision, purchases double precision,
    low double precision DEFAULT 50000, high double precision DEFAULT 500000, reached_from double precision DEFAULT 1.0)
RETURNS potential_cell_name
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'potential_cell_double';
COMMENT ON FUNCTION potential_cell(double precision, double precision, double precision, double precision, double precision) IS
'Cell of a client, as potential_cell of numeric, for amounts in double precision.';

CREATE FUNCTION potential_cell_number(cell potential_cell_name)
RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION potential_cell_number(potential_cell_name) IS
'Number of a cell in the client potential matrix, 1 (low_priority) to 9 (vip).';

CREATE FUNCTION potential_cell_title(cell potential_cell_name, language text DEFAULT 'en')
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION potential_cell_title(potential_cell_name, text) IS
'Title of a cell in words; language is en or ru, another is an error (22023).';

CREATE FUNCTION potential_cell_strategy(cell potential_cell_name, language text DEFAULT 'en')
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION potential_cell_strategy(potential_cell_name, text) IS
'What to do with the clients of a cell, in words; language is en or ru, another is an error (22023).';

