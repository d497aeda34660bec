"""Operations: metrics, probes, rules, dashboards, deployment, commands, security."""
