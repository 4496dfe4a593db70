"""No argument is taken and ignored: every public function reads each of its arguments, or has a reason here."""

from __future__ import annotations

import ast
import fnmatch
from pathlib import Path

import pytest

import rushlight

ROOT = Path(rushlight.__file__).parent
# 'module:function.argument' (with wildcards) -> why nothing has to be read.
REASONS = {
    # Of accelerators and processes that are not there.
    "accelerator:*": "there is no accelerator: what could be told of one is refused or nothing",
    "cpu.__init__:*": "there is one CPU and no stream",
    "cuda.__init__:*": "there is no CUDA",
    "xpu:*": "there is no XPU",
    "distributed.__init__:*": "one process: nothing travels, nothing is waited for",
    "nn.parallel:*": "one process and one device",
    "nn.modules.module:Module.*.device": "raises: there is no such device",
    "tensor:Tensor.cuda.*": "raises: there is no such device",
    "random:fork_rng.device*": "the generators of accelerators, which are not there",
    "utils.checkpoint:*device_states.*": "the generators of accelerators, which are not there",
    "autograd.saved:save_on_cpu.__init__.device_type": "all tensors are on the CPU",
    "*.non_blocking": "a copy from the CPU to the CPU is done when the call is",
    "compiler:compile.*": "choose how PyTorch compiles: here everything runs eagerly, with the same results",
    # Of tools that are not there; the functions raise, or say so with a warning.
    "jit:*": "models stay Python",
    "fx:*": "raises",
    "hub:*": "repositories are not fetched, and a file never runs code",
    "utils.tensorboard.writer:*": "raises: these summaries are not written",
    "vision.models.*.progress": "raises where weights would be fetched",
    "profiler:*": "not recorded, as the docstring says",
    "serialization:*.pickle_*": "files are read and written without pickle",
    # Hints to other implementations: the result is the same.
    "*.foreach": "one implementation",
    "ops.native:*.cudnn_enable*": "a hint to CUDA",
    "autograd.functional:*.vectorize": "a hint: the result is the same",
    "autograd.functional:hessian.outer_jacobian_strategy": "a hint: the result is the same",
    "ops.linear_cross_entropy:*.options": "how to cut the computation: the result is the same",
    "utils.checkpoint:*": "one implementation, which recomputes; the other settings are about the graph's inside",
    "nn.attention:sdpa_kernel.set_priority": "one implementation",
    "ops.sets:unique.sorted": "always sorted",
    "ops.sort:*.stable": "always stable",
    "ops.sort:topk.sorted": "always sorted",
    "system:use_deterministic_algorithms.warn_only": "everything is deterministic",
    "system:set_flush_denormal.mode": "answers False: not supported, as PyTorch's does on such CPUs",
    # Sparse gradients: they are dense here, of the same values.
    "ops.embedding:*.sparse": "gradients are dense",
    "ops.native:embedding.sparse": "gradients are dense",
    "ops.gather:gather.sparse_grad": "gradients are dense",
    "autograd.gradcheck:gradcheck.masked": "about sparse tensors",
    # Left over in PyTorch's signatures.
    "autograd.__init__:Variable.__new__.volatile": "without effect in PyTorch too",
    "autograd.forward_ad:*.level": "there is one level, also in PyTorch",
    "autograd.gradcheck:gradgradcheck.check_undefined_grad": "gradients are never undefined",
    "ops.softmax:gumbel_softmax.eps": "without effect in PyTorch too",
    "ops.unpool:*_with_indices.return_indices": "without effect in PyTorch too",
    "nn.modules.linear:Identity.__init__.*": "takes anything, as PyTorch's",
    # Interfaces: one implementation of several does not need the argument.
    "distributions.distribution:Distribution.*": "raises: for subclasses to define",
    "kernels:usable.tensors": "there are no kernels",
    "nn.utils.prune:*": "called as a hook, or a mask that is given",
    "nn.utils.*:*.__call__.inputs": "called as a hook",
    "nn.utils.rnn:PackedSequence.cpu.*": "it is on the CPU",
    "autograd.saved:register_multi_grad_hook.*": "read by a function inside",
    "ops.convert:CopyBackwards.forward.x": "overwritten: only its gradient counts, which is 0",
}  # fmt: skip
MADE_INSIDE = {"create", "function", "transform", "method_", "changed"}  # and given a public name


def _public(tree):
    """(name, node) of the functions, and of the methods of classes, that a module's users see."""
    names = None
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(t, ast.Name) and t.id in ("__all__", "functional", "linalg") for t in targets):
                found = {c.value for c in ast.walk(node.value or node) if isinstance(c, ast.Constant)}
                names = (names or set()) | found

    def visit(body, prefix, inside):
        for node in body:
            if isinstance(node, ast.FunctionDef):
                special = node.name in ("__init__", "__call__", "__new__")
                method = any(ast.unparse(d).startswith("method(") for d in node.decorator_list)
                public = special or method or not node.name.startswith("_")
                if public and (inside or names is None or node.name in names or method):
                    yield prefix + node.name, node
                for part in ast.walk(node):
                    if isinstance(part, ast.FunctionDef) and part is not node and part.name in MADE_INSIDE:
                        yield f"{prefix}{node.name}.{part.name}", part
            elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield from visit(node.body, f"{prefix}{node.name}.", True)
            elif isinstance(node, (ast.If, ast.Try)):
                yield from visit(node.body, prefix, inside)

    yield from visit(tree.body, "", False)


def _unread(function):
    """Arguments whose names do not occur in the function, unless it only raises."""
    body = [s for s in function.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    if all(isinstance(s, (ast.Pass, ast.Raise)) for s in body):
        return
    a = function.args
    arguments = [x.arg for x in (*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg) if x is not None]
    used = {x.id for s in body for x in ast.walk(s) if isinstance(x, ast.Name)}
    for name in arguments:
        if name not in used and name not in ("self", "cls", "ctx") and not name.startswith("_"):
            yield name


def _ignored():
    for file in sorted(ROOT.rglob("*.py")):
        module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        if module.startswith("demos"):
            continue
        for name, function in _public(ast.parse(file.read_text(encoding="utf-8"))):
            if "locals" not in {x.id for x in ast.walk(function) if isinstance(x, ast.Name)}:
                for argument in _unread(function):
                    yield f"{module}:{name}.{argument}"


IGNORED = sorted(set(_ignored()))


def test_every_argument_is_read():
    without = [n for n in IGNORED if not any(fnmatch.fnmatchcase(n, p) for p in REASONS)]
    assert not without, "arguments that nothing reads:\n" + "\n".join(without)


@pytest.mark.parametrize("pattern", REASONS)
def test_reasons_are_needed(pattern):
    assert any(fnmatch.fnmatchcase(n, pattern) for n in IGNORED), "nothing is ignored there: take it out"
