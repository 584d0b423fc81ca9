-- What a client could buy in a year.
CREATE TABLE client AS
SELECT i AS client_id, (ARRAY['retail', 'Wholesale', 'it'])[1 + i % 3] AS industry, (ARRAY['north', 'south', NULL])[1 + (i * 7919) % 3] AS region,
       10 + (37 * i) % 211 AS employees, (i * 104729) % 5 < 2 AS erp,
       ARRAY(SELECT t FROM unnest(ARRAY['1c', 'sap', 'excel']) WITH ORDINALITY u(t, k) WHERE (i * 104729 / k) % 7 < 3) AS tools,
       CASE WHEN i % 29 = 0 THEN NULL WHEN (i * 7919) % 10 < CASE i % 3 WHEN 0 THEN 5 ELSE 2 END THEN 0
            ELSE round((100 * (10 + (37 * i) % 211) ^ 0.7 * CASE i % 3 WHEN 1 THEN 3 ELSE 1 END * exp(((i * 15485863::bigint) % 1009) / 504.5 - 1))::numeric, 2) END AS purchases
FROM generate_series(1, 1500) i;
CREATE TABLE model AS SELECT potential_fit(c, '{"potential": {"cohort": "industry"}}') AS m FROM client c;
SELECT quantile, n, n_buyers, n_companies, n_buying_companies, reliability, cohort, features, loss < 0.8 * loss_base AS foretells, model_share BETWEEN 0.5 AND 1 AS additive, round(expected_reached::numeric, 3) AS expected_reached
FROM potential_summary((SELECT m FROM model));
SELECT cohort, n, n_companies, quantile, round(below_before::numeric, 2) AS below_before, expected_reached, loss < loss_base AS better FROM potential_groups((SELECT m FROM model));
SELECT severity, column_name, rows, message FROM potential_diagnostics((SELECT m FROM model));

-- Four of five buyers buy less than their potential, nineteen of twenty less than its .95 quantile; everything is in order.
SELECT c.industry, count(*) AS buyers, round(avg((c.purchases <= f.potential)::int), 2) AS below, round(avg((c.purchases <= f.q95)::int), 2) AS below95,
       bool_and(0 < f.median AND f.median <= f.potential AND f.lo <= f.potential AND f.potential <= f.hi AND f.potential <= f.q95) AS ordered,
       bool_and(f.n BETWEEN 1 AND 1500) AS counted, bool_and(f.basis = 'model' AND f.source = 'model' AND f.expected_reached = 0.2) AS by_model,
       bool_and(f.underestimated = (c.purchases > f.q95)) AS flagged, bool_and(f.cohort = c.industry) AS own
FROM client c CROSS JOIN LATERAL potential_estimate(c, (SELECT m FROM model)) f WHERE c.purchases > 0 GROUP BY 1 ORDER BY 1;
-- Whether a company buys at all is another question: it does in half of the one cohort, in four of five of the others.
SELECT c.industry, round(avg(f.p_buyer)::numeric, 2) AS p_buyer, round(avg((c.purchases > 0)::int), 2) AS buys
FROM client c CROSS JOIN LATERAL potential_estimate(c, (SELECT m FROM model)) f WHERE c.purchases IS NOT NULL GROUP BY 1 ORDER BY 1;

-- The same rows as JSON, in another order, in parts, with prices in another unit: the same.
SELECT potential_fit(to_jsonb(c), '{"potential": {"cohort": "industry"}}')::text = (SELECT m::text FROM model) AS json FROM client c;
SELECT potential_fit(c, '{"potential": {"cohort": "industry"}}')::text = (SELECT m::text FROM model) AS sorted FROM (SELECT * FROM client ORDER BY md5(client_id::text)) c;
SELECT count(*) AS clients, bool_and(f = g) AS json FROM client c CROSS JOIN LATERAL potential_estimate(c, (SELECT m FROM model)) f
CROSS JOIN LATERAL potential_estimate(to_jsonb(c), (SELECT m FROM model)) g;
SELECT max(abs(g.potential / (1000 * f.potential) - 1)) < 1e-6 AS in_thousandths
FROM client c CROSS JOIN LATERAL potential_estimate(c, (SELECT m FROM model)) f
CROSS JOIN LATERAL potential_estimate(c, (SELECT potential_fit(d, '{"potential": {"cohort": "industry"}}')
  FROM (SELECT client_id, industry, region, employees, erp, tools, 1000 * purchases AS purchases FROM client) d)) g;
SELECT m::text::potential_model::text = m::text AS text_form FROM model;

-- What is not known and was not seen; a number that came as text.
SELECT f.potential > 0 AS estimated, f.cohort FROM potential_estimate('{"industry": "Forestry", "employees": "NaN"}'::jsonb, (SELECT m FROM model)) f;
SELECT f.cohort, f.underestimated FROM potential_estimate('{"industry": " WHOLESALE ", "employees": "120"}'::jsonb, (SELECT m FROM model)) f;
SELECT potential_estimate(NULL::jsonb, (SELECT m FROM model)) IS NULL AS no_row;

-- Evidence.
CREATE TABLE asked (name text, industry text, employees int, purchases numeric, budget numeric, budget_from text, budget_on date, elsewhere numeric, elsewhere_from text, guess numeric, guess_from text);
CREATE TABLE evidence_model AS SELECT potential_fit(c, '{"potential": {"evidence": {"budget": {"column": "budget", "source": "budget_from", "dated": "budget_on"},
  "competitors": {"column": "elsewhere", "source": "elsewhere_from"}, "expert": {"column": "guess", "source": "guess_from"}}}}') AS m
FROM (SELECT client_id, industry, employees, purchases FROM client) c;
INSERT INTO asked SELECT r.name, 'it', 100, coalesce(r.purchases, 1000), r.budget, r.budget_from, r.budget_on, r.elsewhere, r.elsewhere_from, r.guess, r.guess_from
FROM jsonb_populate_recordset(NULL::asked, '[{"name": "nothing"}, {"name": "budget caps", "budget": 3000, "budget_from": "tender 17", "budget_on": "2025-05-06"},
  {"name": "budget without source", "budget": 3000}, {"name": "budget below purchases", "purchases": 4000, "budget": 3000, "budget_from": "tender 17"},
  {"name": "large budget", "budget": 900000, "budget_from": "tender 17"}, {"name": "competitors", "elsewhere": 90000, "elsewhere_from": "customs"},
  {"name": "competitors sell little", "elsewhere": 10, "elsewhere_from": "customs"}, {"name": "expert agrees", "guess": 4500, "guess_from": "key account plan"},
  {"name": "expert dreams", "guess": 4500000, "guess_from": "a feeling"}, {"name": "blank source", "guess": 4500, "guess_from": " "},
  {"name": "expert and a budget", "budget": 4000, "budget_from": "tender 17", "budget_on": "2025-05-06", "guess": 4500, "guess_from": "key account plan"},
  {"name": "negative", "budget": -5, "budget_from": "tender 17"}, {"name": "buys more than its like", "purchases": 50000}]') r;
SELECT a.name, CASE WHEN f.basis = 'model' THEN 'model' ELSE f.potential::text END AS potential, f.basis, f.source, f.dated, f.evidence, round(f.expected_reached::numeric, 2) AS expected_reached, f.underestimated
FROM asked a CROSS JOIN LATERAL potential_estimate(a, (SELECT m FROM evidence_model)) f;
SELECT a.name, e.* FROM asked a CROSS JOIN LATERAL potential_evidence(a, (SELECT m FROM evidence_model), CASE a.name WHEN 'competitors' THEN 'ru' ELSE 'en' END) e
WHERE a.name IN ('budget below purchases', 'competitors', 'expert and a budget', 'blank source');

-- Too few buyers: evidence alone. Nobody buys; nothing that foretells; one purchase for all.
CREATE TABLE few AS SELECT potential_fit(c, '{"potential": {"evidence": {"expert": {"column": "guess", "source": "guess_from"}}}}') AS m FROM (SELECT * FROM client WHERE client_id <= 20) c;
SELECT a.name, f.potential, f.basis, f.reliability, f.evidence FROM asked a CROSS JOIN LATERAL potential_estimate(a, (SELECT m FROM few)) f WHERE a.name IN ('nothing', 'expert dreams');
SELECT s.n_buyers, s.reliability, d.message FROM few CROSS JOIN LATERAL potential_summary(m) s CROSS JOIN LATERAL potential_diagnostics(m) d WHERE d.severity = 'warning';
SELECT f.potential, f.p_buyer < 0.01 AS hardly_buys FROM potential_estimate('{"employees": 5}'::jsonb, (SELECT potential_fit(c, '{}') FROM (SELECT client_id, employees, 0 AS purchases FROM client) c)) f;
SELECT round(f.potential::numeric, 6) AS potential, f.n FROM potential_estimate('{"employees": 5}'::jsonb, (SELECT potential_fit(c, '{}') FROM (SELECT client_id, employees, 42 AS purchases FROM client) c)) f;
SELECT potential_fit(c, '{}') FROM client c WHERE false;

-- A number of few values goes no further than those learned from; what is not known, or was never seen, is as it is among all.
CREATE TABLE sized AS SELECT i AS client_id, 2 + i % 4 AS grade, (ARRAY['small', 'mid', 'big'])[1 + i % 3] AS size, exp((i * 7919 % 1000) / 500.0) AS share FROM generate_series(1, 2400) i;
SELECT g AS grade, round(f.potential) AS potential, round(f.q95) AS q95, f.reliability FROM unnest(ARRAY[-9, 1, 2, 5, 6, 100]) g
CROSS JOIN LATERAL potential_estimate(jsonb_build_object('grade', g), (SELECT potential_fit(c, '{}') FROM (SELECT client_id, grade, share * (ARRAY[100, 150, 200, 400])[grade - 1] AS purchases FROM sized) c)) f;
CREATE VIEW by_size AS SELECT client_id, size, share * CASE size WHEN 'small' THEN 100 WHEN 'mid' THEN 300 ELSE 3000 END AS purchases FROM sized;
SELECT s AS size, round(f.potential::numeric / t.q[1], 1) AS potential, round(f.q95::numeric / t.q[2], 1) AS q95, f.n > 500 AS much, t.q[1]::float8 BETWEEN f.lo AND f.hi AS within
FROM unnest(ARRAY[NULL, 'huge']) s CROSS JOIN (SELECT percentile_disc(ARRAY[0.8, 0.95]) WITHIN GROUP (ORDER BY purchases)::numeric[] AS q FROM by_size) t
CROSS JOIN LATERAL potential_estimate(jsonb_build_object('size', s), (SELECT potential_fit(c, '{}') FROM by_size c)) f;
-- Who buys what all buy does not buy too much.
SELECT count(*) AS clients, count(*) FILTER (WHERE f.underestimated) AS underestimated FROM (SELECT client_id, size, 100 AS purchases FROM sized) c
CROSS JOIN LATERAL potential_estimate(c, (SELECT potential_fit(c, '{}') FROM (SELECT client_id, size, 100 AS purchases FROM sized) c)) f;

-- Wrong input.
SELECT potential_fit(c, '{"potential": {"purchases": "sales"}}') FROM client c;
SELECT potential_fit(c, '{"potential": {"purchases": "erp"}}') FROM client c;
SELECT potential_fit(c, '{"potential": {"purchases": "industry"}}') FROM client c;
SELECT potential_fit(c, '{"potential": {"cohort": "segment"}}') FROM client c;
SELECT potential_fit(c, '{"potential": {"quantile": 0.99}}') FROM client c;
SELECT potential_fit(c, '{"potential": {"evidence": {"rumour": "x"}}}') FROM client c;
SELECT potential_fit(c, '{"potential": {"evidence": {"budget": {"source": "x"}}}}') FROM client c;
SELECT potential_estimate(c, NULL) FROM client c LIMIT 1;
SELECT potential_estimate(ROW(1, 2), (SELECT m FROM model));
SELECT * FROM potential_evidence('{"industry": "it"}'::jsonb, (SELECT m FROM model), 'de');
SELECT '{"version": 1}'::potential_model;
DROP VIEW by_size;
DROP TABLE client, model, evidence_model, asked, few, sized;
