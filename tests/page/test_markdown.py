"""A model's Markdown on the page: blocks while it streams, formulas, prices, code, images."""

from __future__ import annotations

import random

import pytest

from chatbot.page.markdown import convert_for_display, convert_prompt, escape_line, split_blocks

CODE = "```python\nprint('a')\n\n\nprint('$5 and $6')\n```"
CASES = {
    "two paragraphs": (["One\ntwo.\n\n", "Three."]),
    "several blank lines": (["One.\n\n\n \n", "Two."]),
    "a heading": (["# Title\n\n", "Text."]),
    "code with blank lines": (["Look:\n\n", f"{CODE}\n\n", "Done."]),
    "code with tildes": (["~~~\na\n\n```\n\nb\n~~~\n\n", "Done."]),
    "code in a longer fence": (["````\n```\na\n\n```\n\nb\n````\n\n", "Done."]),
    "code without an end": (["Look:\n\n", "```\na\n\nb\n\nc"]),
    "a closing fence with a word after it closes nothing": (["```\na\n\n``` b\n\nc"]),
    "a list with blank lines": (["Look:\n\n", "- a\n\n- b\n\n  more of b\n\n- c\n\n", "Done."]),
    "a numbered list": (["1. a\n\n2. b\n\n", "Done."]),
    "code in a list": (["1. a\n\n   ```\n   x\n\n   y\n   ```\n\n2. b\n\n", "Done."]),
    "a formula": (["$$\na\n\n= b\n$$\n\n", "Done."]),
    "a formula on one line": (["$$a = b$$\n\n", "Done."]),
    "a table": (["| a | b |\n|---|---|\n| 1 | 2 |\n\n", "Done."]),
    "a quotation": (["> a\n>\n> b\n\n", "Done."]),
    "nothing": ([""]),
}


@pytest.mark.parametrize("expected", CASES.values(), ids=CASES)
def test_markdown_is_cut_between_its_blocks(expected: list[str]) -> None:
    assert split_blocks("".join(expected)) == expected


@pytest.mark.parametrize("expected", CASES.values(), ids=CASES)
def test_a_block_once_finished_stays_as_it_is_while_more_is_written(expected: list[str]) -> None:
    text = "".join(expected)
    for length in range(len(text)):
        *finished, _ = split_blocks(text[:length])
        assert finished == expected[: len(finished)], text[:length]


def test_no_character_is_lost_or_changed_by_cutting() -> None:
    dice = random.Random(1)
    parts = [
        "\n",
        "\n\n",
        " ",
        "a",
        "```",
        "~~~",
        "$$",
        "- ",
        "1. ",
        "\r\n",
        "\t",
        "\u2028",
        "\x0c",
    ]
    for _ in range(500):
        text = "".join(dice.choices(parts, k=30))
        assert "".join(split_blocks(text)) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # prices
        ("It costs $5 and $6.", r"It costs \$5 and \$6."),
        ("It costs $5.", r"It costs \$5."),
        ("Between $1,000 and $2,000 a month", r"Between \$1,000 and \$2,000 a month"),
        ("$5-$6 each", r"\$5-\$6 each"),
        ("Pay US$5 or AU$6", r"Pay US\$5 or AU\$6"),
        ("Set $HOME and $PATH", r"Set \$HOME and \$PATH"),
        (r"Already \$5", r"Already \$5"),
        ("**$5** or **$6**", r"**\$5** or **\$6**"),
        ("It costs $5 and then $x$.", r"It costs \$5 and then $x$."),
        # formulas
        ("Let $x$ be.", "Let $x$ be."),
        ("$E = mc^2$", "$E = mc^2$"),
        ("$a$ and $b$", "$a$ and $b$"),
        (r"$\frac{1}{2}$, then", r"$\frac{1}{2}$, then"),
        (r"$\text{if } x > 0$", r"$\text{if } x > 0$"),
        ("$$\na = b\n$$", "$$\na = b\n$$"),
        ("$$a = b$$", "$$a = b$$"),
        (r"Let \(x\) be.", "Let $x$ be."),
        (r"Let \( x + y \) be.", "Let $x + y$ be."),
        (r"\[a = b\]", "$$a = b$$"),
        ("\\[\na = b\n\\]", "$$\na = b\n$$"),
        ("$$a \\\\[4pt] b$$ and \\[c\\]", "$$a \\\\[4pt] b$$ and $$c$$"),
        # code is left alone
        ("`$5 and $6`", "`$5 and $6`"),
        ("``a ` $5 $6``", "``a ` $5 $6``"),
        (r"`\(x\)`", r"`\(x\)`"),
        (CODE, CODE),
        (f"$5\n\n{CODE}\n\n$6", f"\\$5\n\n{CODE}\n\n\\$6"),
        ("~~~\n$5 $6\n~~~", "~~~\n$5 $6\n~~~"),
        ("```\n$5 $6", "```\n$5 $6"),
        (r"No code: \` costs $5, `$x` costs $6", r"No code: \` costs \$5, `$x` costs \$6"),
        ("A stray ` and $5\n\n another ` and $6", "A stray ` and \\$5\n\n another ` and \\$6"),
        ("`a\nb $5 $6`", "`a\nb $5 $6`"),
        ("10. a\n\n    ```\n    $A $B\n    ```", "10. a\n\n    ```\n    $A $B\n    ```"),
        ("> ```\n> $A $B\n> ```\n> $5", "> ```\n> $A $B\n> ```\n> \\$5"),
        # images from elsewhere are links
        ("![cat](https://example.org/cat.png)", "[cat](https://example.org/cat.png)"),
        ("![a [b] c](https://example.org/)", "&#33;[a [b] c](https://example.org/)"),
        ("![a][1]\n\n[1]: https://example.org/", "&#33;[a][1]\n\n[1]: https://example.org/"),
        ("`\n\n![cat](https://example.org/)\n\n`", "`\n\n[cat](https://example.org/)\n\n`"),
        ("`vec![1, 2]`", "`vec![1, 2]`"),
        ("Hello!", "Hello!"),
        ("", ""),
    ],
)
def test_markdown_is_shown_as_it_was_meant(text: str, shown: str) -> None:
    assert convert_for_display(text) == shown


@pytest.mark.parametrize(
    ("prompt", "shown"),
    [
        ("One\ntwo", "One  \ntwo"),
        ("One\n\ntwo", "One\n\ntwo"),
        ("From $5\nto $6", "From \\$5  \nto \\$6"),
        (f"Why?\n{CODE}", f"Why?\n{CODE}"),
        (f"From $5 to $6:\n{CODE}", f"From \\$5 to \\$6:\n{CODE}"),
        ("![me](https://example.org/me.png)", "[me](https://example.org/me.png)"),
    ],
)
def test_a_prompt_keeps_its_line_breaks(prompt: str, shown: str) -> None:
    assert convert_prompt(prompt) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Plain words, 天空 and ä", "Plain words\\, 天空 and ä"),
        ("**a** :red[b] $c$", "\\*\\*a\\*\\* \\:red\\[b\\] \\$c\\$"),
        ("<b> `x` [l](u)", "\\<b\\> \\`x\\` \\[l\\]\\(u\\)"),
        ("https://a.b www.c.d e@f.g",
         "https\\:\u2060\\/\\/a\\.b www\u2060\\.c\\.d e\u2060\\@f\\.g"),
    ],
)  # fmt: skip
def test_literal_text_has_no_markdown(text: str, shown: str) -> None:
    assert escape_line(text) == shown
