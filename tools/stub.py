"""Writes src/rushlight/_C.pyi, the stub of the compiled part, from the bindings in csrc.

python tools/stub.py            # write
python tools/stub.py --check    # end with code 1 when it is not up to date
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STUB = ROOT / "src" / "rushlight" / "_C.pyi"
DEFINITION = re.compile(r"^RL_DEF\((?P<name>\w+),\s*(?P<count>\d+)\)", re.M)


def text() -> str:
    """The stub: every function of the bindings with the number of its arguments, by file."""
    lines = [
        '"""Compiled kernels of rushlight. Written by tools/stub.py."""',
        "",
        "from typing import Any",
        "",
    ]
    for file in sorted((ROOT / "csrc").rglob("*.cpp")):
        found = list(DEFINITION.finditer(file.read_text(encoding="utf-8")))
        if found:
            lines.append(f"# {file.relative_to(ROOT / 'csrc')}")
        for match in found:
            lines.append(f"def {match['name']}(*args: Any) -> Any: ...  # {match['count']} arguments")
    lines += ["# autograd: methods defined without RL_DEF, and the types TensorBase, Node, ..."]
    lines += ["def __getattr__(name: str) -> Any: ...", ""]
    return "\n".join(lines)


def main() -> None:
    if "--check" in sys.argv[1:]:
        if not STUB.is_file() or STUB.read_text(encoding="utf-8") != text():
            sys.exit("src/rushlight/_C.pyi is not up to date: python tools/stub.py")
        return
    STUB.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
