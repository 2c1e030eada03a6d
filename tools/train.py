"""`python tools/train.py …` is `zoo train …`: what a cluster's launcher calls from a checkout."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from zoo.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "train")
    main()
