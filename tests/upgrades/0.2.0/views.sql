CREATE SCHEMA upgrade_views;

CREATE SCHEMA upgrade_views_seen;

CREATE TABLE upgrade_views.change (
    "position" bigint NOT NULL,
    recorded_at timestamp with time zone,
    effective_at timestamp with time zone,
    topic text,
    actor text,
    subject_kind text,
    subject_id uuid,
    objective uuid,
    key_result uuid,
    kpi uuid,
    cycle uuid
);

CREATE TABLE upgrade_views.check_in (
    id uuid NOT NULL,
    "position" bigint NOT NULL,
    recorded_at timestamp with time zone,
    actor text,
    source text,
    on_behalf_of uuid,
    reason text,
    version bigint,
    key_result uuid,
    measured_at timestamp with time zone,
    value double precision,
    reached text[],
    confidence double precision,
    note text,
    late boolean,
    until_position bigint,
    ended text
);

CREATE TABLE upgrade_views.comment (
    id uuid NOT NULL,
    "position" bigint,
    recorded_at timestamp with time zone,
    actor text,
    source text,
    on_behalf_of uuid,
    reason text,
    subject_kind text,
    subject_id uuid,
    effective_at timestamp with time zone,
    body text
);

CREATE TABLE upgrade_views.cycle (
    id uuid NOT NULL,
    version bigint,
    born bigint,
    "position" bigint NOT NULL,
    created_at timestamp with time zone,
    changed_at timestamp with time zone,
    created_actor text,
    created_source text,
    created_on_behalf_of uuid,
    actor text,
    source text,
    on_behalf_of uuid,
    reason text,
    key text,
    name text,
    starts_on date,
    ends_on date,
    check_in_cadence text,
    parent uuid,
    state text,
    plan_at timestamp with time zone,
    plan_position bigint,
    outcome_at timestamp with time zone,
    outcome_position bigint
);

CREATE TABLE upgrade_views.initiative (
    id uuid NOT NULL,
    version bigint,
    born bigint,
    "position" bigint NOT NULL,
    created_at timestamp with time zone,
    changed_at timestamp with time zone,
    created_actor text,
    created_source text,
    created_on_behalf_of uuid,
    actor text,
    source text,
    on_behalf_of uuid,
    reason text,
    title text,
    subject_kind text,
    subject_id uuid,
    owner uuid,
    due date,
    state text
);

CREATE TABLE upgrade_views.key_result (
    id uuid NOT NULL,
    version bigint,
    born bigint,
    "position" bigint NOT NULL,
    created_at timestamp with time zone,
    changed_at timestamp with time zone,
    created_actor text,
    created_source text,
    created_on_behalf_of uuid,
    actor text,
    source text,
    on_behalf_of uuid,
    reason text,
    objective uuid,
    cycle uuid,
    title text,
    description text,
    metric bytea,
    owner uuid,
    weight double precision,
    due date,
    kpi uuid,
    kpi_since timestamp with time zone,
    carried_from uuid,
    state text,
    score double precision,
    score_note text
);

CREATE TABLE upgrade_views.kpi (
    id uuid NOT NULL,
    version bigint,
    born bigint,
    "position" bigint NOT NULL,
    created_at timestamp with time zone,
    changed_at timestamp with time zone,
    created_actor text,
    created_source text,
    created_on_behalf_of uuid,
    actor text,
    source text,
    on_behalf_of uuid,
    reason text,
    key text,
    name text,
    description text,
    unit bytea,
    goal bytea,
    cadence text,
    owner uuid,
    team uuid,
    retired boolean
);

CREATE TABLE upgrade_views.membership (
    team uuid NOT NULL,
    person uuid NOT NULL,
    "position" bigint NOT NULL,
    until_position bigint,
    effective_at timestamp with time zone,
    until_at timestamp with time zone
);

CREATE TABLE upgrade_views.objective (
    id uuid NOT NULL,
    version bigint,
    born bigint,
    "position" bigint NOT NULL,
    created_at timestamp with time zone,
    changed_at timestamp with time zone,
    created_actor text,
    created_source text,
    created_on_behalf_of uuid,
    actor text,
    source text,
    on_behalf_of uuid,
    reason text,
    cycle uuid,
    title text,
    description text,
    kind text,
    owner uuid,
    team uuid,
    contributors uuid[],
    carried_from uuid,
    visibility text,
    state text,
    verdict text,
    score double precision,
    reflection text,
    closed_at timestamp with time zone
);

CREATE TABLE upgrade_views.person (
    id uuid NOT NULL,
    version bigint,
    born bigint,
    "position" bigint NOT NULL,
    created_at timestamp with time zone,
    changed_at timestamp with time zone,
    created_actor text,
    created_source text,
    created_on_behalf_of uuid,
    actor text,
    source text,
    on_behalf_of uuid,
    reason text,
    handle text,
    name text,
    email text,
    active boolean
);
ALTER TABLE ONLY upgrade_views.person ALTER COLUMN handle SET STATISTICS 0;
ALTER TABLE ONLY upgrade_views.person ALTER COLUMN name SET STATISTICS 0;
ALTER TABLE ONLY upgrade_views.person ALTER COLUMN email SET STATISTICS 0;

CREATE TABLE upgrade_views.place (
    id uuid NOT NULL,
    "position" bigint,
    objective uuid,
    key_result uuid,
    kpi uuid,
    cycle uuid
);

CREATE TABLE upgrade_views.reading (
    id uuid NOT NULL,
    "position" bigint NOT NULL,
    recorded_at timestamp with time zone,
    actor text,
    source text,
    on_behalf_of uuid,
    reason text,
    version bigint,
    kpi uuid,
    measured_at timestamp with time zone,
    value double precision,
    note text,
    until_position bigint,
    ended text
);

CREATE TABLE upgrade_views.reflection (
    id uuid NOT NULL,
    "position" bigint,
    recorded_at timestamp with time zone,
    actor text,
    source text,
    on_behalf_of uuid,
    reason text,
    subject_kind text,
    subject_id uuid,
    effective_at timestamp with time zone,
    kind text,
    body text
);

CREATE TABLE upgrade_views.scoring_policy (
    id uuid NOT NULL,
    version bigint,
    born bigint,
    "position" bigint NOT NULL,
    created_at timestamp with time zone,
    changed_at timestamp with time zone,
    created_actor text,
    created_source text,
    created_on_behalf_of uuid,
    actor text,
    source text,
    on_behalf_of uuid,
    reason text,
    policy bytea
);

CREATE TABLE upgrade_views.support (
    objective uuid NOT NULL,
    cycle uuid,
    target_kind text,
    target uuid NOT NULL,
    through uuid,
    target_cycle uuid,
    "position" bigint NOT NULL,
    place bigint,
    until_position bigint,
    effective_at timestamp with time zone,
    until_at timestamp with time zone
);

CREATE TABLE upgrade_views.team (
    id uuid NOT NULL,
    version bigint,
    born bigint,
    "position" bigint NOT NULL,
    created_at timestamp with time zone,
    changed_at timestamp with time zone,
    created_actor text,
    created_source text,
    created_on_behalf_of uuid,
    actor text,
    source text,
    on_behalf_of uuid,
    reason text,
    key text,
    name text,
    parent uuid,
    lead uuid,
    disbanded boolean
);

CREATE TABLE upgrade_views.tree_node (
    level bigint NOT NULL,
    place bigint NOT NULL,
    hash bytea
);

CREATE TABLE upgrade_views.view_position (
    "position" bigint NOT NULL,
    recorded_at timestamp with time zone,
    definition text NOT NULL
);

CREATE VIEW upgrade_views_seen.change AS
 SELECT "position",
    recorded_at,
    effective_at,
    topic,
    actor,
    subject_kind,
    subject_id,
    objective,
    key_result,
    kpi,
    cycle
   FROM upgrade_views.change v
  WHERE (((objective IS NULL) OR (NOT (objective IN ( SELECT unnest((current_setting('keyframe.hidden'::text))::uuid[]) AS unnest)))) AND (NOT ("position" IN ( SELECT s."position"
           FROM (upgrade_views.support s
             JOIN upgrade_views.change c ON (((c."position" = s."position") AND (c.topic = 'objective-aligned'::text))))
          WHERE (s.through IN ( SELECT unnest((current_setting('keyframe.hidden'::text))::uuid[]) AS unnest))
        UNION ALL
         SELECT s.until_position
           FROM upgrade_views.support s
          WHERE (s.through IN ( SELECT unnest((current_setting('keyframe.hidden'::text))::uuid[]) AS unnest))))));

CREATE VIEW upgrade_views_seen.check_in AS
 SELECT id,
    "position",
    recorded_at,
    actor,
    source,
    on_behalf_of,
    reason,
    version,
    key_result,
    measured_at,
    value,
    reached,
    confidence,
    note,
    late,
    until_position,
    ended
   FROM upgrade_views.check_in v
  WHERE ( SELECT ((p.objective IS NULL) OR (NOT (p.objective IN ( SELECT unnest((current_setting('keyframe.hidden'::text))::uuid[]) AS unnest))))
           FROM upgrade_views.place p
          WHERE (p.id = v.key_result));

CREATE VIEW upgrade_views_seen.comment AS
 SELECT id,
    "position",
    recorded_at,
    actor,
    source,
    on_behalf_of,
    reason,
    subject_kind,
    subject_id,
    effective_at,
    body
   FROM upgrade_views.comment v
  WHERE ( SELECT ((p.objective IS NULL) OR (NOT (p.objective IN ( SELECT unnest((current_setting('keyframe.hidden'::text))::uuid[]) AS unnest))))
           FROM upgrade_views.place p
          WHERE (p.id = v.id));

CREATE VIEW upgrade_views_seen.cycle AS
 SELECT id,
    version,
    born,
    "position",
    created_at,
    changed_at,
    created_actor,
    created_source,
    created_on_behalf_of,
    actor,
    source,
    on_behalf_of,
    reason,
    key,
    name,
    starts_on,
    ends_on,
    check_in_cadence,
    parent,
    state,
    plan_at,
    plan_position,
    outcome_at,
    outcome_position
   FROM upgrade_views.cycle v
  WHERE true;

CREATE VIEW upgrade_views_seen.hidden_thing AS
 SELECT id
   FROM upgrade_views.place
  WHERE (objective IN ( SELECT unnest((current_setting('keyframe.hidden'::text))::uuid[]) AS unnest));

CREATE VIEW upgrade_views_seen.initiative AS
 SELECT id,
    version,
    born,
    "position",
    created_at,
    changed_at,
    created_actor,
    created_source,
    created_on_behalf_of,
    actor,
    source,
    on_behalf_of,
    reason,
    title,
    subject_kind,
    subject_id,
    owner,
    due,
    state
   FROM upgrade_views.initiative v
  WHERE ( SELECT ((p.objective IS NULL) OR (NOT (p.objective IN ( SELECT unnest((current_setting('keyframe.hidden'::text))::uuid[]) AS unnest))))
           FROM upgrade_views.place p
          WHERE (p.id = v.id));

CREATE VIEW upgrade_views_seen.key_result AS
 SELECT id,
    version,
    born,
    "position",
    created_at,
    changed_at,
    created_actor,
    created_source,
    created_on_behalf_of,
    actor,
    source,
    on_behalf_of,
    reason,
    objective,
    cycle,
    title,
    description,
    metric,
    owner,
    weight,
    due,
    kpi,
    kpi_since,
        CASE
            WHEN ( SELECT ((p.objective IS NULL) OR (NOT (p.objective IN ( SELECT unnest((current_setting('keyframe.hidden'::text))::uuid[]) AS unnest))))
               FROM upgrade_views.place p
              WHERE (p.id = v.carried_from)) THEN carried_from
            ELSE NULL::uuid
        END AS carried_from,
    state,
    score,
    score_note
   FROM upgrade_views.key_result v
  WHERE (NOT (objective IN ( SELECT unnest((current_setting('keyframe.hidden'::text))::uuid[]) AS unnest)));

CREATE VIEW upgrade_views_seen.kpi AS
 SELECT id,
    version,
    born,
    "position",
    created_at,
    changed_at,
    created_actor,
    created_source,
    created_on_behalf_of,
    actor,
    source,
    on_behalf_of,
    reason,
    key,
    name,
    description,
    unit,
    goal,
    cadence,
    owner,
    team,
    retired
   FROM upgrade_views.kpi v
  WHERE true;

CREATE VIEW upgrade_views_seen.membership AS
 SELECT team,
    person,
    "position",
    until_position,
    effective_at,
    until_at
   FROM upgrade_views.membership v
  WHERE true;

CREATE VIEW upgrade_views_seen.objective AS
 SELECT id,
    version,
    born,
    "position",
    created_at,
    changed_at,
    created_actor,
    created_source,
    created_on_behalf_of,
    actor,
    source,
    on_behalf_of,
    reason,
    cycle,
    title,
    description,
    kind,
    owner,
    team,
    contributors,
        CASE
            WHEN (NOT (carried_from IN ( SELECT unnest((current_setting('keyframe.hidden'::text))::uuid[]) AS unnest))) THEN carried_from
            ELSE NULL::uuid
        END AS carried_from,
    visibility,
    state,
    verdict,
    score,
    reflection,
    closed_at
   FROM upgrade_views.objective v
  WHERE ((NOT (id IN ( SELECT unnest((current_setting('keyframe.hidden'::text))::uuid[]) AS unnest))) AND (NOT ("position" IN ( SELECT s."position"
           FROM (upgrade_views.support s
             JOIN upgrade_views.change c ON (((c."position" = s."position") AND (c.topic = 'objective-aligned'::text))))
          WHERE (s.through IN ( SELECT unnest((current_setting('keyframe.hidden'::text))::uuid[]) AS unnest))
        UNION ALL
         SELECT s.until_position
           FROM upgrade_views.support s
          WHERE (s.through IN ( SELECT unnest((current_setting('keyframe.hidden'::text))::uuid[]) AS unnest))))));

CREATE VIEW upgrade_views_seen.person AS
 SELECT id,
    version,
    born,
    "position",
    created_at,
    changed_at,
    created_actor,
    created_source,
    created_on_behalf_of,
    actor,
    source,
    on_behalf_of,
    reason,
    handle,
    name,
    email,
    active
   FROM upgrade_views.person v
  WHERE true;

CREATE VIEW upgrade_views_seen.place AS
 SELECT id,
    "position",
    objective,
    key_result,
    kpi,
    cycle
   FROM upgrade_views.place v
  WHERE ((objective IS NULL) OR (NOT (objective IN ( SELECT unnest((current_setting('keyframe.hidden'::text))::uuid[]) AS unnest))));

CREATE VIEW upgrade_views_seen.reading AS
 SELECT id,
    "position",
    recorded_at,
    actor,
    source,
    on_behalf_of,
    reason,
    version,
    kpi,
    measured_at,
    value,
    note,
    until_position,
    ended
   FROM upgrade_views.reading v
  WHERE true;

CREATE VIEW upgrade_views_seen.reflection AS
 SELECT id,
    "position",
    recorded_at,
    actor,
    source,
    on_behalf_of,
    reason,
    subject_kind,
    subject_id,
    effective_at,
    kind,
    body
   FROM upgrade_views.reflection v
  WHERE ( SELECT ((p.objective IS NULL) OR (NOT (p.objective IN ( SELECT unnest((current_setting('keyframe.hidden'::text))::uuid[]) AS unnest))))
           FROM upgrade_views.place p
          WHERE (p.id = v.id));

CREATE VIEW upgrade_views_seen.scoring_policy AS
 SELECT id,
    version,
    born,
    "position",
    created_at,
    changed_at,
    created_actor,
    created_source,
    created_on_behalf_of,
    actor,
    source,
    on_behalf_of,
    reason,
    policy
   FROM upgrade_views.scoring_policy v
  WHERE true;

CREATE VIEW upgrade_views_seen.support AS
 SELECT objective,
    cycle,
    target_kind,
    target,
    through,
    target_cycle,
    "position",
    place,
    until_position,
    effective_at,
    until_at
   FROM upgrade_views.support v
  WHERE ((NOT (objective IN ( SELECT unnest((current_setting('keyframe.hidden'::text))::uuid[]) AS unnest))) AND (NOT (through IN ( SELECT unnest((current_setting('keyframe.hidden'::text))::uuid[]) AS unnest))));

CREATE VIEW upgrade_views_seen.team AS
 SELECT id,
    version,
    born,
    "position",
    created_at,
    changed_at,
    created_actor,
    created_source,
    created_on_behalf_of,
    actor,
    source,
    on_behalf_of,
    reason,
    key,
    name,
    parent,
    lead,
    disbanded
   FROM upgrade_views.team v
  WHERE true;

CREATE VIEW upgrade_views_seen.tree_node AS
 SELECT level,
    place,
    hash
   FROM upgrade_views.tree_node v
  WHERE true;

CREATE VIEW upgrade_views_seen.view_position AS
 SELECT "position",
    recorded_at,
    definition
   FROM upgrade_views.view_position;

INSERT INTO upgrade_views.change VALUES
	(1, '2026-11-28 01:03:52.353019+00', '2023-12-01 09:00:00+00', 'person-added', 'machine:console', 'Person', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, NULL, NULL, NULL),
	(2, '2026-11-28 01:03:52.377931+00', '2023-12-01 09:01:00+00', 'person-added', 'machine:console', 'Person', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, NULL, NULL, NULL),
	(3, '2026-11-28 01:03:52.392667+00', '2023-12-01 09:02:00+00', 'person-added', 'machine:console', 'Person', '6b973ed9-f522-5fa3-b8e2-2fb4037b2914', NULL, NULL, NULL, NULL),
	(4, '2026-11-28 01:03:52.408286+00', '2023-12-01 09:03:00+00', 'person-added', 'machine:console', 'Person', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', NULL, NULL, NULL, NULL),
	(5, '2026-11-28 01:03:52.437119+00', '2023-12-01 09:04:00+00', 'person-renamed', 'machine:console', 'Person', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, NULL, NULL, NULL),
	(6, '2026-11-28 01:03:52.451678+00', '2023-12-01 10:00:00+00', 'team-formed', 'machine:console', 'Team', '2b58c9ff-5289-515a-b4ad-a3ffaf2d4e20', NULL, NULL, NULL, NULL),
	(7, '2026-11-28 01:03:52.469379+00', '2023-12-01 10:01:00+00', 'team-formed', 'machine:console', 'Team', '8ac5cd47-ac2d-5461-beee-82824f44d25c', NULL, NULL, NULL, NULL),
	(8, '2026-11-28 01:03:52.497695+00', '2023-12-01 10:02:00+00', 'team-formed', 'machine:console', 'Team', '7c4b7a50-3886-5bad-8722-e74accaf8215', NULL, NULL, NULL, NULL),
	(9, '2026-11-28 01:03:52.512671+00', '2023-12-01 10:03:00+00', 'team-renamed', 'machine:console', 'Team', '8ac5cd47-ac2d-5461-beee-82824f44d25c', NULL, NULL, NULL, NULL),
	(10, '2026-11-28 01:03:52.525998+00', '2023-12-01 10:04:00+00', 'team-lead-appointed', 'machine:console', 'Team', '8ac5cd47-ac2d-5461-beee-82824f44d25c', NULL, NULL, NULL, NULL),
	(11, '2026-11-28 01:03:52.541439+00', '2023-12-01 10:05:00+00', 'team-joined', 'machine:console', 'Team', '8ac5cd47-ac2d-5461-beee-82824f44d25c', NULL, NULL, NULL, NULL),
	(12, '2026-11-28 01:03:52.550832+00', '2023-12-01 10:06:00+00', 'team-joined', 'machine:console', 'Team', '7c4b7a50-3886-5bad-8722-e74accaf8215', NULL, NULL, NULL, NULL),
	(13, '2026-11-28 01:03:52.562018+00', '2023-12-04 09:00:00+00', 'cycle-opened', 'machine:console', 'Cycle', '5a7094dd-a784-5795-8677-12f7c66cb55c', NULL, NULL, NULL, '5a7094dd-a784-5795-8677-12f7c66cb55c'),
	(14, '2026-11-28 01:03:52.57307+00', '2023-12-04 09:01:00+00', 'cycle-opened', 'machine:console', 'Cycle', '0e26117d-c296-54c9-a396-1ac5b435d6fd', NULL, NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(15, '2026-11-28 01:03:52.581928+00', '2023-12-04 09:02:00+00', 'cycle-opened', 'machine:console', 'Cycle', '190aac1a-46ce-53ae-a07e-05b4b77fa605', NULL, NULL, NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605'),
	(16, '2026-11-28 01:03:52.589829+00', '2023-12-04 09:03:00+00', 'scoring-policy-adopted', 'machine:console', 'ScoringPolicy', 'c801f8bc-f6bc-56c2-be11-eb802b9e4e16', NULL, NULL, NULL, NULL),
	(17, '2026-11-28 01:03:52.601133+00', '2023-12-04 10:00:00+00', 'kpi-defined', 'machine:console', 'Kpi', '6c436c32-550a-5425-b86b-4d542b43a419', NULL, NULL, '6c436c32-550a-5425-b86b-4d542b43a419', NULL),
	(18, '2026-11-28 01:03:52.616276+00', '2023-12-04 10:01:00+00', 'kpi-defined', 'machine:console', 'Kpi', '390772ab-deb3-577a-9013-3c7cada5452a', NULL, NULL, '390772ab-deb3-577a-9013-3c7cada5452a', NULL),
	(19, '2026-11-28 01:03:52.627767+00', '2023-12-04 10:02:00+00', 'kpi-defined', 'machine:console', 'Kpi', '67e53a1b-575f-5202-8466-b7d670d7c284', NULL, NULL, '67e53a1b-575f-5202-8466-b7d670d7c284', NULL),
	(20, '2026-11-28 01:03:52.645812+00', '2023-12-05 09:00:00+00', 'kpi-redefined', 'machine:console', 'Kpi', '390772ab-deb3-577a-9013-3c7cada5452a', NULL, NULL, '390772ab-deb3-577a-9013-3c7cada5452a', NULL),
	(21, '2026-11-28 01:03:52.657695+00', '2023-12-05 09:01:00+00', 'kpi-retired', 'machine:console', 'Kpi', '67e53a1b-575f-5202-8466-b7d670d7c284', NULL, NULL, '67e53a1b-575f-5202-8466-b7d670d7c284', NULL),
	(22, '2026-11-28 01:03:52.668652+00', '2023-12-10 18:00:00+00', 'reading-recorded', 'machine:console', 'Reading', '65c08c80-d90f-5121-98a7-232874a0522d', NULL, NULL, '6c436c32-550a-5425-b86b-4d542b43a419', NULL),
	(23, '2026-11-28 01:03:52.668653+00', '2023-12-10 18:00:00+00', 'reading-recorded', 'machine:console', 'Reading', 'b3cf058b-2c5a-5d7e-b350-6e805f83fa01', NULL, NULL, '390772ab-deb3-577a-9013-3c7cada5452a', NULL),
	(24, '2026-11-28 01:03:52.682137+00', '2023-12-12 09:00:00+00', 'objective-drafted', 'machine:console', 'Objective', '4957127e-d904-5fe3-b4f1-4ec693dbe3fc', '4957127e-d904-5fe3-b4f1-4ec693dbe3fc', NULL, NULL, '5a7094dd-a784-5795-8677-12f7c66cb55c'),
	(25, '2026-11-28 01:03:52.693347+00', '2023-12-12 09:01:00+00', 'key-result-added', 'machine:console', 'KeyResult', '936b0513-3099-5527-8c46-12e21e2b908e', '4957127e-d904-5fe3-b4f1-4ec693dbe3fc', '936b0513-3099-5527-8c46-12e21e2b908e', NULL, '5a7094dd-a784-5795-8677-12f7c66cb55c'),
	(26, '2026-11-28 01:03:52.701905+00', '2023-12-12 09:02:00+00', 'objective-committed', 'machine:console', 'Objective', '4957127e-d904-5fe3-b4f1-4ec693dbe3fc', '4957127e-d904-5fe3-b4f1-4ec693dbe3fc', NULL, NULL, '5a7094dd-a784-5795-8677-12f7c66cb55c'),
	(27, '2026-11-28 01:03:52.713856+00', '2023-12-13 09:00:00+00', 'objective-drafted', 'machine:console', 'Objective', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(28, '2026-11-28 01:03:52.722781+00', '2023-12-13 09:01:00+00', 'key-result-added', 'machine:console', 'KeyResult', 'f0605a21-976f-5f94-a36d-411d0994bdbd', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', 'f0605a21-976f-5f94-a36d-411d0994bdbd', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(29, '2026-11-28 01:03:52.730076+00', '2023-12-13 09:02:00+00', 'key-result-added', 'machine:console', 'KeyResult', '54d90dad-014d-5923-a6f8-48c078ad6135', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '54d90dad-014d-5923-a6f8-48c078ad6135', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(30, '2026-11-28 01:03:52.738366+00', '2023-12-13 09:03:00+00', 'key-result-added', 'machine:console', 'KeyResult', '914852ce-7afb-57cc-b127-61a940a0c413', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '914852ce-7afb-57cc-b127-61a940a0c413', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(31, '2026-11-28 01:03:52.746814+00', '2023-12-13 09:04:00+00', 'key-result-added', 'machine:console', 'KeyResult', 'dfe375e5-155b-5ada-9b9e-f5ce8ed4d9b8', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', 'dfe375e5-155b-5ada-9b9e-f5ce8ed4d9b8', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(32, '2026-11-28 01:03:52.759455+00', '2023-12-13 09:05:00+00', 'key-result-linked', 'machine:console', 'KeyResult', 'f0605a21-976f-5f94-a36d-411d0994bdbd', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', 'f0605a21-976f-5f94-a36d-411d0994bdbd', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(33, '2026-11-28 01:03:52.771831+00', '2023-12-13 09:06:00+00', 'key-result-linked', 'machine:console', 'KeyResult', 'dfe375e5-155b-5ada-9b9e-f5ce8ed4d9b8', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', 'dfe375e5-155b-5ada-9b9e-f5ce8ed4d9b8', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(34, '2026-11-28 01:03:52.778593+00', '2023-12-13 09:07:00+00', 'key-result-unlinked', 'machine:console', 'KeyResult', 'dfe375e5-155b-5ada-9b9e-f5ce8ed4d9b8', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', 'dfe375e5-155b-5ada-9b9e-f5ce8ed4d9b8', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(35, '2026-11-28 01:03:52.789471+00', '2023-12-14 09:00:00+00', 'objective-drafted', 'machine:console', 'Objective', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(36, '2026-11-28 01:03:52.798675+00', '2023-12-14 09:01:00+00', 'key-result-added', 'machine:console', 'KeyResult', 'ea945dfe-db3a-5a95-b047-4206fb88ceda', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', 'ea945dfe-db3a-5a95-b047-4206fb88ceda', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(37, '2026-11-28 01:03:52.809392+00', '2023-12-14 09:02:00+00', 'key-result-added', 'machine:console', 'KeyResult', '89b56973-daa7-5f64-97a0-0fe7713a3a45', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', '89b56973-daa7-5f64-97a0-0fe7713a3a45', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(38, '2026-11-28 01:03:52.821809+00', '2023-12-15 09:00:00+00', 'objective-drafted', 'machine:console', 'Objective', 'e80be788-2acc-5af8-9a46-88b714c1b054', 'e80be788-2acc-5af8-9a46-88b714c1b054', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(39, '2026-11-28 01:03:52.82661+00', '2023-12-15 09:01:00+00', 'key-result-added', 'machine:console', 'KeyResult', 'a2daf7e5-038b-563f-b6dc-c9307f47a8df', 'e80be788-2acc-5af8-9a46-88b714c1b054', 'a2daf7e5-038b-563f-b6dc-c9307f47a8df', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(40, '2026-11-28 01:03:52.841209+00', '2023-12-15 09:02:00+00', 'objective-aligned', 'machine:console', 'Objective', 'e80be788-2acc-5af8-9a46-88b714c1b054', 'e80be788-2acc-5af8-9a46-88b714c1b054', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(41, '2026-11-28 01:03:52.851442+00', '2023-12-15 09:03:00+00', 'objective-unaligned', 'machine:console', 'Objective', 'e80be788-2acc-5af8-9a46-88b714c1b054', 'e80be788-2acc-5af8-9a46-88b714c1b054', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(42, '2026-11-28 01:03:52.86175+00', '2024-01-02 08:00:00+00', 'cycle-activated', 'machine:console', 'Cycle', '5a7094dd-a784-5795-8677-12f7c66cb55c', NULL, NULL, NULL, '5a7094dd-a784-5795-8677-12f7c66cb55c'),
	(43, '2026-11-28 01:03:52.873794+00', '2024-01-02 08:01:00+00', 'objective-committed', 'machine:console', 'Objective', 'e80be788-2acc-5af8-9a46-88b714c1b054', 'e80be788-2acc-5af8-9a46-88b714c1b054', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(44, '2026-11-28 01:03:52.873795+00', '2024-01-02 08:01:00+00', 'objective-committed', 'machine:console', 'Objective', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(45, '2026-11-28 01:03:52.873796+00', '2024-01-02 08:01:00+00', 'objective-committed', 'machine:console', 'Objective', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(46, '2026-11-28 01:03:52.873797+00', '2024-01-02 08:01:00+00', 'cycle-activated', 'machine:console', 'Cycle', '0e26117d-c296-54c9-a396-1ac5b435d6fd', NULL, NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(47, '2026-11-28 01:03:52.885739+00', '2024-01-03 09:00:00+00', 'initiative-planned', 'machine:console', 'Initiative', 'dd1d6e0d-3d38-5c68-ad83-50de63c27c18', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', 'f0605a21-976f-5f94-a36d-411d0994bdbd', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(48, '2026-11-28 01:03:52.899555+00', '2024-01-10 09:00:00+00', 'initiative-moved', 'machine:console', 'Initiative', 'dd1d6e0d-3d38-5c68-ad83-50de63c27c18', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', 'f0605a21-976f-5f94-a36d-411d0994bdbd', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(49, '2026-11-28 01:03:52.911202+00', '2024-01-12 15:00:00+00', 'key-result-checked-in', 'machine:console', 'CheckIn', 'f0eb39b7-9b39-5834-b606-7c026f40a240', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '54d90dad-014d-5923-a6f8-48c078ad6135', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(50, '2026-11-28 01:03:52.921303+00', '2024-01-12 15:01:00+00', 'key-result-checked-in', 'machine:console', 'CheckIn', 'd8349fbd-1453-5561-b968-b85c5d880403', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '914852ce-7afb-57cc-b127-61a940a0c413', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd');
INSERT INTO upgrade_views.change VALUES
	(51, '2026-11-28 01:03:52.937989+00', '2024-01-12 15:02:00+00', 'key-result-checked-in', 'machine:console', 'CheckIn', 'ec4ac538-9163-5c80-a424-16fcdb311c3a', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', 'dfe375e5-155b-5ada-9b9e-f5ce8ed4d9b8', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(52, '2026-11-28 01:03:52.962853+00', '2024-01-12 15:03:00+00', 'key-result-checked-in', 'machine:console', 'CheckIn', 'aaa3c45c-4e07-542c-b1d7-258d19844f7d', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', 'ea945dfe-db3a-5a95-b047-4206fb88ceda', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(53, '2026-11-28 01:03:53.009637+00', '2024-01-12 15:04:00+00', 'key-result-checked-in', 'machine:console', 'CheckIn', 'de9a9bac-6913-5c4e-8e03-dd302a262278', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', '89b56973-daa7-5f64-97a0-0fe7713a3a45', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(54, '2026-11-28 01:03:53.026308+00', '2024-01-07 18:00:00+00', 'reading-recorded', 'machine:console', 'Reading', '9e30f720-4f37-5bd3-a453-5df01974d594', NULL, NULL, '6c436c32-550a-5425-b86b-4d542b43a419', NULL),
	(55, '2026-11-28 01:03:53.026309+00', '2024-01-14 18:00:00+00', 'reading-recorded', 'machine:console', 'Reading', 'f0c4e199-a5a1-5d40-bad2-3a44126c61a5', NULL, NULL, '6c436c32-550a-5425-b86b-4d542b43a419', NULL),
	(56, '2026-11-28 01:03:53.02631+00', '2024-01-14 18:00:00+00', 'reading-recorded', 'machine:console', 'Reading', 'b1d759d7-ed16-5c97-837f-581c414673b6', NULL, NULL, '390772ab-deb3-577a-9013-3c7cada5452a', NULL),
	(57, '2026-11-28 01:03:53.026311+00', '2024-01-14 19:00:00+00', 'reading-recorded', 'machine:console', 'Reading', '6fc144ac-0275-5c7c-9b20-84e35d30d116', NULL, NULL, '390772ab-deb3-577a-9013-3c7cada5452a', NULL),
	(58, '2026-11-28 01:03:53.036564+00', '2024-01-14 18:00:00+00', 'reading-corrected', 'machine:console', 'Reading', 'f0c4e199-a5a1-5d40-bad2-3a44126c61a5', NULL, NULL, '6c436c32-550a-5425-b86b-4d542b43a419', NULL),
	(59, '2026-11-28 01:03:53.04548+00', '2024-01-14 19:00:00+00', 'reading-retracted', 'machine:console', 'Reading', '6fc144ac-0275-5c7c-9b20-84e35d30d116', NULL, NULL, '390772ab-deb3-577a-9013-3c7cada5452a', NULL),
	(60, '2026-11-28 01:03:53.050511+00', '2024-01-17 08:00:00+00', 'comment-added', 'machine:console', 'CheckIn', 'f0eb39b7-9b39-5834-b606-7c026f40a240', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '54d90dad-014d-5923-a6f8-48c078ad6135', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(61, '2026-11-28 01:03:53.05884+00', '2024-01-12 15:00:00+00', 'check-in-corrected', 'machine:console', 'CheckIn', 'f0eb39b7-9b39-5834-b606-7c026f40a240', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '54d90dad-014d-5923-a6f8-48c078ad6135', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(62, '2026-11-28 01:03:53.07008+00', '2024-01-19 08:00:00+00', 'comment-added', 'machine:console', 'Objective', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(63, '2026-11-28 01:03:53.077704+00', '2024-01-22 08:00:00+00', 'objective-reworded', 'machine:console', 'Objective', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(64, '2026-11-28 01:03:53.084839+00', '2024-01-22 08:01:00+00', 'key-result-reworded', 'machine:console', 'KeyResult', '54d90dad-014d-5923-a6f8-48c078ad6135', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '54d90dad-014d-5923-a6f8-48c078ad6135', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(65, '2026-11-28 01:03:53.090768+00', '2024-01-22 08:02:00+00', 'key-result-assigned', 'machine:console', 'KeyResult', '54d90dad-014d-5923-a6f8-48c078ad6135', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '54d90dad-014d-5923-a6f8-48c078ad6135', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(66, '2026-11-28 01:03:53.098776+00', '2024-01-22 08:03:00+00', 'objective-assigned', 'machine:console', 'Objective', 'e80be788-2acc-5af8-9a46-88b714c1b054', 'e80be788-2acc-5af8-9a46-88b714c1b054', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(67, '2026-11-28 01:03:53.106662+00', '2024-02-01 08:00:00+00', 'key-result-dropped', 'machine:console', 'KeyResult', 'dfe375e5-155b-5ada-9b9e-f5ce8ed4d9b8', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', 'dfe375e5-155b-5ada-9b9e-f5ce8ed4d9b8', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(68, '2026-11-28 01:03:53.114572+00', '2024-02-02 08:00:00+00', 'key-result-retargeted', 'machine:console', 'KeyResult', '54d90dad-014d-5923-a6f8-48c078ad6135', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '54d90dad-014d-5923-a6f8-48c078ad6135', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(69, '2026-11-28 01:03:53.121602+00', '2024-02-02 08:01:00+00', 'key-result-rescheduled', 'machine:console', 'KeyResult', 'ea945dfe-db3a-5a95-b047-4206fb88ceda', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', 'ea945dfe-db3a-5a95-b047-4206fb88ceda', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(70, '2026-11-28 01:03:53.130697+00', '2024-02-02 08:02:00+00', 'key-result-reweighed', 'machine:console', 'KeyResult', '914852ce-7afb-57cc-b127-61a940a0c413', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '914852ce-7afb-57cc-b127-61a940a0c413', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(71, '2026-11-28 01:03:53.140973+00', '2024-02-04 18:00:00+00', 'reading-recorded', 'machine:console', 'Reading', '0444526e-3b79-511e-8622-7374bdd18c1b', NULL, NULL, '6c436c32-550a-5425-b86b-4d542b43a419', NULL),
	(72, '2026-11-28 01:03:53.140974+00', '2024-02-04 18:00:00+00', 'reading-recorded', 'machine:console', 'Reading', '6af151f6-3d60-58ff-910f-8a348079a473', NULL, NULL, '390772ab-deb3-577a-9013-3c7cada5452a', NULL),
	(73, '2026-11-28 01:03:53.147178+00', '2024-02-09 15:00:00+00', 'key-result-checked-in', 'machine:console', 'CheckIn', '5f93c14c-95af-5817-a762-1849a416b7ed', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '54d90dad-014d-5923-a6f8-48c078ad6135', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(74, '2026-11-28 01:03:53.152996+00', '2024-02-09 15:01:00+00', 'key-result-checked-in', 'machine:console', 'CheckIn', '5836f3e3-a57f-5d76-ba12-190485c4a10f', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', 'f0605a21-976f-5f94-a36d-411d0994bdbd', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(75, '2026-11-28 01:03:53.162746+00', '2024-02-12 09:00:00+00', 'initiative-moved', 'machine:console', 'Initiative', 'dd1d6e0d-3d38-5c68-ad83-50de63c27c18', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', 'f0605a21-976f-5f94-a36d-411d0994bdbd', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(76, '2026-11-28 01:03:53.176628+00', '2024-02-20 09:00:00+00', 'objective-dropped', 'machine:console', 'Objective', 'e80be788-2acc-5af8-9a46-88b714c1b054', 'e80be788-2acc-5af8-9a46-88b714c1b054', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(77, '2026-11-28 01:03:53.182067+00', '2024-02-26 09:00:00+00', 'objective-visibility-set', 'machine:console', 'Objective', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(78, '2026-11-28 01:03:53.188792+00', '2024-02-27 09:00:00+00', 'objective-visibility-set', 'machine:console', 'Objective', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(79, '2026-11-28 01:03:53.194056+00', '2024-03-03 18:00:00+00', 'reading-recorded', 'machine:console', 'Reading', 'fa6abd88-6a7f-5aa8-a205-d12cdf932db7', NULL, NULL, '6c436c32-550a-5425-b86b-4d542b43a419', NULL),
	(80, '2026-11-28 01:03:53.194057+00', '2024-03-03 18:00:00+00', 'reading-recorded', 'machine:console', 'Reading', '3154b6c2-b907-5c25-9f20-403ea5c4569e', NULL, NULL, '390772ab-deb3-577a-9013-3c7cada5452a', NULL),
	(81, '2026-11-28 01:03:53.201343+00', '2024-03-15 15:00:00+00', 'key-result-checked-in', 'machine:console', 'CheckIn', '7d117fb0-6137-5de5-b029-73ed820aef00', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', 'ea945dfe-db3a-5a95-b047-4206fb88ceda', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(82, '2026-11-28 01:03:53.206557+00', '2024-03-15 15:01:00+00', 'key-result-checked-in', 'machine:console', 'CheckIn', '44075088-b442-5917-ae30-d46feead84d8', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '914852ce-7afb-57cc-b127-61a940a0c413', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(83, '2026-11-28 01:03:53.214994+00', '2024-03-22 15:00:00+00', 'key-result-checked-in', 'machine:console', 'CheckIn', '6110963e-eb7b-5a9b-aa5e-63f46db0ed1a', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '54d90dad-014d-5923-a6f8-48c078ad6135', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(84, '2026-11-28 01:03:53.222863+00', '2024-03-24 18:00:00+00', 'reading-recorded', 'machine:console', 'Reading', '6954cb7e-68f9-58fc-96f0-07b675d3bf0d', NULL, NULL, '6c436c32-550a-5425-b86b-4d542b43a419', NULL),
	(85, '2026-11-28 01:03:53.222864+00', '2024-03-24 18:00:00+00', 'reading-recorded', 'machine:console', 'Reading', '814f50cd-ccca-55b8-b260-f3c684c6354e', NULL, NULL, '390772ab-deb3-577a-9013-3c7cada5452a', NULL),
	(86, '2026-11-28 01:03:53.232928+00', '2024-03-28 09:00:00+00', 'key-result-scored', 'machine:console', 'KeyResult', '914852ce-7afb-57cc-b127-61a940a0c413', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '914852ce-7afb-57cc-b127-61a940a0c413', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(87, '2026-11-28 01:03:53.246407+00', '2024-03-29 09:00:00+00', 'key-result-scored', 'machine:console', 'KeyResult', '89b56973-daa7-5f64-97a0-0fe7713a3a45', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', '89b56973-daa7-5f64-97a0-0fe7713a3a45', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(88, '2026-11-28 01:03:53.246408+00', '2024-03-29 09:00:00+00', 'key-result-scored', 'machine:console', 'KeyResult', 'ea945dfe-db3a-5a95-b047-4206fb88ceda', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', 'ea945dfe-db3a-5a95-b047-4206fb88ceda', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(89, '2026-11-28 01:03:53.246409+00', '2024-03-29 09:00:00+00', 'objective-closed', 'machine:console', 'Objective', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(90, '2026-11-28 01:03:53.266031+00', '2024-03-29 10:00:00+00', 'key-result-reopened', 'machine:console', 'KeyResult', '89b56973-daa7-5f64-97a0-0fe7713a3a45', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', '89b56973-daa7-5f64-97a0-0fe7713a3a45', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(91, '2026-11-28 01:03:53.266032+00', '2024-03-29 10:00:00+00', 'key-result-reopened', 'machine:console', 'KeyResult', 'ea945dfe-db3a-5a95-b047-4206fb88ceda', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', 'ea945dfe-db3a-5a95-b047-4206fb88ceda', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(92, '2026-11-28 01:03:53.266033+00', '2024-03-29 10:00:00+00', 'objective-reopened', 'machine:console', 'Objective', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(93, '2026-11-28 01:03:53.270736+00', '2024-03-29 11:00:00+00', 'key-result-checked-in', 'machine:console', 'CheckIn', '69e64b20-5445-5316-9105-c1c1dc92c0ce', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', 'ea945dfe-db3a-5a95-b047-4206fb88ceda', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(94, '2026-11-28 01:03:53.307912+00', '2024-04-02 08:00:00+00', 'key-result-scored', 'machine:console', 'KeyResult', '89b56973-daa7-5f64-97a0-0fe7713a3a45', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', '89b56973-daa7-5f64-97a0-0fe7713a3a45', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(95, '2026-11-28 01:03:53.307913+00', '2024-04-02 08:00:00+00', 'key-result-scored', 'machine:console', 'KeyResult', 'ea945dfe-db3a-5a95-b047-4206fb88ceda', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', 'ea945dfe-db3a-5a95-b047-4206fb88ceda', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(96, '2026-11-28 01:03:53.307914+00', '2024-04-02 08:00:00+00', 'key-result-scored', 'machine:console', 'KeyResult', '54d90dad-014d-5923-a6f8-48c078ad6135', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '54d90dad-014d-5923-a6f8-48c078ad6135', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(97, '2026-11-28 01:03:53.307915+00', '2024-04-02 08:00:00+00', 'key-result-scored', 'machine:console', 'KeyResult', 'f0605a21-976f-5f94-a36d-411d0994bdbd', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', 'f0605a21-976f-5f94-a36d-411d0994bdbd', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(98, '2026-11-28 01:03:53.307916+00', '2024-04-02 08:00:00+00', 'objective-closed', 'machine:console', 'Objective', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(99, '2026-11-28 01:03:53.307917+00', '2024-04-02 08:00:00+00', 'objective-closed', 'machine:console', 'Objective', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(100, '2026-11-28 01:03:53.307918+00', '2024-04-02 08:00:00+00', 'cycle-closed', 'machine:console', 'Cycle', '0e26117d-c296-54c9-a396-1ac5b435d6fd', NULL, NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd');
INSERT INTO upgrade_views.change VALUES
	(101, '2026-11-28 01:03:53.313771+00', '2024-04-02 09:00:00+00', 'reflected', 'machine:console', 'Cycle', '0e26117d-c296-54c9-a396-1ac5b435d6fd', NULL, NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(102, '2026-11-28 01:03:53.3209+00', '2024-04-02 09:01:00+00', 'reflected', 'machine:console', 'Objective', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	(103, '2026-11-28 01:03:53.334179+00', '2024-04-03 08:00:00+00', 'objective-drafted', 'machine:console', 'Objective', '50d1b12e-91e6-549c-8865-0fbb57f2c42c', '50d1b12e-91e6-549c-8865-0fbb57f2c42c', NULL, NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605'),
	(104, '2026-11-28 01:03:53.33418+00', '2024-04-03 08:00:00+00', 'key-result-added', 'machine:console', 'KeyResult', 'c271697a-049d-58f4-8f4f-2d119d57a977', '50d1b12e-91e6-549c-8865-0fbb57f2c42c', 'c271697a-049d-58f4-8f4f-2d119d57a977', NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605'),
	(105, '2026-11-28 01:03:53.341732+00', '2024-04-03 09:00:00+00', 'objective-drafted', 'machine:console', 'Objective', '52c0bce8-7555-51d1-8764-7375ad35cc8d', '52c0bce8-7555-51d1-8764-7375ad35cc8d', NULL, NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605'),
	(106, '2026-11-28 01:03:53.349731+00', '2024-04-03 09:01:00+00', 'key-result-added', 'machine:console', 'KeyResult', '04daa14f-fcbc-5829-ae8f-226c4fc15625', '52c0bce8-7555-51d1-8764-7375ad35cc8d', '04daa14f-fcbc-5829-ae8f-226c4fc15625', NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605'),
	(107, '2026-11-28 01:03:53.352269+00', '2024-04-03 09:02:00+00', 'key-result-added', 'machine:console', 'KeyResult', '85faaeb7-df2f-518d-8142-ce702544bc53', '52c0bce8-7555-51d1-8764-7375ad35cc8d', '85faaeb7-df2f-518d-8142-ce702544bc53', NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605'),
	(108, '2026-11-28 01:03:53.356172+00', '2024-04-04 08:00:00+00', 'objective-committed', 'machine:console', 'Objective', '52c0bce8-7555-51d1-8764-7375ad35cc8d', '52c0bce8-7555-51d1-8764-7375ad35cc8d', NULL, NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605'),
	(109, '2026-11-28 01:03:53.356173+00', '2024-04-04 08:00:00+00', 'objective-committed', 'machine:console', 'Objective', '50d1b12e-91e6-549c-8865-0fbb57f2c42c', '50d1b12e-91e6-549c-8865-0fbb57f2c42c', NULL, NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605'),
	(110, '2026-11-28 01:03:53.356174+00', '2024-04-04 08:00:00+00', 'cycle-activated', 'machine:console', 'Cycle', '190aac1a-46ce-53ae-a07e-05b4b77fa605', NULL, NULL, NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605'),
	(111, '2026-11-28 01:03:53.366144+00', '2024-04-10 08:00:00+00', 'team-left', 'machine:console', 'Team', '8ac5cd47-ac2d-5461-beee-82824f44d25c', NULL, NULL, NULL, NULL),
	(112, '2026-11-28 01:03:53.37414+00', '2024-04-10 08:01:00+00', 'team-moved', 'machine:console', 'Team', '8ac5cd47-ac2d-5461-beee-82824f44d25c', NULL, NULL, NULL, NULL),
	(113, '2026-11-28 01:03:53.377602+00', '2024-04-10 08:02:00+00', 'team-formed', 'machine:console', 'Team', '11965703-0453-5f34-bbba-5ffc8f0b4bef', NULL, NULL, NULL, NULL),
	(114, '2026-11-28 01:03:53.381778+00', '2024-04-10 08:03:00+00', 'team-disbanded', 'machine:console', 'Team', '11965703-0453-5f34-bbba-5ffc8f0b4bef', NULL, NULL, NULL, NULL),
	(115, '2026-11-28 01:03:53.384225+00', '2024-04-12 15:00:00+00', 'key-result-checked-in', 'machine:console', 'CheckIn', '70501178-8054-5316-a6ae-9f209eb3ca15', '52c0bce8-7555-51d1-8764-7375ad35cc8d', '04daa14f-fcbc-5829-ae8f-226c4fc15625', NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605'),
	(116, '2026-11-28 01:03:53.400004+00', '2024-04-12 15:01:00+00', 'key-result-checked-in', 'machine:console', 'CheckIn', 'a4507933-4c71-500e-a829-91e69045abc6', '52c0bce8-7555-51d1-8764-7375ad35cc8d', '85faaeb7-df2f-518d-8142-ce702544bc53', NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605'),
	(117, '2026-11-28 01:03:53.409473+00', '2024-04-12 15:00:00+00', 'check-in-corrected', 'machine:console', 'CheckIn', '70501178-8054-5316-a6ae-9f209eb3ca15', '52c0bce8-7555-51d1-8764-7375ad35cc8d', '04daa14f-fcbc-5829-ae8f-226c4fc15625', NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605'),
	(118, '2026-11-28 01:03:53.414327+00', '2024-03-31 18:00:00+00', 'reading-recorded', 'machine:console', 'Reading', '5f7ea122-ed63-57a9-9ed8-4e52d2c88ca2', NULL, NULL, '6c436c32-550a-5425-b86b-4d542b43a419', NULL),
	(119, '2026-11-28 01:03:53.414328+00', '2024-04-21 18:00:00+00', 'reading-recorded', 'machine:console', 'Reading', '9bbe6338-f2a9-5cc6-9c17-d0d3525ebc09', NULL, NULL, '390772ab-deb3-577a-9013-3c7cada5452a', NULL),
	(120, '2026-11-28 01:03:53.436926+00', '2024-04-30 08:00:00+00', 'person-deactivated', 'machine:console', 'Person', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', NULL, NULL, NULL, NULL),
	(121, '2026-11-28 01:03:53.442352+00', '2024-05-02 08:00:00+00', 'person-erased', 'machine:console', 'Person', '6b973ed9-f522-5fa3-b8e2-2fb4037b2914', NULL, NULL, NULL, NULL),
	(122, '2026-11-28 01:03:54.344059+00', '2026-11-28 01:03:54.344059+00', 'key-result-checked-in', 'machine:fixture', 'CheckIn', '8860b37e-3a9d-551e-bb1f-8c551d5c6822', '52c0bce8-7555-51d1-8764-7375ad35cc8d', '04daa14f-fcbc-5829-ae8f-226c4fc15625', NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605'),
	(123, '2026-11-28 01:03:54.480986+00', '2026-11-28 01:03:54.480986+00', 'comment-added', 'machine:fixture', 'KeyResult', '04daa14f-fcbc-5829-ae8f-226c4fc15625', '52c0bce8-7555-51d1-8764-7375ad35cc8d', '04daa14f-fcbc-5829-ae8f-226c4fc15625', NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605');

INSERT INTO upgrade_views.check_in VALUES
	('d8349fbd-1453-5561-b968-b85c5d880403', 50, '2026-11-28 01:03:52.921303+00', 'machine:console', 'IMPORT', '6b973ed9-f522-5fa3-b8e2-2fb4037b2914', NULL, 1, '914852ce-7afb-57cc-b127-61a940a0c413', '2024-01-12 15:01:00+00', NULL, '{returns}', 0.8, NULL, false, 9223372036854775807, NULL),
	('ec4ac538-9163-5c80-a424-16fcdb311c3a', 51, '2026-11-28 01:03:52.937989+00', 'machine:console', 'IMPORT', '6b973ed9-f522-5fa3-b8e2-2fb4037b2914', NULL, 1, 'dfe375e5-155b-5ada-9b9e-f5ce8ed4d9b8', '2024-01-12 15:02:00+00', 97, NULL, NULL, NULL, false, 9223372036854775807, NULL),
	('aaa3c45c-4e07-542c-b1d7-258d19844f7d', 52, '2026-11-28 01:03:52.962853+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', NULL, 1, 'ea945dfe-db3a-5a95-b047-4206fb88ceda', '2024-01-12 15:03:00+00', 3, NULL, 0.5, NULL, false, 9223372036854775807, NULL),
	('de9a9bac-6913-5c4e-8e03-dd302a262278', 53, '2026-11-28 01:03:53.009637+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', NULL, 1, '89b56973-daa7-5f64-97a0-0fe7713a3a45', '2024-01-12 15:04:00+00', 5, NULL, NULL, NULL, false, 9223372036854775807, NULL),
	('f0eb39b7-9b39-5834-b606-7c026f40a240', 49, '2026-11-28 01:03:52.911202+00', 'machine:console', 'IMPORT', '6b973ed9-f522-5fa3-b8e2-2fb4037b2914', NULL, 1, '54d90dad-014d-5923-a6f8-48c078ad6135', '2024-01-12 15:00:00+00', 44, NULL, 0.6, 'A slow start.', false, 61, 'CORRECTED'),
	('f0eb39b7-9b39-5834-b606-7c026f40a240', 61, '2026-11-28 01:03:53.05884+00', 'machine:console', 'IMPORT', '6b973ed9-f522-5fa3-b8e2-2fb4037b2914', 'The e-mails were not counted.', 2, '54d90dad-014d-5923-a6f8-48c078ad6135', '2024-01-12 15:00:00+00', 46, NULL, 0.6, 'A slow start; e-mails were missing.', false, 9223372036854775807, NULL),
	('5f93c14c-95af-5817-a762-1849a416b7ed', 73, '2026-11-28 01:03:53.147178+00', 'machine:console', 'IMPORT', '6b973ed9-f522-5fa3-b8e2-2fb4037b2914', NULL, 1, '54d90dad-014d-5923-a6f8-48c078ad6135', '2024-02-09 15:00:00+00', 58, NULL, 0.7, NULL, false, 9223372036854775807, NULL),
	('5836f3e3-a57f-5d76-ba12-190485c4a10f', 74, '2026-11-28 01:03:53.152996+00', 'machine:console', 'IMPORT', '6b973ed9-f522-5fa3-b8e2-2fb4037b2914', NULL, 1, 'f0605a21-976f-5f94-a36d-411d0994bdbd', '2024-02-09 15:01:00+00', NULL, NULL, 0.7, 'The weekend team has started.', false, 9223372036854775807, NULL),
	('7d117fb0-6137-5de5-b029-73ed820aef00', 81, '2026-11-28 01:03:53.201343+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', NULL, 1, 'ea945dfe-db3a-5a95-b047-4206fb88ceda', '2024-03-15 15:00:00+00', 14, NULL, 0.6, NULL, false, 9223372036854775807, NULL),
	('44075088-b442-5917-ae30-d46feead84d8', 82, '2026-11-28 01:03:53.206557+00', 'machine:console', 'IMPORT', '6b973ed9-f522-5fa3-b8e2-2fb4037b2914', NULL, 1, '914852ce-7afb-57cc-b127-61a940a0c413', '2024-03-15 15:01:00+00', NULL, '{returns,payment}', 0.4, NULL, false, 9223372036854775807, NULL),
	('6110963e-eb7b-5a9b-aa5e-63f46db0ed1a', 83, '2026-11-28 01:03:53.214994+00', 'machine:console', 'IMPORT', '6b973ed9-f522-5fa3-b8e2-2fb4037b2914', NULL, 1, '54d90dad-014d-5923-a6f8-48c078ad6135', '2024-03-22 15:00:00+00', 67, NULL, 0.9, NULL, false, 9223372036854775807, NULL),
	('69e64b20-5445-5316-9105-c1c1dc92c0ce', 93, '2026-11-28 01:03:53.270736+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', NULL, 1, 'ea945dfe-db3a-5a95-b047-4206fb88ceda', '2024-03-29 11:00:00+00', 15, NULL, NULL, NULL, false, 9223372036854775807, NULL),
	('70501178-8054-5316-a6ae-9f209eb3ca15', 115, '2026-11-28 01:03:53.384225+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 1, '04daa14f-fcbc-5829-ae8f-226c4fc15625', '2024-04-12 15:00:00+00', 12, NULL, 0.5, NULL, false, 117, 'CORRECTED'),
	('a4507933-4c71-500e-a829-91e69045abc6', 116, '2026-11-28 01:03:53.400004+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 1, '85faaeb7-df2f-518d-8142-ce702544bc53', '2024-04-12 15:01:00+00', 4.3, NULL, 0.9, NULL, false, 9223372036854775807, NULL),
	('70501178-8054-5316-a6ae-9f209eb3ca15', 117, '2026-11-28 01:03:53.409473+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'Two answers came by e-mail.', 2, '04daa14f-fcbc-5829-ae8f-226c4fc15625', '2024-04-12 15:00:00+00', 14, NULL, 0.5, NULL, false, 9223372036854775807, NULL),
	('8860b37e-3a9d-551e-bb1f-8c551d5c6822', 122, '2026-11-28 01:03:54.344059+00', 'machine:fixture', 'API', NULL, NULL, 1, '04daa14f-fcbc-5829-ae8f-226c4fc15625', '2026-11-28 01:03:54.344059+00', 30, NULL, NULL, NULL, false, 9223372036854775807, NULL);

INSERT INTO upgrade_views.comment VALUES
	('a29188c2-edd8-5496-a0a3-3a2c14270a0c', 60, '2026-11-28 01:03:53.050511+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 'CheckIn', 'f0eb39b7-9b39-5834-b606-7c026f40a240', '2024-01-17 08:00:00+00', 'What would help most?'),
	('7456fca1-9d45-5866-abcf-d6771aa68870', 62, '2026-11-28 01:03:53.07008+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 'Objective', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '2024-01-19 08:00:00+00', 'Guides first, telephone later.'),
	('efb26a77-eb5c-5f9a-b184-c0ed6aa8fb2f', 123, '2026-11-28 01:03:54.480986+00', 'machine:fixture', 'API', NULL, NULL, 'KeyResult', '04daa14f-fcbc-5829-ae8f-226c4fc15625', '2026-11-28 01:03:54.480986+00', 'Recorded by a client.');

INSERT INTO upgrade_views.cycle VALUES
	('5a7094dd-a784-5795-8677-12f7c66cb55c', 1, 13, 13, '2023-12-04 09:00:00+00', '2023-12-04 09:00:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '2024', 'Year 2024', '2024-01-01', '2024-12-31', 'MONTHLY', NULL, 'PLANNING', NULL, NULL, NULL, NULL),
	('0e26117d-c296-54c9-a396-1ac5b435d6fd', 1, 14, 14, '2023-12-04 09:01:00+00', '2023-12-04 09:01:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '2024-q1', 'Q1 2024', '2024-01-01', '2024-03-31', 'WEEKLY', '5a7094dd-a784-5795-8677-12f7c66cb55c', 'PLANNING', NULL, NULL, NULL, NULL),
	('190aac1a-46ce-53ae-a07e-05b4b77fa605', 1, 15, 15, '2023-12-04 09:02:00+00', '2023-12-04 09:02:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '2024-q2', 'Q2 2024', '2024-04-01', '2024-06-30', 'WEEKLY', '5a7094dd-a784-5795-8677-12f7c66cb55c', 'PLANNING', NULL, NULL, NULL, NULL),
	('5a7094dd-a784-5795-8677-12f7c66cb55c', 2, 13, 42, '2023-12-04 09:00:00+00', '2024-01-02 08:00:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '2024', 'Year 2024', '2024-01-01', '2024-12-31', 'MONTHLY', NULL, 'ACTIVE', '2024-01-02 08:00:00+00', 42, NULL, NULL),
	('0e26117d-c296-54c9-a396-1ac5b435d6fd', 2, 14, 46, '2023-12-04 09:01:00+00', '2024-01-02 08:01:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '2024-q1', 'Q1 2024', '2024-01-01', '2024-03-31', 'WEEKLY', '5a7094dd-a784-5795-8677-12f7c66cb55c', 'ACTIVE', '2024-01-02 08:01:00+00', 46, NULL, NULL),
	('0e26117d-c296-54c9-a396-1ac5b435d6fd', 3, 14, 100, '2023-12-04 09:01:00+00', '2024-04-02 08:00:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '2024-q1', 'Q1 2024', '2024-01-01', '2024-03-31', 'WEEKLY', '5a7094dd-a784-5795-8677-12f7c66cb55c', 'CLOSED', '2024-01-02 08:01:00+00', 46, '2024-04-02 08:00:00+00', 100),
	('190aac1a-46ce-53ae-a07e-05b4b77fa605', 2, 15, 110, '2023-12-04 09:02:00+00', '2024-04-04 08:00:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '2024-q2', 'Q2 2024', '2024-04-01', '2024-06-30', 'WEEKLY', '5a7094dd-a784-5795-8677-12f7c66cb55c', 'ACTIVE', '2024-04-04 08:00:00+00', 110, NULL, NULL);

INSERT INTO upgrade_views.initiative VALUES
	('dd1d6e0d-3d38-5c68-ad83-50de63c27c18', 1, 47, 47, '2024-01-03 09:00:00+00', '2024-01-03 09:00:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 'Hire two people for the weekend', 'KeyResult', 'f0605a21-976f-5f94-a36d-411d0994bdbd', '6b973ed9-f522-5fa3-b8e2-2fb4037b2914', '2024-02-15', 'TODO'),
	('dd1d6e0d-3d38-5c68-ad83-50de63c27c18', 2, 47, 48, '2024-01-03 09:00:00+00', '2024-01-10 09:00:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', '6b973ed9-f522-5fa3-b8e2-2fb4037b2914', NULL, 'Hire two people for the weekend', 'KeyResult', 'f0605a21-976f-5f94-a36d-411d0994bdbd', '6b973ed9-f522-5fa3-b8e2-2fb4037b2914', '2024-02-15', 'DOING'),
	('dd1d6e0d-3d38-5c68-ad83-50de63c27c18', 3, 47, 75, '2024-01-03 09:00:00+00', '2024-02-12 09:00:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', '6b973ed9-f522-5fa3-b8e2-2fb4037b2914', NULL, 'Hire two people for the weekend', 'KeyResult', 'f0605a21-976f-5f94-a36d-411d0994bdbd', '6b973ed9-f522-5fa3-b8e2-2fb4037b2914', '2024-02-15', 'DONE');

INSERT INTO upgrade_views.key_result VALUES
	('936b0513-3099-5527-8c46-12e21e2b908e', 1, 25, 25, '2023-12-12 09:01:00+00', '2023-12-12 09:01:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '4957127e-d904-5fe3-b4f1-4ec693dbe3fc', '5a7094dd-a784-5795-8677-12f7c66cb55c', '200 orders a day', NULL, '\x7b22646972656374696f6e223a22494e435245415345222c22756e6974223a7b2273796d626f6c223a226f7264657273227d2c227374617274223a36322e302c22746172676574223a3230302e307d', NULL, 1, '2024-12-31', '390772ab-deb3-577a-9013-3c7cada5452a', '2023-12-12 09:01:00+00', NULL, 'ACTIVE', NULL, NULL),
	('f0605a21-976f-5f94-a36d-411d0994bdbd', 1, 28, 28, '2023-12-13 09:01:00+00', '2023-12-13 09:01:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Reply within 8 hours', NULL, '\x7b22646972656374696f6e223a224445435245415345222c22756e6974223a7b226b696e64223a224455524154494f4e222c2273796d626f6c223a2268227d2c227374617274223a33302e302c22746172676574223a382e307d', '6b973ed9-f522-5fa3-b8e2-2fb4037b2914', 2, '2024-03-31', NULL, NULL, NULL, 'ACTIVE', NULL, NULL),
	('54d90dad-014d-5923-a6f8-48c078ad6135', 1, 29, 29, '2023-12-13 09:02:00+00', '2023-12-13 09:02:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Answer 80 % of the questions without a call', NULL, '\x7b22646972656374696f6e223a22494e435245415345222c22756e6974223a7b226b696e64223a2250455243454e54222c2273796d626f6c223a2225227d2c227374617274223a34302e302c22746172676574223a38302e307d', NULL, 1, '2024-03-31', NULL, NULL, NULL, 'ACTIVE', NULL, NULL),
	('914852ce-7afb-57cc-b127-61a940a0c413', 1, 30, 30, '2023-12-13 09:03:00+00', '2023-12-13 09:03:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Three guides are published', NULL, '\x7b22646972656374696f6e223a224d494c4553544f4e4553222c22756e6974223a7b7d2c226d696c6573746f6e6573223a5b7b226b6579223a2272657475726e73222c227469746c65223a2252657475726e73227d2c7b226b6579223a227061796d656e74222c227469746c65223a225061796d656e74227d2c7b226b6579223a2264656c6976657279222c227469746c65223a2244656c6976657279222c22776569676874223a322e307d5d7d', NULL, 1, '2024-03-31', NULL, NULL, NULL, 'ACTIVE', NULL, NULL),
	('dfe375e5-155b-5ada-9b9e-f5ce8ed4d9b8', 1, 31, 31, '2023-12-13 09:04:00+00', '2023-12-13 09:04:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'The telephone rings less', NULL, '\x7b22646972656374696f6e223a224445435245415345222c22756e6974223a7b7d2c227374617274223a3130302e302c22746172676574223a35302e307d', NULL, 1, '2024-03-31', NULL, NULL, NULL, 'ACTIVE', NULL, NULL),
	('f0605a21-976f-5f94-a36d-411d0994bdbd', 2, 28, 32, '2023-12-13 09:01:00+00', '2023-12-13 09:05:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Reply within 8 hours', NULL, '\x7b22646972656374696f6e223a224445435245415345222c22756e6974223a7b226b696e64223a224455524154494f4e222c2273796d626f6c223a2268227d2c227374617274223a33302e302c22746172676574223a382e307d', '6b973ed9-f522-5fa3-b8e2-2fb4037b2914', 2, '2024-03-31', '6c436c32-550a-5425-b86b-4d542b43a419', '2023-12-13 09:05:00+00', NULL, 'ACTIVE', NULL, NULL),
	('dfe375e5-155b-5ada-9b9e-f5ce8ed4d9b8', 2, 31, 33, '2023-12-13 09:04:00+00', '2023-12-13 09:06:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'The telephone rings less', NULL, '\x7b22646972656374696f6e223a224445435245415345222c22756e6974223a7b7d2c227374617274223a3130302e302c22746172676574223a35302e307d', NULL, 1, '2024-03-31', '390772ab-deb3-577a-9013-3c7cada5452a', '2023-12-13 09:06:00+00', NULL, 'ACTIVE', NULL, NULL),
	('dfe375e5-155b-5ada-9b9e-f5ce8ed4d9b8', 3, 31, 34, '2023-12-13 09:04:00+00', '2023-12-13 09:07:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'Linked by mistake.', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'The telephone rings less', NULL, '\x7b22646972656374696f6e223a224445435245415345222c22756e6974223a7b7d2c227374617274223a3130302e302c22746172676574223a35302e307d', NULL, 1, '2024-03-31', NULL, NULL, NULL, 'ACTIVE', NULL, NULL),
	('ea945dfe-db3a-5a95-b047-4206fb88ceda', 1, 36, 36, '2023-12-14 09:01:00+00', '2023-12-14 09:01:00+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', NULL, '91ad28fd-d6be-538f-8ff3-eac38e6441f5', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Twenty interviews', NULL, '\x7b22646972656374696f6e223a22494e435245415345222c22756e6974223a7b2273796d626f6c223a22696e7465727669657773227d2c227374617274223a302e302c22746172676574223a32302e307d', NULL, 1, '2024-03-15', NULL, NULL, NULL, 'ACTIVE', NULL, NULL),
	('89b56973-daa7-5f64-97a0-0fe7713a3a45', 1, 37, 37, '2023-12-14 09:02:00+00', '2023-12-14 09:02:00+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', NULL, '91ad28fd-d6be-538f-8ff3-eac38e6441f5', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'The budget stays between 4 and 6', NULL, '\x7b22646972656374696f6e223a2257495448494e222c22756e6974223a7b226b696e64223a2243555252454e4359222c2273796d626f6c223a226be282ac227d2c226c6f776572223a342e302c227570706572223a362e307d', NULL, 1, '2024-03-31', NULL, NULL, NULL, 'ACTIVE', NULL, NULL),
	('a2daf7e5-038b-563f-b6dc-c9307f47a8df', 1, 39, 39, '2023-12-15 09:01:00+00', '2023-12-15 09:01:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, 'e80be788-2acc-5af8-9a46-88b714c1b054', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'The warehouse is open', NULL, '\x7b22646972656374696f6e223a22444f4e45222c22756e6974223a7b7d7d', NULL, 1, '2024-03-31', NULL, NULL, NULL, 'ACTIVE', NULL, NULL),
	('54d90dad-014d-5923-a6f8-48c078ad6135', 2, 29, 64, '2023-12-13 09:02:00+00', '2024-01-22 08:01:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Answer 80 % of all questions in writing', NULL, '\x7b22646972656374696f6e223a22494e435245415345222c22756e6974223a7b226b696e64223a2250455243454e54222c2273796d626f6c223a2225227d2c227374617274223a34302e302c22746172676574223a38302e307d', NULL, 1, '2024-03-31', NULL, NULL, NULL, 'ACTIVE', NULL, NULL),
	('54d90dad-014d-5923-a6f8-48c078ad6135', 3, 29, 65, '2023-12-13 09:02:00+00', '2024-01-22 08:02:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Answer 80 % of all questions in writing', NULL, '\x7b22646972656374696f6e223a22494e435245415345222c22756e6974223a7b226b696e64223a2250455243454e54222c2273796d626f6c223a2225227d2c227374617274223a34302e302c22746172676574223a38302e307d', '6b973ed9-f522-5fa3-b8e2-2fb4037b2914', 1, '2024-03-31', NULL, NULL, NULL, 'ACTIVE', NULL, NULL),
	('dfe375e5-155b-5ada-9b9e-f5ce8ed4d9b8', 4, 31, 67, '2023-12-13 09:04:00+00', '2024-02-01 08:00:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'We no longer count calls.', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'The telephone rings less', NULL, '\x7b22646972656374696f6e223a224445435245415345222c22756e6974223a7b7d2c227374617274223a3130302e302c22746172676574223a35302e307d', NULL, 1, '2024-03-31', NULL, NULL, NULL, 'DROPPED', NULL, NULL),
	('54d90dad-014d-5923-a6f8-48c078ad6135', 4, 29, 68, '2023-12-13 09:02:00+00', '2024-02-02 08:00:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'Weekends are harder than we thought.', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Answer 80 % of all questions in writing', NULL, '\x7b22646972656374696f6e223a22494e435245415345222c22756e6974223a7b226b696e64223a2250455243454e54222c2273796d626f6c223a2225227d2c227374617274223a34302e302c22746172676574223a37302e307d', '6b973ed9-f522-5fa3-b8e2-2fb4037b2914', 1, '2024-03-31', NULL, NULL, NULL, 'ACTIVE', NULL, NULL),
	('ea945dfe-db3a-5a95-b047-4206fb88ceda', 2, 36, 69, '2023-12-14 09:01:00+00', '2024-02-02 08:01:00+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'Two customers are on holiday.', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Twenty interviews', NULL, '\x7b22646972656374696f6e223a22494e435245415345222c22756e6974223a7b2273796d626f6c223a22696e7465727669657773227d2c227374617274223a302e302c22746172676574223a32302e307d', NULL, 1, '2024-03-25', NULL, NULL, NULL, 'ACTIVE', NULL, NULL),
	('914852ce-7afb-57cc-b127-61a940a0c413', 2, 30, 70, '2023-12-13 09:03:00+00', '2024-02-02 08:02:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'Guides save more time.', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Three guides are published', NULL, '\x7b22646972656374696f6e223a224d494c4553544f4e4553222c22756e6974223a7b7d2c226d696c6573746f6e6573223a5b7b226b6579223a2272657475726e73222c227469746c65223a2252657475726e73227d2c7b226b6579223a227061796d656e74222c227469746c65223a225061796d656e74227d2c7b226b6579223a2264656c6976657279222c227469746c65223a2244656c6976657279222c22776569676874223a322e307d5d7d', NULL, 1.5, '2024-03-31', NULL, NULL, NULL, 'ACTIVE', NULL, NULL),
	('914852ce-7afb-57cc-b127-61a940a0c413', 3, 30, 86, '2023-12-13 09:03:00+00', '2024-03-28 09:00:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Three guides are published', NULL, '\x7b22646972656374696f6e223a224d494c4553544f4e4553222c22756e6974223a7b7d2c226d696c6573746f6e6573223a5b7b226b6579223a2272657475726e73222c227469746c65223a2252657475726e73227d2c7b226b6579223a227061796d656e74222c227469746c65223a225061796d656e74227d2c7b226b6579223a2264656c6976657279222c227469746c65223a2244656c6976657279222c22776569676874223a322e307d5d7d', NULL, 1.5, '2024-03-31', NULL, NULL, NULL, 'SCORED', 0.6, 'The third guide is half written.'),
	('89b56973-daa7-5f64-97a0-0fe7713a3a45', 2, 37, 87, '2023-12-14 09:02:00+00', '2024-03-29 09:00:00+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', NULL, '91ad28fd-d6be-538f-8ff3-eac38e6441f5', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'The budget stays between 4 and 6', NULL, '\x7b22646972656374696f6e223a2257495448494e222c22756e6974223a7b226b696e64223a2243555252454e4359222c2273796d626f6c223a226be282ac227d2c226c6f776572223a342e302c227570706572223a362e307d', NULL, 1, '2024-03-31', NULL, NULL, NULL, 'SCORED', 1, NULL),
	('ea945dfe-db3a-5a95-b047-4206fb88ceda', 3, 36, 88, '2023-12-14 09:01:00+00', '2024-03-29 09:00:00+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', NULL, '91ad28fd-d6be-538f-8ff3-eac38e6441f5', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Twenty interviews', NULL, '\x7b22646972656374696f6e223a22494e435245415345222c22756e6974223a7b2273796d626f6c223a22696e7465727669657773227d2c227374617274223a302e302c22746172676574223a32302e307d', NULL, 1, '2024-03-25', NULL, NULL, NULL, 'SCORED', 0.7, NULL),
	('89b56973-daa7-5f64-97a0-0fe7713a3a45', 3, 37, 90, '2023-12-14 09:02:00+00', '2024-03-29 10:00:00+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'One interview was forgotten.', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'The budget stays between 4 and 6', NULL, '\x7b22646972656374696f6e223a2257495448494e222c22756e6974223a7b226b696e64223a2243555252454e4359222c2273796d626f6c223a226be282ac227d2c226c6f776572223a342e302c227570706572223a362e307d', NULL, 1, '2024-03-31', NULL, NULL, NULL, 'ACTIVE', NULL, NULL),
	('ea945dfe-db3a-5a95-b047-4206fb88ceda', 4, 36, 91, '2023-12-14 09:01:00+00', '2024-03-29 10:00:00+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'One interview was forgotten.', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Twenty interviews', NULL, '\x7b22646972656374696f6e223a22494e435245415345222c22756e6974223a7b2273796d626f6c223a22696e7465727669657773227d2c227374617274223a302e302c22746172676574223a32302e307d', NULL, 1, '2024-03-25', NULL, NULL, NULL, 'ACTIVE', NULL, NULL),
	('89b56973-daa7-5f64-97a0-0fe7713a3a45', 4, 37, 94, '2023-12-14 09:02:00+00', '2024-04-02 08:00:00+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '91ad28fd-d6be-538f-8ff3-eac38e6441f5', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'The budget stays between 4 and 6', NULL, '\x7b22646972656374696f6e223a2257495448494e222c22756e6974223a7b226b696e64223a2243555252454e4359222c2273796d626f6c223a226be282ac227d2c226c6f776572223a342e302c227570706572223a362e307d', NULL, 1, '2024-03-31', NULL, NULL, NULL, 'SCORED', 1, NULL),
	('ea945dfe-db3a-5a95-b047-4206fb88ceda', 5, 36, 95, '2023-12-14 09:01:00+00', '2024-04-02 08:00:00+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '91ad28fd-d6be-538f-8ff3-eac38e6441f5', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Twenty interviews', NULL, '\x7b22646972656374696f6e223a22494e435245415345222c22756e6974223a7b2273796d626f6c223a22696e7465727669657773227d2c227374617274223a302e302c22746172676574223a32302e307d', NULL, 1, '2024-03-25', NULL, NULL, NULL, 'SCORED', 0.75, NULL),
	('54d90dad-014d-5923-a6f8-48c078ad6135', 5, 29, 96, '2023-12-13 09:02:00+00', '2024-04-02 08:00:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Answer 80 % of all questions in writing', NULL, '\x7b22646972656374696f6e223a22494e435245415345222c22756e6974223a7b226b696e64223a2250455243454e54222c2273796d626f6c223a2225227d2c227374617274223a34302e302c22746172676574223a37302e307d', '6b973ed9-f522-5fa3-b8e2-2fb4037b2914', 1, '2024-03-31', NULL, NULL, NULL, 'SCORED', 0.9, NULL),
	('f0605a21-976f-5f94-a36d-411d0994bdbd', 3, 28, 97, '2023-12-13 09:01:00+00', '2024-04-02 08:00:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Reply within 8 hours', NULL, '\x7b22646972656374696f6e223a224445435245415345222c22756e6974223a7b226b696e64223a224455524154494f4e222c2273796d626f6c223a2268227d2c227374617274223a33302e302c22746172676574223a382e307d', '6b973ed9-f522-5fa3-b8e2-2fb4037b2914', 2, '2024-03-31', '6c436c32-550a-5425-b86b-4d542b43a419', '2023-12-13 09:05:00+00', NULL, 'SCORED', 0.9545454545454546, NULL),
	('c271697a-049d-58f4-8f4f-2d119d57a977', 1, 104, 104, '2024-04-03 08:00:00+00', '2024-04-03 08:00:00+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', NULL, '50d1b12e-91e6-549c-8865-0fbb57f2c42c', '190aac1a-46ce-53ae-a07e-05b4b77fa605', 'Twenty interviews', NULL, '\x7b22646972656374696f6e223a22494e435245415345222c22756e6974223a7b2273796d626f6c223a22696e7465727669657773227d2c227374617274223a31352e302c22746172676574223a32302e307d', NULL, 1, '2024-06-30', NULL, NULL, 'ea945dfe-db3a-5a95-b047-4206fb88ceda', 'ACTIVE', NULL, NULL),
	('04daa14f-fcbc-5829-ae8f-226c4fc15625', 1, 106, 106, '2024-04-03 09:01:00+00', '2024-04-03 09:01:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, '52c0bce8-7555-51d1-8764-7375ad35cc8d', '190aac1a-46ce-53ae-a07e-05b4b77fa605', 'A hundred answers in the forum', NULL, '\x7b22646972656374696f6e223a22494e435245415345222c22756e6974223a7b2273796d626f6c223a22616e7377657273227d2c227374617274223a302e302c22746172676574223a3130302e307d', NULL, 1, '2024-06-30', NULL, NULL, NULL, 'ACTIVE', NULL, NULL),
	('85faaeb7-df2f-518d-8142-ce702544bc53', 1, 107, 107, '2024-04-03 09:02:00+00', '2024-04-03 09:02:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, '52c0bce8-7555-51d1-8764-7375ad35cc8d', '190aac1a-46ce-53ae-a07e-05b4b77fa605', 'Satisfaction stays above 4', NULL, '\x7b22646972656374696f6e223a2241545f4c45415354222c22756e6974223a7b226b696e64223a2253434f5245227d2c22746172676574223a342e307d', NULL, 1, '2024-06-30', NULL, NULL, NULL, 'ACTIVE', NULL, NULL);

INSERT INTO upgrade_views.kpi VALUES
	('6c436c32-550a-5425-b86b-4d542b43a419', 1, 17, 17, '2023-12-04 10:00:00+00', '2023-12-04 10:00:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 'reply-hours', 'Hours to the first reply', NULL, '\x7b226b696e64223a224455524154494f4e222c2273796d626f6c223a2268227d', '\x7b22646972656374696f6e223a2241545f4d4f5354222c22746172676574223a382e307d', 'WEEKLY', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', '8ac5cd47-ac2d-5461-beee-82824f44d25c', false),
	('390772ab-deb3-577a-9013-3c7cada5452a', 1, 18, 18, '2023-12-04 10:01:00+00', '2023-12-04 10:01:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, 'orders', 'Orders a day', NULL, '\x7b2273796d626f6c223a226f7264657273227d', '\x7b22646972656374696f6e223a2241545f4c45415354222c22746172676574223a3130302e307d', 'DAILY', NULL, NULL, false),
	('67e53a1b-575f-5202-8466-b7d670d7c284', 1, 19, 19, '2023-12-04 10:02:00+00', '2023-12-04 10:02:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, 'faxes', 'Faxes a month', NULL, '\x7b7d', NULL, 'MONTHLY', NULL, NULL, false),
	('390772ab-deb3-577a-9013-3c7cada5452a', 2, 18, 20, '2023-12-04 10:01:00+00', '2023-12-05 09:00:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'Weekly figures are enough.', 'orders', 'Orders per day', NULL, '\x7b2273796d626f6c223a226f7264657273227d', '\x7b22646972656374696f6e223a2241545f4c45415354222c22746172676574223a3130302e307d', 'WEEKLY', NULL, NULL, false),
	('67e53a1b-575f-5202-8466-b7d670d7c284', 2, 19, 21, '2023-12-04 10:02:00+00', '2023-12-05 09:01:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'The fax machine is gone.', 'faxes', 'Faxes a month', NULL, '\x7b7d', NULL, 'MONTHLY', NULL, NULL, true);

INSERT INTO upgrade_views.membership VALUES
	('7c4b7a50-3886-5bad-8722-e74accaf8215', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 12, 9223372036854775807, '2023-12-01 10:06:00+00', '9999-12-31 23:59:59.999999+00'),
	('8ac5cd47-ac2d-5461-beee-82824f44d25c', '6b973ed9-f522-5fa3-b8e2-2fb4037b2914', 11, 111, '2023-12-01 10:05:00+00', '2024-04-10 08:00:00+00');

INSERT INTO upgrade_views.objective VALUES
	('4957127e-d904-5fe3-b4f1-4ec693dbe3fc', 1, 24, 24, '2023-12-12 09:00:00+00', '2023-12-12 09:00:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '5a7094dd-a784-5795-8677-12f7c66cb55c', 'The shop is the easiest place to buy', NULL, 'ASPIRATIONAL', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', '2b58c9ff-5289-515a-b4ad-a3ffaf2d4e20', '{}', NULL, 'WORKSPACE', 'DRAFT', NULL, NULL, NULL, NULL),
	('4957127e-d904-5fe3-b4f1-4ec693dbe3fc', 2, 24, 26, '2023-12-12 09:00:00+00', '2023-12-12 09:02:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '5a7094dd-a784-5795-8677-12f7c66cb55c', 'The shop is the easiest place to buy', NULL, 'ASPIRATIONAL', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', '2b58c9ff-5289-515a-b4ad-a3ffaf2d4e20', '{}', NULL, 'WORKSPACE', 'ACTIVE', NULL, NULL, NULL, NULL),
	('e80fc555-9a80-5018-8c21-08c8a5cc6f54', 1, 27, 27, '2023-12-13 09:00:00+00', '2023-12-13 09:00:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Customers get help fast', 'Nobody waits for a day.', 'COMMITTED', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', '8ac5cd47-ac2d-5461-beee-82824f44d25c', '{6b973ed9-f522-5fa3-b8e2-2fb4037b2914}', NULL, 'WORKSPACE', 'DRAFT', NULL, NULL, NULL, NULL),
	('91ad28fd-d6be-538f-8ff3-eac38e6441f5', 1, 35, 35, '2023-12-14 09:00:00+00', '2023-12-14 09:00:00+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Find out what the next product is', NULL, 'ASPIRATIONAL', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', '7c4b7a50-3886-5bad-8722-e74accaf8215', '{}', NULL, 'TEAM', 'DRAFT', NULL, NULL, NULL, NULL),
	('e80be788-2acc-5af8-9a46-88b714c1b054', 1, 38, 38, '2023-12-15 09:00:00+00', '2023-12-15 09:00:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Open a second warehouse', NULL, 'COMMITTED', NULL, '2b58c9ff-5289-515a-b4ad-a3ffaf2d4e20', '{}', NULL, 'WORKSPACE', 'DRAFT', NULL, NULL, NULL, NULL),
	('e80be788-2acc-5af8-9a46-88b714c1b054', 2, 38, 40, '2023-12-15 09:00:00+00', '2023-12-15 09:02:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Open a second warehouse', NULL, 'COMMITTED', NULL, '2b58c9ff-5289-515a-b4ad-a3ffaf2d4e20', '{}', NULL, 'WORKSPACE', 'DRAFT', NULL, NULL, NULL, NULL),
	('e80be788-2acc-5af8-9a46-88b714c1b054', 3, 38, 41, '2023-12-15 09:00:00+00', '2023-12-15 09:03:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Open a second warehouse', NULL, 'COMMITTED', NULL, '2b58c9ff-5289-515a-b4ad-a3ffaf2d4e20', '{}', NULL, 'WORKSPACE', 'DRAFT', NULL, NULL, NULL, NULL),
	('e80be788-2acc-5af8-9a46-88b714c1b054', 4, 38, 43, '2023-12-15 09:00:00+00', '2024-01-02 08:01:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Open a second warehouse', NULL, 'COMMITTED', NULL, '2b58c9ff-5289-515a-b4ad-a3ffaf2d4e20', '{}', NULL, 'WORKSPACE', 'ACTIVE', NULL, NULL, NULL, NULL),
	('91ad28fd-d6be-538f-8ff3-eac38e6441f5', 2, 35, 44, '2023-12-14 09:00:00+00', '2024-01-02 08:01:00+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Find out what the next product is', NULL, 'ASPIRATIONAL', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', '7c4b7a50-3886-5bad-8722-e74accaf8215', '{}', NULL, 'TEAM', 'ACTIVE', NULL, NULL, NULL, NULL),
	('e80fc555-9a80-5018-8c21-08c8a5cc6f54', 2, 27, 45, '2023-12-13 09:00:00+00', '2024-01-02 08:01:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Customers get help fast', 'Nobody waits for a day.', 'COMMITTED', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', '8ac5cd47-ac2d-5461-beee-82824f44d25c', '{6b973ed9-f522-5fa3-b8e2-2fb4037b2914}', NULL, 'WORKSPACE', 'ACTIVE', NULL, NULL, NULL, NULL),
	('e80fc555-9a80-5018-8c21-08c8a5cc6f54', 3, 27, 63, '2023-12-13 09:00:00+00', '2024-01-22 08:00:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Customers get help within a day', 'Nobody waits for a day.', 'COMMITTED', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', '8ac5cd47-ac2d-5461-beee-82824f44d25c', '{6b973ed9-f522-5fa3-b8e2-2fb4037b2914}', NULL, 'WORKSPACE', 'ACTIVE', NULL, NULL, NULL, NULL),
	('e80be788-2acc-5af8-9a46-88b714c1b054', 5, 38, 66, '2023-12-15 09:00:00+00', '2024-01-22 08:03:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Open a second warehouse', NULL, 'COMMITTED', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', '2b58c9ff-5289-515a-b4ad-a3ffaf2d4e20', '{14fe5b1c-b572-5e5d-89d2-e0fa60261bba}', NULL, 'WORKSPACE', 'ACTIVE', NULL, NULL, NULL, NULL),
	('e80be788-2acc-5af8-9a46-88b714c1b054', 6, 38, 76, '2023-12-15 09:00:00+00', '2024-02-20 09:00:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'The rent is too high.', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Open a second warehouse', NULL, 'COMMITTED', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', '2b58c9ff-5289-515a-b4ad-a3ffaf2d4e20', '{14fe5b1c-b572-5e5d-89d2-e0fa60261bba}', NULL, 'WORKSPACE', 'DROPPED', NULL, NULL, NULL, NULL),
	('91ad28fd-d6be-538f-8ff3-eac38e6441f5', 3, 35, 77, '2023-12-14 09:00:00+00', '2024-02-26 09:00:00+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Find out what the next product is', NULL, 'ASPIRATIONAL', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', '7c4b7a50-3886-5bad-8722-e74accaf8215', '{}', NULL, 'WORKSPACE', 'ACTIVE', NULL, NULL, NULL, NULL),
	('91ad28fd-d6be-538f-8ff3-eac38e6441f5', 4, 35, 78, '2023-12-14 09:00:00+00', '2024-02-27 09:00:00+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Find out what the next product is', NULL, 'ASPIRATIONAL', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', '7c4b7a50-3886-5bad-8722-e74accaf8215', '{}', NULL, 'TEAM', 'ACTIVE', NULL, NULL, NULL, NULL),
	('91ad28fd-d6be-538f-8ff3-eac38e6441f5', 5, 35, 89, '2023-12-14 09:00:00+00', '2024-03-29 09:00:00+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Find out what the next product is', NULL, 'ASPIRATIONAL', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', '7c4b7a50-3886-5bad-8722-e74accaf8215', '{}', NULL, 'TEAM', 'CLOSED', 'MISSED', 0.85, 'Interviews need a recruiter.', '2024-03-29 09:00:00+00'),
	('91ad28fd-d6be-538f-8ff3-eac38e6441f5', 6, 35, 92, '2023-12-14 09:00:00+00', '2024-03-29 10:00:00+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'One interview was forgotten.', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Find out what the next product is', NULL, 'ASPIRATIONAL', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', '7c4b7a50-3886-5bad-8722-e74accaf8215', '{}', NULL, 'TEAM', 'ACTIVE', NULL, NULL, NULL, NULL),
	('91ad28fd-d6be-538f-8ff3-eac38e6441f5', 7, 35, 98, '2023-12-14 09:00:00+00', '2024-04-02 08:00:00+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Find out what the next product is', NULL, 'ASPIRATIONAL', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', '7c4b7a50-3886-5bad-8722-e74accaf8215', '{}', NULL, 'TEAM', 'CLOSED', 'ACHIEVED', 0.875, NULL, '2024-04-02 08:00:00+00'),
	('e80fc555-9a80-5018-8c21-08c8a5cc6f54', 4, 27, 99, '2023-12-13 09:00:00+00', '2024-04-02 08:00:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Customers get help within a day', 'Nobody waits for a day.', 'COMMITTED', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', '8ac5cd47-ac2d-5461-beee-82824f44d25c', '{6b973ed9-f522-5fa3-b8e2-2fb4037b2914}', NULL, 'WORKSPACE', 'CLOSED', 'ACHIEVED', 0.7909090909090909, NULL, '2024-04-02 08:00:00+00'),
	('50d1b12e-91e6-549c-8865-0fbb57f2c42c', 1, 103, 103, '2024-04-03 08:00:00+00', '2024-04-03 08:00:00+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605', 'Find out what the next product is', NULL, 'ASPIRATIONAL', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', '7c4b7a50-3886-5bad-8722-e74accaf8215', '{}', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', 'TEAM', 'DRAFT', NULL, NULL, NULL, NULL),
	('52c0bce8-7555-51d1-8764-7375ad35cc8d', 1, 105, 105, '2024-04-03 09:00:00+00', '2024-04-03 09:00:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605', 'Customers help each other', NULL, 'COMMITTED', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', '8ac5cd47-ac2d-5461-beee-82824f44d25c', '{}', NULL, 'WORKSPACE', 'DRAFT', NULL, NULL, NULL, NULL),
	('52c0bce8-7555-51d1-8764-7375ad35cc8d', 2, 105, 108, '2024-04-03 09:00:00+00', '2024-04-04 08:00:00+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605', 'Customers help each other', NULL, 'COMMITTED', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', '8ac5cd47-ac2d-5461-beee-82824f44d25c', '{}', NULL, 'WORKSPACE', 'ACTIVE', NULL, NULL, NULL, NULL),
	('50d1b12e-91e6-549c-8865-0fbb57f2c42c', 2, 103, 109, '2024-04-03 08:00:00+00', '2024-04-04 08:00:00+00', 'machine:console', 'IMPORT', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605', 'Find out what the next product is', NULL, 'ASPIRATIONAL', '918be55b-2ca5-55d2-a193-5f1d720ac0ff', '7c4b7a50-3886-5bad-8722-e74accaf8215', '{}', '91ad28fd-d6be-538f-8ff3-eac38e6441f5', 'TEAM', 'ACTIVE', NULL, NULL, NULL, NULL);

INSERT INTO upgrade_views.person VALUES
	('e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 1, 1, 1, '2023-12-01 09:00:00+00', '2023-12-01 09:00:00+00', 'machine:console', 'IMPORT', NULL, 'machine:console', 'IMPORT', NULL, NULL, 'ada', 'Ada', 'ada@example.org', true),
	('14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 1, 2, 2, '2023-12-01 09:01:00+00', '2023-12-01 09:01:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, 'ben', 'Ben', NULL, true),
	('918be55b-2ca5-55d2-a193-5f1d720ac0ff', 1, 4, 4, '2023-12-01 09:03:00+00', '2023-12-01 09:03:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, 'dan', 'Dan', NULL, true),
	('14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 2, 2, 5, '2023-12-01 09:01:00+00', '2023-12-01 09:04:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 'ben', 'Ben B.', 'ben@example.org', true),
	('918be55b-2ca5-55d2-a193-5f1d720ac0ff', 2, 4, 120, '2023-12-01 09:03:00+00', '2024-04-30 08:00:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, 'dan', 'Dan', NULL, false),
	('6b973ed9-f522-5fa3-b8e2-2fb4037b2914', 1, 3, 3, '2023-12-01 09:02:00+00', '2023-12-01 09:02:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, NULL, NULL, NULL, true),
	('6b973ed9-f522-5fa3-b8e2-2fb4037b2914', 2, 3, 121, '2023-12-01 09:02:00+00', '2024-05-02 08:00:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'Asked for on 1 May.', NULL, NULL, NULL, false);

INSERT INTO upgrade_views.place VALUES
	('e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 1, NULL, NULL, NULL, NULL),
	('14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 2, NULL, NULL, NULL, NULL),
	('6b973ed9-f522-5fa3-b8e2-2fb4037b2914', 3, NULL, NULL, NULL, NULL),
	('918be55b-2ca5-55d2-a193-5f1d720ac0ff', 4, NULL, NULL, NULL, NULL),
	('2b58c9ff-5289-515a-b4ad-a3ffaf2d4e20', 6, NULL, NULL, NULL, NULL),
	('8ac5cd47-ac2d-5461-beee-82824f44d25c', 7, NULL, NULL, NULL, NULL),
	('7c4b7a50-3886-5bad-8722-e74accaf8215', 8, NULL, NULL, NULL, NULL),
	('5a7094dd-a784-5795-8677-12f7c66cb55c', 13, NULL, NULL, NULL, '5a7094dd-a784-5795-8677-12f7c66cb55c'),
	('0e26117d-c296-54c9-a396-1ac5b435d6fd', 14, NULL, NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	('190aac1a-46ce-53ae-a07e-05b4b77fa605', 15, NULL, NULL, NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605'),
	('c801f8bc-f6bc-56c2-be11-eb802b9e4e16', 16, NULL, NULL, NULL, NULL),
	('6c436c32-550a-5425-b86b-4d542b43a419', 17, NULL, NULL, '6c436c32-550a-5425-b86b-4d542b43a419', NULL),
	('390772ab-deb3-577a-9013-3c7cada5452a', 18, NULL, NULL, '390772ab-deb3-577a-9013-3c7cada5452a', NULL),
	('67e53a1b-575f-5202-8466-b7d670d7c284', 19, NULL, NULL, '67e53a1b-575f-5202-8466-b7d670d7c284', NULL),
	('4957127e-d904-5fe3-b4f1-4ec693dbe3fc', 24, '4957127e-d904-5fe3-b4f1-4ec693dbe3fc', NULL, NULL, '5a7094dd-a784-5795-8677-12f7c66cb55c'),
	('936b0513-3099-5527-8c46-12e21e2b908e', 25, '4957127e-d904-5fe3-b4f1-4ec693dbe3fc', '936b0513-3099-5527-8c46-12e21e2b908e', NULL, '5a7094dd-a784-5795-8677-12f7c66cb55c'),
	('e80fc555-9a80-5018-8c21-08c8a5cc6f54', 27, 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	('f0605a21-976f-5f94-a36d-411d0994bdbd', 28, 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', 'f0605a21-976f-5f94-a36d-411d0994bdbd', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	('54d90dad-014d-5923-a6f8-48c078ad6135', 29, 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '54d90dad-014d-5923-a6f8-48c078ad6135', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	('914852ce-7afb-57cc-b127-61a940a0c413', 30, 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '914852ce-7afb-57cc-b127-61a940a0c413', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	('dfe375e5-155b-5ada-9b9e-f5ce8ed4d9b8', 31, 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', 'dfe375e5-155b-5ada-9b9e-f5ce8ed4d9b8', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	('91ad28fd-d6be-538f-8ff3-eac38e6441f5', 35, '91ad28fd-d6be-538f-8ff3-eac38e6441f5', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	('ea945dfe-db3a-5a95-b047-4206fb88ceda', 36, '91ad28fd-d6be-538f-8ff3-eac38e6441f5', 'ea945dfe-db3a-5a95-b047-4206fb88ceda', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	('89b56973-daa7-5f64-97a0-0fe7713a3a45', 37, '91ad28fd-d6be-538f-8ff3-eac38e6441f5', '89b56973-daa7-5f64-97a0-0fe7713a3a45', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	('e80be788-2acc-5af8-9a46-88b714c1b054', 38, 'e80be788-2acc-5af8-9a46-88b714c1b054', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	('a2daf7e5-038b-563f-b6dc-c9307f47a8df', 39, 'e80be788-2acc-5af8-9a46-88b714c1b054', 'a2daf7e5-038b-563f-b6dc-c9307f47a8df', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	('dd1d6e0d-3d38-5c68-ad83-50de63c27c18', 47, 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', 'f0605a21-976f-5f94-a36d-411d0994bdbd', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	('a29188c2-edd8-5496-a0a3-3a2c14270a0c', 60, 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '54d90dad-014d-5923-a6f8-48c078ad6135', NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	('7456fca1-9d45-5866-abcf-d6771aa68870', 62, 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	('f6a499f8-e3fa-53ac-b930-21a492466bb2', 101, NULL, NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	('f7dc578f-0971-5eb3-928e-26fdce26b44e', 102, 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', NULL, NULL, '0e26117d-c296-54c9-a396-1ac5b435d6fd'),
	('50d1b12e-91e6-549c-8865-0fbb57f2c42c', 103, '50d1b12e-91e6-549c-8865-0fbb57f2c42c', NULL, NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605'),
	('c271697a-049d-58f4-8f4f-2d119d57a977', 104, '50d1b12e-91e6-549c-8865-0fbb57f2c42c', 'c271697a-049d-58f4-8f4f-2d119d57a977', NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605'),
	('52c0bce8-7555-51d1-8764-7375ad35cc8d', 105, '52c0bce8-7555-51d1-8764-7375ad35cc8d', NULL, NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605'),
	('04daa14f-fcbc-5829-ae8f-226c4fc15625', 106, '52c0bce8-7555-51d1-8764-7375ad35cc8d', '04daa14f-fcbc-5829-ae8f-226c4fc15625', NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605'),
	('85faaeb7-df2f-518d-8142-ce702544bc53', 107, '52c0bce8-7555-51d1-8764-7375ad35cc8d', '85faaeb7-df2f-518d-8142-ce702544bc53', NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605'),
	('11965703-0453-5f34-bbba-5ffc8f0b4bef', 113, NULL, NULL, NULL, NULL),
	('efb26a77-eb5c-5f9a-b184-c0ed6aa8fb2f', 123, '52c0bce8-7555-51d1-8764-7375ad35cc8d', '04daa14f-fcbc-5829-ae8f-226c4fc15625', NULL, '190aac1a-46ce-53ae-a07e-05b4b77fa605');

INSERT INTO upgrade_views.reading VALUES
	('65c08c80-d90f-5121-98a7-232874a0522d', 22, '2026-11-28 01:03:52.668652+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 1, '6c436c32-550a-5425-b86b-4d542b43a419', '2023-12-10 18:00:00+00', 30, NULL, 9223372036854775807, NULL),
	('b3cf058b-2c5a-5d7e-b350-6e805f83fa01', 23, '2026-11-28 01:03:52.668653+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 1, '390772ab-deb3-577a-9013-3c7cada5452a', '2023-12-10 18:00:00+00', 62, 'A Sunday.', 9223372036854775807, NULL),
	('9e30f720-4f37-5bd3-a453-5df01974d594', 54, '2026-11-28 01:03:53.026308+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 1, '6c436c32-550a-5425-b86b-4d542b43a419', '2024-01-07 18:00:00+00', 27, NULL, 9223372036854775807, NULL),
	('f0c4e199-a5a1-5d40-bad2-3a44126c61a5', 55, '2026-11-28 01:03:53.026309+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 1, '6c436c32-550a-5425-b86b-4d542b43a419', '2024-01-14 18:00:00+00', 2.4, NULL, 58, 'CORRECTED'),
	('b1d759d7-ed16-5c97-837f-581c414673b6', 56, '2026-11-28 01:03:53.02631+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 1, '390772ab-deb3-577a-9013-3c7cada5452a', '2024-01-14 18:00:00+00', 75, NULL, 9223372036854775807, NULL),
	('6fc144ac-0275-5c7c-9b20-84e35d30d116', 57, '2026-11-28 01:03:53.026311+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 1, '390772ab-deb3-577a-9013-3c7cada5452a', '2024-01-14 19:00:00+00', 750, NULL, 59, 'RETRACTED'),
	('f0c4e199-a5a1-5d40-bad2-3a44126c61a5', 58, '2026-11-28 01:03:53.036564+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', 'The decimal point was wrong.', 2, '6c436c32-550a-5425-b86b-4d542b43a419', '2024-01-14 18:00:00+00', 24, NULL, 9223372036854775807, NULL),
	('0444526e-3b79-511e-8622-7374bdd18c1b', 71, '2026-11-28 01:03:53.140973+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 1, '6c436c32-550a-5425-b86b-4d542b43a419', '2024-02-04 18:00:00+00', 19, NULL, 9223372036854775807, NULL),
	('6af151f6-3d60-58ff-910f-8a348079a473', 72, '2026-11-28 01:03:53.140974+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 1, '390772ab-deb3-577a-9013-3c7cada5452a', '2024-02-04 18:00:00+00', 88, NULL, 9223372036854775807, NULL),
	('fa6abd88-6a7f-5aa8-a205-d12cdf932db7', 79, '2026-11-28 01:03:53.194056+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 1, '6c436c32-550a-5425-b86b-4d542b43a419', '2024-03-03 18:00:00+00', 11.5, NULL, 9223372036854775807, NULL),
	('3154b6c2-b907-5c25-9f20-403ea5c4569e', 80, '2026-11-28 01:03:53.194057+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 1, '390772ab-deb3-577a-9013-3c7cada5452a', '2024-03-03 18:00:00+00', 104, NULL, 9223372036854775807, NULL),
	('6954cb7e-68f9-58fc-96f0-07b675d3bf0d', 84, '2026-11-28 01:03:53.222863+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 1, '6c436c32-550a-5425-b86b-4d542b43a419', '2024-03-24 18:00:00+00', 9, NULL, 9223372036854775807, NULL),
	('814f50cd-ccca-55b8-b260-f3c684c6354e', 85, '2026-11-28 01:03:53.222864+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 1, '390772ab-deb3-577a-9013-3c7cada5452a', '2024-03-24 18:00:00+00', 110, NULL, 9223372036854775807, NULL),
	('5f7ea122-ed63-57a9-9ed8-4e52d2c88ca2', 118, '2026-11-28 01:03:53.414327+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 1, '6c436c32-550a-5425-b86b-4d542b43a419', '2024-03-31 18:00:00+00', 7.5, 'Recorded late.', 9223372036854775807, NULL),
	('9bbe6338-f2a9-5cc6-9c17-d0d3525ebc09', 119, '2026-11-28 01:03:53.414328+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 1, '390772ab-deb3-577a-9013-3c7cada5452a', '2024-04-21 18:00:00+00', 121, NULL, 9223372036854775807, NULL);

INSERT INTO upgrade_views.reflection VALUES
	('f6a499f8-e3fa-53ac-b930-21a492466bb2', 101, '2026-11-28 01:03:53.313771+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, 'Cycle', '0e26117d-c296-54c9-a396-1ac5b435d6fd', '2024-04-02 09:00:00+00', 'LEARNED', 'Plan fewer goals.'),
	('f7dc578f-0971-5eb3-928e-26fdce26b44e', 102, '2026-11-28 01:03:53.3209+00', 'machine:console', 'IMPORT', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', NULL, 'Objective', 'e80fc555-9a80-5018-8c21-08c8a5cc6f54', '2024-04-02 09:01:00+00', 'WENT_WELL', 'The weekend team.');

INSERT INTO upgrade_views.scoring_policy VALUES
	('c801f8bc-f6bc-56c2-be11-eb802b9e4e16', 1, 16, 16, '2023-12-04 09:03:00+00', '2023-12-04 09:03:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'The first quarter needs wider bands.', '\x7b226f6e547261636b476170223a302e31322c2273636f7265477265656e223a302e37357d');

INSERT INTO upgrade_views.support VALUES
	('e80fc555-9a80-5018-8c21-08c8a5cc6f54', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'Objective', '4957127e-d904-5fe3-b4f1-4ec693dbe3fc', '4957127e-d904-5fe3-b4f1-4ec693dbe3fc', '5a7094dd-a784-5795-8677-12f7c66cb55c', 27, 0, 9223372036854775807, '2023-12-13 09:00:00+00', '9999-12-31 23:59:59.999999+00'),
	('e80be788-2acc-5af8-9a46-88b714c1b054', '0e26117d-c296-54c9-a396-1ac5b435d6fd', 'KeyResult', '936b0513-3099-5527-8c46-12e21e2b908e', '4957127e-d904-5fe3-b4f1-4ec693dbe3fc', '5a7094dd-a784-5795-8677-12f7c66cb55c', 40, 0, 41, '2023-12-15 09:02:00+00', '2023-12-15 09:03:00+00'),
	('52c0bce8-7555-51d1-8764-7375ad35cc8d', '190aac1a-46ce-53ae-a07e-05b4b77fa605', 'Objective', '4957127e-d904-5fe3-b4f1-4ec693dbe3fc', '4957127e-d904-5fe3-b4f1-4ec693dbe3fc', '5a7094dd-a784-5795-8677-12f7c66cb55c', 105, 0, 9223372036854775807, '2024-04-03 09:00:00+00', '9999-12-31 23:59:59.999999+00');

INSERT INTO upgrade_views.team VALUES
	('2b58c9ff-5289-515a-b4ad-a3ffaf2d4e20', 1, 6, 6, '2023-12-01 10:00:00+00', '2023-12-01 10:00:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, 'shop', 'Shop', NULL, 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', false),
	('8ac5cd47-ac2d-5461-beee-82824f44d25c', 1, 7, 7, '2023-12-01 10:01:00+00', '2023-12-01 10:01:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, 'care', 'Support', '2b58c9ff-5289-515a-b4ad-a3ffaf2d4e20', NULL, false),
	('7c4b7a50-3886-5bad-8722-e74accaf8215', 1, 8, 8, '2023-12-01 10:02:00+00', '2023-12-01 10:02:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, 'lab', 'Lab', NULL, NULL, false),
	('8ac5cd47-ac2d-5461-beee-82824f44d25c', 2, 7, 9, '2023-12-01 10:01:00+00', '2023-12-01 10:03:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, 'care', 'Customer care', '2b58c9ff-5289-515a-b4ad-a3ffaf2d4e20', NULL, false),
	('8ac5cd47-ac2d-5461-beee-82824f44d25c', 3, 7, 10, '2023-12-01 10:01:00+00', '2023-12-01 10:04:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, 'care', 'Customer care', '2b58c9ff-5289-515a-b4ad-a3ffaf2d4e20', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', false),
	('8ac5cd47-ac2d-5461-beee-82824f44d25c', 4, 7, 11, '2023-12-01 10:01:00+00', '2023-12-01 10:05:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, 'care', 'Customer care', '2b58c9ff-5289-515a-b4ad-a3ffaf2d4e20', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', false),
	('7c4b7a50-3886-5bad-8722-e74accaf8215', 2, 8, 12, '2023-12-01 10:02:00+00', '2023-12-01 10:06:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, 'lab', 'Lab', NULL, NULL, false),
	('8ac5cd47-ac2d-5461-beee-82824f44d25c', 5, 7, 111, '2023-12-01 10:01:00+00', '2024-04-10 08:00:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, 'care', 'Customer care', '2b58c9ff-5289-515a-b4ad-a3ffaf2d4e20', '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', false),
	('8ac5cd47-ac2d-5461-beee-82824f44d25c', 6, 7, 112, '2023-12-01 10:01:00+00', '2024-04-10 08:01:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, 'care', 'Customer care', NULL, '14fe5b1c-b572-5e5d-89d2-e0fa60261bba', false),
	('11965703-0453-5f34-bbba-5ffc8f0b4bef', 1, 113, 113, '2024-04-10 08:02:00+00', '2024-04-10 08:02:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, 'fax', 'Fax', NULL, NULL, false),
	('11965703-0453-5f34-bbba-5ffc8f0b4bef', 2, 113, 114, '2024-04-10 08:02:00+00', '2024-04-10 08:03:00+00', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', 'machine:console', 'IMPORT', 'e2f63122-8fa9-5b08-9d2e-f6c2cf16b0ca', NULL, 'fax', 'Fax', NULL, NULL, true);

INSERT INTO upgrade_views.view_position VALUES
	(123, '2026-11-28 01:03:54.480986+00', 'd566bf1ec4561cbe2eb38a792d769604f53cd13cb261b823918a05e641179358');

ALTER TABLE ONLY upgrade_views.change
    ADD CONSTRAINT change_pkey PRIMARY KEY ("position");

ALTER TABLE ONLY upgrade_views.check_in
    ADD CONSTRAINT check_in_pkey PRIMARY KEY (id, "position");

ALTER TABLE ONLY upgrade_views.comment
    ADD CONSTRAINT comment_pkey PRIMARY KEY (id);

ALTER TABLE ONLY upgrade_views.cycle
    ADD CONSTRAINT cycle_pkey PRIMARY KEY (id, "position");

ALTER TABLE ONLY upgrade_views.initiative
    ADD CONSTRAINT initiative_pkey PRIMARY KEY (id, "position");

ALTER TABLE ONLY upgrade_views.key_result
    ADD CONSTRAINT key_result_pkey PRIMARY KEY (id, "position");

ALTER TABLE ONLY upgrade_views.kpi
    ADD CONSTRAINT kpi_pkey PRIMARY KEY (id, "position");

ALTER TABLE ONLY upgrade_views.membership
    ADD CONSTRAINT membership_pkey PRIMARY KEY (team, person, "position");

ALTER TABLE ONLY upgrade_views.objective
    ADD CONSTRAINT objective_pkey PRIMARY KEY (id, "position");

ALTER TABLE ONLY upgrade_views.person
    ADD CONSTRAINT person_pkey PRIMARY KEY (id, "position");

ALTER TABLE ONLY upgrade_views.place
    ADD CONSTRAINT place_pkey PRIMARY KEY (id);

ALTER TABLE ONLY upgrade_views.reading
    ADD CONSTRAINT reading_pkey PRIMARY KEY (id, "position");

ALTER TABLE ONLY upgrade_views.reflection
    ADD CONSTRAINT reflection_pkey PRIMARY KEY (id);

ALTER TABLE ONLY upgrade_views.scoring_policy
    ADD CONSTRAINT scoring_policy_pkey PRIMARY KEY (id, "position");

ALTER TABLE ONLY upgrade_views.support
    ADD CONSTRAINT support_pkey PRIMARY KEY (objective, target, "position");

ALTER TABLE ONLY upgrade_views.team
    ADD CONSTRAINT team_pkey PRIMARY KEY (id, "position");

ALTER TABLE ONLY upgrade_views.tree_node
    ADD CONSTRAINT tree_node_pkey PRIMARY KEY (level, place);

CREATE INDEX change_actor_position_idx ON upgrade_views.change USING btree (actor, "position");

CREATE INDEX change_cycle_position_idx ON upgrade_views.change USING btree (cycle, "position") WHERE (cycle IS NOT NULL);

CREATE INDEX change_effective_at_idx ON upgrade_views.change USING brin (effective_at);

CREATE INDEX change_key_result_position_idx ON upgrade_views.change USING btree (key_result, "position") WHERE (key_result IS NOT NULL);

CREATE INDEX change_kpi_position_idx ON upgrade_views.change USING btree (kpi, "position") WHERE (kpi IS NOT NULL);

CREATE INDEX change_objective_position_idx ON upgrade_views.change USING btree (objective, "position") WHERE (objective IS NOT NULL);

CREATE INDEX change_subject_id_position_idx ON upgrade_views.change USING btree (subject_id, "position") WHERE (subject_kind <> ALL (ARRAY['Objective'::text, 'KeyResult'::text, 'Kpi'::text, 'Cycle'::text, 'CheckIn'::text, 'Reading'::text]));

CREATE INDEX change_topic_position_idx ON upgrade_views.change USING btree (topic, "position") WHERE (topic <> ALL (ARRAY['key-result-checked-in'::text, 'reading-recorded'::text]));

CREATE INDEX check_in_key_result_measured_at_position_idx ON upgrade_views.check_in USING btree (key_result, measured_at, "position");

CREATE INDEX comment_subject_id_position_idx ON upgrade_views.comment USING btree (subject_id, "position");

CREATE INDEX cycle_born_idx ON upgrade_views.cycle USING btree (born) WHERE (version = 1);

CREATE INDEX cycle_id_changed_at_position_idx ON upgrade_views.cycle USING btree (id, changed_at, "position");

CREATE INDEX cycle_key_idx ON upgrade_views.cycle USING btree (key);

CREATE INDEX cycle_parent_idx ON upgrade_views.cycle USING btree (parent) WHERE (version = 1);

CREATE INDEX initiative_born_idx ON upgrade_views.initiative USING btree (born) WHERE (version = 1);

CREATE INDEX initiative_id_changed_at_position_idx ON upgrade_views.initiative USING btree (id, changed_at, "position");

CREATE INDEX initiative_subject_id_id_idx ON upgrade_views.initiative USING btree (subject_id, id) WHERE (version = 1);

CREATE INDEX key_result_born_idx ON upgrade_views.key_result USING btree (born) WHERE (version = 1);

CREATE INDEX key_result_cycle_born_idx ON upgrade_views.key_result USING btree (cycle, born) WHERE (version = 1);

CREATE INDEX key_result_id_changed_at_position_idx ON upgrade_views.key_result USING btree (id, changed_at, "position");

CREATE INDEX key_result_kpi_id_idx ON upgrade_views.key_result USING btree (kpi, id);

CREATE INDEX key_result_objective_id_idx ON upgrade_views.key_result USING btree (objective, id) WHERE (version = 1);

CREATE INDEX key_result_owner_id_idx ON upgrade_views.key_result USING btree (owner, id);

CREATE INDEX kpi_born_idx ON upgrade_views.kpi USING btree (born) WHERE (version = 1);

CREATE INDEX kpi_id_changed_at_position_idx ON upgrade_views.kpi USING btree (id, changed_at, "position");

CREATE INDEX kpi_key_idx ON upgrade_views.kpi USING btree (key);

CREATE INDEX kpi_owner_id_idx ON upgrade_views.kpi USING btree (owner, id);

CREATE INDEX kpi_team_id_idx ON upgrade_views.kpi USING btree (team, id);

CREATE INDEX membership_person_idx ON upgrade_views.membership USING btree (person);

CREATE INDEX objective_born_idx ON upgrade_views.objective USING btree (born) WHERE (version = 1);

CREATE INDEX objective_carried_from_idx ON upgrade_views.objective USING btree (carried_from) WHERE (version = 1);

CREATE INDEX objective_cycle_born_idx ON upgrade_views.objective USING btree (cycle, born) WHERE (version = 1);

CREATE INDEX objective_id_changed_at_position_idx ON upgrade_views.objective USING btree (id, changed_at, "position");

CREATE INDEX objective_id_idx ON upgrade_views.objective USING btree (id) WHERE (visibility = 'TEAM'::text);

CREATE INDEX objective_owner_id_idx ON upgrade_views.objective USING btree (owner, id);

CREATE INDEX objective_team_id_idx ON upgrade_views.objective USING btree (team, id);

CREATE INDEX person_born_idx ON upgrade_views.person USING btree (born) WHERE (version = 1);

CREATE INDEX person_handle_idx ON upgrade_views.person USING btree (handle);

CREATE INDEX person_id_changed_at_position_idx ON upgrade_views.person USING btree (id, changed_at, "position");

CREATE INDEX reading_kpi_measured_at_position_idx ON upgrade_views.reading USING btree (kpi, measured_at, "position");

CREATE INDEX reflection_subject_id_position_idx ON upgrade_views.reflection USING btree (subject_id, "position");

CREATE INDEX scoring_policy_born_idx ON upgrade_views.scoring_policy USING btree (born) WHERE (version = 1);

CREATE INDEX scoring_policy_id_changed_at_position_idx ON upgrade_views.scoring_policy USING btree (id, changed_at, "position");

CREATE INDEX support_cycle_idx ON upgrade_views.support USING btree (cycle);

CREATE INDEX support_target_cycle_idx ON upgrade_views.support USING btree (target_cycle);

CREATE INDEX support_target_idx ON upgrade_views.support USING btree (target);

CREATE INDEX support_through_idx ON upgrade_views.support USING btree (through);

CREATE INDEX team_born_idx ON upgrade_views.team USING btree (born) WHERE (version = 1);

CREATE INDEX team_id_changed_at_position_idx ON upgrade_views.team USING btree (id, changed_at, "position");

CREATE INDEX team_key_idx ON upgrade_views.team USING btree (key);

CREATE INDEX team_parent_id_idx ON upgrade_views.team USING btree (parent, id);
