"""People who chat with replicas, event by event: slots, queues, routing, autoscaler.

An Ollama shares its CPUs among the answers under way; `Speeds.gain` says how much more it writes
for several at once. Its slots keep the conversations that used them last: who comes back to one
of them has only the new prompt read. Nothing is random but what `seed` gives.
"""

from __future__ import annotations

import heapq
import random
from bisect import bisect, insort
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Literal

from benchmarks.lib.hpa import SYNC_S, Hpa, HpaSpec, Reading

Spreading = Literal["random", "own first", "gateway"]

SCRAPE_S = 15.0  # of k8s/components/monitoring, and the resolution of the metrics server
CPU, LOAD, WAITING = "cpu", "chat_load", "chat_answers_waiting"


@dataclass(frozen=True)
class Speeds:
    """What was measured of one replica with one CPU; seconds of CPU, unless said otherwise.

    `gain`: answers a second with so many at once, as a multiple of those with one.
    `exchanges`: prompt and answer in tokens, to draw from. `page_s`: of the page for an answer.
    """

    read_s: float  # a token of the prompt
    write_s: float  # a token of the answer
    gain: Mapping[int, float]
    exchanges: Sequence[tuple[int, int]]
    page_s: float
    start_s: float  # a pod, until it is Ready; by the clock


@dataclass(frozen=True)
class Plan:
    """What is simulated. People think `think_s` on average and read WORDS_PER_SECOND."""

    people: int
    replicas: int = 1
    spreading: Spreading = "own first"
    slots: int = 4
    cpus: float = 1.0
    think_s: float = 30.0
    read_tokens_per_s: float = 5.3
    turns: int = 5
    num_ctx: int = 4096
    max_answers: int = 64
    waiting_per_slot: int = 8
    hpa: HpaSpec | None = None
    metric_window_s: float = 60.0
    seconds: float = 600.0
    warm_up_s: float = 120.0
    seed: int = 1


@dataclass(slots=True, eq=False)
class Answer:
    """One exchange: moments in seconds of the simulation, work in seconds of one CPU."""

    conversation: int
    asked_at: float
    known_tokens: int
    new_tokens: int
    tokens: int
    page: Replica
    ollama: Ollama | None = None
    read_all: bool = False  # what the Ollama might have known, too
    first_at: float = 0.0
    ended_at: float = 0.0
    on_end: Callable[[Answer], None] = lambda answer: None


class Clock:
    """The events to come, in their order."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    def after(self, delay_s: float, act: Callable[[], None]) -> None:
        """Let `act` happen in `delay_s` seconds."""
        heapq.heappush(self._events, (self.now + delay_s, next(self._numbers), act))

    def run_until(self, end: float) -> None:
        """Let everything happen up to `end`."""
        while self._events and self._events[0][0] <= end:
            self.now, _, act = heapq.heappop(self._events)
            act()
        self.now = end


class Ollama:
    """Slots that share the CPUs, one queue, and the conversations that the slots remember.

    Each answer under way advances equally fast, so one clock of work tells when the next is over.
    """

    def __init__(self, number: int, clock: Clock, plan: Plan, speeds: Speeds) -> None:
        self.number = number
        self._clock, self._plan, self._speeds = clock, plan, speeds
        self._gains = [0.0, *(_interpolate(speeds.gain, n) for n in range(1, plan.slots + 1))]
        self._running: list[tuple[float, int, Answer]] = []
        self._numbers = count()
        self._remembered: OrderedDict[int, None] = OrderedDict()
        self._work_s = self._since = 0.0
        self._version = 0
        self.queue: deque[Answer] = deque()
        self.on_free: Callable[[Ollama], None] | None = None
        self.is_ready = False
        self.busy_s = 0.0

    @property
    def free(self) -> int:
        """Slots without an answer."""
        return self._plan.slots - len(self._running)

    @property
    def load(self) -> int:
        """Answers under way or queued here."""
        return len(self._running) + len(self.queue)

    def submit(self, answer: Answer) -> None:
        """Begin the answer, or queue it."""
        answer.ollama = self
        if self.free:
            self._begin(answer)
        else:
            self.queue.append(answer)

    def advance(self) -> None:
        """Bring the work done and `busy_s` up to date."""
        elapsed, self._since = self._clock.now - self._since, self._clock.now
        if self._running:
            self.busy_s += elapsed
            self._work_s += elapsed * self._rate()

    def _rate(self) -> float:
        running = len(self._running)
        return self._plan.cpus * self._gains[running] / running

    def _begin(self, answer: Answer) -> None:
        known = answer.conversation in self._remembered
        answer.read_all = not known and answer.known_tokens > 0
        tokens = answer.new_tokens + (0 if known else answer.known_tokens)
        self._remember(answer.conversation)
        self._run(answer, tokens * self._speeds.read_s)

    def _remember(self, conversation: int) -> None:
        self._remembered[conversation] = None
        self._remembered.move_to_end(conversation)
        while len(self._remembered) > self._plan.slots:
            self._remembered.popitem(last=False)

    def _run(self, answer: Answer, work_s: float) -> None:
        self.advance()
        heapq.heappush(self._running, (self._work_s + work_s, next(self._numbers), answer))
        self._expect_next()

    def _expect_next(self) -> None:
        self._version += 1
        if self._running:
            version = self._version
            left = max(0.0, self._running[0][0] - self._work_s)
            self._clock.after(left / self._rate(), lambda: self._end_next(version))

    def _end_next(self, version: int) -> None:
        if version != self._version:  # others have come or gone since
            return
        self.advance()
        _, _, answer = heapq.heappop(self._running)
        if not answer.first_at:
            answer.first_at = self._clock.now
            answer.page.waiting -= 1
            self._run(answer, answer.tokens * self._speeds.write_s)
            return
        self._expect_next()
        if self.queue:
            self._begin(self.queue.popleft())
        elif self.on_free:
            self.on_free(self)
        answer.ended_at = self._clock.now
        answer.on_end(answer)


@dataclass(eq=False)
class Replica:
    """A pod: its page with the answers under way, and its Ollama. `scrapes` is what is known."""

    ollama: Ollama
    is_ready: bool = False
    under_way: int = 0
    waiting: int = 0
    page_free_at: float = 0.0
    at_ollamas: dict[Ollama, int] = field(default_factory=dict)
    last: dict[int, Ollama] = field(default_factory=dict)
    scrapes: deque[tuple[float, int, int, float]] = field(default_factory=deque)


@dataclass
class Outcome:
    """What came of a plan, from the end of the warm-up on.

    `under_way`: how many more answers are under way at the end. `most_queued` is the gateway's.
    `changes` are the autoscaler's: the moment, and the replicas wanted from then on.
    """

    asked: int = 0
    refused: int = 0
    under_way: int = 0
    answers: list[Answer] = field(default_factory=list)
    changes: list[tuple[float, int]] = field(default_factory=list)
    most_queued: int = 0
    most_under_way: int = 0
    most_under_way_of_a_page: int = 0
    replica_s: float = 0.0


class Simulation:
    """One run of a plan."""

    def __init__(self, plan: Plan, speeds: Speeds) -> None:
        self.plan, self.speeds = plan, speeds
        self.clock = Clock()
        self.dice = random.Random(plan.seed)
        self.outcome = Outcome()
        self._queue: deque[Answer] = deque()  # the gateway's
        self._under_way = 0
        self._conversations, self._numbers = count(), count()
        self.replicas: list[Replica] = []  # those that the Deployment wants
        self._ready: list[Replica] = []
        self._ring: list[tuple[int, int, Ollama]] = []
        for _ in range(plan.replicas):
            self.replicas.append(self._new_replica())
            self._make_ready(self.replicas[-1])
        self._wanted = plan.replicas
        self._hpa = Hpa(plan.hpa) if plan.hpa else None

    def run(self) -> Outcome:
        """Let the people chat for the plan's seconds after the warm-up."""
        for _ in range(self.plan.people):
            person = _Person(self, self.dice.random() * self.plan.turns)
            self.clock.after(self.dice.random() * self.plan.think_s, person.ask)
        self.clock.after(self.dice.random() * SCRAPE_S, self._scrape)
        self.clock.after(SYNC_S, self._scale)
        self.clock.run_until(self.plan.warm_up_s)
        self.outcome = Outcome(under_way=-self._under_way)
        self.clock.run_until(self.plan.warm_up_s + self.plan.seconds)
        self.outcome.under_way += self._under_way
        return self.outcome

    def choose_page(self, page: Replica | None) -> Replica:
        """Return the page of a person: the one they have, or any while that one is not there."""
        return page if page and page.is_ready else self.dice.choice(self._ready)

    def ask(self, answer: Answer) -> bool:
        """Take a prompt, or refuse it: False."""
        page, outcome = answer.page, self.outcome
        outcome.asked += 1
        if page.under_way >= self.plan.max_answers or self._is_gateway_full():
            outcome.refused += 1
            return False
        page.under_way += 1
        page.waiting += 1
        self._under_way += 1
        outcome.most_under_way = max(outcome.most_under_way, self._under_way)
        most_of_a_page = max(outcome.most_under_way_of_a_page, page.under_way)
        outcome.most_under_way_of_a_page = most_of_a_page
        self._after_page(page, lambda: self._route(answer))
        return True

    def new_conversation(self) -> int:
        """Return the number of a conversation that nobody has had."""
        return next(self._conversations)

    def end(self, answer: Answer) -> None:
        """Take the answer off the counts; keep it."""
        answer.page.under_way -= 1
        self._under_way -= 1
        if answer.ollama is not None:
            answer.page.at_ollamas[answer.ollama] -= 1
        self.outcome.answers.append(answer)

    def _after_page(self, page: Replica, act: Callable[[], None]) -> None:
        """Let one interpreter do the page's work, one answer after the other."""
        page.page_free_at = max(self.clock.now, page.page_free_at) + self.speeds.page_s
        self.clock.after(page.page_free_at - self.clock.now, act)

    def _is_gateway_full(self) -> bool:
        most = len(self._ready) * self.plan.slots * self.plan.waiting_per_slot
        return self.plan.spreading == "gateway" and len(self._queue) >= most

    def _route(self, answer: Answer) -> None:
        ollama = _ROUTES[self.plan.spreading](self, answer)
        if ollama is None:
            self._queue.append(answer)
            self.outcome.most_queued = max(self.outcome.most_queued, len(self._queue))
        else:
            self._submit(answer, ollama)

    def _submit(self, answer: Answer, ollama: Ollama) -> None:
        at_ollamas = answer.page.at_ollamas
        at_ollamas[ollama] = at_ollamas.get(ollama, 0) + 1
        answer.page.last[answer.conversation] = ollama
        ollama.submit(answer)

    def _route_randomly(self, answer: Answer) -> Ollama | None:
        return self.dice.choice(self._ready).ollama

    def _route_own_first(self, answer: Answer) -> Ollama | None:
        """Let a page choose by what it knows: the answers of its own at each Ollama."""
        page, slots = answer.page, self.plan.slots
        mine = page.at_ollamas
        last = page.last.get(answer.conversation)
        if last is not None and last.is_ready and mine.get(last, 0) < slots:
            return last
        if mine.get(page.ollama, 0) < slots:
            return page.ollama

        def rank(ollama: Ollama) -> tuple[int, bool, bool, int]:
            weight = hash((answer.conversation, ollama.number))
            return mine.get(ollama, 0), ollama is not last, ollama is not page.ollama, weight

        return min((replica.ollama for replica in self._ready), key=rank)

    def _route_by_gateway(self, answer: Answer) -> Ollama | None:
        """Hash consistently: the first on the ring, from the conversation on, with a free slot."""
        if self._queue:
            return None
        begin = bisect(self._ring, (hash((answer.conversation,)),))
        ring = chain(self._ring[begin:], self._ring[:begin])
        return next((ollama for _, _, ollama in ring if ollama.free), None)

    def _take_from_queue(self, ollama: Ollama) -> None:
        if self._queue and ollama.is_ready:
            self._submit(self._queue.popleft(), ollama)

    def _new_replica(self) -> Replica:
        ollama = Ollama(next(self._numbers), self.clock, self.plan, self.speeds)
        ollama.on_free = self._take_from_queue
        return Replica(ollama)

    def _make_ready(self, replica: Replica) -> None:
        if replica not in self.replicas:  # it was removed before it was Ready
            return
        self._ready.append(replica)
        insort(self._ring, _place(replica.ollama))
        replica.is_ready = replica.ollama.is_ready = True
        while replica.ollama.free and self._queue:
            self._take_from_queue(replica.ollama)

    def _scrape(self) -> None:
        """Let Prometheus and the metrics server read all pods."""
        for replica in self.replicas:
            replica.ollama.advance()
            busy_s = replica.ollama.busy_s
            entry = (self.clock.now, replica.under_way, replica.waiting, busy_s)
            replica.scrapes.append(entry)
            while replica.scrapes[0][0] < self.clock.now - self.plan.metric_window_s - SCRAPE_S:
                replica.scrapes.popleft()
        self.clock.after(SCRAPE_S, self._scrape)

    def _scale(self) -> None:
        """Let the HPA decide, and the Deployment follow."""
        self.clock.after(SYNC_S, self._scale)
        self.outcome.replica_s += SYNC_S * len(self.replicas)
        if self._hpa is None:
            return
        readings = {name: self._read(name) for name in self._hpa.spec.targets}
        wanted = self._hpa.decide(self.clock.now, self._wanted, readings)
        if wanted != self._wanted:
            self.outcome.changes.append((self.clock.now, wanted))
        for _ in range(wanted - self._wanted):
            self._start_replica()
        for _ in range(self._wanted - wanted):
            self._remove_replica()
        self._wanted = wanted

    def _start_replica(self) -> None:
        replica = self._new_replica()
        self.replicas.append(replica)
        self.clock.after(self.speeds.start_s, lambda: self._make_ready(replica))

    def _remove_replica(self) -> None:
        """Take the youngest; it finishes what it has."""
        replica = self.replicas.pop()
        if replica.is_ready:
            self._ready.remove(replica)
            self._ring.remove(_place(replica.ollama))
        replica.is_ready = replica.ollama.is_ready = False

    def _read(self, name: str) -> Reading:
        values = [_READERS[name](self, replica) for replica in self.replicas if replica.scrapes]
        known = [value for value in values if value is not None]
        return Reading(known, len(self.replicas) - len(known))

    def _read_load(self, replica: Replica) -> float | None:
        since = self.clock.now - self.plan.metric_window_s
        within = [under_way for at, under_way, *_ in replica.scrapes if at > since]
        return sum(within) / len(within) / self.plan.slots if within else None

    def _read_waiting(self, replica: Replica) -> float | None:
        """Return the most that waited at a scrape of the last 15 s, as the former rules did."""
        within = [entry[2] for entry in replica.scrapes if entry[0] > self.clock.now - SCRAPE_S]
        return float(max(within)) if within else None

    def _read_cpu(self, replica: Replica) -> float | None:
        """Return the share of the CPU that was requested, between the last two scrapes."""
        if len(replica.scrapes) < 2:
            return None
        (then, *_, before), (now, *_, after) = list(replica.scrapes)[-2:]
        return (after - before) / (now - then) / _REQUESTED_OF_LIMIT


_REQUESTED_OF_LIMIT = 1.1  # k8s/base: 1100m of requests, of which Ollama may use 1000m
_Route = Callable[[Simulation, Answer], Ollama | None]
_ROUTES: dict[Spreading, _Route] = {
    "random": Simulation._route_randomly,
    "own first": Simulation._route_own_first,
    "gateway": Simulation._route_by_gateway,
}
_READERS: dict[str, Callable[[Simulation, Replica], float | None]] = {
    LOAD: Simulation._read_load,
    WAITING: Simulation._read_waiting,
    CPU: Simulation._read_cpu,
}


class _Person:
    """Asks, reads, thinks, asks on; after the last turn begins another conversation."""

    def __init__(self, simulation: Simulation, turn: float) -> None:
        self._simulation, self._plan = simulation, simulation.plan
        self._page: Replica | None = None
        self._turn = int(turn)  # as if they had begun at different moments
        self._conversation = simulation.new_conversation()
        self._known = 0

    def ask(self) -> None:
        """Send the next prompt."""
        simulation = self._simulation
        self._page = simulation.choose_page(self._page)
        prompt, tokens = simulation.dice.choice(simulation.speeds.exchanges)
        room = max(0, self._plan.num_ctx - tokens - prompt)
        answer = Answer(
            self._conversation,
            simulation.clock.now,
            min(self._known, room),
            prompt,
            tokens,
            self._page,
            on_end=self._read_answer,
        )
        if not simulation.ask(answer):
            self._think_and_ask(0)

    def _read_answer(self, answer: Answer) -> None:
        self._simulation.end(answer)
        self._known += answer.new_tokens + answer.tokens
        self._turn += 1
        if self._turn >= self._plan.turns:
            self._turn, self._known = 0, 0
            self._conversation = self._simulation.new_conversation()
        seen_s = answer.ended_at - answer.first_at
        self._think_and_ask(max(0.0, answer.tokens / self._plan.read_tokens_per_s - seen_s))

    def _think_and_ask(self, reading_s: float) -> None:
        thinking_s = self._plan.think_s * self._simulation.dice.uniform(0.5, 1.5)
        self._simulation.clock.after(reading_s + thinking_s, self.ask)


def _place(ollama: Ollama) -> tuple[int, int, Ollama]:
    return hash((-ollama.number - 2,)), ollama.number, ollama


def simulate(plan: Plan, speeds: Speeds) -> Outcome:
    """Return what comes of a plan."""
    return Simulation(plan, speeds).run()


def _interpolate(gain: Mapping[int, float], slots: int) -> float:
    """Return the gain for a number between those measured; beyond the last it grows no more."""
    known = sorted(gain)
    below = max(n for n in known if n <= slots)
    above = min((n for n in known if n >= slots), default=below)
    if above == below:
        return gain[below]
    return gain[below] + (gain[above] - gain[below]) * (slots - below) / (above - below)
