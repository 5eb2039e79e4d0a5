-- The cycles of a workspace are found without scanning the log: an objective may be supported from any cycle that
-- overlaps its own, and the closing of a goal reads what supports it.

create index log_cycles on log (position) where split_part(topic, '.', 1) = 'cycle-opened';
