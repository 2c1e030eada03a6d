"""The option `--plugin`, which stands anywhere on the command line, as `--debug` does."""

from __future__ import annotations

from collections.abc import Sequence

from zoo.registry.plugins import name_plugin
from zoo.utils.quiet import prepare_keras

PLUGIN = "--plugin"


def name_plugins(words: Sequence[str]) -> list[str]:
    """Name the plugins of a command line to this process, and return the words without them.

    Args:
        words: of the command line; what follows a "--" is left as it is.

    Raises:
        ZooError: for a module or file that does not exist.
    """
    # A plugin may import Keras before the command does.
    prepare_keras()
    words = list(words)
    end = words.index("--") if "--" in words else len(words)
    options, rest = iter(words[:end]), []
    for word in options:
        name, equals, value = word.partition("=")
        if name == PLUGIN and not equals:
            value = next(options, "")
        if name == PLUGIN and value:
            name_plugin(value)
        else:
            rest.append(word)
    return rest + words[end:]
