"""What several machines share, through the real server: one index in Redis 8, and a cluster instead of one Redis."""

from __future__ import annotations

from pathlib import Path

from caching.tests.support.paraphrases import ASKED, PARAPHRASE
from speechsite.tests.support.redis_cluster import RedisCluster
from speechsite.tests.support.redis_server import RedisServer
from speechsite.tests.support.server import Server


def test_servers_that_share_a_vector_set_answer_for_each_other(redis8: RedisServer, tmp_path: Path) -> None:
    redis8.client().flushall()
    servers: list[Server] = []
    try:
        for name in ("one", "other"):
            (tmp_path / name).mkdir()
            environment = {
                "REDIS_URL": redis8.url,
                "SEMANTIC_INDEX": "vectorset",
                "DATABASE_URL": f"sqlite:///{tmp_path / 'shared.sqlite3'}",
                "SECRET_KEY": "the same on both machines, and long enough for one",
            }
            if servers:
                (tmp_path / name / "demo_api_key").write_text(servers[0].key)
            servers.append(Server(tmp_path / name, environment, workers=1))
        one, other = servers
        assert one.chat(ASKED).headers["X-Cache"] == "MISS"
        answer = other.chat(PARAPHRASE, optimization_level="speed")
        assert (answer.headers["X-Cache"], answer.headers["X-Cache-Match"]) == ("HIT", "semantic")
        assert other.chat("please cancel my account").headers["X-Cache"] == "MISS"
    finally:
        for server in servers:
            server.stop()


def test_a_server_works_with_a_cluster(tmp_path: Path) -> None:
    with RedisCluster() as cluster:
        server = Server(tmp_path, {"REDIS_URL": cluster.url})
        try:
            for ask in (server.chat, server.speak):
                seen = [ask(f"Question {number}.").headers["X-Cache"] for number in (*range(20), *range(20))]
                assert seen == ["MISS"] * 20 + ["HIT"] * 20
            assert all(client.dbsize() for client in cluster.clients())
            assert f"Connected to Redis at {cluster.url}" in server.log
            assert server.request("GET", "/readyz").json()["redis"]["status"] == "ok"
        finally:
            server.stop()
