"""Where the time goes: `profile` with PyTorch's interface.

NOTE [No cost when off]: operations know nothing of the profiler. While one runs, Python's own profile hook
(`sys.setprofile`) reports every call, and those of operations, backward functions, kernels and
optimizers' steps are picked out by their code objects; the operators of Tensor, which are C slots
that the hook does not see, are wrapped for that time. Nothing remains afterwards.
"""

from __future__ import annotations

import enum
import functools
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from types import CodeType, FrameType, FunctionType, TracebackType
from typing import Any

from .kernels import _C

__all__ = [
    "EventList",
    "ProfilerAction",
    "ProfilerActivity",
    "profile",
    "record_function",
    "schedule",
    "tensorboard_trace_handler",
]

_OPERATORS = {
    "__add__": "add", "__radd__": "add", "__iadd__": "add_", "__sub__": "sub", "__rsub__": "rsub", "__isub__": "sub_",
    "__mul__": "mul", "__rmul__": "mul", "__imul__": "mul_", "__truediv__": "div", "__rtruediv__": "div",
    "__itruediv__": "div_", "__pow__": "pow", "__rpow__": "pow", "__neg__": "neg", "__matmul__": "matmul",
    "__floordiv__": "floor_divide", "__mod__": "remainder", "__abs__": "abs", "__invert__": "bitwise_not",
    "__and__": "bitwise_and", "__or__": "bitwise_or", "__xor__": "bitwise_xor",
    "__eq__": "eq", "__ne__": "ne", "__lt__": "lt", "__le__": "le", "__gt__": "gt", "__ge__": "ge",
}  # fmt: skip


# Functions of the compiled part that compute nothing.
_QUESTIONS = {
    "cpu_level",
    "cpu_levels",
    "get_num_threads",
    "is_grad_enabled",
    "memory_stats",
    "set_grad_mode",
    "usable",
}


class ProfilerActivity(enum.Enum):
    """What can be watched. There is a CPU."""

    CPU = 0
    CUDA = 1
    XPU = 2


class ProfilerAction(enum.Enum):
    """What the profiler does in a step."""

    NONE = 0
    WARMUP = 1
    RECORD = 2
    RECORD_AND_SAVE = 3


def schedule(
    *, wait: int, warmup: int, active: int, repeat: int = 0, skip_first: int = 0, skip_first_wait: int = 0
) -> Callable[[int], ProfilerAction]:
    """Steps to leave out, to warm up in and to record, again and again, for `profile(schedule=...)`.

    Args:
        wait: Steps of each cycle that are not watched.
        warmup: Steps that are watched and thrown away.
        active: Steps that are recorded.
        repeat: How many cycles; 0: without end.
        skip_first: Steps before the first cycle.
        skip_first_wait: If not 0, the first cycle has no `wait`.
    Example:
        >>> plan = schedule(wait=1, warmup=1, active=2)
        >>> [plan(step).name for step in range(4)]
        ['NONE', 'WARMUP', 'RECORD', 'RECORD_AND_SAVE']
    """
    if min(wait, warmup, repeat, skip_first) < 0 or active < 1:
        raise ValueError(
            "schedule: wait, warmup, repeat and skip_first must not be negative and active at least 1, got "
            f"{wait}, {warmup}, {repeat}, {skip_first} and {active}"
        )

    def action(step: int) -> ProfilerAction:
        if step < 0:
            raise ValueError(f"schedule: step must not be negative, got {step}")
        if step < skip_first:
            return ProfilerAction.NONE
        step -= skip_first
        if skip_first_wait:
            step += wait
        cycle, place = divmod(step, wait + warmup + active)
        if (repeat and cycle >= repeat) or place < wait:
            return ProfilerAction.NONE
        if place < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD if place < wait + warmup + active - 1 else ProfilerAction.RECORD_AND_SAVE

    return action


# -- Recording -------------------------------------------------------------------------------------------


class FunctionEvent:
    """One call: its name, times in microseconds, parent and children."""

    __slots__ = (
        "children_time",
        "end",
        "input_shapes",
        "key",
        "memory",
        "name",
        "parent",
        "start",
        "thread",
        "user",
    )

    def __init__(
        self, name: str, start: float, parent: FunctionEvent | None, thread: int, user: bool
    ) -> None:
        self.name = self.key = name
        self.start = self.end = start
        self.parent, self.thread, self.user = parent, thread, user
        self.children_time = 0.0
        self.memory = 0
        self.input_shapes: list[Any] = []

    @property
    def cpu_time_total(self) -> float:
        """Microseconds from begin to end."""
        return self.end - self.start

    cpu_time = cpu_time_total

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds not spent in other events."""
        return self.cpu_time_total - self.children_time

    def __repr__(self) -> str:
        return f"<FunctionEvent name={self.name} cpu_time={self.cpu_time_total:.3f}us thread={self.thread}>"


def _microseconds() -> float:
    return time.perf_counter_ns() * 1e-3


def _in_use() -> int:
    return _C.memory_stats()["in_use"] if _C is not None else 0


@functools.cache
def _watched() -> tuple[dict[CodeType, str], dict[Any, str]]:
    """Names of the functions to pick out: Python ones by code object, kernels by themselves.

    A backward function has no name here: it is called like its node.
    """
    from . import ops
    from .autograd import Function
    from .nn import functional
    from .tensor import Tensor

    functions: dict[Any, str] = {}
    for module in (*ops.families.values(), functional):
        names = getattr(module, "__all__", None)
        if names is None:
            names = [n for n, v in vars(module).items() if getattr(v, "__module__", "") == module.__name__]
        for name in names:
            function = getattr(module, name)
            while hasattr(function, "__wrapped__"):
                function = function.__wrapped__
            if hasattr(function, "__code__") and not name.startswith("_"):
                functions.setdefault(function, name)
    for cls in Tensor.__mro__:
        for name, method in vars(cls).items():
            name = _OPERATORS.get(name, name)
            method = method if isinstance(method, FunctionType) else getattr(method, "__wrapped__", method)
            if not hasattr(method, "__code__") or name.startswith("_"):
                continue
            if method.__module__.startswith(ops.__name__) or hasattr(method, "__wrapped__"):
                functions.setdefault(method, name)
    codes: dict[CodeType, str] = {}
    for function, name in functions.items():
        if function.__closure__ is not None:  # it may be one of many made by the same lines
            function.__code__ = function.__code__.replace(co_name=name)
        codes.setdefault(function.__code__, f"aten::{name}")
    waiting = list(Function.__subclasses__())
    while waiting:
        node = waiting.pop()
        waiting += node.__subclasses__()
        backward: Any = vars(node).get("backward")
        if isinstance(backward, staticmethod) and hasattr(backward.__func__, "__code__"):
            codes.setdefault(backward.__func__.__code__, "")
    kernels = {}
    if _C is not None:
        for name, value in vars(_C).items():
            if not isinstance(value, type) and callable(value) and name not in _QUESTIONS:
                kernels[value] = "autograd::engine" if name == "run_backward" else f"kernel::{name}"
    return codes, kernels


def _called(name: str, frame: FrameType) -> str:
    """What to call the function of this frame, `name` being its name in `_watched`."""
    return name or getattr(frame.f_locals.get(frame.f_code.co_varnames[0]), "_name", "backward")


class _Recorder:
    """Collects events while it is on. One at a time."""

    active: _Recorder | None = None

    def __init__(self, shapes: bool, memory: bool) -> None:
        self.shapes, self.memory = shapes, memory
        self.events: list[FunctionEvent] = []
        self.local = threading.local()
        self.codes, self.kernels = _watched()
        self.replaced: list[tuple[str, Any]] = []

    def push(self, name: str, user: bool = False) -> FunctionEvent:
        local = self.local
        try:
            stack = local.stack
        except AttributeError:
            stack = local.stack = []
            local.ident = threading.get_native_id()
        event = FunctionEvent(name, 0.0, stack[-1] if stack else None, local.ident, user)
        stack.append(event)
        self.events.append(event)
        if self.memory:
            event.memory = -_in_use()
        event.start = _microseconds()
        return event

    def pop(self, event: FunctionEvent) -> None:
        now = _microseconds()
        stack = getattr(self.local, "stack", [])
        if event not in stack:
            return
        while stack:  # events that an exception left open end with this one
            last = stack.pop()
            last.end = now
            if self.memory:
                last.memory += _in_use()
            if last.parent is not None:
                last.parent.children_time += last.end - last.start
            if last is event:
                return

    def hook(self, frame: FrameType, what: str, argument: Any) -> None:
        """What Python calls at every call and return of this thread."""
        if what == "call":
            name = self.codes.get(frame.f_code)
            if name is not None:
                event = self.push(_called(name, frame))
                if self.shapes:
                    event.input_shapes = _shapes(frame)
        elif what == "return":
            if frame.f_code in self.codes:
                self.pop_named(_called(self.codes[frame.f_code], frame))
        elif what == "c_call":
            name = self.kernels.get(argument) if type(argument) is _BUILTIN else None
            if name is not None:
                self.push(name)
        elif type(argument) is _BUILTIN:  # c_return, c_exception
            name = self.kernels.get(argument)
            if name is not None:
                self.pop_named(name)

    def pop_named(self, name: str) -> None:
        for event in reversed(getattr(self.local, "stack", [])):
            if event.name == name:
                self.pop(event)
                return

    def start(self) -> None:
        from .tensor import Tensor

        if _Recorder.active is not None:
            raise RuntimeError("profile: another profiler is running; stop it first")
        _Recorder.active = self
        for method, name in _OPERATORS.items():
            inherited = getattr(Tensor, method, None)
            if inherited is None or hasattr(inherited, "__code__"):
                continue  # a Python function: the hook sees it
            self.replaced.append((method, Tensor.__dict__.get(method)))
            setattr(Tensor, method, self.operator(inherited, f"aten::{name}"))
        threading.setprofile(self.hook)
        sys.setprofile(self.hook)

    def operator(self, function: Any, name: str) -> Any:
        def recorded(a: Any, *others: Any) -> Any:
            event = self.push(name)
            if self.shapes:
                event.input_shapes = [list(t.shape) for t in (a, *others) if hasattr(t, "shape")]
            try:
                return function(a, *others)
            finally:
                self.pop(event)

        return recorded

    def stop(self) -> None:
        from .tensor import Tensor

        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]
        _Recorder.active = None
        for method, before in self.replaced:
            if before is None:
                delattr(Tensor, method)
            else:
                setattr(Tensor, method, before)
        self.replaced.clear()
        for event in list(getattr(self.local, "stack", [])):
            self.pop(event)


_BUILTIN = type(len)


def _shapes(frame: FrameType) -> list[Any]:
    values = frame.f_locals
    names = frame.f_code.co_varnames[: frame.f_code.co_argcount]
    return [list(values[n].shape) for n in names if hasattr(values.get(n), "shape")]


class record_function:
    """Names a part of the program in the profile: `with record_function("data"): ...`, also a decorator.

    Args:
        name: What the table calls it.
        args: Kept for PyTorch's signature.
    """

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name, self.args = name, args
        self._event: FunctionEvent | None = None

    def __enter__(self) -> record_function:
        if _Recorder.active is not None:
            self._event = _Recorder.active.push(self.name, user=True)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._event is not None and _Recorder.active is not None:
            _Recorder.active.pop(self._event)
        self._event = None

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def named(*args: Any, **kwargs: Any) -> Any:
            with record_function(self.name):
                return function(*args, **kwargs)

        return named


# -- Results ---------------------------------------------------------------------------------------------


class FunctionEventAvg:
    """All calls of one name together; times in microseconds."""

    def __init__(self, key: str, input_shapes: Any = None) -> None:
        self.key, self.input_shapes = key, input_shapes
        self.count = 0
        self.cpu_time_total = self.self_cpu_time_total = 0.0
        self.cpu_memory_usage = self.self_cpu_memory_usage = 0
        self.is_user_annotation = False

    @property
    def cpu_time(self) -> float:
        """Microseconds of one call, on average."""
        return self.cpu_time_total / self.count if self.count else 0.0

    @property
    def name(self) -> str:
        return self.key

    def add(self, event: FunctionEvent, children_memory: int = 0) -> None:
        """Count one more call."""
        self.count += 1
        self.cpu_time_total += event.cpu_time_total
        self.self_cpu_time_total += event.self_cpu_time_total
        self.cpu_memory_usage += event.memory
        self.self_cpu_memory_usage += event.memory - children_memory
        self.is_user_annotation = event.user

    def __repr__(self) -> str:
        return (
            f"<FunctionEventAvg key={self.key} self_cpu_time={_time(self.self_cpu_time_total)} "
            f"cpu_time={_time(self.cpu_time)} count={self.count}>"
        )


def _time(microseconds: float, unit: str | None = None) -> str:
    if unit is None:
        unit = "s" if microseconds >= 1e6 else "ms" if microseconds >= 1e3 else "us"
    return f"{microseconds / {'s': 1e6, 'ms': 1e3, 'us': 1.0}[unit]:.3f}{unit}"


def _memory(nbytes: int) -> str:
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if abs(nbytes) >= size:
            return f"{nbytes / size:.2f} {unit}"
    return f"{nbytes} B"


class EventList(list[Any]):
    """Events or their averages, with a table."""

    def __init__(self, events: Iterable[Any] = (), memory: bool = False) -> None:
        super().__init__(events)
        self._memory = memory

    @property
    def self_cpu_time_total(self) -> float:
        """Microseconds of all events, each counted once."""
        return float(sum(e.self_cpu_time_total for e in self))

    def total_average(self) -> FunctionEventAvg:
        """All events as one."""
        total = FunctionEventAvg("Total")
        for e in self:
            total.count += e.count
            total.cpu_time_total += e.cpu_time_total
            total.self_cpu_time_total += e.self_cpu_time_total
        return total

    def table(
        self,
        sort_by: str | None = None,
        row_limit: int = 100,
        max_src_column_width: int = 75,
        max_name_column_width: int = 55,
        max_shapes_column_width: int = 80,
        header: str | None = None,
        top_level_events_only: bool = False,
        time_unit: str | None = None,
    ) -> str:
        """The events as text.

        Args:
            sort_by: 'cpu_time_total', 'self_cpu_time_total', 'cpu_time', 'count', 'cpu_memory_usage' or
                'self_cpu_memory_usage'; None leaves the order.
            row_limit: How many rows; -1: all.
            header: A line above the table.
            top_level_events_only: Leave out what other events called.
            time_unit: 's', 'ms' or 'us'; None chooses for each number.
        """
        rows = [e for e in self if not top_level_events_only or getattr(e, "parent", None) is None]
        if sort_by is not None:
            if not rows or not hasattr(rows[0], sort_by):
                if rows:
                    raise AttributeError(f"table: sort_by must name a column, got {sort_by!r}")
            rows.sort(key=lambda e: -getattr(e, sort_by))
        total = self.self_cpu_time_total or 1.0
        columns = ["Name", "Self CPU %", "Self CPU", "CPU total %", "CPU total", "CPU time avg"]
        columns += ["CPU Mem", "Self CPU Mem"] if self._memory else []
        columns += ["# of Calls"]
        shapes = any(e.input_shapes for e in rows)
        columns += ["Input Shapes"] if shapes else []
        lines = []
        for e in rows[: row_limit if row_limit >= 0 else None]:
            name = (
                e.key if len(e.key) <= max_name_column_width else e.key[: max_name_column_width - 3] + "..."
            )
            cells = [name, f"{e.self_cpu_time_total / total:.2%}", _time(e.self_cpu_time_total, time_unit)]
            cells += [
                f"{e.cpu_time_total / total:.2%}",
                _time(e.cpu_time_total, time_unit),
                _time(e.cpu_time, time_unit),
            ]
            cells += [_memory(e.cpu_memory_usage), _memory(e.self_cpu_memory_usage)] if self._memory else []
            cells += [str(e.count)]
            cells += [str(e.input_shapes)[:max_shapes_column_width]] if shapes else []
            lines.append(cells)
        widths = [max(12, *(len(line[k]) for line in [columns, *lines])) for k in range(len(columns))]
        rule = "  ".join("-" * w for w in widths)
        text = [header] if header else []
        text += [rule, "  ".join(c.rjust(w) for c, w in zip(columns, widths)), rule]
        text += ["  ".join(c.rjust(w) for c, w in zip(line, widths)) for line in lines]
        text += [rule, f"Self CPU time total: {_time(self.self_cpu_time_total, time_unit)}", ""]
        return "\n".join(text)


class profile:
    """Records which operations run and how long they take.

    Args:
        activities: What to watch; only the CPU is there.
        schedule: Which steps to record, see `schedule`; call `step()` after each step then.
        on_trace_ready: Called with the profiler when a cycle of the schedule, or the block, ends.
        record_shapes: Also note the shapes of the tensors that an operation gets.
        profile_memory: Also note how much memory each operation takes from or gives to the pool.
        with_stack, with_flops, with_modules: Kept for PyTorch's signature: none of them is recorded. Nor do the other
            arguments mean anything here.
    Example:
        >>> with profile() as p:
        ...     x = rushlight.ones(8, 8, requires_grad=True)
        ...     with record_function("twice"):
        ...         rushlight.relu(x)
        ...         rushlight.relu(x)
        tensor(...)
        tensor(...)
        >>> [e.count for e in p.key_averages() if e.key == "aten::relu"]
        [2]
    """

    def __init__(
        self,
        *,
        activities: Iterable[Any] | None = None,
        schedule: Callable[[int], ProfilerAction] | None = None,
        on_trace_ready: Callable[..., Any] | None = None,
        record_shapes: bool = False,
        profile_memory: bool = False,
        with_stack: bool = False,
        with_flops: bool = False,
        with_modules: bool = False,
        experimental_config: Any = None,
        execution_trace_observer: Any = None,
        acc_events: bool = False,
        use_cuda: bool | None = None,
        custom_trace_id_callback: Callable[[], str] | None = None,
        post_processing_timeout_s: float | None = None,
    ) -> None:
        self.activities = set(activities) if activities is not None else {ProfilerActivity.CPU}
        self.schedule = schedule or (lambda step: ProfilerAction.RECORD)
        self.on_trace_ready = on_trace_ready
        self.record_shapes, self.profile_memory = record_shapes, profile_memory
        self.step_num = 0
        self.current_action = ProfilerAction.NONE
        self._recorder: _Recorder | None = None
        self._events: list[FunctionEvent] = []
        self._metadata: dict[str, Any] = {}

    # -- running ------------------------------------------------------------------------------------------
    def start(self) -> None:
        """Begin; a `with` block does so."""
        self.current_action = self.schedule(self.step_num)
        self._follow()

    def stop(self) -> None:
        """End; a `with` block does so."""
        recording = self.current_action in (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)
        self._finish()
        self.current_action = ProfilerAction.NONE
        if recording and self.on_trace_ready is not None:
            self.on_trace_ready(self)

    def step(self) -> None:
        """Tell that a step of the program has ended."""
        if self.current_action is ProfilerAction.RECORD_AND_SAVE:
            self._finish()
            if self.on_trace_ready is not None:
                self.on_trace_ready(self)
        self.step_num += 1
        before, self.current_action = self.current_action, self.schedule(self.step_num)
        if before is ProfilerAction.WARMUP and self.current_action is not ProfilerAction.WARMUP:
            self._finish(keep=False)
        self._follow()

    def _follow(self) -> None:
        if self.current_action is ProfilerAction.NONE:
            self._finish()
        elif self._recorder is None:
            self._recorder = _Recorder(self.record_shapes, self.profile_memory)
            self._recorder.start()

    def _finish(self, keep: bool = True) -> None:
        if self._recorder is not None:
            self._recorder.stop()
            if keep:
                self._events = self._recorder.events
            self._recorder = None

    def __enter__(self) -> profile:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def toggle_collection_dynamic(self, enable: bool, activities: Iterable[Any]) -> None:
        """Switch recording on or off in between."""
        if enable:
            self.current_action = ProfilerAction.RECORD
            self._follow()
        else:
            self._finish()

    # -- results ------------------------------------------------------------------------------------------
    def events(self) -> EventList:
        """Every call, in the order of its begin."""
        return EventList(self._events, self.profile_memory)

    def key_averages(
        self,
        group_by_input_shape: bool = False,
        group_by_stack_n: int = 0,
        group_by_overload_name: bool = False,
    ) -> EventList:
        """The calls of each name together.

        Args:
            group_by_input_shape: Calls with other shapes are other rows (needs `record_shapes`).
        """
        children: dict[int, int] = {}
        for event in self._events:
            if event.parent is not None:
                children[id(event.parent)] = children.get(id(event.parent), 0) + event.memory
        groups: dict[Any, FunctionEventAvg] = {}
        for event in self._events:
            shapes = str(event.input_shapes) if group_by_input_shape else ""
            group = groups.get((event.name, shapes))
            if group is None:
                kept = event.input_shapes if group_by_input_shape else None
                group = groups[event.name, shapes] = FunctionEventAvg(event.name, kept)
            if event.parent is not None and event.parent.name == event.name:
                group.self_cpu_time_total += (
                    event.self_cpu_time_total
                )  # an operator and the function behind it
                continue
            group.add(event, children.get(id(event), 0))
        return EventList(groups.values(), self.profile_memory)

    def add_metadata_json(self, key: str, value: str) -> None:
        """Put a JSON value into the trace."""
        self._metadata[key] = json.loads(value)

    def add_metadata(self, key: str, value: str) -> None:
        """Put a text into the trace."""
        self._metadata[key] = value

    def export_chrome_trace(self, path: str) -> None:
        """Write the events for chrome://tracing or https://ui.perfetto.dev.

        Args:
            path: The file; compressed when it ends in '.gz'.
        """
        pid = os.getpid()
        trace: list[dict[str, Any]] = [
            {"ph": "M", "name": "process_name", "pid": pid, "tid": 0, "args": {"name": "python"}}
        ]
        for e in self._events:
            category = (
                "user_annotation" if e.user else "kernel" if e.name.startswith("kernel::") else "cpu_op"
            )
            args: dict[str, Any] = {"Input Dims": e.input_shapes} if e.input_shapes else {}
            if self.profile_memory:
                args["Bytes"] = e.memory
            trace.append(
                {"ph": "X", "cat": category, "name": e.name, "pid": pid, "tid": e.thread, "ts": e.start,
                 "dur": e.cpu_time_total, "args": args}
            )  # fmt: skip
        text = json.dumps(
            {"schemaVersion": 1, **self._metadata, "displayTimeUnit": "ms", "traceEvents": trace}
        )
        if os.fspath(path).endswith(".gz"):
            import gzip

            with gzip.open(path, "wt") as file:
                file.write(text)
            return
        with open(path, "w") as file:
            file.write(text)


def tensorboard_trace_handler(
    dir_name: str, worker_name: str | None = None, use_gzip: bool = False, use_python_export: bool = False
) -> Callable[[profile], None]:
    """For `on_trace_ready`: writes each trace into a folder.

    Args:
        dir_name: The folder; made if it is not there.
        worker_name: The files' first part; default: host and process.
        use_gzip: Compress.
        use_python_export: Of how PyTorch writes the file; here Python does.
    """

    def write(p: profile) -> None:
        os.makedirs(dir_name, exist_ok=True)
        name = worker_name or f"{socket.gethostname()}_{os.getpid()}"
        p.export_chrome_trace(
            os.path.join(dir_name, f"{name}.{time.time_ns()}.pt.trace.json{'.gz' if use_gzip else ''}")
        )

    return write
