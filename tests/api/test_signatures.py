"""Names, order and defaults of arguments are PyTorch's."""

from __future__ import annotations

import ast
import importlib
import inspect
import re

import pytest

import rushlight

# Where we differ on purpose: 'name' or 'name.argument' -> why.
DIFFERENCES = {
    "pow": "one function for PyTorch's overloads; self= is the name of an input that is a number",
    "tensor_split": "one function for PyTorch's overloads; sections=, indices= by keyword",
    "load.pickle_module": "files are read by an interpreter of our own",
    "save.pickle_module": "files are written by a pickler of our own",
    # Names that PyTorch's documentation gives and its function refuses.
    "broadcast_to.shape": "the function's name for it is size",
    "cholesky_inverse.L": "the function's name for it is input",
    "cholesky_solve.B": "the function's name for it is input",
    "cholesky_solve.L": "the function's name for it is input2",
    "matrix_exp.A": "the function's name for it is input",
    "searchsorted.values": "the function's name for it is input",
    "std_mean.out": "the function has no out",
    "true_divide.dividend": "the function's name for it is input",
    "true_divide.divisor": "the function's name for it is other",
    "unsafe_split.tensor": "the function's name for it is input",
    "unsafe_split.split_size_or_sections": "the function's name for it is split_size",
    "var_mean.out": "the function has no out",
}
NAMESPACES = [
    "",
    "nn",
    "nn.functional",
    "nn.init",
    "nn.utils",
    "optim",
    "optim.lr_scheduler",
    "utils.data",
    "utils.checkpoint",
    "autograd",
    "autograd.graph",
    "amp",
    "amp.autocast_mode",
    "amp.grad_scaler",
    "cpu",
    "cpu.amp",
    "cuda.amp",
    "func",
    "fft",
    "linalg",
    "special",
    "signal.windows",
    "masked",
    "storage",
    "serialization",
    "nn.utils.rnn",
    "nn.utils.parametrize",
    "nn.utils.parametrizations",
    "nn.utils.prune",
    "distributions",
    "random",
    "hub",
    "testing",
    "multiprocessing",
    "profiler",
    "utils.tensorboard",
]
SENTINELS = ("<", "torch.", "rushlight.")  # defaults that are objects: compared by presence only


def _public(module):
    # dir() also lists what a module imports at its first use.
    names = getattr(module, "__all__", None) or [n for n in dir(module) if not n.startswith("_")]
    return [
        n for n in names if callable(getattr(module, n, None)) and not inspect.ismodule(getattr(module, n))
    ]


def _names():
    for namespace in NAMESPACES:
        try:
            module = importlib.import_module(".".join(filter(None, ("rushlight", namespace))))
        except ImportError:
            continue
        for name in sorted(set(_public(module))):
            yield f"{namespace}.{name}" if namespace else name


def _signature(f):
    try:
        return inspect.signature(f)
    except (ValueError, TypeError):
        return None


def _find(root, name):
    for part in name.split("."):
        root = getattr(root, part, None)
    return root


def _documented(f):
    """The signatures in a built-in function's docstring: lists of (name, default or None, keyword-only)."""
    name = getattr(f, "__name__", "")
    for text in re.findall(rf"^(?:\.\. function:: )?{name}\((.*?)\) ->", f.__doc__ or "", re.M):
        text = re.sub(r"\[.*\]", "", text)
        try:
            arguments = ast.parse(f"def f({text}): pass").body[0].args
        except SyntaxError:
            continue
        if arguments.vararg:
            continue
        positional = [a.arg for a in arguments.posonlyargs + arguments.args]
        defaults = [None] * (len(positional) - len(arguments.defaults)) + [
            ast.unparse(d) for d in arguments.defaults
        ]
        found = [(n, d, False) for n, d in zip(positional, defaults)]
        found += [
            (a.arg, ast.unparse(d) if d else None, True)
            for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults)
        ]
        yield found


def _default(value):
    if value is inspect.Parameter.empty:
        return "(none)"
    text = repr(value)
    return "(object)" if text.startswith(SENTINELS) and "dtype" not in text else text


def _problems(name, ours, theirs):
    """How a signature differs from that of PyTorch's Python function."""
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    for p in theirs.parameters.values():
        if p.kind in variable or p.name.startswith("_") or f"{name}.{p.name}" in DIFFERENCES:
            continue
        mine = ours.parameters.get(p.name)
        if mine is None:
            if not any(q.kind is inspect.Parameter.VAR_KEYWORD for q in ours.parameters.values()):
                yield f"has no argument {p.name!r}"
            continue
        a, b = _default(mine.default), _default(p.default)
        if a != b and "(object)" not in (a, b):
            yield f"{p.name}={a}, PyTorch has {b}"
        if mine.kind is inspect.Parameter.KEYWORD_ONLY and p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD:
            yield f"{p.name} can be given by keyword only"
    common = [
        p.name for p in theirs.parameters.values() if p.kind not in variable and p.name in ours.parameters
    ]
    positional = [n for n in common if theirs.parameters[n].kind is not inspect.Parameter.KEYWORD_ONLY]
    mine = [n for n in ours.parameters if n in positional]
    if mine != positional:
        yield f"order {mine}, PyTorch has {positional}"


def _documented_problems(name, ours, overloads):
    """How a signature differs from the ones a built-in's docstring tells."""
    if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in ours.parameters.values()):
        return
    for overload in overloads:
        for argument, default, _ in overload:
            if argument not in ours.parameters and f"{name}.{argument}" not in DIFFERENCES:
                if not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in ours.parameters.values()):
                    yield f"has no argument {argument!r}"
            elif default in ("True", "False") and len(overloads) == 1 and argument in ours.parameters:
                mine = _default(ours.parameters[argument].default)
                if mine != default:
                    yield f"{argument}={mine}, PyTorch has {default}"
        positional = [n for n, _, keyword in overload if not keyword and n in ours.parameters]
        mine = [n for n in ours.parameters if n in positional]
        if mine != positional:
            yield f"order {mine}, PyTorch has {positional}"


@pytest.mark.parametrize("name", list(_names()))
def test_signature(name, torch):
    importlib.import_module("torch.utils.data")
    ours, theirs = _find(rushlight, name), _find(torch, name)
    if theirs is None or name in DIFFERENCES:
        return  # a name of ours alone
    mine, other = _signature(ours), _signature(theirs)
    if mine is None and (inspect.isbuiltin(ours) or (inspect.isclass(ours) and issubclass(ours, Exception))):
        return  # of the compiled part, or an exception
    assert mine is not None, f"{name} has no signature"
    if other is not None:
        problems = list(_problems(name, mine, other))
    else:
        problems = list(_documented_problems(name, mine, list(_documented(theirs))))
    assert not problems, f"{name}{mine}: {'; '.join(problems)}"


METHODS = [
    "amp.GradScaler",
    "amp.autocast",
    "autograd.Function",
    "Generator",
    "nn.Module",
    "optim.Optimizer",
    "utils.data.DataLoader",
    "profiler.profile",
    "nn.Parameter",
]


@pytest.mark.parametrize("name", METHODS)
def test_signatures_of_methods(name, torch):
    ours, theirs = _find(rushlight, name), _find(torch, name)
    problems = []
    for method, function in vars(theirs).items():
        if method.startswith("_") or not inspect.isfunction(function) or not hasattr(ours, method):
            continue
        mine, other = _signature(getattr(ours, method)), _signature(function)
        if mine is not None and other is not None:
            problems += [f"{method}{mine}: {p}" for p in _problems(f"{name}.{method}", mine, other)]
    assert not problems, "; ".join(problems)
