"""A folder of a bucket, by Cloud Storage's JSON API and Python's own library: no image needs to hold a client, or to mount anything.

https://cloud.google.com/storage/docs/json_api, https://cloud.google.com/storage/docs/performing-resumable-uploads
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import re
import time
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from io import BytesIO
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

from retrain_trainers.remote.account import AccessToken, nobody

SERVICE = "https://storage.googleapis.com"
SECONDS = 60
TRIES = 6
PAUSE_SECONDS_MAX = 30.0
#: Statuses after which the same request may succeed.
PASSING = frozenset({401, 408, 429, 500, 502, 503, 504})
#: An upload goes in parts of whole 256 KiB.
PART = 32 << 20
_CHUNK = 1 << 20
_MESSAGE_MAX = 500


class BucketError(OSError):
    """What Cloud Storage refused, or did not answer after all tries."""


class _Stay(HTTPRedirectHandler):
    """The token is for one host: nothing is followed to another."""

    def redirect_request(self, *_: Any) -> None:
        return None


class BucketFolder:
    """`pause`: seconds before the second try, doubled with each. Another service than Google's is named by `STORAGE_EMULATOR_HOST`."""

    def __init__(
        self, bucket: str, folder: str, service: str | None = None, token: Callable[[bool], str | None] | None = None, pause: float = 0.5
    ) -> None:
        emulator = os.environ.get("STORAGE_EMULATOR_HOST")
        self._service = (service or emulator or SERVICE).rstrip("/")
        self._token = token or (nobody if emulator else AccessToken())
        self._bucket = quote(bucket, safe="")
        self._prefix = f"{folder.strip('/')}/".lstrip("/")
        self._pause = pause
        self._opener = build_opener(_Stay)

    def read(self, name: str) -> bytes | None:
        try:
            return self._whole(self._media(name))
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        md5 = hashlib.md5(content, usedforsecurity=False)
        self._upload(name, BytesIO(content), len(content), base64.b64encode(md5.digest()).decode(), {})

    def names(self, under: str = "") -> list[str]:
        prefix = self._prefix + (f"{under.rstrip('/')}/" if under else "")
        found: list[str] = []
        page = ""
        while True:
            query = {"prefix": prefix, "fields": "items(name),nextPageToken", **({"pageToken": page} if page else {})}
            content = json.loads(self._whole(f"{self._service}/storage/v1/b/{self._bucket}/o?{urlencode(query)}"))
            found += [item["name"][len(self._prefix) :] for item in content.get("items", [])]
            page = content.get("nextPageToken", "")
            if not page:
                return sorted(found)

    def fetch(self, name: str, to: Path) -> str:
        """Goes on where it was cut, in the same generation of the object."""
        to.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        url = self._media(name)
        done, total, tried = 0, -1, 0
        with to.open("wb") as writer:
            while done != total:
                with self._ask("GET", url, {"Range": f"bytes={done}-"} if done else {}) as reply:
                    if total < 0:
                        total = int(reply.headers["Content-Length"])
                        url += f"&generation={reply.headers['x-goog-generation']}"
                    before = done
                    try:
                        while chunk := reply.read(_CHUNK):
                            digest.update(chunk)
                            writer.write(chunk)
                            done += len(chunk)
                    except (OSError, HTTPException) as error:
                        cause: Exception | None = error
                    else:
                        cause = None
                tried = 0 if done > before else tried + 1
                if tried == TRIES:
                    raise BucketError(f"{name}: the download was cut again and again after {done} of {total} bytes") from cause
                if tried > 0 and done != total:
                    self._rest(tried)
        return digest.hexdigest()

    def put(self, source: Path, name: str) -> str:
        sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        with source.open("rb") as reader:
            while chunk := reader.read(_CHUNK):
                sha256.update(chunk)
                md5.update(chunk)
            digest = sha256.hexdigest()
            self._upload(name, reader, reader.tell(), base64.b64encode(md5.digest()).decode(), {"sha256": digest})
        return digest

    def remove(self, under: str) -> None:
        for name in self.names(under):
            try:
                self._ask("DELETE", self._object(name)).close()
            except FileNotFoundError:
                continue

    def _object(self, name: str) -> str:
        return f"{self._service}/storage/v1/b/{self._bucket}/o/{quote(self._prefix + name, safe='')}"

    def _media(self, name: str) -> str:
        return f"{self._object(name)}?alt=media"

    def _upload(self, name: str, content: IO[bytes], size: int, md5: str, metadata: dict[str, str]) -> None:
        """The object is there, whole and with this checksum, or it is not there."""
        session = ""
        done, tried, ended_sessions = 0, 0, 0
        while True:
            if session == "":
                session, done = self._begin(name, {"md5Hash": md5, "metadata": metadata}), 0
            content.seek(done)
            part = content.read(PART)
            if len(part) < PART and done + len(part) < size:
                raise BucketError(f"{name} became shorter while it was copied")
            span = f"bytes {done}-{done + len(part) - 1}/{size}" if part else f"bytes */{size}"
            try:
                self._send("PUT", session, {"Content-Range": span}, part, token=False).close()
                return
            except HTTPError as error:
                cause: Exception = error
                if error.code == 308 and _kept(error) > done:
                    done, tried = _kept(error), 0
                    continue
                if error.code in (404, 410):
                    session = ""
                    ended_sessions += 1
                    if ended_sessions == TRIES:
                        ends = f"the service has ended its session {TRIES} times, the last time after {done} of {size} bytes"
                        raise BucketError(f"{name} could not be uploaded: {ends}") from error
                elif error.code != 308 and error.code not in PASSING:
                    raise self._refusal(error) from error
            except (OSError, HTTPException) as error:
                cause = error
            tried += 1
            if tried == TRIES:
                raise BucketError(f"{name} could not be uploaded: {cause}") from cause
            self._rest(tried)
            if session != "":
                ended, done = self._look(session, size, done)
                if ended:
                    return

    def _begin(self, name: str, about: dict[str, Any]) -> str:
        """The address of an upload's session."""
        query = urlencode({"uploadType": "resumable", "name": self._prefix + name})
        url = f"{self._service}/upload/storage/v1/b/{self._bucket}/o?{query}"
        with self._ask("POST", url, {"Content-Type": "application/json"}, json.dumps(about).encode()) as reply:
            return str(reply.headers["Location"])

    def _look(self, session: str, size: int, done: int) -> tuple[bool, int]:
        """Whether an upload has ended, and how much of it has arrived; a lost answer is looked up, nothing is sent twice."""
        try:
            self._send("PUT", session, {"Content-Range": f"bytes */{size}"}, b"", token=False).close()
        except HTTPError as error:
            return False, _kept(error) if error.code == 308 else done
        except (OSError, HTTPException):
            return False, done
        return True, size

    def _whole(self, url: str) -> bytes:
        """A reply of a few lines, asked for again when it was cut."""
        tried = 1
        while True:
            try:
                with self._ask("GET", url) as reply:
                    return bytes(reply.read())
            except (HTTPException, ConnectionError, TimeoutError) as error:
                if tried == TRIES:
                    raise BucketError(f"{self._service} cuts its answers: {error}") from error
            self._rest(tried)
            tried += 1

    def _ask(self, method: str, url: str, headers: dict[str, str] | None = None, body: bytes | None = None) -> HTTPResponse:
        """Tries again what may pass. `FileNotFoundError` for what is not there, `BucketError` for the rest."""
        tried = 1
        while True:
            try:
                return self._send(method, url, headers or {}, body, token=True, renewed=tried > 1)
            except HTTPError as error:
                if error.code not in PASSING or tried == TRIES:
                    raise self._refusal(error) from error
            except (URLError, HTTPException, TimeoutError, ConnectionError) as error:
                if tried == TRIES:
                    raise BucketError(f"{self._service} does not answer: {error}") from error
            self._rest(tried)
            tried += 1

    def _send(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, *, token: bool, renewed: bool = False
    ) -> HTTPResponse:
        # A session's address is the permission for it.
        bearer = self._token(renewed) if token else None
        request = Request(url, data=body, headers={**headers, **({"Authorization": f"Bearer {bearer}"} if bearer else {})}, method=method)
        reply: HTTPResponse = self._opener.open(request, timeout=SECONDS)
        return reply

    def _refusal(self, error: HTTPError) -> OSError:
        try:
            text = error.read().decode("utf-8", errors="replace")
        except (OSError, HTTPException):
            text = error.reason
        try:
            said = str(json.loads(text)["error"]["message"])
        except (ValueError, KeyError, TypeError):
            said = text
        if error.code == 404 and "bucket" not in said:
            return FileNotFoundError(said[:_MESSAGE_MAX])
        return BucketError(f"gs://{self._bucket}/{self._prefix}: {error.code}, {said[:_MESSAGE_MAX]}")

    def _rest(self, tried: int) -> None:
        time.sleep(min(self._pause * 2 ** (tried - 1), PAUSE_SECONDS_MAX) * (0.5 + random.random() / 2))


def _kept(reply: HTTPError) -> int:
    found = re.fullmatch(r"bytes=0-(\d+)", reply.headers.get("Range") or "")
    return int(found[1]) + 1 if found else 0
