"""The state of the playground in a real Chromium: address, history, what the server says."""

import json
import zipfile

import pytest
from benchmarks.live_page import served
from playground_page import Playground
from talk import call, post_json

from zoo import edge


@pytest.fixture
def playground(open_page):
    """Return a function that opens the playground in a window, with a state of it."""

    def open_playground(text="", **settings):
        return Playground(open_page(part="zoo", **settings)).open(text)

    return open_playground


def test_the_whole_state_stands_in_the_address(playground):
    shown = playground()
    page = shown.page
    shown.choose("spiral")
    page.select_option("[name=optimizer]", "adamw")
    shown.settle()
    page.click("[data-key='feature-sin(x1)']")
    shown.settle()
    page.click("#deeper")
    shown.settle()
    page.check("#test_points")
    page.check("#discretised")
    shown.press("epoch").press("one")
    address, losses = page.url, shown.losses
    assert shown.state == {
        "data": "spiral",
        "features": "x1,x2,sin(x1)",
        "widths": "4,2,2",
        "activations": "tanh,tanh,tanh",
        "optimizer": "adamw",
        "discretised": "1",
        "test_points": "1",
        "updates": "26",
    }
    page.goto("about:blank")
    page.goto(address)
    shown.settle()
    assert (page.url, shown.losses, shown.updates) == (address, losses, 26)
    assert page.is_checked("#discretised")
    assert page.input_value("[name=optimizer]") == "adamw"
    # Another section and back again: the same training.
    page.click("nav a[data-section=zoo]")
    page.wait_for_selector("#zoo:not([hidden])")
    page.click("nav a[data-section=playground]")
    page.wait_for_selector("#playground:not([hidden])")
    assert (page.url, shown.settle().losses) == (address, losses)


def test_the_history_undoes_a_change_and_a_pasted_address_is_shown(playground):
    shown = playground()
    page = shown.page
    shown.choose("spiral").press("epoch")
    losses = shown.losses
    shown.choose("clouds")
    page.go_back()
    shown.settle()
    page.wait_for_selector("[data-part=updates]:text-is('25')")
    assert (shown.settings["data"], shown.losses) == ("spiral", losses)
    page.go_forward()
    assert shown.settle().settings["data"] == "clouds"
    page.evaluate("location.hash = '#playground?data=xor&widths=3&activations=elu'")
    assert shown.settle().settings["widths"] == [3]
    assert shown.page.is_checked("#data input[value=xor]")


@pytest.mark.parametrize(
    "text",
    [
        "data=moon&widths=0,99,x&activations=none&features=x9&batch_size=-1&noise=7",
        "points=1,2;a,b,c;&data=own&seed=1e99&learning_rate=&model=%E0%A4%A",
        "widths=1,2,3,4,5,6,7,8,9&activations=relu,relu&edits=x;&updates=-5",
    ],
)
def test_an_address_may_say_anything(playground, text):
    shown = playground(text)
    assert shown.problem == ""
    assert shown.updates == 0
    assert shown.page.inner_text("#repaired").startswith("Not all of the address can be shown: ")


def test_what_an_address_says_and_cannot_be_shown_is_told(playground):
    shown = playground("widths=99&activations=relu&data=foo&loss=cross_entropy")
    said = "Not all of the address can be shown: widths is 32, data is circle."
    page = shown.page
    assert page.inner_text("#repaired") == said
    # The address is of what is shown.
    assert shown.state == {"widths": "32", "activations": "relu", "loss": "cross_entropy"}
    shown.choose("spiral")
    assert not page.is_visible("#repaired")
    address = page.url
    page.evaluate("location.hash = '#playground?data=gaussian&model=perceptron'")
    shown.settle()
    assert page.inner_text("#repaired").endswith(": model is network.")
    page.goto("about:blank")
    page.goto(address)
    assert not shown.settle().page.is_visible("#repaired")


def test_pause_ends_a_start_that_goes_far(playground):
    shown = playground()
    page = shown.page
    page.evaluate("location.hash = '#playground?updates=99999999'")
    page.wait_for_selector("#play-transport .run.running")
    made = "#playground:not(.starting) #progress:not(:has-text('After 0 '))"
    page.wait_for_selector(made, state="attached")
    assert page.inner_text("#repaired").endswith(": updates is 1000000.")
    shown.press("run").settle()
    reached = shown.updates
    assert 0 < reached < 1_000_000
    page.wait_for_timeout(500)
    assert shown.updates == reached
    assert shown.state["updates"] == str(reached)
    assert shown.press("one").updates == reached + 1


def test_a_link_is_copied(playground):
    shown = playground(permissions=["clipboard-read", "clipboard-write"])
    shown.press("epoch")
    shown.page.click("#share")
    shown.page.wait_for_selector("#sharing-text:has-text('The link is copied.')")
    assert shown.page.evaluate("navigator.clipboard.readText()") == shown.page.url
    assert shown.state["updates"] == "25"


def test_the_code_is_shown_and_copied(playground):
    shown = playground(
        "widths=3&activations=elu", permissions=["clipboard-read", "clipboard-write"]
    )
    shown.press("epoch")
    shown.page.click("#show-code")
    shown.page.wait_for_selector("#code:visible")
    code = shown.page.inner_text("#code")
    compile(code, "code", "exec")
    assert "import keras" in code
    assert "elu" in code
    shown.page.click("#copy-code")
    shown.page.wait_for_selector("#sharing-text:has-text('The code is copied.')")
    assert shown.page.evaluate("navigator.clipboard.readText()").strip() == code.strip()
    # It is that of the training that is shown.
    shown.press("one")
    assert not shown.page.is_visible("#code")


@pytest.mark.slow
def test_a_training_is_exported_as_a_bundle(playground, tmp_path):
    shown = playground("data=xor&widths=4&activations=swish&optimizer=adam")
    shown.run_until(", 0 of 4 points wrong")
    with shown.page.expect_download(timeout=200_000) as found:
        shown.page.click("#export")
    found.value.save_as(tmp_path / "bundle.zip")
    shown.page.wait_for_selector("#sharing-text:has-text('saved')")
    with zipfile.ZipFile(tmp_path / "bundle.zip") as packed:
        packed.extractall(tmp_path / "bundle")
    manifest = next((tmp_path / "bundle").rglob("manifest.json"))
    bundle = edge.load(manifest.parent)
    answers = [bundle.predict(row).label for row in ([0, 0], [0, 1], [1, 0], [1, 1])]
    assert answers == [str(label) for label in (0, 1, 1, 0)]


def test_what_is_shown_is_what_is_trained(playground):
    shown = playground("speed=1")
    page = shown.page
    page.evaluate(
        """() => {
            window.texts = [];
            const progress = document.getElementById("progress");
            new MutationObserver(() => window.texts.push(progress.textContent))
                .observe(progress, { childList: true });
        }"""
    )
    # All of it while updates are under way: the training runs on, with what was chosen last.
    shown.press("run")
    page.wait_for_selector("[data-part=updates] >> nth=0")
    for name in ("xor", "clouds", "and"):
        page.check(f"#data input[value={name}]", force=True)
    page.wait_for_selector("#progress:has-text('of 4 points wrong')", state="attached")
    assert page.inner_text("#play-transport [data-part=run-text]") == "Pause"
    page.evaluate("window.texts.length = 0")
    page.wait_for_timeout(500)
    texts = page.evaluate("window.texts")
    assert len(texts) > 2
    assert all("of 4 points wrong" in text for text in texts)
    shown.press("run").settle()
    assert shown.settings["data"] == "and"


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        ("batch_size", "2.5", "The batch size cannot be 2.5; give a whole number from 1 to 500."),
        ("batch_size", "0", "The batch size cannot be 0; give a whole number from 1 to 500."),
        ("learning_rate", "", "The learning rate must be a number; give a number from 0.000001"),
        ("learning_rate", "11", "The learning rate cannot be 11; give a number from 0.000001"),
        ("seed", "1.5", "The seed cannot be 1.5; give a whole number from 0 to 2,147,483,647."),
    ],
)
def test_a_number_that_is_refused_changes_nothing(playground, name, typed, sentence):
    shown = playground()
    page, before = shown.page, shown.settings
    field = page.locator(f"#playground form [name={name}]")
    field.fill(typed)
    field.press("Enter")
    said = page.locator("form:not(.lab-settings) .problem:visible")
    assert said.inner_text().startswith(sentence)
    assert said.inner_text().endswith(f"It is still {before[name]}.")
    assert field.input_value() == str(before[name])
    # What is changed next is not refused because of it.
    page.select_option("#settings [name=optimizer]", "adam")
    assert shown.settle().settings == {**before, "optimizer": "adam"}
    assert said.count() == 0


def test_a_training_that_the_server_has_ended_goes_on(playground, address):
    shown = playground()
    shown.press("epoch").press("epoch")
    losses = shown.losses
    shown.press("reset").press("epoch")
    status, _ = post_json(f"{address}api/playground/end", {"training": shown.frame["training"]})
    assert status == 200
    shown.press("epoch")
    assert (shown.updates, shown.losses, shown.problem) == (50, losses, "")


def test_a_training_that_diverges_says_so_and_can_go_back(playground):
    shown = playground("data=plane&optimizer=sgd&learning_rate=10&activations=linear&speed=50")
    shown.page.click("#play-transport [data-part=run]")
    shown.page.wait_for_selector("#play-problem:has-text('diverged')")
    assert shown.problem.endswith("choose a smaller learning rate.")
    assert shown.page.inner_text("#play-transport [data-part=run-text]") == "Run"
    shown.page.fill("[name=learning_rate]", "0.01")
    shown.page.keyboard.press("Enter")
    shown.settle()
    shown.press("epoch")
    assert (shown.problem, shown.updates) == ("", 25)


def test_a_server_that_is_gone_and_back_again(playground):
    shown = playground()
    shown.page.route("**/api/playground/step", lambda route: route.abort())
    shown.press("one")
    assert shown.problem == "The server cannot be reached, or it closed the connection."
    shown.page.unroute("**/api/playground/step")
    assert shown.press("one").updates == 1
    assert shown.problem == ""


@pytest.fixture(scope="module")
def served_with():
    """Return a function that serves the page with more arguments."""
    import contextlib

    with contextlib.ExitStack() as stack:
        yield lambda *words: stack.enter_context(served(bundles=["xor_mlp"], arguments=words))


def test_a_full_room_is_told_in_a_sentence(browser, served_with):
    address = served_with("--places", "1")
    pages = [browser.new_page(), browser.new_page()]
    for page in pages:
        page.set_default_timeout(60_000)
    pages[0].goto(f"{address}#playground")
    shown = Playground(pages[0]).settle()
    pages[1].goto(f"{address}#playground")
    pages[1].wait_for_selector("#play-problem:has-text('full')")
    # The place of a page that is left is free at once.
    assert shown.press("one").updates == 1
    pages[0].goto("about:blank")
    pages[1].click("#play-transport [data-part=one]")
    Playground(pages[1]).settle()
    assert pages[1].inner_text("#play-problem") == ""
    for page in pages:
        page.close()


def test_a_page_for_looking_and_asking_only_says_so(browser, served_with):
    address = served_with("--read-only")
    assert call(f"{address}api/playground")[1]["read_only"] is True
    page = browser.new_page()
    page.goto(f"{address}#playground")
    page.wait_for_selector("#play-problem:has-text('nothing can be trained')")
    for control in page.locator("#play-transport button").all():
        assert control.is_disabled()
    assert page.is_disabled("#export")
    for part in ("#settings", ".data-part", ".network-part"):
        assert page.eval_on_selector(part, "one => one.inert")
    page.close()


def test_a_page_s_messages_are_few(playground):
    shown = playground()
    sent = []
    shown.page.on("request", lambda request: sent.append(request.url.rpartition("/")[2]))
    # A slider that is dragged sends what is newest, one message at a time.
    shown.page.evaluate(
        """() => {
            const slider = document.querySelector("#data-settings [name=noise]");
            for (const noise of [0.05, 0.1, 0.15, 0.2, 0.25, 0.3]) {
                slider.value = noise;
                slider.dispatchEvent(new Event("input"));
            }
        }"""
    )
    shown.settle()
    assert shown.settings["noise"] == pytest.approx(0.3)
    assert sent.count("start") <= 2
    assert json.dumps(shown.settings)
