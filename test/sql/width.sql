-- How much of a base a profile takes in.
CREATE TABLE deal AS
SELECT i AS deal_id, i AS company_id, CASE WHEN (i * 7919 % 1000) < (ARRAY[750, 400, 100])[g] THEN 'won' ELSE 'lost' END AS outcome,
       (ARRAY[85, 60, 30])[g] + i % 7 AS dqs, (ARRAY['wholesale', 'retail', 'software'])[g] AS industry, (ARRAY[30, 120, 2])[g] + (i * 13 % (ARRAY[40, 100, 8])[g]) AS employees,
       (ARRAY['referral', 'fair', 'cold'])[g] AS source
FROM generate_series(1, 900) i CROSS JOIN LATERAL (SELECT 1 + i * 37 % 3 AS g) x;
CREATE TABLE base AS
SELECT i AS id, (ARRAY['wholesale', 'retail', 'software', 'wholesale', 'mining', NULL])[1 + i % 6] AS industry, 1 + i * 7 % 300 AS employees, (ARRAY['referral', 'fair', 'cold'])[1 + i % 3] AS source
FROM generate_series(1, 1000) i;
CREATE TABLE fitted AS SELECT icp_fit(d, '{}') AS model FROM deal d;

-- Each n is what the cohort's predicate returns on the base.
CREATE FUNCTION differs(OUT cohorts bigint, OUT differing bigint) LANGUAGE plpgsql AS $$
DECLARE r record; found bigint;
BEGIN
  cohorts := 0; differing := 0;
  FOR r IN SELECT w.cohort, w.n, w.similar_n, w.share, c.predicate FROM fitted f, icp_width((SELECT icp_sample_agg(b, '{}') FROM base b), f.model) w JOIN icp_cohorts(f.model) c USING (cohort) LOOP
    EXECUTE 'SELECT count(*) FROM base WHERE ' || r.predicate INTO found;
    cohorts := cohorts + 1;
    IF found <> r.n OR r.share <> r.n / 1000.0 OR r.similar_n <> (SELECT count(*) FROM base b, fitted f WHERE icp_cohort(b, f.model) = r.cohort) THEN differing := differing + 1; END IF;
  END LOOP;
END $$;
SELECT * FROM differs();
SELECT cohort, title, grade, base, n > 0 AS n, too_wide, exact, note FROM fitted, icp_width((SELECT icp_sample_agg(b, '{}') FROM base b), model) LIMIT 1;
SELECT grade, too_wide, widest, widest_share, note FROM fitted, icp_width((SELECT icp_sample_agg(b, '{}') FROM base b), model, most_share => 0.01) WHERE cohort IS NOT NULL;
SELECT too_wide, note FROM fitted, icp_width((SELECT icp_sample_agg(b, '{}') FROM base b), model, most_rows => 10, most_share => 1, language => 'ru');
-- A base without a column of the definition; a sampled one.
SELECT bool_or(n IS NULL) AS unknown, bool_and(similar_n IS NOT NULL) AS similar, max(note) FILTER (WHERE note LIKE 'not in%') IS NOT NULL AS said
FROM fitted, icp_width((SELECT icp_sample_agg(b, '{}') FROM (SELECT id, employees, source FROM base) b), model);
SELECT base, exact, n BETWEEN 1 AND 600 AS n, note LIKE '%estimated from 200 rows' AS said FROM fitted, icp_width((SELECT icp_sample_agg(b, '{"sample": 200, "roles": {"deal_id": "id"}}') FROM base b), model) LIMIT 1;
SELECT count(*) FROM fitted, icp_width((SELECT icp_sample_agg(b, '{}') FROM base b WHERE false), model);
-- One cohort of everybody takes in everything.
SELECT title, n, share, too_wide FROM (SELECT icp_fit(d, '{"k": 1}') AS model FROM deal d) f, icp_width((SELECT icp_sample_agg(b, '{}') FROM base b), model) WHERE cohort IS NOT NULL;
-- By name; wrong input.
SELECT icp_save('width', model, true) FROM fitted;
SELECT count(*) > 1 AS rows FROM icp_width((SELECT icp_sample_agg(b, '{}') FROM base b), 'width');
SELECT count(*) > 1 AS rows FROM icp_width((SELECT icp_sample_agg(b, '{}') FROM base b));
SELECT count(*) FROM icp_width((SELECT icp_sample_agg(b, '{}') FROM (SELECT id FROM base) b), 'width');
SELECT count(*) FROM icp_width((SELECT icp_sample_agg(b, '{}') FROM base b), 'width', most_share => 2);
SELECT count(*) FROM icp_width((SELECT icp_sample_agg(b, '{}') FROM base b), 'nothing');
SELECT icp_drop_model('width', 1);
DROP TABLE deal, base, fitted;
DROP FUNCTION differs;
