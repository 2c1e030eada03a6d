"""A training of the page as a bundle: it answers as the page shows, and says how it was made."""

import asyncio
import io
import subprocess
import sys
import time
import zipfile

import keras
import numpy as np
import pytest

import zoo
from zoo import edge
from zoo.serve.export import MAX_WAITING, Exporter, ExportsFullError
from zoo.serve.packing import unpack
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
# Where a share of the range of all answers, or of the error, says nothing.
CASES["one_value"] = PlaneSettings(
    data="own", task="regression", points=[(0.0, 0.0, 5.0), (1.0, 1.0, 900.0)], learning_rate=0.5
)
CASES["exact"] = PlaneSettings(data="plane", task="regression", widths=[], activations=[])
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

    grid = unpack(frame["grid"])
    step = (frame["grid"]["maximum"] - frame["grid"]["minimum"]) / 65535
    axis = np.linspace(frame["low"], frame["high"], len(grid))
    board = edge.load(bundle)
    for row, column in [(0, 0), (25, 25), (3, 47), (50, 12), (31, 30)]:
        found = board.predict(np.float32([axis[column], axis[row]]))
        assert found.scores[0] == pytest.approx(grid[row, column], abs=2e-5 + step)

    metrics = manifest["artifacts"]["float32"]["metrics"]
    if frame["errors"] is not None:
        split = "test" if frame["points_count"]["test"] else "train"
        right = 1 - frame["errors"][split] / frame["points_count"][split]
        assert metrics["accuracy"] == pytest.approx(right, abs=1e-6)
        assert manifest["dataset"]["examples"] == frame["points_count"][split]
    else:
        assert metrics["rmse"] == pytest.approx(
            (2 * frame["loss"]["test"]) ** 0.5, rel=1e-4, abs=1e-6
        )


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
        for found, expected in zip(file.values(), program.model(state).get_weights(), strict=True):
            np.testing.assert_array_equal(found, expected)


def test_the_folder_says_how_it_was_trained(tmp_path):
    settings = CASES["circle"]
    program, state = trained(settings)
    bundle = exported(settings, state, tmp_path)
    assert bundle.name == "circle-60"
    assert (bundle / "playground.py").read_text(encoding="utf-8") == program.python(60, [EDIT])
    card = (bundle / "README.md").read_text(encoding="utf-8")
    assert "60 updates in the playground of `zoo serve`, with weights set by hand" in card
    assert str(tmp_path) not in card
    manifest = edge.read_manifest(bundle)
    assert manifest["training"]["config"]["data_dir"] is None
    assert manifest["training"]["results"]["steps"] == 60
    model = zoo.load_model(bundle)
    for found, expected in zip(
        model.get_weights(), program.model(state).get_weights(), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


def test_the_weight_decay_of_adamw_is_recorded(tmp_path):
    settings = PlaneSettings(
        optimizer="adamw", learning_rate=0.01, widths=[3], activations=["tanh"]
    )
    _, state = trained(settings)
    manifest = edge.read_manifest(exported(settings, state, tmp_path))
    recipe = manifest["training"]["config"]["recipe"]
    assert recipe["optimizer"] == "adamw"
    assert recipe["weight_decay"] == keras.optimizers.AdamW().weight_decay > 0


def test_other_sections_are_refused():
    with pytest.raises(zoo.ZooError, match="playground"):
        asyncio.run(Exporter().export_zip(CurveSettings(), b"", 0))


def test_a_diverged_training_is_one_sentence(tmp_path):
    settings = CASES["circle"]
    program = program_of(settings, RecentlyUsed(1))
    state = program.start()
    state["weights"] = np.full_like(state["weights"], np.nan)
    with pytest.raises(zoo.ZooError, match=r"choose a smaller learning rate\.$"):
        exported(settings, state, tmp_path)


def test_more_than_a_few_do_not_wait():
    exporter = Exporter()

    async def crowd():
        tasks = [
            asyncio.create_task(exporter.export_zip(PlaneSettings(), b"", 0))
            for _ in range(MAX_WAITING + 1)
        ]
        await asyncio.sleep(0)
        with pytest.raises(ExportsFullError, match="try again"):
            await exporter.export_zip(PlaneSettings(), b"", 0)
        for task in tasks:
            task.cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    # As when the server is stopped.
    for stopped in asyncio.run(crowd()):
        assert isinstance(stopped, zoo.ZooError)
        assert str(stopped) == "The server is stopped; export again when it is back."
