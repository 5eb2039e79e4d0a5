-- What a person ever owned or led is found without scanning the log.

create index log_owners on log (position) where split_part(topic, '.', 1) in (
    'objective-drafted', 'objective-assigned', 'key-result-added', 'key-result-assigned', 'kpi-defined',
    'kpi-redefined', 'initiative-planned', 'initiative-edited', 'team-formed', 'team-lead-appointed'
);

-- The references to other systems with a system and an id are found without scanning the log. The function is
-- immutable, because the bodies of events are always JSON in UTF-8.

create function external_name(data bytea) returns text[]
language sql immutable strict parallel safe as $$
    select array[body ->> 'system', body ->> 'externalId'] from (select convert_from(data, 'UTF8')::jsonb) as stored (body)
$$;

create index log_external_references on log (external_name(data), position)
    where split_part(topic, '.', 1) = 'external-reference-set';
