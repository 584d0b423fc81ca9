-- What holds for every model, whatever the data: run with the variables model and deals (a view), after training.
\set ON_ERROR_STOP on
SELECT set_config('test.model', :'model', false), set_config('test.deals', :'deals', false) \gset
CREATE OR REPLACE FUNCTION pg_temp.cell(sql text) RETURNS bigint LANGUAGE plpgsql AS $$DECLARE n bigint; BEGIN EXECUTE sql INTO n; RETURN n; END$$;

-- A cohort is what icp_cohort() returns, and its predicate returns predicate_n rows.
CREATE TEMP TABLE counted AS
SELECT c.cohort, c.n_closed, c.predicate_n, c.predicate,
       pg_temp.cell(format('SELECT count(*) FROM %s d WHERE lower(outcome) IN (''won'', ''lost'') AND icp_cohort(d, %L) = %L', :'deals', :'model', c.cohort)) AS assigned,
       pg_temp.cell(format('SELECT count(*) FROM %s WHERE %s', :'deals', c.predicate)) AS described
FROM icp_cohorts(:'model') c;
SELECT * FROM counted;

-- The points of an explanation add up to the similarity exactly.
DO $$
DECLARE wrong text; n bigint;
BEGIN
  SELECT string_agg(format('%s: n_closed %s, assigned %s, predicate_n %s, described %s', cohort, n_closed, assigned, predicate_n, described), '; ')
  INTO wrong FROM counted WHERE assigned IS DISTINCT FROM n_closed OR described IS DISTINCT FROM predicate_n;
  IF wrong IS NOT NULL THEN RAISE EXCEPTION 'cohorts and rows disagree: %', wrong; END IF;
  EXECUTE format($q$
    SELECT count(*) FROM (SELECT d FROM %1$s d LIMIT 300) r CROSS JOIN LATERAL icp_score(r.d, %2$L) s
    CROSS JOIN LATERAL (SELECT sum(e.points) AS points FROM icp_explain(r.d, %2$L) e WHERE e.score = 'similarity' AND e.cohort = s.cohort) e
    WHERE s.cohort IS NOT NULL AND s.similarity IS DISTINCT FROM e.points$q$, current_setting('test.deals'), current_setting('test.model')) INTO n;
  IF n > 0 THEN RAISE EXCEPTION 'the points of % explanations do not add up', n; END IF;
END $$;
