"""Two `.tflite` files, one after the other, as one: photo → features → output."""

from __future__ import annotations

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

_IDENTIFIER = b"TFL3"


def read_model(content: bytes) -> schema.ModelT:
    """Return a file's model as objects."""
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))


def write_model(model: schema.ModelT) -> bytes:
    """Return the file of a model."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), _IDENTIFIER)
    return bytes(builder.Output())


SIGNATURE = "serving_default"


def concatenate(first: bytes, second: bytes) -> bytes:
    """Return the file that computes `second` of what `first` computes.

    Both have one input and one output; the output of the first has the type and shape of the
    input of the second, whose place it takes. The names of the signature's input and output are
    those of the first's input and the second's output.
    """
    model, appended = read_model(first), read_model(second)
    graph, tail = model.subgraphs[0], appended.subgraphs[0]
    codes = len(model.operatorCodes)
    buffers = len(model.buffers)
    # Buffer 0 is the empty one in every file; tensor −1 stands for an input left out.
    numbers = {-1: -1, int(tail.inputs[0]): int(graph.outputs[0])}
    for index, tensor in enumerate(tail.tensors):
        if index not in numbers:
            numbers[index] = len(graph.tensors)
            tensor.buffer = tensor.buffer and tensor.buffer + buffers
            graph.tensors.append(tensor)
    for operator in tail.operators:
        operator.opcodeIndex += codes
        operator.inputs = [numbers[int(index)] for index in operator.inputs]
        operator.outputs = [numbers[int(index)] for index in operator.outputs]
        graph.operators.append(operator)
    model.operatorCodes += appended.operatorCodes
    model.buffers += appended.buffers
    graph.outputs = [numbers[int(index)] for index in tail.outputs]
    signature = model.signatureDefs[0]
    signature.outputs = appended.signatureDefs[0].outputs
    signature.outputs[0].tensorIndex = graph.outputs[0]
    # What measured the first file is no longer so.
    model.metadata = None
    model.metadataBuffer = None
    return write_model(model)


def with_plain_dense_versions(content: bytes) -> bytes:
    """Return the file with dense layers of one output marked as what they are.

    The converter takes their single scale for a scale per output, which version 12 of the
    operation brought and tflite_runtime 2.14 refuses; with one scale for all, it is version 9.
    """
    model = read_model(content)
    graph = model.subgraphs[0]
    for index, code in enumerate(model.operatorCodes):
        if code.builtinCode != schema.BuiltinOperator.FULLY_CONNECTED or code.version != 12:
            continue
        weights = [
            graph.tensors[operator.inputs[1]].quantization
            for operator in graph.operators
            if operator.opcodeIndex == index
        ]
        if all(w is None or w.scale is None or len(w.scale) < 2 for w in weights):
            code.version = 9
    return write_model(model)


def signatures(content: bytes) -> dict[str, tuple[str, ...]]:
    """Return the names of the inputs and outputs of a file's signatures, by signature.

    A name whose tensor is not an input or output of the graph itself is left out: what is
    measured by the graph's inputs and outputs is then not what the signature answers.
    """
    model = read_model(content)
    graph = model.subgraphs[0]

    def names(entries, tensors):
        return tuple(
            entry.name.decode() for entry in entries or [] if entry.tensorIndex in list(tensors)
        )

    return {
        found.signatureKey.decode(): names(found.inputs, graph.inputs)
        + names(found.outputs, graph.outputs)
        for found in model.signatureDefs or []
    }


def operations(content: bytes) -> tuple[list[str], list[str]]:
    """Return the names of a file's built-in operations, and of those that are not built in."""
    names = {
        value: name for name, value in vars(schema.BuiltinOperator).items() if name[0].isupper()
    }
    built_in, foreign = set(), set()
    for code in read_model(content).operatorCodes:
        number = max(code.builtinCode, code.deprecatedBuiltinCode)
        if number == schema.BuiltinOperator.CUSTOM:
            foreign.add((code.customCode or b"custom").decode())
        else:
            built_in.add(names.get(number, str(number)))
    return sorted(built_in), sorted(foreign)
