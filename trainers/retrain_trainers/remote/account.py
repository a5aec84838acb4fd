"""Who the job is: the account it runs as, told by the machine it runs on.

https://cloud.google.com/compute/docs/access/authenticate-workloads#applications
"""

from __future__ import annotations

import json
import os
import time
from http.client import HTTPException
from urllib.request import ProxyHandler, Request, build_opener

HOST = "metadata.google.internal"
SECONDS = 10
TRIES = 4
#: The machine gives a fresh token from this long before the end of the old one.
MARGIN_SECONDS = 240


class NoAccount(OSError):
    """The machine does not say who it is."""


def nobody(_renewed: bool) -> None:
    """What an emulator is told."""


class AccessToken:
    """Tokens of the job's account, each kept until shortly before its end.

    `GCE_METADATA_HOST` names another server than the machine's own, as Google's clients know it.
    """

    def __init__(self, pause: float = 0.5) -> None:
        host = os.environ.get("GCE_METADATA_HOST") or HOST
        self._url = f"http://{host}/computeMetadata/v1/instance/service-accounts/default/token"
        # It is on this machine: no proxy leads there.
        self._opener = build_opener(ProxyHandler({}))
        self._pause = pause
        self._token = ""
        self._ends = 0.0

    def __call__(self, renewed: bool) -> str:
        """`renewed`: the last one may not have been taken."""
        if renewed or self._token == "" or time.monotonic() > self._ends:
            self._token, seconds = self._ask()
            self._ends = time.monotonic() + seconds - MARGIN_SECONDS
        return self._token

    def _ask(self) -> tuple[str, float]:
        tried = 1
        while True:
            try:
                with self._opener.open(Request(self._url, headers={"Metadata-Flavor": "Google"}), timeout=SECONDS) as reply:
                    content = json.load(reply)
                return str(content["access_token"]), float(content["expires_in"])
            except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
                if tried == TRIES:
                    raise NoAccount(f"{self._url} gives no access token: {error}") from error
            time.sleep(self._pause * 2 ** (tried - 1))
            tried += 1
