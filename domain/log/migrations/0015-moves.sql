-- What was ever moved into an objective or a cycle is found without scanning the log. The function is immutable, because
-- the bodies of events are always JSON in UTF-8.

create function moved_into(data bytea) returns uuid
language sql immutable strict parallel safe as $$
    select coalesce(body ->> 'objective', body ->> 'cycle')::uuid from (select convert_from(data, 'UTF8')::jsonb) as stored (body)
$$;

create index log_moves on log (moved_into(data), position)
    where split_part(topic, '.', 1) in ('key-result-moved', 'objective-moved');

-- The alignments to a goal are found without reading other events.

create index log_alignments on log (position)
    where split_part(topic, '.', 1) in ('objective-drafted', 'objective-aligned');
