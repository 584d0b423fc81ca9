-- Effort of a deal from its activities: weighted touches, or hours.

CREATE FUNCTION icp_effort_weights(unit text DEFAULT 'touches') RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    CASE icp_effort_weights.unit
        WHEN 'touches' THEN RETURN '{"call": 1, "meeting": 1, "email": 1}';
        WHEN 'hours' THEN RETURN '{"call": 0.3, "meeting": 1.5, "email": 0.1}';
        ELSE
    END CASE;
    IF icp_effort_weights.unit IS NULL THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('there is no preset "%s" of effort weights', icp_effort_weights.unit),
        HINT = 'The presets are touches and hours; others are written out: ''{"call": 1, "meeting": 3}''.';
END
$$;
COMMENT ON FUNCTION icp_effort_weights(text) IS
'Weights of activities by kind, for icp_effort: touches (call, meeting and email 1 each, as the scale default of the DQS expects) or hours (call 0.3, meeting 1.5, email 0.1: a place to start, measure your own; for the scale hours). Another unit is an error (22023).';

CREATE FUNCTION icp_effort(kind text, weights jsonb DEFAULT '{"call": 1, "meeting": 1, "email": 1}') RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN icp_effort.weights IS NOT NULL THEN
    coalesce((icp_effort.weights OPERATOR(pg_catalog.->>) icp_effort.kind)::pg_catalog.numeric, (icp_effort.weights OPERATOR(pg_catalog.->>) '*')::pg_catalog.numeric, 0) END
$$;
COMMENT ON FUNCTION icp_effort(text, jsonb) IS
'What an activity of a kind counts: its weight, else that of "*", else 0; the kind as your table writes it. sum() of it over the activities of a deal until it was won is the effort of the deal, exactly. weights: presets by icp_effort_weights, touches where left out; NULL: NULL. A weight that is no number is an error (22P02).';
