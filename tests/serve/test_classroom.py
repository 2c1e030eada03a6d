"""Ten real browser pages that train at once, and a full room."""

import time

import pytest
from benchmarks.live_page import served
from playground_page import Playground
from playground_settings import SETTINGS
from talk import assert_one_sentence, call, post_json

PAGES, SECONDS = 10, 20
SMALL = (480, 700)
NETWORKS = [
    "data=circle",
    "data=spiral&widths=8,8",
    "data=xor_clouds&widths=32,32,32,32&activations=relu,relu,relu,relu",
    "data=xor&widths=4&activations=tanh",
]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_ten_pages_train_at_once_and_a_photo_is_answered_beside_them(
    open_page, address, photos_dir
):
    shown, frames = [], dict.fromkeys(range(PAGES), 0)

    def count(number):
        def seen(response):
            frames[number] += response.url.endswith("/api/playground/step")

        return seen

    for number in range(PAGES):
        network = NETWORKS[number % len(NETWORKS)]
        page = open_page(SMALL, "zoo")
        page.on("response", count(number))
        shown.append(Playground(page).open(f"{network}&seed={number}"))
    for page in shown:
        page.press("run")
    # Every page has begun.
    for page in shown:
        page.page.wait_for_selector("#progress:has-text('After')", state="attached")
    begin, photos = [page.updates for page in shown], []
    started = time.monotonic()
    before = dict(frames)
    while time.monotonic() < started + SECONDS:
        shown[0].page.wait_for_timeout(500)
        photo = (photos_dir / "dog" / "0.jpg").read_bytes()
        asked = time.monotonic()
        status, _ = call(f"{address}api/predict?model=linear_cat_dog", photo)
        photos.append(time.monotonic() - asked)
        assert status == 200
    seconds = time.monotonic() - started
    rates = [(frames[number] - before[number]) / seconds for number in frames]
    made = [page.updates - first for page, first in zip(shown, begin, strict=True)]
    assert [page.problem for page in shown] == [""] * PAGES
    # One browser draws them all, on the cores on which they are trained.
    assert min(rates) >= 0.5, rates
    assert max(rates) <= 3 * min(rates), rates
    assert min(made) >= 5 * SECONDS, made
    assert sorted(photos)[len(photos) // 2] < 0.5, photos


def test_a_full_room_is_told_so_and_who_is_in_goes_on():
    with served(bundles=["xor_mlp"], arguments=["--places", "3"]) as address:
        url = f"{address}api/playground/"
        assert call(f"{address}api/playground")[1]["places"] == 3
        inside = [post_json(f"{url}start", {"settings": SETTINGS})[1] for _ in range(3)]
        for _ in range(20):
            asked = time.monotonic()
            refused = post_json(f"{url}start", {"settings": SETTINGS})
            assert_one_sentence(refused, 503, "The room is full", "all 3 places")
            assert time.monotonic() - asked < 1
        for frame in inside:
            token = frame["training"]
            assert post_json(f"{url}step", {"training": token, "updates": 1})[1]["updates"] == 1
        # Whoever is in may begin another training.
        other = {"settings": {**SETTINGS, "data": "or"}, "training": inside[0]["training"]}
        status, replaced = post_json(f"{url}start", other)
        assert status == 200
        assert post_json(f"{url}end", {"training": replaced["training"]}) == (200, {})
        assert post_json(f"{url}start", {"settings": SETTINGS})[0] == 200
