"""The backward pass: gradients from the results back to the leaves, each node once, latest first.

A walk from the roots counts how often each node will be reached. Then, always with the node made last among
those whose gradients are complete: run it, and add its results to the buffers of the nodes before it.
Broadcasting is undone and dtypes are cast in one place, where a gradient arrives: see `_fit`.
"""

from __future__ import annotations

import heapq
import itertools
from typing import Any

import numpy as np

from . import graph
from .graph import PlainNode, TensorBase, set_grad_mode


def run_backward(
    roots: tuple,
    grads: tuple,
    keep_graph: bool,
    create_graph: bool,
    inputs: tuple | None = None,
    accumulate: bool = True,
    stop_at_inputs: bool = False,
) -> tuple | None:
    """Run the graph backwards.

    Args:
        roots: Tensors to start from.
        grads: The gradient of each root.
        keep_graph: Keep what the nodes saved, for another pass.
        create_graph: Record the pass itself, for higher derivatives.
        inputs: Tensors whose gradients are wanted; None: all leaves.
        accumulate: Add to `.grad`; otherwise give the gradients of `inputs` back, None where there is none.
        stop_at_inputs: The graph ends at `inputs`: nothing before them is looked at.
    """
    edges = [t._edge() for t in roots]
    wanted: dict[tuple[int, int], list] = {}  # (id of node or leaf, output number): [tensor, gradient]
    if inputs is not None:
        for t in inputs:
            target, nr = t._edge()
            wanted[id(target), nr] = [t, None]
    stops = {key[0] for key in wanted} if stop_at_inputs else set()
    order, counts = _discover(edges, stops)
    needed = _needed(order, wanted, stops) if inputs is not None else None

    buffers: dict[int, list] = {}
    for (target, nr), g in zip(edges, grads, strict=True):
        _add(buffers, target, nr, g)
    ready: list[tuple] = []
    turn = itertools.count()  # among leaves: first come, first served
    for target, _ in edges:
        if counts[id(target)] == 0 and id(target) in buffers and all(id(target) != id(r[2]) for r in ready):
            heapq.heappush(ready, (_priority(target), next(turn), target))
    before = set_grad_mode(create_graph)
    try:
        while ready:
            target = heapq.heappop(ready)[2]
            buffer = buffers.pop(id(target), None)
            if buffer is None:
                buffer = [None] * _outputs(target)
            _run_hooks(target, buffer)
            for nr, g in enumerate(buffer):
                if (id(target), nr) in wanted:
                    wanted[id(target), nr][1] = g
            if isinstance(target, TensorBase):
                if accumulate and inputs is None and buffer[0] is not None:
                    accumulate_grad(target, buffer[0])
                continue
            if id(target) in stops or (needed is not None and not needed[id(target)]):
                results: Any = [None] * len(target._edges)
            else:
                results = run_node(target, buffer, keep_graph)
            for edge, g in zip(target._edges, results, strict=True):
                if edge is None or id(target) in stops:
                    continue
                if g is not None:
                    _add(buffers, edge[0], edge[1], _fit(g, edge, target))
                counts[id(edge[0])] -= 1
                if counts[id(edge[0])] == 0:
                    heapq.heappush(ready, (_priority(edge[0]), next(turn), edge[0]))
    finally:
        set_grad_mode(before)
    if inputs is None:
        return None
    found = []
    for t in inputs:
        target, nr = t._edge()
        found.append(wanted[id(target), nr][1])
    if accumulate:
        for t, g in zip(inputs, found, strict=True):
            if g is not None:
                accumulate_grad(t, g)
        return None
    return tuple(found)


def _priority(target: Any) -> int:
    return -1 << 62 if isinstance(target, TensorBase) else -target._sequence


def _outputs(target: Any) -> int:
    return 1 if isinstance(target, TensorBase) else len(target._meta)


def _discover(edges: list, stops: set) -> tuple[list, dict]:
    """All nodes that can be reached, inputs before their users, and how many edges lead to each."""
    counts: dict[int, int] = {}
    order: list = []
    stack: list = []
    for target, _ in edges:
        if id(target) not in counts:
            counts[id(target)] = 0
            stack.append((target, 0))
        while stack:
            node, i = stack.pop()
            out = () if isinstance(node, TensorBase) or id(node) in stops else node._edges
            while i < len(out) and out[i] is None:
                i += 1
            if i == len(out):
                order.append(node)
                continue
            stack.append((node, i + 1))
            after = out[i][0]
            if id(after) in counts:
                counts[id(after)] += 1
            else:
                counts[id(after)] = 1
                stack.append((after, 0))
    return order, counts


def _needed(order: list, wanted: dict, stops: set) -> dict[int, bool]:
    """Which nodes lead to a wanted gradient."""
    targets = {key[0] for key in wanted}
    needed: dict[int, bool] = {}
    for node in order:
        ahead = () if isinstance(node, TensorBase) or id(node) in stops else node._edges
        needed[id(node)] = any(e is not None and (needed[id(e[0])] or id(e[0]) in targets) for e in ahead)
    return needed


def _add(buffers: dict, target: Any, nr: int, g: Any) -> None:
    buffer = buffers.get(id(target))
    if buffer is None:
        buffer = buffers[id(target)] = [None] * _outputs(target)
    buffer[nr] = g if buffer[nr] is None else buffer[nr] + g


def _fit(g: Any, edge: tuple, node: Any) -> Any:
    """`g` in the shape and dtype of the value that it is the gradient of."""
    target, nr = edge
    if isinstance(target, TensorBase):
        shape, dtype = target._array.shape, target._array.dtype
    else:
        shape, dtype = target._meta[nr]
    array = g._array
    if array.shape == shape and array.dtype == dtype:
        return g
    return graph._fit(g, shape, dtype, node)  # type: ignore[attr-defined]


def _run_hooks(target: Any, buffer: list) -> None:
    if target._hooks:
        for nr, hook in list(target._hooks.values()):
            if nr is not None and buffer[nr] is not None:
                new = hook(buffer[nr])
                if new is not None:
                    buffer[nr] = new
            elif nr is None:  # a node's pre-hook sees all
                new = hook(tuple(buffer))
                if new is not None:
                    buffer[:] = new if isinstance(new, tuple) else (new,)


def run_node(node: PlainNode, buffer: list, keep_graph: bool) -> tuple:
    """Call a node's backward with the gradients of its outputs; check what it gives."""
    if node._freed:
        graph.raise_freed(node)
    if node._materialize:
        for nr, g in enumerate(buffer):
            if g is None and node._meta[nr] is not None:
                shape, dtype = node._meta[nr]
                buffer[nr] = graph._plain._make(np.zeros(shape, dtype))
    results = node.backward(node, *buffer)  # type: ignore[attr-defined]
    if not isinstance(results, tuple):
        results = tuple(results) if isinstance(results, list) else (results,)
    count = len(node._edges)
    if (len(results) > count and any(g is not None for g in results[count:])) or len(results) < count:
        raise RuntimeError(
            f"{node.name()}: backward must return as many gradients as forward has arguments ({count}), "
            f"got {len(results)}"
        )
    if node._post_hooks:
        for hook in list(node._post_hooks.values()):
            new = hook(results, tuple(buffer))
            if new is not None:
                results = new if isinstance(new, tuple) else (new,)
    if not keep_graph:
        node._release()
    return results[:count]


def accumulate_grad(leaf: Any, g: Any) -> None:
    """Add `g` to the leaf's `.grad`."""
    graph._accumulate(leaf, g)  # type: ignore[attr-defined]
