"""The machine says who the job is; a token is asked for once, until it ends or was not taken."""

from __future__ import annotations

import json
import os
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar
from unittest.mock import patch

from retrain_trainers.remote.account import AccessToken, NoAccount


class Machine(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []
    seconds: ClassVar[float] = 3600
    fails: ClassVar[int] = 0

    def do_GET(self) -> None:
        if self.headers.get("Metadata-Flavor") != "Google" or Machine.fails > 0:
            Machine.fails -= 1
            self.send_error(403 if Machine.fails < 0 else 503)
            return
        Machine.asked.append(self.path)
        content = json.dumps({"access_token": f"token {len(Machine.asked)}", "expires_in": Machine.seconds, "token_type": "Bearer"})
        self.send_response(200)
        self.end_headers()
        self.wfile.write(content.encode())

    def log_message(self, *_: Any) -> None:
        pass


class Accounts(unittest.TestCase):
    def setUp(self) -> None:
        Machine.asked, Machine.seconds, Machine.fails = [], 3600, 0
        server = HTTPServer(("127.0.0.1", 0), Machine)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        changed = patch.dict(os.environ, {"GCE_METADATA_HOST": f"127.0.0.1:{server.server_port}", "HTTP_PROXY": "http://127.0.0.1:1"})
        changed.start()
        self.addCleanup(changed.stop)

    def test_one_token_serves_until_shortly_before_its_end(self) -> None:
        token = AccessToken(pause=0)
        self.assertEqual([token(False), token(False)], ["token 1", "token 1"])
        self.assertEqual(Machine.asked, ["/computeMetadata/v1/instance/service-accounts/default/token"])
        Machine.seconds = 200
        token = AccessToken(pause=0)
        self.assertEqual([token(False), token(False)], ["token 2", "token 3"])

    def test_one_that_was_not_taken_is_not_given_again(self) -> None:
        token = AccessToken(pause=0)
        self.assertEqual([token(False), token(True)], ["token 1", "token 2"])

    def test_a_machine_that_is_busy_is_asked_again_one_without_an_account_is_told(self) -> None:
        Machine.fails = 2
        self.assertEqual(AccessToken(pause=0)(False), "token 1")
        Machine.fails = 100
        with self.assertRaisesRegex(NoAccount, "gives no access token"):
            AccessToken(pause=0)(False)


if __name__ == "__main__":
    unittest.main()
