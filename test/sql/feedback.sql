-- Feedback of sales, and the results of the priority matrix.
SELECT icp_add_feedback('1', 0.5, manager => 'Ivanov', comment => 'no budget') > 0 AS added;
SELECT lead_id, manager, realness, comment, given_by = current_user AS by_me, given_at <= now() AS now FROM icp_feedback;
SELECT icp_add_feedback('1', 1.5);
SELECT icp_add_feedback('1', NULL);
SELECT icp_add_feedback('1', 'NaN');
SELECT icp_add_feedback(NULL, 1);
TRUNCATE icp_feedback;

-- Leads whose cells convert as u() says. Decision/high/soon is high but converts like normal; awareness/medium/soon is normal but converts better than high.
CREATE FUNCTION u(what text) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$ SELECT ('x' || left(md5(what), 7))::bit(28)::int / 268435456.0 $$;
CREATE TABLE lead AS
SELECT p.stage || p.interest || p.readiness || i AS lead_id, p.stage || p.interest || p.readiness || i / 2 AS company_id, p.stage, p.interest, p.readiness, true AS qualified,
       date '2025-01-01' + (i % 200) AS created_at, CASE WHEN u(p.stage || p.interest || p.readiness || i) < rate THEN date '2025-01-01' + (i % 200) + 1 + i % 21 END AS converted_at
FROM icp_priorities p, LATERAL (SELECT CASE WHEN (stage, interest, readiness) = ('decision', 'high', 'soon') THEN .1 WHEN (stage, interest, readiness) = ('awareness', 'medium', 'soon') THEN .7
  ELSE (ARRAY[.4, .2, .05])[p.priority_rank] END AS rate) r, generate_series(1, 200) i
WHERE p.matrix = 'main' AND (p.stage, p.interest) IN (('decision', 'high'), ('awareness', 'medium'), ('consideration', 'medium'));
INSERT INTO lead SELECT 'visitor' || i, i::text, NULL, NULL, NULL, CASE WHEN i % 2 = 0 THEN false END, date '2025-03-01', NULL FROM generate_series(1, 500) i;
INSERT INTO lead VALUES ('odd', 'odd', 'decision', 'high', 'tomorrow', true, '2025-03-01', NULL), ('half', 'half', 'decision', NULL, 'now', true, '2025-03-01', '2025-03-02');
SELECT stage, interest, readiness, priority, leads, n, n_companies, round(conversion::numeric, 2) AS conversion, round(conversion_lo::numeric, 2) AS lo, round(conversion_hi::numeric, 2) AS hi, suggested_priority, suggested_rank
FROM icp_priority_results('lead') WHERE leads > 0 ORDER BY priority_rank, stage, interest, readiness, priority;
SELECT stage, interest, readiness, suggestion FROM icp_priority_results('lead', language => 'ru') WHERE suggested_rank IS NOT NULL ORDER BY 1, 2, 3;
SELECT suggestion, count(*) FROM icp_priority_results('lead') GROUP BY 1 ORDER BY 1;
-- By hand: what is mature, what converted by then; unqualified visitors are in no rate.
SELECT sum(n), sum(converted), sum(leads) FROM icp_priority_results('lead', as_of => '2025-05-01+00', maturity => interval '30 days');
SELECT count(*) FILTER (WHERE created_at <= date '2025-04-01' AND readiness <> 'tomorrow' AND interest IS NOT NULL), count(*) FILTER (WHERE created_at <= date '2025-04-01' AND converted_at <= date '2025-05-01' AND interest IS NOT NULL), count(*)
FROM lead WHERE created_at <= date '2025-05-01';
-- The session's zone and the order of the rows change nothing.
CREATE TABLE shuffled AS SELECT * FROM lead ORDER BY md5(lead_id);
SET timezone = 'Pacific/Auckland';
SELECT count(*) FROM (SELECT * FROM icp_priority_results('lead') EXCEPT SELECT * FROM icp_priority_results('shuffled')) d;
SELECT md5(string_agg(r::text, ' ' ORDER BY r::text)) AS results FROM icp_priority_results('lead') r \gset a_
RESET timezone;
SELECT md5(string_agg(r::text, ' ' ORDER BY r::text)) = :'a_results' AS same FROM icp_priority_results('shuffled') r;
-- Leads of one company are one piece of evidence.
CREATE VIEW wide AS SELECT lead_id, left(md5(company_id), 1) AS company_id, stage, interest, readiness, converted_at IS NOT NULL AS converted FROM lead WHERE qualified;
SELECT max(n_companies), count(suggested_rank) FROM icp_priority_results('wide');
-- Feedback: the latest word of each lead; it suggests too.
SELECT count(icp_add_feedback(lead_id, CASE WHEN stage = 'consideration' AND readiness = 'now' THEN 0.05 ELSE 1 - priority_rank * 0.25 END)) FROM lead JOIN icp_priorities USING (stage, interest, readiness) WHERE matrix = 'main' AND right(lead_id, 1) = '5';
SELECT count(icp_add_feedback(lead_id, 1, given_at => now() - interval '1 day')) FROM lead WHERE right(lead_id, 2) = '15';
SELECT stage, interest, readiness, priority, feedback, round(realness::numeric, 3) AS realness, round(realness_lo::numeric, 2) AS lo, round(realness_hi::numeric, 2) AS hi, suggested_priority, suggestion
FROM icp_priority_results('lead') WHERE feedback > 0 ORDER BY priority_rank, stage, readiness;
-- The latest word of each lead, as of a moment too.
SELECT count(*), sum(realness) = (SELECT sum(realness) FROM (SELECT DISTINCT ON (lead_id) realness FROM icp_feedback ORDER BY lead_id, given_at DESC, id DESC) f) AS latest FROM icp_latest_feedback();
SELECT count(*), min(realness) FROM icp_latest_feedback(now() - interval '1 hour');
SELECT count(*) FROM icp_latest_feedback('-infinity');
-- Feedback learned from: whether a lead will be found real. Leads of which nothing was said are open.
SELECT won, lost, open FROM icp_model_summary((SELECT icp_fit(l, '{"roles": {"outcome": "real", "won": ["real"], "lost": ["not real"]}, "rules": {"top": 0}, "features": ["stage"]}')
FROM (SELECT d.lead_id AS deal_id, d.company_id, d.stage, d.readiness, d.created_at, CASE WHEN f.realness >= 0.5 THEN 'real' WHEN f.realness < 0.5 THEN 'not real' END AS real
      FROM lead d LEFT JOIN icp_latest_feedback() f USING (lead_id) WHERE qualified) l));
-- Results kept: what the function says, as of two moments; the same moment again replaces.
SELECT source, matrix, as_of AT TIME ZONE 'UTC' AS as_of, replaced, cells, leads, n, converted, suggestions FROM icp_snapshot_priorities('lead', as_of => '2025-05-01+00', maturity => interval '30 days');
SELECT source, matrix, as_of AT TIME ZONE 'UTC' AS as_of, replaced, cells, leads, n, converted, suggestions FROM icp_snapshot_priorities('lead');
SELECT replaced, cells FROM icp_snapshot_priorities('lead', 'main');
SELECT count(*) FILTER (WHERE as_of = '2025-05-01+00') AS earlier, count(*) FILTER (WHERE as_of > '2025-05-01+00') AS later FROM icp_priority_history;
SELECT count(*) AS cells, count(DISTINCT as_of) AS moments, count(suggestion) = count(suggestion_ru) AS both, count(*) FILTER (WHERE suggestion_ru ~ '[а-я]') > 0 AS ru FROM icp_priority_cells;
SELECT count(*) AS different FROM (SELECT stage, interest, readiness, priority, priority_rank, scenario, leads, n, n_companies, converted, conversion, conversion_lo, conversion_hi, feedback, realness, realness_lo, realness_hi, suggested_priority, suggested_rank, suggestion FROM icp_priority_cells) a
FULL JOIN icp_priority_results('lead') b ON a::text = b::text WHERE a IS NULL OR b IS NULL;
SELECT count(*) AS different FROM (SELECT stage, interest, readiness, priority, priority_rank, scenario, leads, n, n_companies, converted, conversion, conversion_lo, conversion_hi, feedback, realness, realness_lo, realness_hi, suggested_priority, suggested_rank, suggestion FROM icp_priority_history WHERE as_of = '2025-05-01+00') a
FULL JOIN icp_priority_results('lead', as_of => '2025-05-01+00', maturity => interval '30 days') b ON a::text = b::text WHERE a IS NULL OR b IS NULL;
-- Plain columns of plain types, each with a comment; a reader of the views needs nothing else.
SELECT attrelid::regclass, attname, format_type(atttypid, atttypmod), col_description(attrelid, attnum) FROM pg_attribute
WHERE attrelid IN ('icp_priority_cells'::regclass, 'icp_priority_history'::regclass) AND attnum > 0
  AND (atttypid NOT IN ('text'::regtype, 'integer'::regtype, 'bigint'::regtype, 'double precision'::regtype, 'timestamptz'::regtype) OR col_description(attrelid, attnum) IS NULL);
CREATE ROLE icp_test_viewer;
GRANT SELECT ON icp_priority_cells, icp_priority_history TO icp_test_viewer;
SET ROLE icp_test_viewer;
\set VERBOSITY terse
BEGIN READ ONLY;
SELECT (SELECT count(*) FROM icp_priority_cells) AS cells, (SELECT count(*) FROM icp_priority_history) AS history;
COMMIT;
SELECT count(*) FROM icp_priority_snapshot_cells;
SELECT icp_snapshot_priorities('lead');
RESET ROLE;
DROP OWNED BY icp_test_viewer;
DROP ROLE icp_test_viewer;
-- A view without dates, and what there is not.
CREATE VIEW undated AS SELECT lead_id, stage, interest, readiness, converted_at IS NOT NULL AS converted FROM lead WHERE qualified;
SELECT icp_snapshot_priorities('undated');
SELECT source, cells, leads FROM icp_snapshot_priorities('undated', as_of => '2025-12-31+00');
SELECT icp_snapshot_priorities('lead', 'others');
SELECT icp_snapshot_priorities(NULL);
SELECT icp_snapshot_priorities('lead', as_of => 'infinity');
DELETE FROM icp_priority_snapshots;
SELECT count(*) FROM icp_priority_snapshot_cells;
DROP VIEW undated;
\set VERBOSITY default
-- A cell changed as suggested; a matrix of one's own.
INSERT INTO icp_priority_matrix (stage, interest, readiness, priority, priority_rank, scenario) VALUES ('decision', 'high', 'soon', 'normal', 2, 'develop');
SELECT priority, suggested_priority FROM icp_priority_results('lead') WHERE (stage, interest, readiness) = ('decision', 'high', 'soon');
DELETE FROM icp_priority_matrix WHERE NOT builtin;
-- Nothing.
CREATE VIEW none AS SELECT * FROM lead WHERE false;
SELECT count(*), sum(n), count(conversion), count(DISTINCT suggestion) FROM icp_priority_results('none');
-- A view in another schema, whose columns hide ours, under a search_path of its own.
CREATE SCHEMA mine;
CREATE VIEW mine.lead AS SELECT lead_id::varchar, stage::varchar, interest, readiness, converted_at::timestamp FROM public.lead WHERE qualified;
SET search_path = mine, public;
SELECT sum(n) FROM icp_priority_results('lead');
RESET search_path;
-- Wrong input.
CREATE VIEW bare AS SELECT 1 AS lead_id;
SELECT * FROM icp_priority_results('bare');
\set VERBOSITY terse
CREATE VIEW twice AS SELECT * FROM lead UNION ALL SELECT * FROM lead WHERE lead_id = 'odd';
SELECT * FROM icp_priority_results('twice');
SELECT * FROM icp_priority_results('lead', 'others');
SELECT * FROM icp_priority_results('lead', language => 'de');
SELECT * FROM icp_priority_results(NULL);
SELECT * FROM icp_priority_compare('{1}', '{1,1}', '{1}', '{t}', '{1}');
SELECT * FROM icp_priority_compare('{1}', '{2}', '{1}', '{t}', '{1}');
SELECT * FROM icp_priority_compare('{1}', '{NULL}', '{1}', '{t}', '{1}');
\set VERBOSITY default
TRUNCATE icp_feedback;
DROP VIEW bare, twice, none, wide, mine.lead;
DROP SCHEMA mine;
DROP TABLE lead, shuffled;
DROP FUNCTION u(text);
