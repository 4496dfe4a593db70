"""no_grad and its relatives, as contexts and as decorators of functions, generators and coroutines."""

import asyncio
import threading

import pytest

import rushlight as torch


def enabled():
    return torch.is_grad_enabled()


def test_contexts_nest_and_are_left_as_found():
    with torch.no_grad():
        assert not enabled()
        with torch.enable_grad():
            assert enabled()
        assert not enabled()
    assert enabled()
    with pytest.raises(KeyError, match="mine"), torch.no_grad():
        raise KeyError("mine")
    assert enabled()


def test_set_grad_enabled_acts_at_once_and_as_a_context():
    torch.set_grad_enabled(False)
    assert not enabled()
    torch.set_grad_enabled(True)
    with torch.set_grad_enabled(False):
        assert not enabled()
    assert enabled()


def test_decorators():
    @torch.no_grad()
    def f():
        """Doc."""
        return enabled()

    @torch.no_grad
    def g():
        return enabled()

    @torch.set_grad_enabled(False)
    def h():
        return enabled()

    assert enabled()
    assert not f()
    assert not g()
    assert not h()
    assert f.__doc__ == "Doc."
    assert enabled()
    with pytest.raises(TypeError, match="must decorate a function"):
        torch.no_grad()(type("C", (), {}))


def test_generators_run_in_their_mode_and_their_users_in_their_own():
    @torch.no_grad()
    def numbers():
        try:
            got = yield enabled()
            yield got, enabled()
        except ValueError:
            yield "caught", enabled()
        return "end"

    g = numbers()
    assert next(g) is False
    assert enabled()
    assert g.send("x") == ("x", False)
    assert enabled()
    g = numbers()
    next(g)
    assert g.throw(ValueError()) == ("caught", False)
    assert enabled()


def test_coroutines():
    @torch.no_grad()
    async def inner():
        await asyncio.sleep(0)
        return enabled()

    async def outer():
        task = asyncio.ensure_future(inner())
        await asyncio.sleep(0)
        here = enabled()
        return await task, here

    assert asyncio.run(outer()) == (False, True)


def test_inference_mode():
    x = torch.ones(1, requires_grad=True)
    with torch.inference_mode():
        assert not (x * 2).requires_grad
        assert torch.is_inference_mode_enabled()
    with torch.inference_mode(False):
        assert (x * 2).requires_grad
    assert not torch.is_inference_mode_enabled()


def test_each_thread_has_its_own_mode():
    seen = []
    with torch.no_grad():
        t = threading.Thread(target=lambda: seen.append(enabled()))
        t.start()
        t.join()
    assert seen == [True]
    with torch.inference_mode():
        t = threading.Thread(target=lambda: seen.append(torch.is_inference_mode_enabled()))
        t.start()
        t.join()
        assert torch.is_inference_mode_enabled()
    assert seen == [True, False]
