"""How the tests use the playground of the page."""

import json
import re


class Playground:
    """The playground of a page: its buttons, and what the server has answered.

    Args:
        page: of playwright.
    """

    def __init__(self, page):
        self.page = page
        self._answers = []
        page.on("response", self._keep)

    def _keep(self, response):
        if re.search(r"/api/playground/(start|step|back|weight)$", response.url) and response.ok:
            self._answers.append(response)

    def open(self, text=""):
        """Open a state of the playground as a new page does."""
        address = self.page.url.split("#")[0]
        self.page.goto("about:blank")
        self.page.goto(f"{address}#playground{'?' if text else ''}{text}")
        return self.settle()

    def settle(self):
        """Wait until the page shows the newest training standing still; returns itself."""
        # Requests follow a change of the page at once.
        self.page.wait_for_timeout(50)
        self.page.wait_for_selector(
            "#playground[data-busy=false]:not(.starting) #progress[aria-busy=false]"
        )
        self.page.wait_for_selector("#progress:has-text('After')", state="attached")
        return self

    @property
    def frame(self):
        """The newest answer with a frame."""
        return self._answers[-1].json()

    @property
    def settings(self):
        return self.frame["settings"]

    @property
    def updates(self):
        return int(self.page.inner_text("[data-part=updates]").replace(",", ""))

    @property
    def losses(self):
        return self.page.inner_text("#loss-train"), self.page.inner_text("#loss-test")

    @property
    def problem(self):
        return self.page.inner_text("#play-problem")

    def press(self, part):
        """Press one of the buttons of the training, and wait for what it does."""
        self.page.click(f"#play-transport [data-part={part}]")
        return self.settle() if part != "run" else self

    def run_until(self, text):
        """Run until the page says a text, and pause."""
        self.press("run")
        self.page.wait_for_selector(f"#progress:has-text('{text}')", state="attached")
        if self.page.inner_text("[data-part=run-text] >> nth=0") == "Pause":
            self.press("run")
        return self.settle()

    def go_to(self, update):
        """Move the slider to an update."""
        self.page.eval_on_selector(
            "#play-transport [data-part=timeline]",
            """(slider, update) => {
                slider.value = update;
                slider.dispatchEvent(new Event("input"));
            }""",
            update,
        )
        text = f"After {update:,} update"
        self.page.wait_for_selector(f"#progress:has-text('{text}')", state="attached")
        return self.settle()

    def choose(self, name):
        """Choose a data set."""
        self.page.check(f"#data input[value={name}]", force=True)
        return self.settle()

    def plane(self, points):
        """Return the colours (red, green, blue) of the picture of the plane at points of it."""
        return self.page.evaluate(
            """([points, low, high]) => {
                const canvas = document.getElementById("boundary");
                const size = parseFloat(getComputedStyle(canvas).fontSize);
                const ratio = canvas.width / canvas.clientWidth;
                const left = (high - low < 4 ? 3.9 : 3.3) * size;
                const width = canvas.clientWidth - left - 0.9 * size;
                const height = canvas.clientHeight - 3.7 * size;
                const context = canvas.getContext("2d");
                return points.map(([x, y]) => {
                    const across = left + width * (x - low) / (high - low);
                    const down = 0.7 * size + height * (high - y) / (high - low);
                    const place = [across * ratio, down * ratio].map(Math.round);
                    return [...context.getImageData(...place, 1, 1).data].slice(0, 3);
                });
            }""",
            [points, self.frame["low"], self.frame["high"]],
        )

    def place_on_plane(self, x, y):
        """Return the position in the window of a point of the plane."""
        canvas = self.page.locator("#boundary")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        size = float(
            self.page.eval_on_selector(
                "#boundary", "one => parseFloat(getComputedStyle(one).fontSize)"
            )
        )
        low, high = self.frame["low"], self.frame["high"]
        left = (3.9 if high - low < 4 else 3.3) * size
        width, height = box["width"] - left - 0.9 * size, box["height"] - 3.7 * size
        return (
            box["x"] + left + width * (x - low) / (high - low),
            box["y"] + 0.7 * size + height * (high - y) / (high - low),
        )

    @property
    def state(self):
        """What stands in the address behind #playground?, as a dictionary of texts."""
        _, _, text = self.page.url.partition("?")
        return dict(pair.split("=", 1) for pair in text.split("&") if pair)

    def message_of(self, path):
        """Return the newest message that was sent to a path, parsed."""
        sent = [one for one in self._answers if one.url.endswith(path)]
        return json.loads(sent[-1].request.post_data)
