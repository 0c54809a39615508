"""The figures of the next run, in numbers to type."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from explorer.app.panels.run.run_settings import RunSettings
from explorer.runs.recipe import FIELDS, REMEMBERED


@pytest.fixture
def settings(qtbot, session):
    settings = RunSettings()
    qtbot.addWidget(settings)
    settings.changed.connect(session.run.change_recipe)
    session.run.recipe_changed.connect(settings.show_recipe)
    settings.show()
    return settings


def typed(qtbot, field, text):
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, text)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("batch_size", "100000", "Batch size is 100,000; allowed: 1 to 65,536"),
        ("batch_size", "-5", "Batch size is -5; allowed: 1 to 65,536"),
        ("learning_rate", "0", "Learning rate is 0; allowed: 1e-08 to 100"),
        ("seed", "-1", "Seed is -1; allowed: 0 to 2,147,483,647"),
    ],
)
def test_a_figure_out_of_range_says_so_and_is_not_taken(settings, session, qtbot, name, text, said):
    before = session.run.recipe
    typed(qtbot, settings.fields[name], text)
    assert settings.reasons[name].text() == said and settings.reasons[name].isVisible()
    assert FIELDS[name].fault(getattr(session.run.recipe, name)) is None
    typed(qtbot, settings.fields["batch_size"], "256")
    assert not settings.reasons[name].isVisible()
    assert session.run.recipe == replace(before, batch_size=256)


def test_the_learning_rate_is_automatic_until_one_is_given_and_again_when_it_is_taken_away(
    settings, session, qtbot
):
    rate, back = settings.fields["learning_rate"], settings.resets["learning_rate"]
    shown, rates = rate.lineEdit(), []
    session.run.recipe_changed.connect(lambda recipe: rates.append(recipe.learning_rate))

    def is_automatic():
        return (
            session.run.recipe.learning_rate is None
            and (shown.displayText(), shown.placeholderText()) == ("", "automatic")
            and not back.isVisible()
        )

    assert is_automatic()
    typed(qtbot, rate, "0.2")  # the value that the arrows would go on from
    assert session.run.recipe.learning_rate == 0.2 and back.isVisible()
    rate.selectAll()
    qtbot.keyClick(rate, Qt.Key.Key_Delete)
    assert is_automatic()
    settings.fields["seed"].setFocus()
    assert is_automatic()
    rate.setFocus()
    qtbot.keyClick(rate, Qt.Key.Key_Up)
    assert shown.displayText() == "0.205" and session.run.recipe.learning_rate == 0.205
    qtbot.mouseClick(back, Qt.MouseButton.LeftButton)
    assert is_automatic()
    assert rates == [0.2, None, 0.205, None]


@pytest.mark.parametrize("name", REMEMBERED)
def test_a_figure_is_declared_and_shown_as_a_parameter(settings, name):
    field, param = settings.fields[name], FIELDS[name]
    assert (field.minimum(), field.maximum()) == (param.low, param.high)
    assert param.doc in field.toolTip() and (param.absent or "Default") in field.toolTip()
