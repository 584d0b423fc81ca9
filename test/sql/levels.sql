-- The four levels: guessed from names, what each says, how deep a profile reaches; sources; roles of a buying committee.
CREATE TABLE deal AS
SELECT i AS deal_id, i / 2 AS company_id, CASE WHEN (i * 7919 % 1000) < (ARRAY[750, 400, 100])[g] THEN 'won' ELSE 'lost' END AS outcome,
       (ARRAY['wholesale', 'retail', 'software'])[1 + (hashtextextended((i / 2)::text, 1) & 1023)::int % 3] AS industry, 10 + (hashtextextended((i / 2)::text, 3) & 63)::int AS employees,
       CASE WHEN (i / 2) * 17 % 10 > 6 THEN (ARRAY['erp', 'crm', 'excel'])[1 + (hashtextextended((i / 2)::text, 2) & 1023)::int % 3] END AS "СтекТехнологий",
       (ARRAY['owner', 'director', 'committee'])[CASE WHEN i * 101 % 10 = 0 THEN 1 + g % 3 ELSE g END] AS "decisionMaker",
       CASE g WHEN 1 THEN ARRAY['owner'] WHEN 2 THEN ARRAY['director', 'IT director'] ELSE ARRAY['CFO', 'IT director', 'security'] END AS committee
FROM generate_series(1, 1200) i CROSS JOIN LATERAL (SELECT 1 + (i / 2) * 37 % 3 AS g) x;

CREATE TABLE fitted AS SELECT icp_fit(d, '{}') AS model FROM deal d;
SELECT level, depth, reached, features, round(coverage::numeric, 2) AS coverage, note FROM fitted, icp_levels(model);
SELECT level, depth, note FROM fitted, icp_levels(model, 'ru');
-- Who decides tells the outcome; industry and size tell nothing.
SELECT level, win_gain_lo > 0.15 AS tells, win_gain_hi < 0.1 AS tells_nothing, win_gain BETWEEN win_gain_lo AND win_gain_hi AS inside,
       win_gain_up_to = win_gain AS first, dqs_gain FROM fitted, icp_levels(model) ORDER BY depth;
SELECT round(sum(cohort_weight)::numeric, 9) AS total, (array_agg(level ORDER BY cohort_weight DESC NULLS LAST))[1] AS most FROM fitted, icp_levels(model);
SELECT severity, message FROM fitted, icp_diagnostics(model) WHERE message ~ 'depth|level';

-- Level 1 alone is called so, whatever the number of features.
SELECT severity, message, hint FROM (SELECT icp_fit(d, '{}') AS model FROM (SELECT deal_id, company_id, outcome, industry, employees FROM deal) d) f, icp_diagnostics(model) WHERE message LIKE 'the profile rests%';
SELECT severity, message FROM (SELECT icp_fit(d, '{}') AS model FROM (SELECT deal_id, company_id, outcome, industry, employees, "СтекТехнологий" FROM deal) d) f, icp_diagnostics(model) WHERE message LIKE 'the profile rests%';
SELECT level, reached, note FROM (SELECT icp_fit(d, '{}') AS model FROM (SELECT deal_id, company_id, outcome, industry FROM deal) d) f, icp_levels(model);
-- The option levels overrides the guess.
SELECT level, features FROM (SELECT icp_fit(d, '{"levels": {"industry": "situational", "employees": "psychographic"}}') AS model FROM deal d) f, icp_levels(model);
SELECT icp_fit(d, '{"levels": {"industry": "deep"}}') FROM deal d;

-- Guesses, by the level that a single feature gets.
CREATE FUNCTION level_of(name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE found text;
BEGIN
  EXECUTE format('SELECT level FROM (SELECT icp_fit(d, ''{}'') AS m FROM (SELECT deal_id, company_id, outcome, industry AS %I FROM deal WHERE deal_id <= 120) d) f, icp_levels(m) WHERE features <> ''{}''', name) INTO found;
  RETURN found;
END $$;
SELECT name, level_of(name) FROM unnest(ARRAY['Industry', 'company_stage', 'stage', 'techStack', 'uses 1C', 'CRM', 'crmless', 'revenue_growth', 'tender', 'pretender', 'leadSource', 'риски', 'Кто решает',
  'источник', 'бюджет проекта', 'ЛПР', 'конкуренты', 'Регион', 'Ростов', 'needs', 'digital_maturity', 'purchases']) name;

-- Sources are kept and shown; they change without training.
CREATE TABLE sourced AS SELECT icp_model_change(model, '{"sources": {"employees": "registry, 2025-09-01", "industry": "CRM"}}') AS model FROM fitted;
SELECT DISTINCT feature, source FROM sourced, icp_traits(model) ORDER BY 1;
SELECT icp_model_change(model, '{"sources": ["a"]}') FROM fitted;
SELECT icp_model_change(model, '{"sources": {"a": 1}}') FROM fitted;

-- Roles of the buying committee are a set of the company: companies stay the unit.
SELECT kind, level, array_agg(DISTINCT usual LIKE '%IT director%') AS usual FROM fitted, icp_traits(model) WHERE feature = 'committee' GROUP BY 1, 2;
SELECT sum(n_companies) <= 601 AS companies FROM fitted, icp_cohorts(model);

-- By name; no model is an error.
SELECT icp_save('levels', model, true) FROM fitted;
SELECT count(*) FROM icp_levels('levels');
SELECT count(*) FROM icp_levels();
SELECT count(*) FROM icp_levels('nothing');
SELECT count(*) FROM fitted, icp_levels(model, 'de');
SELECT icp_drop_model('levels', 1);
DROP TABLE deal, fitted, sourced;
DROP FUNCTION level_of;
