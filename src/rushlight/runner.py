"""Runs a program as Python itself would, with `torch` meaning rushlight.

    python -m rushlight script.py [arguments]      also a folder or zip with a __main__.py, or - for stdin
    python -m rushlight -m module [arguments]
    python -m rushlight -c code [arguments]

NOTE [As if we were not there]: the program's module replaces ours as `__main__`; sys.argv and
sys.path are what it would see without us; a traceback begins with the program's first frame; an
uncaught exception leaves exit code 1, SystemExit its own, and Ctrl-C death by SIGINT.
"""

from __future__ import annotations

import builtins
import importlib.machinery
import importlib.util
import io
import linecache
import os
import signal
import sys
import textwrap
import types
from typing import Any, NoReturn

from .compat import install_as_torch

__all__ = ["run_path", "run_module", "run_code"]


def _main_module(**names: Any) -> types.ModuleType:
    module = types.ModuleType("__main__")
    module.__dict__.update({"__builtins__": builtins, **names})
    if sys.version_info < (3, 15):
        module.__dict__.setdefault("__cached__", None)
    if sys.version_info < (3, 14):  # from then on the program's own annotations are computed when asked for
        module.__annotations__ = {}
    # The runner's own module stays alive: its globals are in use.
    module.__dict__.pop("__doc__", None)
    module.__doc__ = None
    sys.modules["__main__"], _kept[:] = module, [sys.modules["__main__"]]
    return module


_kept: list[types.ModuleType] = []


def _set_path_entry(entry: str) -> None:
    """Replace what `python -m rushlight` put at the head of sys.path."""
    if sys.flags.safe_path:
        return
    if sys.path and sys.path[0] in ("", os.getcwd()):
        sys.path[0] = entry
    else:
        sys.path.insert(0, entry)


def _fail(message: str, code: int) -> NoReturn:
    sys.stderr.write(f"{sys.executable or 'python'}: {message}\n")
    sys.exit(code)


def _execute(code: Any, filename: str, module: types.ModuleType, compiled: bool) -> None:
    """Compile where needed, run, and treat what comes out as Python does."""
    try:
        if not compiled:
            source, code = code, compile(code, filename, "exec", dont_inherit=True)
            if isinstance(source, str):
                _show_lines(source, filename, code)
        exec(code, module.__dict__)
    except SystemExit:
        raise
    except BaseException as error:
        _report(error)


def _show_lines(source: str, filename: str, code: types.CodeType) -> None:
    """Let tracebacks show the lines of a string of code, as those of `python -c` do from Python 3.13 on."""
    cache: Any = linecache
    if hasattr(cache, "_interactive_cache"):  # Python 3.14: one that knows each code object
        cache._register_code(code, source, filename)
    elif sys.version_info >= (3, 13):
        cache.cache[filename] = len(source), None, source.splitlines(keepends=True), filename


def _report(error: BaseException) -> NoReturn:
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    error.__traceback__ = trace
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, trace
    sys.last_exc = error  # type: ignore[attr-defined]
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        pass
    sys.excepthook(type(error), error, trace)
    if isinstance(error, KeyboardInterrupt) and os.name == "posix":
        _die_of_interrupt()
    raise SystemExit(1) from None


def _die_of_interrupt() -> NoReturn:
    """After everything that runs at exit, die as an interrupted program does, so that shells can tell."""
    import atexit

    def die() -> None:
        sys.stderr.flush()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)

    # Handlers run last in, first out: those registered so far run before this one only if run here.
    atexit._run_exitfuncs()
    die()
    raise SystemExit(130)


def run_path(path: str, arguments: list[str]) -> None:
    """Run a script, a folder or zip file with a `__main__.py`, or standard input (`-`)."""
    install_as_torch()
    sys.argv = [path, *arguments]
    if path == "-":
        _set_path_entry("")
        module = _main_module(__loader__=importlib.machinery.BuiltinImporter, __spec__=None, __package__=None)
        _execute(sys.stdin.buffer.read(), "<stdin>", module, compiled=False)
        return
    if os.path.isdir(path) or _is_archive(path):
        _set_path_entry(os.path.abspath(path))
        _run_spec("__main__", os.path.abspath(path))
        return
    try:
        with io.open_code(os.path.abspath(path)) as file:
            source = file.read()
    except OSError as e:
        _fail(f"can't open file {os.path.abspath(path)!r}: [Errno {e.errno}] {e.strerror}", 2)
    _set_path_entry(os.path.dirname(os.path.realpath(path)))
    filename = os.path.join(os.getcwd(), path)
    loader = importlib.machinery.SourceFileLoader("__main__", filename)
    module = _main_module(__file__=filename, __loader__=loader, __spec__=None, __package__=None)
    _execute(source, filename, module, compiled=False)


def _is_archive(path: str) -> bool:
    import zipfile

    return os.path.isfile(path) and not path.endswith(".py") and zipfile.is_zipfile(path)


def run_module(name: str, arguments: list[str]) -> None:
    """Run a module, or a package's `__main__`, by its import name."""
    install_as_torch()
    sys.argv = ["-m", *arguments]
    if not sys.flags.safe_path and sys.path and sys.path[0] != os.getcwd():
        sys.path.insert(0, os.getcwd())
    _run_spec(name, None)


def _run_spec(name: str, archive: str | None) -> None:
    try:
        spec = importlib.util.find_spec(name) if archive is None else _find_main(archive)
        if spec is not None and spec.submodule_search_locations is not None:
            package, spec = spec, importlib.util.find_spec(name + ".__main__")
            if spec is None:
                _fail(
                    f"No module named {package.name}.__main__; {name!r} is a package and cannot be directly executed",
                    1,
                )
    except ModuleNotFoundError as e:
        if e.name is None or not (name + ".").startswith(e.name + "."):
            _report(e)
        _fail(f"Error while finding module specification for {name!r} (ModuleNotFoundError: {e})", 1)
    except Exception as e:
        _report(e)
    if spec is None or spec.loader is None:
        _fail(f"can't find '__main__' module in {archive!r}" if archive else f"No module named {name}", 1)
    try:
        loader: Any = spec.loader
        code = loader.get_code(spec.name)
    except Exception as e:
        _report(e)
    if code is None:
        _fail(f"No code object available for {name}", 1)
    if archive is None:
        sys.argv[0] = spec.origin or name
    cached = {"__cached__": spec.cached} if sys.version_info < (3, 15) else {}
    module = _main_module(
        __file__=spec.origin,
        __loader__=spec.loader,
        __spec__=spec,
        __package__=spec.parent if archive is None else "",
        **cached,
    )
    _execute(code, spec.origin or name, module, compiled=True)


def _find_main(archive: str) -> Any:
    sys.path_importer_cache.pop(archive, None)
    return importlib.machinery.PathFinder.find_spec("__main__", [archive])


def run_code(code: str, arguments: list[str]) -> None:
    """Run a string of code."""
    install_as_torch()
    sys.argv = ["-c", *arguments]
    _set_path_entry("")
    if sys.version_info >= (3, 14):  # as `python -c` from then on
        code = textwrap.dedent(code)
    module = _main_module(__loader__=importlib.machinery.BuiltinImporter, __spec__=None, __package__=None)
    _execute(code, "<string>", module, compiled=False)
