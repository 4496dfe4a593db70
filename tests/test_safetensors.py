"""The .safetensors format against its own package, and damaged files."""

import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rushlight
from rushlight import safetensors
from rushlight.tensor import wrap

TENSORS = {
    "a": wrap(np.arange(12, dtype=np.float32).reshape(3, 4)),
    "b": rushlight.arange(5),
    "c": rushlight.zeros(2, 0),
    "d": rushlight.ones(3).to(rushlight.bfloat16),
    "e": rushlight.tensor(True),
    "é": rushlight.ones(1).to(rushlight.float16),
}


def assert_same(a, b):
    assert sorted(a) == sorted(b)
    for name in a:
        assert a[name].dtype == b[name].dtype
        np.testing.assert_array_equal(a[name]._array, b[name]._array)


def test_round_trip(tmp_path):
    path = tmp_path / "x.safetensors"
    safetensors.save_file(TENSORS, path, {"format": "pt"})
    assert_same(safetensors.load_file(path), TENSORS)
    assert_same(safetensors.load(safetensors.save(TENSORS)), TENSORS)
    with safetensors.safe_open(path) as file:
        assert file.keys() == sorted(TENSORS)
        assert file.metadata() == {"format": "pt"}
        assert file.get_tensor("b").tolist() == [0, 1, 2, 3, 4]
        part = file.get_slice("a")
        assert part.get_shape() == [3, 4]
        assert part[1:, 0].tolist() == [4, 8]
        with pytest.raises(safetensors.SafetensorError, match="name must be one of the file's 6, got 'z'"):
            file.get_tensor("z")


def test_the_packages_files(tmp_path):
    other = pytest.importorskip("safetensors.numpy")
    arrays = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": np.array([1, 2], np.int64),
        "c": np.float64(3),
    }
    arrays["c"] = np.asarray(arrays["c"])
    other.save_file(arrays, str(tmp_path / "theirs"))
    ours = safetensors.load_file(tmp_path / "theirs")
    for name, array in arrays.items():
        np.testing.assert_array_equal(ours[name].numpy(), array)
    safetensors.save_file(ours, tmp_path / "ours")
    for name, array in other.load_file(str(tmp_path / "ours")).items():
        np.testing.assert_array_equal(array, arrays[name])


def test_what_cannot_be_saved():
    x = rushlight.zeros(4)
    with pytest.raises(RuntimeError, match="must not share memory"):
        safetensors.save({"a": x, "b": x[1:]})
    with pytest.raises(ValueError, match="must be contiguous"):
        safetensors.save({"a": rushlight.zeros(2, 3).t()})
    with pytest.raises(ValueError, match="dict of str to Tensor, got int under 'a'"):
        safetensors.save({"a": 5})
    with pytest.raises(TypeError, match="metadata must be a dict of str to str"):
        safetensors.save({}, {"a": 5})


def file_of(header, data=b"", length=None):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "has 0 bytes"),
        (b"1234567", "has 7 bytes"),
        (file_of({}, length=2**60), "InvalidHeaderLength"),
        (struct.pack("<Q", 3) + b"{{{", "header does not read"),
        (struct.pack("<Q", 2) + b"[]", "header does not read"),
        (file_of({"a": {"dtype": "X9", "shape": [], "data_offsets": [0, 0]}}), "header does not read"),
        (file_of({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}, bytes(4)), "InvalidOffset"),
        (file_of({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, bytes(8)), "InvalidOffset"),
        (file_of({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, bytes(4)), "has the shape"),
        (file_of({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, bytes(8)), "the file has 8"),
        (
            file_of({"a": {"dtype": "U8", "shape": [2**40, 2**40], "data_offsets": [0, 4]}}, bytes(4)),
            "InvalidOffset",
        ),
    ],
)
def test_damaged_files(data, match, tmp_path):
    with pytest.raises(safetensors.SafetensorError, match=match):
        safetensors.load(data)
    path = tmp_path / "broken.safetensors"
    path.write_bytes(data)
    with pytest.raises(safetensors.SafetensorError, match=rf"broken.safetensors.*{match}"):
        safetensors.load_file(path)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4))
def test_changed_bytes_never_crash(changes):
    data = bytearray(safetensors.save(TENSORS))
    for position, byte in changes:
        data[position % len(data)] = byte
    try:
        safetensors.load(bytes(data))
    except safetensors.SafetensorError:
        pass


def test_models(tmp_path):
    nn = pytest.importorskip("rushlight.nn")
    if not hasattr(nn, "Linear"):
        pytest.skip("nn.Linear is not there yet")
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight = model[0].weight  # tied
    path = tmp_path / "model.safetensors"
    safetensors.save_model(model, path)
    assert len(safetensors.load_file(path)) == 3
    other = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    other[1].weight = other[0].weight
    assert safetensors.load_model(other, path) == ([], [])
    assert_same(dict(other.state_dict()), dict(model.state_dict()))
