"""Names that programs written for PyTorch use and that stand for little here."""

from __future__ import annotations

import collections
import contextlib
import functools
import hashlib
import importlib
import io
import os
import subprocess
import sys
import types

import numpy as np
import pytest

import rushlight
from rushlight import nn

x3 = [1.0, 2.0, 3.0]


def test_nothing_of_it_is_imported_before_its_use():
    code = (
        "import sys, rushlight; "
        "late = 'jit hub fx onnx func distributed multiprocessing testing accelerator functional _utils amp compat'.split(); "
        "print([n for n in late if 'rushlight.' + n in sys.modules], 'multiprocessing' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] False\n"


# -- jit, fx, onnx -----------------------------------------------------------------------------------------
def test_scripts_with_torchscript_run():
    from rushlight import jit

    model = nn.Linear(2, 2)
    with pytest.warns(UserWarning, match="jit.script: Linear is given back as it is"):
        assert jit.script(model) is model

    with pytest.warns(UserWarning, match="jit.script: double"):

        @jit.script
        def double(x):
            return x * 2

    assert double(2) == 4
    with pytest.warns(UserWarning, match="jit.trace: Linear"):
        assert jit.trace(model, rushlight.ones(1, 2)) is model
    with pytest.warns(UserWarning, match="jit.trace_module"):
        assert jit.trace_module(model, {"forward": rushlight.ones(1, 2)}) is model
    with pytest.raises(RuntimeError, match="example_inputs or example_kwarg_inputs"):
        jit.trace(model)
    with pytest.raises(RuntimeError, match="jit.script: obj must be a function"):
        jit.script(3)

    class M(jit.ScriptModule):
        value: jit.Final[int] = 3

        @jit.script_method
        def forward(self, x):
            return x + self.helper(x)

        @jit.ignore
        def helper(self, x):
            return x * self.value

        @jit.ignore(drop=True)
        def other(self, x):
            return x

        @jit.unused
        def third(self):
            return jit.annotate(list[int], [])

        @jit.export
        def fourth(self):
            return jit.is_scripting(), jit.is_tracing()

    m = M()
    assert m(2) == 8
    assert m.third() == []
    assert m.fourth() == (False, False)
    assert jit.wait(jit.fork(m, 2)) == 8
    assert not isinstance(m, jit.RecursiveScriptModule | jit.ScriptFunction)
    with pytest.raises(RuntimeError, match="evaluation mode"):
        jit.freeze(m)
    assert jit.freeze(m.eval()) is jit.optimize_for_inference(m) is m
    with jit.optimized_execution(False), jit.fuser("fuser1"), jit.strict_fusion():
        pass
    assert jit.isinstance({"a": [1.0]}, dict[str, list[float]])
    assert jit.isinstance((1, "a"), tuple[int, str])
    assert not jit.isinstance((1, 2), tuple[int, str])
    assert jit.isinstance(None, int | None)
    for call, text in ((lambda: jit.save(m, "f"), "state_dict"), (lambda: jit.load("f"), "state_dict")):
        with pytest.raises(NotImplementedError, match=text):
            call()


def test_fx_and_onnx():
    from rushlight import fx, onnx

    assert fx.wrap(len) is len
    with pytest.raises(NotImplementedError, match=r"fx.symbolic_trace: .* forward hooks"):
        fx.symbolic_trace(nn.Linear(1, 1))
    with pytest.raises(NotImplementedError, match="fx.Tracer"):
        fx.Tracer()
    with pytest.raises(NotImplementedError, match=r"onnx.export: .* in PyTorch"):
        onnx.export(nn.Linear(1, 1), rushlight.ones(1, 1), "model.onnx")
    assert not onnx.is_in_onnx_export()


# -- devices -------------------------------------------------------------------------------------------------
def test_no_accelerator(torch):
    ours, theirs = rushlight.accelerator, torch.accelerator
    assert ours.is_available() == theirs.is_available()
    assert ours.current_accelerator() is theirs.current_accelerator() is None
    assert ours.device_count() == theirs.device_count() == 0
    for a in (ours, theirs):
        for call in (a.synchronize, a.current_device_index):
            with pytest.raises(RuntimeError, match="Cannot access accelerator device when none is available"):
                call()
    with ours.device_index(None):
        pass


def test_cuda_names():
    cuda = rushlight.cuda
    assert not isinstance(rushlight.ones(1), cuda.FloatTensor)
    with pytest.raises(AssertionError, match="device must be 'cpu'"):
        cuda.LongTensor([1])
    with pytest.raises(AssertionError, match="device must be 'cpu'"):
        cuda.Event(enable_timing=True)
    with pytest.raises(AttributeError, match="has no attribute 'NoTensor'"):
        _ = cuda.NoTensor
    with (
        pytest.warns(FutureWarning, match="GradScaler.* is deprecated"),
        pytest.warns(UserWarning, match="'cuda' is not available"),
    ):
        scaler = cuda.amp.GradScaler(init_scale=2.0)
    assert scaler.get_scale() == 1
    assert not scaler.is_enabled()
    with (
        pytest.warns(FutureWarning, match="autocast.* is deprecated"),
        pytest.warns(UserWarning, match="'cuda' is not available"),
        cuda.amp.autocast(),
    ):
        pass
    with pytest.warns(FutureWarning, match="autocast.* is deprecated"):
        off = cuda.amp.autocast(enabled=False, dtype=rushlight.bfloat16)
    with off:
        pass

    with pytest.warns(FutureWarning, match="custom_fwd.* is deprecated"):
        converted = cuda.amp.custom_fwd(cast_inputs=rushlight.float32)

    class F(rushlight.autograd.Function):
        @staticmethod
        @converted
        def forward(ctx, x):
            return x * 2

        @staticmethod
        @rushlight.amp.custom_bwd(device_type="cuda")
        def backward(ctx, dy):
            return dy * 2

    x = rushlight.ones(1, requires_grad=True)
    F.apply(x).backward()
    assert x.grad.item() == 2
    with pytest.raises(AssertionError, match="growth_factor must be above 1"):
        rushlight.amp.GradScaler("cpu", growth_factor=1.0)


def test_modules_of_devices(torch):
    for t in (rushlight, torch):
        assert t.get_device_module("cpu") is t.cpu
        assert t.cpu.is_available()
        assert t.cpu.device_count() == 1
        assert t.cpu.current_device() == "cpu"
        with t.cpu.stream(t.cpu.current_stream()):
            t.cpu.synchronize()
        for module in (t.mps, t.xpu):
            assert not module.is_available()
            assert module.device_count() == 0
        with pytest.raises(RuntimeError, match="without MPS backend"):
            t.mps.empty_cache()
        with pytest.raises(AssertionError, match="not compiled with XPU"):
            t.xpu.synchronize()
        t.xpu.manual_seed(0)
    with pytest.raises(RuntimeError, match="no module for the device type 'meta'"):
        rushlight.get_device_module("meta")


def test_backends():
    cudnn = importlib.import_module("rushlight.backends.cudnn")
    assert cudnn is rushlight.backends.cudnn
    with cudnn.flags(enabled=True, benchmark=True, deterministic=False):
        assert cudnn.benchmark
    assert not cudnn.benchmark
    with pytest.raises(TypeError, match="unexpected keyword argument 'speed'"), cudnn.flags(speed=1):
        pass
    assert not rushlight.backends.mps.is_available()
    assert not rushlight.backends.cuda.matmul.allow_tf32


# -- one device, one process ------------------------------------------------------------------------------------
def test_data_parallel(torch):
    ours, theirs = nn.DataParallel(nn.Linear(2, 1)), torch.nn.DataParallel(torch.nn.Linear(2, 1))
    assert list(ours.state_dict()) == list(theirs.state_dict())
    x = rushlight.ones(3, 2)
    assert rushlight.equal(ours(x), ours.module(x))
    assert rushlight.equal(nn.parallel.data_parallel(ours.module, x), ours(x))
    with pytest.raises(RuntimeError, match=r"device_ids must be None or empty, got \[0, 1\]"):
        nn.DataParallel(nn.Linear(1, 1), device_ids=[0, 1])


@pytest.fixture
def group():
    from rushlight import distributed as dist

    dist.init_process_group("gloo", rank=0, world_size=1)
    yield dist
    if dist.is_initialized():
        dist.destroy_process_group()


def test_a_world_of_one(group):
    dist = group
    assert (dist.get_rank(), dist.get_world_size(), dist.get_backend()) == (0, 1, "gloo")
    assert dist.group.WORLD.size() == 1
    t = rushlight.tensor(x3)
    dist.all_reduce(t, op=dist.ReduceOp.AVG)
    dist.broadcast(t, src=0)
    assert dist.all_reduce(t, async_op=True).wait()
    assert t.tolist() == x3
    into = rushlight.zeros(3)
    for call in (
        lambda: dist.all_gather([into], t),
        lambda: dist.gather(t, [into], dst=0),
        lambda: dist.scatter(into, [t], src=0),
        lambda: dist.reduce_scatter(into, [t]),
        lambda: dist.all_to_all([into], [t]),
        lambda: dist.all_to_all_single(into, t),
        lambda: dist.all_gather_into_tensor(into, t),
    ):
        into.zero_()
        call()
        assert into.tolist() == x3
    objects = [None]
    dist.all_gather_object(objects, {"a": 1})
    dist.broadcast_object_list(objects)
    assert objects == [{"a": 1}]
    dist.barrier()
    model = nn.parallel.DistributedDataParallel(nn.Linear(3, 1))
    with model.no_sync():
        model(t).sum().backward()
    assert model.module.weight.grad.tolist() == [x3]
    sampler = rushlight.utils.data.DistributedSampler(range(4))
    assert len(sampler) == 4
    with pytest.raises(ValueError, match="dst must be another process"):
        dist.send(t, 1)
    with pytest.raises(ValueError, match="src must be 0, the only process, got 1"):
        dist.broadcast(t, src=1)
    with pytest.raises(ValueError, match="initialize the default process group twice"):
        dist.init_process_group("gloo", rank=0, world_size=1)
    dist.destroy_process_group()
    assert not dist.is_initialized()


def test_no_group(monkeypatch, torch):
    from rushlight import distributed as dist

    for d in (dist, torch.distributed):
        assert d.is_available()
        assert not d.is_initialized()
        for call in (d.get_rank, d.get_world_size, d.get_backend):
            with pytest.raises(ValueError, match="Default process group has not been initialized"):
                call()
    with pytest.raises(ValueError, match="has not been initialized"):
        nn.parallel.DistributedDataParallel(nn.Linear(1, 1))
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with pytest.raises(ValueError, match="environment variable WORLD_SIZE"):
        dist.init_process_group("gloo")
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("RANK", "1")
    with pytest.raises(NotImplementedError, match="world_size must be 1 and rank 0, got 4 and 1"):
        dist.init_process_group("nccl")


# -- hub ---------------------------------------------------------------------------------------------------------
def test_checkpoints_by_address(tmp_path, monkeypatch, capsys):
    from rushlight import hub
    from rushlight.utils.model_zoo import load_url

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    assert hub.get_dir() == str(tmp_path / "home" / "hub")
    rushlight.save({"w": rushlight.tensor(x3)}, tmp_path / "plain.pth")
    digest = hashlib.sha256((tmp_path / "plain.pth").read_bytes()).hexdigest()
    named = tmp_path / f"model-{digest[:8]}.pth"
    named.write_bytes((tmp_path / "plain.pth").read_bytes())
    assert load_url(named.as_uri(), check_hash=True, progress=False)["w"].tolist() == x3
    kept = tmp_path / "home" / "hub" / "checkpoints" / named.name
    assert kept.is_file()
    named.unlink()
    assert load_url(named.as_uri())["w"].tolist() == x3  # from the folder
    wrong = tmp_path / "model-00000000.pth"
    wrong.write_bytes(kept.read_bytes())
    with pytest.raises(RuntimeError, match="SHA-256 sum .* begins with 00000000"):
        hub.load_state_dict_from_url(wrong.as_uri(), model_dir=str(tmp_path / "m"), check_hash=True)
    assert not os.path.exists(tmp_path / "m" / wrong.name)
    with pytest.raises(OSError) as e:  # noqa: PT011 - the note below says which
        load_url((tmp_path / "no.pth").as_uri(), file_name="x.pth")
    assert any(
        "no.pth could not be fetched" in note and "x.pth yourself" in note for note in e.value.__notes__
    )
    hub.set_dir(tmp_path / "other")
    assert hub.get_dir() == str(tmp_path / "other")
    monkeypatch.setattr(hub, "_dir", None)
    assert "Downloading" in capsys.readouterr().err


def test_models_of_a_folder(tmp_path):
    from rushlight import hub

    (tmp_path / "hubconf.py").write_text(
        "dependencies = ['numpy']\ndef model(n=1, **k):\n    return [n, k]\n"
    )
    assert hub.load(str(tmp_path), "model", 3, a=1, source="local") == [3, {"a": 1}]
    with pytest.raises(RuntimeError, match="Cannot find callable other"):
        hub.load(str(tmp_path), "other", source="local")
    with pytest.raises(NotImplementedError, match="clone pytorch/vision yourself"):
        hub.load("pytorch/vision", "resnet18")
    with pytest.raises(ValueError, match="source must be 'github' or 'local'"):
        hub.load(str(tmp_path), "model", source="x")
    with pytest.raises(FileNotFoundError, match=r"must have a hubconf.py"):
        hub.load(str(tmp_path / "none"), "model", source="local")


# -- utils -------------------------------------------------------------------------------------------------------
def test_timer():
    from rushlight.utils.benchmark import Timer

    m = Timer(
        "x + x", globals={"x": rushlight.ones(2)}, label="sum", sub_label="small", description="two"
    ).timeit(10)
    assert m.number_per_run == 10
    assert m.median > 0
    assert "sum: small\ntwo\n" in repr(m)
    assert "1 measurement, 10 runs , 1 thread" in repr(m)
    told = []
    m = Timer("x.sum()", "x = torch.ones(3)").blocked_autorange(
        lambda n, t: told.append(n), min_run_time=0.005
    )
    assert len(m.times) == len(told)
    assert "Median: " in repr(m) or len(told) == 1
    assert Timer().adaptive_autorange(max_run_time=0.01).mean > 0
    with pytest.raises(ValueError, match="language must be 'python'"):
        Timer(language="c++")


def test_swap_tensors():
    a, b = rushlight.zeros(2, requires_grad=True), nn.Parameter(rushlight.ones(3), requires_grad=False)
    a.note = "a"
    (a * 2).sum().backward()
    rushlight.utils.swap_tensors(a, b)
    assert type(a) is nn.Parameter
    assert type(b) is rushlight.Tensor
    assert (a.tolist(), b.tolist()) == ([1, 1, 1], [0, 0])
    assert (a.requires_grad, b.requires_grad) == (False, True)
    assert a.grad is None
    assert b.grad.tolist() == [2, 2]
    assert b.note == "a"
    assert not hasattr(a, "note")
    with pytest.raises(RuntimeError, match="tensors must be leaves"):
        rushlight.utils.swap_tensors(b, b * 2)


def test_checkpoint_names():
    from rushlight.utils import checkpoint as c

    entered = []

    @contextlib.contextmanager
    def noting(what):
        entered.append(what)
        yield

    x = rushlight.tensor(x3, requires_grad=True)
    y = rushlight.tensor(x3, requires_grad=True)
    result = c.checkpoint(
        lambda x, k: {"a": [x * k["y"]], "b": 3},
        x * 1,
        k={"y": y.detach()},
        use_reentrant=False,
        context_fn=lambda: (noting("first"), noting("second")),
    )
    assert result["b"] == 3
    result["a"][0].sum().backward()
    assert entered == ["first", "second"]
    assert x.grad.tolist() == x3
    c.checkpoint(lambda x, other: x * other, x, other=y * 1, use_reentrant=False).sum().backward()
    assert y.grad.tolist() == x3
    sizes = iter([1, 2])
    with pytest.raises(c.CheckpointError, match="different metadata"):
        c.checkpoint(lambda x: x[: next(sizes)].exp(), x, use_reentrant=False).sum().backward()
    with c.set_checkpoint_early_stop(False), c.set_checkpoint_debug_enabled(True):
        pass
    assert c.detach_variable((x * 2,))[0].is_leaf
    with pytest.warns(UserWarning, match="None of the inputs have requires_grad=True"):
        c.check_backward_validity([rushlight.ones(1)])
    with pytest.raises(NotImplementedError, match="checkpoint the parts of the model"):
        c.create_selective_checkpoint_contexts([])
    with pytest.raises(ValueError, match="determinism_check must be"):
        c.checkpoint(lambda x: x, x, use_reentrant=False, determinism_check="some")


@pytest.mark.filterwarnings("ignore:.*set_default_tensor_type.*:UserWarning")
def test_small_names(torch):
    for t in (rushlight, torch):
        t._assert(True, "text")
        with pytest.raises(AssertionError, match="^text$"):
            t._assert(False, "text")
        x = t.tensor([0.0, 4.0])
        assert t.sqrt_(x) is x
        assert x.tolist() == [0, 2]
        assert not hasattr(t, "add_")
        a = t.tensor([[1.0, 2.0], [3.0, 4.0]])
        flat = t._utils._flatten_dense_tensors([a, x])
        assert flat.tolist() == [1, 2, 3, 4, 0, 2]
        assert t._utils._unflatten_dense_tensors(flat, [a, x])[0].tolist() == a.tolist()
        assert issubclass(t._C._LinAlgError, RuntimeError)
        with pytest.raises(t._C._LinAlgError, match="singular"):
            t.linalg.inv(t.zeros(2, 2))
        with t._C.DisableTorchFunctionSubclass():
            pass
        t.set_default_tensor_type("torch.DoubleTensor")
        assert t.ones(1).dtype == t.float64
        t.set_default_tensor_type(t.FloatTensor)
        with pytest.raises(TypeError, match="floating.point"):
            t.set_default_tensor_type(t.LongTensor)
        t.set_default_tensor_type("torch.FloatTensor")
        t.__future__.set_swap_module_params_on_conversion(False)
        assert t.version.cuda is t.version.hip is None
        assert not t.is_autocast_enabled()
        assert t.get_autocast_dtype("cpu") is t.bfloat16
    functional = importlib.import_module("rushlight.functional")
    assert functional.einsum is rushlight.einsum
    with nn.attention.sdpa_kernel(nn.attention.SDPBackend.MATH):
        pass
    with pytest.raises(TypeError, match="backends must be"), nn.attention.sdpa_kernel("math"):
        pass
    with pytest.raises(NotImplementedError, match="value must be False"):
        rushlight.__future__.set_swap_module_params_on_conversion(True)


# -- tensorboard ---------------------------------------------------------------------------------------------------
class Message:
    """Stands for a protocol buffer: keeps its fields."""

    def __init__(self, **fields):
        self.__dict__.update(fields)


@pytest.fixture
def tensorboard(monkeypatch):
    """A package `tensorboard` with what SummaryWriter uses of it; gives the list of events."""
    events = []

    class Writer:
        def __init__(self, logdir, max_queue_size=10, flush_secs=120, filename_suffix=""):
            self.logdir = logdir

        def add_event(self, event):
            events.append((self.logdir, event))

        def flush(self):
            events.append((self.logdir, "flush"))

        def close(self):
            events.append((self.logdir, "close"))

    def kind(name, **inside):
        return type(name, (Message,), inside)

    def module(name, **names):
        made = types.ModuleType(name)
        made.__dict__.update(names)
        monkeypatch.setitem(sys.modules, name, made)

    summary = kind("Summary", Value=kind("Value"), Image=kind("Image"))
    metadata = kind("SummaryMetadata", PluginData=kind("PluginData"))
    proto = "tensorboard.compat.proto"
    for name in (
        "tensorboard",
        "tensorboard.compat",
        proto,
        "tensorboard.summary",
        "tensorboard.summary.writer",
    ):
        module(name)
    module(f"{proto}.event_pb2", Event=kind("Event"), SessionLog=kind("SessionLog", START=1))
    module(
        f"{proto}.summary_pb2",
        Summary=summary,
        SummaryMetadata=metadata,
        HistogramProto=kind("HistogramProto"),
    )
    module(f"{proto}.tensor_pb2", TensorProto=kind("TensorProto"))
    module(f"{proto}.tensor_shape_pb2", TensorShapeProto=kind("TensorShapeProto", Dim=kind("Dim")))
    module("tensorboard.summary.writer.event_file_writer", EventFileWriter=Writer)
    plugin = "tensorboard.plugins.hparams"
    for name in ("tensorboard.plugins", plugin):
        module(name)

    class Start(Message):
        def __init__(self):
            self.hparams = collections.defaultdict(Message)

    class Enum:
        @staticmethod
        def Value(name):
            return name

    class Data(Message):
        def SerializeToString(self):
            return self

    names = ("Experiment", "HParamInfo", "MetricInfo", "MetricName")
    module(f"{plugin}.api_pb2", DataType=Enum, Status=Enum, **{n: kind(n) for n in names})
    ends = kind("SessionEndInfo")
    module(f"{plugin}.plugin_data_pb2", SessionStartInfo=Start, SessionEndInfo=ends, HParamsPluginData=Data)
    return events


def test_summary_writer(tensorboard, tmp_path):
    from rushlight.utils.tensorboard import SummaryWriter

    def last():
        folder, event = tensorboard[-1]
        return folder, event.__dict__.get("step"), event.summary.value[0]

    folder = str(tmp_path)
    with SummaryWriter(folder, purge_step=2) as writer:
        assert tensorboard[-1][1].session_log.status == 1
        writer.add_scalar("loss", rushlight.tensor(0.5, requires_grad=True), 3, walltime=7.0)
        where, step, value = last()
        assert (where, step, value.tag, value.simple_value) == (folder, 3, "loss", 0.5)
        assert tensorboard[-1][1].wall_time == 7
        writer.add_scalar("loss", 1, new_style=True)
        assert last()[2].tensor.float_val == [1.0]
        writer.add_scalars("run", {"a/b": 1, "c": 2.0}, 4)
        assert last()[0] == os.path.join(folder, "run_c")
        writer.add_histogram("h", rushlight.tensor([0.0, 1.0, 1.0, 4.0]), 1, bins=4)
        h = last()[2].histo
        assert (h.min, h.max, h.num, h.sum, h.sum_squares) == (0, 4, 4, 6, 18)
        assert h.bucket == [0, 1, 2, 0, 1]
        assert h.bucket_limit == [0, 1, 2, 3, 4]
        writer.add_histogram("h", np.random.default_rng(0).normal(size=1000), max_bins=50)
        h = last()[2].histo
        assert sum(h.bucket) == 1000
        assert len(h.bucket) == len(h.bucket_limit) <= 60
        writer.add_text("t", "*text*", 5)
        assert last()[2].tag == "t/text_summary"
        assert last()[2].tensor.string_val == [b"*text*"]
        pytest.importorskip("PIL")
        from PIL import Image

        writer.add_image("i", rushlight.full((3, 4, 5), 0.5))
        i = last()[2].image
        assert (i.height, i.width, i.colorspace) == (4, 5, 3)
        assert np.asarray(Image.open(io.BytesIO(i.encoded_image_string)))[0, 0, 0] == 127
        writer.add_images("i", rushlight.zeros(3, 1, 4, 5))
        assert (last()[2].image.height, last()[2].image.width) == (8, 10)
        with pytest.raises(AssertionError, match="dataformats must name"):
            writer.add_image("i", rushlight.zeros(4, 5))
        with pytest.raises(ValueError, match="must have one element"):
            writer.add_scalar("loss", rushlight.zeros(2))
        with pytest.raises(NotImplementedError, match=r"add_graph is not there; write str\(model\)"):
            writer.add_graph(None)
    assert tensorboard[-1][1] == "close"


def test_hyperparameters(tensorboard, tmp_path):
    """The bytes were compared with those of PyTorch's writer by hand; here is a stand-in for the package."""
    from rushlight.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(str(tmp_path))
    tensorboard.clear()
    writer.add_hparams(
        {"lr": 0.1, "deep": True, "name": "x", "n": 3}, {"loss": rushlight.tensor(0.5)}, run_name="r"
    )
    assert {folder for folder, _ in tensorboard} == {os.path.join(str(tmp_path), "r")}
    values = [event.summary.value[0] for _, event in tensorboard]
    assert [v.tag for v in values] == [
        "_hparams_/experiment",
        "_hparams_/session_start_info",
        "_hparams_/session_end_info",
        "loss",
    ]
    assert values[3].simple_value == 0.5
    start = values[1].metadata.plugin_data.content.session_start_info.hparams
    assert start["lr"].number_value == 0.1
    assert start["deep"].bool_value is True
    assert start["name"].string_value == "x"
    assert start["n"].number_value == 3.0
    experiment = values[0].metadata.plugin_data.content.experiment
    assert [i.type.rpartition("_")[2] for i in experiment.hparam_infos] == [
        "FLOAT64",
        "BOOL",
        "STRING",
        "FLOAT64",
    ]
    with pytest.raises(TypeError, match="must be dicts"):
        writer.add_hparams([], {})
    with pytest.raises(ValueError, match="lr must be a number, str or bool"):
        writer.add_hparams({"lr": []}, {})


@pytest.mark.skipif(importlib.util.find_spec("tensorboard") is not None, reason="it is installed")
def test_without_tensorboard():
    from rushlight.utils.tensorboard import SummaryWriter

    with pytest.raises(ImportError, match="needs the package tensorboard; pip install tensorboard"):
        SummaryWriter()


def test_partial_and_vmap_work_together():
    f = rushlight.vmap(functools.partial(rushlight.add, alpha=2))
    assert f(rushlight.ones(2), rushlight.ones(2)).tolist() == [3, 3]


def test_typed_storages():
    storage = rushlight.TypedStorage([1, 2], dtype=rushlight.int64)
    assert (storage.tolist(), storage.size(), storage.nbytes(), storage[1]) == ([1, 2], 2, 16, 2)
    assert rushlight.TypedStorage(3).dtype is rushlight.float32
    assert len(rushlight.TypedStorage(dtype=rushlight.float64)) == 0
    wrapped = rushlight.TypedStorage(
        wrap_storage=rushlight.UntypedStorage([0, 0, 128, 63]), dtype=rushlight.float32
    )
    assert wrapped.tolist() == [1.0]
    assert wrapped.clone()[:1].tolist() == [1.0]
    assert rushlight.ones(2).storage().tolist() == [1.0, 1.0]
    with pytest.raises(RuntimeError, match="invalid combination of arguments"):
        rushlight.TypedStorage(3, 4)
    with pytest.raises(
        RuntimeError, match="wrap_storage must be an UntypedStorage and come with dtype alone"
    ):
        rushlight.TypedStorage(wrap_storage=rushlight.UntypedStorage(8))
    with pytest.raises(TypeError, match="invalid data type"):
        rushlight.TypedStorage("x")
