"""One table of the forms of export: what it names is made, and offered by window and command line."""

import pytest
from PIL import Image

from explorer.analysis.form import FORMS, HEAD, PHOTO_FORMATS, Content, Maker
from explorer.analysis.report import analyse
from explorer.catalog import templates


def made_by(maker: Maker) -> set[str]:
    return {form.id for form in FORMS.values() if form.maker is maker}


def test_each_form_has_what_makes_it(qapp):
    from explorer.app.canvas import picture
    from explorer.engine import transfer

    assert set(picture.WRITERS) == made_by(Maker.PICTURE)
    assert set(transfer.WRITERS) == made_by(Maker.ENGINE)
    report = analyse(templates.build("lenet5"))
    for form in FORMS.values():
        assert (form.maker is Maker.REPORT) == (form.text is not None), form.id
        assert form.text is None or "conv1" in form.text(report), form.id


def test_a_file_tells_its_form():
    assert len({form.suffix for form in FORMS.values()}) == len(FORMS)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_the_command_line_writes_each(form, run, tmp_path):
    path = tmp_path / f"net{form.suffix}"
    status, _out, err = run("export", "lenet5", "--to", form.to or form.id, "-o", path)
    assert (status, err) == (0, "") and path.stat().st_size > 100


def test_the_window_offers_each_in_one_entry(qapp):
    from explorer.app.commands import COMMANDS

    entries = {form.entry.id: form.entry for form in FORMS.values()}
    assert all(form.entry is entries[form.entry.id] for form in FORMS.values())
    offered = {command.id: command for command in COMMANDS if command.id.startswith("export_")}
    assert set(offered) == {f"export_{id}" for id in entries}
    for form in FORMS.values():
        command = offered[f"export_{form.entry.id}"]
        alone = sum(each.entry is form.entry for each in FORMS.values()) == 1
        assert alone or form.title in command.title


@pytest.mark.parametrize(
    ("head", "name", "content"),
    [
        (b'\xef\xbb\xbf {\n "format"', "net.png", Content.NETWORK),
        (b"PK\x03\x04", "w.png", Content.WEIGHTS),
        (b"\x80\x02}q", "w", Content.WEIGHTS),
        (b'\x40\0\0\0\0\0\0\0{"__metadata__"', "w.bin", Content.WEIGHTS),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif", "photo.heic", Content.PHOTO),
        (b"\0\0\0\x1cftypheic\0\0\0\0mif1heic", "photo.jpg", None),
        (b"II*\0\x08\0\0\0", "scan", Content.PHOTO),
        (b"no photo", "text.JPG", Content.PHOTO),
        (b"", "empty.cnn.json", Content.NETWORK),
        (b"no photo", "text.txt", None),
    ],
)
def test_the_first_bytes_say_what_a_file_holds(head, name, content):
    assert Content.of(head, name) is content


@pytest.mark.parametrize("format", PHOTO_FORMATS)
def test_a_photo_of_every_format_is_known_by_its_first_bytes(format, tmp_path):
    Image.new("RGB", (20, 10)).save(tmp_path / "photo", format)
    assert Content.of((tmp_path / "photo").read_bytes()[:HEAD], "photo") is Content.PHOTO
