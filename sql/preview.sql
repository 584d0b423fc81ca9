-- What icp_rescore would change, and why.

CREATE TYPE icp_rescore_change AS (
    lead_id text, label text, new_label text, grade text, new_grade text, cohort text, new_cohort text, decided boolean, reason text);
COMMENT ON TYPE icp_rescore_change IS 'A lead whose label or grade would change: result of icp_rescore_preview.';
COMMENT ON COLUMN icp_rescore_change.lead_id IS 'The lead: its lead_id, else its primary key, as text.';
COMMENT ON COLUMN icp_rescore_change.label IS 'The label that is stored; NULL where no column takes it.';
COMMENT ON COLUMN icp_rescore_change.new_label IS 'The label that would be.';
COMMENT ON COLUMN icp_rescore_change.grade IS 'The grade that is stored; NULL where no column takes it.';
COMMENT ON COLUMN icp_rescore_change.new_grade IS 'The grade that would be.';
COMMENT ON COLUMN icp_rescore_change.cohort IS 'The cohort that is stored; NULL where no column takes it.';
COMMENT ON COLUMN icp_rescore_change.new_cohort IS 'The cohort that would be.';
COMMENT ON COLUMN icp_rescore_change.decided IS 'Whether the new label is one that somebody has decided (icp_override).';
COMMENT ON COLUMN icp_rescore_change.reason IS 'The decision; else the grade of the cohort, where that differs from the earlier version; else the part of the score that differs most from what that said: attribute, value, its points before and after, and what they mean; else the thresholds that differ.';

CREATE FUNCTION icp_change_reason(before icp_explanation[], after icp_explanation[], thresholds text DEFAULT NULL) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
SELECT CASE WHEN thresholds IS NOT NULL AND abs(p.points - p.points_before) < 0.005 AND NOT (p.score = 'veto' AND p.only_one) THEN
           format('similarity = %s: %s', round((SELECT sum(x.points) FROM unnest(after) x WHERE x.score = 'similarity')::numeric, 3), thresholds)
       ELSE format('%s%s%s (%s)', coalesce(nullif(p.feature, ''), p.score), ' = ' || p.value,
           CASE WHEN p.score = 'veto' OR p.score = 'evidence' THEN '' WHEN cardinality(before) = 0 THEN format(': %s', round(p.points::numeric, 3))
                ELSE format(': %s → %s', round(p.points_before::numeric, 3), round(p.points::numeric, 3)) END,
           concat_ws('; ', p.text, nullif(p.usual, ''))) END
FROM (
    SELECT coalesce(a.score, b.score) AS score, coalesce(a.feature, b.feature) AS feature, coalesce(a.value, b.value) AS value,
           coalesce(a.text, b.text) AS text, coalesce(a.usual, b.usual) AS usual, coalesce(a.points, 0) AS points, coalesce(b.points, 0) AS points_before,
           a.score IS NULL OR b.score IS NULL AS only_one, a.text IS DISTINCT FROM b.text AS reworded
    FROM (SELECT x.score, coalesce(x.feature, '') AS feature, x.value, x.usual, x.points, x.text FROM unnest(after) x) a
    FULL JOIN (SELECT x.score, coalesce(x.feature, '') AS feature, x.value, x.usual, x.points, x.text FROM unnest(before) x) b
           ON b.score = a.score AND b.feature = a.feature) p
-- A veto that came or went decides alone; then what moved most; where nothing moved, what the label asked for besides.
ORDER BY p.score = 'veto' AND p.only_one DESC, abs(p.points - p.points_before) >= 0.005 DESC, p.score = 'evidence' AND p.reworded DESC,
         abs(p.points - p.points_before) DESC, abs(p.points) DESC, p.score, p.feature LIMIT 1
$$;
COMMENT ON FUNCTION icp_change_reason(icp_explanation[], icp_explanation[], text) IS
'The part that differs most between two explanations of a lead, in words: a veto that came or went, else the attribute whose points differ most, else the thresholds that differ, where there are any.';

CREATE FUNCTION icp_rescore_preview_statement(plan icp_rescore_plan, stored jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
SELECT format($f$
SELECT %2$s, %3$s, %4$s, %5$s, %6$s, %7$s, %8$s, d.label IS NOT NULL,
       coalesce(d.reason, CASE WHEN p.cohort OPERATOR(pg_catalog.=) s.cohort AND pg_catalog.concat(p.exclusion) OPERATOR(pg_catalog.=) pg_catalog.concat(s.exclusion)
                                AND pg_catalog.concat(p.grade) OPERATOR(pg_catalog.<>) pg_catalog.concat(s.grade)
                           THEN pg_catalog.format('%%s: %%s → %%s', s.cohort, coalesce(p.grade, '-'), coalesce(s.grade, '-')) END, @extschema@.icp_change_reason(
           ARRAY(SELECT x FROM (SELECT v.name WHERE v.name IS NOT NULL OFFSET 0) n CROSS JOIN LATERAL @extschema@.icp_explain(%9$s, n.name, $3) x),
           ARRAY(SELECT x FROM @extschema@.icp_explain(%9$s, $1[1], $3) x), CASE WHEN v.name OPERATOR(pg_catalog.=) $2 THEN $5 END))
FROM (SELECT b.whole, b.scored FROM (SELECT "icp row" AS whole, @extschema@.icp_scored("icp row", $1) AS scored FROM %1$s "icp row" OFFSET 0) b
      WHERE CAST(ROW(%10$s) AS pg_catalog.record) OPERATOR(pg_catalog.*<>) CAST(ROW(%11$s) AS pg_catalog.record) OFFSET 0) w
CROSS JOIN LATERAL @extschema@.icp_score(%9$s, $1[1]) s
LEFT JOIN LATERAL (
    SELECT o.label, pg_catalog.concat_ws(': ', o.decided_by, o.reason) AS reason
    FROM (SELECT l.label, l.reason, l.until, l.decided_by FROM @extschema@.icp_overrides l
          WHERE l.model OPERATOR(pg_catalog.=) $4 AND l.lead_id OPERATOR(pg_catalog.=) %2$s ORDER BY l.id DESC LIMIT 1) o
    WHERE o.label IS NOT NULL AND (o.until IS NULL OR o.until OPERATOR(pg_catalog.>) pg_catalog.now())) d ON true
CROSS JOIN LATERAL (
    SELECT coalesce((SELECT pg_catalog.concat(m.name, '@', m.version) FROM @extschema@.icp_models m
                     WHERE m.name OPERATOR(pg_catalog.=) $4 AND m.version::pg_catalog.text OPERATOR(pg_catalog.=) %12$s), $2) AS name OFFSET 0) v
LEFT JOIN LATERAL (SELECT q.* FROM (SELECT v.name WHERE v.name IS NOT NULL OFFSET 0) n CROSS JOIN LATERAL @extschema@.icp_score(%9$s, n.name) q) p ON true
ORDER BY %13$s$f$,
    plan.source, format(plan.lead, 'w.whole'),
    coalesce('(w.whole).' || (stored ->> 'label') || '::pg_catalog.text', 'NULL::pg_catalog.text'),
    coalesce('(w.scored).' || (stored ->> 'label') || '::pg_catalog.text', 'coalesce(d.label, s.label)'),
    coalesce('(w.whole).' || (stored ->> 'grade') || '::pg_catalog.text', 'NULL::pg_catalog.text'),
    coalesce('(w.scored).' || (stored ->> 'grade') || '::pg_catalog.text', 's.grade'),
    coalesce('(w.whole).' || (stored ->> 'cohort') || '::pg_catalog.text', 'NULL::pg_catalog.text'),
    coalesce('(w.scored).' || (stored ->> 'cohort') || '::pg_catalog.text', 's.cohort'),
    format(plan.attributes, 'w.whole'),
    (SELECT string_agg(format('(b.whole).%s', stored ->> f), ', ' ORDER BY f) FROM unnest(ARRAY['label', 'grade']) f WHERE stored ? f),
    (SELECT string_agg(format('(b.scored).%s', stored ->> f), ', ' ORDER BY f) FROM unnest(ARRAY['label', 'grade']) f WHERE stored ? f),
    coalesce('(w.whole).' || (stored ->> 'version') || '::pg_catalog.text', 'NULL::pg_catalog.text'),
    (SELECT string_agg('(w.whole).' || k, ', ' ORDER BY n) FROM unnest(plan.keys) WITH ORDINALITY u (k, n)))
$$;
COMMENT ON FUNCTION icp_rescore_preview_statement(icp_rescore_plan, jsonb) IS
'The statement of icp_rescore_preview. stored: the column of each field. $1 arguments, $2 the model compared with where a row does not tell, $3 language, $4 name of the model, $5 the thresholds that differ.';

CREATE FUNCTION icp_rescore_preview(source regclass, model text DEFAULT NULL, arguments text[] DEFAULT NULL, previous text DEFAULT NULL, language text DEFAULT 'en')
RETURNS SETOF icp_rescore_change
LANGUAGE plpgsql STABLE PARALLEL UNSAFE ROWS 100 COST 100000 AS $$
DECLARE
    given pg_catalog.text[];
    plan @extschema@.icp_rescore_plan;
    stored pg_catalog.jsonb;
    earlier pg_catalog.text := icp_rescore_preview.previous;
    thresholds pg_catalog.text;
BEGIN
    given := @extschema@.icp_rescore_arguments(icp_rescore_preview.source, icp_rescore_preview.model, icp_rescore_preview.arguments);
    plan := @extschema@.icp_plan_rescore(icp_rescore_preview.source, given, ARRAY(SELECT t FROM @extschema@.icp_score_targets(icp_rescore_preview.source, given) t));
    SELECT pg_catalog.jsonb_object_agg(t.f, t.c) INTO stored FROM ROWS FROM (pg_catalog.unnest(plan.fields), pg_catalog.unnest(plan.columns)) t (f, c);
    IF NOT stored OPERATOR(pg_catalog.?|) ARRAY['label', 'grade'] THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_column', MESSAGE = pg_catalog.format('%s has no column that takes a label or grade', plan.source),
            HINT = 'Nothing is known of what it would change.';
    END IF;
    IF earlier IS NULL THEN
        SELECT pg_catalog.concat(m.name, '@', m.version) INTO earlier FROM @extschema@.icp_models m
        WHERE m.name OPERATOR(pg_catalog.=) plan.model AND m.version OPERATOR(pg_catalog.<) plan.version ORDER BY m.version DESC LIMIT 1;
    ELSE
        earlier := (SELECT pg_catalog.concat(m.name, '@', m.version) FROM @extschema@.icp_registered(earlier) m);
    END IF;
    IF earlier OPERATOR(pg_catalog.<>) '' THEN
        SELECT pg_catalog.string_agg(pg_catalog.format('%s %s → %s', k, coalesce(b.o OPERATOR(pg_catalog.->>) k, 'default'), coalesce(a.o OPERATOR(pg_catalog.->>) k, 'default')), ', ')
        INTO thresholds
        FROM pg_catalog.unnest(ARRAY['min_similarity', 'gold_similarity', 'min_coverage', 'exclusions']) k
        CROSS JOIN (SELECT @extschema@.icp_model_options(@extschema@.icp_load(earlier)) AS o) b
        CROSS JOIN (SELECT @extschema@.icp_model_options(@extschema@.icp_load(plan.arguments[1])) AS o) a
        WHERE pg_catalog.concat(b.o OPERATOR(pg_catalog.->) k) OPERATOR(pg_catalog.<>) pg_catalog.concat(a.o OPERATOR(pg_catalog.->) k);
    END IF;
    RETURN QUERY EXECUTE @extschema@.icp_rescore_preview_statement(plan, stored)
    USING plan.arguments, earlier, icp_rescore_preview.language, plan.model, thresholds;
END
$$;
COMMENT ON FUNCTION icp_rescore_preview(regclass, text, text[], text, text) IS
'The leads whose stored label or grade icp_rescore with the same arguments would change: from what, to what, and why. Writes nothing. Compared is with the version that the lead was scored with (where a column takes it), else with previous, a model by name, else with the version before. Words in English (en) or Russian (ru). Needs SELECT on the table, icp_models and icp_overrides.';
