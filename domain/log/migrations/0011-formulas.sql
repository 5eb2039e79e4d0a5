-- The KPIs whose formulas name a KPI are found without scanning the log.

create index log_kpis on log (position) where split_part(topic, '.', 1) in ('kpi-defined', 'kpi-redefined');
