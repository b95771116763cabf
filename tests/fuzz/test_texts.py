"""Each parser of texts takes any text: it returns what it promises, or raises what it names."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from chatbot import notices
from chatbot import settings as product_settings
from chatbot.domain.fences import fence_after
from chatbot.domain.parameters import Parameters, parse, stop_words
from chatbot.domain.thinking import split
from chatbot.domain.titles import TITLE_LENGTH, make_title, shorten_title
from chatbot.errors import BadRequest
from chatbot.history.search import cut_excerpt, split_words
from chatbot.i18n.translator import LANGUAGES, choose_translator, load_translator
from chatbot.identity import visitor_cookie
from chatbot.llm.batching import join_texts
from chatbot.llm.model_names import canonical_name
from chatbot.page.i18n import escape_line, escape_text
from chatbot.page.sidebar.excerpts import strip_marks
from chatbot.settings import Settings, SettingsError
from chatbot.transfer.foreign import read_seconds
from chatbot.urls import ServerUrl, hide_password
from chatbot.web.api_models import read_body
from chatbot.web.downloads import _file_name, _saved_as
from chatbot.web.generation_events import SentText
from tests.support.inputs import texts, values, wild_values


@given(texts)
def test_thinking_and_text_are_parts_of_the_answer(answer: str) -> None:
    thinking, text = split(answer)
    assert len(thinking) + len(text) <= len(answer) + 2 * answer.count("<")  # joined by blank lines
    assert text in answer


@given(texts)
def test_a_title_is_one_short_line(prompt: str) -> None:
    for title in (make_title(prompt), shorten_title(prompt)):
        assert title and "\n" not in title and len(title) <= TITLE_LENGTH


@given(texts, st.sampled_from(["", "```", "~~~~", "$$"]))
def test_a_fence_is_open_or_not(line: str, fence: str) -> None:
    assert fence_after(line, fence) in ("", "$$", fence) or not fence


@given(st.dictionaries(st.sampled_from([*Parameters.model_fields, "x"]), values))
def test_parameters_are_allowed_ones_and_come_back_as_they_are(written: dict[str, Any]) -> None:
    read = Parameters.from_json(written)
    assert Parameters.from_json(read.to_json()) == read
    read.options(), read.keep_alive_value()


@given(st.dictionaries(st.sampled_from([*Parameters.model_fields]), texts | wild_values))
def test_typed_parameters_are_taken_or_refused_in_words(typed: dict[str, Any]) -> None:
    try:
        parse(typed, max_num_ctx=8192)
    except BadRequest as refusal:
        assert refusal.sentence


@given(texts)
def test_stop_words_are_texts(typed: str) -> None:
    assert all(isinstance(word, str) for word in stop_words(typed))


@given(texts | st.lists(st.sampled_from(["de", "en-US", ";q=", "0.5", "nan", ","])).map("".join))
def test_any_accept_language_has_a_language(header: str) -> None:
    assert choose_translator(header).language in ("en", *LANGUAGES)


@given(texts)
def test_a_models_name_has_one_spelling(name: str) -> None:
    whole = canonical_name(name)
    assert whole.count("/") >= 2 and ":" in whole.rpartition("/")[2]


@given(texts, texts, st.integers(1, 9))
def test_an_excerpt_is_short(query: str, piece: str, start: int) -> None:
    words = split_words(query)
    if not words:
        return
    parts = cut_excerpt(start, piece, words)
    assert sum(len(text) for text, _ in parts) <= 122  # with an ellipsis at each end
    strip_marks(parts)


@given(texts | st.binary().map(lambda data: data.decode("latin-1")))
def test_a_forged_cookie_is_nobodys(value: str) -> None:
    signer = visitor_cookie.make_signer(Settings(cookie_secret=SecretStr("0" * 64)))
    assert visitor_cookie.read_visitor_id({visitor_cookie.COOKIE: value}, signer) is None


@given(st.binary() | texts.map(str.encode) | values.map(lambda value: repr(value).encode()))
def test_a_body_is_read_or_refused_in_words(data: bytes) -> None:
    try:
        read_body(data)
    except BadRequest as refusal:
        assert refusal.sentence


@given(texts | st.from_regex(r"\d{1,12}\.\d{1,12}m?"), texts, texts, st.none() | st.booleans())
def test_a_readers_place_is_the_beginning_of_the_answer(
    last_id: str, thinking: str, text: str, moved: bool | None
) -> None:
    sent = SentText.at(last_id, thinking, text, moved)
    if sent is not None:
        assert text.startswith(sent.text) and thinking.startswith(sent.thinking)


@given(texts, st.sampled_from(["http://", "postgresql://", "redis+tls://", ""]), texts)
def test_no_password_is_shown_with_an_address(secret: str, scheme: str, rest: str) -> None:
    url = f"{scheme}ann:{secret}SECRET{secret}@host.example{rest}"
    assert "SECRET" not in hide_password(url)


@given(texts)
def test_an_address_is_one_or_is_refused(url: str) -> None:
    try:
        address = ServerUrl(url)
    except ValueError:
        return
    assert "@" not in address.partition("//")[2].partition("/")[0].partition("?")[0]


@given(st.sampled_from([*Settings.model_fields]), texts.filter(lambda text: "\0" not in text))
def test_a_setting_is_taken_or_refused_in_words(name: str, value: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(name.upper(), value)
        try:
            product_settings.load()
        except SettingsError as refusal:
            assert str(refusal)


@given(texts)
def test_a_quoted_text_means_nothing_in_markdown(text: str) -> None:
    for escaped in (escape_text(text), escape_line(text)):
        for at, character in enumerate(escaped):
            assert character not in "<[`*_$:!|~" or escaped[at - 1] == "\\"


@given(texts)
def test_a_files_name_forges_no_header(title: str) -> None:
    header = _saved_as(f"{_file_name(title)}.md")["Content-Disposition"]
    assert header.isascii() and header.isprintable()


@given(st.sampled_from([*notices.texts]), st.data())
def test_a_stored_notice_is_told_in_each_language_or_is_none(
    code: str, data: st.DataObject
) -> None:
    fields = sorted(notices.fields_of(notices.texts[code])) or ["none"]
    arguments = data.draw(st.dictionaries(st.sampled_from([*fields, "count"]), values))
    if notice := notices.read_notice(code, arguments):
        assert all(load_translator(language).describe(notice) for language in LANGUAGES)


@given(values)
def test_a_time_is_one_of_this_era(written: Any) -> None:
    seconds = read_seconds(written)
    assert seconds is None or 0 <= seconds <= 1e11


@given(st.lists(st.binary() | values.map(lambda value: repr(value).encode())))
def test_lines_of_a_stream_are_joined_or_handed_on(lines: list[bytes]) -> None:
    assert len(join_texts(lines)) <= len(lines)
