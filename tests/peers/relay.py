"""Two servers on loopback: one passes requests on and writes them down, one takes minutes to answer."""

import base64
import email.parser
import email.policy
import hashlib
import http.client
import io
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import numpy as np
from PIL import Image


class Passed:
    """One request that came."""

    def __init__(self, path: str, content_type: str, body: bytes) -> None:
        self.path = path
        self.body = body
        head = f"Content-Type: {content_type}\r\n\r\n".encode()
        self._message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)

    def files(self, name: str) -> list[bytes]:
        """The files of a multipart field, byte for byte."""
        found = []
        for part in self._message.iter_parts():
            if part.get_param("name", header="content-disposition") == name and part.get_filename():
                content = part.get_payload(decode=True)
                assert isinstance(content, bytes)
                found.append(content)
        return found

    def digest(self, name: str) -> str:
        (content,) = self.files(name)
        return hashlib.sha256(content).hexdigest()


class _Loopback:
    """A threading server with one handler class, until closed."""

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Relay(_Loopback):
    """Passes everything on to `target`, a base URL."""

    def __init__(self, target: str) -> None:
        self.passed: list[Passed] = []
        relay = self
        where = urlsplit(target)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                relay.passed.append(Passed(self.path, self.headers["Content-Type"], body))
                self._answer(body)

            def do_GET(self) -> None:
                self._answer(None)

            def _answer(self, body: bytes | None) -> None:
                line = http.client.HTTPConnection(where.hostname or "", where.port, timeout=90)
                names = ("Content-Type", "Authorization", "Accept")
                headers = {name: self.headers[name] for name in names if name in self.headers}
                line.request(self.command, self.path, body, headers)
                reply = line.getresponse()
                content = reply.read()
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.headers["Content-Type"])
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                line.close()

            def log_message(self, *words: object) -> None:
                pass

        super().__init__(Handler)


class SlowGateway(_Loopback):
    """Answers every edit with a green picture, `seconds` after it came."""

    def __init__(self, seconds: float) -> None:
        self._closed = threading.Event()
        closed = self._closed
        file = io.BytesIO()
        Image.fromarray(np.full((256, 256, 3), (10, 200, 30), np.uint8)).save(file, "PNG")
        reply = {"created": 1, "data": [{"b64_json": base64.b64encode(file.getvalue()).decode()}]}
        content = json.dumps(reply).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                if closed.wait(seconds):
                    return
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *words: object) -> None:
                pass

        super().__init__(Handler)

    def close(self) -> None:
        self._closed.set()
        super().close()
