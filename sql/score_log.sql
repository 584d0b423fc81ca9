-- The log of stored scores.

CREATE TABLE icp_score_log (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT icp_score_log_pkey PRIMARY KEY,
    source text COLLATE "C" NOT NULL,
    lead_id text COLLATE "C" NOT NULL,
    company_id text COLLATE "C",
    model text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    scored_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    cohort text,
    grade text,
    similarity double precision,
    label text,
    model_label text,
    win_probability double precision,
    expected_dqs double precision,
    coverage double precision,
    exclusion text,
    part_score text[] NOT NULL DEFAULT '{}',
    part_cohort text[] NOT NULL DEFAULT '{}',
    part_feature text[] NOT NULL DEFAULT '{}',
    part_value text[] NOT NULL DEFAULT '{}',
    part_points double precision[] NOT NULL DEFAULT '{}');
CREATE INDEX icp_score_log_lead ON icp_score_log (lead_id);
CREATE INDEX icp_score_log_company ON icp_score_log (company_id) WHERE company_id IS NOT NULL;
ALTER TABLE icp_score_log OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_score_log', '');
SELECT pg_catalog.pg_extension_config_dump('icp_score_log_id_seq', '');
COMMENT ON TABLE icp_score_log IS 'Scores as they were stored, with the parts that they are sums of, where that was asked for: icp_rescore with log, and the trigger icp_log_score().';
COMMENT ON SEQUENCE icp_score_log_id_seq IS 'Numbers of entries.';
COMMENT ON COLUMN icp_score_log.id IS 'Number of the entry.';
COMMENT ON COLUMN icp_score_log.source IS 'The table, with its schema.';
COMMENT ON COLUMN icp_score_log.lead_id IS 'The lead: its lead_id, else the only column of the primary key, as text.';
COMMENT ON COLUMN icp_score_log.company_id IS 'Its company, where the table has a column company_id.';
COMMENT ON COLUMN icp_score_log.model IS 'Name of the model.';
COMMENT ON COLUMN icp_score_log.version IS 'Its version.';
COMMENT ON COLUMN icp_score_log.scored_at IS 'When the lead was scored.';
COMMENT ON COLUMN icp_score_log.cohort IS 'As icp_lead_score.cohort.';
COMMENT ON COLUMN icp_score_log.grade IS 'As icp_lead_score.grade.';
COMMENT ON COLUMN icp_score_log.similarity IS 'As icp_lead_score.similarity: the sum of the points of its parts, exactly.';
COMMENT ON COLUMN icp_score_log.label IS 'The label that holds: what somebody has decided, else that of the model.';
COMMENT ON COLUMN icp_score_log.model_label IS 'The label that the model gives.';
COMMENT ON COLUMN icp_score_log.win_probability IS 'As icp_lead_score.win_probability: the logistic of the sum of the points of its parts.';
COMMENT ON COLUMN icp_score_log.expected_dqs IS 'As icp_lead_score.expected_dqs: the sum of the points of its parts, exactly.';
COMMENT ON COLUMN icp_score_log.coverage IS 'As icp_lead_score.coverage.';
COMMENT ON COLUMN icp_score_log.exclusion IS 'As icp_lead_score.exclusion.';
COMMENT ON COLUMN icp_score_log.part_score IS 'Of each part, the score that it is a part of. View icp_score_log_parts has a row for each.';
COMMENT ON COLUMN icp_score_log.part_cohort IS 'Of each part, the cohort that the score speaks of.';
COMMENT ON COLUMN icp_score_log.part_feature IS 'Of each part, the attribute.';
COMMENT ON COLUMN icp_score_log.part_value IS 'Of each part, what the lead had.';
COMMENT ON COLUMN icp_score_log.part_points IS 'Of each part, the points.';

CREATE VIEW icp_score_log_parts AS
SELECT l.id, l.source, l.lead_id, l.model, l.version, l.scored_at, p.score, p.cohort, p.feature, p.value, p.points
FROM icp_score_log l CROSS JOIN LATERAL unnest(l.part_score, l.part_cohort, l.part_feature, l.part_value, l.part_points) p (score, cohort, feature, value, points);
ALTER VIEW icp_score_log_parts OWNER TO @extowner@;
COMMENT ON VIEW icp_score_log_parts IS 'The parts of the logged scores, one row each.';
COMMENT ON COLUMN icp_score_log_parts.id IS 'Number of the entry of icp_score_log.';
COMMENT ON COLUMN icp_score_log_parts.source IS 'The table.';
COMMENT ON COLUMN icp_score_log_parts.lead_id IS 'The lead.';
COMMENT ON COLUMN icp_score_log_parts.model IS 'Name of the model.';
COMMENT ON COLUMN icp_score_log_parts.version IS 'Its version.';
COMMENT ON COLUMN icp_score_log_parts.scored_at IS 'When the lead was scored.';
COMMENT ON COLUMN icp_score_log_parts.score IS 'The score that this is a part of.';
COMMENT ON COLUMN icp_score_log_parts.cohort IS 'The cohort that the score speaks of.';
COMMENT ON COLUMN icp_score_log_parts.feature IS 'The attribute.';
COMMENT ON COLUMN icp_score_log_parts.value IS 'What the lead had.';
COMMENT ON COLUMN icp_score_log_parts.points IS 'Its contribution.';

CREATE VIEW icp_score_log_check AS
SELECT l.id, l.lead_id, s.score, s.stored, t.total,
       CASE WHEN s.stored IS NULL THEN coalesce(t.total, 0) = 0
            WHEN s.score = 'win_probability' THEN coalesce(abs(s.stored - t.total) <= 1e-12, false)
            ELSE coalesce(s.stored = t.total, false) END AS adds_up
FROM icp_score_log l
CROSS JOIN LATERAL (VALUES ('similarity', l.similarity), ('win_probability', l.win_probability), ('expected_dqs', l.expected_dqs)) s (score, stored)
CROSS JOIN LATERAL (
    SELECT CASE WHEN s.score = 'win_probability' THEN 1 / (1 + exp(-sum(p.points))) ELSE sum(p.points) END AS total
    FROM unnest(l.part_score, l.part_points) p (score, points) WHERE p.score = s.score) t
WHERE s.stored IS NOT NULL OR t.total IS NOT NULL;
ALTER VIEW icp_score_log_check OWNER TO @extowner@;
COMMENT ON VIEW icp_score_log_check IS 'Whether the parts of each logged score add up to it: exactly, and for a probability the logistic of the sum within 1e-12.';
COMMENT ON COLUMN icp_score_log_check.id IS 'Number of the entry of icp_score_log.';
COMMENT ON COLUMN icp_score_log_check.lead_id IS 'The lead.';
COMMENT ON COLUMN icp_score_log_check.score IS 'similarity, win_probability or expected_dqs.';
COMMENT ON COLUMN icp_score_log_check.stored IS 'The score as logged.';
COMMENT ON COLUMN icp_score_log_check.total IS 'What its parts make.';
COMMENT ON COLUMN icp_score_log_check.adds_up IS 'Whether they agree.';
