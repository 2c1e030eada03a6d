"""One spelling for an ONNX graph: the same computation gives the same bytes.

tf2onnx names and orders what it writes by numbers that differ from one process to the next. Here
every value is known by what computes it, so equal ones become one, and names and order follow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import onnx


def canonical(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model that computes the same, named and ordered by content alone.

    The graph's inputs and outputs keep their names. Its nodes have no graphs inside them.
    """
    graph = model.graph
    keys = {"": ""} | {given.name: f"input {given.name}" for given in graph.input}
    tensors: dict[str, onnx.TensorProto] = {}
    for tensor in graph.initializer:
        keys[tensor.name] = _hash(_anonymous(tensor))
        tensors.setdefault(keys[tensor.name], tensor)
    nodes: dict[str, onnx.NodeProto] = {}
    for node in graph.node:
        attributes = sorted(_anonymous_attribute(attribute) for attribute in node.attribute)
        inputs = [keys[name].encode() for name in node.input]
        key = _hash(node.domain.encode(), node.op_type.encode(), *inputs, b"|", *attributes)
        for index, name in enumerate(node.output):
            keys[name] = f"{key}:{index}" if name else ""
        nodes.setdefault(key, node)
    names = {keys[value.name]: value.name for value in (*graph.input, *graph.output)}
    return _written(model, keys, tensors, nodes, names)


def _written(
    model: onnx.ModelProto,
    keys: Mapping[str, str],
    tensors: Mapping[str, onnx.TensorProto],
    nodes: Mapping[str, onnx.NodeProto],
    names: dict[str, str],
) -> onnx.ModelProto:
    order = _topological(nodes, keys)
    used = {keys[name] for key in order for name in nodes[key].input}
    for index, key in enumerate(sorted(key for key in tensors if key in used)):
        names.setdefault(key, f"constant_{index}")
    for index, key in enumerate(order):
        for position, name in enumerate(nodes[key].output):
            if name:
                suffix = f"_{position}" if position else ""
                names.setdefault(keys[name], f"{nodes[key].op_type.lower()}_{index}{suffix}")
    graph = onnx.GraphProto(name=model.graph.name)
    for key in order:
        node = graph.node.add()
        node.CopyFrom(nodes[key])
        node.ClearField("doc_string")
        node.input[:] = [name and names[keys[name]] for name in node.input]
        node.output[:] = [name and names[keys[name]] for name in node.output]
        node.name = node.output[0]
        attributes = sorted(node.attribute, key=lambda attribute: attribute.name)
        del node.attribute[:]
        node.attribute.extend(attributes)
    for key in sorted(key for key in tensors if key in used):
        tensor = graph.initializer.add()
        tensor.CopyFrom(tensors[key])
        tensor.name = names[key]
    graph.input.extend(model.graph.input)
    graph.output.extend(model.graph.output)
    written = onnx.ModelProto()
    written.CopyFrom(model)
    written.graph.CopyFrom(graph)
    return written


def _topological(nodes: Mapping[str, onnx.NodeProto], keys: Mapping[str, str]) -> list[str]:
    """Return the nodes' keys, each after what it reads; the smallest key first among equals."""
    producer = {keys[name]: key for key, node in nodes.items() for name in node.output if name}
    order: list[str] = []
    done: set[str] = set()
    waiting = sorted(nodes)
    while waiting:
        ready = [
            key
            for key in waiting
            if all(producer.get(keys[name], "") in done | {""} for name in nodes[key].input)
        ]
        order += ready
        done.update(ready)
        waiting = [key for key in waiting if key not in done]
    return order


def _anonymous(tensor: onnx.TensorProto) -> bytes:
    copy = onnx.TensorProto()
    copy.CopyFrom(tensor)
    copy.ClearField("name")
    return copy.SerializeToString(deterministic=True)


def _anonymous_attribute(attribute: onnx.AttributeProto) -> bytes:
    copy = onnx.AttributeProto()
    copy.CopyFrom(attribute)
    # A constant's tensor has a name of its own, which counts for nothing.
    if copy.HasField("t"):
        copy.t.ClearField("name")
    return copy.SerializeToString(deterministic=True)


def _hash(*parts: bytes) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "little") + part)
    return total.hexdigest()
