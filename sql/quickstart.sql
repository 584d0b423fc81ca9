-- A rough first version of the profile: what unites the few best deals.

CREATE TYPE icp_quick_start_row AS (
    rank bigint, attribute text, predicate text, share_best double precision, share_rest double precision, lift double precision,
    n_best bigint, n_rest bigint, known_best double precision, best text, best_n bigint, best_companies bigint, rest_n bigint,
    reliability text);
COMMENT ON TYPE icp_quick_start_row IS 'An attribute that unites the best deals: element of the result of icp_quick_start.';
COMMENT ON COLUMN icp_quick_start_row.rank IS 'By share_best less share_rest, from 1.';
COMMENT ON COLUMN icp_quick_start_row.attribute IS 'The attribute in words: a category, a pair of categories, a range, an item.';
COMMENT ON COLUMN icp_quick_start_row.predicate IS 'The same as SQL over the columns of the rows.';
COMMENT ON COLUMN icp_quick_start_row.share_best IS 'Share of the best deals that have it, among those whose value is known, 0 to 1; at least one half.';
COMMENT ON COLUMN icp_quick_start_row.share_rest IS 'The same share of the other closed deals; NULL where nothing is known of any.';
COMMENT ON COLUMN icp_quick_start_row.lift IS 'share_best over share_rest.';
COMMENT ON COLUMN icp_quick_start_row.n_best IS 'Best deals that have it.';
COMMENT ON COLUMN icp_quick_start_row.n_rest IS 'Other closed deals that have it.';
COMMENT ON COLUMN icp_quick_start_row.known_best IS 'Share of the best deals whose value is known, 0 to 1.';
COMMENT ON COLUMN icp_quick_start_row.best IS 'What makes a deal one of the best.';
COMMENT ON COLUMN icp_quick_start_row.best_n IS 'How many they are; equal values are all in.';
COMMENT ON COLUMN icp_quick_start_row.best_companies IS 'Their companies.';
COMMENT ON COLUMN icp_quick_start_row.rest_n IS 'The other closed deals.';
COMMENT ON COLUMN icp_quick_start_row.reliability IS 'Always exploratory: the same few deals chose the attribute and vouch for it.';

CREATE FUNCTION icp_quick_start_final(state icp_sample) RETURNS icp_quick_start_row[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_quick_start_final(icp_sample) IS 'Final function of icp_quick_start.';
CREATE AGGREGATE icp_quick_start(deal record, options jsonb) (
    SFUNC = icp_sample_add, STYPE = icp_sample, SSPACE = 100000000, COMBINEFUNC = icp_sample_merge,
    FINALFUNC = icp_quick_start_final, FINALFUNC_MODIFY = READ_ONLY, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_quick_start(record, jsonb) IS
'The attributes that most unite the best deals, exploratory: the 20 won deals with the highest DQS, or by the option target: top_margin (the top 20 % by the column margin, rounded up), shortest_cycle, most_active (the column activity), highest_nps (the column nps), or the name of a column that is a number. Options: those of icp_fit, target, {"language": "en" or "ru"} for the words, and {"quick_start": {"n": 20, "k": 3, "share": 0.2, "margin", "nps", "activity"}}. Nothing unites them: an empty array. No rows: NULL. Errors: no such column (42703), nothing known to tell the best by, an unknown option.';
CREATE AGGREGATE icp_quick_start(deal jsonb, options jsonb) (
    SFUNC = icp_sample_add, STYPE = icp_sample, SSPACE = 100000000, COMBINEFUNC = icp_sample_merge,
    FINALFUNC = icp_quick_start_final, FINALFUNC_MODIFY = READ_ONLY, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_quick_start(jsonb, jsonb) IS 'The same over JSON objects.';
