"""Image data sets: where they come from, that they are whole, that batches equal samples."""

from __future__ import annotations

import gzip
import hashlib
import pickle
import shutil
import struct
import sys
from pathlib import Path

import numpy as np
import pytest

import rushlight as rl
from rushlight.utils.data import ConcatDataset, DataLoader, Subset, default_collate
from rushlight.vision import datasets, transforms
from rushlight.vision.datasets import download
from rushlight.vision.datasets.mnist import read_idx
from rushlight.vision.transforms.batch import batch_of

PACKAGE = Path(__file__).parents[2] / "datasets" / "mnist" / "src"
NORMALIZE = transforms.Normalize((0.1307,), (0.3081,))
TENSOR = transforms.Compose([transforms.ToTensor(), NORMALIZE])


def idx(array):
    return (
        struct.pack(">BBBB", 0, 0, 8, array.ndim)
        + struct.pack(f">{array.ndim}I", *array.shape)
        + array.tobytes()
    )


@pytest.fixture
def package(monkeypatch):
    """rushlight-mnist, as if installed."""
    monkeypatch.syspath_prepend(str(PACKAGE))


@pytest.fixture
def no_package(monkeypatch):
    monkeypatch.setattr(datasets.MNIST, "package", None)


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr("urllib.request.urlopen", refuse)


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """FashionMNIST's layout with 30 random images."""
    root = tmp_path_factory.mktemp("small")
    raw = root / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in ("train", "t10k"):
        (raw / f"{name}-images-idx3-ubyte").write_bytes(
            idx(rng.integers(0, 256, (30, 28, 28), dtype=np.uint8))
        )
        (raw / f"{name}-labels-idx1-ubyte").write_bytes(idx(rng.integers(0, 10, 30, dtype=np.uint8)))
    return root


def test_the_packaged_files_are_the_originals(package):
    import rushlight_mnist

    assert set(rushlight_mnist.FILES) == {p.name for p in rushlight_mnist.path().glob("*.gz")}
    for name, md5 in rushlight_mnist.MD5.items():
        data = gzip.decompress(rushlight_mnist.path(name + ".gz").read_bytes())
        assert hashlib.md5(data).hexdigest() == md5
        assert datasets.MNIST.sums[name][0] == md5
        assert datasets.MNIST.sums[name][2] == len(data)
    assert "LeCun" in (PACKAGE.parent / "NOTICE").read_text()
    with pytest.raises(FileNotFoundError, match="name must be one of"):
        rushlight_mnist.path("x")


def test_mnist_comes_from_the_package(package, no_network, tmp_path):
    test = datasets.MNIST(tmp_path, train=False, download=True)
    assert (tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte").stat().st_size == 47040016
    assert len(test) == 10000
    assert test.data.shape == (10000, 28, 28)
    assert test.data.dtype is rl.uint8
    assert test.targets.dtype is rl.int64
    assert test.targets[:5].tolist() == [7, 2, 1, 0, 4]
    assert test.classes[3] == "3 - three"
    assert test.class_to_idx["9 - nine"] == 9
    train = datasets.MNIST(str(tmp_path))
    assert len(train) == 60000
    assert train.targets[:5].tolist() == [5, 0, 4, 1, 9]
    assert round(float(train.data.numpy().mean() / 255), 4) == 0.1307
    assert repr(train).splitlines()[:4] == [
        "Dataset MNIST",
        "    Number of datapoints: 60000",
        f"    Root location: {tmp_path}",
        "    Split: Train",
    ]


def test_one_error_names_each_place(no_package, no_network, tmp_path):
    with pytest.raises(RuntimeError, match="train-images-idx3-ubyte.gz must be in one of these places") as e:
        datasets.MNIST(tmp_path, download=True)
    for place in (str(tmp_path), *datasets.MNIST.mirrors):
        assert place in str(e.value)
    assert "no network" in str(e.value)


def test_the_error_tells_of_the_package(no_network, tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.MNIST, "package", "rushlight_no_such_package")
    with pytest.raises(RuntimeError, match="rushlight-mnist: not installed"):
        datasets.MNIST(tmp_path, download=True)


def test_without_download(tmp_path):
    with pytest.raises(RuntimeError, match="Dataset not found"):
        datasets.MNIST(tmp_path)


@pytest.mark.parametrize("harm", ["truncated", "corrupt", "no header", "empty"])
def test_a_harmed_file_is_refused(harm, package, tmp_path):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for packed in PACKAGE.glob("rushlight_mnist/*.gz"):
        shutil.copy(packed, raw)
    path = raw / "t10k-labels-idx1-ubyte"
    data = bytearray(gzip.decompress(path.with_name(path.name + ".gz").read_bytes()))
    if harm == "truncated":
        data = data[:-100]
    elif harm == "corrupt":
        data[5000] ^= 1
    elif harm == "no header":
        data[0] = 9
    else:
        data = bytearray()
    path.write_bytes(data)
    with pytest.raises(RuntimeError, match="t10k-labels-idx1-ubyte must be the original file") as e:
        datasets.MNIST(tmp_path, train=False)
    assert "27ae3e4e09519cfbb04c329615203637" in str(e.value)
    path.unlink()
    assert len(datasets.MNIST(tmp_path, train=False)) == 10000  # the packed files do


def test_a_harmed_packed_file_is_refused(tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(idx(np.zeros((10, 10), np.uint8)))[:-12])
    with pytest.raises(ValueError, match="truncated or corrupt"):
        read_idx(path)


def test_a_download_is_checked(tmp_path, monkeypatch):
    source = tmp_path / "source"
    source.write_bytes(b"hello")
    url = source.as_uri()
    with pytest.raises(RuntimeError, match="must have the MD5 sum 0+, got 5d41402abc4b2a76b9719d911017c592"):
        download.download_url(url, tmp_path / "to", "file", "0" * 32)
    assert not list((tmp_path / "to").iterdir())
    path = download.download_url(url, tmp_path / "to", "file", "5d41402abc4b2a76b9719d911017c592")
    assert path.read_bytes() == b"hello"


def test_mirrors_are_tried_in_turn(tmp_path, monkeypatch, small):
    raw = tmp_path / "mirror"
    raw.mkdir()
    resources = []
    for path in sorted((small / "FashionMNIST" / "raw").iterdir()):
        packed = raw / (path.name + ".gz")
        packed.write_bytes(gzip.compress(path.read_bytes()))
        resources.append((packed.name, hashlib.md5(packed.read_bytes()).hexdigest()))
    monkeypatch.setattr(datasets.FashionMNIST, "resources", resources)
    monkeypatch.setattr(
        datasets.FashionMNIST, "mirrors", [(tmp_path / "none").as_uri() + "/", raw.as_uri() + "/"]
    )
    ours = datasets.FashionMNIST(tmp_path / "root", download=True)
    assert (ours.data.numpy() == datasets.FashionMNIST(small).data.numpy()).all()


PIPELINES = {
    "pad": transforms.Compose([transforms.Pad((1, 2), fill=7), transforms.ToTensor(), NORMALIZE]),
    "pad_reflect": transforms.Compose([transforms.Pad(3, padding_mode="reflect"), transforms.ToTensor()]),
    "random_crop": transforms.Compose(
        [transforms.RandomCrop(28, padding=4), transforms.ToTensor(), NORMALIZE]
    ),
    "random_crop_whole": transforms.Compose([transforms.RandomCrop(28), transforms.ToTensor()]),
    "random_crop_one_way": transforms.Compose([transforms.RandomCrop((28, 20)), transforms.ToTensor()]),
    "flips": transforms.Compose(
        [
            transforms.RandomHorizontalFlip(),
            transforms.RandomVerticalFlip(0.2),
            transforms.ToTensor(),
            NORMALIZE,
        ]
    ),
    "augmented": transforms.Compose(
        [
            transforms.RandomCrop((24, 26), padding=(2, 1), padding_mode="symmetric"),
            transforms.RandomHorizontalFlip(),
            transforms.PILToTensor(),
        ]
    ),
    "tutorial": TENSOR,
    "tensor": transforms.ToTensor(),
    "twice": transforms.Compose([transforms.ToTensor(), NORMALIZE, transforms.Normalize([0.3], [2.0])]),
    "nested": transforms.Compose([transforms.Compose([transforms.ToTensor()]), NORMALIZE]),
    "bytes": transforms.PILToTensor(),
    "center_crop": transforms.Compose([transforms.CenterCrop((20, 17)), transforms.ToTensor(), NORMALIZE]),
}


@pytest.mark.parametrize("name", PIPELINES)
def test_a_batch_equals_its_samples(name, small):
    d = datasets.FashionMNIST(small, transform=PIPELINES[name])
    order = np.random.default_rng(1).permutation(30)[:17]
    rl.manual_seed(5)
    batch = d.__getbatch__(order)
    assert batch is not NotImplemented
    state = rl.get_rng_state()
    rl.manual_seed(5)
    samples = default_collate([d[int(i)] for i in order])
    assert (rl.get_rng_state().numpy() == state.numpy()).all()  # as many draws, in the same order
    for a, b in zip(batch, samples, strict=True):
        assert a.dtype is b.dtype
        assert a.shape == b.shape
        assert a.is_contiguous()
        assert a.numpy().tobytes() == b.numpy().tobytes()


def test_colour_batches_equal_their_samples():
    class Colour(datasets.CIFAR10):
        def __init__(self, transform):
            self.transform, self.target_transform = transform, None
            self.data = np.random.default_rng(0).integers(0, 256, (9, 32, 32, 3), dtype=np.uint8)
            self.targets = list(range(9))

    steps = transforms.Compose(
        [transforms.ToTensor(), transforms.Normalize((0.4914, 0.4822, 0.4465), (0.247, 0.2435, 0.2616))]
    )
    augment = [transforms.RandomCrop(32, padding=4), transforms.RandomHorizontalFlip()]
    for d in (Colour(steps), Colour(transforms.Compose([*augment, steps]))):
        rl.manual_seed(1)
        x, y = d.__getbatch__(np.array([3, 3, 0, -1]))
        rl.manual_seed(1)
        want = default_collate([d[i] for i in (3, 3, 0, -1)])
        assert x.numpy().tobytes() == want[0].numpy().tobytes()
        assert y.tolist() == [3, 3, 0, 8]


def test_what_is_not_a_table_goes_by_samples(small):
    calls = []
    own = transforms.Lambda(lambda x: calls.append(1) or x)
    for steps in (
        transforms.Compose([transforms.ToTensor(), own]),
        transforms.Compose([transforms.RandomRotation(5), TENSOR]),
    ):
        d = datasets.FashionMNIST(small, transform=steps)
        assert d.__getbatch__(np.arange(3)) is NotImplemented
        assert len(next(iter(DataLoader(d, 3)))[0]) == 3
    assert len(calls) == 3


def test_a_subclass_of_a_transform_goes_by_samples(small):
    class Own(transforms.Normalize):
        def forward(self, x):
            return x + 1

    d = datasets.FashionMNIST(small, transform=transforms.Compose([transforms.ToTensor(), Own([0], [1])]))
    assert d.__getbatch__(np.arange(2)) is NotImplemented


def test_a_changed_transform_is_noticed(small):
    steps = transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.5], [0.5])])
    d = datasets.FashionMNIST(small, transform=steps)
    before = d.__getbatch__(np.arange(2))[0].numpy().copy()
    steps.transforms[1].mean = [0.1]
    changed = d.__getbatch__(np.arange(2))[0].numpy()
    assert not (before == changed).all()
    assert (changed[1] == d[1][0].numpy()).all()
    d.transform = transforms.ToTensor()
    assert (d.__getbatch__(np.arange(2))[0].numpy()[0] == d[0][0].numpy()).all()


def test_target_transforms(small):
    d = datasets.FashionMNIST(small, transform=TENSOR, target_transform=lambda y: y / 2)
    batch = next(iter(DataLoader(d, 4)))[1]
    assert batch.dtype is rl.float64
    assert batch.tolist() == (d.targets[:4].numpy() / 2).tolist()


def test_subsets_of_images_are_read_in_one_go(small, monkeypatch):
    d = datasets.FashionMNIST(small, transform=TENSOR)
    both = ConcatDataset([Subset(d, [4, 2]), d])
    want = default_collate([both[i] for i in (0, 5, 1)])
    monkeypatch.setattr(datasets.MNIST, "__getitem__", None)  # no sample is read by itself
    x, y = next(iter(DataLoader(both, batch_sampler=[[0, 5, 1]])))
    assert (x.numpy() == want[0].numpy()).all()
    assert y.tolist() == want[1].tolist()


def test_draws_of_several_datasets_stay_in_the_samples_order(small):
    steps = transforms.Compose([transforms.RandomHorizontalFlip(), transforms.ToTensor()])
    a, b = (datasets.FashionMNIST(small, train=t, transform=steps) for t in (True, False))
    c = datasets.FashionMNIST(small, transform=steps, target_transform=lambda y: y + rl.rand(1).item())
    for d in (ConcatDataset([a, b]), c, Subset(a, [3, 4, 5, 6, 40 - 31, 2])):
        order = [0, len(d) - 1, 1, len(d) - 2]
        rl.manual_seed(2)
        batch = next(iter(DataLoader(d, batch_sampler=[order])))
        rl.manual_seed(2)
        rl.empty((), dtype=rl.int64).random_()
        want = default_collate([d[i] for i in order])
        assert str(batch) == str(want)


def test_indices_out_of_range(small):
    d = datasets.FashionMNIST(small, transform=TENSOR)
    with pytest.raises(IndexError, match=r"30"):
        d.__getbatch__(np.array([30]))


def test_samples_are_pil_images(small):
    Image = pytest.importorskip("PIL.Image")
    image, label = datasets.FashionMNIST(small)[0]
    assert isinstance(image, Image.Image)
    assert image.mode == "L"
    assert type(label) is int


def test_without_pillow(small, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.delitem(sys.modules, "PIL.Image", raising=False)
    assert datasets.FashionMNIST(small, transform=TENSOR)[0][0].shape == (1, 28, 28)
    with pytest.raises(ModuleNotFoundError, match="samples are PIL images, which need Pillow"):
        datasets.FashionMNIST(small)[0]


def test_numpy_path_gives_the_same(small, monkeypatch):
    from rushlight.vision.transforms import batch as module

    d = datasets.FashionMNIST(small, transform=TENSOR)
    want = batch_of(d, d.data.numpy(), np.arange(9)).numpy()
    monkeypatch.setattr(module, "_C", None)
    del d._plan
    assert (batch_of(d, d.data.numpy(), np.arange(9)).numpy() == want).all()


def test_workers_give_the_same_batches(small):
    d = datasets.FashionMNIST(small, transform=TENSOR)
    here = list(DataLoader(d, 8))
    there = list(DataLoader(d, 8, num_workers=2, multiprocessing_context="fork"))
    for (a, b), (c, e) in zip(here, there, strict=True):
        assert (a.numpy() == c.numpy()).all()
        assert b.tolist() == e.tolist()


# -- the others ------------------------------------------------------------------------------------
def cifar(root, monkeypatch, harm=None, protocol=2):
    folder = root / "cifar-10-batches-py"
    folder.mkdir()
    rng = np.random.default_rng(0)
    sums = {}
    for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"):
        entry = {
            "data": rng.integers(0, 256, (4, 3072), dtype=np.uint8),
            "labels": rng.integers(0, 10, 4).tolist(),
        }
        harmful = {"data": print, "labels": []}
        (folder / name).write_bytes(pickle.dumps(entry if name != harm else harmful, protocol))
        sums[name] = hashlib.md5((folder / name).read_bytes()).hexdigest()
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": [*"abcdefghij"]}))
    monkeypatch.setattr(datasets.CIFAR10, "train_list", [[n, sums[n]] for n in list(sums)[:5]])
    monkeypatch.setattr(datasets.CIFAR10, "test_list", [["test_batch", sums["test_batch"]]])
    md5 = hashlib.md5((folder / "batches.meta").read_bytes()).hexdigest()
    monkeypatch.setitem(datasets.CIFAR10.meta, "md5", md5)
    return folder


# The published files' protocol, Python's default up to 3.13, and from 3.14 on.
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_cifar10(protocol, tmp_path, monkeypatch):
    folder = cifar(tmp_path, monkeypatch, protocol=protocol)
    train = datasets.CIFAR10(tmp_path, transform=transforms.ToTensor())
    assert train.data.shape == (20, 32, 32, 3)
    assert train.class_to_idx["c"] == 2
    first = pickle.loads((folder / "data_batch_1").read_bytes())
    assert (train[0][0].numpy() * 255).round().astype(np.uint8).tobytes() == first["data"][0].tobytes()
    assert train[0][1] == first["labels"][0]
    (folder / "test_batch").write_bytes(b"x")
    with pytest.raises(RuntimeError, match="test_batch must have the MD5 sum"):
        datasets.CIFAR10(tmp_path, train=False)
    with pytest.raises(RuntimeError, match="Dataset not found or corrupted"):
        datasets.CIFAR100(tmp_path)


def test_cifar_runs_no_code_from_the_file(tmp_path, monkeypatch):
    cifar(tmp_path, monkeypatch, harm="data_batch_2")
    with pytest.raises(
        pickle.UnpicklingError, match=r"must hold arrays only, got (builtins|__builtin__)\.print"
    ):
        datasets.CIFAR10(tmp_path)


def test_cifar_says_where_it_looked(tmp_path, no_network):
    with pytest.raises(RuntimeError, match="no network"):
        datasets.CIFAR10(tmp_path, download=True)


def test_image_folder(tmp_path):
    Image = pytest.importorskip("PIL.Image")
    for i, (name, kind) in enumerate((("cat/a.png", "L"), ("cat/sub/b.JPG", "RGB"), ("ant/c.png", "RGB"))):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new(kind, (4, 3), i).save(path)
    (tmp_path / "cat" / "notes.txt").write_text("no picture")
    d = datasets.ImageFolder(tmp_path, transform=transforms.ToTensor())
    assert d.classes == ["ant", "cat"]
    assert d.targets == [0, 1, 1]
    assert [Path(p).name for p, _ in d.imgs] == ["c.png", "a.png", "b.JPG"]
    assert d[1][0].shape == (3, 3, 4)
    (tmp_path / "dog").mkdir()
    with pytest.raises(FileNotFoundError, match="got none for dog"):
        datasets.ImageFolder(tmp_path)
    assert len(datasets.ImageFolder(tmp_path, allow_empty=True)) == 3
    with pytest.raises(FileNotFoundError, match="a folder for each class"):
        datasets.ImageFolder(tmp_path / "dog")


def test_fake_data_is_the_same_each_time(torch):
    d = datasets.FakeData(5, (3, 8, 8), 4, transform=transforms.ToTensor())
    state = rl.get_rng_state()
    x, y = d[3]
    assert (rl.get_rng_state().numpy() == state.numpy()).all()
    assert (d[3][0].numpy() == x.numpy()).all()
    torch.manual_seed(3)
    torch.randn(3, 8, 8)
    assert y == torch.randint(0, 4, (1,)).item()
    assert len(list(d)) == 5


def test_those_not_there_say_so():
    with pytest.raises(NotImplementedError, match="EMNIST: the data set is not in rushlight yet"):
        datasets.EMNIST("root", "letters")


def test_transforms_of_both():
    with pytest.raises(ValueError, match="Only transforms or transform/target_transform"):
        datasets.VisionDataset("root", transforms=print, transform=print)
