-- The main job, end to end, on the CRM of crm.sql; what it prints is the report.
\pset footer off
\pset null '·'
\timing off
SET client_min_messages = warning;

\qecho ICP: the demo
\qecho ======== = =
\qecho
SELECT (SELECT count(*) FROM account) AS companies, (SELECT count(*) FROM deal) AS deals, (SELECT count(*) FROM lead) AS leads,
       (SELECT count(*) FROM prospect) AS prospects, (SELECT min(first_contact_at) FROM deal) AS first_contact,
       (SELECT max(paid_at) FROM deal) AS last_payment;

\qecho '1. What icp_check finds in the two views'
SELECT severity, column_name, rows, message, hint
FROM icp_check('icp_deals', '{"leads": "icp_leads", "roles": {"open": ["New", "Demo", "Proposal"]}}');

\qecho '2. Training'
\ir train.sql

\qecho '3. The cohorts'
SELECT c.title, c.grade || CASE WHEN c.grade_sure THEN '' ELSE '?' END AS grade, c.n AS won, c.n_closed AS closed, c.n_companies AS companies,
       format('%s (%s to %s)', round(c.dqs::numeric, 1), round(c.dqs_lo::numeric, 1), round(c.dqs_hi::numeric, 1)) AS deal_quality,
       format('%s %% (%s to %s)', round(100 * c.win_rate::numeric), round(100 * c.win_rate_lo::numeric), round(100 * c.win_rate_hi::numeric)) AS win_rate,
       round(c.ltv::numeric) AS ltv, round(c.cac::numeric) AS cac, round(c.cycle::numeric) AS days, c.reliability
FROM icp_cohorts('main') c ORDER BY c.dqs DESC NULLS LAST, c.cohort;

\qecho 'How they are defined'
\x on
SELECT c.cohort, c.definition, c.predicate, c.predicate_n, round(c.precision::numeric, 2) AS precision, round(c.recall::numeric, 2) AS recall
FROM icp_cohorts('main') c ORDER BY c.dqs DESC NULLS LAST, c.cohort;
\x off

\qecho '4. What tells each cohort from the rest'
SELECT t.cohort, t.feature, t.level, t.usual, round(t.weight::numeric, 2) AS weight, round(100 * t.known::numeric) AS known_percent
FROM icp_traits('main') t WHERE t.weight >= .05;

\qecho '5. Do the labels hold? Every deal was labelled by a model that had not seen its company.'
SELECT label, n, round(share::numeric, 2) AS share, won, round(win_rate::numeric, 2) AS win_rate, round(lo::numeric, 2) AS lo,
       round(hi::numeric, 2) AS hi, round(dqs::numeric, 1) AS dqs
FROM icp_label_results('main');

\qecho '6. What the model says of itself'
SELECT * FROM icp_diagnostics('main');

\qecho '7. New leads, labelled as they are inserted (first, what icp_check_trigger finds: no rows means that all fits)'
SELECT * FROM icp_check_trigger('lead');
INSERT INTO lead (id, created_at, name, source, industry, employees, region, decision_maker, business_line) VALUES
  (100001, '2025-10-01 09:00+00', 'Nordtrade LLC', 'referral', 'Wholesale', 45, 'Volga', 'owner', 'trade'),
  (100002, '2025-10-01 09:20+00', 'Stellamart Group', 'content', 'online retail', 18, 'Centre', 'director', 'trade'),
  (100003, '2025-10-01 10:05+00', 'Granitworks JSC', 'exhibition', 'manufacturing', 180, 'Urals', 'committee', 'service'),
  (100004, '2025-10-01 11:40+00', 'Novasoft LLC', 'ads', 'software', 4, 'Centre', 'founder', 'trade'),
  (100005, '2025-10-01 12:15+00', 'Meridian Bank JSC', 'cold', 'banking', 4200, 'Centre', 'committee', 'service'),
  (100006, '2025-10-01 13:30+00', 'City of Volgapoint', 'tender portal', 'public', 300, 'Volga', 'committee', 'trade'),
  (100007, '2025-10-01 14:00+00', 'Vega Partners', NULL, NULL, NULL, 'South', NULL, 'trade')
RETURNING name, industry, employees, decision_maker, icp_cohort, icp_label, icp_priority;

\qecho 'Why'
SELECT l.name, e.score, e.cohort, e.feature, e.value, e.usual, round(e.weight::numeric, 2) AS weight, round(e.points::numeric, 3) AS points
FROM lead l CROSS JOIN LATERAL icp_explain(l, 'main') e
WHERE l.id IN (100001, 100005) AND e.score = 'similarity' AND e.cohort = (SELECT s.cohort FROM icp_score(l, 'main') s)
ORDER BY l.id, e.weight DESC, e.feature;

\qecho '8. The leads that are there already'
UPDATE lead l SET (icp_cohort, icp_label, icp_priority) = (SELECT s.cohort, s.label, s.priority FROM icp_score(l, 'main') s) WHERE l.id < 100000;
SELECT icp_label, icp_cohort, count(*) FROM lead GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2;

\qecho '9. Look-alikes among the prospects who are not customers'
SELECT s.label, count(*) FROM prospect p CROSS JOIN LATERAL icp_score(p, 'main') s
WHERE NOT EXISTS (SELECT FROM account a WHERE a.domain = p.domain) GROUP BY 1 ORDER BY 1;
SELECT p.name, p.industry, p.employees, p.decision_maker, s.cohort, round(s.similarity::numeric, 3) AS similarity, round(s.coverage::numeric, 2) AS coverage
FROM prospect p CROSS JOIN LATERAL icp_score(p, 'main') s
WHERE s.label = 'gold' AND NOT EXISTS (SELECT FROM account a WHERE a.domain = p.domain)
ORDER BY s.similarity DESC, s.coverage DESC, p.id LIMIT 15;

\qecho '10. What if speed mattered more: won deals by band, now and with the weights of a project business'
SELECT dqs_band(icp_dqs(d, 'main')) AS now, dqs_band(icp_dqs(d, 'main', weights => 'project')) AS what_if, count(*)
FROM icp_deals d WHERE outcome = 'Won' GROUP BY 1, 2 ORDER BY 1, 2;

\qecho '11. Whom not to sell to'
SELECT segment, n, won, round(100 * win_rate::numeric) AS win_percent, main_reason AS reason, round(100 * main_reason_share::numeric) AS percent_of_losses, lost_stage,
       round(hours::numeric) AS hours, round(hours_per_win::numeric) AS hours_per_win, round(black_hole_probability::numeric, 2) AS probability, verdict
FROM icp_anti_icp('main');

\qecho '12. The scorecard: how likely a lead is won (points of log-odds; +0.69 doubles the odds), the three strongest attributes'
SELECT rank, feature, value, with_feature, with_value, round(points::numeric, 2) AS points, n, text
FROM icp_scorecard('main') WHERE target = 'won' AND rank <= 3;
SELECT metric, round(value::numeric, 3) AS value, round(lo::numeric, 3) AS lo, round(hi::numeric, 3) AS hi, note
FROM icp_metrics('main') WHERE metric IN ('win_auc', 'win_auc_logistic', 'win_auc_naive_bayes', 'win_calibration_slope', 'win_auc_recent', 'dqs_r2');
SELECT l.name, l.icp_label, round(100 * s.win_probability::numeric) AS win_percent, round(100 * r.win_lo::numeric) AS at_least, round(100 * r.win_hi::numeric) AS at_most,
       round(s.expected_dqs::numeric) AS expected_dqs, q.feature AS ask_first
FROM lead l CROSS JOIN LATERAL icp_score(l, 'main') s CROSS JOIN LATERAL icp_score_range(l, 'main') r
LEFT JOIN LATERAL icp_next_question(l, 'main') q ON q.rank = 1
WHERE l.id > 100000 ORDER BY l.id;

\qecho '13. What customers are worth: learned from invoices alone'
CREATE TABLE customer_history AS SELECT customer_id, ltv_history_agg(invoiced_on, amount, date '2025-09-30') AS h FROM invoice GROUP BY 1;
CREATE TABLE customer_model AS SELECT ltv_fit(h, '{"period": "month"}') AS m FROM customer_history;
SELECT d.severity, d.name, round(d.value::numeric, 2) AS value, round(d.lo::numeric, 2) AS lo, round(d.hi::numeric, 2) AS hi, d.message FROM customer_model, ltv_diagnostics(m) d
WHERE d.severity = 'warning' OR d.name IN ('model', 'customers', 'holdout_expected', 'holdout_actual', 'population_mean_spend', 'spend_correlation');
SELECT s.cohort, count(*) AS customers, round(sum(v.to_date)) AS to_date, round(sum(v.expected)) AS expected_12_months, round(avg(v.total)) AS mean_total, round(avg(v.p_alive)::numeric, 2) AS alive
FROM customer_history c JOIN (SELECT DISTINCT ON (company_id) company_id, icp_cohort(d, 'main') AS cohort FROM icp_deals d WHERE outcome = 'Won' ORDER BY company_id, deal_id) s ON s.company_id = c.customer_id
CROSS JOIN LATERAL ltv(c.h, (SELECT m FROM customer_model), interval '12 months', 0.12, 0.35) v
GROUP BY 1 ORDER BY expected_12_months DESC;

\qecho '14. The potential matrix: where the clients stand, quarter by quarter, and what to expect of a goal'
CREATE VIEW client_history AS
SELECT q.as_of, c.client_id, c.potential, coalesce(p.purchases, 0) AS purchases, c.owner, q.as_of AS updated_at, 'account plan' AS potential_source
FROM (SELECT d::date AS as_of FROM generate_series(timestamp '2025-01-01', timestamp '2025-10-01', interval '3 months') d) q
CROSS JOIN client_potential c
LEFT JOIN (SELECT x.as_of, i.customer_id, sum(i.amount) AS purchases FROM (SELECT d::date AS as_of FROM generate_series(timestamp '2025-01-01', timestamp '2025-10-01', interval '3 months') d) x
           JOIN invoice i ON icp_in_year(i.invoiced_on, x.as_of) GROUP BY 1, 2) p ON p.as_of = q.as_of AND p.customer_id = c.client_id;
INSERT INTO icp_potential_goals (title, target, starts_on, due_on) VALUES ('130 clients up a cell this quarter', 130, '2025-10-01', '2025-12-31');
SELECT s.as_of, s.clients, s.placed, s.unrealised, s.underestimated
FROM unnest('{2025-01-01,2025-04-01,2025-07-01,2025-10-01}'::date[]) WITH ORDINALITY d (as_of, n) CROSS JOIN LATERAL icp_snapshot_potential('client_history', d.as_of) s ORDER BY d.n;
SELECT cell_no, title_en, title_ru, clients, purchases, potential, unrealised FROM icp_potential_matrix;
SELECT cell_no, opening, entered, moved_in, moved_out, gone, closing FROM icp_potential_account WHERE as_of = '2025-10-01' ORDER BY cell_no;
SELECT title, target, done, round(expected_by_due::numeric, 1) AS expected, expected_lo AS lo, expected_hi AS hi, round(probability::numeric, 2) AS probability, status FROM icp_potential_goal_progress;
SELECT rank, client_id, title_en, unrealised, next_amount, plays_en FROM icp_potential_pilot LIMIT 5;
