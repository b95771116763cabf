"""The files behind the page's links: conversations as files, and the images in them.

Streamlit keeps files for a page too, and forgets those of the whole page when a part is drawn.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from chatbot import errors
from chatbot.attachments.images import MEDIA_TYPES
from chatbot.chat.shares import EXPORT_READS, retry_headers
from chatbot.domain.attachment import Attachment
from chatbot.history.errors import not_found
from chatbot.services import Services, current
from chatbot.web.claims import find_user_id

# A browser keeps to this and to what the gate tells it.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
_ALWAYS = {"Content-Security-Policy": _POLICY}
_PART_BYTES = 64 * 1024  # of a file of conversations, sent at once
_EXPORTS = {"json": "application/json", "md": "text/markdown"}


def _answer_download(
    route: Callable[[Services, Request], Response],
) -> Callable[[Request], Response]:
    """Answer an error with its sentence, in the tab that the link opens."""

    @functools.wraps(route)
    def answer(request: Request) -> Response:
        try:
            return route(current(), request)
        except errors.ChatError as error:
            headers = {**_ALWAYS, **retry_headers(error)}
            return PlainTextResponse(error.sentence, error.status, headers)

    return answer


@_answer_download
def export_conversations(services: Services, request: Request) -> Response:
    """Answer with one conversation or all of them, as JSON or Markdown; raises NotFound."""
    from chatbot import transfer  # late: it imports much, and the start waits for nobody

    conversation_id = request.path_params.get("conversation_id")
    ending = request.path_params["ending"]
    if ending not in _EXPORTS:
        raise not_found()
    user_id = find_user_id(services, request, reads=EXPORT_READS)
    archives = services.chat.export_conversations(user_id, conversation_id)
    first = list(itertools.islice(archives, 1))  # what is wrong is told before the file begins
    write = transfer.write_json if ending == "json" else transfer.write_markdown
    parts = _join_parts(write(itertools.chain(first, archives)))
    name = _file_name(first[0].conversation.title) if conversation_id else "conversations"
    headers = {**_ALWAYS, **_saved_as(f"{name}.{ending}"), "Cache-Control": "no-store"}
    return StreamingResponse(parts, headers=headers, media_type=_EXPORTS[ending])


def _join_parts(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in parts that are worth to be sent."""
    joined = bytearray()
    for part in parts:
        joined += part
        if len(joined) > _PART_BYTES:
            yield bytes(joined)
            joined.clear()
    yield bytes(joined)


@_answer_download
def send_attachment(services: Services, request: Request) -> Response:
    """Answer with an attached image; other files are told by their names only. Raises NotFound."""
    return _send_image(services.chat.find_attachment, services, request)


@_answer_download
def send_thumbnail(services: Services, request: Request) -> Response:
    """Answer with what a page draws of an attached image. Raises NotFound."""
    return _send_image(services.chat.find_thumbnail, services, request)


def _send_image(
    find: Callable[[str, str], Attachment], services: Services, request: Request
) -> Response:
    file = find(find_user_id(services, request), request.path_params["attachment_id"])
    if file.media_type not in MEDIA_TYPES:
        raise not_found()
    kept = {"Cache-Control": "private, max-age=3600", "Vary": "Cookie"}
    return Response(file.data, headers={**_ALWAYS, **kept}, media_type=file.media_type)


def _file_name(title: str) -> str:
    return re.sub(r"[^\w -]+", "", title).strip() or "conversation"


def _saved_as(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}


ROUTES = [
    Route("/conversations/export.{ending}", export_conversations),
    Route("/conversations/{conversation_id}/export.{ending}", export_conversations),
    Route("/attachments/{attachment_id}", send_attachment),
    Route("/attachments/{attachment_id}/thumbnail", send_thumbnail),
]
