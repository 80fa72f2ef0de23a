from __future__ import annotations

import re

import yaml
from django.core.management import call_command
from django.test import Client

FOREIGN = re.compile(r"""(?:src|href)=["'](?:https?:)?//""")


def test_the_schema_is_valid_and_complete(tmp_path: object) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", f"{tmp_path}/schema.yml")


def test_the_page_loads_everything_from_here(client: Client) -> None:
    page = client.get("/api/docs/")
    text = page.content.decode()
    assert page.status_code == 200
    assert not FOREIGN.search(text)
    files = re.findall(r"""<(?:script|link|img)[^>]+(?:src|href)=["'](/[^"']+)""", text)
    assert len(files) >= 3
    for file in files:
        assert client.get(file).status_code == 200, file


def test_the_schema_names_the_endpoints(client: Client) -> None:
    schema = client.get("/api/schema/")
    assert schema.headers["Content-Type"].startswith("application/vnd.oai.openapi")
    for line in ("  /api/chat/:", "  /api/tts/:", "      scheme: bearer"):
        assert f"\n{line}\n" in schema.content.decode()


def test_the_schema_says_what_may_come_as_events(client: Client) -> None:
    paths = yaml.safe_load(client.get("/api/schema/").content)["paths"]
    for path in ("/v1/chat/completions", "/v1/responses", "/v1/audio/speech"):
        [operation] = [paths[name]["post"] for name in paths if name.rstrip("/") == path]
        assert "text/event-stream" in operation["responses"]["200"]["content"]
