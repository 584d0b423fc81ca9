-- What a client could buy in a year, estimated from what comparable clients do buy.

CREATE TYPE potential_model;
CREATE FUNCTION potential_model_in(cstring) RETURNS potential_model
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION potential_model_in(cstring) IS 'Input of potential_model.';
CREATE FUNCTION potential_model_out(potential_model) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION potential_model_out(potential_model) IS 'Output of potential_model.';
CREATE FUNCTION potential_model_recv(internal) RETURNS potential_model
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION potential_model_recv(internal) IS 'Binary input of potential_model.';
CREATE FUNCTION potential_model_send(potential_model) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION potential_model_send(potential_model) IS 'Binary output of potential_model.';
CREATE TYPE potential_model (
    INPUT = potential_model_in, OUTPUT = potential_model_out, RECEIVE = potential_model_recv, SEND = potential_model_send,
    ALIGNMENT = double, STORAGE = extended);
COMMENT ON TYPE potential_model IS
'What potential_fit has learned of the annual purchases of clients: a quantile of them given the attributes of a company, calibrated for each cohort. Read by potential_estimate, potential_evidence, potential_groups, potential_summary and potential_diagnostics. Its text is JSON without loss.';

CREATE FUNCTION potential_fit_final(state icp_sample) RETURNS potential_model
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION potential_fit_final(icp_sample) IS 'Final function of potential_fit.';
CREATE AGGREGATE potential_fit(client record, options jsonb) (
    SFUNC = icp_sample_add, STYPE = icp_sample, SSPACE = 100000000, COMBINEFUNC = icp_sample_merge,
    FINALFUNC = potential_fit_final, FINALFUNC_MODIFY = READ_ONLY, PARALLEL = SAFE);
COMMENT ON AGGREGATE potential_fit(record, jsonb) IS
'Learns what clients could buy in a year from what comparable ones do buy: the quantile (0.8) of annual purchases given the attributes, of those that buy, on logarithms (Perlich, Rosset, Lawrence & Zadrozny 2007), and apart from it whether a company buys at all. One row a client: its purchases of twelve months (0 where it bought nothing; NULL rows are left out; more returned than bought counts as nothing), company_id or client_id, weight, a cohort, and attributes. Additive models and boosted trees, each kept only where it foretells companies not learned from, averaged with trees that learn the quantile directly in the shares that lose least on such companies (Wolpert 1992); then conformal by cohort (Romano, Patterson & Candès 2019), of all where fewer than 100 companies of a cohort buy. Options: those of icp_fit that say how columns are read, and {"potential": {"quantile": 0.8, "purchases": "purchases", "cohort": "cohort", "evidence": {"budget": …, "competitors": …, "expert": …}}}, evidence being columns, each a name or {"column", "source", "dated"}. No rows: NULL. The same rows in any order give the same bytes. Errors: no such column of purchases or cohort (42703), purchases that are no numbers, an unknown option (22023).';
CREATE AGGREGATE potential_fit(client jsonb, options jsonb) (
    SFUNC = icp_sample_add, STYPE = icp_sample, SSPACE = 100000000, COMBINEFUNC = icp_sample_merge,
    FINALFUNC = potential_fit_final, FINALFUNC_MODIFY = READ_ONLY, PARALLEL = SAFE);
COMMENT ON AGGREGATE potential_fit(jsonb, jsonb) IS 'The same over JSON objects.';

CREATE TYPE potential_figure AS (
    potential double precision, lo double precision, hi double precision, n bigint, median double precision, q95 double precision,
    p_buyer double precision, expected_reached double precision, underestimated boolean, cohort text, basis text, source text,
    dated date, evidence text, reliability text);
COMMENT ON TYPE potential_figure IS 'What a client could buy in a year, and how that is known: result of potential_estimate.';
COMMENT ON COLUMN potential_figure.potential IS 'What the client could buy from us in a year, in the unit of the purchases: the quantile of the model''s purchases of comparable clients that buy, or what verified evidence makes of it. NULL where there is neither.';
COMMENT ON COLUMN potential_figure.lo IS 'Lower end of the 95 % interval of the model''s quantile: that of an order statistic among n comparable clients (Woodruff 1952).';
COMMENT ON COLUMN potential_figure.hi IS 'Upper end of that interval. Evidence changes neither end.';
COMMENT ON COLUMN potential_figure.n IS 'Comparable clients: how many of them would tell their mean purchases as surely as the model does, at most the companies that buy.';
COMMENT ON COLUMN potential_figure.median IS 'What half of the comparable clients that buy do not exceed.';
COMMENT ON COLUMN potential_figure.q95 IS 'What 19 of 20 of them do not exceed.';
COMMENT ON COLUMN potential_figure.p_buyer IS 'Probability that a comparable company buys at all.';
COMMENT ON COLUMN potential_figure.expected_reached IS 'Expected share of comparable clients that buy at least the potential, among those that buy: 1 - quantile by construction where the model alone speaks. Their sum over clients is the number to expect in the cells of progress "reached".';
COMMENT ON COLUMN potential_figure.underestimated IS 'Whether the purchases in the row are above both the .95 quantile and the potential; NULL where either is not known. Reaching the potential is no error: one buyer in five does.';
COMMENT ON COLUMN potential_figure.cohort IS 'The cohort by which the quantile is calibrated; NULL: by all, since it has fewer than 100 companies that buy.';
COMMENT ON COLUMN potential_figure.basis IS 'What makes the potential: model, expert, budget or competitors.';
COMMENT ON COLUMN potential_figure.source IS 'The source of that evidence; model where the model makes it. Evidence without a source is unverified and makes nothing.';
COMMENT ON COLUMN potential_figure.dated IS 'The date of that evidence; NULL for the model.';
COMMENT ON COLUMN potential_figure.evidence IS 'Every figure of evidence with its verdict: agrees, low, far_above, below_purchases, unchecked; unverified where it has no source. potential_evidence says it in words.';
COMMENT ON COLUMN potential_figure.reliability IS 'By the number of companies that buy: exploratory, unreliable, limited, normal.';

CREATE FUNCTION potential_estimate(client record, model potential_model) RETURNS potential_figure
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50 AS 'MODULE_PATHNAME', 'potential_estimate_record';
COMMENT ON FUNCTION potential_estimate(record, potential_model) IS
'What a client could buy in a year. Columns are matched by name; what is not known, and what was not seen, is missing and never an error. Evidence with a source is weighed in this order: an expert''s estimate that agrees (from the median to the .95 quantile of comparable buyers) takes the model''s place; a budget caps; purchases with what competitors sell are a floor. A figure below what the client buys already is not used. NULL row: NULL. Errors: a NULL model (42704), a row without any of the features (42703).';
CREATE FUNCTION potential_estimate(client jsonb, model potential_model) RETURNS potential_figure
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 50 AS 'MODULE_PATHNAME', 'potential_estimate_jsonb';
COMMENT ON FUNCTION potential_estimate(jsonb, potential_model) IS 'The same of a JSON object.';

CREATE TYPE potential_evidence_row AS (
    kind text, figure double precision, source text, dated date, verdict text, verified boolean, used boolean, text text);
COMMENT ON TYPE potential_evidence_row IS 'A figure that people have of a client, against what the model expects: row of potential_evidence.';
COMMENT ON COLUMN potential_evidence_row.kind IS 'budget: what the client spends on such goods in all; competitors: what it buys elsewhere; expert: an estimate of its potential.';
COMMENT ON COLUMN potential_evidence_row.figure IS 'The figure in the row, in the unit of the purchases.';
COMMENT ON COLUMN potential_evidence_row.source IS 'Where it comes from; NULL where nobody says.';
COMMENT ON COLUMN potential_evidence_row.dated IS 'Of which day it is.';
COMMENT ON COLUMN potential_evidence_row.verdict IS 'agrees: from the median to the .95 quantile of what comparable clients that buy do buy; low: below the median; far_above: above the .95 quantile; below_purchases: less than the client buys already; unchecked: no model. What competitors sell is compared together with the client''s purchases.';
COMMENT ON COLUMN potential_evidence_row.verified IS 'Whether it has a source.';
COMMENT ON COLUMN potential_evidence_row.used IS 'Whether it makes the potential.';
COMMENT ON COLUMN potential_evidence_row.text IS 'The verdict in words.';

CREATE FUNCTION potential_evidence(client record, model potential_model, language text DEFAULT 'en') RETURNS SETOF potential_evidence_row
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 3 COST 50 AS 'MODULE_PATHNAME', 'potential_evidence_record';
COMMENT ON FUNCTION potential_evidence(record, potential_model, text) IS
'The evidence that a row holds, checked against the model; a row for each known figure, none for a NULL row. Errors as potential_estimate; a language other than en and ru.';
CREATE FUNCTION potential_evidence(client jsonb, model potential_model, language text DEFAULT 'en') RETURNS SETOF potential_evidence_row
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 3 COST 50 AS 'MODULE_PATHNAME', 'potential_evidence_jsonb';
COMMENT ON FUNCTION potential_evidence(jsonb, potential_model, text) IS 'The same of a JSON object.';

CREATE TYPE potential_group AS (
    cohort text, n bigint, n_companies bigint, quantile double precision, below_before double precision, shift double precision,
    expected_reached double precision, loss double precision, loss_base double precision);
COMMENT ON TYPE potential_group IS 'By whose purchases a quantile is calibrated: row of potential_groups.';
COMMENT ON COLUMN potential_group.cohort IS 'The cohort; NULL: all, and those of cohorts too small for their own.';
COMMENT ON COLUMN potential_group.n IS 'Rows that buy.';
COMMENT ON COLUMN potential_group.n_companies IS 'Their companies.';
COMMENT ON COLUMN potential_group.quantile IS 'The quantile that the potential is.';
COMMENT ON COLUMN potential_group.below_before IS 'Share of purchases at or below the quantile before it was calibrated, on companies not learned from. Far from the quantile: the cohort would have been wrong without calibration.';
COMMENT ON COLUMN potential_group.shift IS 'What calibration adds, in units of the spread of the logarithm of purchases.';
COMMENT ON COLUMN potential_group.expected_reached IS 'Share of its buyers that reach their potential: 1 - quantile by construction.';
COMMENT ON COLUMN potential_group.loss IS 'Mean pinball loss of the logarithm of purchases, on companies not learned from.';
COMMENT ON COLUMN potential_group.loss_base IS 'The same of one potential for everybody.';

CREATE FUNCTION potential_groups(model potential_model) RETURNS SETOF potential_group
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 5 COST 1000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION potential_groups(potential_model) IS 'How a model is calibrated: all first, then each cohort of at least 100 companies that buy. None where fewer than 20 companies buy. Error: a NULL model (42704).';

CREATE TYPE potential_summary_row AS (
    quantile double precision, n bigint, n_buyers bigint, n_companies bigint, n_buying_companies bigint, reliability text, cohort text,
    features text[], interactions bigint, trees bigint, model_share double precision, loss double precision, loss_base double precision, expected_reached double precision);
COMMENT ON TYPE potential_summary_row IS 'What a model was learned from and how well it foretells: result of potential_summary.';
COMMENT ON COLUMN potential_summary_row.quantile IS 'The quantile that the potential is.';
COMMENT ON COLUMN potential_summary_row.n IS 'Rows whose purchases are known.';
COMMENT ON COLUMN potential_summary_row.n_buyers IS 'Those that bought.';
COMMENT ON COLUMN potential_summary_row.n_companies IS 'Companies of the rows.';
COMMENT ON COLUMN potential_summary_row.n_buying_companies IS 'Companies that bought.';
COMMENT ON COLUMN potential_summary_row.reliability IS 'By n_buying_companies: exploratory, unreliable, limited, normal.';
COMMENT ON COLUMN potential_summary_row.cohort IS 'The column by which it is calibrated; NULL none.';
COMMENT ON COLUMN potential_summary_row.features IS 'The attributes that it knows.';
COMMENT ON COLUMN potential_summary_row.interactions IS 'Pairs of attributes that tell more together than each alone.';
COMMENT ON COLUMN potential_summary_row.trees IS 'Boosted trees: those that correct the additive parts, for the potential and for the .95 quantile, and those that learned the quantile directly; 0: additive parts foretell as well.';
COMMENT ON COLUMN potential_summary_row.model_share IS 'Share of the additive parts and their correction in the potential; the rest is of trees that learned the quantile directly. NULL where too few buy.';
COMMENT ON COLUMN potential_summary_row.loss IS 'Mean pinball loss of the logarithm of purchases, on companies not learned from.';
COMMENT ON COLUMN potential_summary_row.loss_base IS 'The same of one potential for everybody.';
COMMENT ON COLUMN potential_summary_row.expected_reached IS 'Share of all rows that reach their potential: 1 - quantile of those that buy.';

CREATE FUNCTION potential_summary(model potential_model) RETURNS potential_summary_row
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION potential_summary(potential_model) IS 'What a model was learned from and how well it foretells. Error: a NULL model (42704).';
CREATE FUNCTION potential_diagnostics(model potential_model) RETURNS SETOF icp_finding
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 10 COST 1000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION potential_diagnostics(potential_model) IS 'What the fit noticed: columns left out, unknown purchases, cohorts too small for a calibration of their own, reliability. Error: a NULL model (42704).';
