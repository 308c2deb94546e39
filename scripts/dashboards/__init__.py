"""Grafana's dashboards, from one source: `make dashboards` writes docs/grafana/*.json."""
