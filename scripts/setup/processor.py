"""The processor of this machine, as far as a program that was compiled for it depends on it."""

from __future__ import annotations

import hashlib
import platform
import re
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
# Instruction sets, not the processor's other marks, which change with the kernel.
INSTRUCTION_SET = re.compile(
    r"(avx|sse|ssse|pni|fma|f16c|bmi|abm|movbe|popcnt|aes|vaes|pclmul|vpclmul|gfni|sha|adx"
    r"|fphp|asimd|sve|sme(?!p)|crc32|atomics|lrcpc|i8mm|bf16|dotprod|svei8mm|rv)"
)


def name_processor(cpuinfo: Path = CPUINFO) -> str:
    """Return a short name that two machines share when one's `-march=native` runs on the other."""
    marks = list_instruction_sets(cpuinfo) or [platform.processor()]
    return hashlib.sha256(" ".join([platform.machine(), *marks]).encode()).hexdigest()[:12]


def list_instruction_sets(cpuinfo: Path = CPUINFO) -> list[str]:
    """Return the names of the instruction sets, sorted; empty where the system has no list."""
    try:
        text = cpuinfo.read_text(errors="replace")
    except OSError:
        return []
    lines = re.findall(r"^(?:flags|Features|isa)\s*:(.*)$", text, re.MULTILINE)
    return sorted({word for word in " ".join(lines).split() if INSTRUCTION_SET.match(word)})
