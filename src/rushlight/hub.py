"""`torch.hub`: weights from the network, models from a local folder."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

__all__ = ["download_url_to_file", "get_dir", "help", "list", "load", "load_state_dict_from_url", "set_dir"]

_HASH = re.compile(r"-([a-f0-9]*)\.")  # in a file's name: the beginning of its SHA-256 sum
_dir: str | None = None


def get_dir() -> str:
    """The folder for what is fetched: `set_dir`'s, else $TORCH_HOME/hub, $XDG_CACHE_HOME/torch/hub, ~/.cache/torch/hub.

    PyTorch uses the same one, so what either has fetched the other finds.
    """
    if _dir is not None:
        return _dir
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return os.path.join(os.path.expanduser(os.environ.get("TORCH_HOME", os.path.join(cache, "torch"))), "hub")


def set_dir(d: str | os.PathLike) -> None:
    """Set the folder for what is fetched."""
    global _dir
    _dir = os.path.expanduser(os.fspath(d))


def download_url_to_file(url: str, dst: str, hash_prefix: str | None = None, progress: bool = True) -> None:
    """Fetch a file.

    Args:
        url: Also file:// addresses.
        dst: The file's path. It appears when it is complete.
        hash_prefix: What its SHA-256 sum (hexadecimal) must begin with.
        progress: Show a line on a terminal.
    Raises:
        RuntimeError: the sum is another one.
        OSError: the file cannot be had; the message tells the address and why.
    """
    import hashlib
    import urllib.request

    from .vision.datasets.download import CHUNK, TIMEOUT, _Progress, explain, replaced

    path = Path(dst).expanduser()

    def write(part: Path) -> None:
        request = urllib.request.Request(url, headers={"User-Agent": "rushlight"})
        digest = hashlib.sha256()
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer, open(part, "wb") as out:
            length = answer.headers.get("Content-Length")
            shown = _Progress(path.name, int(length) if length else None)
            shown.live = shown.live and progress
            try:
                while chunk := answer.read(CHUNK):
                    out.write(chunk)
                    digest.update(chunk)
                    shown.add(len(chunk))
            finally:
                shown.close()
        found = digest.hexdigest()
        if hash_prefix and not found.startswith(hash_prefix):
            raise RuntimeError(
                f"download_url_to_file: {path.name} must have a SHA-256 sum (invalid hash value) that begins with "
                f"{hash_prefix}, got {found}"
            )

    try:
        replaced(path, write)
    except OSError as e:
        e.add_note(
            f"download_url_to_file: {url} could not be fetched ({explain(e)}); or put the file at {path} yourself"
        )
        raise


def load_state_dict_from_url(
    url: str,
    model_dir: str | None = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    weights_only: bool = False,
) -> Any:
    """Fetch a checkpoint, unless it is there already, and read it.

    Args:
        url: Its address.
        model_dir: The folder for it; default `get_dir()`/checkpoints.
        map_location: As of `torch.load`.
        progress: Show a line on a terminal.
        check_hash: The name ends in -<beginning of the SHA-256 sum>.<ending>, and the file must have it.
        file_name: Its name in the folder; default: the address's.
        weights_only: As of `torch.load`, which here never runs code from a file, whatever this says.
    """
    from .serialization import load as read

    folder = model_dir or os.path.join(get_dir(), "checkpoints")
    name = file_name or os.path.basename(urlparse(url).path)
    path = os.path.join(os.path.expanduser(folder), name)
    if not os.path.exists(path):
        sys.stderr.write(f'Downloading: "{url}" to {path}\n')
        found = _HASH.search(name) if check_hash else None
        download_url_to_file(url, path, found.group(1) if found else None, progress)
    return read(path, map_location=map_location, weights_only=True)


def _entrypoints(folder: Any, source: str, function: str) -> Any:
    """The module `hubconf.py` of a local folder."""
    if source not in ("github", "local"):
        raise ValueError(f"hub.{function}: source must be 'github' or 'local', got {source!r}")
    if source == "github":
        raise NotImplementedError(
            f"hub.{function}: repositories are not fetched; clone {folder} yourself and pass its folder with source='local'"
        )
    path = os.path.join(os.path.expanduser(folder), "hubconf.py")
    spec = importlib.util.spec_from_file_location("hubconf", path)
    if spec is None or spec.loader is None or not os.path.isfile(path):
        raise FileNotFoundError(f"hub.{function}: repo_or_dir must have a hubconf.py, got {folder}")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, os.path.dirname(path))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(os.path.dirname(path))
    return module


def _entrypoint(module: Any, name: str, function: str) -> Any:
    from importlib.util import find_spec

    missing = [d for d in getattr(module, "dependencies", ()) if d != "torch" and find_spec(d) is None]
    if missing:
        raise RuntimeError(f"hub.{function}: hubconf needs packages that are missing: {', '.join(missing)}")
    found = getattr(module, name, None)
    if not callable(found):
        raise RuntimeError(f"hub.{function}: Cannot find callable {name} in hubconf")
    return found


def load(
    repo_or_dir: Any,
    model: str,
    *args: Any,
    source: str = "github",
    trust_repo: Any = "check",
    force_reload: bool = False,
    verbose: bool = True,
    skip_validation: bool = False,
    **kwargs: Any,
) -> Any:
    """What the function `model` of a folder's `hubconf.py` gives for the arguments.

    Args:
        repo_or_dir: The folder.
        source: Must be 'local'. A file that says `import torch` needs `install_as_torch()` first.
        trust_repo, force_reload, verbose, skip_validation: Of what is fetched; a local folder needs none of them.
    Raises:
        NotImplementedError: source is 'github'.
        RuntimeError: there is no such function, or a package that it needs is missing.
    """
    return _entrypoint(_entrypoints(repo_or_dir, source, "load"), model, "load")(*args, **kwargs)


def list(
    github: Any,
    force_reload: bool = False,
    skip_validation: bool = False,
    trust_repo: Any = "check",
    verbose: bool = True,
) -> Any:
    """An error: repositories are not fetched."""
    _entrypoints(github, "github", "list")


def help(
    github: Any,
    model: str,
    force_reload: bool = False,
    skip_validation: bool = False,
    trust_repo: Any = "check",
) -> Any:
    """An error: repositories are not fetched."""
    _entrypoints(github, "github", "help")
