"""Plugins on the command line: the option `--plugin`, and loading them before TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence

from zoo.utils import quiet

PLUGIN = "--plugin"


def name_plugins(words: Sequence[str]) -> list[str]:
    """Add the plugins of a command line to ZOO_PLUGINS, and return the other arguments.

    The option stands anywhere on the line, as `--debug` does.

    Args:
        words: the command-line arguments; those after "--" are not changed.

    Raises:
        ZooError: for a module or file that does not exist.
    """
    # A plugin may import Keras before the command does.
    quiet.prepare_keras()
    words = list(words)
    end = words.index("--") if "--" in words else len(words)
    options, rest = iter(words[:end]), []
    for word in options:
        name, equals, value = word.partition("=")
        if name == PLUGIN and not equals:
            value = next(options, "")
        if name == PLUGIN and value:
            from zoo.registry.plugins import name_plugin

            name_plugin(value)
        else:
            rest.append(word)
    return rest + words[end:]


def import_tensorflow() -> None:
    """Import plugins, then TensorFlow and Keras.

    Raises:
        ZooError: if TensorFlow is not installed, or Keras is configured for another backend.
    """
    from zoo.registry.plugins import load_plugins

    # Otherwise plugins would be imported while standard error is hidden, and warnings be lost.
    load_plugins()
    quiet.import_tensorflow()
