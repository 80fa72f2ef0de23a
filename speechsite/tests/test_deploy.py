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
from prometheus_client import REGISTRY

from speechsite import __version__
from speechsite.tests.support.source import ROOT

DEPLOY = ROOT / "deploy"
SUFFIXES = ("_total", "_bucket", "_count", "_sum", "")
# Of Prometheus itself, not of the gateway.
FOREIGN = {"up"}
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
    known = set(re.findall(r"^# ([A-Z][A-Z0-9_]*)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    documents = list(yaml.safe_load_all(path.read_text()))
    assert documents
    assert set(environment_of(documents)) <= known


def test_files_that_name_the_version_name_this_one() -> None:
    texts = [path.read_text() for path in (ROOT / "compose.yaml", *MANIFESTS)]
    named = {version for text in texts for version in re.findall(r"speech-gateway:([\w.]+)", text)}
    assert named == {__version__}


def test_the_image_copies_what_exists() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    names = [name for line in copied for name in line.split()]
    assert names
    assert [name for name in names if not (ROOT / name).exists()] == []
    allowed = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))
    assert set(names) == allowed
