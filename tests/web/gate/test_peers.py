"""Who gets a connection when there are many, and whose is closed for it."""

from __future__ import annotations

import ipaddress
import resource

import pytest

from chatbot.web.gate import peers
from chatbot.web.gate.peers import BodyLimits, Peers

ANN, BOB, PROXY = "192.0.2.1", "192.0.2.2", "10.0.0.5"


class Line:
    """A connection, which knows whether it was cut off."""

    is_cut = False

    def abort(self) -> None:
        self.is_cut = True


def _connect(connected: Peers, address: str, count: int) -> list[Line]:
    lines = [Line() for _ in range(count)]
    assert all(connected.admit(line, address) for line in lines)
    return lines


def test_an_address_has_so_many_connections_and_the_others_notice_nothing() -> None:
    connected = Peers(per_peer=3, in_all=100)
    for line in _connect(connected, ANN, 3):
        connected.serve(line)
    assert not connected.admit(Line(), ANN)
    assert connected.admit(Line(), BOB)


def test_a_connection_that_asks_for_nothing_makes_room_the_oldest_first() -> None:
    connected = Peers(per_peer=3, in_all=100)
    oldest, second, busy = _connect(connected, ANN, 3)
    connected.serve(busy)
    _connect(connected, ANN, 1)
    assert (oldest.is_cut, second.is_cut, busy.is_cut) == (True, False, False)


def test_one_that_has_been_answered_is_the_last_to_make_room() -> None:
    connected = Peers(per_peer=2, in_all=100)
    answered, fresh = _connect(connected, ANN, 2)
    connected.serve(answered)
    connected.wait(answered)
    _connect(connected, ANN, 1)
    assert fresh.is_cut and not answered.is_cut


def test_in_all_there_are_so_many_connections() -> None:
    connected = Peers(per_peer=100, in_all=2)
    (of_ann,), (of_bob,) = _connect(connected, ANN, 1), _connect(connected, BOB, 1)
    connected.serve(of_ann)
    assert connected.admit(Line(), ANN)
    assert of_bob.is_cut and not of_ann.is_cut


def test_whoever_leaves_makes_room() -> None:
    connected = Peers(per_peer=1, in_all=100)
    (line,) = _connect(connected, ANN, 1)
    connected.serve(line)
    connected.leave(line)
    connected.leave(line)
    assert connected.admit(Line(), ANN)


def test_a_trusted_proxys_connections_are_many_peoples() -> None:
    connected = Peers(1, 100, [ipaddress.ip_network("10.0.0.0/8")])
    for line in _connect(connected, PROXY, 50):
        connected.serve(line)


def test_half_heads_hold_so_much_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "MAX_HELD_HEAD_BYTES", 1000)
    connected = Peers(per_peer=100, in_all=100)
    idle, first, second = _connect(connected, ANN, 3)
    connected.hold_head(first, 400)
    connected.hold_head(first, 600)
    connected.hold_head(second, 300)
    assert not first.is_cut
    connected.hold_head(second, 500)
    assert first.is_cut and not second.is_cut and not idle.is_cut


def test_so_many_bodies_of_an_address_may_be_half_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "MAX_BODIES_PER_PEER", 2)
    connected = Peers(per_peer=100, in_all=100)
    first, second, third = _connect(connected, ANN, 3)
    (of_bob,) = _connect(connected, BOB, 1)
    assert connected.begin_body(first) and connected.begin_body(second)
    assert not connected.begin_body(third)
    assert connected.begin_body(of_bob)
    connected.end_body(first)
    assert connected.begin_body(third)


def test_a_body_is_as_large_as_its_route_takes() -> None:
    limits = BodyLimits({"/generate_text": 1_000_000})
    assert limits.find("/generate_text") == 1_000_000
    assert limits.find("/generations/7/stop") == peers.MAX_BODY_BYTES


def test_the_process_may_open_as_many_files_as_the_system_lets_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = [(1024, 4096)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, wanted: limits.append(wanted))
    assert peers.raise_file_limit() == 4096
    assert peers.raise_file_limit() == 4096
    assert limits == [(1024, 4096), (4096, 4096)]
