-- Managers: who can be given leads, and what each can be expected to make of them.

CREATE TABLE icp_managers (
    manager text COLLATE "C" NOT NULL CONSTRAINT icp_managers_pkey PRIMARY KEY CONSTRAINT icp_managers_manager CHECK (manager <> ''),
    pool text COLLATE "C" NOT NULL DEFAULT 'main',
    active boolean NOT NULL DEFAULT true,
    capacity integer NOT NULL DEFAULT 20 CONSTRAINT icp_managers_capacity CHECK (capacity >= 0),
    absent_until timestamptz,
    cohorts text[] NOT NULL DEFAULT '{}',
    skills text[] NOT NULL DEFAULT '{}' CONSTRAINT icp_managers_skills CHECK (pg_catalog.lower(skills::text) = skills::text));
ALTER TABLE icp_managers OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_managers', '');
COMMENT ON TABLE icp_managers IS 'Who can be given leads. Edit it as you like at any time; what is committed counts from the next run of icp_route on.';
COMMENT ON COLUMN icp_managers.manager IS 'The manager, as the role owner of the deals view names him.';
COMMENT ON COLUMN icp_managers.pool IS 'The team whose queue he works on.';
COMMENT ON COLUMN icp_managers.active IS 'Whether he is given leads at all.';
COMMENT ON COLUMN icp_managers.capacity IS 'How many open leads he can have at once; with as many as that he is given no more.';
COMMENT ON COLUMN icp_managers.absent_until IS 'He is given no leads before that time; NULL: he is there. infinity: until further notice.';
COMMENT ON COLUMN icp_managers.cohorts IS 'Keys of the cohorts whose leads he takes; empty: all, and leads of no cohort.';
COMMENT ON COLUMN icp_managers.skills IS 'Words in lower case, such as languages and regions. A lead that needs words (argument needs= of icp_enqueue_lead) goes only to those who have all of them.';

CREATE TABLE icp_manager_results (
    model text COLLATE "C" NOT NULL,
    manager text COLLATE "C" NOT NULL,
    cohort text COLLATE "C" NOT NULL,
    closed bigint NOT NULL DEFAULT 0,
    won bigint NOT NULL DEFAULT 0,
    n_companies bigint NOT NULL DEFAULT 0,
    win_rate double precision,
    expected_win_rate double precision,
    win_rate_lo double precision,
    win_rate_hi double precision,
    dqs double precision,
    expected_dqs double precision,
    dqs_lo double precision,
    dqs_hi double precision,
    value double precision,
    p_managers double precision,
    p_cohorts double precision,
    source text,
    refreshed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    CONSTRAINT icp_manager_results_pkey PRIMARY KEY (model, cohort, manager));
ALTER TABLE icp_manager_results OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_manager_results', '');
COMMENT ON TABLE icp_manager_results IS 'What can be expected of each manager in each cohort: written by icp_refresh_managers, read by icp_route.';
COMMENT ON COLUMN icp_manager_results.model IS 'Name of the model whose cohorts they are.';
COMMENT ON COLUMN icp_manager_results.manager IS 'The manager; empty: one of whom no deals are known.';
COMMENT ON COLUMN icp_manager_results.cohort IS 'Key of the cohort; empty: deals of no cohort, which also stands for cohorts that are not listed.';
COMMENT ON COLUMN icp_manager_results.closed IS 'Closed deals of his there, of an age at which win rates count.';
COMMENT ON COLUMN icp_manager_results.won IS 'Won ones among them.';
COMMENT ON COLUMN icp_manager_results.n_companies IS 'Their companies: deals of one company count for fewer, by how alike they come out.';
COMMENT ON COLUMN icp_manager_results.win_rate IS 'Share won as recorded, 0 to 1.';
COMMENT ON COLUMN icp_manager_results.expected_win_rate IS 'What to expect of the next lead: the same, shrunk to what the cohort and the manager show elsewhere.';
COMMENT ON COLUMN icp_manager_results.win_rate_lo IS 'Lower end of the 95 % interval of win_rate, by companies.';
COMMENT ON COLUMN icp_manager_results.win_rate_hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_manager_results.dqs IS 'Mean deal quality score of his won deals there as recorded, 0 to 100.';
COMMENT ON COLUMN icp_manager_results.expected_dqs IS 'What to expect: the same, shrunk.';
COMMENT ON COLUMN icp_manager_results.dqs_lo IS 'Lower end of the 95 % interval of dqs.';
COMMENT ON COLUMN icp_manager_results.dqs_hi IS 'Upper end of that interval.';
COMMENT ON COLUMN icp_manager_results.value IS 'What ranks managers: expected_win_rate times expected_dqs / 100; where one of the two is not known, the other alone.';
COMMENT ON COLUMN icp_manager_results.p_managers IS 'How probable differences between managers as large as these are by chance: the smaller of win rate and DQS, adjusted. Above 0.05 none is assumed.';
COMMENT ON COLUMN icp_manager_results.p_cohorts IS 'The same for differences of a manager between cohorts, beyond what cohorts and managers have by themselves.';
COMMENT ON COLUMN icp_manager_results.source IS 'The deals view read.';
COMMENT ON COLUMN icp_manager_results.refreshed_at IS 'When.';

CREATE FUNCTION icp_measure_managers(deals icp_sample, model icp_model) RETURNS SETOF icp_manager_results
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE ROWS 50 COST 1000000 AS 'MODULE_PATHNAME';
COMMENT ON FUNCTION icp_measure_managers(icp_sample, icp_model) IS
'What can be expected of each manager in each cohort of a model, from closed deals with the role owner: icp_sample_agg(row, icp_model_options(model)). Win rate and DQS are shrunk to what the cohort and the manager show elsewhere, so that neither a small number of deals nor an easy mix of cohorts counts; where differences are no larger than chance makes them, none is assumed. model, source: NULL.';

CREATE FUNCTION icp_refresh_managers(model text DEFAULT NULL, source regclass DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE AS $$
DECLARE
    base CONSTANT @extschema@.icp_models := @extschema@.icp_registered(icp_refresh_managers.model);
    relation CONSTANT pg_catalog.regclass := coalesce(icp_refresh_managers.source, pg_catalog.to_regclass(base.source));
    deals @extschema@.icp_sample;
    written pg_catalog.int8;
BEGIN
    IF relation IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_table', MESSAGE = pg_catalog.format('model "%s" has no view that could be read', base.name),
            HINT = 'Name the deals view, with a column for the role owner, as source.';
    END IF;
    EXECUTE pg_catalog.format('SELECT @extschema@.icp_sample_agg("icp row", $1) FROM %s "icp row"', relation)
    INTO deals USING @extschema@.icp_model_options(base.model);
    IF deals IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'no_data_found', MESSAGE = pg_catalog.format('%s has no rows', relation),
            HINT = 'Row-level security may hide them from you.';
    END IF;
    -- Refreshments of one model wait for one another.
    PERFORM pg_catalog.pg_advisory_xact_lock('@extschema@.icp_manager_results'::pg_catalog.regclass::pg_catalog.oid::pg_catalog.int4, pg_catalog.hashtext(base.name));
    DELETE FROM @extschema@.icp_manager_results r WHERE r.model OPERATOR(pg_catalog.=) base.name;
    INSERT INTO @extschema@.icp_manager_results (model, manager, cohort, closed, won, n_companies, win_rate, expected_win_rate, win_rate_lo, win_rate_hi,
        dqs, expected_dqs, dqs_lo, dqs_hi, value, p_managers, p_cohorts, source)
    SELECT base.name, r.manager, r.cohort, r.closed, r.won, r.n_companies, r.win_rate, r.expected_win_rate, r.win_rate_lo, r.win_rate_hi,
        r.dqs, r.expected_dqs, r.dqs_lo, r.dqs_hi, r.value, r.p_managers, r.p_cohorts, relation::pg_catalog.text
    FROM @extschema@.icp_measure_managers(deals, base.model) r;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END
$$;
COMMENT ON FUNCTION icp_refresh_managers(text, regclass) IS
'Writes icp_manager_results anew for a model, from its deals view or another one that has the role owner, and returns how many rows. model: as icp_load takes it. Run it when the model has been trained again, and about once a week. Needs SELECT on the view and icp_models, SELECT, INSERT, DELETE on icp_manager_results.';
