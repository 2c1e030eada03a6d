"""The `.tflite` files that are shipped, to parametrise tests over."""

import zoo
from zoo import edge
from zoo.bundles.shipped import find_bundle
from zoo.export.measure import tflite_artifacts

# (model, kind)
SHIPPED_FILES = [
    (name, kind)
    for name in zoo.list_models()
    for kind in tflite_artifacts(edge.read_manifest(find_bundle(name)))
]
