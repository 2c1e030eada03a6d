"""One worker that trains a few steps each time it is told to: `steps.py MODEL PRECISION STEPS`.

TF_CONFIG says which worker. Each line on its standard input starts one measurement, and it answers
with the seconds that the steps took and the bytes that its host sent, as JSON; the first steps are
for TensorFlow to prepare itself.
"""

import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_SENT = Path("/sys/class/net/eth0/statistics/tx_bytes")


def serve(name: str, precision: str, steps: int) -> None:
    """Build the model and train with its default recipe's batches as often as asked."""
    from zoo.utils.quiet import import_tensorflow

    import_tensorflow()
    import keras

    from zoo import data
    from zoo.data.dataset import Split
    from zoo.models import describe
    from zoo.training import examples, strategies
    from zoo.training.checkpoints import Position
    from zoo.training.loop import TrainingLoop
    from zoo.training.precision import policy

    chosen = strategies.choose("multi_worker")
    spec = describe(name)
    train = data.load(spec.dataset).train.map_targets(spec.task.targets)
    batch_size = spec.recipe.batch_size
    size = batch_size * steps
    keras.utils.set_random_seed(0)
    with policy(precision), chosen.strategy.scope():
        model = spec.builder()
    split = examples.choose("memory", model, chosen.strategy, Split(train.x[:size], train.y[:size]))
    loop = TrainingLoop(model, chosen.strategy, split, batch_size=batch_size, seed=0)
    print("ready", flush=True)
    for epoch, _ in enumerate(sys.stdin):
        sent, started = _sent(), time.monotonic()
        for _ in loop.epoch(Position(epoch), lambda step: step + 10):
            pass
        seconds = time.monotonic() - started
        print(json.dumps({"seconds": seconds, "sent": _sent() - sent}), flush=True)


def _sent() -> int:
    return int(_SENT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    serve(*sys.argv[1:3], int(sys.argv[3]))
