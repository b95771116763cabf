"""A browser tab's side of Streamlit's protocol: page, WebSocket, reruns, caches, timers."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time

import requests
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ContextInfo
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from locustfiles.streamlit_client.answer import Asking
from locustfiles.streamlit_client.element_tree import ElementTree, Node
from locustfiles.streamlit_client.http_client import HttpClient
from locustfiles.streamlit_client.message_cache import MessageCache
from locustfiles.streamlit_client.meter import Meter
from locustfiles.streamlit_client.transcript import PageData, Transcript
from locustfiles.streamlit_client.websocket import MeasuringWebSocket

TRANSCRIPT_KEY, SIDEBAR_KEY = "transcript", "conversations"  # of the page's components
_SUCCESS = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
_ACT = "act"  # the trigger of the transcript's component
_ERROR_KEY = "error-"  # begins the key of what the page says when it takes no prompt
_ASSET = re.compile(r'(?:src|href)="\./([^"]+)"')  # what the page names itself


class StreamlitSession:
    """One session: opened, kept in step by the reader thread, closed.

    `tree`, `transcript`, `query` and `runs_finished` change in that thread or the transcript's:
    read them within `changed`, which is notified after each message. `query` is what stands behind
    the ? in the address, which the page may set; `redirected_to` is where it has sent the browser;
    `closed` says that the connection is gone; `meter` counts what came by it and by HTTP.
    """

    def __init__(
        self,
        base_url: str,
        cookies: dict[str, str],
        query: str,
        timeout: float,
        assets: bool = False,
        locale: str = "en-US",
    ) -> None:
        self.base_url, self.query = base_url, query
        self.cookies = cookies
        self._locale = locale
        self.tree = ElementTree()
        self.changed = threading.Condition()
        self.runs_finished = 0
        self.closed = False
        self.redirected_to = ""
        self.meter = Meter()
        self._cache = MessageCache()
        self._timers: dict[str, threading.Timer] = {}
        self._page_hash = ""
        self._runs_of_asking: set[str] = set()
        self._get_page(timeout, assets)
        self._id = ""
        headers = {"Cookie": self._cookie_header(), "Accept-Language": locale}
        http = HttpClient(base_url, headers, timeout, self.meter)
        self.transcript = Transcript(http, self.meter, self.changed, self._refresh)
        self.socket = self._open_socket(timeout)
        self.rerun()

    def reconnect(self, timeout: float = 60) -> None:
        """Lose the connection and have another one for this session at once, as browsers do."""
        self.socket.close()
        self.closed = False
        self.socket = self._open_socket(timeout, self._id)
        self.rerun()

    def rerun(
        self, state: WidgetState | None = None, fragment_id: str = "", auto: bool = False
    ) -> None:
        """Ask for a script run (of a fragment), with the state of the widget that was used."""
        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string, rerun.page_script_hash = self.query, self._page_hash
        rerun.fragment_id, rerun.is_auto_rerun = fragment_id, auto
        rerun.cached_message_hashes.extend(self._cache.hashes())
        rerun.context_info.CopyFrom(
            ContextInfo(
                timezone="UTC", locale=self._locale, url=self.base_url + "/", color_scheme="light"
            )
        )
        rerun.widget_states.SetInParent()
        if state:
            rerun.widget_states.widgets.append(state)
        self.send(message)

    def send(self, message: BackMsg) -> None:
        """Send a message. Raises ConnectionError when the connection is gone."""
        self.socket.send(message.SerializeToString())

    def trigger_act(self, key: str, act: str, **arguments: object) -> None:
        """Do something in a component, as it tells the page: {"act": …, …}.

        Raises LookupError when the page has no component of this key.
        """
        with self.changed:
            node = self.find_component(key)
        if node is None or node.element is None:
            raise LookupError(f"the page has no component {key!r}")
        value = [{"event": _ACT, "value": {"act": act, **arguments}}]
        trigger = f"$$STREAMLIT_INTERNAL_KEY_{node.element.bidi_component.id}__events"
        state = WidgetState(id=trigger, json_trigger_value=json.dumps(value))
        self.rerun(state, node.fragment_id)

    def find_component(self, key: str) -> Node | None:
        """Return the component of this key; call it within `changed`."""
        components = self.tree.elements("bidi_component")
        return next((node for node in components if node.key == key), None)

    def expect_answer(self) -> Asking:
        """Return what will take in the answer to a prompt that is about to be sent."""
        with self.changed:
            known = {message.id for message in self.transcript.messages}
            self._runs_of_asking.clear()
            self.transcript.asking = asking = Asking(self.meter, known)
        return asking

    def close(self) -> None:
        """Close the tab."""
        self._stop_timers(list(self._timers))
        self.transcript.close()
        self.socket.close()

    def _open_socket(self, timeout: float, *session_id: str) -> MeasuringWebSocket:
        return MeasuringWebSocket(
            self.base_url.replace("http", "ws", 1) + "/_stcore/stream",
            self._on_message,
            self._on_close,
            meter=self.meter,
            cookie=self._cookie_header(),
            subprotocols=("streamlit", self.cookies.get("_streamlit_xsrf", "none"), *session_id),
            timeout=timeout,
        )

    def _get_page(self, timeout: float, assets: bool) -> None:
        with requests.Session() as http:
            http.trust_env = False  # neither a proxy nor a password of the user's own
            http.cookies.update(self.cookies)
            http.headers["Accept-Language"] = self._locale
            page = self.fetch_file(http, "/", timeout).decode()
            for name in _ASSET.findall(page) if assets else ():
                self.fetch_file(http, f"/{name}", timeout)
            for path in ("/_stcore/health", "/_stcore/host-config"):
                self.fetch_file(http, path, timeout)
            self.cookies.update((cookie.name, cookie.value or "") for cookie in http.cookies)

    def fetch_file(self, http: requests.Session, path: str, timeout: float) -> bytes:
        """Return the body of a page or file.

        Raises ConnectionError for any status but 200, requests' own errors (which are OSErrors)
        when there is no answer.
        """
        response = http.get(self.base_url + path, timeout=timeout, allow_redirects=False)
        if response.status_code != 200:
            raise ConnectionError(f"GET {path} answered {response.status_code}")
        return response.content

    def _cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def _on_message(self, data: bytes, at: float) -> None:
        message = self._cache.resolve(ForwardMsg.FromString(data))
        with self.changed:
            self._apply_message(message)
            if message.WhichOneof("type") == "script_finished":
                self._end_asking(message, at)
            self.changed.notify_all()

    def _on_close(self) -> None:
        self._stop_timers(list(self._timers))
        with self.changed:
            self.closed = True
            if self._pending and (not self._pending.message_id or self._pending.has_ended):
                self._pending.abandon("the connection was closed before the answer began")
            self.changed.notify_all()

    def _apply_message(self, message: ForwardMsg) -> None:
        match message.WhichOneof("type"):
            case "delta":
                self.tree.apply(message.delta, message.metadata.delta_path)
                if message.delta.new_element.WhichOneof("type") == "bidi_component":
                    self._show_transcript()
            case "new_session":
                self._begin_run(message)
            case "script_finished" if message.script_finished in _SUCCESS:
                fragment_ids = list(message.metadata.run.fragment_ids)
                self.tree.end_run(self.tree.run_id, fragment_ids)
                self._cache.end_run(fragment_ids)
                self.runs_finished += 1
            case "page_info_changed":
                self.query = message.page_info_changed.query_string
            case "auth_redirect":
                self.redirected_to = message.auth_redirect.url
            case "auto_rerun":
                rerun = message.auto_rerun
                self._stop_timers([rerun.fragment_id])
                self._start_timer(rerun.fragment_id, rerun.interval)
            case "stop_auto_rerun":
                self._stop_timers(list(message.stop_auto_rerun.fragment_ids))

    def _begin_run(self, message: ForwardMsg) -> None:
        session, run = message.new_session, message.metadata.run
        self._id = session.initialize.session_id
        self._page_hash = session.page_script_hash
        self._cache.max_age = session.config.max_cached_message_age
        if not run.fragment_ids:
            self._stop_timers(list(self._timers))
        self.tree.begin_run(run.script_run_id)
        if self._pending:
            self._runs_of_asking.add(run.script_run_id)

    @property
    def _pending(self) -> Asking | None:
        """The prompt whose answer has not come whole, or after which the page is not drawn yet."""
        asking = self.transcript.asking
        return asking if asking and not asking.is_over else None

    def _show_transcript(self) -> None:
        node = self.find_component(TRANSCRIPT_KEY)
        if node and node.element:
            self.transcript.show(PageData.from_json(node.element.bidi_component.json))

    def _end_asking(self, message: ForwardMsg, at: float) -> None:
        """Let the prompt be over that the page refused, or after whose answer it is drawn anew."""
        asking = self._pending
        if not asking or message.script_finished not in _SUCCESS:
            return
        if self.tree.run_id not in self._runs_of_asking:
            return
        if asking.has_ended:
            asking.finish(at)
        elif not asking.message_id:
            for node in self.tree.complaints(_ERROR_KEY, self._runs_of_asking):
                asking.refuse(node.key.removeprefix(_ERROR_KEY), node.alerts, at)
                return

    def _refresh(self) -> None:
        self._runs_of_asking.clear()
        try:
            self.trigger_act(TRANSCRIPT_KEY, "refresh")
        except (OSError, LookupError):
            if self._pending:
                self._pending.finish(time.perf_counter())

    def _start_timer(self, fragment_id: str, interval: float) -> None:
        timer = threading.Timer(interval, self._auto_rerun, (fragment_id, interval))
        timer.daemon = True
        self._timers[fragment_id] = timer
        timer.start()

    def _auto_rerun(self, fragment_id: str, interval: float) -> None:
        with contextlib.suppress(OSError):
            self.rerun(fragment_id=fragment_id, auto=True)
            if fragment_id in self._timers:
                self._start_timer(fragment_id, interval)

    def _stop_timers(self, fragment_ids: list[str]) -> None:
        for fragment_id in fragment_ids:
            timer = self._timers.pop(fragment_id, None)
            if timer:
                timer.cancel()
