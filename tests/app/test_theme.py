"""The colours, faces and figures of the window."""

import pytest
from PySide6.QtGui import QColor, QFontInfo, QTextLayout
from PySide6.QtWidgets import QApplication, QLabel

from explorer.app import number, settings, style, theme


@pytest.fixture(autouse=True)
def dark_again():
    """The dark theme afterwards as before."""
    yield
    if QApplication.instance() is not None:
        theme.apply(QApplication.instance(), theme.DARK)


def test_sheet_leaves_no_token_unfilled():
    for look in (theme.DARK, theme.LIGHT):
        text = style.sheet(vars(look), theme.SANS, theme.MONO)
        assert "@" not in text
        assert look.accent in text and f"down-{look.name}.svg" in text


def test_faces_are_the_bundled_ones(qapp):
    theme.apply(qapp, theme.DARK)
    for size in (10, 11, 12, 13, 15):
        for bold in (False, True):
            sans, mono = QFontInfo(theme.sans(size, bold)), QFontInfo(theme.mono(size, bold))
            assert (sans.family(), mono.family()) == ("Inter", "JetBrains Mono")
            assert (sans.pixelSize(), mono.pixelSize()) == (size, size)
            assert sans.weight() == mono.weight() == (600 if bold else 400)


def test_apply_tells_and_colours(qapp, qtbot):
    with qtbot.waitSignal(theme.changed):
        theme.apply(qapp, theme.LIGHT)
    assert theme.current() is theme.LIGHT
    assert theme.color("canvas") == QColor("#f3f4f7")
    assert theme.color("stage") == QColor("#7a6ff0")
    assert qapp.palette().window().color() == QColor(theme.LIGHT.panel)
    assert theme.mixed("text", "panel", 0) == QColor(theme.LIGHT.panel)


def test_choice_is_remembered(qapp):
    theme.start(qapp)
    theme.choose("light")
    assert theme.current() is theme.LIGHT and theme.mode() == "light"
    theme.choose("dark")
    assert theme.current() is theme.DARK and theme.mode() == "dark"
    with pytest.raises(ValueError, match="blue"):
        theme.choose("blue")
    settings.store().setValue("look/theme", "blue")
    assert theme.mode() == "auto"


@pytest.mark.parametrize("look", [theme.DARK, theme.LIGHT], ids=lambda look: look.name)
def test_text_can_be_read(look):
    """Contrast by WCAG 2.2, 1.4.3: 4.5 for text, 3 for large text."""
    for under in (look.panel, look.card, look.plot):
        assert _contrast(look.text, under) >= 7
        assert _contrast(look.muted, under) >= 4.5
    assert _contrast(look.on_accent, look.accent) >= 4.5
    assert _contrast(look.text, look.progress) >= 7


def _contrast(first: str, second: str) -> float:
    def luminance(name):
        parts = [
            value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
            for value in QColor(name).getRgbF()[:3]
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0"),
        (176, "176"),
        (999, "999"),
        (1000, "1k"),
        (14_100, "14.1k"),
        (51_840, "51.8k"),
        (205_000, "205k"),
        (999_499, "999k"),
        (999_950, "1M"),
        (31_100_000, "31.1M"),
        (1_814_073_344, "1.81G"),
    ],
)
def test_short(count, text):
    assert number.short(count) == text


def test_other_figures():
    assert number.grouped(11_689_512) == "11,689,512"
    assert number.shape_text((64, 56, 56)) == "64×56×56"
    assert number.bytes_text(24 * 2**30) == "24 GiB"
    assert number.bytes_text(20_000_000) == "19.1 MiB"
    assert number.bytes_text(12) == "12 B"
    assert number.percent(0.884) == "88.4 %"
    assert [number.time_text(s) for s in (9, 72, 7420)] == ["9 s", "1:12", "2:03:40"]
    assert [number.value_text(v) for v in (0, 0.3123, 12.53, 3e-5)] == [
        "0",
        "0.312",
        "12.5",
        "3.0e-05",
    ]


@pytest.mark.parametrize("face", [theme.sans, theme.mono])
@pytest.mark.parametrize("name", ["resnext50_32x4d", "Conv2d_1a_3x3", "a1x1"])
def test_names_are_drawn_letter_by_letter(qapp, face, name):
    theme.load_fonts()

    def drawn(text: str) -> list[int]:
        lines = QTextLayout(text, face(13))
        lines.beginLayout()
        lines.createLine()
        lines.endLayout()
        return [glyph for run in lines.glyphRuns() for glyph in run.glyphIndexes()]

    assert drawn(name) == [glyph for letter in name for glyph in drawn(letter)]


def test_a_label_draws_names_letter_by_letter(qapp, qtbot):
    """Where the style sheet gives the face, the letters are the same."""
    theme.apply(qapp, theme.DARK)
    for role in ("title", "strong", "number", ""):
        pictures = []
        for text in ("3x3", "3\u200cx\u200c3"):  # what stands between breaks no letters apart
            label = QLabel(text)
            label.setProperty("role", role)
            qtbot.addWidget(label)
            label.resize(60, 30)
            label.ensurePolished()
            pictures.append(label.grab().toImage())
        assert pictures[0] == pictures[1], role
