"""Every public function of the room is called in the tests of its module."""

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import snlib.figures

MODULES = [module.name for module in pkgutil.iter_modules(snlib.figures.__path__)]


def public_functions(name):
    module = importlib.import_module(f"snlib.figures.{name}")
    here = [
        function
        for function, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and function[0] != "_"
    ]
    return here, module.__all__


def called(source):
    """Names of the functions that a module calls, as `f()` or as `module.f()`."""
    functions = (node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return {getattr(function, "id", getattr(function, "attr", "")) for function in functions}


@pytest.mark.parametrize("name", MODULES)
def test_every_public_function_is_called_in_a_test(name):
    functions, public = public_functions(name)
    assert functions and set(functions) <= set(public)
    source = (Path(__file__).parent / f"test_{name}.py").read_text(encoding="utf-8")
    assert not set(functions) - called(source)


def test_importing_or_naming_is_not_calling():
    source = "from a import plot_a, plot_b\n\ndef test():\n    plot_a(1)\n    x.plot_c(2)\n    assert plot_b"
    assert called(source) == {"plot_a", "plot_c"}
