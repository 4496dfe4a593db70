"""What is no tensor where one belongs, in every function: TypeError, with the function and the argument named.

The calls are those of the cases, and for functions without a case one that the signature suggests; see also
test_bad_input.py, which compares single calls with PyTorch's.
"""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest

import rushlight
from harness import Leaf, Sample, _map, all_cases, resolve
from rushlight import nn, ops
from rushlight.tensor import Tensor, wrap

F = nn.functional
BAD = {
    "list": lambda a: [1.0],
    "None": lambda a: None,
    "array": lambda a: a.copy(),
    "str": lambda a: "abc",
}
# 'function.position or name' -> why what is no tensor may be right there, or another error comes first.
OTHERWISE = {
    "batch_norm.1": "nothing is read of an empty vector; None, in evaluation: RuntimeError, as in PyTorch",
    "batch_norm.2": "the same",
    "batch_norm.3": "None, in evaluation: RuntimeError, as in PyTorch",
    "batch_norm.4": "None, in evaluation: RuntimeError, as in PyTorch",
    "native_batch_norm.3": "None, in evaluation: RuntimeError",
    "native_batch_norm.4": "None, in evaluation: RuntimeError",
    "segment_reduce.lengths": "None: lengths or offsets, RuntimeError as in PyTorch",
    "where.2": "as a method of a float condition: RuntimeError",
}
CASES = [c for c in all_cases() if c.calls]


def error_of(f, args, kwargs):
    try:
        f(*args, **kwargs)
    except Exception as e:
        return e
    return None


def complaint(error, kind):
    """What is wrong with the error, if anything."""
    if not isinstance(error, TypeError):
        return repr(error)
    text = str(error)
    if not re.match(r"[\w.() ]+: .* must |[\w.]+: .*; the arguments are \(|operands must ", text):
        return text
    return text if kind == "array" and "got ndarray" in text and "from_numpy" not in text else None


def forms(case):
    """The function, and the method of its name."""
    yield resolve(rushlight, case.name), 0
    short = case.name.rpartition(".")[2]
    for name in (short, short + "_"):
        method = getattr(Tensor, name, None)
        if method is not None and not case.name.startswith("Tensor.") and "masked" not in case.name:
            yield method, 1


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.id)
def test_no_tensor(case):
    sample = Sample(case.calls[0], "float32" if "float32" in case.dtypes else case.dtypes[0])
    short = case.name.rpartition(".")[2]
    for f, first in forms(case):
        first = first or case.name.startswith("Tensor.")
        places = [(i, a) for i, a in enumerate(sample.args)][first:] + list(sample.kwargs.items())
        for place, leaf in places:
            if not isinstance(leaf, Leaf) or f"{short}.{place}" in OTHERWISE:
                continue
            for kind, bad in BAD.items():
                args, kwargs = _map((list(sample.args), sample.kwargs), Leaf, lambda x: wrap(x.array.copy()))
                (args if isinstance(place, int) else kwargs)[place] = bad(leaf.array)
                error = error_of(f, args, kwargs)
                if error is None and (kind == "None" or optional(f, place)):
                    continue
                said = complaint(error, kind) if error is not None else "nothing"
                assert said is None, f"argument {place} as {kind}: {said}"


def optional(f, place):
    """Whether the argument's annotation takes other things than tensors."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except ValueError:
        return False
    if isinstance(place, int) and place < len(parameters):
        annotation = str(parameters[place].annotation)
    else:
        annotation = next((str(p.annotation) for p in parameters if p.name == place), "Any")
    return not annotation.startswith("Tensor")


def _without_case():
    covered = {inspect.unwrap(resolve(rushlight, c.name)) for c in CASES}
    late = [n for names in ops.LATE.values() for n in names]
    spaces = [
        (rushlight, sorted(n for n in {*vars(rushlight), *late} if not n.startswith("_"))),
        (Tensor, [n for n in dir(Tensor) if not n.startswith("_")]),
        *((m, m.__all__) for m in (F, nn.init, rushlight.linalg, rushlight.fft, rushlight.special)),
        *((m, m.__all__) for m in (rushlight.masked, rushlight.signal.windows)),
    ]
    for space, names in spaces:
        for name in names:
            f = getattr(space, name)
            if isinstance(f, type) or not callable(f) or inspect.unwrap(f) in covered or name in SKIP:
                continue
            try:
                parameters = list(inspect.signature(f).parameters.values())
            except ValueError:
                continue
            parameters = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
            for i, p in enumerate(parameters):
                if i == 0 and space is Tensor:
                    continue
                if str(p.annotation) in ("Tensor", "Tensor | None"):
                    yield pytest.param(f, parameters, i, id=f"{space.__name__}.{name}.{p.name}")


SKIP = {
    "backward": "looks at the tensor first",
    "ctc_loss": "lengths may be lists",
}
GUESS = {"int": 1, "float": 0.5, "bool": False, "str": "mean", "Sequence[int]": (1,)}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("f", "parameters", "place"), list(_without_case()))
def test_no_tensor_without_a_case(f, parameters, place):
    x = rushlight.ones(3, 3)
    count = max(place + 1, sum(p.default is p.empty for p in parameters))
    for kind, bad in BAD.items():
        args = [
            GUESS.get(str(p.annotation), x if p.default is p.empty else p.default) for p in parameters[:count]
        ]
        args[place] = bad(np.ones((3, 3), np.float32))
        if kind == "None" and str(parameters[place].annotation) != "Tensor":
            continue
        said = complaint(error_of(f, args, {}) or "nothing", kind)
        assert said is None, f"{kind}: {said}"


x, index = rushlight.ones(2, 3), rushlight.tensor([[0]])
OTHER = {
    "sum: dim must be an int or a tuple of ints, got float": lambda: x.sum(0.5),
    "sum: dim must be an int or a tuple of ints, got str": lambda: x.sum("a"),
    "sum: dim must be an int or a tuple of ints, got dict": lambda: x.sum({}),
    "cumsum: dim must be an int, got str": lambda: x.cumsum("a"),
    "softmax: dim must be an int, got float": lambda: x.softmax(0.5),
    "cat: dim must be an int, got str": lambda: rushlight.cat([x, x], "a"),
    "unsqueeze: dim must be an int, got": lambda: x.unsqueeze(0.5),
    "reshape: .* must be .*ints.*got": lambda: x.reshape(2.0, 3),
    "zeros: size must be .*ints.*got": lambda: rushlight.zeros(2.5),
    "zeros: .*dtype.* must be a torch.dtype, got": lambda: rushlight.zeros(2, dtype=True),
    "sum: dtype must be a torch.dtype, got str": lambda: x.sum(dtype="float32"),
    "gather: index must be a Tensor, got list": lambda: x.gather(0, [1]),
    "index_select: index must be a Tensor, got list": lambda: x.index_select(0, [1]),
    "masked_fill: mask must be a Tensor, got list": lambda: x.masked_fill([True], 0),
    "scatter.*: index must be a Tensor, got list": lambda: x.clone().scatter_(0, [1], 1.0),
    "masked_fill: value must be a number, got str": lambda: x.masked_fill(x > 0, "a"),
    "topk: k must be an int, got str": lambda: x.topk("a"),
    "layer_norm: normalized_shape must be a tuple of ints, got str": lambda: F.layer_norm(x, "a", x),
    "tril: diagonal must be an int, got float": lambda: x.tril(0.5),
    "roll: shifts must be an int or a tuple of ints": lambda: x.roll([0.5]),
    "clamp: min must be a number or a Tensor, got str": lambda: x.clamp("a"),
    "repeat_interleave: repeats must be an int or a Tensor, got str": lambda: x.repeat_interleave("a"),
    "embedding: padding_idx must be an int or None, got float": lambda: F.embedding(index, x, 0.5),
    "contiguous: memory_format must be a torch.memory_format|is_contiguous: memory_format": lambda: (
        x.contiguous(memory_format=3)
    ),
    "sum: the method takes no out": lambda: x.sum(out=x),
    "cumsum: missing 1 required positional argument: 'dim'; the arguments are": lambda: x.cumsum(),
    "cumsum: got an unexpected keyword argument 'foo'; the arguments are": lambda: x.cumsum(0, foo=1),
}


@pytest.mark.parametrize("text", OTHER)
def test_other_kinds(text):
    with pytest.raises(TypeError, match=f"^({text})"):
        OTHER[text]()


@pytest.mark.parametrize(
    "call",
    [
        lambda t, x: x.sum(2),
        lambda t, x: x.softmax(-3),
        lambda t, x: t.cat([x, x], 2),
        lambda t, x: x.unsqueeze(4),
        lambda t, x: x.gather(5, t.tensor([[0]])),
        lambda t, x: x.transpose(0, 2),
        lambda t, x: x.cumsum(dim=7),
    ],
)
def test_dims_out_of_range(call, torch):
    for t in (rushlight, torch):
        with pytest.raises(IndexError, match="[Dd]imension out of range"):
            call(t, t.ones(2, 3))


@pytest.mark.parametrize(
    "call",
    [
        lambda t, x: x.gather(0, t.tensor([[0.0]])),
        lambda t, x: x.index_select(0, t.tensor([0.0])),
        lambda t, x: t.nn.functional.embedding(t.tensor([0.0]), x),
        lambda t, x: x.scatter(0, t.tensor([[0.0]]), 1.0),
        lambda t, x: x.take(t.tensor([0.0])),
        lambda t, x: x[t.tensor([0.0])],
    ],
)
def test_indices_of_a_wrong_dtype(call, torch):
    kinds = []
    for t in (rushlight, torch):
        with pytest.raises((RuntimeError, IndexError), match="(?i)int|long|index") as caught:
            call(t, t.ones(2, 3))
        kinds.append(caught.type)
    assert kinds[0] is kinds[1]


def test_the_first_error_stays_where_it_is_as_good():
    with pytest.raises(RuntimeError, match="reshape: "):
        x.reshape(4)


@pytest.mark.filterwarnings("ignore")
def test_numpy_gives_tensors(torch):
    for t in (rushlight, torch):
        x = t.tensor([[1.0, 2.0], [3.0, 4.0]])
        for y in (np.exp(x), np.add(x, x), np.clip(x, 0, 1), x * np.ones(2), np.greater(x, 2)):
            assert isinstance(y, t.Tensor)
        assert str((x * np.ones(2)).dtype) == "torch.float64"
        assert str(np.greater(x, 2).dtype) == "torch.uint8"


# -- options that have one possible value -------------------------------------------------------------------------------
PINNED = {
    "ones": lambda t, **k: t.ones(2, **k),
    "tensor": lambda t, **k: t.tensor([1.0], **k),
    "rand": lambda t, **k: t.rand(2, **k),
    "randn": lambda t, **k: t.randn(2, **k),
    "randint": lambda t, **k: t.randint(3, (2,), **k),
    "randperm": lambda t, **k: t.randperm(3, **k),
    "normal": lambda t, **k: t.normal(0.0, 1.0, (2,), **k),
    "ones_like": lambda t, **k: t.ones_like(t.ones(2), **k),
    "rand_like": lambda t, **k: t.rand_like(t.ones(2), **k),
    "full": lambda t, **k: t.full((2,), 1.0, **k),
    "full_like": lambda t, **k: t.full_like(t.ones(2), 1.0, **k),
    "arange": lambda t, **k: t.arange(3, **k),
    "linspace": lambda t, **k: t.linspace(0, 1, 3, **k),
    "logspace": lambda t, **k: t.logspace(0, 1, 3, **k),
    "eye": lambda t, **k: t.eye(3, **k),
    "empty_strided": lambda t, **k: t.empty_strided((2,), (1,), **k),
    "zeros": lambda t, **k: t.ones(2).new_zeros(2, **k),
    "scalar_tensor": lambda t, **k: t.scalar_tensor(1.0, **k),
    "hann_window": lambda t, **k: t.hann_window(3, **k),
}


@pytest.mark.parametrize("name", PINNED)
def test_pinned_memory(name, torch):
    with pytest.raises(RuntimeError, match=f"^{name}: pin_memory must be False, got True .*leave it away"):
        PINNED[name](rushlight, pin_memory=True)
    with pytest.raises(RuntimeError, match="requires a CUDA or other accelerator backend"):
        PINNED[name](torch, pin_memory=True)
    with pytest.raises(TypeError, match=f"{name}: pin_memory must be a bool, got int"):
        PINNED[name](rushlight, pin_memory=1)
    PINNED[name](rushlight, pin_memory=False)


def test_pinning_a_tensor(torch):
    for t in (rushlight, torch):
        with pytest.raises(RuntimeError, match="Cannot access accelerator device when none is available"):
            t.ones(2).pin_memory()


def test_options_of_range_and_its_like():
    with pytest.warns(UserWarning, match="range"):
        assert rushlight.range(0, 2, requires_grad=True).requires_grad
    with pytest.raises(AssertionError, match="device must be 'cpu'"):
        rushlight.range(0, 2, device="cuda")
    with pytest.raises(TypeError, match="scalar_tensor: got an unexpected keyword argument 'foo'"):
        rushlight.scalar_tensor(1.0, foo=1)
    with pytest.raises(TypeError, match="new_tensor: got an unexpected keyword argument 'layout'"):
        x.new_tensor([1.0], layout=rushlight.strided)
    with pytest.raises(NotImplementedError, match="full: names must be None"):
        rushlight.full((2,), 1.0, names=("N",))
    with pytest.raises(NotImplementedError, match="rand: names must be None"):
        rushlight.rand(2, names=("N",))
    with pytest.raises(
        TypeError, match="normal: dtype, layout, device, requires_grad and pin_memory must not"
    ):
        rushlight.normal(x, 1.0, dtype=rushlight.float64)
    with pytest.raises(TypeError, match="unsupported operand"):
        pow(x, 2, 3)


def test_memory_format_is_heeded(torch):
    for t in (rushlight, torch):
        cl = t.channels_last
        assert t.ones(1, 2, 3, 4).cpu(memory_format=cl).stride() == (24, 1, 8, 2)
        assert t.ones(1, 2, 3, 4).resize_(2, 2, 3, 4, memory_format=cl).stride() == (24, 1, 8, 2)
        with pytest.raises(RuntimeError, match="required rank 4 tensor"):
            t.ones(4).resize_(2, 2, memory_format=cl)
        with pytest.raises(RuntimeError, match="required rank 4 tensor"):
            t.ones(4).resize_as_(t.ones(2, 2), memory_format=cl)


def test_repeat_interleave_output_size(torch):
    for t in (rushlight, torch):
        assert t.repeat_interleave(t.ones(2, 2), 2, 0, output_size=4).shape == (4, 2)
        with pytest.raises(RuntimeError, match="Invalid output_size"):
            t.repeat_interleave(t.ones(2, 2), 2, 0, output_size=3)


def test_status_instead_of_an_error(torch):
    values = np.stack([np.zeros((2, 2)), np.eye(2)])
    for t in (rushlight, torch):
        A, B = t.tensor(values), t.ones(2, 2, 2, dtype=t.float64)
        y, info = t.linalg.solve_ex(A, B)
        assert info.tolist() == [1, 0]
        assert y[1].tolist() == B[1].tolist()
        assert not bool(t.isfinite(y[0]).any())
        with pytest.raises(RuntimeError, match="singular"):
            t.linalg.solve_ex(A, B, check_errors=True)
        for f in (t.linalg.inv_ex, t.linalg.cholesky_ex):
            out = (t.empty(0, dtype=t.float64), t.empty(0, dtype=t.int32))
            result = f(t.eye(2, dtype=t.float64), out=out)
            assert result[0] is out[0]
            assert out[0].tolist() == [[1, 0], [0, 1]]
            assert out[1].tolist() == 0
