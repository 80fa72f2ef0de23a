"""The files in `deploy/`, Dockerfile and compose.yaml name things that exist."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import get_commands
from prometheus_client import REGISTRY

from speech.api import uploads
from speechsite import __version__
from speechsite.conf import env
from speechsite.middleware import PROBES
from speechsite.tests.support.source import ROOT

DEPLOY = ROOT / "deploy"
SUFFIXES = ("_total", "_bucket", "_count", "_sum", "")
# Of Prometheus itself, not of the gateway.
FOREIGN = {"up"}
# The suffixes of Caddy and of nginx.
UNITS = {"m": 1024**2, "MiB": 1024**2, "MB": 1000**2}
VARIABLES = set(re.findall(r"^# ([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))


def metrics_of_the_gateway() -> dict[str, set[str]]:
    """Label names by the name of each series. A histogram's own label `le` is added."""
    for module in ("caching.metrics", "speech.metrics"):
        importlib.import_module(module)
    found: dict[str, set[str]] = {}
    for collector, names in list(REGISTRY._collector_to_names.items()):
        labels = set(getattr(collector, "_labelnames", ())) | {"le", "instance"}
        found |= dict.fromkeys(names, labels)
    return found


def expressions() -> Iterator[tuple[str, str]]:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    dashboard = json.loads((DEPLOY / "grafana" / "speech-gateway.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


EXPRESSIONS = list(expressions())


@pytest.mark.parametrize(("name", "expression"), EXPRESSIONS)
def test_an_expression_names_metrics_and_labels_that_exist(name: str, expression: str) -> None:
    known = metrics_of_the_gateway()
    without_text = re.sub(r'"[^"]*"|\[[^\]]*\]|\{\{[^}]*\}\}', "", expression)
    labels = set(re.findall(r"(\w+)\s*[!=]~?\s*(?=[,}]|$)", without_text))
    for grouping in re.findall(r"\bby \(([^)]*)\)", without_text):
        labels |= {label.strip() for label in grouping.split(",")}
    series = set(re.findall(r"\b([a-z]+_[a-z_]+|up)\b", re.sub(r"\bby \([^)]*\)|\{[^}]*\}", "", without_text)))
    used = series - {"histogram_quantile"} - FOREIGN
    assert used or series & FOREIGN
    assert used <= set(known)
    assert labels - {"job"} <= set.union({"instance"}, *(known[one] for one in used))


def test_every_alert_is_explained_to_operators() -> None:
    document = (ROOT / "docs" / "operations.md").read_text()
    alerts = [name for name, expression in EXPRESSIONS if re.fullmatch(r"[A-Z][A-Za-z]+", name)]
    assert [name for name in alerts if f"`{name}`" not in document] == []


def environment_of(value: Any) -> Iterator[str]:
    """Every variable that a Kubernetes manifest or compose file sets for the gateway."""
    if isinstance(value, list):
        for item in value:
            yield from environment_of(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == "env" and isinstance(item, list):
                yield from (one["name"] for one in item)
            else:
                yield from environment_of(item)


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_a_manifest_sets_variables_that_exist(path: Path) -> None:
    documents = list(yaml.safe_load_all(path.read_text()))
    assert documents
    assert set(environment_of(documents)) <= VARIABLES


def test_a_liveness_probe_outlasts_two_providers_that_hang() -> None:
    [deployment] = [
        document
        for document in yaml.safe_load_all((DEPLOY / "kubernetes" / "gateway.yaml").read_text())
        if document["kind"] == "Deployment"
    ]
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    probe = container["livenessProbe"]
    assert probe["periodSeconds"] * (probe["failureThreshold"] - 1) > 2 * settings.PROVIDER_READ_TIMEOUT


def test_compose_overrides_no_variable_of_the_env_file_but_those_of_the_image() -> None:
    of_the_image = dict(re.findall(r"\b(HOST|PORT|VAR_DIR)=(\S+)", (ROOT / "Dockerfile").read_text()))
    variables = yaml.safe_load((ROOT / "compose.yaml").read_text())["x-gateway"]["environment"]
    in_files = {name for name in variables if name.endswith("_FILE")}
    # A .env may have what is in files here.
    beside = {name: variables.pop(name.removesuffix("_FILE")) for name in in_files}
    assert beside == dict.fromkeys(in_files, "")
    assert set(variables) <= VARIABLES | {f"{name}_FILE" for name in VARIABLES}
    assert {name: variables.pop(name) for name in of_the_image} == of_the_image
    assert [name for name in {*variables} - in_files if not variables[name].startswith(f"${{{name}:-")] == []
    # Unset is an error, with the name of the file: nothing else reads them.
    given = dict.fromkeys(in_files, "/nowhere")
    with pytest.raises(ImproperlyConfigured, match="_FILE must name a readable file"):
        env.with_secrets_from_files(given)


def test_every_command_that_a_file_runs_exists() -> None:
    files = [*DEPLOY.rglob("*.*"), ROOT / "Dockerfile", ROOT / "compose.yaml", ROOT / "docs" / "operations.md"]
    text = re.sub(r'[",]', " ", "\n".join(path.read_text() for path in files))
    commands = set(re.findall(r"\bmanage(?:\.py)? +([a-z]\w+)", text))
    assert {"serve", "migrate", "prune_ledger", "cache_doctor"} <= commands
    assert commands - set(get_commands()) == set()


def test_probes_and_scrapes_ask_what_is_answered_under_any_name() -> None:
    asked = re.findall(
        r"(?:path: |metrics_path: |\}|prometheus.io/path: )(/\w+)\b",
        "".join(
            path.read_text() for path in (*MANIFESTS, ROOT / "Dockerfile", DEPLOY / "prometheus" / "prometheus.yml")
        ),
    )
    assert set(asked) == {"/healthz", "/readyz", "/metrics"}
    assert set(asked) <= PROBES


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("proxy/nginx.conf", r"client_max_body_size (\w+);"),
        ("proxy/Caddyfile", r"max_size (\w+)"),
        ("proxy/Caddyfile", r"request_buffers (\w+)"),
        ("kubernetes/gateway.yaml", r"proxy-body-size: (\w+)"),
    ],
)
def test_a_proxy_takes_the_largest_upload_that_the_gateway_takes(path: str, limit: str) -> None:
    (size,) = re.findall(limit, (DEPLOY / path).read_text())
    number, unit = re.fullmatch(r"(\d+)(\w+)", size).groups()  # type: ignore[union-attr]
    assert int(number) * UNITS[unit] >= settings.MAX_UPLOAD_BYTES + uploads.ROOM_FOR_FIELDS


def test_no_proxy_publishes_the_metrics() -> None:
    assert re.search(r"location = /metrics \{[^}]*deny all;", (DEPLOY / "proxy" / "nginx.conf").read_text())
    caddy = (DEPLOY / "proxy" / "Caddyfile").read_text()
    assert "@metrics path /metrics" in caddy and "respond @metrics 403" in caddy
    documents = [one for path in MANIFESTS for one in yaml.safe_load_all(path.read_text()) if one["kind"] == "Ingress"]
    denied = {
        (rule["host"], path["path"], path["pathType"])
        for one in documents
        if one["metadata"]["annotations"].get("nginx.ingress.kubernetes.io/denylist-source-range") == "0.0.0.0/0,::/0"
        for rule in one["spec"]["rules"]
        for path in rule["http"]["paths"]
    }
    hosts = {rule["host"] for one in documents for rule in one["spec"]["rules"]}
    assert hosts and denied == {(host, "/metrics", "Exact") for host in hosts}


def test_services_run_alike_and_where_the_documentation_installs_them() -> None:
    documented = (ROOT / "docs" / "operations.md").read_text()
    shared = re.compile(
        r"^((?:User|WorkingDirectory|StateDirectory|NoNew|Protect|Private|Restrict|Capab)\w*=.*)$", re.M
    )
    gateway, prune = (
        set(shared.findall((DEPLOY / "systemd" / f"{name}.service").read_text()))
        for name in ("speech-gateway", "speech-gateway-prune")
    )
    assert gateway == prune
    places = [line.partition("=")[2] for line in gateway if "=/" in line]
    assert places
    assert [place for place in (*places, "/etc/speech-gateway.env") if place not in documented] == []


def test_files_that_name_the_version_name_this_one() -> None:
    texts = [path.read_text() for path in (ROOT / "compose.yaml", *MANIFESTS)]
    named = {version for text in texts for version in re.findall(r"speech-gateway:([\w.]+)", text)}
    assert named == {__version__}


def test_every_optional_lock_is_offered_by_the_image() -> None:
    text = (ROOT / "Dockerfile").read_text()
    for lock in {*ROOT.glob("requirements-*.lock")} - {ROOT / "requirements-dev.lock"}:
        assert f" {lock.name} " in text
    extras = re.findall(r'EXTRAS="([^"]*)"', text + (ROOT / "docs" / "operations.md").read_text())
    assert {name for extra in extras for name in extra.split()} == {"otel", "sso", "s3", "codecs"}


def test_the_image_copies_what_exists() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    names = [name for line in copied for name in line.split()]
    assert names
    assert [name for name in names if not (ROOT / name).exists()] == []
    allowed = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert set(names) == allowed
