"""The virtual users: a person at the page, a program at the API, a program at Ollama itself."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import requests
from locust import User, task

from locustfiles.run import person
from locustfiles.run.maths import time_per_token
from locustfiles.run.outbox import outbox
from locustfiles.run.person import Person, Prompt
from locustfiles.run.records import Kind, Record
from locustfiles.streamlit_client.page_reader import PageReader

_PER_PROCESS = 100_000  # users of one class


class Failure(Exception):
    """An answer that did not come as it should; says what came instead, and its `code`."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class Asker(User):
    """Somebody who asks, and pauses after each answer. Numbered, so that a seed tells all of it."""

    abstract = True
    numbers: Callable[[], int]

    def __init_subclass__(cls) -> None:
        """Let each class count its own users."""
        super().__init_subclass__()
        cls.numbers = count(1).__next__

    def __init__(self, environment: Any) -> None:
        super().__init__(environment)
        self.options = environment.parsed_options
        first = max(0, getattr(environment.runner, "worker_index", 0)) * _PER_PROCESS
        name = f"{type(self).__name__}-{first + self.numbers()}"
        choices = person.read_prompts()
        self.person = Person(name, self.options.seed, self.options.think, choices)
        self.pause_s = 0.0

    def wait_time(self) -> float:
        """Return the pause that the last task has left to do."""
        return self.pause_s

    @contextmanager
    def record_request(self, kind: Kind, prompt: str = "") -> Iterator[Record]:
        """Count and keep what happens within; Failure ends here, as the record's outcome."""
        record = Record(kind, self.person.name, prompt, at=time.time())
        outbox.begin(kind)
        try:
            yield record
            if record.outcome == "lost":
                record.outcome = "done"
        except Exception as failure:  # whatever it is, there is no answer; the report tells it
            record.outcome, record.error = "failed", str(failure) or repr(failure)
            record.code = record.code or getattr(failure, "code", "")
        finally:
            if record.total_s is not None:
                record.tpot_s = time_per_token(record.ttft_s, record.total_s, record.tokens)
            outbox.end(record)
        self._show_in_locust(record)

    def _show_in_locust(self, record: Record) -> None:
        """Locust's own statistics: the answer, and its time to first token as an entry beside."""
        fire = self.environment.events.request.fire
        total, ttft = record.total_s or 0, record.ttft_s
        error = Failure(record.error) if record.outcome == "failed" else None
        tokens = record.tokens or 0
        common: dict[str, Any] = {"name": record.kind, "context": {}}
        fire(
            request_type=record.outcome if error is None else "done",
            response_time=total * 1000,
            response_length=tokens,
            exception=error,
            **common,
        )
        if ttft is not None:
            fire(
                request_type="TTFT",
                response_time=ttft * 1000,
                response_length=0,
                exception=None,
                **common,
            )


class ChatUser(Asker):
    """A person: opens the page, asks, reads, thinks, asks on; now and then stops or leaves."""

    weight = 8

    def on_start(self) -> None:
        """Begin without a page."""
        self.page = PageReader(self.host or "", self.options.timeout)

    def on_stop(self) -> None:
        """Close the tab."""
        self.page.close()

    @task
    def ask(self) -> None:
        """Send one prompt; before it, open the page if it is not open."""
        self.pause_s = self.options.think
        if not self.page.is_open and not self._open_page():
            return
        exchange = self.person.plan_exchange()
        with self.record_request("chat", exchange.prompt.name) as record:
            reading_s = self.page.ask(exchange, record)
            self.pause_s = exchange.thinks_s + reading_s
        if record.outcome == "failed":
            self.page.close()  # as a person does: reload

    def _open_page(self) -> bool:
        with self.record_request("page") as record:
            self.page.open(record)
            record.status = 200
        return record.outcome == "done"


class Program(Asker):
    """A program that posts JSON and reads the answer, whole or in lines as it comes."""

    abstract = True

    def on_start(self) -> None:
        """Open the one connection that is kept."""
        self.http = requests.Session()
        self.http.trust_env = False

    def on_stop(self) -> None:
        """Close the connection."""
        self.http.close()

    def post_json(self, url: str, body: dict[str, Any], record: Record) -> requests.Response:
        """Return the response, once its headers are there.

        Raises Failure for any status but 200.
        """
        timeouts = (10, self.options.timeout)
        response = self.http.post(url, json=body, stream=True, timeout=timeouts)
        record.status = response.status_code
        record.replica = response.headers.get("X-Served-By", "")
        if response.status_code != 200:
            raise _read_error(response)
        return response

    def read_stream(
        self, lines: Iterator[bytes], begun: float, record: Record, text: Callable[[Any], str]
    ) -> dict[str, Any]:
        """Read lines of JSON up to the last one, which says "done", and return it."""
        for line in lines:
            part: dict[str, Any] = json.loads(line)
            elapsed_s = time.perf_counter() - begun
            if "error" in part:
                raise Failure(str(part["error"]), part.get("code", ""))
            if text(part):
                record.ttft_s = record.ttft_s or elapsed_s
                record.total_s = elapsed_s
            if part.get("done"):
                record.total_s = record.total_s or elapsed_s
                return part
        raise Failure("the stream ended before its last line")


class ApiUser(Program):
    """A program at POST /generate_text: every second answer comes as a stream."""

    weight = 1

    def on_start(self) -> None:
        """Begin with an answer that comes whole."""
        super().on_start()
        self.streams = False

    @task
    def ask(self) -> None:
        """Send one prompt."""
        exchange = self.person.plan_exchange()
        self.pause_s = exchange.thinks_s
        ask = self._ask_streamed if self.streams else self._ask_whole
        self.streams = not self.streams
        ask(exchange.prompt)

    def _ask_whole(self, prompt: Prompt) -> None:
        with self.record_request("api", prompt.name) as record:
            begun = time.perf_counter()
            answer = self._post_prompt({"prompt": prompt.text}, record).json()
            record.total_s = time.perf_counter() - begun
            _note_usage(answer, record)

    def _ask_streamed(self, prompt: Prompt) -> None:
        with self.record_request("api stream", prompt.name) as record:
            begun = time.perf_counter()
            response = self._post_prompt({"prompt": prompt.text, "stream": True}, record)
            lines = response.iter_lines()
            _note_usage(
                self.read_stream(lines, begun, record, lambda part: str(part["response"])), record
            )

    def _post_prompt(self, body: dict[str, Any], record: Record) -> requests.Response:
        return self.post_json(f"{self.host}/generate_text", body, record)


class OllamaUser(Program):
    """A program at Ollama's own POST /api/chat, streamed: what the chat itself costs is left out.

    Answers are as long as --num-predict and always the same for a prompt.
    """

    weight = 1

    @task
    def ask(self) -> None:
        """Send one prompt."""
        exchange = self.person.plan_exchange()
        self.pause_s = exchange.thinks_s
        options = {
            "num_predict": self.options.num_predict,
            "temperature": 0,
            "seed": self.options.seed,
        }
        messages = [{"role": "user", "content": exchange.prompt.text}]
        body = {"model": self.options.model, "messages": messages, "options": options}
        with self.record_request("ollama", exchange.prompt.name) as record:
            begun = time.perf_counter()
            response = self.post_json(f"{self.options.ollama_host}/api/chat", body, record)
            lines = response.iter_lines()
            last = self.read_stream(
                lines, begun, record, lambda part: str(part["message"]["content"])
            )
            record.tokens, record.prompt_tokens = last["eval_count"], last["prompt_eval_count"]
            record.load_s = last["load_duration"] / 1e9
            if record.ttft_s is not None:
                reading = last["prompt_eval_duration"] / 1e9
                record.queue_s = max(0.0, record.ttft_s - record.load_s - reading)


def _note_usage(answer: dict[str, Any], record: Record) -> None:
    usage = answer["usage"]
    record.tokens, record.prompt_tokens = usage["completion_tokens"], usage["prompt_tokens"]
    record.queue_s, record.load_s = usage.get("queue_s"), usage.get("load_s")
    record.app_ttft_s = usage.get("ttft_s")


def _read_error(response: requests.Response) -> Failure:
    try:
        body = response.json()
        return Failure(f"{response.status_code}: {body['error']}", body.get("code", ""))
    except (ValueError, KeyError, TypeError):
        return Failure(f"{response.status_code}: {response.text[:200]}")


__all__ = ["ApiUser", "ChatUser", "Failure", "OllamaUser"]
