"""Record how recipes were found and which accuracy they reach.

Searches, curves and penalties are written to docs/results/, accuracies and times to
zoo/registry/results.csv, from which `zoo describe` prints them.

    python tools/results.py search compact --epochs 40   # deep_relu's recipe, one thing changed
    python tools/results.py trials RUN RUN …             # trainings side by side
    python tools/results.py curve RUN                    # a run's accuracy against minutes
    python tools/results.py recipes mark_one deep_relu:lecture --seeds 5
    python tools/results.py penalties linear_cat_dog     # the test accuracy for every λ
    python tools/results.py penalties cifar_softmax --recipe rgb
    python tools/results.py budget FOLDER --minutes 1 2  # deep_relu with time budgets
    python tools/results.py views RUN                    # the mean answer over views, and its cost
    python tools/results.py peers                        # own data, against scikit-learn's models
    python tools/results.py physics pinn_burgers         # errors of physics-informed networks
    python tools/results.py joints FOLDER                # drawn and real joints, against HOG
    python tools/results.py poses FOLDER                 # joints of drawn people and in photos
    python tools/results.py light                        # corrupted photos; goes on where it ended
    python tools/results.py playground --checkout FOLDER # beside TensorFlow Playground's own code

Searches, budgets and "light" use validation data only; "penalties" computes test accuracies
afterwards. Needs the data sets (TFDS_DATA_DIR); penalties of cifar_softmax, peers and joints need
scikit-learn, playground needs Node.js, whose npx fetches esbuild.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from zoo.errors import Preempted, ZooError
from zoo.utils.quiet import import_tensorflow


def main() -> None:
    """Run the command that is given on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    searching = commands.add_parser("search")
    searching.add_argument("recipe")
    searching.add_argument("--epochs", type=int, default=40)
    searching.add_argument("--runs", type=Path, help="run folders; the same command goes on")
    trying = commands.add_parser("trials")
    trying.add_argument("runs", nargs="+", type=Path)
    tracing = commands.add_parser("curve")
    tracing.add_argument("run", type=Path)
    repeating = commands.add_parser("recipes")
    repeating.add_argument("names", nargs="+")
    repeating.add_argument("--seeds", type=int, default=5)
    repeating.add_argument("--runs", type=Path, help="run folders; the same command goes on")
    weighing = commands.add_parser("penalties")
    weighing.add_argument("name", choices=("linear_cat_dog", "cifar_softmax"))
    weighing.add_argument("--recipe", choices=("best", "rgb"), default="best")
    budgeting = commands.add_parser("budget")
    budgeting.add_argument("folder", type=Path, help="for run folders; the same one goes on")
    budgeting.add_argument("--minutes", nargs="+", type=float, default=[1.0, 2.0, 5.0, 10.0, 20.0])
    budgeting.add_argument("--recipes", nargs="+", default=["lecture", "compact", "best"])
    viewing = commands.add_parser("views")
    viewing.add_argument("run", type=Path)
    comparing = commands.add_parser("peers")
    comparing.add_argument("--splits", type=int, default=10)
    solving = commands.add_parser("physics")
    solving.add_argument("name")
    solving.add_argument("--seeds", type=int, default=5)
    locating = commands.add_parser("joints")
    locating.add_argument("folder", type=Path)
    locating.add_argument("--seeds", type=int, default=3)
    posing = commands.add_parser("poses")
    posing.add_argument("folder", type=Path, help="photos with joints, as for coordinates:FOLDER")
    posing.add_argument("--seeds", type=int, default=5)
    lighting = commands.add_parser("light")
    lighting.add_argument("--runs", type=Path, default=Path("runs/light"), help="run folders")
    lighting.add_argument("--finished", type=Path, help="further run folders, MODEL-RECIPE-SEED")
    lighting.add_argument("--epochs", type=int, default=8, help="of deep_relu")
    lighting.add_argument("--seeds", type=int, default=3)
    playing = commands.add_parser("playground")
    playing.add_argument("--checkout", type=Path, required=True, help="of tensorflow/playground")
    playing.add_argument("--seeds", type=int, default=7)
    options = parser.parse_args()
    import_tensorflow()
    from records import (
        budget,
        joints,
        light,
        peers,
        penalties,
        physics,
        playground,
        poses,
        trainings,
        trials,
        views,
    )

    try:
        if options.command == "search":
            trainings.search(options.recipe, options.epochs, options.runs)
        elif options.command == "trials":
            trials.trials(options.runs)
        elif options.command == "curve":
            trainings.curve(options.run)
        elif options.command == "recipes":
            trainings.recipes(options.names, options.seeds, options.runs)
        elif options.command == "views":
            views.views(options.run)
        elif options.command == "budget":
            budget.budgets(options.folder, options.minutes, options.recipes)
        elif options.command == "peers":
            peers.peers(options.splits)
        elif options.command == "physics":
            physics.physics(options.name, options.seeds)
        elif options.command == "joints":
            joints.joints(options.folder, options.seeds)
        elif options.command == "light":
            light.light(options.runs, options.epochs, options.seeds, options.finished)
        elif options.command == "poses":
            poses.poses(options.folder, options.seeds)
        elif options.command == "playground":
            playground.playground(options.checkout, options.seeds)
        elif options.name == "linear_cat_dog":
            penalties.ridge_penalties()
        else:
            penalties.softmax_penalties(options.recipe)
    except Preempted as stopped:
        print(stopped, file=sys.stderr)
        sys.exit(stopped.exit_code)
    except ZooError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
