"""A training of the page as a bundle: it answers as the page shows, and says how it was made."""

import asyncio
import base64
import io
import json
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest

import zoo
from zoo import edge
from zoo.serve.export import MAX_WAITING, Exporter, ExportsFullError
from zoo.serve.programs.base import RecentlyUsed
from zoo.serve.programs.choice import program_of
from zoo.serve.settings import CurveSettings, PlaneSettings
from zoo.serve.states import state_bytes

OWN = [(float(x), float(y), float(x * y > 0)) for x in (-2, -1, 1, 2) for y in (-2, -1, 1, 2)]
CASES = {
    "circle": PlaneSettings(test_share=0.2),
    "perceptron": PlaneSettings(data="xor", model="perceptron", features=["x1", "x2", "x1*x2"]),
    "values": PlaneSettings(data="gaussian", task="regression", optimizer="momentum"),
    "own": PlaneSettings(
        data="own",
        points=OWN,
        widths=[5, 4, 3],
        activations=["prelu", "swish", "leaky_relu"],
        features=["x1", "x2^2", "sin(x1)"],
        dropout=0.2,
        regularization="l2",
        regularization_rate=0.001,
        loss="cross_entropy",
        seed=7,
    ),
}
QUICK = [pytest.param("circle", id="circle")]
SLOW = [pytest.param(name, id=name, marks=pytest.mark.slow) for name in CASES if name != "circle"]
EDIT = {"update": 40, "layer": 0, "row": 1, "column": 0, "value": -0.75}


def trained(settings, updates=60):
    """Return the program, and the state after some updates and one weight set by hand."""
    program = program_of(settings, RecentlyUsed(1))
    state = advanced(program, program.start(), EDIT["update"])
    place = (EDIT["layer"], EDIT["row"], EDIT["column"])
    return program, advanced(program, program.set_weight(state, *place, EDIT["value"]), updates)


def advanced(program, state, to):
    while (left := to - int(state["updates"])) > 0:
        state = program.advance(state, left, time.perf_counter() + 60)
    return state


def weights(program, state):
    """Return kernel and bias of each layer, as the page has them."""
    return [
        np.frombuffer(base64.b64decode(packed["float32"]), "<f4").reshape(packed["shape"])
        for layer in program.frame(state, False)["weights"]
        for packed in (layer["kernel"], layer["bias"])
    ]


def exported(settings, state, tmp_path):
    content = asyncio.run(Exporter().export_zip(settings, state_bytes(state), 60, [EDIT]))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path)
    (bundle,) = tmp_path.iterdir()
    return bundle


@pytest.mark.parametrize("name", [*QUICK, *SLOW])
def test_the_bundle_answers_as_the_page(name, tmp_path):
    settings = CASES[name]
    program, state = trained(settings)
    bundle = exported(settings, state, tmp_path)
    frame = program.frame(state, False)
    manifest = edge.read_manifest(bundle)

    grid = frame["grid"]
    levels = np.frombuffer(base64.b64decode(grid["uint16"]), "<u2").reshape(grid["shape"])
    step = (grid["maximum"] - grid["minimum"]) / 65535
    axis = np.linspace(frame["low"], frame["high"], len(levels))
    board = edge.load(bundle)
    for row, column in [(0, 0), (25, 25), (3, 47), (50, 12), (31, 30)]:
        found = board.predict(np.float32([axis[column], axis[row]]))
        answer = found.values[0] if frame["errors"] is None else found.score
        assert answer == pytest.approx(grid["minimum"] + step * levels[row, column], abs=2e-5 + step)

    metrics = manifest["artifacts"]["float32"]["metrics"]
    if frame["errors"] is not None:
        split = "test" if frame["points_count"]["test"] else "train"
        right = 1 - frame["errors"][split] / frame["points_count"][split]
        assert metrics["accuracy"] == pytest.approx(right, abs=1e-6)
        assert manifest["dataset"]["examples"] == frame["points_count"][split]
    else:
        assert metrics["rmse"] == pytest.approx((2 * frame["loss"]["test"]) ** 0.5, rel=1e-4)


@pytest.mark.parametrize("name", [*QUICK, *SLOW])
def test_its_program_gives_the_very_same_weights(name, tmp_path):
    program, state = trained(CASES[name])
    script = tmp_path / "playground.py"
    text = program.python(60, [EDIT])
    compile(text, str(script), "exec")
    script.write_text(
        f"{text}\nnp.savez({str(tmp_path / 'found')!r}, *model.get_weights())\n", encoding="utf-8"
    )
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    with np.load(tmp_path / "found.npz") as file:
        found = list(file.values())
    # PReLU's slopes are on the page, but not among its kernels and biases.
    found = [array for array in found if array.ndim == 2 or not is_slope(name, array)]
    expected = program.model(state).get_weights()
    assert len(expected) >= len(weights(program, state))
    with np.load(tmp_path / "found.npz") as file:
        for got, wanted in zip(file.values(), expected, strict=True):
            np.testing.assert_array_equal(got, wanted)
