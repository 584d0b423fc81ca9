-- What customers will buy and be worth.

CREATE TYPE ltv_model;
CREATE FUNCTION ltv_model_in(cstring) RETURNS ltv_model
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_model_in(cstring) IS 'Input of ltv_model.';
CREATE FUNCTION ltv_model_out(ltv_model) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_model_out(ltv_model) IS 'Output of ltv_model.';
CREATE FUNCTION ltv_model_recv(internal) RETURNS ltv_model
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_model_recv(internal) IS 'Binary input of ltv_model.';
CREATE FUNCTION ltv_model_send(ltv_model) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_model_send(ltv_model) IS 'Binary output of ltv_model.';
CREATE TYPE ltv_model (
    INPUT = ltv_model_in, OUTPUT = ltv_model_out, RECEIVE = ltv_model_recv, SEND = ltv_model_send,
    ALIGNMENT = double, STORAGE = extended);
COMMENT ON TYPE ltv_model IS
'A model of purchases and spend, made by ltv_fit or ltv_fit_by and read by ltv_parameters, ltv_diagnostics and ltv. The same histories in any order give the same bytes. Its text is JSON without loss.';

CREATE TYPE ltv_sample;
CREATE FUNCTION ltv_sample_in(cstring) RETURNS ltv_sample
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_sample_in(cstring) IS 'Input of ltv_sample.';
CREATE FUNCTION ltv_sample_out(ltv_sample) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_sample_out(ltv_sample) IS 'Output of ltv_sample.';
CREATE FUNCTION ltv_sample_recv(internal) RETURNS ltv_sample
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_sample_recv(internal) IS 'Binary input of ltv_sample.';
CREATE FUNCTION ltv_sample_send(ltv_sample) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_sample_send(ltv_sample) IS 'Binary output of ltv_sample.';
CREATE TYPE ltv_sample (
    INPUT = ltv_sample_in, OUTPUT = ltv_sample_out, RECEIVE = ltv_sample_recv, SEND = ltv_sample_send,
    ALIGNMENT = double, STORAGE = extended);
COMMENT ON TYPE ltv_sample IS
'What ltv_fit and ltv_fit_by keep of histories while they read them: their days, mean spends and weights. Its text is base64 of its bytes, lossless.';

CREATE FUNCTION ltv_fit_step(state ltv_sample, history ltv_history, options jsonb) RETURNS ltv_sample
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_fit_step(ltv_sample, ltv_history, jsonb) IS 'Transition function of ltv_fit.';
CREATE FUNCTION ltv_fit_by_step(state ltv_sample, cohort text, history ltv_history, options jsonb) RETURNS ltv_sample
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_fit_by_step(ltv_sample, text, ltv_history, jsonb) IS 'Transition function of ltv_fit_by.';
CREATE FUNCTION ltv_sample_merge(a ltv_sample, b ltv_sample) RETURNS ltv_sample
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_sample_merge(ltv_sample, ltv_sample) IS 'Combine function of ltv_fit and ltv_fit_by.';
CREATE FUNCTION ltv_fit_final(state ltv_sample) RETURNS ltv_model
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_fit_final(ltv_sample) IS 'Final function of ltv_fit.';
CREATE AGGREGATE ltv_fit(history ltv_history, options jsonb) (
    STYPE = ltv_sample, SFUNC = ltv_fit_step, COMBINEFUNC = ltv_sample_merge, SSPACE = 100000000,
    FINALFUNC = ltv_fit_final, FINALFUNC_MODIFY = READ_ONLY, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_fit(ltv_history, jsonb) IS
'Learns how customers buy, leave and spend, by maximum likelihood on the logarithms of the parameters with analytic derivatives; NULL where no history has a purchase. NULL histories are passed over. Options: model (bg_nbd: Fader, Hardie & Lee 2005; mbg_nbd: Batislam et al. 2007; pareto_nbd: Schmittlein, Morrison & Colombo 1987; bg_bb: Fader, Hardie & Shang 2010; sbg: Fader & Hardie 2007), subscription (true: sbg), period (week, month, quarter, year or days: the distance of regular occasions or renewals; without model it means bg_bb), holdout (a date, the last day that the check learns from, default two thirds of the time; false: no check), refit (false: keep the parameters learned before the hold-out), spend (repeat or all purchases). Without model, subscription and period: bg_nbd, unless mbg_nbd or pareto_nbd has a log-likelihood higher by more than 2. Spend is Gamma-Gamma (Fader & Hardie 2013). What was noticed, an under-forecast among it: ltv_diagnostics. Errors (22023): an unknown option, a period that is missing, a hold-out outside of the time.';

CREATE TYPE ltv_cohort AS (cohort text, n double precision, model ltv_model);
COMMENT ON TYPE ltv_cohort IS 'A cohort and its model: element of the result of ltv_fit_by.';
COMMENT ON COLUMN ltv_cohort.cohort IS 'The cohort; NULL for histories whose cohort is NULL.';
COMMENT ON COLUMN ltv_cohort.n IS 'Its customers with a purchase.';
COMMENT ON COLUMN ltv_cohort.model IS 'Its model, shrunk to the whole by as much as the cohorts are alike.';
CREATE FUNCTION ltv_fit_by_final(state ltv_sample) RETURNS ltv_cohort[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_fit_by_final(ltv_sample) IS 'Final function of ltv_fit_by.';
CREATE AGGREGATE ltv_fit_by(cohort text, history ltv_history, options jsonb) (
    STYPE = ltv_sample, SFUNC = ltv_fit_by_step, COMBINEFUNC = ltv_sample_merge, SSPACE = 100000000,
    FINALFUNC = ltv_fit_by_final, FINALFUNC_MODIFY = READ_ONLY, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_fit_by(text, ltv_history, jsonb) IS
'A model for each cohort, of the kind that fits the whole, shrunk to the whole by empirical Bayes: the logarithms of the parameters of a cohort are normal about those of the whole, with variances estimated from all cohorts (EM with Laplace''s approximation). A large cohort keeps its own parameters, a small one has nearly the whole''s. Options as of ltv_fit; NULL where there is no history, an empty array where none has a purchase.';

CREATE TYPE ltv_parameter AS (part text, name text, value double precision, standard_error double precision, lo double precision, hi double precision);
COMMENT ON TYPE ltv_parameter IS 'A parameter of a model: row of ltv_parameters.';
COMMENT ON COLUMN ltv_parameter.part IS 'purchases or spend.';
COMMENT ON COLUMN ltv_parameter.name IS 'r, alpha, a, b (bg_nbd, mbg_nbd); r, alpha, s, beta (pareto_nbd); alpha, beta, gamma, delta (bg_bb); alpha, beta (sbg); p, q, v (spend).';
COMMENT ON COLUMN ltv_parameter.value IS 'The estimate. alpha of bg_nbd and mbg_nbd, alpha and beta of pareto_nbd are in weeks, v in money. NULL where nothing can be told of purchases yet: all customers were new on the last day.';
COMMENT ON COLUMN ltv_parameter.standard_error IS 'From the observed information; NULL where the parameter cannot be told from the histories and stopped at a bound.';
COMMENT ON COLUMN ltv_parameter.lo IS 'Lower end of the 95 % interval, symmetric on the logarithm.';
COMMENT ON COLUMN ltv_parameter.hi IS 'Upper end of that interval.';
CREATE FUNCTION ltv_parameters(model ltv_model) RETURNS SETOF ltv_parameter
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 7 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_parameters(ltv_model) IS 'The parameters of a model with standard errors and intervals.';

CREATE TYPE ltv_diagnostic AS (severity text, name text, value double precision, lo double precision, hi double precision, message text);
COMMENT ON TYPE ltv_diagnostic IS 'What a model says of itself: row of ltv_diagnostics.';
COMMENT ON COLUMN ltv_diagnostic.severity IS 'info or warning.';
COMMENT ON COLUMN ltv_diagnostic.name IS 'What it is about: model, customers, repeat_customers, converged, log_likelihood, aic, bic, mean_rate, mean_dropout, purchases, holdout_expected, holdout_actual, holdout_error, holdout, spend_customers, spend_log_likelihood, population_mean_spend, spend_correlation, spend_change, spend, not_bought, shrinkage.';
COMMENT ON COLUMN ltv_diagnostic.value IS 'Its figure; NULL where it has none.';
COMMENT ON COLUMN ltv_diagnostic.lo IS 'Lower end of the figure''s 95 % interval, where it has one.';
COMMENT ON COLUMN ltv_diagnostic.hi IS 'Upper end of that interval.';
COMMENT ON COLUMN ltv_diagnostic.message IS 'What the figure is, or what is doubtful.';
CREATE FUNCTION ltv_diagnostics(model ltv_model, language text DEFAULT 'en') RETURNS SETOF ltv_diagnostic
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 20 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_diagnostics(ltv_model, text) IS 'Which model was chosen and why, convergence, likelihood, derived rates, the hold-out (purchases expected and actual, with a warning of an under- or over-forecast), independence and steadiness of spend, and what is doubtful. The language of message is en or ru; another is an error (22023).';
CREATE FUNCTION ltv_model_name(model ltv_model) RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_model_name(ltv_model) IS 'bg_nbd, mbg_nbd, pareto_nbd, bg_bb or sbg.';

CREATE FUNCTION ltv_p_alive(history ltv_history, model ltv_model) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_p_alive(ltv_history, ltv_model) IS
'Probability that the customer has not left at the end of its history. NULL without a purchase, and from a model that can tell nothing yet (all its customers were new on the last day). bg_nbd gives 1 to whoever bought once: in it nobody leaves before a second purchase (mbg_nbd and pareto_nbd do not).';
CREATE FUNCTION ltv_expected_purchases(history ltv_history, model ltv_model, horizon interval) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_expected_purchases(ltv_history, ltv_model, interval) IS
'Purchases expected within the horizon after the end of the history. A month is a twelfth of 365.25 days; with regular occasions or renewals whole periods count. NULL without a purchase, and from a model that can tell nothing yet (all its customers were new on the last day). A horizon that is negative or above 100 years is an error (22023).';
CREATE FUNCTION ltv_expected_spend(history ltv_history, model ltv_model) RETURNS double precision
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv_expected_spend(ltv_history, ltv_model) IS
'Expected amount of a purchase to come: the customer''s own mean, shrunk to that of the population the more the fewer repeat purchases it has (Gamma-Gamma). Who bought once has the mean of the population, not its own, unless the option spend is all: the column note of ltv() says so. NULL without a purchase or where no money is known.';

CREATE TYPE ltv_value AS (
    to_date double precision, expected double precision, total double precision, lo double precision, hi double precision,
    p_alive double precision, purchases double precision, spend double precision, note text);
COMMENT ON TYPE ltv_value IS 'What a customer is worth: result of ltv.';
COMMENT ON COLUMN ltv_value.to_date IS 'Margin on all money to the end of the history, net of returns; 0 where more was returned than bought. Not discounted.';
COMMENT ON COLUMN ltv_value.expected IS 'Margin on what is expected within the horizon, discounted. NULL without a purchase or known money, and from a model that can tell nothing yet: all its customers were new on the last day.';
COMMENT ON COLUMN ltv_value.total IS 'to_date + expected; to_date alone without a purchase or known money. NULL from a model that can tell nothing yet, and so are lo, hi, p_alive and purchases.';
COMMENT ON COLUMN ltv_value.lo IS 'Lower end of the 90 % prediction interval of the total: what the customer will be worth, not its mean. It covers how many purchases come, how large they are and, for models of fewer than 5,000 customers (spend: of fewer than 5,000 whose spend is learned from), how uncertain the parameters of purchases and of spend are (delta method).';
COMMENT ON COLUMN ltv_value.hi IS 'Upper end of that interval.';
COMMENT ON COLUMN ltv_value.p_alive IS 'As ltv_p_alive.';
COMMENT ON COLUMN ltv_value.purchases IS 'As ltv_expected_purchases, not discounted.';
COMMENT ON COLUMN ltv_value.spend IS 'As ltv_expected_spend, before the margin.';
COMMENT ON COLUMN ltv_value.note IS 'What to know before ranking by it: bought once (its spend is the mean of repeat customers, not its own), no purchase yet, returned more than it bought, to date without the first purchase, no money is known; several with a semicolon between. NULL where nothing.';
CREATE FUNCTION ltv(history ltv_history, model ltv_model, horizon interval, discount double precision DEFAULT 0, margin double precision DEFAULT 1) RETURNS ltv_value
LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION ltv(ltv_history, ltv_model, interval, double precision, double precision) IS
'What a customer is worth to the end of its history and within the horizon after it. Discount is a yearly rate, applied continuously: money of t weeks from now counts (1 + discount)^(-t / 52.18), at renewals and occasions by their time. Margin is the share of the revenue that counts; 1 is the revenue. NULL discount and margin mean 0 and 1; NULL where another argument is NULL. Never negative, never NaN. Errors (22023): a horizon that is negative or above 100 years, a discount outside 0 to 10, a negative margin.';
