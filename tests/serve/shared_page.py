"""A page that other machines may join, and a client of it as from another machine."""

import contextlib
import dataclasses
import http.client
import json
import re
from urllib.parse import urlencode, urlsplit

from benchmarks.live_page import served
from talk import call

ASKS = "<title>The lecture zoo: join</title>"


@dataclasses.dataclass
class Shared:
    """A page on all interfaces: its address on this machine and for others, and the join code."""

    local: str
    outside: str
    code: str


@contextlib.contextmanager
def shared_page(*arguments, bundles=("xor_mlp", "linear_cat_dog"), **options):
    """Serve a page on all interfaces, and yield it as `Shared`."""
    words = ["--host", "0.0.0.0", *arguments]
    with served(bundles=bundles, arguments=words, **options) as local:
        invitation = call(f"{local}api/join")[1]
        yield Shared(local, invitation["address"], invitation["code"])


@dataclasses.dataclass
class Answer:
    """Status, headers (names in lower case) and text of an answer."""

    status: int
    headers: dict
    text: str

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def asks(self):
        """Whether it is the page that asks for the join code."""
        return ASKS in self.text


class Client:
    """Sends requests and keeps the cookie, as a browser does."""

    def __init__(self, address):
        self._place = urlsplit(address)
        self.cookie = None

    def send(self, method, path, content=None, headers=None):
        """Send a request and return its `Answer`."""
        headers = dict(headers or {})
        if self.cookie:
            headers["Cookie"] = self.cookie
        connection = http.client.HTTPConnection(self._place.hostname, self._place.port, timeout=60)
        try:
            connection.request(method, path, content, headers)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            answer = Answer(response.status, found, response.read().decode())
        finally:
            connection.close()
        if cookie := re.match(r"[^;]+", found.get("set-cookie", "")):
            self.cookie = cookie[0]
        return answer

    def get(self, path, **headers):
        return self.send("GET", path, headers=headers)

    def post(self, path, message, headers=None):
        """Post a message as JSON."""
        content = json.dumps(message).encode()
        return self.send(
            "POST", path, content, {"Content-Type": "application/json", **(headers or {})}
        )

    def join(self, code, headers=None):
        """Send the form of the page that asks for the code."""
        content = urlencode({"code": code})
        form = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        return self.send("POST", "/join", content, form)
