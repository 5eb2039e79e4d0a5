-- The version of Keyframe that ran a migration; null for migrations of versions before 0.3.0.

alter table migration add column program text;
