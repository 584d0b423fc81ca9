-- Scorecards: the probability of winning and the expected quality as sums of points.

CREATE TYPE icp_scorecard_row AS (
    target text, rank integer, feature text, value text, with_feature text, with_value text,
    points double precision, error double precision, n bigint, importance double precision, text text);
COMMENT ON TYPE icp_scorecard_row IS 'One line of a scorecard: result of icp_scorecard.';
COMMENT ON COLUMN icp_scorecard_row.target IS 'won: points are log-odds of winning; dqs: points of the deal quality score.';
COMMENT ON COLUMN icp_scorecard_row.rank IS 'Place of the term, 1 the most important; 0: what every lead starts from.';
COMMENT ON COLUMN icp_scorecard_row.feature IS 'The attribute; NULL where every lead starts.';
COMMENT ON COLUMN icp_scorecard_row.value IS 'Its category, or range of numbers (30–70: from 30 to below 70), or not known.';
COMMENT ON COLUMN icp_scorecard_row.with_feature IS 'The second attribute of an interaction; NULL for a term of one.';
COMMENT ON COLUMN icp_scorecard_row.with_value IS 'Its category or range.';
COMMENT ON COLUMN icp_scorecard_row.points IS 'What a lead with this value gets, a multiple of 2^-32. One line of each term applies; their sum is the score: log-odds, or the expected deal quality.';
COMMENT ON COLUMN icp_scorecard_row.error IS 'Standard error of the points; NULL where every lead starts.';
COMMENT ON COLUMN icp_scorecard_row.n IS 'Deals behind the line.';
COMMENT ON COLUMN icp_scorecard_row.importance IS 'Mean absolute points of the term over the deals learned from.';
COMMENT ON COLUMN icp_scorecard_row.text IS 'The same in words.';

CREATE FUNCTION icp_scorecard(model icp_model, language text DEFAULT 'en') RETURNS SETOF icp_scorecard_row
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 100 COST 1000 AS 'MODULE_PATHNAME', 'icp_scorecard_value';
COMMENT ON FUNCTION icp_scorecard(icp_model, text) IS 'The scorecards of a model, line by line: win_probability and expected_dqs of icp_score are sums of these points (a probability is the logistic function of its sum). A card without terms says that nothing told deals apart on deals not learned from. No rows where neither outcome nor quality could be learned. language (en, ru) is that of words.';
CREATE FUNCTION icp_scorecard(model text DEFAULT NULL, language text DEFAULT 'en') RETURNS SETOF icp_scorecard_row
LANGUAGE c STABLE PARALLEL SAFE ROWS 100 COST 1000 AS 'MODULE_PATHNAME', 'icp_scorecard_name';
COMMENT ON FUNCTION icp_scorecard(text, text) IS 'The scorecards of a registered model: a name as icp_load takes it; NULL or empty: the default.';

CREATE TYPE icp_reach_row AS (
    share double precision, threshold double precision, "precision" double precision, lo double precision, hi double precision,
    lift double precision, n bigint, pilot bigint);
COMMENT ON TYPE icp_reach_row IS 'What the best part of a list is worth: result of icp_reach.';
COMMENT ON COLUMN icp_reach_row.share IS 'Share of a list that is like the deals, the highest win_probability first: 0.01, 0.025, 0.05, 0.1.';
COMMENT ON COLUMN icp_reach_row.threshold IS 'The least win_probability in it.';
COMMENT ON COLUMN icp_reach_row."precision" IS 'Share of it that was won among deals not learned from, 0 to 1.';
COMMENT ON COLUMN icp_reach_row.lo IS 'Lower end of its 95 % interval, by companies.';
COMMENT ON COLUMN icp_reach_row.hi IS 'Upper end of its 95 % interval, by companies.';
COMMENT ON COLUMN icp_reach_row.lift IS 'precision against the win rate of all.';
COMMENT ON COLUMN icp_reach_row.n IS 'Deals behind it.';
COMMENT ON COLUMN icp_reach_row.pilot IS 'Leads of this part to work on before a lift of this size shows with power 0.8 at a one-sided 5 %; NULL where there is no lift.';

CREATE FUNCTION icp_reach(model icp_model) RETURNS SETOF icp_reach_row
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 4 COST 1000 AS 'MODULE_PATHNAME', 'icp_reach_value';
COMMENT ON FUNCTION icp_reach(icp_model) IS 'What to expect of the best 1, 2.5, 5 and 10 % of a list by win_probability, judged on deals not learned from. No rows without a scorecard for winning.';
CREATE FUNCTION icp_reach(model text DEFAULT NULL) RETURNS SETOF icp_reach_row
LANGUAGE c STABLE PARALLEL SAFE ROWS 4 COST 1000 AS 'MODULE_PATHNAME', 'icp_reach_name';
COMMENT ON FUNCTION icp_reach(text) IS 'The same of a registered model: a name as icp_load takes it; NULL or empty: the default.';

CREATE TYPE icp_reach_verdict AS (
    share double precision, leads bigint, won bigint, win_rate double precision, lo double precision, hi double precision,
    expected double precision, expected_lo double precision, expected_hi double precision, usual double precision,
    p_usual double precision, p_expected double precision, verdict text, missing bigint);
COMMENT ON TYPE icp_reach_verdict IS 'What a pilot says of a part of a list: result of icp_reach_check.';
COMMENT ON COLUMN icp_reach_verdict.share IS 'The part: the best of the list by win_probability.';
COMMENT ON COLUMN icp_reach_verdict.leads IS 'Leads of it that were worked on and are decided.';
COMMENT ON COLUMN icp_reach_verdict.won IS 'Of those, won.';
COMMENT ON COLUMN icp_reach_verdict.win_rate IS 'won by leads; NULL where there are none.';
COMMENT ON COLUMN icp_reach_verdict.lo IS 'Lower end of its exact 95 % interval (Clopper & Pearson 1934).';
COMMENT ON COLUMN icp_reach_verdict.hi IS 'Upper end of its exact 95 % interval.';
COMMENT ON COLUMN icp_reach_verdict.expected IS 'precision of icp_reach: what deals not learned from gave.';
COMMENT ON COLUMN icp_reach_verdict.expected_lo IS 'Lower end of its 95 % interval.';
COMMENT ON COLUMN icp_reach_verdict.expected_hi IS 'Upper end of its 95 % interval.';
COMMENT ON COLUMN icp_reach_verdict.usual IS 'Win rate of all the deals the card was judged on.';
COMMENT ON COLUMN icp_reach_verdict.p_usual IS 'Probability of as many won or more if the part were as the usual (exact binomial test).';
COMMENT ON COLUMN icp_reach_verdict.p_expected IS 'Probability of as few won or fewer if the part were as expected_lo.';
COMMENT ON COLUMN icp_reach_verdict.verdict IS 'too_early: the pilot has not its size yet; confirmed: better than the usual (p_usual at most 0.05); refuted: worse than expected (p_expected at most 0.05); unclear: neither; no_lift_expected: icp_reach promises none, so no size was set.';
COMMENT ON COLUMN icp_reach_verdict.missing IS 'Leads until the pilot has its size; 0 where it has.';

CREATE FUNCTION icp_reach_check(model icp_model, share double precision, leads bigint, won bigint) RETURNS icp_reach_verdict
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'icp_reach_check_value';
COMMENT ON FUNCTION icp_reach_check(icp_model, double precision, bigint, bigint) IS 'Whether a pilot on the best part of a list (share: one that icp_reach has) keeps what icp_reach promised, from the counts of its leads that are decided and of those won, one a company. No verdict before the size that icp_reach names: looking again and again until it fits would find what is not there. NULL where share, leads or won is NULL; a share that icp_reach has not, counts below 0 or more won than leads are errors (22023).';
CREATE FUNCTION icp_reach_check(model text, share double precision, leads bigint, won bigint) RETURNS icp_reach_verdict
LANGUAGE c STABLE PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME', 'icp_reach_check_name';
COMMENT ON FUNCTION icp_reach_check(text, double precision, bigint, bigint) IS 'The same of a registered model: a name as icp_load takes it; NULL: the default.';
