"""save and load: PyTorch's files both ways, sharing, refusal of code, damaged files, complete files only."""

import collections
import io
import os
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rushlight
from rushlight import serialization
from rushlight.tensor import wrap

nn = pytest.importorskip("rushlight.nn")


def saved(obj, **kwargs):
    buffer = io.BytesIO()
    rushlight.save(obj, buffer, **kwargs)
    return buffer.getvalue()


def loaded(data, **kwargs):
    return rushlight.load(io.BytesIO(data), **kwargs)


def everything():
    """An object with something of each kind that can be saved."""
    base = rushlight.arange(12.0).reshape(3, 4)
    state = collections.OrderedDict(weight=base, bias=base[1])
    state._metadata = {"": {"version": 1}}
    return {
        "state": state,
        "transposed": base.t(),
        "expanded": rushlight.arange(3.0).expand(5, 3),
        "parameter": nn.Parameter(rushlight.ones(2)),
        "frozen": nn.Parameter(rushlight.ones(2), requires_grad=False),
        "grad": rushlight.ones(2, requires_grad=True),
        "0-d": rushlight.tensor(2.5),
        "empty": rushlight.zeros(2, 0, 3),
        "dtypes": [
            rushlight.ones(3).to(d)
            for d in (
                rushlight.float16,
                rushlight.bfloat16,
                rushlight.float64,
                rushlight.uint8,
                rushlight.int8,
            )
        ]
        + [
            rushlight.ones(3).to(d)
            for d in (rushlight.int16, rushlight.int32, rushlight.int64, rushlight.bool)
        ]
        + [rushlight.ones(3).to(d) for d in (rushlight.complex64, rushlight.complex128)],
        "new dtypes": [wrap(np.arange(3, dtype=d)) for d in (np.uint16, np.uint32, np.uint64)],
        "dtype": rushlight.float32,
        "size": rushlight.Size([2, 3]),
        "device": rushlight.device("cuda", 1),
        "set": {1, 2},
        "counter": collections.Counter("aab"),
        "numbers": [1, -1, 300, 70000, -(2**40), 2**70, 2.5, 3 + 4j, True, None],
        "texts": ["", "é", "x" * 300, b"\x00\xff", bytearray(b"abc")],
        ("tuple", 1): (1, (2, (3,))),
        "long": list(range(2000)),
    }


def assert_same(a, b):
    """Equal in values, types, dtypes, strides; `b` may be PyTorch's."""
    kind = type(b).__name__
    if kind in ("Tensor", "Parameter"):
        assert (kind == "Parameter") == isinstance(a, nn.Parameter)
        assert str(a.dtype) == str(b.dtype)
        assert (tuple(a.shape), a.requires_grad) == (tuple(b.shape), b.requires_grad)
        assert tuple(a.stride()) == tuple(b.stride()) or not b.numel()
        if "bfloat16" in str(b.dtype):
            a, b = a.float(), b.float()
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())
    elif isinstance(b, dict):
        assert type(a) is type(b)
        assert list(a) == list(b)
        assert getattr(a, "_metadata", None) == getattr(b, "_metadata", None)
        for key in b:
            assert_same(a[key], b[key])
    elif isinstance(b, (list, tuple)):
        assert len(a) == len(b)
        for x, y in zip(a, b):
            assert_same(x, y)
    elif kind in ("dtype", "device"):
        assert str(a) == str(b)
    else:
        assert a == b
        assert type(a) is type(b)


# -- Round trips ---------------------------------------------------------------------------------------


def test_round_trip():
    assert_same(loaded(saved(everything())), everything())


def test_torch_reads_ours(torch):
    theirs = torch.load(io.BytesIO(saved(everything())), weights_only=True)
    assert_same(everything(), theirs)


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_reads_torchs(new, torch, tmp_path):
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.randn(4, 2)).sum().backward()
    optimizer.step()
    base = torch.randn(4, 3)
    obj = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "rng": torch.get_rng_state(),
        "views": [base, base.t(), base[1:], base[:, 1]],
        "channels_last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "half": torch.ones(2, dtype=torch.bfloat16),
        "parameter": model[0].weight,
    }
    path = tmp_path / "theirs.pt"
    torch.save(obj, path, _use_new_zipfile_serialization=new)
    ours = rushlight.load(path)
    assert_same(ours, obj)
    first, *others = ours["views"]
    assert all(np.shares_memory(first.numpy(), v.numpy()) for v in others)
    if new:
        assert_same(rushlight.load(path, mmap=True), obj)
        with open(path, "rb") as file:
            assert_same(rushlight.load(file), obj)


def test_sharing_survives():
    base = rushlight.zeros(4)
    a, b = loaded(saved([base[:2], base[1:]]))
    a[1] = 5
    assert b[0].item() == 5
    assert len(saved([base] * 10)) < 2 * len(saved([base]))


def test_tied_parameters_stay_tied():
    p = nn.Parameter(rushlight.ones(3))
    a, b = loaded(saved([p, p]))
    assert a is b


def test_arrays_that_are_no_strided_storage():
    x = wrap(np.arange(6.0)[::-1])  # negative strides: stored as a copy
    np.testing.assert_array_equal(loaded(saved(x)).numpy(), [5, 4, 3, 2, 1, 0])
    y = wrap(np.zeros(3, [("a", "f4"), ("b", "f4")])["b"])
    np.testing.assert_array_equal(loaded(saved(y)).numpy(), [0, 0, 0])


def test_one_memory_two_dtypes_is_refused():
    x = rushlight.zeros(4)
    with pytest.raises(RuntimeError, match="share memory must have one dtype"):
        saved([x, wrap(x.numpy().view(np.int32))])


def test_bytes_are_aligned(tmp_path):
    path = tmp_path / "aligned.pt"
    rushlight.save(everything(), path)
    raw = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        for info in archive.infolist():
            name, extra = raw[info.header_offset + 26], raw[info.header_offset + 28]
            assert (info.header_offset + 30 + name + extra) % 64 == 0
        assert archive.namelist()[0] == "aligned/data.pkl"
        assert archive.read("aligned/byteorder") == b"little"


def test_mapped_file_is_not_changed(tmp_path):
    path = tmp_path / "m.pt"
    rushlight.save(rushlight.zeros(3), path)
    before = path.read_bytes()
    x = rushlight.load(path, mmap=True)
    x[0] = 1
    assert x.tolist() == [1, 0, 0]
    assert path.read_bytes() == before


# -- Complete files only -------------------------------------------------------------------------------


def test_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.pt"
    rushlight.save([1], path)
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        rushlight.save([rushlight.zeros(5), lambda: 0], path)
    assert rushlight.load(path) == [1]

    def interrupted():
        with serialization.replacing(str(path)) as file:
            file.write(b"half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="full"):
        interrupted()
    assert os.listdir(tmp_path) == ["x.pt"]
    assert rushlight.load(path) == [1]


def test_save_errors(tmp_path):
    with pytest.raises(RuntimeError, match=r"Parent directory .* does not exist"):
        rushlight.save(1, tmp_path / "none" / "x.pt")
    with pytest.raises(AttributeError, match="f must be a path or a binary file, got int"):
        rushlight.save(1, 5)
    with pytest.raises(ValueError, match="pickle_protocol must be 2"):
        rushlight.save(1, io.BytesIO(), pickle_protocol=4)


# -- Nothing runs --------------------------------------------------------------------------------------


class Evil:
    def __reduce__(self):
        return os.system, ("echo this must not run",)


def archive(data_pkl, storages=()):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as z:
        z.writestr("a/data.pkl", data_pkl)
        for k, data in enumerate(storages):
            z.writestr(f"a/data/{k}", data)
    return buffer.getvalue()


@pytest.mark.parametrize("protocol", range(6))
def test_code_is_refused_by_name(protocol):
    if protocol < 2:
        match = "not allowed"
    else:
        match = "asks for posix.system, which is not allowed"
    with pytest.raises(pickle.UnpicklingError, match=match):
        loaded(archive(pickle.dumps(Evil(), protocol)))


@pytest.mark.parametrize(
    ("program", "match"),
    [
        (b"\x80\x02cbuiltins\neval\n.", "asks for builtins.eval"),
        (b"\x80\x02ctorch\nload\n.", "asks for torch.load"),
        (b"\x80\x02ccollections\nOrderedDict\n}X\x01\x00\x00\x00aK\x01sb.", "sets the state of a Global"),
        (b"\x80\x02ctorch\nfloat32\n)R.", "calls torch.float32, which is not allowed"),
        (b"\x80\x02cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R.", "bytearray must be made from bytes"),
        (b"\x80\x02K\x01)\x81.", "makes an object of 1"),
        (b"\x80\x02}(" + b"(" * 3000 + b"t" * 3000 + b"K\x01u.", "more than 1000 parts"),
        (b"\x80\x02X\xff\xff\xff\x7fabc.", "truncated"),
        (b"\x80\x63.", "pickle protocol 99"),
        (b"\x80\x02i__main__\nEvil\n.", "instruction b'i'"),
        (b"\x80\x02", "truncated"),
        (b"\x80\x02K\x01Q.", "reference of an unknown kind"),
    ],
)
def test_malicious_pickles(program, match):
    with pytest.raises(pickle.UnpicklingError, match=match):
        loaded(archive(program))


@pytest.mark.parametrize(
    ("offset", "size", "stride"),
    [
        (0, (5,), (1,)),
        (4, (1,), (1,)),
        (0, (2**62, 2**62), (1, 1)),
        (-1, (1,), (1,)),
        (0, (1,), (-1,)),
        (0, (2, 2), (1,)),
    ],
)
def test_views_outside_of_the_storage_are_refused(offset, size, stride):
    from rushlight._pickling import _name, _Pickler, _Reduced, _Storage

    file = io.BytesIO()
    storage = _Storage(0, np.zeros(16, np.uint8), rushlight.float32)
    args = (storage, offset, size, stride, False, collections.OrderedDict())
    _Pickler(file).dump(_Reduced(_name("torch._utils", "_rebuild_tensor_v2"), args))
    with pytest.raises(pickle.UnpicklingError, match="a tensor"):
        loaded(archive(file.getvalue(), [bytes(16)]))


class Settings:
    def __init__(self, rate):
        self.rate = rate


def test_safe_globals():
    data = saved({"settings": Settings(0.5)})
    with pytest.raises(pickle.UnpicklingError, match=r"Settings, which is not allowed.*add_safe_globals"):
        loaded(data)
    assert [
        n.rpartition(".")[2] for n in serialization.get_unsafe_globals_in_checkpoint(io.BytesIO(data))
    ] == ["Settings"]
    with serialization.safe_globals([Settings]):
        assert loaded(data)["settings"].rate == 0.5
    assert serialization.get_safe_globals() == []
    serialization.add_safe_globals([Settings])
    assert loaded(data)["settings"].rate == 0.5
    serialization.clear_safe_globals()
    with pytest.raises(pickle.UnpicklingError, match="not allowed"):
        loaded(data)
    with pytest.raises(TypeError, match="safe_globals must hold classes"):
        serialization.add_safe_globals([5])


def test_weights_only_false_is_an_error():
    with pytest.raises(ValueError, match="weights_only must be True, got False"):
        loaded(saved(1), weights_only=False)


# -- map_location --------------------------------------------------------------------------------------


def test_map_location():
    data = repacked(from_gpu_pickle)
    with pytest.raises(RuntimeError, match="map_location must bring storages of device 'cuda:0' to the CPU"):
        loaded(data)
    for place in ("cpu", rushlight.device("cpu"), {"cuda:0": "cpu"}):
        assert loaded(data, map_location=place).tolist() == [1, 1]
    seen = []
    assert loaded(data, map_location=lambda storage, place: seen.append(place) or storage).tolist() == [1, 1]
    assert seen == ["cuda:0"]
    with pytest.raises(TypeError, match="map_location must be"):
        loaded(data, map_location=3)
    with pytest.raises(RuntimeError, match="'cuda'"):
        loaded(data, map_location="cuda")


def from_gpu_pickle(data):
    return data.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0")


def repacked(change):
    with zipfile.ZipFile(io.BytesIO(saved(rushlight.ones(2)))) as z:
        return archive(change(z.read("archive/data.pkl")), [z.read("archive/data/0")])


# -- Damaged files -------------------------------------------------------------------------------------


def test_damaged_files_are_named(tmp_path):
    path = tmp_path / "model.pt"
    rushlight.save({"w": rushlight.arange(1000.0)}, path)
    whole = path.read_bytes()
    for cut in (0, 3, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises((RuntimeError, EOFError, pickle.UnpicklingError), match=r"model\.pt"):
            rushlight.load(path)
    changed = bytearray(whole)
    changed[len(whole) // 2] ^= 1
    path.write_bytes(changed)
    with pytest.raises(
        RuntimeError, match=r"model.pt' is damaged: record 'data/0' does not have its checksum"
    ):
        rushlight.load(path)
    path.write_text("import torch")
    with pytest.raises(pickle.UnpicklingError, match=r"model.pt' is no file that save or PyTorch wrote"):
        rushlight.load(path)
    with pytest.raises(FileNotFoundError, match=r"none.pt"):
        rushlight.load(tmp_path / "none.pt")
    with pytest.raises(AttributeError, match=r"io\.BytesIO"):
        rushlight.load(b"data")


SMALL = {"a": [1, "x", (2,)], "t": rushlight.arange(4.0)}


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4),
    st.integers(0, 10**6),
)
def test_changed_bytes_never_crash(changes, cut):
    """Any damage gives the object, or one of three exceptions."""
    data = bytearray(saved(SMALL))
    for position, byte in changes:
        data[position % len(data)] = byte
    if cut % 3 == 0:
        del data[cut % len(data) :]
    try:
        loaded(bytes(data))
    except (RuntimeError, pickle.UnpicklingError, EOFError):
        pass


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4))
def test_changed_pickles_never_crash(changes):
    def change(data):
        data = bytearray(data)
        for position, byte in changes:
            data[position % len(data)] = byte
        return bytes(data)

    try:
        loaded(repacked(change))
    except (RuntimeError, pickle.UnpicklingError):
        pass
