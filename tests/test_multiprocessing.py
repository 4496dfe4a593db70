"""Tensors between processes."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time

import pytest

import rushlight
import rushlight.multiprocessing as mp
from rushlight import nn

pytestmark = pytest.mark.skipif(os.name != "posix", reason="shared memory by file descriptors")


def _add_one(queue, back, t):
    t += 1  # what was given to the process
    x = queue.get()
    x *= 2  # what was sent to it
    back.put((x, nn.Parameter(rushlight.ones(3))))
    back.get()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_both_sides_see_the_same_memory(method):
    context = mp.get_context(method)
    to, back = context.SimpleQueue(), context.SimpleQueue()
    given, sent = rushlight.zeros(2, 3).t().share_memory_(), rushlight.ones(2, 2)
    process = context.Process(target=_add_one, args=(to, back, given))
    process.start()
    to.put(sent)
    x, p = back.get()
    assert given.tolist() == [[1, 1]] * 3
    assert given.stride() == (1, 3)
    assert x.tolist() == sent.tolist() == [[2, 2], [2, 2]]
    x[0, 0] = 7
    assert sent[0, 0].item() == 7
    assert type(p) is nn.Parameter
    assert p.requires_grad
    back.put(None)
    process.join(30)
    assert process.exitcode == 0


def _square(x):
    return x * x


def test_a_pool_and_a_model():
    with mp.get_context("fork").Pool(2) as pool:
        results = pool.map(_square, [rushlight.full((2,), float(i)) for i in range(4)])
    assert [r[0].item() for r in results] == [0, 1, 4, 9]
    model = nn.Linear(2, 2).share_memory()
    assert model.weight.is_shared()


def test_small_rules():
    a, b = mp.get_context("fork").Pipe()
    a.send(
        [rushlight.zeros(0), rushlight.tensor(3.0), rushlight.arange(4).bfloat16(), rushlight.tensor([True])]
    )
    empty, scalar, half, flag = b.recv()
    assert empty.shape == (0,)
    assert scalar.item() == 3
    assert half.dtype == rushlight.bfloat16
    assert flag.tolist() == [True]
    assert half.is_shared()
    with pytest.raises(RuntimeError, match="autograd does not cross"):
        a.send(rushlight.ones(2, requires_grad=True) * 2)
    assert mp.get_sharing_strategy() in mp.get_all_sharing_strategies()
    mp.set_sharing_strategy("file_descriptor")
    with pytest.raises(AssertionError, match="must be 'file_descriptor', got 'file_system'"):
        mp.set_sharing_strategy("file_system")
    assert not rushlight.ones(2).is_shared()


def test_memory_is_released():
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for _ in range(50):
        rushlight.ones(1000).share_memory_()
    assert len(os.listdir("/proc/self/fd")) <= before + 2 if before else True


def _work(i, queue):
    queue.put(i)


def _fail(i):
    if i == 1:
        raise ValueError(f"bad {i}")
    time.sleep(60)


def _exit(i):
    sys.exit(3)


def _die(i):
    os.kill(os.getpid(), signal.SIGKILL)


def test_spawn():
    queue = mp.get_context("spawn").SimpleQueue()
    assert mp.spawn(_work, args=(queue,), nprocs=2) is None
    assert {queue.get(), queue.get()} == {0, 1}


def test_errors_of_processes():
    with pytest.raises(mp.ProcessRaisedException, match="Process 1 terminated with the following error") as e:
        mp.start_processes(_fail, nprocs=2, start_method="fork")
    assert "ValueError: bad 1" in str(e.value)
    assert str(pickle.loads(pickle.dumps(e.value))) == str(e.value)
    with pytest.raises(mp.ProcessExitedException, match="process 0 terminated with exit code 3"):
        mp.start_processes(_exit, start_method="fork")
    with pytest.raises(mp.ProcessExitedException, match="terminated with signal SIGKILL") as e:
        mp.start_processes(_die, start_method="fork")
    assert (e.value.exit_code, e.value.signal_name) == (-9, "SIGKILL")
    context = mp.start_processes(_fail, nprocs=1, join=False, start_method="fork")
    assert not context.join(timeout=0.01)
    context.processes[0].kill()
    with pytest.raises(mp.ProcessExitedException, match="SIGKILL"):
        context.join()


def test_under_the_runner(tmp_path):
    program = """
        import torch
        import torch.multiprocessing as mp

        class Model(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.w = torch.nn.Parameter(torch.ones(2))

        def work(rank, model, queue):
            with torch.no_grad():
                model.w += 1
            queue.put((rank, type(model).__module__, torch.__name__))

        if __name__ == "__main__":
            mp.set_start_method("spawn")
            model = Model().share_memory()
            queue = mp.SimpleQueue()
            mp.spawn(work, args=(model, queue), nprocs=1)
            print(model.w.tolist(), queue.get())
    """
    (tmp_path / "program.py").write_text(textwrap.dedent(program))
    done = subprocess.run(
        [sys.executable, "-m", "rushlight", "program.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == "[2.0, 2.0] (0, '__mp_main__', 'rushlight')\n", done.stderr
