-- Admission and claim, each in one round trip.
--
--   workflows_pump    lock the lanes, then choose, then wake workers: three statements, because a choice made in the
--                     statement that takes the lock would be made from what was visible before it
--   workflows_claim   a worker takes the lease of what was admitted
--   workflows_record  append the event of a move, sealed as common.ledger seals a row
--
-- Admission and claim need not be on disk when they return: lost in a crash of the server, the process waits again and
-- is admitted again, and nothing that came after it can have survived without it. In a transaction of their own
-- (p_own) they commit without waiting for the disk.
--
-- Called by workflows/rows.py and workflows/execution.py; a change of these is a new file and a new migration.

CREATE FUNCTION workflows_seal(
    p_process uuid, p_at timestamptz, p_actor text, p_move text, p_from text, p_to text, p_reason text
) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT encode(sha256(convert_to(concat(
        'process_id=', p_process,
        E'\nat=', to_char(p_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '+00:00',
        E'\nactor=', p_actor,
        E'\nmove=', p_move,
        E'\nfrom_state=', p_from,
        E'\nto_state=', p_to,
        E'\nreason=', p_reason
    ), 'UTF8')), 'hex')
$$;

CREATE FUNCTION workflows_record(
    p_process uuid, p_at timestamptz, p_actor text, p_move text, p_from text, p_to text, p_reason text
) RETURNS void LANGUAGE sql AS $$
    INSERT INTO workflows_processevent (process_id, at, actor, move, from_state, to_state, reason, seal)
    VALUES (p_process, p_at, p_actor, p_move, p_from, p_to, p_reason,
            workflows_seal(p_process, p_at, p_actor, p_move, p_from, p_to, p_reason))
$$;

-- What the bucket of the lane's rate holds now: it fills evenly, and never above the rate.
CREATE FUNCTION workflows_lane_tokens(l workflows_lane, p_now timestamptz) RETURNS double precision
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN l.tokens_at IS NULL THEN l.rate
        ELSE least(l.rate, l.tokens + greatest(extract(epoch FROM p_now - l.tokens_at), 0) * l.rate / l.rate_seconds)
    END
$$;

-- How many the lane may admit now: its limit less the active, and no more than the bucket of its rate holds.
CREATE FUNCTION workflows_lane_places(l workflows_lane, p_now timestamptz) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN l.paused THEN 0
        WHEN l.rate IS NULL THEN l."limit" - l.active
        ELSE least(l."limit" - l.active, floor(workflows_lane_tokens(l, p_now))::integer)
    END
$$;

CREATE TYPE workflows_claimed AS (
    id uuid, fence integer, workflow varchar, version integer, tenant varchar, order_key varchar, lane varchar,
    resource varchar, queue varchar, payload text, recoveries integer, worker varchar, deadline_at timestamptz,
    unwinding boolean, parent_id uuid
);

CREATE FUNCTION workflows_claim(
    p_process uuid, p_fence integer, p_now timestamptz, p_worker text, p_lease timestamptz, p_own boolean
) RETURNS SETOF workflows_claimed LANGUAGE plpgsql AS $$
DECLARE
    v_claimed workflows_claimed;
BEGIN
    IF p_own THEN
        PERFORM set_config('synchronous_commit', 'off', true);
    END IF;
    UPDATE workflows_process p
    SET state = 'processing', lease_until = p_lease, worker = p_worker, once_key = NULL,
        started_at = coalesce(started_at, p_now),
        deadline_at = coalesce(deadline_at, p_now + make_interval(secs => max_seconds))
    WHERE p.id = p_process AND p.fence = p_fence AND p.state = 'pending' AND p.admitted_at IS NOT NULL
    RETURNING p.id, p.fence, p.workflow, p.version, p.tenant, p.order_key, p.lane, p.resource, p.queue, p.payload,
        p.recoveries, p.worker, p.deadline_at, p.unwinding, p.parent_id INTO v_claimed;
    IF FOUND THEN
        PERFORM workflows_record(p_process, p_now, p_worker, 'claim', 'pending', 'processing', '');
        RETURN NEXT v_claimed;
    END IF;
END
$$;

-- Admit from p_lane as many as it has places. One of them may be kept by the worker that asks: the first of its own
-- queues goes to it at once, under the job that it is running, without a wake-up. p_job NULL keeps none.
CREATE FUNCTION workflows_pump(
    p_lane text, p_now timestamptz, p_task text, p_queues text[], p_job bigint, p_worker text, p_lease timestamptz,
    p_own boolean, OUT admitted integer, OUT kept workflows_claimed
) LANGUAGE plpgsql AS $$
DECLARE
    v_keys text[] := '{}';
    v_open text[] := ARRAY[''];
    v_free integer[] := ARRAY[0];
    v_places integer;
    v_found uuid[];
    v_asked text[];
    v_chosen uuid[] := '{}';
    v_used text[] := '{}';
    v_at integer;
    v_before integer;
    v_keep uuid;
    v_jobs bigint[];
    v_slots bigint;
BEGIN
    admitted := 0;
    IF p_own THEN
        PERFORM set_config('synchronous_commit', 'off', true);
    END IF;
    PERFORM FROM workflows_process
    WHERE lane = p_lane AND state = 'pending' AND NOT behind AND admitted_at IS NULL
      AND (wake_at IS NULL OR wake_at <= p_now)
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    -- The resources that the queue asks for, by a skip over the index; mostly none.
    PERFORM FROM workflows_process
    WHERE lane = p_lane AND state = 'pending' AND NOT behind AND admitted_at IS NULL AND resource <> ''
    LIMIT 1;
    IF FOUND THEN
        WITH RECURSIVE asked AS (
            SELECT min(resource) AS key FROM workflows_process
            WHERE lane = p_lane AND state = 'pending' AND NOT behind AND admitted_at IS NULL AND resource <> ''
            UNION ALL
            SELECT (
                SELECT min(resource) FROM workflows_process
                WHERE lane = p_lane AND state = 'pending' AND NOT behind AND admitted_at IS NULL AND resource <> ''
                  AND resource > asked.key
            ) FROM asked WHERE asked.key IS NOT NULL
        )
        SELECT array_agg(key) INTO v_keys FROM asked WHERE key IS NOT NULL;
    END IF;
    v_keys := v_keys || p_lane;

    -- All lanes at once, in the order of their keys, as everybody locks them. A lane is made by the first process that
    -- asks for it, before any is locked; afterwards its row decides.
    IF (SELECT count(*) FROM workflows_lane WHERE key = ANY(v_keys)) < cardinality(v_keys) THEN
        INSERT INTO workflows_lane (key, "limit", active, paused, rate, rate_seconds, tokens)
        SELECT DISTINCT ON (key) key, most, 0, false, nullif(split_part(rate, '/', 1), '')::integer,
            coalesce(nullif(split_part(rate, '/', 2), '')::integer, 60), 0
        FROM (
            SELECT lane, lane_limit, lane_rate FROM workflows_process
            WHERE lane = p_lane AND state = 'pending' AND NOT behind AND admitted_at IS NULL
            UNION ALL
            SELECT resource, resource_limit, resource_rate FROM workflows_process
            WHERE lane = p_lane AND state = 'pending' AND NOT behind AND admitted_at IS NULL AND resource <> ''
        ) AS named (key, most, rate)
        ORDER BY key
        ON CONFLICT (key) DO NOTHING;
    END IF;
    PERFORM FROM workflows_lane WHERE key = ANY(v_keys) ORDER BY key FOR NO KEY UPDATE;
    SELECT workflows_lane_places(l, p_now), l.active INTO v_places, v_before FROM workflows_lane l WHERE key = p_lane;
    IF v_places <= 0 THEN
        RETURN;
    END IF;
    IF cardinality(v_keys) > 1 THEN
        SELECT '{""}'::text[] || coalesce(array_agg(l.key ORDER BY l.key), '{}'),
               '{0}'::integer[] || coalesce(array_agg(workflows_lane_places(l, p_now) ORDER BY l.key), '{}')
        INTO v_open, v_free
        FROM workflows_lane l
        WHERE l.key = ANY(v_keys) AND l.key <> p_lane AND workflows_lane_places(l, p_now) > 0;
    END IF;

    -- What is admitted and not begun stays near three for each place of a living worker, in all lanes together; but
    -- every lane may always have one, so that a full house is shared and nobody starves.
    IF v_places > 1 OR v_before > 0 THEN
        SELECT 3 * coalesce(sum(slots), 0) INTO v_slots FROM workflows_worker
        WHERE seen_at > clock_timestamp() - interval '15 seconds';
        v_slots := greatest(v_slots, 16);
        v_places := greatest(
            least(v_places, v_slots - (
                SELECT count(*) FROM (
                    SELECT FROM workflows_process WHERE state = 'pending' AND admitted_at IS NOT NULL LIMIT v_slots
                ) AS queued
            )),
            CASE WHEN v_before > 0 THEN 0 ELSE 1 END
        );
    END IF;

    -- Whose resource is full is passed over. Each round fills the places or closes a resource, so it ends.
    WHILE v_places > 0 LOOP
        SELECT array_agg(id), array_agg(resource) INTO v_found, v_asked FROM (
            SELECT id, resource FROM workflows_process
            WHERE lane = p_lane AND state = 'pending' AND NOT behind AND admitted_at IS NULL
              AND (wake_at IS NULL OR wake_at <= p_now)
              AND resource = ANY(v_open) AND id <> ALL(v_chosen)
            ORDER BY priority_at, seq LIMIT v_places
            FOR NO KEY UPDATE SKIP LOCKED
        ) AS next;
        EXIT WHEN v_found IS NULL;
        FOR i IN 1..cardinality(v_found) LOOP
            IF v_asked[i] <> '' THEN
                v_at := array_position(v_open, v_asked[i]);
                CONTINUE WHEN v_at IS NULL;
                v_free[v_at] := v_free[v_at] - 1;
                v_used := v_used || v_asked[i];
                IF v_free[v_at] = 0 THEN
                    v_open := v_open[:v_at - 1] || v_open[v_at + 1:];
                    v_free := v_free[:v_at - 1] || v_free[v_at + 1:];
                END IF;
            END IF;
            v_chosen := v_chosen || v_found[i];
            v_places := v_places - 1;
        END LOOP;
    END LOOP;
    admitted := cardinality(v_chosen);
    IF admitted = 0 THEN
        RETURN;
    END IF;

    UPDATE workflows_lane l SET
        active = l.active + taken.n,
        tokens = CASE WHEN l.rate IS NULL THEN l.tokens ELSE workflows_lane_tokens(l, p_now) - taken.n END,
        tokens_at = CASE WHEN l.rate IS NULL THEN l.tokens_at ELSE p_now END
    FROM (SELECT key, count(*) AS n FROM unnest(v_used || array_fill(p_lane, ARRAY[admitted])) AS key GROUP BY key) taken
    WHERE l.key = taken.key;

    IF p_job IS NOT NULL THEN
        SELECT id INTO v_keep FROM workflows_process
        WHERE id = ANY(v_chosen) AND queue = ANY(p_queues) ORDER BY priority_at, seq LIMIT 1;
    END IF;
    IF v_keep IS NOT NULL THEN
        UPDATE workflows_process p
        SET state = 'processing', admitted_at = p_now, wake_at = NULL, fence = p.fence + 1, job_id = p_job,
            lease_until = p_lease, worker = p_worker, once_key = NULL, started_at = coalesce(started_at, p_now),
            deadline_at = coalesce(deadline_at, p_now + make_interval(secs => max_seconds))
        WHERE p.id = v_keep
        RETURNING p.id, p.fence, p.workflow, p.version, p.tenant, p.order_key, p.lane, p.resource, p.queue, p.payload,
            p.recoveries, p.worker, p.deadline_at, p.unwinding, p.parent_id INTO kept;
        PERFORM workflows_record(v_keep, p_now, p_worker, 'claim', 'pending', 'processing', '');
        v_chosen := array_remove(v_chosen, v_keep);
    END IF;
    IF cardinality(v_chosen) > 0 THEN
        v_jobs := procrastinate_defer_jobs_v1(array(
            SELECT ROW(p.queue, p_task, 0, NULL, NULL, jsonb_build_object('process', p.id, 'fence', p.fence + 1), NULL)
                ::procrastinate_job_to_defer_v1
            FROM unnest(v_chosen) WITH ORDINALITY AS c (id, place) JOIN workflows_process p ON p.id = c.id
            ORDER BY c.place
        ));
        UPDATE workflows_process p SET admitted_at = p_now, wake_at = NULL, fence = p.fence + 1, job_id = given.job
        FROM unnest(v_chosen, v_jobs) AS given (id, job) WHERE p.id = given.id;
    END IF;
END
$$;
