"""The names `torch` and `torchvision` for programs that are written for them.

`install_as_torch()` puts a finder in front of Python's import system: `torch` then is `rushlight`,
`torch.nn` is `rushlight.nn`, `torchvision` is `rushlight.vision` - the same module objects, imported
when they are asked for. What is not there yet is an error where it is used, not where it is
imported: a script that imports more than it needs runs.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import opcode
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["install_as_torch", "uninstall_as_torch"]

ROOT = __name__.partition(".")[0]
NAMES = {"torch": ROOT, "torchvision": ROOT + ".vision"}
REPORT = "not in rushlight yet"
# What programs that ask for torch.__version__ are told: the version whose behaviour this is.
VERSION = "2.13.0+rushlight"
# What to use in the place of what is not there.
INSTEAD = {
    "torchvision.transforms.v2": "use the classic ones, torchvision.transforms",
    "torch.ao.quantization": "train in float32, or convert with model.to(torch.bfloat16)",
    "torch.sparse": "use dense tensors",
    "torch.export": "save model.state_dict() and load it in PyTorch",
}
_IMPORT_FROM = opcode.opmap["IMPORT_FROM"]


def _ours(name: str) -> str:
    """torch.nn.functional -> rushlight.nn.functional"""
    top, dot, rest = name.partition(".")
    return NAMES[top] + dot + rest


def theirs(name: str) -> str:
    """rushlight.nn.functional -> torch.nn.functional"""
    for alias, own in sorted(NAMES.items(), key=lambda item: -len(item[1])):
        if name == own or name.startswith(own + "."):
            return alias + name[len(own) :]
    return name


def not_there(name: str) -> str:
    """The message about a name of PyTorch that is missing, with what to do instead where that is known."""
    hint = next((h for n, h in INSTEAD.items() if name == n or name.startswith((n + ".", n + "_"))), "")
    return f"{name} is {REPORT}" + (f"; {hint}" if hint else "")


class Missing(types.ModuleType):
    """Stands for a PyTorch name that is not there: importing it is fine, using it is an error."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__: list[str] = []

    def _refuse(self, use: str = "") -> AttributeError:
        return AttributeError(not_there(self.__name__ + use))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)  # Python's own questions: __file__, __wrapped__, ...
        if _asked_by_from_import():
            return Missing(f"{self.__name__}.{name}")
        raise self._refuse("." + name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise self._refuse()

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[Any, ...]:  # class X(Missing):
        raise self._refuse()

    def __getitem__(self, key: Any) -> Any:
        raise self._refuse()

    def __instancecheck__(self, instance: object) -> bool:  # isinstance(x, Missing): nothing is one
        return False

    def __or__(self, other: Any) -> Any:  # in annotations: Missing | None
        return other

    __ror__ = __or__

    def __repr__(self) -> str:
        return f"<{self.__name__}: {REPORT}>"


def _asked_by_from_import(depth: int = 2) -> bool:
    """Whether the attribute is asked for by the statement `from module import name`."""
    frame = sys._getframe(depth)
    while frame is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back  # type: ignore[assignment]
    if frame is None or frame.f_lasti < 0:
        return False
    return frame.f_code.co_code[frame.f_lasti] == _IMPORT_FROM


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(
        self, name: str, path: Any = None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        top = name.partition(".")[0]
        if top == ROOT:
            return _then(importlib.machinery.PathFinder.find_spec(name, path, target), _explain_ours)
        if name in ("multiprocessing.spawn", "multiprocessing.forkserver"):
            return _then(
                importlib.machinery.PathFinder.find_spec(name, path, target), lambda module: _teach(name)
            )
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if top in NAMES else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        name = module.__name__
        own = _ours(name)
        try:
            real: types.ModuleType = importlib.import_module(own)
        except ModuleNotFoundError as e:
            if e.name != own and not (e.name and own.startswith(e.name + ".")):
                raise  # it is there, but something that it needs is not
            real = Missing(name)
        else:
            _explain_missing(real, name)
        sys.modules[name] = real  # what the import statement takes: the module itself, under both names


def _then(
    spec: importlib.machinery.ModuleSpec | None, after: Callable[[types.ModuleType], None]
) -> importlib.machinery.ModuleSpec | None:
    """The spec of a module, with something to do once the module is run."""
    loader = None if spec is None else spec.loader
    if isinstance(loader, importlib.machinery.SourceFileLoader):
        run = loader.exec_module

        def exec_module(module: types.ModuleType) -> None:
            run(module)
            after(module)

        loader.exec_module = exec_module  # type: ignore[method-assign]
    return spec


def _explain_ours(module: types.ModuleType) -> None:
    """Give a module of ours its error for missing names."""
    if theirs(module.__name__) != module.__name__:
        _explain_missing(module, theirs(module.__name__))


def _explain_missing(module: types.ModuleType, name: str) -> None:
    """Give a module an error for names of PyTorch that it has not."""
    if "_rushlight_missing" in module.__dict__ or isinstance(module, Missing):
        return
    before = module.__dict__.get("__getattr__")

    def __getattr__(attribute: str) -> Any:
        if attribute == "__path__":  # asked by each import statement that runs
            raise AttributeError(attribute)
        if before is not None:
            try:
                return before(attribute)
            except AttributeError:
                pass
        if attribute.startswith("__") and attribute.endswith("__"):
            raise AttributeError(f"module {name!r} has no attribute {attribute!r}")
        full = f"{name}.{attribute}"
        own = f"{module.__name__}.{attribute}"
        if own in sys.modules:
            return sys.modules[own]
        # PyTorch has its submodules there after `import torch`; ours come when they are asked for.
        if hasattr(module, "__path__") and _findable(own):
            return importlib.import_module(full)
        if _asked_by_from_import():
            return Missing(full)
        raise AttributeError(not_there(full), name=attribute, obj=module)

    module.__dict__["__getattr__"] = __getattr__
    module.__dict__["_rushlight_missing"] = before


def _findable(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


_finder = _Finder()
PRELOAD = ROOT + "._as_torch"


def _teach(name: str) -> None:
    """Make processes that `multiprocessing` will start without forking this one install the names first."""
    module: Any = sys.modules.get(name)
    if module is None:
        return  # when it is imported
    if hasattr(module, "_rushlight_plain"):
        return
    if name == "multiprocessing.forkserver":
        server = module._forkserver
        start = module._rushlight_plain = module.ensure_running

        def ensure_running() -> None:
            asked = server._preload_modules
            # Python 3.14 runs `__main__` before all others: the processes themselves do it then.
            server._preload_modules = [PRELOAD, *(m for m in asked if m != "__main__")]
            try:
                start()
            finally:
                server._preload_modules = asked

        server.ensure_running = module.ensure_running = ensure_running
    else:
        plain = module._rushlight_plain = module.get_command_line

        def get_command_line(**kwargs: Any) -> list[str]:
            command = list(plain(**kwargs))
            if "-c" in command:
                i = command.index("-c") + 1
                home = str(Path(__file__).resolve().parent.parent)
                command[i] = (
                    f"import sys; sys.path.append({home!r}); import {PRELOAD}; sys.path.pop(); {command[i]}"
                )
            return command

        module.get_command_line = get_command_line


def _forget(name: str) -> None:
    """Undo `_teach`."""
    module: Any = sys.modules.get(name)
    if not hasattr(module, "_rushlight_plain"):
        return
    if name == "multiprocessing.forkserver":
        del module._forkserver.ensure_running
        module.ensure_running = module._rushlight_plain
    else:
        module.get_command_line = module._rushlight_plain
    del module._rushlight_plain


def install_as_torch() -> None:
    """Make `import torch` and `import torchvision` mean rushlight in this process and its workers.

    For a notebook or a test: call it first. `python -m rushlight script.py` does it for a script.

    Raises:
        RuntimeError: the real PyTorch is imported already.
    Example:
        >>> import rushlight
        >>> rushlight.install_as_torch()  # doctest: +SKIP
        >>> import torch.nn  # doctest: +SKIP
        >>> torch.nn is rushlight.nn  # doctest: +SKIP
        True
    """
    root: Any = importlib.import_module(ROOT)
    for alias in NAMES:
        found = sys.modules.get(alias)
        if found is not None and not found.__name__.startswith(ROOT):
            raise RuntimeError(
                f"install_as_torch: {alias} must not be imported yet, got the real one from "
                f"{getattr(found, '__file__', '?')}; call it before, in a new process"
            )
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    sys.modules["torch"] = root
    if "_rushlight_version" not in root.__dict__:
        from .version import TorchVersion

        root.__dict__["_rushlight_version"] = root.__version__
        root.__version__ = TorchVersion(VERSION)
    _explain_missing(root, "torch")
    for name, module in list(sys.modules.items()):
        if name.startswith(ROOT + ".") and isinstance(module, types.ModuleType) and theirs(name) != name:
            _explain_missing(module, theirs(name))
    _teach("multiprocessing.spawn")
    _teach("multiprocessing.forkserver")


def uninstall_as_torch() -> None:
    """Undo `install_as_torch`: the names are free for the real modules again."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    root: Any = sys.modules[ROOT]
    if "_rushlight_version" in root.__dict__:
        root.__version__ = root.__dict__.pop("_rushlight_version")
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in NAMES and (
            isinstance(module, Missing) or module.__name__.startswith(ROOT)
        ):
            del sys.modules[name]
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == ROOT and "_rushlight_missing" in getattr(module, "__dict__", {}):
            before = module.__dict__.pop("_rushlight_missing")
            del module.__dict__["__getattr__"]
            if before is not None:
                module.__dict__["__getattr__"] = before
    _forget("multiprocessing.spawn")
    _forget("multiprocessing.forkserver")
