"""Behind a proxy: what it tells is believed, if it is on this machine and the study was told of it."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys

from beholder import web
from beholder.study.app import create_app
from beholder.study.settings import ServerSettings
from study.conftest import MakeStudy

FEW = 60  # who can begin from one address in a minute


def begin(connection: http.client.HTTPConnection, address: str) -> tuple[int, dict[str, str]]:
    headers = {"Content-Type": "application/json", "X-Forwarded-For": address, "X-Forwarded-Proto": "https"}
    connection.request("POST", "/api/begin", b'{"language": "en"}', headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}


def test_a_proxy_is_believed(make_study: MakeStudy) -> None:
    command = [sys.executable, "-c", "from beholder.cli import main; main()", "study", "serve"]
    command += [str(make_study().path), "--port", "0", "--behind-proxy"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            found = re.search(r"127\.0\.0\.1:(\d+)", process.stderr.readline())
            assert found
            connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=20)
            status, headers = begin(connection, "203.0.113.1")
            assert status == 200
            assert {"Secure", "HttpOnly", "SameSite=strict"} <= set(headers["set-cookie"].split("; "))
            assert headers["strict-transport-security"].startswith("max-age=")
            # what a client claims stands before what the proxy adds
            said = [begin(connection, f"198.51.100.{n}, 203.0.113.1")[0] for n in range(FEW)]
            assert said.count(429) == 1
            assert begin(connection, "203.0.113.2")[0] == 200
            connection.close()
        finally:
            process.terminate()


def test_nobody_else_is_believed(make_study: MakeStudy) -> None:
    folder = make_study()
    app = create_app(folder, folder.open_database(), ServerSettings(begins_a_minute=2))
    with web.open_port("127.0.0.1", 0) as listener, web.serving(app, listener, 10):
        connection = http.client.HTTPConnection("127.0.0.1", listener.getsockname()[1], timeout=20)
        said = [begin(connection, f"203.0.113.{n}") for n in range(3)]
        connection.close()
    assert [status for status, _ in said] == [200, 200, 429]
    assert "secure" not in said[0][1]["set-cookie"].lower()
    assert "strict-transport-security" not in said[0][1]
