"""The join code: nothing is answered without it, to a program or to a real Chromium elsewhere."""

import io
import re

import pytest
from benchmarks.live_page import served
from shared_page import ASKS, Client, shared_page
from talk import call

from zoo.serve.access import access, normalized_code
from zoo.serve.addresses import qr_picture, qr_text


@pytest.fixture(scope="module")
def shared():
    with shared_page() as page:
        yield page


@pytest.fixture
def client(shared):
    return Client(shared.outside)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/?"),
        ("GET", "/static/page.js"),
        ("GET", "/static/../static/index.html"),
        ("GET", "/api/models"),
        ("GET", "/api/join"),
        ("GET", "/api/join/qr.svg"),
        ("GET", "/api/cards/xor_mlp"),
        ("POST", "/api/predict?model=xor_mlp"),
        ("POST", "/api/playground/start"),
        ("GET", "/join"),
        ("GET", "/join/joined"),
        ("GET", "/join/index.html"),
        ("GET", "//join/page.css"),
        ("DELETE", "/"),
        ("OPTIONS", "/api/models"),
        ("GET", "/nothing"),
    ],
)
def test_every_path_asks_for_the_code(client, method, path):
    answer = client.send(method, path, b"0 1" if method == "POST" else None)
    assert (answer.status, answer.asks) == (403, True)
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("name", ["page.css", "joining.css", "joining.js"])
def test_the_page_that_asks_has_its_own_files(client, name):
    answer = client.get(f"/join/{name}")
    assert answer.status == 200
    assert not answer.asks


def test_the_code_lets_in(client, shared):
    answer = client.join(f" {shared.code.lower()} ")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    flags = answer.headers["set-cookie"].split("; ")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(flags)
    assert normalized_code(shared.code) not in flags[0].upper()
    assert 'id="predict"' in client.get("/").text
    assert client.get("/join/joined").status == 204
    assert client.send("POST", "/api/predict?model=xor_mlp", b"0 1").json["label"] == "1"
    assert client.get("/api/join").json == {"address": shared.outside, "code": shared.code}


def test_the_address_of_the_qr_code_lets_in(client, shared):
    answer = client.get(f"/?code={normalized_code(shared.code)}")
    # A redirect would lose the cookie of who comes from another site.
    assert (answer.status, answer.asks) == (200, False)
    assert client.get("/api/models").status == 200
    # Who is in already stays who they are.
    before = client.cookie
    assert not client.get(f"/?code={normalized_code(shared.code)}").asks
    assert client.cookie == before


@pytest.mark.parametrize("value", ["", "x", "a.b", ".", "a." + "0" * 64, '"', "\x7f", "a.é"])
def test_a_cookie_that_the_server_did_not_sign_is_none(client, shared, value):
    port = shared.outside.rstrip("/").rpartition(":")[2]
    answer = client.send("GET", "/", headers={"Cookie": f"zoo_join_{port}={value}".encode()})
    assert (answer.status, answer.asks) == (403, True)


def test_a_cookie_of_another_client_with_another_name_is_none(client, shared):
    client.join(shared.code)
    client.cookie = re.sub("=.", "=A" if "=A" not in client.cookie else "=B", client.cookie)
    assert client.get("/api/models").asks


@pytest.mark.parametrize(
    ("form", "status", "sentence"),
    [
        (b"", 400, "The code is missing"),
        (b"code=", 403, "The join code is not &#x27;&#x27;"),
        (b"code=<script>", 403, "The join code is not &#x27;&lt;script&gt;&#x27;"),
        (b"code=" + b"A" * 200, 400, "give a text of 0 to 100 characters"),
        (b"code=" + b"A" * 5000, 400, "The form is too large."),
        (b"code=a&code=b", 400, "The code is given twice"),
        (b"kode=a", 400, "did you mean code?"),
        (b"\xff\x00", 400, "There is no field"),
    ],
)
def test_what_the_form_may_not_say(client, form, status, sentence):
    answer = client.send("POST", "/join", form)
    assert (answer.status, answer.asks) == (status, True)
    assert sentence in answer.text
    assert "set-cookie" not in answer.headers


def test_guesses_are_limited_and_then_even_the_code_must_wait():
    with shared_page(bundles=["xor_mlp"]) as page:
        joined, guesser = Client(page.outside), Client(page.outside)
        joined.join(page.code)
        wrong = [guesser.join("WRONG") for _ in range(5)]
        wrong += [guesser.get("/?code=WRONG") for _ in range(5)]
        assert {(answer.status, answer.asks) for answer in wrong} == {(403, True)}
        for answer in (guesser.join("WRONG"), guesser.join(page.code)):
            assert (answer.status, answer.asks) == (429, True)
            assert 1 <= int(answer.headers["retry-after"]) <= 6
            assert "Too many wrong codes; try again in" in answer.text
        assert guesser.get("/api/models").asks
        # Who is in stays in.
        assert joined.get("/api/models").status == 200


def test_this_machine_needs_no_code_except_under_another_name(shared):
    assert call(f"{shared.local}api/models")[0] == 200
    # A name that an attacker has pointed at this machine.
    for host in ("attacker.example", "localhost.attacker.example", "[", ""):
        assert Client(shared.local).get("/api/models", Host=host).asks


def test_a_proxy_s_client_is_asked(shared):
    # The server takes the address from a proxy on this machine.
    assert Client(shared.local).get("/api/models", **{"X-Forwarded-For": "203.0.113.5"}).asks


def test_a_given_code_is_asked_of_this_machine_too():
    arguments = ("--code", "slide-five", "--address", "https://zoo.example.org")
    with served(bundles=["xor_mlp"], arguments=arguments) as address:
        client = Client(address)
        assert client.get("/api/models").asks
        assert client.join("SLIDE FIVE").status == 303
        assert client.get("/api/join").json == {
            "address": "https://zoo.example.org/",
            "code": "SLID-EFIV-E",
        }
        # Behind a proxy, the name is the proxy's.
        assert client.get("/api/models", Host="zoo.example.org").status == 200
        secure = client.join("slidefive", {"X-Forwarded-Proto": "https"})
        assert "; Secure" in secure.headers["set-cookie"]


def test_a_page_for_this_machine_alone_invites_nobody(address):
    assert call(f"{address}api/join") == (200, {"address": None, "code": None})
    assert call(f"{address}api/join/qr.svg")[0] == 404


def test_each_server_draws_another_code():
    codes = {access("0.0.0.0").code for _ in range(100)}
    assert len(codes) == 100
    assert {len(code) for code in codes} == {8}


def modules(text):
    """The QR code's modules in the lines of half blocks that a terminal shows; 1 is dark."""
    rows = []
    for line in text.split("\n"):
        rows.append(["█▀".find(character) < 0 for character in line])
        rows.append(["█▄".find(character) < 0 for character in line])
    return rows


def test_terminal_and_page_show_the_same_qr_code():
    import segno

    link = "http://192.0.2.7:8000/?code=ABCDEFGH"
    code = segno.make(link, micro=False)
    size = len(code.matrix)
    found = modules(qr_text(link))
    assert [[int(dark) for dark in row[2 : 2 + size]] for row in found[2 : 2 + size]] == [
        list(row) for row in code.matrix
    ]
    expected = io.BytesIO()
    code.save(expected, kind="svg", border=4)
    # The path of the dark modules.
    pattern = rb'stroke="#000"[^>]* d="([^"]+)"'
    (drawn,) = re.findall(pattern, qr_picture(link))
    assert drawn in expected.getvalue()


@pytest.fixture
def visit(browser, shared):
    """Return a function that opens an address in a browser without cookies."""
    contexts, problems = [], []

    def open_page(address, **settings):
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


def test_a_hand_joins_and_keeps_the_address(visit, shared):
    page = visit(f"{shared.outside}#zoo")
    assert page.title() == "The lecture zoo: join"
    # The field has the focus.
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("[role=alert]:has-text(\"The join code is not 'wrong'\")")
    page.fill("[name=code]", shared.code.replace("-", " ").lower())
    page.click("button")
    page.wait_for_selector("#zoo button")
    assert page.url == f"{shared.outside}#zoo"
    assert page.evaluate("document.cookie") == ""


def test_the_qr_code_s_address_joins_and_is_not_kept(visit, shared):
    page = visit(f"{shared.outside}?code={normalized_code(shared.code)}#zoo")
    page.wait_for_selector("#zoo button")
    assert page.url == f"{shared.outside}#zoo"


def test_a_link_on_another_site_reaches_who_has_joined(visit, shared):
    page = visit(f"{shared.outside}?code={normalized_code(shared.code)}")
    page.wait_for_selector("#model option", state="attached")
    page.goto("about:blank")
    page.set_content(f'<a href="{shared.outside}#zoo">zoo</a>')
    statuses = []
    page.on(
        "response",
        lambda response: (
            response.request.is_navigation_request() and statuses.append(response.status)
        ),
    )
    page.click("a")
    page.wait_for_selector("#zoo button")
    # The browser does not send the cookie with what another site has caused; the page goes on.
    assert statuses == [403, 200]


def test_the_projector_shows_address_code_and_qr_code(visit, shared):
    page = visit(shared.local)
    page.click("nav a[data-section=join]")
    page.wait_for_selector("#join-picture")
    assert page.inner_text("#join-address") == shared.outside
    assert page.inner_text("#join-code") == shared.code
    size = page.evaluate(
        "document.getElementById('join-picture').decode().then(() =>"
        " document.getElementById('join-picture').getBoundingClientRect().width)"
    )
    assert size > 300
    assert ASKS not in page.content()


def test_a_page_that_is_open_while_the_server_restarts_says_so(visit, shared):
    page = visit(f"{shared.outside}?code={normalized_code(shared.code)}#zoo")
    page.wait_for_selector("#zoo button")
    # The cookie of a server that has been restarted is not signed by it.
    page.context.clear_cookies()
    page.click("#zoo button")
    page.wait_for_selector("#card:has-text('asks for its join code; reload this page.')")
