-- Models: learned from deals by an aggregate, values of the type icp_model, read by functions.

CREATE TYPE icp_model;
CREATE FUNCTION icp_model_in(cstring) RETURNS icp_model
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_model_in(cstring) IS 'Input of icp_model.';
CREATE FUNCTION icp_model_out(icp_model) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_model_out(icp_model) IS 'Output of icp_model.';
CREATE FUNCTION icp_model_recv(internal) RETURNS icp_model
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_model_recv(internal) IS 'Binary input of icp_model.';
CREATE FUNCTION icp_model_send(icp_model) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_model_send(icp_model) IS 'Binary output of icp_model; two models are the same where this is.';
-- Uncompressed out of line: a model is read as a whole and once per backend, and its numbers hardly compress.
CREATE TYPE icp_model (
    INPUT = icp_model_in, OUTPUT = icp_model_out, RECEIVE = icp_model_recv, SEND = icp_model_send,
    ALIGNMENT = double, STORAGE = external);
COMMENT ON TYPE icp_model IS
'Everything learned from one set of deals: how rows become features, the cohorts with their grades, the thresholds. Made by icp_fit, kept by icp_save and icp_train. Its text is lossless JSON. Bytes and text from outside are checked in every part.';

CREATE FUNCTION icp_fit_final(state icp_sample) RETURNS icp_model
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_fit_final(icp_sample) IS 'Final function of icp_fit: the model learned from a sample of rows. NULL for NULL.';

CREATE AGGREGATE icp_fit(deal record, options jsonb) (
    SFUNC = icp_sample_add, STYPE = icp_sample, SSPACE = 100000000, COMBINEFUNC = icp_sample_merge,
    FINALFUNC = icp_fit_final, FINALFUNC_MODIFY = READ_ONLY, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_fit(record, jsonb) IS
'Learns a model from the rows of a deals view; columns play their roles and are features by name. No rows: NULL. Too few deals, or one outcome only and no DQS: a model without cohorts whose icp_diagnostics say so. The same rows in any order, in parallel workers or by partition give the same model byte for byte. Errors: an unknown option or one out of range, no column outcome, a repeated deal_id, a column whose type cannot play its role.';
CREATE AGGREGATE icp_fit(deal jsonb, options jsonb) (
    SFUNC = icp_sample_add, STYPE = icp_sample, SSPACE = 100000000, COMBINEFUNC = icp_sample_merge,
    FINALFUNC = icp_fit_final, FINALFUNC_MODIFY = READ_ONLY, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_fit(jsonb, jsonb) IS
'The same over JSON objects, icp_fit(to_jsonb(d), options): runs where an aggregate over rows cannot, as on Citus workers.';

-- Results of the readers.

CREATE TYPE icp_cohort_row AS (
    cohort text, title text, grade text, grade_sure boolean, grade_reason text,
    n bigint, n_closed bigint, n_companies bigint, share double precision,
    dqs double precision, dqs_lo double precision, dqs_hi double precision,
    win_rate double precision, win_rate_lo double precision, win_rate_hi double precision,
    ltv double precision, cac double precision, cycle double precision, effort double precision, retention double precision,
    value_per_lead double precision, metrics jsonb, definition text, predicate text, predicate_n bigint,
    "precision" double precision, recall double precision, stability double precision, reliability text);
COMMENT ON TYPE icp_cohort_row IS 'A cohort of a model: result of icp_cohorts.';
COMMENT ON COLUMN icp_cohort_row.cohort IS 'Stable key, made when the cohort first appeared and carried to later versions.';
COMMENT ON COLUMN icp_cohort_row.title IS 'What unites its members, in words; icp_rename_cohort sets another.';
COMMENT ON COLUMN icp_cohort_row.grade IS 'A, B or C; NULL where fewer than 10 companies have closed deals.';
COMMENT ON COLUMN icp_cohort_row.grade_sure IS 'Whether the interval lies inside the band of the grade; documents show A? where it does not. NULL without a grade.';
COMMENT ON COLUMN icp_cohort_row.grade_reason IS 'Why the grade is not the band of the mean alone; NULL where it is.';
COMMENT ON COLUMN icp_cohort_row.n IS 'Won deals that icp_cohort() puts here.';
COMMENT ON COLUMN icp_cohort_row.n_closed IS 'Won and lost deals that icp_cohort() puts here.';
COMMENT ON COLUMN icp_cohort_row.n_companies IS 'Companies of those deals: the independent units of every interval.';
COMMENT ON COLUMN icp_cohort_row.share IS 'Share of all closed deals, 0 to 1.';
COMMENT ON COLUMN icp_cohort_row.dqs IS 'Mean deal quality score of the won deals, 0 to 100; NULL where none is known.';
COMMENT ON COLUMN icp_cohort_row.dqs_lo IS 'Lower end of its 95 % interval.';
COMMENT ON COLUMN icp_cohort_row.dqs_hi IS 'Upper end of its 95 % interval.';
COMMENT ON COLUMN icp_cohort_row.win_rate IS 'Won among mature closed deals, 0 to 1; NULL where only won deals are recorded.';
COMMENT ON COLUMN icp_cohort_row.win_rate_lo IS 'Lower end of its 95 % interval.';
COMMENT ON COLUMN icp_cohort_row.win_rate_hi IS 'Upper end of its 95 % interval.';
COMMENT ON COLUMN icp_cohort_row.ltv IS 'Mean lifetime value of a customer, once per company, in the currency of the rows; NULL where unknown or currencies are mixed.';
COMMENT ON COLUMN icp_cohort_row.cac IS 'Mean acquisition cost of a customer, once per company, in the currency of the rows.';
COMMENT ON COLUMN icp_cohort_row.cycle IS 'Mean days from first contact to closing of won deals.';
COMMENT ON COLUMN icp_cohort_row.effort IS 'Mean effort of a deal, in touches or hours as the option dqs.effort_unit says.';
COMMENT ON COLUMN icp_cohort_row.retention IS 'Mean retention, 0 to 1.';
COMMENT ON COLUMN icp_cohort_row.value_per_lead IS 'Expected value of a lead, win rate times value less effort; NULL without the options margin and touch_cost or hour_cost.';
COMMENT ON COLUMN icp_cohort_row.metrics IS 'The columns of the option metrics: {name: {value, lo, hi, n}}; NULL without them.';
COMMENT ON COLUMN icp_cohort_row.definition IS 'The predicate in words.';
COMMENT ON COLUMN icp_cohort_row.predicate IS 'A condition in SQL that describes the cohort; run on the deals view it returns predicate_n rows.';
COMMENT ON COLUMN icp_cohort_row.predicate_n IS 'Rows of the deals view that satisfy the predicate.';
COMMENT ON COLUMN icp_cohort_row."precision" IS 'Share of the predicate''s closed deals that belong to the cohort, 0 to 1.';
COMMENT ON COLUMN icp_cohort_row.recall IS 'Share of the cohort''s closed deals that satisfy the predicate, 0 to 1.';
COMMENT ON COLUMN icp_cohort_row.stability IS 'Mean Jaccard similarity with the same cohort learned from resamples of the companies (bootstrap, Hennig 2007); below 0.75 it is not stable.';
COMMENT ON COLUMN icp_cohort_row.reliability IS 'exploratory, unreliable, limited or normal, by companies and by the rarer outcome.';

CREATE TYPE icp_trait AS (
    cohort text, feature text, level text, kind text, usual text, share double precision, share_all double precision,
    lift double precision, weight double precision, known double precision, source text);
COMMENT ON TYPE icp_trait IS 'What is usual in a cohort in one feature: result of icp_traits.';
COMMENT ON COLUMN icp_trait.cohort IS 'Key of the cohort.';
COMMENT ON COLUMN icp_trait.feature IS 'The feature, a column of the deals view.';
COMMENT ON COLUMN icp_trait.level IS 'firmographic, technographic, situational or psychographic.';
COMMENT ON COLUMN icp_trait.kind IS 'numeric, date (its age in days), binary, categorical or set.';
COMMENT ON COLUMN icp_trait.usual IS 'The middle 80 % of a number, the most frequent categories, the most telling items.';
COMMENT ON COLUMN icp_trait.share IS 'Share of the members with the most frequent category or item, 0 to 1; NULL for numbers.';
COMMENT ON COLUMN icp_trait.share_all IS 'The same share of all closed deals.';
COMMENT ON COLUMN icp_trait.lift IS 'share divided by share_all.';
COMMENT ON COLUMN icp_trait.weight IS 'How well the feature tells the cohort from the rest; the weights of a cohort total 1.';
COMMENT ON COLUMN icp_trait.known IS 'Share of the members whose value is known, 0 to 1.';
COMMENT ON COLUMN icp_trait.source IS 'Where the values come from and when, as the option sources says; NULL where it does not.';

CREATE TYPE icp_metric AS (
    metric text, value double precision, lo double precision, hi double precision, n bigint, companies bigint, note text);
COMMENT ON TYPE icp_metric IS 'A figure about a whole model: result of icp_metrics.';
COMMENT ON COLUMN icp_metric.metric IS 'Its name.';
COMMENT ON COLUMN icp_metric.value IS 'The figure; NULL where it is not known.';
COMMENT ON COLUMN icp_metric.lo IS 'Lower end of its 95 % interval.';
COMMENT ON COLUMN icp_metric.hi IS 'Upper end of its 95 % interval.';
COMMENT ON COLUMN icp_metric.n IS 'Rows behind it.';
COMMENT ON COLUMN icp_metric.companies IS 'Companies behind it.';
COMMENT ON COLUMN icp_metric.note IS 'What it means.';

CREATE TYPE icp_label_result AS (
    label text, n bigint, share double precision, won bigint, win_rate double precision, lo double precision, hi double precision,
    dqs double precision);
COMMENT ON TYPE icp_label_result IS 'How deals with one label turned out, each labelled by a model that had not seen its company: result of icp_label_results.';
COMMENT ON COLUMN icp_label_result.label IS 'gold, ordinary, non_target or unknown.';
COMMENT ON COLUMN icp_label_result.n IS 'Closed deals with the label.';
COMMENT ON COLUMN icp_label_result.share IS 'Share of all closed deals, 0 to 1.';
COMMENT ON COLUMN icp_label_result.won IS 'Won deals among them.';
COMMENT ON COLUMN icp_label_result.win_rate IS 'Won among them, 0 to 1.';
COMMENT ON COLUMN icp_label_result.lo IS 'Lower end of its 95 % interval, by companies.';
COMMENT ON COLUMN icp_label_result.hi IS 'Upper end of its 95 % interval, by companies.';
COMMENT ON COLUMN icp_label_result.dqs IS 'Mean deal quality score of the won deals; NULL where none is known.';

CREATE TYPE icp_finding AS (severity text, column_name text, rows bigint, message text, hint text);
COMMENT ON TYPE icp_finding IS 'Something noticed in rows: result of icp_check and icp_diagnostics.';
COMMENT ON COLUMN icp_finding.severity IS 'error (training will fail), warning or info.';
COMMENT ON COLUMN icp_finding.column_name IS 'The column it is about; NULL where it is about none.';
COMMENT ON COLUMN icp_finding.rows IS 'How many rows; NULL where it is not about rows.';
COMMENT ON COLUMN icp_finding.message IS 'What was noticed.';
COMMENT ON COLUMN icp_finding.hint IS 'What to do about it.';

CREATE TYPE icp_difference AS (cohort text, change text, property text, old_value text, new_value text);
COMMENT ON TYPE icp_difference IS 'One difference between two models: result of icp_diff.';
COMMENT ON COLUMN icp_difference.cohort IS 'Key of the cohort; NULL for the model as a whole.';
COMMENT ON COLUMN icp_difference.change IS 'new, gone or changed.';
COMMENT ON COLUMN icp_difference.property IS 'What differs.';
COMMENT ON COLUMN icp_difference.old_value IS 'Its value in the first model.';
COMMENT ON COLUMN icp_difference.new_value IS 'Its value in the second model.';

CREATE TYPE icp_training AS (
    model text, version integer, active boolean, deals bigint, won bigint, lost bigint, open bigint, companies bigint,
    cohorts bigint, reliability text, warnings text[]);
COMMENT ON TYPE icp_training IS 'What a training gave: result of icp_train.';
COMMENT ON COLUMN icp_training.model IS 'Name of the model; NULL where it was not saved.';
COMMENT ON COLUMN icp_training.version IS 'Its version; NULL where it was not saved.';
COMMENT ON COLUMN icp_training.active IS 'Whether the name now means this version.';
COMMENT ON COLUMN icp_training.deals IS 'Deals learned from, won and lost.';
COMMENT ON COLUMN icp_training.won IS 'Won deals.';
COMMENT ON COLUMN icp_training.lost IS 'Lost deals.';
COMMENT ON COLUMN icp_training.open IS 'Open deals: they teach only how long deals take.';
COMMENT ON COLUMN icp_training.companies IS 'Companies of the closed deals.';
COMMENT ON COLUMN icp_training.cohorts IS 'Cohorts found.';
COMMENT ON COLUMN icp_training.reliability IS 'exploratory, unreliable, limited or normal.';
COMMENT ON COLUMN icp_training.warnings IS 'Findings that are not mere information; icp_diagnostics has all of them.';

-- Readers. A model is a value; the same by name stand in registry.sql.

CREATE FUNCTION icp_cohorts(model icp_model, language text DEFAULT 'en') RETURNS SETOF icp_cohort_row
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 6 COST 1000 AS 'MODULE_PATHNAME', 'icp_cohorts_value';
COMMENT ON FUNCTION icp_cohorts(icp_model, text) IS 'The cohorts of a model. language (en, ru) is that of titles and definitions.';
CREATE FUNCTION icp_traits(model icp_model, language text DEFAULT 'en') RETURNS SETOF icp_trait
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 60 COST 1000 AS 'MODULE_PATHNAME', 'icp_traits_value';
COMMENT ON FUNCTION icp_traits(icp_model, text) IS 'What is usual in each cohort of a model, the most telling feature first.';
CREATE FUNCTION icp_metrics(model icp_model) RETURNS SETOF icp_metric
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 10 COST 1000 AS 'MODULE_PATHNAME', 'icp_metrics_value';
COMMENT ON FUNCTION icp_metrics(icp_model) IS 'Figures about a model as a whole, with intervals.';
CREATE FUNCTION icp_label_results(model icp_model) RETURNS SETOF icp_label_result
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 4 COST 1000 AS 'MODULE_PATHNAME', 'icp_label_results_value';
COMMENT ON FUNCTION icp_label_results(icp_model) IS 'How the closed deals turned out by label, each labelled by a model that had not seen its company (cross-fitted).';
CREATE FUNCTION icp_diagnostics(model icp_model) RETURNS SETOF icp_finding
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 10 COST 1000 AS 'MODULE_PATHNAME', 'icp_diagnostics_value';
COMMENT ON FUNCTION icp_diagnostics(icp_model) IS 'What training noticed: reliability with its reason, columns left out, suspected leaks, old or scarce data.';
CREATE FUNCTION icp_diff(a icp_model, b icp_model) RETURNS SETOF icp_difference
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 20 COST 1000 AS 'MODULE_PATHNAME', 'icp_diff_value';
COMMENT ON FUNCTION icp_diff(icp_model, icp_model) IS 'What differs from model a to model b: cohorts new, gone or changed, features, figures.';
CREATE FUNCTION icp_model_summary(model icp_model) RETURNS SETOF icp_training
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 1 COST 1000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_model_summary(icp_model) IS 'One row: what icp_train says of a model; active is NULL, which only the registry knows.';
CREATE FUNCTION icp_model_options(model icp_model) RETURNS jsonb
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_model_options(icp_model) IS 'The options that a model was learned with, as given and as changed by icp_set.';

-- Models made of models: what the registry saves. None of these writes.

CREATE FUNCTION icp_model_stamp(model icp_model, name text, version integer, previous icp_model) RETURNS icp_model
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 10000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_model_stamp(icp_model, text, integer, icp_model) IS
'The model with its name and version, and with the keys and titles of the cohorts of the previous version (NULL: none) that match its own.';
CREATE FUNCTION icp_model_change(model icp_model, changes jsonb) RETURNS icp_model
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_model_change(icp_model, jsonb) IS
'The model with options changed that need no new training: min_similarity, gold_similarity, min_coverage, titles, margin, touch_cost, hour_cost, sources, significance, exclusions. Another one is an error. A null takes a key away.';
CREATE FUNCTION icp_model_rename(model icp_model, cohort text, title text, language text) RETURNS icp_model
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 10000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_model_rename(icp_model, text, text, text) IS
'The model with another title of a cohort in a language; an empty title takes it away. An unknown cohort is an error.';
CREATE FUNCTION icp_merge_options(base jsonb, changes jsonb) RETURNS jsonb
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_merge_options(jsonb, jsonb) IS
'Options of icp_fit with changes laid over them, single keys at every depth; a null takes a key away. The result is checked: an unknown option is an error.';
CREATE FUNCTION icp_findings(deals icp_sample) RETURNS SETOF icp_finding
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_findings(icp_sample) IS 'What icp_check says of deals.';
CREATE FUNCTION icp_findings(leads icp_sample, model icp_model) RETURNS SETOF icp_finding
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100000 AS 'MODULE_PATHNAME', 'icp_findings_model';
COMMENT ON FUNCTION icp_findings(icp_sample, icp_model) IS 'What icp_check says of leads that a model shall score.';
