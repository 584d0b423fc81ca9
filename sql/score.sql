-- Scoring leads: the cohort, label and explanation of a row. Each function exists for rows as records and as jsonb, and
-- for the model as a name (or left out) and as a value.

CREATE TYPE icp_lead_score AS (
    cohort text,
    grade text,
    similarity double precision,
    label text,
    priority text,
    priority_rank integer,
    win_probability double precision,
    expected_dqs double precision,
    coverage double precision,
    exclusion text,
    model text,
    version integer);
COMMENT ON TYPE icp_lead_score IS 'What icp_score() says of a lead.';
COMMENT ON COLUMN icp_lead_score.cohort IS 'Key of the cohort, as icp_cohort() returns it; NULL where none is similar enough.';
COMMENT ON COLUMN icp_lead_score.grade IS 'Grade of that cohort: A, B or C; NULL without a cohort, or where the cohort has too few companies for a grade.';
COMMENT ON COLUMN icp_lead_score.similarity IS '0 to 1: the weighted share of the known criteria that the lead meets, of its cohort or else of the most similar one; NULL where nothing is known. The points of icp_explain() add up to it exactly.';
COMMENT ON COLUMN icp_lead_score.label IS 'gold, ordinary, non_target or unknown.';
COMMENT ON COLUMN icp_lead_score.priority IS 'high (gold), normal (ordinary, unknown) or low (non_target).';
COMMENT ON COLUMN icp_lead_score.priority_rank IS 'The priority as a number to sort by: 1 high, 2 normal, 3 low.';
COMMENT ON COLUMN icp_lead_score.win_probability IS 'Probability that the deal is won, 0 to 1; NULL where the model has no estimate.';
COMMENT ON COLUMN icp_lead_score.expected_dqs IS 'Expected deal quality score if the deal is won, 0 to 100; NULL where the model has no estimate.';
COMMENT ON COLUMN icp_lead_score.coverage IS '0 to 1: the share of the cohort''s weight that is known of the lead.';
COMMENT ON COLUMN icp_lead_score.exclusion IS 'The rule that vetoed the label; NULL where none did.';
COMMENT ON COLUMN icp_lead_score.model IS 'Name of the model; NULL for a model that was never saved.';
COMMENT ON COLUMN icp_lead_score.version IS 'Version of the model; NULL for a model that was never saved.';

CREATE TYPE icp_explanation AS (
    score text,
    cohort text,
    feature text,
    value text,
    usual text,
    weight double precision,
    points double precision,
    text text);
COMMENT ON TYPE icp_explanation IS 'One part of a score, as icp_explain() returns it.';
COMMENT ON COLUMN icp_explanation.score IS 'The score that this is a part of: similarity, win_probability (in log-odds), expected_dqs or veto.';
COMMENT ON COLUMN icp_explanation.cohort IS 'Key of the cohort that the score speaks of.';
COMMENT ON COLUMN icp_explanation.feature IS 'The attribute.';
COMMENT ON COLUMN icp_explanation.value IS 'What the lead has; NULL where it is not known.';
COMMENT ON COLUMN icp_explanation.usual IS 'What the cohort usually has.';
COMMENT ON COLUMN icp_explanation.weight IS 'What the attribute counts among the known ones; 0 where it is not known.';
COMMENT ON COLUMN icp_explanation.points IS 'Its contribution, a multiple of 2^-32. The points of one score and cohort add up to the score exactly, in any order.';
COMMENT ON COLUMN icp_explanation.text IS 'The same in words.';

CREATE FUNCTION icp_cohort(lead record, model text DEFAULT '')
RETURNS text
LANGUAGE c STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'icp_cohort_record';
COMMENT ON FUNCTION icp_cohort(record, text) IS
'The cohort of a lead, by key: the most probable one among those similar enough (option min_similarity, 0.5); NULL where there is none, or for a NULL row. The row is any composite; its columns are matched by name. The model is a name (main: its active version; main@3: that version) or left out: the registered default; it is looked up in icp_models with the privileges of the caller. None is an error (42704). A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION icp_cohort(lead record, model icp_model)
RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'icp_cohort_record_model';
COMMENT ON FUNCTION icp_cohort(record, icp_model) IS
'The cohort of a lead, by key: the most probable one among those similar enough (option min_similarity, 0.5); NULL where there is none, or for a NULL row. The row is any composite; its columns are matched by name. The model is a value; nothing else is read. A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION icp_cohort(lead jsonb, model text DEFAULT '')
RETURNS text
LANGUAGE c STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'icp_cohort_jsonb';
COMMENT ON FUNCTION icp_cohort(jsonb, text) IS
'The cohort of a lead, by key: the most probable one among those similar enough (option min_similarity, 0.5); NULL where there is none, or for a NULL row. The row is a jsonb object; its keys are matched by name. The model is a name (main: its active version; main@3: that version) or left out: the registered default; it is looked up in icp_models with the privileges of the caller. None is an error (42704). A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION icp_cohort(lead jsonb, model icp_model)
RETURNS text
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'icp_cohort_jsonb_model';
COMMENT ON FUNCTION icp_cohort(jsonb, icp_model) IS
'The cohort of a lead, by key: the most probable one among those similar enough (option min_similarity, 0.5); NULL where there is none, or for a NULL row. The row is a jsonb object; its keys are matched by name. The model is a value; nothing else is read. A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION icp_score(lead record, model text DEFAULT '')
RETURNS icp_lead_score
LANGUAGE c STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'icp_score_record';
COMMENT ON FUNCTION icp_score(record, text) IS
'Cohort, similarity, label and priority of a lead; NULL for a NULL row. Write CROSS JOIN LATERAL icp_score(l) s: (icp_score(l)).* would run once for each column. The row is any composite; its columns are matched by name. The model is a name (main: its active version; main@3: that version) or left out: the registered default; it is looked up in icp_models with the privileges of the caller. None is an error (42704). A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION icp_score(lead record, model icp_model)
RETURNS icp_lead_score
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'icp_score_record_model';
COMMENT ON FUNCTION icp_score(record, icp_model) IS
'Cohort, similarity, label and priority of a lead; NULL for a NULL row. Write CROSS JOIN LATERAL icp_score(l) s: (icp_score(l)).* would run once for each column. The row is any composite; its columns are matched by name. The model is a value; nothing else is read. A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION icp_score(lead jsonb, model text DEFAULT '')
RETURNS icp_lead_score
LANGUAGE c STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'icp_score_jsonb';
COMMENT ON FUNCTION icp_score(jsonb, text) IS
'Cohort, similarity, label and priority of a lead; NULL for a NULL row. Write CROSS JOIN LATERAL icp_score(l) s: (icp_score(l)).* would run once for each column. The row is a jsonb object; its keys are matched by name. The model is a name (main: its active version; main@3: that version) or left out: the registered default; it is looked up in icp_models with the privileges of the caller. None is an error (42704). A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION icp_score(lead jsonb, model icp_model)
RETURNS icp_lead_score
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'icp_score_jsonb_model';
COMMENT ON FUNCTION icp_score(jsonb, icp_model) IS
'Cohort, similarity, label and priority of a lead; NULL for a NULL row. Write CROSS JOIN LATERAL icp_score(l) s: (icp_score(l)).* would run once for each column. The row is a jsonb object; its keys are matched by name. The model is a value; nothing else is read. A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION icp_explain(lead record, model text DEFAULT '', language text DEFAULT 'en')
RETURNS SETOF icp_explanation
LANGUAGE c STABLE PARALLEL SAFE ROWS 12 COST 200 AS 'MODULE_PATHNAME', 'icp_explain_record';
COMMENT ON FUNCTION icp_explain(record, text, text) IS
'Why a lead scores as it does: one row for each attribute and score, whose points add up to the score exactly; no rows for a NULL row. Words in English (en) or Russian (ru). The row is any composite; its columns are matched by name. The model is a name (main: its active version; main@3: that version) or left out: the registered default; it is looked up in icp_models with the privileges of the caller. None is an error (42704). A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION icp_explain(lead record, model icp_model, language text DEFAULT 'en')
RETURNS SETOF icp_explanation
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 12 COST 200 AS 'MODULE_PATHNAME', 'icp_explain_record_model';
COMMENT ON FUNCTION icp_explain(record, icp_model, text) IS
'Why a lead scores as it does: one row for each attribute and score, whose points add up to the score exactly; no rows for a NULL row. Words in English (en) or Russian (ru). The row is any composite; its columns are matched by name. The model is a value; nothing else is read. A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION icp_explain(lead jsonb, model text DEFAULT '', language text DEFAULT 'en')
RETURNS SETOF icp_explanation
LANGUAGE c STABLE PARALLEL SAFE ROWS 12 COST 200 AS 'MODULE_PATHNAME', 'icp_explain_jsonb';
COMMENT ON FUNCTION icp_explain(jsonb, text, text) IS
'Why a lead scores as it does: one row for each attribute and score, whose points add up to the score exactly; no rows for a NULL row. Words in English (en) or Russian (ru). The row is a jsonb object; its keys are matched by name. The model is a name (main: its active version; main@3: that version) or left out: the registered default; it is looked up in icp_models with the privileges of the caller. None is an error (42704). A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION icp_explain(lead jsonb, model icp_model, language text DEFAULT 'en')
RETURNS SETOF icp_explanation
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 12 COST 200 AS 'MODULE_PATHNAME', 'icp_explain_jsonb_model';
COMMENT ON FUNCTION icp_explain(jsonb, icp_model, text) IS
'Why a lead scores as it does: one row for each attribute and score, whose points add up to the score exactly; no rows for a NULL row. Words in English (en) or Russian (ru). The row is a jsonb object; its keys are matched by name. The model is a value; nothing else is read. A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION lookalike_similarity(lead record, cohort text, model text DEFAULT '')
RETURNS double precision
LANGUAGE c STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'lookalike_similarity_record';
COMMENT ON FUNCTION lookalike_similarity(record, text, text) IS
'Similarity of a row to one cohort, by key, 0 to 1: the weighted share of the known criteria that it meets; NULL where nothing is known, or for a NULL argument. A cohort that the model does not have is an error (42704). The row is any composite; its columns are matched by name. The model is a name (main: its active version; main@3: that version) or left out: the registered default; it is looked up in icp_models with the privileges of the caller. None is an error (42704). A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION lookalike_similarity(lead record, cohort text, model icp_model)
RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'lookalike_similarity_record_model';
COMMENT ON FUNCTION lookalike_similarity(record, text, icp_model) IS
'Similarity of a row to one cohort, by key, 0 to 1: the weighted share of the known criteria that it meets; NULL where nothing is known, or for a NULL argument. A cohort that the model does not have is an error (42704). The row is any composite; its columns are matched by name. The model is a value; nothing else is read. A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION lookalike_similarity(lead jsonb, cohort text, model text DEFAULT '')
RETURNS double precision
LANGUAGE c STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'lookalike_similarity_jsonb';
COMMENT ON FUNCTION lookalike_similarity(jsonb, text, text) IS
'Similarity of a row to one cohort, by key, 0 to 1: the weighted share of the known criteria that it meets; NULL where nothing is known, or for a NULL argument. A cohort that the model does not have is an error (42704). The row is a jsonb object; its keys are matched by name. The model is a name (main: its active version; main@3: that version) or left out: the registered default; it is looked up in icp_models with the privileges of the caller. None is an error (42704). A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION lookalike_similarity(lead jsonb, cohort text, model icp_model)
RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'lookalike_similarity_jsonb_model';
COMMENT ON FUNCTION lookalike_similarity(jsonb, text, icp_model) IS
'Similarity of a row to one cohort, by key, 0 to 1: the weighted share of the known criteria that it meets; NULL where nothing is known, or for a NULL argument. A cohort that the model does not have is an error (42704). The row is a jsonb object; its keys are matched by name. The model is a value; nothing else is read. A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION lookalike_similarity(lead record, other record, model text DEFAULT '')
RETURNS double precision
LANGUAGE c STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'lookalike_similarity_rows_record';
COMMENT ON FUNCTION lookalike_similarity(record, record, text) IS
'Similarity of two rows, 0 to 1, in the features of the model that both have, weighted as they tell its cohorts apart; NULL where they share none, or for a NULL row. The row is any composite; its columns are matched by name. The model is a name (main: its active version; main@3: that version) or left out: the registered default; it is looked up in icp_models with the privileges of the caller. None is an error (42704). A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION lookalike_similarity(lead record, other record, model icp_model)
RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'lookalike_similarity_rows_record_model';
COMMENT ON FUNCTION lookalike_similarity(record, record, icp_model) IS
'Similarity of two rows, 0 to 1, in the features of the model that both have, weighted as they tell its cohorts apart; NULL where they share none, or for a NULL row. The row is any composite; its columns are matched by name. The model is a value; nothing else is read. A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION lookalike_similarity(lead jsonb, other jsonb, model text DEFAULT '')
RETURNS double precision
LANGUAGE c STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'lookalike_similarity_rows_jsonb';
COMMENT ON FUNCTION lookalike_similarity(jsonb, jsonb, text) IS
'Similarity of two rows, 0 to 1, in the features of the model that both have, weighted as they tell its cohorts apart; NULL where they share none, or for a NULL row. The row is a jsonb object; its keys are matched by name. The model is a name (main: its active version; main@3: that version) or left out: the registered default; it is looked up in icp_models with the privileges of the caller. None is an error (42704). A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION lookalike_similarity(lead jsonb, other jsonb, model icp_model)
RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'lookalike_similarity_rows_jsonb_model';
COMMENT ON FUNCTION lookalike_similarity(jsonb, jsonb, icp_model) IS
'Similarity of two rows, 0 to 1, in the features of the model that both have, weighted as they tell its cohorts apart; NULL where they share none, or for a NULL row. The row is a jsonb object; its keys are matched by name. The model is a value; nothing else is read. A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION icp_dqs(deal record, model text DEFAULT '', weights dqs_weights DEFAULT NULL, scale dqs_scale DEFAULT NULL)
RETURNS double precision
LANGUAGE c STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'icp_dqs_record';
COMMENT ON FUNCTION icp_dqs(record, text, dqs_weights, dqs_scale) IS
'Deal quality score, 0 to 100, of a row of the deals view, by the roles, weights and scale of the model; weights and scale given here replace the model''s. The role dqs, where it is filled, is the score unless weights or a scale are given. NULL unless the deal is won, where less than half of the weight is known, or for a NULL row. A value that cannot be (a negative cost) makes its part unknown. A row without the column of the role outcome is an error (42703). The row is any composite; its columns are matched by name. The model is a name (main: its active version; main@3: that version) or left out: the registered default; it is looked up in icp_models with the privileges of the caller. None is an error (42704).';

CREATE FUNCTION icp_dqs(deal record, model icp_model, weights dqs_weights DEFAULT NULL, scale dqs_scale DEFAULT NULL)
RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'icp_dqs_record_model';
COMMENT ON FUNCTION icp_dqs(record, icp_model, dqs_weights, dqs_scale) IS
'Deal quality score, 0 to 100, of a row of the deals view, by the roles, weights and scale of the model; weights and scale given here replace the model''s. The role dqs, where it is filled, is the score unless weights or a scale are given. NULL unless the deal is won, where less than half of the weight is known, or for a NULL row. A value that cannot be (a negative cost) makes its part unknown. A row without the column of the role outcome is an error (42703). The row is any composite; its columns are matched by name. The model is a value; nothing else is read.';

CREATE FUNCTION icp_dqs(deal jsonb, model text DEFAULT '', weights dqs_weights DEFAULT NULL, scale dqs_scale DEFAULT NULL)
RETURNS double precision
LANGUAGE c STABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'icp_dqs_jsonb';
COMMENT ON FUNCTION icp_dqs(jsonb, text, dqs_weights, dqs_scale) IS
'Deal quality score, 0 to 100, of a row of the deals view, by the roles, weights and scale of the model; weights and scale given here replace the model''s. The role dqs, where it is filled, is the score unless weights or a scale are given. NULL unless the deal is won, where less than half of the weight is known, or for a NULL row. A value that cannot be (a negative cost) makes its part unknown. A row without the column of the role outcome is an error (42703). The row is a jsonb object; its keys are matched by name. The model is a name (main: its active version; main@3: that version) or left out: the registered default; it is looked up in icp_models with the privileges of the caller. None is an error (42704).';

CREATE FUNCTION icp_dqs(deal jsonb, model icp_model, weights dqs_weights DEFAULT NULL, scale dqs_scale DEFAULT NULL)
RETURNS double precision
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 20 AS 'MODULE_PATHNAME', 'icp_dqs_jsonb_model';
COMMENT ON FUNCTION icp_dqs(jsonb, icp_model, dqs_weights, dqs_scale) IS
'Deal quality score, 0 to 100, of a row of the deals view, by the roles, weights and scale of the model; weights and scale given here replace the model''s. The role dqs, where it is filled, is the score unless weights or a scale are given. NULL unless the deal is won, where less than half of the weight is known, or for a NULL row. A value that cannot be (a negative cost) makes its part unknown. A row without the column of the role outcome is an error (42703). The row is a jsonb object; its keys are matched by name. The model is a value; nothing else is read.';
