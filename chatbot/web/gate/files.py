"""What a file may cost: the rules that attachments and imports are read by."""

from __future__ import annotations

from chatbot.attachments import contents, images, process, reader
from chatbot.attachments.process import Job
from chatbot.transfer import importing, reading
from chatbot.web.gate.rule import Rule


def _describe(job: Job) -> str:
    return f"{job.memory_bytes // 2**20:,} MiB, {job.cpu_s} s of CPU, {job.wall_s:.0f} s in all"


RULES = (
    Rule(
        "attached files",
        "a small PDF, DOCX or picture that takes gigabytes or minutes to read",
        f"a process of its own: {_describe(reader.JOB)}, {contents.MOST_CHARS:,} characters",
        "a sentence that names the file",
    ),
    Rule(
        "pictures",
        "a picture of many pixels in few bytes",
        f"measured first: {images.MOST_PIXELS // 1_000_000} megapixels; pages draw a small copy",
        "a sentence; a larger JPEG is made smaller",
    ),
    Rule(
        "imports",
        "a file that unfolds, has a million errors or never ends",
        f"a process of its own: {_describe(reading.JOB)}, {importing.MOST_MESSAGES:,} messages, "
        f"{importing.MOST_LOSSES:,} damaged parts",
        "nothing is imported, and a sentence says why",
    ),
    Rule(
        "files at once",
        "more files than the machine can read",
        f"{process.MOST_AT_ONCE} at once; others wait for {process.LONGEST_WAIT_S:.0f} s",
        "503 and a sentence",
    ),
    Rule(
        "texts",
        "a text that a pattern or a parser takes for ever to read",
        "time that grows with the text alone; each pattern is tried with a megabyte",
        "it is shown",
    ),
)
