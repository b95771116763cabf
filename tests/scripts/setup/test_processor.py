"""What a program that is compiled for a processor depends on."""

from __future__ import annotations

from pathlib import Path

from scripts.setup.processor import list_instruction_sets, name_processor

INTEL = "processor : 0\nflags : fpu vme sse2 avx2 fma smep {mark}\n\nprocessor : 1\nflags : avx2\n"


def cpuinfo(folder: Path, text: str) -> Path:
    file = folder / "cpuinfo"
    file.write_text(text)
    return file


def test_another_instruction_set_is_another_processor(tmp_path: Path) -> None:
    with_it = name_processor(cpuinfo(tmp_path, INTEL.format(mark="avx512f")))
    without = name_processor(cpuinfo(tmp_path, INTEL.format(mark="")))
    assert with_it != without


def test_what_changes_with_the_kernel_makes_no_other_processor(tmp_path: Path) -> None:
    mitigated = name_processor(cpuinfo(tmp_path, INTEL.format(mark="ibrs_enhanced")))
    assert mitigated == name_processor(cpuinfo(tmp_path, INTEL.format(mark="")))


def test_arm_processors_are_told_apart_too(tmp_path: Path) -> None:
    text = "Features\t: fp asimd aes asimddp sve i8mm\n"
    assert list_instruction_sets(cpuinfo(tmp_path, text)) == [
        "aes",
        "asimd",
        "asimddp",
        "i8mm",
        "sve",
    ]


def test_a_system_without_a_list_of_instruction_sets_has_a_name_as_well(tmp_path: Path) -> None:
    assert len(name_processor(tmp_path / "none")) == 12
