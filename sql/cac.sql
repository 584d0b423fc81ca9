-- Acquisition costs, shared out over the deals that they brought.

CREATE FUNCTION icp_allocate(total numeric, weight numeric DEFAULT 1, digits integer DEFAULT 2) RETURNS numeric
LANGUAGE c IMMUTABLE WINDOW PARALLEL SAFE COST 10 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_allocate(numeric, numeric, integer) IS
'Window function: shares total out over the rows of the partition, in proportion to weight, so that the shares sum to it exactly. A share is a multiple of 10^-digits (digits 0 to 30; of the last digit of total where that has more): all are rounded down, and the units left over go to the largest remainders, equal ones in the order of the window (largest remainder method, Hamilton 1792). So order by a unique key, that the same rows give the same shares. total must be the same in all rows of a partition; NULL: NULL. A weight that is NULL counts 0; where no weight is above 0 all rows share alike, so that nothing is lost. A negative total is shared out as its opposite. Errors (22023): a negative weight, NaN or an infinity, totals that differ.';
