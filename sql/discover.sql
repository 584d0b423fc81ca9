-- Rules: what unites the rows whose target is high, or low.

CREATE FUNCTION icp_sample_add(state icp_sample, row_value record, target text, options jsonb) RETURNS icp_sample
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'icp_sample_add_record_target';
COMMENT ON FUNCTION icp_sample_add(icp_sample, record, text, jsonb) IS 'Transition function of icp_discover, icp_associations and icp_tess over rows.';
CREATE FUNCTION icp_sample_add(state icp_sample, row_value jsonb, target text, options jsonb) RETURNS icp_sample
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'icp_sample_add_jsonb_target';
COMMENT ON FUNCTION icp_sample_add(icp_sample, jsonb, text, jsonb) IS 'Transition function of icp_discover, icp_associations and icp_tess over JSON objects.';

CREATE TYPE icp_rule AS (
    rank bigint, rule text, predicate text, population text, n bigint, value double precision,
    lo double precision, hi double precision, lift_ratio double precision, lift_diff double precision,
    p_adjusted double precision, holdout_n bigint, holdout_value double precision,
    n_companies bigint, significant boolean, reliability text, search text, target text);
COMMENT ON TYPE icp_rule IS 'A rule and what it is worth: element of the result of icp_discover, row of icp_rules.';
COMMENT ON COLUMN icp_rule.rank IS 'By the test statistic, on all rows that had a say in choosing the rules, from 1 for each target.';
COMMENT ON COLUMN icp_rule.rule IS 'The conditions in words.';
COMMENT ON COLUMN icp_rule.predicate IS 'The conditions as SQL over the columns of the rows; numeric ranges include their lower bound and not their upper.';
COMMENT ON COLUMN icp_rule.population IS 'SQL: the rows among which n are counted, those whose target is known; of icp_rules closed and mature besides. For the DQS the view needs the alias d.';
COMMENT ON COLUMN icp_rule.n IS 'Rows of the population that satisfy the predicate.';
COMMENT ON COLUMN icp_rule.value IS 'Mean of the target over those rows (a share for a boolean). These rows chose the rule: it flatters.';
COMMENT ON COLUMN icp_rule.lo IS 'Lower end of the 95 % interval of the true mean, from the held-out rows; NULL below 20 of them or 10 companies.';
COMMENT ON COLUMN icp_rule.hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_rule.lift_ratio IS 'holdout_value over the mean of all held-out rows; NULL where that is not positive.';
COMMENT ON COLUMN icp_rule.lift_diff IS 'holdout_value less the mean of all held-out rows.';
COMMENT ON COLUMN icp_rule.p_adjusted IS 'Probability of so large a difference anywhere in the search where there is nothing to find; at most 0.05 in a list that is not asked for all.';
COMMENT ON COLUMN icp_rule.holdout_n IS 'Rows that satisfy the predicate and did not choose it, or only between rules that overlap.';
COMMENT ON COLUMN icp_rule.holdout_value IS 'Mean of the target over them: the honest figure. NULL without such rows.';
COMMENT ON COLUMN icp_rule.n_companies IS 'Companies of the n rows: the independent units of every test and interval.';
COMMENT ON COLUMN icp_rule.significant IS 'Whether p_adjusted is at most 0.05.';
COMMENT ON COLUMN icp_rule.reliability IS 'normal, or exploratory where too few rows were held out for an interval.';
COMMENT ON COLUMN icp_rule.search IS 'Whether every rule was tried or a beam search was made, how many conditions a rule may have, how many rules were tried.';
COMMENT ON COLUMN icp_rule.target IS 'What the value is the mean of: won (the win rate), dqs, or the column that icp_discover was asked about.';

CREATE FUNCTION icp_discover_final(state icp_sample) RETURNS icp_rule[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_discover_final(icp_sample) IS 'Final function of icp_discover.';
CREATE AGGREGATE icp_discover(row_value record, target text, options jsonb) (
    SFUNC = icp_sample_add, STYPE = icp_sample, SSPACE = 100000000, COMBINEFUNC = icp_sample_merge,
    FINALFUNC = icp_discover_final, FINALFUNC_MODIFY = READ_ONLY, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_discover(record, text, jsonb) IS
'Rules for the rows whose target (the name of a numeric or boolean column, or of the role outcome) is high or low, significant over everything searched at 5 %; an empty array where there is nothing, NULL for no rows. Rows whose target is NULL are left out. Options: those of icp_fit, {"language": "en" or "ru"} for the words, and {"rules": {"depth", "top", "direction", "holdout", "min_companies", "missing", "permutations", "exponent", "all"}}. Errors: no such column (42703), a target that is neither number nor boolean, an unknown option.';
CREATE AGGREGATE icp_discover(row_value jsonb, target text, options jsonb) (
    SFUNC = icp_sample_add, STYPE = icp_sample, SSPACE = 100000000, COMBINEFUNC = icp_sample_merge,
    FINALFUNC = icp_discover_final, FINALFUNC_MODIFY = READ_ONLY, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_discover(jsonb, text, jsonb) IS 'The same over JSON objects.';

-- The rules of a model.

CREATE FUNCTION icp_rules(model icp_model, language text DEFAULT 'en') RETURNS SETOF icp_rule
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 10 COST 1000 AS 'MODULE_PATHNAME', 'icp_rules_value';
COMMENT ON FUNCTION icp_rules(icp_model, text) IS 'Rules found when a model was learned: for winning (target won) and for the quality of won deals (target dqs), significant within the one error budget of the fit; none where there is nothing. Where the model is not saved, $1 in the population stands for it.';
CREATE FUNCTION icp_rules(model text DEFAULT NULL, language text DEFAULT 'en') RETURNS SETOF icp_rule
LANGUAGE c STABLE PARALLEL SAFE ROWS 10 COST 1000 AS 'MODULE_PATHNAME', 'icp_rules_name';
COMMENT ON FUNCTION icp_rules(text, text) IS 'The rules of a registered model.';
