"""Child processes: kept, shared, limited in number, and gone when they are of no use."""

from __future__ import annotations

from pathlib import Path

import pytest

from videoindex.errors import DecodeError, NotAVideoError
from videoindex.media.decoders.child import CallRequest
from videoindex.media.decoders.process import Child, Children, CrashError, shared_children


def test_a_sound_child_is_kept_for_the_next_and_no_more_than_asked_for() -> None:
    children = Children(memory_mib=1024, keep=1)
    with children.borrow() as first, children.borrow() as second:
        assert first is not second
    [kept] = children.idle
    with children.borrow() as again:
        assert again is kept
    children.close()
    assert children.idle == []
    assert kept._process.poll() is not None


def test_a_child_is_kept_over_a_file_at_fault_and_not_over_one_of_its_own() -> None:
    children = Children(memory_mib=1024)
    with pytest.raises(NotAVideoError), children.borrow() as child:
        raise NotAVideoError("the file")
    assert children.idle == [child]
    with pytest.raises(CrashError), children.borrow():
        raise CrashError("the process")
    with pytest.raises(ZeroDivisionError), children.borrow() as other:
        raise ZeroDivisionError
    assert children.idle == []
    assert other._process.poll() is not None


def test_an_unknown_failure_in_a_child_is_named_with_its_file() -> None:
    children = Children(memory_mib=1024)
    with children.borrow() as child:
        child.tell(CallRequest("nowhere:x", Path("/a"), (), 1).to_json())
        with pytest.raises(DecodeError, match=r"The decoder x failed in film\.mp4 \(.*Error: .*nowhere"):
            child.hear("decoder x", "film.mp4", 30.0)
    children.close()


def test_an_answer_that_is_not_understood_costs_the_child() -> None:
    children = Children(memory_mib=1024)
    request = CallRequest("broken_decoders:babble", Path("/a"), ("b",), 60)
    assert children.call(request, "demuxer", "film.mp4", 30.0, lambda said: said["video"]["id"]) == "x"
    [kept] = children.idle
    with pytest.raises(DecodeError, match=r"The demuxer answered nonsense about film\.mp4 \(.*soon"):
        children.call(request, "demuxer", "film.mp4", 30.0, lambda said: float(said["video"]["span_s"][0]))
    assert children.idle == []
    assert kept._process.poll() is not None


def test_a_child_ends_with_its_parent() -> None:
    child = Child(1024)
    child._socket.shutdown(2)
    assert child._process.wait(30) == 0
    child.stop()


def test_all_of_a_process_share_their_children() -> None:
    assert shared_children() is shared_children()
