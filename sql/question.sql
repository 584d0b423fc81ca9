-- What is not known of a lead: bounds of its scores, and what to ask first.

CREATE TYPE icp_score_bounds AS (
    win_probability double precision, win_lo double precision, win_hi double precision,
    expected_dqs double precision, dqs_lo double precision, dqs_hi double precision, unknown text[]);
COMMENT ON TYPE icp_score_bounds IS 'Between what bounds the scores of a lead lie: result of icp_score_range.';
COMMENT ON COLUMN icp_score_bounds.win_probability IS 'As icp_score says it now, unknown attributes being unknown.';
COMMENT ON COLUMN icp_score_bounds.win_lo IS 'The least probability over all values that the unknown attributes may take.';
COMMENT ON COLUMN icp_score_bounds.win_hi IS 'The largest one.';
COMMENT ON COLUMN icp_score_bounds.expected_dqs IS 'As icp_score says it now.';
COMMENT ON COLUMN icp_score_bounds.dqs_lo IS 'The least expected quality over all values that the unknown attributes may take.';
COMMENT ON COLUMN icp_score_bounds.dqs_hi IS 'The largest one.';
COMMENT ON COLUMN icp_score_bounds.unknown IS 'The unknown attributes that a scorecard of the model uses.';

CREATE TYPE icp_question AS (
    rank integer, feature text, changes boolean, labels text[], grades text[], narrowing double precision, weight double precision, text text);
COMMENT ON TYPE icp_question IS 'An attribute to ask of a lead: result of icp_next_question.';
COMMENT ON COLUMN icp_question.rank IS '1 is to be asked first: what can change the label or the grade, then what narrows most.';
COMMENT ON COLUMN icp_question.feature IS 'The unknown attribute.';
COMMENT ON COLUMN icp_question.changes IS 'Whether some answer leads to another label or grade than the lead has now.';
COMMENT ON COLUMN icp_question.labels IS 'Labels that answers lead to.';
COMMENT ON COLUMN icp_question.grades IS 'Grades that answers lead to; an empty text is none.';
COMMENT ON COLUMN icp_question.narrowing IS 'By how much an answer narrows the range of win_probability on average, answers being as frequent as among the deals learned from; of expected_dqs where there is no probability.';
COMMENT ON COLUMN icp_question.weight IS 'Mean weight of the attribute among the criteria of the cohorts.';
COMMENT ON COLUMN icp_question.text IS 'The same in words.';

CREATE FUNCTION icp_score_range(lead record, model text DEFAULT '')
RETURNS icp_score_bounds
LANGUAGE c STABLE PARALLEL SAFE COST 200 AS 'MODULE_PATHNAME', 'icp_score_range_record';
COMMENT ON FUNCTION icp_score_range(record, text) IS
'The least and the largest scores that a lead can have, whatever its unknown attributes are; NULL for a NULL row. The row is any composite; its columns are matched by name. The model is a name (main: its active version; main@3: that version) or left out: the registered default; it is looked up in icp_models with the privileges of the caller. None is an error (42704). A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION icp_next_question(lead record, model text DEFAULT '', language text DEFAULT 'en')
RETURNS SETOF icp_question
LANGUAGE c STABLE PARALLEL SAFE ROWS 5 COST 2000 AS 'MODULE_PATHNAME', 'icp_next_question_record';
COMMENT ON FUNCTION icp_next_question(record, text, text) IS
'What to ask of a lead, the most telling first: its unknown attributes, whether an answer can change label or grade, by how much it narrows the range of the score; no rows where nothing is left to ask, or for a NULL row. Words in English (en) or Russian (ru). The row is any composite; its columns are matched by name. The model is a name (main: its active version; main@3: that version) or left out: the registered default; it is looked up in icp_models with the privileges of the caller. None is an error (42704). A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION icp_score_range(lead record, model icp_model)
RETURNS icp_score_bounds
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 200 AS 'MODULE_PATHNAME', 'icp_score_range_record_model';
COMMENT ON FUNCTION icp_score_range(record, icp_model) IS
'The least and the largest scores that a lead can have, whatever its unknown attributes are; NULL for a NULL row. The row is any composite; its columns are matched by name. The model is a value; nothing else is read. A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION icp_next_question(lead record, model icp_model, language text DEFAULT 'en')
RETURNS SETOF icp_question
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 5 COST 2000 AS 'MODULE_PATHNAME', 'icp_next_question_record_model';
COMMENT ON FUNCTION icp_next_question(record, icp_model, text) IS
'What to ask of a lead, the most telling first: its unknown attributes, whether an answer can change label or grade, by how much it narrows the range of the score; no rows where nothing is left to ask, or for a NULL row. Words in English (en) or Russian (ru). The row is any composite; its columns are matched by name. The model is a value; nothing else is read. A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION icp_score_range(lead jsonb, model text DEFAULT '')
RETURNS icp_score_bounds
LANGUAGE c STABLE PARALLEL SAFE COST 200 AS 'MODULE_PATHNAME', 'icp_score_range_jsonb';
COMMENT ON FUNCTION icp_score_range(jsonb, text) IS
'The least and the largest scores that a lead can have, whatever its unknown attributes are; NULL for a NULL row. The row is a jsonb object; its keys are matched by name. The model is a name (main: its active version; main@3: that version) or left out: the registered default; it is looked up in icp_models with the privileges of the caller. None is an error (42704). A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION icp_next_question(lead jsonb, model text DEFAULT '', language text DEFAULT 'en')
RETURNS SETOF icp_question
LANGUAGE c STABLE PARALLEL SAFE ROWS 5 COST 2000 AS 'MODULE_PATHNAME', 'icp_next_question_jsonb';
COMMENT ON FUNCTION icp_next_question(jsonb, text, text) IS
'What to ask of a lead, the most telling first: its unknown attributes, whether an answer can change label or grade, by how much it narrows the range of the score; no rows where nothing is left to ask, or for a NULL row. Words in English (en) or Russian (ru). The row is a jsonb object; its keys are matched by name. The model is a name (main: its active version; main@3: that version) or left out: the registered default; it is looked up in icp_models with the privileges of the caller. None is an error (42704). A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION icp_score_range(lead jsonb, model icp_model)
RETURNS icp_score_bounds
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 200 AS 'MODULE_PATHNAME', 'icp_score_range_jsonb_model';
COMMENT ON FUNCTION icp_score_range(jsonb, icp_model) IS
'The least and the largest scores that a lead can have, whatever its unknown attributes are; NULL for a NULL row. The row is a jsonb object; its keys are matched by name. The model is a value; nothing else is read. A row that has none of the model''s features is an error (42703).';

CREATE FUNCTION icp_next_question(lead jsonb, model icp_model, language text DEFAULT 'en')
RETURNS SETOF icp_question
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 5 COST 2000 AS 'MODULE_PATHNAME', 'icp_next_question_jsonb_model';
COMMENT ON FUNCTION icp_next_question(jsonb, icp_model, text) IS
'What to ask of a lead, the most telling first: its unknown attributes, whether an answer can change label or grade, by how much it narrows the range of the score; no rows where nothing is left to ask, or for a NULL row. Words in English (en) or Russian (ru). The row is a jsonb object; its keys are matched by name. The model is a value; nothing else is read. A row that has none of the model''s features is an error (42703).';

CREATE TYPE icp_checklist_row AS (rank integer, feature text, good text, weight double precision, points double precision);
COMMENT ON TYPE icp_checklist_row IS 'A question for the first call: result of icp_checklist.';
COMMENT ON COLUMN icp_checklist_row.rank IS '1 tells most.';
COMMENT ON COLUMN icp_checklist_row.feature IS 'What to ask for.';
COMMENT ON COLUMN icp_checklist_row.good IS 'What the cohort usually answers.';
COMMENT ON COLUMN icp_checklist_row.weight IS 'How well the answer tells the cohort from the rest; the weights of a cohort total 1.';
COMMENT ON COLUMN icp_checklist_row.points IS 'By how many log-odds of winning the best and the worst answer differ; NULL without a scorecard for winning.';

CREATE FUNCTION icp_checklist(model icp_model, cohort text, language text DEFAULT 'en') RETURNS SETOF icp_checklist_row
LANGUAGE c IMMUTABLE PARALLEL SAFE ROWS 7 COST 1000 AS 'MODULE_PATHNAME', 'icp_checklist_value';
COMMENT ON FUNCTION icp_checklist(icp_model, text, text) IS 'The questions that tell on the first call whether a lead is of a cohort, the most telling first, at most seven. A cohort that the model does not have is an error (42704). language (en, ru) is that of answers.';
CREATE FUNCTION icp_checklist(model text, cohort text, language text DEFAULT 'en') RETURNS SETOF icp_checklist_row
LANGUAGE c STABLE PARALLEL SAFE ROWS 7 COST 1000 AS 'MODULE_PATHNAME', 'icp_checklist_name';
COMMENT ON FUNCTION icp_checklist(text, text, text) IS 'The same of a registered model: a name as icp_load takes it; NULL or empty: the default.';
