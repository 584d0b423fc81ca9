-- Views for BI tools: plain columns of plain types. They read the registry's column, never a reader by name, so that
-- SELECT on the view alone is enough.

CREATE VIEW icp_cohort_summary AS
SELECT m.name AS model, m.version, m.is_default, m.trained_at, c.cohort, c.title, c.grade, c.grade_sure, c.grade_reason,
       c.n, c.n_closed, c.n_companies, c.share, c.dqs, c.dqs_lo, c.dqs_hi, c.win_rate, c.win_rate_lo, c.win_rate_hi,
       c.ltv, c.cac, c.cycle, c.effort, c.retention, c.value_per_lead, c.definition, c.predicate, c.predicate_n,
       c."precision", c.recall, c.stability, c.reliability
FROM @extschema@.icp_models m CROSS JOIN LATERAL @extschema@.icp_cohorts(m.model) c
WHERE m.active;
ALTER VIEW icp_cohort_summary OWNER TO @extowner@;
COMMENT ON VIEW icp_cohort_summary IS 'The cohorts of the active version of every model.';
COMMENT ON COLUMN icp_cohort_summary.model IS 'Name of the model.';
COMMENT ON COLUMN icp_cohort_summary.version IS 'Its active version.';
COMMENT ON COLUMN icp_cohort_summary.is_default IS 'Whether it is the model meant where none is given.';
COMMENT ON COLUMN icp_cohort_summary.trained_at IS 'When the version was saved.';
COMMENT ON COLUMN icp_cohort_summary.cohort IS 'Stable key of the cohort.';
COMMENT ON COLUMN icp_cohort_summary.title IS 'What unites its members, in words.';
COMMENT ON COLUMN icp_cohort_summary.grade IS 'A, B or C; NULL with too few companies.';
COMMENT ON COLUMN icp_cohort_summary.grade_sure IS 'Whether the interval lies inside the band of the grade.';
COMMENT ON COLUMN icp_cohort_summary.grade_reason IS 'Why the grade is not the band of the mean alone.';
COMMENT ON COLUMN icp_cohort_summary.n IS 'Won deals of the cohort.';
COMMENT ON COLUMN icp_cohort_summary.n_closed IS 'Won and lost deals of the cohort.';
COMMENT ON COLUMN icp_cohort_summary.n_companies IS 'Companies of those deals.';
COMMENT ON COLUMN icp_cohort_summary.share IS 'Share of all closed deals, 0 to 1.';
COMMENT ON COLUMN icp_cohort_summary.dqs IS 'Mean deal quality score of won deals, 0 to 100.';
COMMENT ON COLUMN icp_cohort_summary.dqs_lo IS 'Lower end of its 95 % interval.';
COMMENT ON COLUMN icp_cohort_summary.dqs_hi IS 'Upper end of its 95 % interval.';
COMMENT ON COLUMN icp_cohort_summary.win_rate IS 'Won among mature closed deals, 0 to 1.';
COMMENT ON COLUMN icp_cohort_summary.win_rate_lo IS 'Lower end of its 95 % interval.';
COMMENT ON COLUMN icp_cohort_summary.win_rate_hi IS 'Upper end of its 95 % interval.';
COMMENT ON COLUMN icp_cohort_summary.ltv IS 'Mean lifetime value of a customer.';
COMMENT ON COLUMN icp_cohort_summary.cac IS 'Mean acquisition cost of a customer.';
COMMENT ON COLUMN icp_cohort_summary.cycle IS 'Mean days from first contact to closing of won deals.';
COMMENT ON COLUMN icp_cohort_summary.effort IS 'Mean effort of a deal, in touches or hours.';
COMMENT ON COLUMN icp_cohort_summary.retention IS 'Mean retention, 0 to 1.';
COMMENT ON COLUMN icp_cohort_summary.value_per_lead IS 'Expected value of a lead; NULL without margin and cost options.';
COMMENT ON COLUMN icp_cohort_summary.definition IS 'The cohort''s description in words.';
COMMENT ON COLUMN icp_cohort_summary.predicate IS 'The same as a condition in SQL on the deals view.';
COMMENT ON COLUMN icp_cohort_summary.predicate_n IS 'Rows of the deals view that satisfy it.';
COMMENT ON COLUMN icp_cohort_summary."precision" IS 'Share of those that belong to the cohort, 0 to 1.';
COMMENT ON COLUMN icp_cohort_summary.recall IS 'Share of the cohort that satisfies it, 0 to 1.';
COMMENT ON COLUMN icp_cohort_summary.stability IS 'Mean Jaccard similarity when learned from resamples of the companies; below 0.75 not stable.';
COMMENT ON COLUMN icp_cohort_summary.reliability IS 'exploratory, unreliable, limited or normal.';

CREATE VIEW icp_cohort_traits AS
SELECT m.name AS model, m.version, m.is_default, t.cohort, t.feature, t.level, t.kind, t.usual, t.share, t.share_all, t.lift, t.weight, t.known, t.source
FROM @extschema@.icp_models m CROSS JOIN LATERAL @extschema@.icp_traits(m.model) t
WHERE m.active;
ALTER VIEW icp_cohort_traits OWNER TO @extowner@;
COMMENT ON VIEW icp_cohort_traits IS 'What is usual in each cohort of the active version of every model.';
COMMENT ON COLUMN icp_cohort_traits.model IS 'Name of the model.';
COMMENT ON COLUMN icp_cohort_traits.version IS 'Its active version.';
COMMENT ON COLUMN icp_cohort_traits.is_default IS 'Whether it is the model meant where none is given.';
COMMENT ON COLUMN icp_cohort_traits.cohort IS 'Key of the cohort.';
COMMENT ON COLUMN icp_cohort_traits.feature IS 'The feature, a column of the deals view.';
COMMENT ON COLUMN icp_cohort_traits.level IS 'firmographic, technographic, situational or psychographic.';
COMMENT ON COLUMN icp_cohort_traits.kind IS 'numeric, date, binary, categorical or set.';
COMMENT ON COLUMN icp_cohort_traits.usual IS 'What is usual in the cohort.';
COMMENT ON COLUMN icp_cohort_traits.share IS 'Share of members with the most frequent category or item, 0 to 1.';
COMMENT ON COLUMN icp_cohort_traits.share_all IS 'The same share of all closed deals.';
COMMENT ON COLUMN icp_cohort_traits.lift IS 'share divided by share_all.';
COMMENT ON COLUMN icp_cohort_traits.weight IS 'How well the feature tells the cohort from the rest; a cohort''s weights total 1.';
COMMENT ON COLUMN icp_cohort_traits.known IS 'Share of members whose value is known, 0 to 1.';
COMMENT ON COLUMN icp_cohort_traits.source IS 'Where the values come from and when.';

CREATE VIEW icp_model_history AS
SELECT m.name AS model, m.version, m.active, m.is_default, m.source, m.trained_at, m.trained_by,
       s.deals, s.won, s.lost, s.open, s.companies, s.cohorts, s.reliability
FROM @extschema@.icp_models m CROSS JOIN LATERAL @extschema@.icp_model_summary(m.model) s;
ALTER VIEW icp_model_history OWNER TO @extowner@;
COMMENT ON VIEW icp_model_history IS 'Every version of every model.';
COMMENT ON COLUMN icp_model_history.model IS 'Name of the model.';
COMMENT ON COLUMN icp_model_history.version IS 'Version.';
COMMENT ON COLUMN icp_model_history.active IS 'Whether the name means this version.';
COMMENT ON COLUMN icp_model_history.is_default IS 'On one row at most: its name is the default.';
COMMENT ON COLUMN icp_model_history.source IS 'The view learned from.';
COMMENT ON COLUMN icp_model_history.trained_at IS 'When the version was saved.';
COMMENT ON COLUMN icp_model_history.trained_by IS 'The role that saved it.';
COMMENT ON COLUMN icp_model_history.deals IS 'Deals learned from, won and lost.';
COMMENT ON COLUMN icp_model_history.won IS 'Won deals.';
COMMENT ON COLUMN icp_model_history.lost IS 'Lost deals.';
COMMENT ON COLUMN icp_model_history.open IS 'Open deals.';
COMMENT ON COLUMN icp_model_history.companies IS 'Companies of the closed deals.';
COMMENT ON COLUMN icp_model_history.cohorts IS 'Cohorts found.';
COMMENT ON COLUMN icp_model_history.reliability IS 'exploratory, unreliable, limited or normal.';
