"""Headers of every answer, whatever it is, and a page that lives with them."""

import http.client
import shutil
from urllib.parse import urlsplit

import pytest
from benchmarks.live_page import served
from shared_page import Client, shared_page
from talk import assert_one_sentence, call

from zoo.bundles.shipped import find_bundle
from zoo.serve.headers import HEADERS

SECTIONS = ("predict", "playground", "approximation", "physics", "zoo", "join")


def assert_guarded(answer):
    for name, value in HEADERS:
        assert answer.headers[name.decode()] == value.decode()
    # Nothing is let through that is no file of this server.
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    for exception in ("unsafe", "data:", "blob:", "*", "http", "nonce", "sha256"):
        assert exception not in policy


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "/", None, 200),
        ("HEAD", "/", None, 200),
        ("GET", "/static/page.js", None, 200),
        ("GET", "/static/nothing.js", None, 404),
        ("GET", "/static", None, 307),
        ("GET", "/nothing", None, 404),
        ("DELETE", "/", None, 405),
        ("GET", "/api/models", None, 200),
        ("GET", "/api/playground", None, 200),
        ("GET", "/api/join", None, 200),
        ("GET", "/api/join/qr.svg", None, 404),
        ("GET", "/api/cards/xor_mlp", None, 200),
        ("GET", "/api/predict", None, 405),
        ("POST", "/api/predict?model=xor_mlp", b"0 1", 200),
        ("POST", "/api/predict?model=xor_mlp", b"x", 400),
        ("POST", "/api/predict?model=xor_mlp", b"0 " * 40_000, 413),
        ("POST", "/api/playground/start", b"x", 415),
        ("POST", "/api/playground/step", b'{"training": "none", "updates": 1}', 410),
    ],
)
def test_every_answer_has_them(address, method, path, content, status):
    headers = {"Content-Type": "application/json"} if status == 410 else {}
    answer = Client(address).send(method, path, content, headers)
    assert answer.status == status, answer.text
    assert_guarded(answer)
    assert "server" not in answer.headers


def test_an_unexpected_error_has_them_too(tmp_path):
    folder = shutil.copytree(find_bundle("xor_mlp"), tmp_path / "xor_mlp")
    with (
        (tmp_path / "errors.txt").open("w") as errors,
        served(bundles=[folder], stderr=errors) as page,
    ):
        shutil.rmtree(folder)
        answer = Client(page).get("/api/cards/xor_mlp/x.png")
    assert answer.status == 500
    assert_guarded(answer)


def test_who_has_not_joined_gets_them():
    with shared_page(bundles=["xor_mlp"]) as page:
        client = Client(page.outside)
        for path in ("/", "/api/models", "/join/page.css"):
            assert_guarded(client.get(path))
        assert_guarded(client.join("WRONG"))
        assert_guarded(client.join(page.code))
        assert_guarded(client.get("/api/join/qr.svg"))


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://attacker.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://[", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
)
@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("", None),
        ("static/page.js", None),
        ("api/models", None),
        ("api/cards/deep_relu", None),
        ("api/join", None),
        ("api/predict?model=xor_mlp", b"0 1"),
        ("api/playground/start", b"{}"),
        ("api/playground/step", b"{}"),
        ("api/playground/end", b"{}"),
    ],
)
def test_what_another_site_s_page_sends_is_refused(address, headers, path, content):
    assert_one_sentence(call(f"{address}{path}", content, headers), 403, "another site")


def test_a_link_on_another_site_opens_the_page_and_nothing_else(address):
    headers = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    client = Client(address)
    assert client.send("GET", "/", headers=headers).status == 200
    assert client.send("GET", "/api/models", headers=headers).status == 403
    assert client.send("POST", "/", headers=headers).status == 403


def test_what_the_page_itself_sends_is_taken(address):
    headers = {"Origin": address.rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    assert call(f"{address}api/predict?model=xor_mlp", b"0 1", headers)[0] == 200


@pytest.mark.parametrize("host", ["attacker.example", "127.0.0.1.attacker.example", "[", "[::1"])
def test_another_site_s_name_for_this_machine_is_refused(address, host):
    answer = Client(address).get("/api/models", Host=host)
    assert_one_sentence((answer.status, answer.json), 400, "loopback")


def test_a_websocket_is_refused(address):
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
    try:
        headers = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        }
        connection.request("GET", "/api/playground", headers=headers)
        assert connection.getresponse().status != 101
    finally:
        connection.close()


@pytest.mark.parametrize("section", SECTIONS)
def test_no_section_needs_what_the_policy_forbids(browser, address, section):
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(120_000)
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: message.type in ("error", "warning") and complaints.append(message.text),
    )
    page.add_init_script(
        "addEventListener('securitypolicyviolation', (event) => console.error("
        "`${event.violatedDirective} ${event.blockedURI} ${event.sample}`))"
    )
    page.goto(f"{address}#{section}")
    page.wait_for_selector("#model option", state="attached")
    page.wait_for_selector(f"#{section}:not([hidden])")
    if section == "predict":
        for name in ("linear_cat_dog", "cifar_softmax"):
            page.select_option("#model", name)
            page.click("#samples button >> nth=0")
            page.wait_for_selector("#slide li:nth-child(5)")
    if section == "zoo":
        for button in page.locator("#list button").all():
            button.click()
            page.wait_for_selector(f"#card h3:text-is('{button.inner_text()}')")
    page.wait_for_load_state("networkidle")
    context.close()
    assert complaints == []


def test_the_policy_holds(browser, address):
    page = browser.new_page()
    page.goto(address)
    page.wait_for_selector("#model option", state="attached")
    blocked = page.evaluate(
        """async () => {
            const found = [];
            addEventListener("securitypolicyviolation", ({ effectiveDirective }) =>
                found.push(effectiveDirective));
            const script = document.createElement("script");
            script.textContent = "document.title = 'inline'";
            document.body.append(script);
            const image = document.createElement("img");
            image.src = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
            document.body.append(image);
            document.body.insertAdjacentHTML("beforeend", "<p style='color: red'>styled</p>");
            document.body.append(Object.assign(document.createElement("iframe"), { src: "/" }));
            await fetch("http://attacker.example/").catch(() => null);
            await new Promise((done) => setTimeout(done, 300));
            return found;
        }"""
    )
    assert page.title() == "The lecture zoo"
    page.close()
    assert set(blocked) == {
        "connect-src",
        "frame-src",
        "img-src",
        "script-src-elem",
        "style-src-attr",
    }
