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
