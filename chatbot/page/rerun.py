"""When Streamlit stops a session's script: whether a person wanted it, and what is drawn then."""

from __future__ import annotations

import threading
from collections.abc import Callable

from chatbot.chat.generation import Generation
from chatbot.page.streamlit_internals import Connection
from chatbot.services import Services


def handle_stop(services: Services, generation: Generation) -> Callable[[], object]:
    """Return what a script that follows `generation` calls when it is stopped.

    That ends the answer and draws the session anew to show it, unless it was a lost connection that
    stopped the script: then the answer goes on for the page to come back to.
    """
    connection = Connection.of_this_run()
    if connection is None:
        return lambda: None

    def end_generation() -> None:
        # A page that was cut off may be back by now, by another connection.
        if connection.is_open:
            services.chat.stop_generation(generation)
            _draw_after(generation, connection)

    # The event loop takes a connection off in one go, so that there it is either here or gone.
    return lambda: services.loop.call_soon_threadsafe(end_generation)


def _draw_after(generation: Generation, connection: Connection) -> None:
    """Draw a session anew when `generation` is over; Streamlit has no call for it."""

    def draw_tab() -> None:
        generation.over.wait()
        connection.rerun_tab()

    threading.Thread(target=draw_tab, daemon=True).start()
