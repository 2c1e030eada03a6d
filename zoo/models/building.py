"""Build a model by name, with new or with pretrained weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoo.registry import check_options, describe

if TYPE_CHECKING:
    import keras


def build(name: str, *, pretrained: bool = False, **options: Any) -> keras.Model:
    """Build a model by name and return it compiled, ready for `fit`, `evaluate` and `export`.

    Args:
        name: one of `list_models()`.
        pretrained: load the weights of the shipped bundle. Its options are then the defaults, and
            only options that do not change the trained function, such as dropout, may differ.
        **options: the builder's options; `describe(name).options` lists them.

    Raises:
        UnknownNameError: for an unknown name or option; the message names the near misses.
        ZooError: for an option of the wrong type or value, if no weights are shipped, or if the
            options do not fit them.
    """
    spec = describe(name)
    options = check_options(spec, options)
    from zoo.utils.quiet import import_keras

    import_keras(f"zoo.build({name!r})")
    if not pretrained:
        return spec.builder(**options)
    from zoo.bundles.shipped import check_shipped_options, load_weights, shipped_options

    check_shipped_options(name, options, spec.training_options)
    model = spec.builder(**{**shipped_options(name), **options})
    load_weights(name, model)
    return model
