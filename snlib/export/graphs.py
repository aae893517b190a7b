"""From a part of a model to its ONNX graph, whose batch, points, pixels and wavelengths have any length."""

import logging
import sys
import warnings
from contextlib import contextmanager
from importlib import import_module

import torch

__all__ = ["to_onnx"]

# Of LayerNormalization, Gelu and reductions with axes as inputs; onnxruntime 1.17 and later know it.
_OPSET = 20
# Of the example that is traced: all different, and all but the batch so long that attention takes its way for
# long light curves and spectra, which is as right for short ones (see `snlib.model.fast_attention`).
_LONG = 16
_LENGTHS = {"batch": 3, "points": 23, "pixels": 29, "wavelengths": 31}


def to_onnx(part):
    """Make an ONNX model of a part.

    Parameters
    ----------
    part : snlib.export.parts.Part

    Returns
    -------
    onnx.ModelProto
        Its inputs and outputs are those of the part, by the same names.

    Raises
    ------
    ModuleNotFoundError
        If onnx or onnxscript is not installed.
    """
    _require_exporter()
    example = tuple(_example(port) for port in part.inputs)
    shapes = tuple(_dynamic_axes(port) for port in part.inputs)
    with _quiet(), torch.no_grad(), _len_as_a_symbol(part):
        # By itself, for `torch.onnx.export` would rather fix an axis than fail; and without guards, some of
        # which say what is true of every length.
        program = torch.export.export(
            part, example, dynamic_shapes=shapes, prefer_deferred_runtime_asserts_over_guards=True
        )
        model = torch.onnx.export(
            program,
            dynamo=True,
            verbose=False,
            opset_version=_OPSET,
            input_names=[port.name for port in part.inputs],
            output_names=[port.name for port in part.outputs],
        ).model_proto
    if part.attends_to_pixels:
        _attend_in_double(model.graph)
    _name_axes(model.graph, part)
    _forget_sources(model)
    return model


def _require_exporter():
    for name in ("onnx", "onnxscript"):
        try:
            import_module(name)
        except ModuleNotFoundError:
            raise ModuleNotFoundError(f"{name} is not installed: pip install 'snlib[onnx]'") from None


def _example(port):
    return torch.ones([_LENGTHS.get(axis, axis) for axis in port.axes], dtype=port.dtype)


def _dynamic_axes(port):
    return {
        place: torch.export.Dim(axis, min=1 if axis == "batch" else _LONG)
        for place, axis in enumerate(port.axes)
        if axis in _LENGTHS
    }


@contextmanager
def _len_as_a_symbol(part):
    """Let ``len`` of a tensor, where a model is written, be a symbol: as a number it would fix the batch."""
    modules = {sys.modules[type(one).__module__] for one in part.modules()}
    modules = {module for module in modules if module.__name__.startswith("snlib.")}

    def length(x):
        return x.shape[0] if isinstance(x, torch.Tensor) else len(x)

    for module in modules:
        module.len = length
    try:
        yield
    finally:
        for module in modules:
            del module.len


@contextmanager
def _quiet():
    """Without what the exporter tells its developers."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logging.disable(before)


def _attend_in_double(graph):
    """Let attention add up what it sees in double precision: of a thousand pixels float32 loses too much."""
    from onnx import TensorProto, helper

    weights = {node.output[0] for node in graph.node if node.op_type == "Softmax"}
    nodes = []
    for node in graph.node:
        if node.op_type != "MatMul" or node.input[0] not in weights:
            nodes.append(node)
            continue
        factors, mixed = [f"{name}_double_{node.name}" for name in node.input], f"{node.output[0]}_double"
        for single, double in zip(node.input, factors, strict=True):
            nodes.append(helper.make_node("Cast", [single], [double], to=TensorProto.DOUBLE))
        nodes.append(helper.make_node("MatMul", factors, [mixed]))
        nodes.append(helper.make_node("Cast", [mixed], list(node.output), to=TensorProto.FLOAT))
    del graph.node[:]
    graph.node.extend(nodes)


def _name_axes(graph, part):
    """Call the axes of inputs and outputs that have any length by their names."""
    for values, ports in ((graph.input, part.inputs), (graph.output, part.outputs)):
        for value, port in zip(values, ports, strict=True):
            for axis, name in zip(value.type.tensor_type.shape.dim, port.axes, strict=True):
                if name in _LENGTHS:
                    axis.dim_param = name


def _forget_sources(model):
    """Remove which lines of which files made a node: names of folders, and twice the size."""
    del model.graph.value_info[:]
    del model.graph.metadata_props[:]
    for one in (*model.graph.node, *model.graph.initializer, *model.graph.input, *model.graph.output):
        one.ClearField("metadata_props")
        one.ClearField("doc_string")
