"""The figures of the next run, in numbers to type."""

from explorer.app.panels.run_settings import RunSettings


def test_a_batch_that_is_too_large_says_so(qtbot, session):
    settings = RunSettings()
    qtbot.addWidget(settings)
    settings.show()
    box = settings.boxes["batch_size"]
    box.setFocus()
    for text, said in (
        ("100000", "Batch size is 100,000; allowed: 1 to 65,536"),
        ("-5", "Batch size is -5; allowed: 1 to 65,536"),
        ("256", ""),
    ):
        box.selectAll()
        qtbot.keyClicks(box, text)
        assert settings.reasons["batch_size"].text() == said
        assert settings.reasons["batch_size"].isVisible() is bool(said)
    assert settings.figures()["batch_size"] == 256
