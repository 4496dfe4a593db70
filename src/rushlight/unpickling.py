"""A reader of pickles that cannot run code: its own interpreter of the pickle instructions.

A pickle is a program for a small stack machine. Python's own machine calls whatever the file names;
this one knows the instructions that data needs, calls only functions from a fixed table (and classes
that the user added by `add_safe_globals`), sets the state only of objects it made itself, and checks
every length against the bytes that are there. Anything else is refused by name.
"""

from __future__ import annotations

import struct
from collections import Counter, OrderedDict
from collections.abc import Callable
from pickle import UnpicklingError
from typing import Any

__all__ = ["Unpickler", "UnpicklingError"]

_MARK = object()
_LARGEST_KEY = (
    1000  # parts of a tuple used as a key: hashing nested tuples is recursive and may be exponential
)


class Global:
    """A name in the file that may stand there and may be called: `call(*args)`."""

    __slots__ = ("call", "name")

    def __init__(self, name: str, call: Callable[..., Any]) -> None:
        self.name = name
        self.call = call


class Unpickler:
    """Reads one pickle from `data`, beginning at `position`; `position` is its end afterwards.

    Args:
        data: The whole file's or record's bytes.
        known: 'module name' -> `Global` (may be called) or any other object (a plain value).
        safe: 'module name' -> class or function that the user allowed; also its state may be set.
        persistent: Gives the object of a persistent id (storages are stored so).
        where: How errors call the file.
    """

    def __init__(
        self,
        data: bytes | memoryview,
        known: dict[str, Any],
        safe: dict[str, Any],
        persistent: Callable[[Any], Any],
        where: str,
        position: int = 0,
    ) -> None:
        self.data, self.position = memoryview(data), position
        self.known, self.safe, self.persistent, self.where = known, safe, persistent, where
        self.stateful: set[int] = set()  # ids of the objects that a BUILD may complete

    def error(self, message: str) -> UnpicklingError:
        return UnpicklingError(f"load: {self.where} {message}")

    def load(self) -> Any:
        """The object of the pickle.

        Raises:
            UnpicklingError: the pickle is truncated or malformed, or asks for something not allowed.
        """
        try:
            return self._run()
        except UnpicklingError:
            raise
        except (IndexError, KeyError, struct.error):
            raise self.error(f"is malformed or truncated at byte {self.position} of its pickle") from None
        except (TypeError, ValueError, AttributeError, OverflowError, MemoryError, UnicodeError) as e:
            raise self.error(f"is malformed at byte {self.position} of its pickle: {e}") from e

    # -- Reading ------------------------------------------------------------------------------------

    def _take(self, n: int) -> memoryview:
        end = self.position + n
        if n < 0 or end > len(self.data):
            raise IndexError
        part = self.data[self.position : end]
        self.position = end
        return part

    def _number(self, form: str) -> int:
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _line(self) -> str:
        end = self.position
        while self.data[end] != 10:  # IndexError at the end of the data
            end += 1
        text = bytes(self.data[self.position : end])
        self.position = end + 1
        return text.decode("utf-8")

    # -- The machine --------------------------------------------------------------------------------

    def _run(self) -> Any:
        stack: list[Any] = []
        memo: dict[int, Any] = {}
        push = stack.append

        def to_mark() -> list[Any]:
            for k in range(len(stack) - 1, -1, -1):
                if stack[k] is _MARK:
                    items = stack[k + 1 :]
                    del stack[k:]
                    return items
            raise IndexError

        while True:
            op = self.data[self.position]
            self.position += 1
            if op == 0x71:  # q BINPUT
                memo[self._number("B")] = stack[-1]
            elif op == 0x68:  # h BINGET
                push(memo[self._number("B")])
            elif op == 0x58:  # X BINUNICODE
                push(str(self._take(self._number("<I")), "utf-8", "surrogatepass"))
            elif op == 0x4B:  # K BININT1
                push(self._number("B"))
            elif op == 0x4D:  # M BININT2
                push(self._number("<H"))
            elif op == 0x4A:  # J BININT
                push(self._number("<i"))
            elif op == 0x8A:  # LONG1
                push(int.from_bytes(self._take(self._number("B")), "little", signed=True))
            elif op == 0x8B:  # LONG4
                push(int.from_bytes(self._take(self._number("<i")), "little", signed=True))
            elif op == 0x47:  # G BINFLOAT
                push(struct.unpack(">d", self._take(8))[0])
            elif op == 0x28:  # ( MARK
                push(_MARK)
            elif op == 0x74:  # t TUPLE
                push(tuple(to_mark()))
            elif op == 0x29:  # ) EMPTY_TUPLE
                push(())
            elif op in (0x85, 0x86, 0x87):  # TUPLE1..3
                n = op - 0x84
                values = tuple(self._plain(v) for v in stack[-n:])
                if len(values) < n:
                    raise IndexError
                del stack[-n:]
                push(values)
            elif op == 0x52:  # R REDUCE
                args, function = stack.pop(), stack.pop()
                push(self._call(function, args))
            elif op == 0x51:  # Q BINPERSID
                push(self.persistent(stack.pop()))
            elif op == 0x63:  # c GLOBAL
                module = self._line()
                push(self._global(module, self._line()))
            elif op == 0x93:  # STACK_GLOBAL
                name, module = stack.pop(), stack.pop()
                push(self._global(str(module), str(name)))
            elif op == 0x7D:  # } EMPTY_DICT
                push({})
            elif op == 0x5D:  # ] EMPTY_LIST
                push([])
            elif op == 0x8F:  # EMPTY_SET
                push(set())
            elif op == 0x73:  # s SETITEM
                value, key = stack.pop(), stack.pop()
                self._dict(stack[-1])[self._key(key)] = self._plain(value)
            elif op == 0x75:  # u SETITEMS
                items = to_mark()
                target = self._dict(stack[-1])
                for k in range(0, len(items) - 1, 2):
                    target[self._key(items[k])] = items[k + 1]
            elif op == 0x61:  # a APPEND
                value = self._plain(stack.pop())
                self._list(stack[-1]).append(value)
            elif op == 0x65:  # e APPENDS
                items = to_mark()
                self._list(stack[-1]).extend(items)
            elif op == 0x90:  # ADDITEMS
                items = to_mark()
                if type(stack[-1]) is not set:
                    raise self.error("adds items to what is no set")
                stack[-1].update(map(self._key, items))
            elif op == 0x91:  # FROZENSET
                push(frozenset(map(self._key, to_mark())))
            elif op == 0x62:  # b BUILD
                state = stack.pop()
                self._build(stack[-1], state)
            elif op == 0x81:  # NEWOBJ
                args, cls = stack.pop(), stack.pop()
                push(self._new(cls, args, {}))
            elif op == 0x92:  # NEWOBJ_EX
                kwargs, args, cls = stack.pop(), stack.pop(), stack.pop()
                push(self._new(cls, args, kwargs))
            elif op == 0x4E:  # N NONE
                push(None)
            elif op == 0x88:  # NEWTRUE
                push(True)
            elif op == 0x89:  # NEWFALSE
                push(False)
            elif op == 0x72:  # r LONG_BINPUT
                memo[self._number("<I")] = stack[-1]
            elif op == 0x6A:  # j LONG_BINGET
                push(memo[self._number("<I")])
            elif op == 0x94:  # MEMOIZE
                memo[len(memo)] = stack[-1]
            elif op == 0x8C:  # SHORT_BINUNICODE
                push(str(self._take(self._number("B")), "utf-8", "surrogatepass"))
            elif op == 0x8D:  # BINUNICODE8
                push(str(self._take(self._number("<Q")), "utf-8", "surrogatepass"))
            elif op == 0x43:  # C SHORT_BINBYTES
                push(bytes(self._take(self._number("B"))))
            elif op == 0x42:  # B BINBYTES
                push(bytes(self._take(self._number("<I"))))
            elif op == 0x8E:  # BINBYTES8
                push(bytes(self._take(self._number("<Q"))))
            elif op == 0x96:  # BYTEARRAY8
                push(bytearray(self._take(self._number("<Q"))))
            elif op == 0x55:  # U SHORT_BINSTRING, Python 2
                push(str(self._take(self._number("B")), "latin-1"))
            elif op == 0x54:  # T BINSTRING, Python 2
                push(str(self._take(self._number("<i")), "latin-1"))
            elif op == 0x30:  # 0 POP
                stack.pop()
            elif op == 0x31:  # 1 POP_MARK
                to_mark()
            elif op == 0x32:  # 2 DUP
                push(stack[-1])
            elif op == 0x80:  # PROTO
                protocol = self._number("B")
                if protocol > 5:
                    raise self.error(f"has pickle protocol {protocol}; the highest known is 5")
            elif op == 0x95:  # FRAME
                self._take(8)
            elif op == 0x2E:  # . STOP
                return self._plain(stack.pop())
            else:
                raise self.error(f"holds the pickle instruction {bytes([op])!r}, which is not allowed")

    def _plain(self, value: Any) -> Any:
        if value is _MARK:
            raise IndexError
        return value

    def _dict(self, target: Any) -> Any:
        if not isinstance(target, dict):
            raise self.error(f"sets items of a {type(target).__name__}")
        return target

    def _list(self, target: Any) -> list[Any]:
        if type(target) is not list:
            raise self.error(f"appends to a {type(target).__name__}")
        return target

    def _key(self, key: Any) -> Any:
        """`key`, if hashing it is safe: tuples within tuples must be few."""
        waiting, seen = [key], 0
        while waiting:
            part = waiting.pop()
            seen += 1
            if seen > _LARGEST_KEY:
                raise self.error(f"has a dict key or set element of more than {_LARGEST_KEY} parts")
            if isinstance(part, tuple):
                waiting.extend(part)
        return self._plain(key)

    def _global(self, module: str, name: str) -> Any:
        full = f"{module}.{name}"
        if full in self.safe:
            return self.safe[full]
        try:
            return self.known[full]
        except KeyError:
            raise self.error(
                f"asks for {full}, which is not allowed: load makes tensors and plain containers only; "
                "if you trust the file and the class, allow it with serialization.add_safe_globals"
            ) from None

    def _allowed(self, function: Any) -> bool:
        return any(function is f for f in self.safe.values())

    def _call(self, function: Any, args: Any) -> Any:
        if type(args) is not tuple:
            raise self.error("calls a function with arguments that are no tuple")
        if isinstance(function, Global):
            made = function.call(*args)
        elif self._allowed(function):
            made = function(*args)
        else:
            raise self.error(f"calls {function!r}, which is not allowed")
        self.stateful.add(id(made))
        return made

    def _new(self, cls: Any, args: Any, kwargs: Any) -> Any:
        if isinstance(cls, Global):
            if kwargs:
                raise self.error(f"makes {cls.name} with keyword arguments, which is not allowed")
            return self._call(cls, args)
        if not isinstance(cls, type) or not self._allowed(cls):
            raise self.error(f"makes an object of {cls!r}, which is not allowed")
        made = cls.__new__(cls, *args, **kwargs)
        self.stateful.add(id(made))
        return made

    def _build(self, target: Any, state: Any) -> None:
        kind = type(target)
        if kind is OrderedDict or kind is Counter:  # state_dict's _metadata
            if not isinstance(state, dict) or not all(isinstance(k, str) for k in state):
                raise self.error("sets a malformed state on an OrderedDict")
            target.__dict__.update(state)
            return
        if id(target) not in self.stateful or not self._allowed(kind):
            raise self.error(f"sets the state of a {kind.__name__}, which is not allowed")
        if hasattr(target, "__setstate__"):
            target.__setstate__(state)
            return
        slots: Any = None
        if isinstance(state, tuple) and len(state) == 2:
            state, slots = state
        if state:
            target.__dict__.update(state)
        for name, value in (slots or {}).items():
            setattr(target, name, value)
