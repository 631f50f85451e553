"""Names show as they are, in charts and in markdown."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.figures.text import axis_labels, clean, escape, escape_markdown, shorten

INVISIBLE = "\u200b"


@given(st.text())
def test_escaped_names_hold_nothing_that_a_chart_would_interpret(name):
    escaped = escape(name)

    assert not set(escaped) & set("<>$")
    assert "%{" not in escaped
    assert html.unescape(escaped) == clean(name)
    escaped.encode()  # can be sent


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("<b>bold</b>", "&lt;b&gt;bold&lt;/b&gt;"),
        ("a&lt;b", "a&amp;lt;b"),
        ("$x$", "&#36;x&#36;"),
        ("%{y}", "&#37;{y}"),
        ("50 %", "50 %"),
        ("two\nlines\tand", "two lines and"),
        ("evil\u202egnp.exe", "evil\ufffdgnp.exe"),
        ("broken\udce4", "broken\ufffd"),
        ("ümläut 日本 👩\u200d🔬", "ümläut 日本 👩\u200d🔬"),
    ],
)
def test_escape_keeps_what_a_name_looks_like(name, expected):
    assert escape(name) == expected


@given(st.text())
def test_markdown_without_backslashes_and_invisible_marks_is_the_name(name):
    plain = name.replace(INVISIBLE, "")
    escaped = escape_markdown(plain).replace(INVISIBLE, "")
    read = ""
    position = 0
    while position < len(escaped):
        position += escaped[position] == "\\"
        read += escaped[position]
        position += 1

    assert read == clean(plain)


@pytest.mark.parametrize("symbol", "\\`*_{}[]()#+-.!|~<>$^=&")
def test_every_markdown_symbol_is_escaped(symbol):
    assert f"\\{symbol}" in escape_markdown(f"a{symbol}b{symbol}")


@pytest.mark.parametrize(
    "text", [":smile:", ":red[x]", "a -> b", "a <- b", "a -- b", "a >= b", "www.a.org", "me@a.org"]
)
def test_what_a_backslash_does_not_stop_is_broken_up(text):
    assert INVISIBLE in escape_markdown(text)


@given(st.text(max_size=60), st.integers(3, 40))
def test_shortened_names_fit_and_short_ones_stay(name, length):
    short = shorten(name, length)

    assert len(short) <= length
    if len(name) <= length:
        assert short == name


def test_shortening_keeps_both_ends():
    assert shorten("photo_of_a_holiday_in_2024_0017.jpg", 20) == "photo_of_a_ho…17.jpg"
    with pytest.raises(ValueError, match="length=2"):
        shorten("photo", 2)


@given(st.lists(st.text(alphabet="ab<& ", max_size=40), max_size=12))
def test_no_two_axis_labels_are_equal(names):
    labels = axis_labels(names, 8)

    assert len(set(labels)) == len(names)
    assert [label.rstrip(INVISIBLE) for label in labels] == [
        escape(shorten(name, 8)) for name in names
    ]
