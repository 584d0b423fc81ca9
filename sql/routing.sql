-- Routing: every new lead gets the best free manager for its cohort.
--
-- Whoever stores leads only puts them into a queue. icp_route(), in a short transaction of its own, is alone in giving them
-- out: an advisory lock for each pool makes its decisions one sequence, numbered by icp_routing_seq, and each keeps what it
-- was made of. So no manager is over capacity, no lead is given out twice, and all of it can be replayed.

CREATE SEQUENCE icp_routing_seq;
ALTER SEQUENCE icp_routing_seq OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_routing_seq', '');
COMMENT ON SEQUENCE icp_routing_seq IS 'Numbers what happens in routing, in order: leads put into the queue, decisions, closings, events of the outbox.';

CREATE TABLE icp_routing_queue (
    lead_id text COLLATE "C" NOT NULL CONSTRAINT icp_routing_queue_pkey PRIMARY KEY,
    pool text COLLATE "C" NOT NULL DEFAULT 'main',
    model text COLLATE "C" NOT NULL DEFAULT 'main',
    version bigint,
    cohort text,
    grade text,
    label text,
    priority_rank integer NOT NULL DEFAULT 2,
    scenario text,
    needs text[] NOT NULL DEFAULT '{}',
    avoid text,
    state text NOT NULL DEFAULT 'new' CONSTRAINT icp_routing_queue_state CHECK (state IN ('new', 'waiting')),
    enqueued_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    seq bigint NOT NULL DEFAULT pg_catalog.nextval('@extschema@.icp_routing_seq'));
CREATE INDEX icp_routing_queue_order ON icp_routing_queue (pool, priority_rank, seq);
ALTER TABLE icp_routing_queue OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_routing_queue', '');
COMMENT ON TABLE icp_routing_queue IS
'Leads that wait for a decision, by priority_rank and then seq. Filled by the trigger icp_enqueue_lead, or by hand: lead_id alone is enough. icp_route takes leads out.';
COMMENT ON COLUMN icp_routing_queue.lead_id IS 'The lead, as text; at most once.';
COMMENT ON COLUMN icp_routing_queue.pool IS 'The team that shall get it.';
COMMENT ON COLUMN icp_routing_queue.model IS 'Name of the model that scored it: whose cohorts the results of managers speak of.';
COMMENT ON COLUMN icp_routing_queue.version IS 'Its version.';
COMMENT ON COLUMN icp_routing_queue.cohort IS 'Cohort of the lead; NULL: none.';
COMMENT ON COLUMN icp_routing_queue.grade IS 'Grade of the cohort.';
COMMENT ON COLUMN icp_routing_queue.label IS 'Label of the lead. non_target: the automatic funnel, no manager. NULL, where it could not be scored: routed like unknown.';
COMMENT ON COLUMN icp_routing_queue.priority_rank IS '1 high, 2 normal, 3 low: the smaller comes first.';
COMMENT ON COLUMN icp_routing_queue.scenario IS 'What to do with the lead, for the manager.';
COMMENT ON COLUMN icp_routing_queue.needs IS 'Words, in lower case, all of which the manager''s skills must have.';
COMMENT ON COLUMN icp_routing_queue.avoid IS 'The manager who gave the lead back and shall not get it again; NULL: the lead is new.';
COMMENT ON COLUMN icp_routing_queue.state IS 'new: not looked at yet; waiting: nobody was free for it.';
COMMENT ON COLUMN icp_routing_queue.enqueued_at IS 'When it came.';
COMMENT ON COLUMN icp_routing_queue.seq IS 'Its place among leads of the same priority.';

CREATE TABLE icp_assignments (
    seq bigint NOT NULL DEFAULT pg_catalog.nextval('@extschema@.icp_routing_seq') CONSTRAINT icp_assignments_pkey PRIMARY KEY,
    lead_id text COLLATE "C" NOT NULL,
    pool text COLLATE "C" NOT NULL,
    manager text COLLATE "C",
    reason text NOT NULL CONSTRAINT icp_assignments_reason CHECK (reason IN ('best', 'exploration', 'funnel') AND (manager IS NULL) = (reason = 'funnel')),
    exploration boolean NOT NULL DEFAULT false,
    propensity double precision,
    model text COLLATE "C",
    version bigint,
    cohort text,
    grade text,
    label text,
    priority_rank integer NOT NULL,
    scenario text,
    needs text[] NOT NULL DEFAULT '{}',
    basis jsonb,
    enqueued_at timestamptz NOT NULL,
    assigned_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    assigned_by text NOT NULL DEFAULT CURRENT_USER,
    closed_at timestamptz,
    closed_seq bigint);
CREATE UNIQUE INDEX icp_assignments_open ON icp_assignments (lead_id) WHERE closed_at IS NULL AND manager IS NOT NULL;
CREATE INDEX icp_assignments_lead ON icp_assignments (lead_id, seq);
CREATE INDEX icp_assignments_manager ON icp_assignments (manager) WHERE closed_seq IS NULL;
CREATE INDEX icp_assignments_closed ON icp_assignments (seq) WHERE closed_seq IS NULL AND closed_at IS NOT NULL;
ALTER TABLE icp_assignments OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_assignments', '');
COMMENT ON TABLE icp_assignments IS
'The log of routing: one row a decision, in order of seq. A lead is open with its manager until closed_at is set (icp_release_lead, the trigger icp_close_lead, or an UPDATE).';
COMMENT ON COLUMN icp_assignments.seq IS 'Number of the decision, in the order in which they were made.';
COMMENT ON COLUMN icp_assignments.lead_id IS 'The lead; open with one manager at most.';
COMMENT ON COLUMN icp_assignments.pool IS 'The queue it was taken from.';
COMMENT ON COLUMN icp_assignments.manager IS 'Who got it; NULL: the automatic funnel.';
COMMENT ON COLUMN icp_assignments.reason IS 'best: the best of those free; exploration: any of those free, at random; funnel: a non_target lead, no manager.';
COMMENT ON COLUMN icp_assignments.exploration IS 'Whether the lead was among those routed at random.';
COMMENT ON COLUMN icp_assignments.propensity IS 'With what probability this manager got a lead like this: comparisons weigh with 1 / propensity.';
COMMENT ON COLUMN icp_assignments.model IS 'Name of the model that scored the lead.';
COMMENT ON COLUMN icp_assignments.version IS 'Its version.';
COMMENT ON COLUMN icp_assignments.cohort IS 'Cohort of the lead when it was routed.';
COMMENT ON COLUMN icp_assignments.grade IS 'Grade of the cohort then.';
COMMENT ON COLUMN icp_assignments.label IS 'Label of the lead then.';
COMMENT ON COLUMN icp_assignments.priority_rank IS 'Its priority then: 1 high, 2 normal, 3 low.';
COMMENT ON COLUMN icp_assignments.scenario IS 'What to do with the lead.';
COMMENT ON COLUMN icp_assignments.needs IS 'Skills that it needed.';
COMMENT ON COLUMN icp_assignments.basis IS 'What the choice was made of: free, the managers free for the lead with value, open leads and capacity; exploration, the share; seed. icp_choose_manager makes the same choice of it.';
COMMENT ON COLUMN icp_assignments.enqueued_at IS 'When the lead came into the queue.';
COMMENT ON COLUMN icp_assignments.assigned_at IS 'When it was decided.';
COMMENT ON COLUMN icp_assignments.assigned_by IS 'The role that ran icp_route.';
COMMENT ON COLUMN icp_assignments.closed_at IS 'When the manager was done with the lead; NULL: it is open.';
COMMENT ON COLUMN icp_assignments.closed_seq IS 'When icp_route took notice of that, in the order of seq: from there on the place is free.';

CREATE TABLE icp_outbox (
    id bigint NOT NULL DEFAULT pg_catalog.nextval('@extschema@.icp_routing_seq') CONSTRAINT icp_outbox_pkey PRIMARY KEY,
    event text NOT NULL,
    lead_id text COLLATE "C" NOT NULL,
    payload jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    delivered_at timestamptz);
CREATE INDEX icp_outbox_undelivered ON icp_outbox (id) WHERE delivered_at IS NULL;
ALTER TABLE icp_outbox OWNER TO @extowner@;
SELECT pg_catalog.pg_extension_config_dump('icp_outbox', '');
COMMENT ON TABLE icp_outbox IS 'What the world outside shall be told: written by icp_route, which also sends NOTIFY icp_outbox. Who has told it sets delivered_at; delivered rows can be deleted.';
COMMENT ON COLUMN icp_outbox.id IS 'Order of the events of one pool.';
COMMENT ON COLUMN icp_outbox.event IS 'assigned: a manager has got the lead; funnel: the automatic funnel has; waiting: nobody is free for it; released: its manager is done with it.';
COMMENT ON COLUMN icp_outbox.lead_id IS 'The lead.';
COMMENT ON COLUMN icp_outbox.payload IS 'pool, manager, label, cohort, grade, priority_rank, scenario, model, version, reason, as far as they are known.';
COMMENT ON COLUMN icp_outbox.created_at IS 'When it happened.';
COMMENT ON COLUMN icp_outbox.delivered_at IS 'When it was told; NULL: not yet.';

CREATE FUNCTION icp_routing_payload(pool text, manager text, reason text, label text, cohort text, grade text, priority_rank integer, scenario text, model text, version bigint)
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object('pool', pool, 'manager', manager, 'reason', reason, 'label', label, 'cohort', cohort,
    'grade', grade, 'priority_rank', priority_rank, 'scenario', scenario, 'model', model, 'version', version))
$$;
COMMENT ON FUNCTION icp_routing_payload(text, text, text, text, text, text, integer, text, text, bigint) IS 'The payload of an event of icp_outbox: what is known, under the names of the arguments.';

CREATE FUNCTION icp_choose_manager(
    lead_id text, free jsonb, exploration double precision, seed bigint,
    OUT manager text, OUT explored boolean, OUT propensity double precision)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- Two numbers from 0 to 1 that depend on the lead and the seed alone.
    digest CONSTANT bytea := sha256(convert_to(icp_choose_manager.seed || ':' || icp_choose_manager.lead_id, 'UTF8'));
    chance CONSTANT double precision := ('x' || encode(substr(digest, 1, 6), 'hex'))::bit(48)::bigint / 281474976710656.0;
    place CONSTANT double precision := ('x' || encode(substr(digest, 7, 6), 'hex'))::bit(48)::bigint / 281474976710656.0;
    by_rank text[];
    by_name text[];
BEGIN
    SELECT array_agg(f.key ORDER BY (f.value ->> 0)::numeric DESC, (f.value ->> 1)::double precision / (f.value ->> 2)::double precision, f.key COLLATE "C"),
           array_agg(f.key ORDER BY f.key COLLATE "C")
    INTO by_rank, by_name FROM jsonb_each(icp_choose_manager.free) f;
    explored := chance < icp_choose_manager.exploration;
    manager := CASE WHEN explored THEN by_name[1 + floor(place * cardinality(by_name))::integer] ELSE by_rank[1] END;
    propensity := icp_choose_manager.exploration / cardinality(by_name)
        + CASE WHEN manager = by_rank[1] THEN 1 - icp_choose_manager.exploration ELSE 0 END;
END
$$;
COMMENT ON FUNCTION icp_choose_manager(text, jsonb, double precision, bigint) IS
'Which of the free managers gets a lead. free: {"manager": [value, open, capacity]}. The best value wins; of equal ones the smaller share of capacity in use, then the name. A share exploration of leads (0 to 1), which a hash of lead and seed picks, goes to any of them with equal probability. Reads nothing else: the same arguments always give the same manager.';

CREATE FUNCTION icp_route(
    pool text DEFAULT 'main', most integer DEFAULT 1000, exploration double precision DEFAULT 0.05, seed bigint DEFAULT 0, lead_id text DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lead @extschema@.icp_routing_queue;
    team text[];            -- those of the pool whose rows nobody else is changing
    names text[];           -- of them, those who are there
    opens integer[];        -- their open leads
    capacities integer[];
    kind text;
    kinds text[] := '{}';   -- kinds of leads seen, and for each what every one of names is worth, NULL where he takes no such leads
    worth numeric[] := '{}';
    place integer;
    nobody text[] := '{}';  -- kinds of leads for which nobody is free
    free jsonb;
    choice record;
    reason text;
    before record;
    decided integer := 0;
    told boolean := false;
BEGIN
    IF NOT coalesce(icp_route.exploration BETWEEN 0 AND 1, false) THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'exploration must be a share from 0 to 1';
    END IF;
    -- A snapshot older than the lock would not see what other routers have given out.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_transaction_state', MESSAGE = 'icp_route() works in READ COMMITTED only',
            HINT = 'Call it in a transaction of its own: BEGIN ISOLATION LEVEL READ COMMITTED.';
    END IF;
    PERFORM pg_advisory_xact_lock('@extschema@.icp_managers'::regclass::oid::integer, hashtext(icp_route.pool));

    -- Nothing about these managers changes until the end. Whose row is being changed by another transaction is left out of
    -- this run rather than waited for.
    SELECT array_agg(m.manager) INTO team
    FROM (SELECT l.manager FROM @extschema@.icp_managers l WHERE l.pool = icp_route.pool FOR SHARE SKIP LOCKED) m;
    team := coalesce(team, '{}');

    -- Places that have become free since the last run.
    WITH closed AS (
        SELECT a.seq FROM @extschema@.icp_assignments a
        WHERE a.closed_seq IS NULL AND a.closed_at IS NOT NULL AND (a.manager = ANY (team) OR a.pool = icp_route.pool
            AND NOT EXISTS (SELECT FROM @extschema@.icp_managers m WHERE m.manager = a.manager))
        FOR UPDATE SKIP LOCKED),
    freed AS (
        UPDATE @extschema@.icp_assignments a SET closed_seq = nextval('@extschema@.icp_routing_seq')
        FROM closed c WHERE a.seq = c.seq AND a.manager IS NOT NULL
        RETURNING a.*)
    INSERT INTO @extschema@.icp_outbox (event, lead_id, payload)
    SELECT 'released', f.lead_id, @extschema@.icp_routing_payload(f.pool, f.manager, f.reason, f.label, f.cohort, f.grade, f.priority_rank, f.scenario, f.model, f.version)
    FROM freed f;
    told := FOUND;

    SELECT array_agg(m.manager), array_agg(o.open), array_agg(m.capacity) INTO names, opens, capacities
    FROM @extschema@.icp_managers m
    CROSS JOIN LATERAL (SELECT count(*)::integer AS open FROM @extschema@.icp_assignments a WHERE a.manager = m.manager AND a.closed_seq IS NULL) o
    WHERE m.manager = ANY (team) AND m.active AND (m.absent_until IS NULL OR m.absent_until <= clock_timestamp());

    FOR lead IN
        SELECT q.* FROM @extschema@.icp_routing_queue q
        WHERE q.pool = icp_route.pool AND (icp_route.lead_id IS NULL OR q.lead_id = icp_route.lead_id) ORDER BY q.priority_rank, q.seq
    LOOP
        EXIT WHEN decided >= icp_route.most;
        kind := ROW(lead.label = 'non_target', lead.model, lead.cohort, lead.needs, lead.avoid)::text;
        CONTINUE WHEN lead.state = 'waiting' AND kind = ANY (nobody);
        -- A lead that another transaction is changing waits for the next run.
        SELECT q.* INTO lead FROM @extschema@.icp_routing_queue q
        WHERE q.lead_id = lead.lead_id AND q.pool = icp_route.pool FOR UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        kind := ROW(lead.label = 'non_target', lead.model, lead.cohort, lead.needs, lead.avoid)::text;

        -- A lead is given out once, unless its manager gives it back.
        IF lead.avoid IS NULL THEN
            SELECT a.manager INTO before FROM @extschema@.icp_assignments a WHERE a.lead_id = lead.lead_id ORDER BY a.seq DESC LIMIT 1;
            IF FOUND AND (before.manager IS NOT NULL OR coalesce(lead.label = 'non_target', false)) THEN
                DELETE FROM @extschema@.icp_routing_queue q WHERE q.lead_id = lead.lead_id;
                CONTINUE;
            END IF;
        ELSIF EXISTS (SELECT FROM @extschema@.icp_assignments a WHERE a.lead_id = lead.lead_id AND a.manager IS NOT NULL AND a.closed_seq IS NULL) THEN
            -- Its old place is not free yet: the row of who gave it back is being changed.
            CONTINUE;
        END IF;

        free := NULL;
        IF lead.label = 'non_target' THEN
            SELECT NULL::text AS manager, false AS explored, NULL::double precision AS propensity INTO choice;
        ELSE
            IF NOT kind = ANY (nobody) THEN
                place := array_position(kinds, kind);
                IF place IS NULL THEN
                    kinds := kinds || kind;
                    place := cardinality(kinds);
                    worth := worth || (
                        SELECT array_agg(CASE WHEN m.manager IS DISTINCT FROM lead.avoid AND lead.needs <@ m.skills AND (cardinality(m.cohorts) = 0 OR lead.cohort = ANY (m.cohorts))
                            THEN round(coalesce(r.value, b.value, 0)::numeric, 3) END ORDER BY o.place)
                        FROM unnest(names) WITH ORDINALITY AS o (manager, place)
                        JOIN @extschema@.icp_managers m ON m.manager = o.manager
                        LEFT JOIN @extschema@.icp_manager_results b ON b.model = lead.model AND b.manager = '' AND b.cohort = coalesce(
                            (SELECT k.cohort FROM @extschema@.icp_manager_results k WHERE k.model = lead.model AND k.manager = '' AND k.cohort = lead.cohort), '')
                        LEFT JOIN @extschema@.icp_manager_results r ON r.model = b.model AND r.cohort = b.cohort AND r.manager = m.manager);
                END IF;
                SELECT jsonb_object_agg(f.manager, jsonb_build_array(f.value, f.open, f.capacity)) INTO free
                FROM unnest(names, opens, capacities, worth[(place - 1) * cardinality(names) + 1 : place * cardinality(names)]) AS f (manager, open, capacity, value)
                WHERE f.value IS NOT NULL AND f.open < f.capacity;
            END IF;
            IF free IS NULL THEN
                nobody := nobody || kind;
                IF lead.state = 'new' THEN
                    UPDATE @extschema@.icp_routing_queue q SET state = 'waiting' WHERE q.lead_id = lead.lead_id;
                    INSERT INTO @extschema@.icp_outbox (event, lead_id, payload)
                    VALUES ('waiting', lead.lead_id, @extschema@.icp_routing_payload(lead.pool, NULL, NULL, lead.label, lead.cohort, lead.grade,
                        lead.priority_rank, lead.scenario, lead.model, lead.version));
                    told := true;
                END IF;
                CONTINUE;
            END IF;
            SELECT c.* INTO choice FROM @extschema@.icp_choose_manager(lead.lead_id, free, icp_route.exploration, icp_route.seed) c;
            opens[array_position(names, choice.manager)] := opens[array_position(names, choice.manager)] + 1;
        END IF;

        reason := CASE WHEN choice.manager IS NULL THEN 'funnel' WHEN choice.explored THEN 'exploration' ELSE 'best' END;
        DELETE FROM @extschema@.icp_routing_queue q WHERE q.lead_id = lead.lead_id;
        INSERT INTO @extschema@.icp_assignments (lead_id, pool, manager, reason, exploration, propensity, model, version, cohort, grade, label,
            priority_rank, scenario, needs, basis, enqueued_at)
        VALUES (lead.lead_id, lead.pool, choice.manager, reason, choice.explored, choice.propensity, lead.model, lead.version, lead.cohort, lead.grade,
            lead.label, lead.priority_rank, lead.scenario, lead.needs,
            CASE WHEN choice.manager IS NOT NULL THEN jsonb_build_object('free', free, 'exploration', icp_route.exploration, 'seed', icp_route.seed) END,
            lead.enqueued_at);
        INSERT INTO @extschema@.icp_outbox (event, lead_id, payload)
        VALUES (CASE WHEN choice.manager IS NULL THEN 'funnel' ELSE 'assigned' END, lead.lead_id,
            @extschema@.icp_routing_payload(lead.pool, choice.manager, reason, lead.label, lead.cohort, lead.grade, lead.priority_rank, lead.scenario,
                lead.model, lead.version));
        decided := decided + 1;
    END LOOP;
    IF told OR decided > 0 THEN
        PERFORM pg_notify('icp_outbox', icp_route.pool);
    END IF;
    RETURN decided;
END
$$;
COMMENT ON FUNCTION icp_route(text, integer, double precision, bigint, text) IS
'Gives out the leads of a pool''s queue in its order, at most so many, and returns how many it has decided on. Each goes to the best free manager for its cohort (icp_choose_manager over icp_manager_results), a non_target one to the automatic funnel; where nobody is free it waits and the next is looked at. Keep the transaction short: an advisory lock makes other runs for the pool wait until it ends, and so do changes of its managers. exploration: the share of leads routed at random; seed: which ones. lead_id: that lead only. READ COMMITTED only. Needs SELECT, UPDATE on icp_managers (for row locks), SELECT on icp_manager_results, SELECT, UPDATE, DELETE on icp_routing_queue, SELECT, INSERT, UPDATE on icp_assignments, INSERT on icp_outbox, USAGE on icp_routing_seq.';

CREATE FUNCTION icp_assign_lead(lead_id text, exploration double precision DEFAULT 0.05, seed bigint DEFAULT 0) RETURNS icp_assignments
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    waits_in text;
    made @extschema@.icp_assignments;
BEGIN
    SELECT q.pool INTO waits_in FROM @extschema@.icp_routing_queue q WHERE q.lead_id = icp_assign_lead.lead_id;
    IF FOUND THEN
        PERFORM @extschema@.icp_route(waits_in, 1, icp_assign_lead.exploration, icp_assign_lead.seed, icp_assign_lead.lead_id);
        IF EXISTS (SELECT FROM @extschema@.icp_routing_queue q WHERE q.lead_id = icp_assign_lead.lead_id) THEN
            RETURN NULL;
        END IF;
    END IF;
    SELECT a.* INTO made FROM @extschema@.icp_assignments a WHERE a.lead_id = icp_assign_lead.lead_id ORDER BY a.seq DESC LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'undefined_object',
            MESSAGE = format('lead "%s" is not in the queue', icp_assign_lead.lead_id),
            HINT = 'INSERT it into icp_routing_queue, or let the trigger icp_enqueue_lead do so.';
    END IF;
    RETURN made;
END
$$;
COMMENT ON FUNCTION icp_assign_lead(text, double precision, bigint) IS
'Gives out one lead of the queue now, whoever else waits, and returns the decision; NULL where nobody is free for it: it goes on waiting. A lead that has been given out already keeps its manager. As icp_route otherwise.';

CREATE FUNCTION icp_release_lead(lead_id text, again boolean DEFAULT false) RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    done @extschema@.icp_assignments;
    waited boolean := false;
BEGIN
    IF NOT coalesce(icp_release_lead.again, false) THEN
        DELETE FROM @extschema@.icp_routing_queue q WHERE q.lead_id = icp_release_lead.lead_id;
        waited := FOUND;
    END IF;
    UPDATE @extschema@.icp_assignments a SET closed_at = clock_timestamp()
    WHERE a.lead_id = icp_release_lead.lead_id AND a.manager IS NOT NULL AND a.closed_at IS NULL
    RETURNING a.* INTO done;
    IF done.lead_id IS NULL THEN
        RETURN waited;
    END IF;
    IF icp_release_lead.again THEN
        INSERT INTO @extschema@.icp_routing_queue AS q (lead_id, pool, model, version, cohort, grade, label, priority_rank, scenario, needs, avoid)
        VALUES (done.lead_id, done.pool, done.model, done.version, done.cohort, done.grade, done.label, done.priority_rank, done.scenario, done.needs, done.manager)
        ON CONFLICT ON CONSTRAINT icp_routing_queue_pkey DO UPDATE SET avoid = excluded.avoid;
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION icp_release_lead(text, boolean) IS
'The manager is done with a lead: it is closed, and from the next icp_route on its place is free; a lead that still waits leaves the queue. again: it goes back into the queue instead, for somebody else. False: there was nothing to release. Takes no lock but on the lead''s own rows, so it can stand in any transaction of the CRM. Needs SELECT, UPDATE on icp_assignments, SELECT, INSERT, UPDATE, DELETE on icp_routing_queue and USAGE on icp_routing_seq.';

CREATE FUNCTION icp_replay_routing(pool text DEFAULT NULL)
RETURNS TABLE (seq bigint, lead_id text, manager text, replayed text, message text)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10 COST 100000 SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY
    WITH decision AS MATERIALIZED (
        SELECT a.*, c.manager AS chosen FROM @extschema@.icp_assignments a
        CROSS JOIN LATERAL @extschema@.icp_choose_manager(a.lead_id, a.basis -> 'free', (a.basis ->> 'exploration')::double precision, (a.basis ->> 'seed')::bigint) c
        WHERE a.manager IS NOT NULL AND (icp_replay_routing.pool IS NULL OR a.pool = icp_replay_routing.pool)),
    -- What each manager had open at each decision, by the log alone.
    step AS (
        SELECT a.manager, a.seq AS at, 1 AS change, NULL::integer AS said FROM @extschema@.icp_assignments a WHERE a.manager IS NOT NULL
        UNION ALL
        SELECT a.manager, a.closed_seq, -1, NULL FROM @extschema@.icp_assignments a WHERE a.closed_seq IS NOT NULL
        UNION ALL
        SELECT f.key, d.seq, 0, (f.value ->> 1)::integer FROM decision d CROSS JOIN LATERAL jsonb_each(d.basis -> 'free') f),
    counted AS (
        SELECT s.at, s.said, sum(s.change) OVER (PARTITION BY s.manager ORDER BY s.at, s.change ROWS UNBOUNDED PRECEDING) AS open FROM step s),
    wrong AS (
        SELECT c.at, string_agg(format('%s open by the log, %s when it was decided', c.open, c.said), '; ') AS message
        FROM counted c WHERE c.said IS NOT NULL AND c.said <> c.open GROUP BY c.at)
    SELECT d.seq, d.lead_id, d.manager, d.chosen,
           concat_ws('; ', CASE WHEN d.manager IS DISTINCT FROM d.chosen THEN 'another manager' END,
               CASE WHEN NOT coalesce((d.basis #>> ARRAY['free', d.manager, '1'])::integer < (d.basis #>> ARRAY['free', d.manager, '2'])::integer, false) THEN 'over capacity' END,
               w.message)
    FROM decision d LEFT JOIN wrong w ON w.at = d.seq
    WHERE d.manager IS DISTINCT FROM d.chosen OR w.at IS NOT NULL
        OR NOT coalesce((d.basis #>> ARRAY['free', d.manager, '1'])::integer < (d.basis #>> ARRAY['free', d.manager, '2'])::integer, false)
    ORDER BY d.seq;
END
$$;
COMMENT ON FUNCTION icp_replay_routing(text) IS
'Makes every decision of the log again, from its basis and from the log alone, and returns those that come out differently, that were over capacity, or whose basis the log contradicts. No rows: all is well. pool NULL: all pools. Log rows that were deleted are missed by what came after them.';

CREATE VIEW icp_manager_load AS
SELECT m.pool, m.manager, m.active, coalesce(m.absent_until > pg_catalog.now(), false) AS absent, m.capacity,
       coalesce(a.open, 0) AS open, greatest(m.capacity - coalesce(a.open, 0), 0) AS free,
       coalesce(a.open, 0)::double precision / nullif(m.capacity, 0) AS load,
       coalesce(a.assigned, 0) AS assigned, coalesce(a.assigned_30_days, 0) AS assigned_30_days, coalesce(a.gold, 0) AS gold, coalesce(a.exploration, 0) AS exploration,
       coalesce(a.assigned_30_days, 0)::double precision / nullif(pg_catalog.sum(a.assigned_30_days) OVER w, 0) AS share_30_days,
       m.capacity::double precision / nullif(pg_catalog.sum(m.capacity) OVER w, 0) AS share_of_capacity, a.last_assigned_at
FROM @extschema@.icp_managers m
LEFT JOIN (SELECT l.manager, pg_catalog.count(*) FILTER (WHERE l.closed_at IS NULL) AS open, pg_catalog.count(*) AS assigned,
                  pg_catalog.count(*) FILTER (WHERE l.assigned_at > pg_catalog.now() - interval '30 days') AS assigned_30_days,
                  pg_catalog.count(*) FILTER (WHERE l.label = 'gold') AS gold, pg_catalog.count(*) FILTER (WHERE l.exploration) AS exploration,
                  pg_catalog.max(l.assigned_at) AS last_assigned_at
           FROM @extschema@.icp_assignments l WHERE l.manager IS NOT NULL GROUP BY l.manager) a ON a.manager = m.manager
WINDOW w AS (PARTITION BY m.pool);
ALTER VIEW icp_manager_load OWNER TO @extowner@;
COMMENT ON VIEW icp_manager_load IS 'Who has how many leads, and whether they are spread fairly.';
COMMENT ON COLUMN icp_manager_load.pool IS 'The team.';
COMMENT ON COLUMN icp_manager_load.manager IS 'The manager.';
COMMENT ON COLUMN icp_manager_load.active IS 'Whether he is given leads at all.';
COMMENT ON COLUMN icp_manager_load.absent IS 'Whether he is away now.';
COMMENT ON COLUMN icp_manager_load.capacity IS 'How many open leads he can have at once.';
COMMENT ON COLUMN icp_manager_load.open IS 'How many he has.';
COMMENT ON COLUMN icp_manager_load.free IS 'How many more he can have.';
COMMENT ON COLUMN icp_manager_load.load IS 'open divided by capacity.';
COMMENT ON COLUMN icp_manager_load.assigned IS 'Leads given to him, as far back as the log goes.';
COMMENT ON COLUMN icp_manager_load.assigned_30_days IS 'Those of the last 30 days.';
COMMENT ON COLUMN icp_manager_load.gold IS 'Gold ones among all.';
COMMENT ON COLUMN icp_manager_load.exploration IS 'Those among all that were routed at random.';
COMMENT ON COLUMN icp_manager_load.share_30_days IS 'His share of what the team was given in 30 days, 0 to 1.';
COMMENT ON COLUMN icp_manager_load.share_of_capacity IS 'His share of the team''s capacity, to compare with it.';
COMMENT ON COLUMN icp_manager_load.last_assigned_at IS 'When he was last given a lead.';
