"""rushlight.profiler: what is counted, times that add up, the table, traces, and no trace of itself."""

import gzip
import json
import sys

import pytest

import rushlight
from rushlight import nn, optim
from rushlight.profiler import ProfilerActivity, profile, record_function, schedule, tensorboard_trace_handler


def work(model, x):
    with record_function("forward"):
        loss = (model(x) * 2).sum()
    loss.backward()


def profiled(**options):
    model, x = nn.Sequential(nn.Linear(64, 64), nn.ReLU()), rushlight.randn(128, 64)
    with profile(activities=[ProfilerActivity.CPU], **options) as p:
        for _ in range(3):
            work(model, x)
    return p


def test_counts_and_times():
    p = profiled()
    by_key = {e.key: e for e in p.key_averages()}
    assert by_key["forward"].count == 3
    assert by_key["forward"].is_user_annotation
    assert by_key["aten::linear"].count == by_key["aten::sum"].count == 3
    assert by_key["aten::mul"].count >= 3  # its backward multiplies too
    assert by_key["forward"].cpu_time_total >= by_key["aten::linear"].cpu_time_total
    for e in by_key.values():
        assert 0 <= e.self_cpu_time_total <= e.cpu_time_total + 1e-6
    top = sum(e.cpu_time_total for e in p.events() if e.parent is None)
    assert p.key_averages().self_cpu_time_total == pytest.approx(top, rel=1e-6)


def test_operations_have_their_own_names():
    x = rushlight.ones(2, requires_grad=True)
    y = rushlight.ones(2)
    with profile() as p:
        (rushlight.exp(x) + x.sin()).sum().backward()
        y.exp_()
        y.mul_(2)
        assert not (y > 9).any()
        y = y // 2
        rushlight.vsplit(rushlight.ones(2, 2), 2)
        rushlight.logical_or(y, y)
    names = {e.key for e in p.key_averages()}
    wanted = "exp sin sum add exp_ mul_ gt floor_divide vsplit logical_or".split()
    assert {f"aten::{name}" for name in wanted} <= names
    assert not names & {"aten::wrap", "aten::usable", "aten::acos", "aten::dsplit", "Unary", ""}
    plain = {n for n in names if "::" not in n}
    assert plain <= {"AddBackward0", "ExpBackward0", "SinBackward0", "SumBackward0"}


def test_table():
    text = (
        profiled(record_shapes=True, profile_memory=True)
        .key_averages()
        .table(sort_by="cpu_time_total", row_limit=3)
    )
    head, names, _, first, *_ = text.splitlines()
    assert set(head) == {"-", " "}
    assert names.split("  ")[0].strip() == "" or "Name" in names
    for column in ("Self CPU %", "CPU total", "CPU Mem", "# of Calls"):
        assert column in names
    assert len(text.splitlines()) == 8
    assert "Self CPU time total:" in text
    assert first.strip()
    with pytest.raises(AttributeError, match="sort_by must name a column, got 'colour'"):
        profiled().key_averages().table(sort_by="colour")


def test_shapes():
    rows = profiled(record_shapes=True).key_averages(group_by_input_shape=True)
    assert [[128, 64], [64, 64], [64]] in [e.input_shapes for e in rows if e.key == "aten::linear"]


def test_nothing_is_left_behind():
    before = rushlight.Tensor.__add__, rushlight.Tensor.__dict__.get("__add__"), sys.getprofile()
    profiled()
    assert (rushlight.Tensor.__add__, rushlight.Tensor.__dict__.get("__add__"), sys.getprofile()) == before
    with record_function("outside of a profile"):
        pass


def test_errors_inside_are_passed_on():
    p = profile()

    def failing():
        with p:
            rushlight.ones(2) + rushlight.ones(3)

    with pytest.raises(RuntimeError, match="add: "):
        failing()
    assert sys.getprofile() is None
    assert any(e.key == "aten::add" for e in p.key_averages())


def test_one_at_a_time():
    with profile(), pytest.raises(RuntimeError, match="another profiler is running"):
        profile().start()


def test_traces(tmp_path):
    p = profiled()
    p.add_metadata("note", "x")
    p.export_chrome_trace(str(tmp_path / "trace.json"))
    trace = json.loads((tmp_path / "trace.json").read_text())
    assert trace["note"] == "x"
    names = {e["name"] for e in trace["traceEvents"]}
    assert {"forward", "aten::linear"} <= names
    assert all({"ts", "dur", "pid", "tid"} <= e.keys() for e in trace["traceEvents"] if e["ph"] == "X")
    tensorboard_trace_handler(str(tmp_path / "logs"), "me", use_gzip=True)(p)
    (file,) = (tmp_path / "logs").iterdir()
    assert json.loads(gzip.decompress(file.read_bytes()))["traceEvents"]


def test_schedule():
    ready = []
    plan = schedule(wait=1, warmup=1, active=2, repeat=1)
    with profile(schedule=plan, on_trace_ready=lambda p: ready.append(len(p.events()))) as p:
        for _ in range(6):
            rushlight.relu(rushlight.ones(2))
            p.step()
    assert len(ready) == 1
    assert {e.key: e.count for e in p.key_averages()}["aten::relu"] == 2
    with pytest.raises(ValueError, match="active at least 1"):
        schedule(wait=0, warmup=0, active=0)


def test_optimizers_work_under_it():
    model = nn.Linear(4, 4)
    optimizer = optim.Adam(model.parameters())
    with profile() as p:
        model(rushlight.ones(2, 4)).sum().backward()
        optimizer.step()
    assert p.key_averages().self_cpu_time_total > 0
