"""Settings are what was set, and whatever stands in their file instead, there is a value."""

from pathlib import Path

import pytest

from explorer.app import settings
from explorer.app.session import Session
from explorer.app.window import Window
from explorer.runs.recipe import FIELDS, REMEMBERED, Recipe

TABLE = {
    setting.key: setting
    for setting in vars(settings).values()
    if isinstance(setting, settings.Setting)
}
DAMAGE = (
    "garbage",
    "[1,2]",
    '{"epochs": "x"}',
    '{"epochs": 1e999, "seed": -1, "weight_decay": null, "momentum": 3}',
    "[" * 5000,
    '{"epochs": 1%s}' % ("0" * 400),
    "'never closed",
    "",
    "\x00\x01",
    "@Variant(\x00)",
    "@ByteArray(nonsense)",
    "@Invalid()",
    "-1",
)


def write_raw(text: str) -> None:
    """Write every setting as a person with an editor would."""
    file = settings.folders.settings() / "settings.ini"
    file.parent.mkdir(parents=True, exist_ok=True)
    sections: dict[str, list[str]] = {}
    for key in TABLE:
        section, _slash, name = key.partition("/")
        sections.setdefault(section, []).append(f"{name}={text}")
    file.write_text(
        "\n".join(f"[{section}]\n" + "\n".join(lines) for section, lines in sections.items())
    )


def test_the_table_is_whole():
    assert len(TABLE) >= 12


def test_nothing_else_reads_the_file():
    app = Path(settings.__file__).parent
    users = {path.name for path in app.rglob("*.py") if "QSettings" in path.read_text("utf-8")}
    assert users == {"settings.py", "former_folders.py"}


@pytest.mark.parametrize("text", DAMAGE)
def test_whatever_stands_in_the_file_there_is_a_value_of_the_type(qapp, text):
    write_raw(text)
    for key, setting in TABLE.items():
        assert type(setting.get()) is type(setting.default), key
    recipe = settings.RECIPE.get()
    assert not any(FIELDS[name].fault(getattr(recipe, name)) for name in REMEMBERED)


@pytest.mark.parametrize("text", DAMAGE)
def test_the_window_opens_whatever_stands_in_the_settings(qtbot, text):
    write_raw(text)
    session = Session()
    window = Window(session)
    qtbot.addWidget(window)
    window.show()
    assert session.run.recipe.epochs == 5
    window.files.recent, session.own_blocks.names(), session.advice.shown
    window.close()
    assert Session().run.recipe == session.run.recipe


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        (settings.THEME, "light"),
        (settings.PALETTE, {"layers": "all", "blocks": "folded"}),
        (settings.PALETTE, {"layers": "all"}),
        (settings.HIDDEN_COLUMNS, frozenset((3, 11))),
        (settings.RECENT, ("/a/with, comma.cnn.json", "/b.cnn.json")),
        (settings.RECENT, ("/a/with, comma.cnn.json",)),
        (settings.RECENT, ()),
        (settings.OPENED_WITH, {"/a, b": ("/w", "photos"), "/c": (None, "photos")}),
        (settings.RULES_ASIDE, frozenset(("linear", "bias"))),
        (settings.ADVICE_ASIDE.part("0123"), frozenset(("linear a.b", "bias c"))),
        (settings.ENGINE, ("ssh", "gpu box", "python", "-m", "explorer.engine")),
        (settings.ENGINE, ("engine",)),
        (settings.DEVICE, "cuda:1"),
        (settings.RECIPE, Recipe(epochs=3, learning_rate=None, weight_decay=1e-4)),
    ],
    ids=lambda value: getattr(value, "key", ""),
)
def test_what_was_set_is_read(qapp, setting, value):
    setting.set(value)
    assert setting.get() == value
    setting.forget()
    assert setting.get() == setting.default


def test_a_default_cannot_be_changed_by_who_has_it(qapp):
    settings.OPENED_WITH.get()["/a"] = (None, "photos")
    assert settings.OPENED_WITH.get() == {}


def test_a_figure_out_of_range_leaves_the_others(qapp):
    settings.store().setValue("run/recipe", '{"epochs": 0, "batch_size": 64, "seed": true}')
    assert settings.RECIPE.get() == Recipe(batch_size=64)
