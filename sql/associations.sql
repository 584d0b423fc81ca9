-- Associations: how strongly attributes, and pairs of them, go with a target.

CREATE TYPE icp_association AS (
    rank bigint, attribute text, item text, with_attribute text, with_item text, measure text, value double precision,
    lo double precision, hi double precision, information double precision, information_lo double precision,
    information_hi double precision, n bigint, n_companies bigint, p_adjusted double precision, significant boolean,
    contrast text, effect double precision, effect_lo double precision, effect_hi double precision, confounder text,
    confounding text, adjusted double precision, adjusted_lo double precision, adjusted_hi double precision, note text,
    reliability text);
COMMENT ON TYPE icp_association IS 'How strongly an attribute, or two together beyond what each tells, go with a target: element of the result of icp_associations.';
COMMENT ON COLUMN icp_association.rank IS 'By information, from 1.';
COMMENT ON COLUMN icp_association.attribute IS 'The column.';
COMMENT ON COLUMN icp_association.item IS 'Of a set: the item whose presence is meant.';
COMMENT ON COLUMN icp_association.with_attribute IS 'Pairs: the other column; NULL for one attribute.';
COMMENT ON COLUMN icp_association.with_item IS 'Pairs: the item of the other column.';
COMMENT ON COLUMN icp_association.measure IS 'What value is: cramers_v (categories and a boolean target, bias-corrected by Bergsma 2013), epsilon_squared (categories and a number, bias-corrected eta squared), rank_biserial (a number and a boolean target: 2 AUC - 1), spearman (two numbers); for pairs interaction_information (boolean target) or partial_epsilon_squared (number), beyond the additive effects of both.';
COMMENT ON COLUMN icp_association.value IS 'The measure: 0 nothing, 1 everything; rank_biserial and spearman from -1 to 1.';
COMMENT ON COLUMN icp_association.lo IS 'Lower end of the 95 % interval of value.';
COMMENT ON COLUMN icp_association.hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_association.information IS 'Share of the target''s entropy that the attribute tells (mutual information less its mean under permutation; numbers in fifths): the same scale for all. For pairs: what both tell beyond their additive effects.';
COMMENT ON COLUMN icp_association.information_lo IS 'Lower end of its 95 % interval.';
COMMENT ON COLUMN icp_association.information_hi IS 'Upper end of its 95 % interval.';
COMMENT ON COLUMN icp_association.n IS 'Rows in which the target and the attribute (both of a pair) are known.';
COMMENT ON COLUMN icp_association.n_companies IS 'Companies of these rows: the independent units of every test and interval.';
COMMENT ON COLUMN icp_association.p_adjusted IS 'Probability that anything listed or tried looks as strong where there is nothing.';
COMMENT ON COLUMN icp_association.significant IS 'Whether p_adjusted is at most 0.05.';
COMMENT ON COLUMN icp_association.contrast IS 'What effect compares: the category that stands out most against all others, true against false, or, for a number, higher.';
COMMENT ON COLUMN icp_association.effect IS 'Mean of the target with the contrast less without it (for a boolean, a difference of shares); for a number its rise from the lowest rank to the highest.';
COMMENT ON COLUMN icp_association.effect_lo IS 'Lower end of the 95 % interval of effect.';
COMMENT ON COLUMN icp_association.effect_hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_association.confounder IS 'The attribute within whose values the effect is another one, beyond chance over all attributes tried; NULL where there is none.';
COMMENT ON COLUMN icp_association.confounding IS 'What becomes of the effect within it: reversed (Simpson''s paradox), vanishes, hidden (it shows only there), weaker (less than half is left).';
COMMENT ON COLUMN icp_association.adjusted IS 'The effect within the values of the confounder.';
COMMENT ON COLUMN icp_association.adjusted_lo IS 'Lower end of the 95 % interval of adjusted.';
COMMENT ON COLUMN icp_association.adjusted_hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_association.note IS 'The same in words.';
COMMENT ON COLUMN icp_association.reliability IS 'By the companies and the rarer outcome: exploratory, unreliable, limited, normal.';

CREATE FUNCTION icp_associations_final(state icp_sample) RETURNS icp_association[]
LANGUAGE c IMMUTABLE PARALLEL SAFE COST 1000000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_associations_final(icp_sample) IS 'Final function of icp_associations.';
CREATE AGGREGATE icp_associations(row_value record, target text, options jsonb) (
    SFUNC = icp_sample_add, STYPE = icp_sample, SSPACE = 100000000, COMBINEFUNC = icp_sample_merge,
    FINALFUNC = icp_associations_final, FINALFUNC_MODIFY = READ_ONLY, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_associations(record, text, jsonb) IS
'How strongly each attribute, and each pair beyond what both tell alone, goes with a target (the name of a numeric or boolean column, or of the role outcome), tested together at 5 %, with intervals, and with the attribute that explains it away or reverses it. All attributes are listed, pairs where significant; an empty array where there is nothing to measure, NULL for no rows. Rows whose target is NULL are left out. Options: those of icp_fit, {"language": "en" or "ru"} for the notes, and {"associations": {"permutations", "pairs", "all"}}. Errors: no such column (42703), a target that is neither number nor boolean, an unknown option.';
CREATE AGGREGATE icp_associations(row_value jsonb, target text, options jsonb) (
    SFUNC = icp_sample_add, STYPE = icp_sample, SSPACE = 100000000, COMBINEFUNC = icp_sample_merge,
    FINALFUNC = icp_associations_final, FINALFUNC_MODIFY = READ_ONLY, PARALLEL = SAFE);
COMMENT ON AGGREGATE icp_associations(jsonb, text, jsonb) IS 'The same over JSON objects.';
