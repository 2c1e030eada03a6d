"""`python -m zoo.cli` is the `zoo` command."""

from zoo.cli import main

if __name__ == "__main__":
    main()
