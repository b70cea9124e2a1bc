"""Prometheus scrapes ports that exist; the dashboard asks for metrics that exist."""

import json
import re

import prometheus_client
import yaml
from fastapi import FastAPI
from fastapi.testclient import TestClient
from prometheus_client import CollectorRegistry
from prometheus_fastapi_instrumentator import Instrumentator

import llm_service.metrics  # noqa: F401  registers the metrics of corrections
from perception_service.server.metrics import Metrics
from tests.deploy.deployment import ROOT, compose, stage_environment

OBSERVABILITY = ROOT / "deploy/observability"
PROMQL_WORDS = {"by", "histogram_quantile", "le", "rate", "sum"}
LABELS = {"code", "handler", "method", "outcome", "stage", "status"}


def names_in(registry: CollectorRegistry) -> set[str]:
    """Names as Prometheus stores them: counters with `_total`, histograms with `_bucket`."""
    suffix = {"counter": "_total", "histogram": "_bucket", "gauge": ""}
    return {family.name + suffix[family.type] for family in registry.collect() if family.type in suffix}


def request_metrics() -> CollectorRegistry:
    """What the instrumentator of the REST service adds, after one request."""
    registry = CollectorRegistry()
    app = FastAPI()
    Instrumentator(registry=registry).instrument(app)
    TestClient(app).get("/")
    return registry


def test_the_dashboard_asks_for_metrics_that_the_services_have():
    known = names_in(prometheus_client.REGISTRY) | names_in(Metrics().registry) | names_in(request_metrics())
    dashboard = json.loads((OBSERVABILITY / "grafana/dashboards/waymend.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked = {word for text in expressions for word in re.findall(r"(?<![$\w])[a-z_]{2,}", text)} - PROMQL_WORDS - LABELS
    assert len(asked) >= len(dashboard["panels"]) - 2
    assert asked <= known


def test_prometheus_scrapes_the_ports_of_the_images():
    jobs = yaml.safe_load((OBSERVABILITY / "prometheus.yml").read_text())["scrape_configs"]
    targets = {job["job_name"]: job["static_configs"][0]["targets"] for job in jobs}
    assert targets == {
        "perception": [f"perception:{stage_environment('perception')['WAYMEND_PERCEPTION_METRICS_PORT']}"],
        "llm": [f"llm:{stage_environment('llm')['WAYMEND_LLM_PORT']}"],
    }


def test_grafana_finds_its_dashboard_and_prometheus():
    grafana = compose()["services"]["grafana"]
    mounts = dict(reversed(volume.split(":")[:2]) for volume in grafana["volumes"])
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    provider = yaml.safe_load((OBSERVABILITY / "grafana/provisioning/dashboards/waymend.yml").read_text())["providers"]
    directory = provider[0]["options"]["path"]
    assert (ROOT / mounts[directory] / home.removeprefix(f"{directory}/")).is_file()

    sources = yaml.safe_load((OBSERVABILITY / "grafana/provisioning/datasources/prometheus.yml").read_text())
    dashboard = json.loads((ROOT / mounts[directory] / "waymend.json").read_text())
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {sources["datasources"][0]["uid"]}
