"""A document comes back from its journal as it was, with every step of undo and redo."""

import os
import random

import pytest

from explorer.app import folders, journal
from explorer.app.recovery import Recovery
from explorer.app.session import Session
from explorer.catalog.datasets import PHOTOS
from explorer.graph import edits, file
from explorer.graph.file import FileError
from explorer.graph.graph import Node


@pytest.fixture
def recovery(qtbot):
    session = Session()
    recovery = Recovery(session)
    recovery.start()
    yield recovery
    recovery.close()


def kept(document):
    """What must come back."""
    texts = [document.undo.text(place) for place in range(document.undo.count())]
    steps = [(file.dumps(each.before), file.dumps(each.after)) for each in document.changes]
    stack = document.undo.index(), document.undo.cleanIndex(), texts, steps
    return file.dumps(document.graph), document.path, document.data, document.weights, stack


def read_again(document):
    again = Session().blank()
    assert journal.read(document.journal.path, again) == 0
    return again


def edit(session, place):
    """One of the edits that a person makes."""
    graph, rng = session.graph, random.Random(place)
    id = rng.choice(list(graph.nodes))
    wire = rng.choice(graph.wires)
    return session.edit(
        f"edit {place}",
        rng.choice(
            [
                lambda g: edits.move(g, {id: (place + 0.123456, -7.5)}),
                lambda g: edits.rename(g, id, f"n{place}"),
                lambda g: edits.remove(g, [id] if len(g.nodes) > 2 else [], bridge=True),
                lambda g: edits.insert(g, Node(f"relu{place}", "ReLU"), wire),
                lambda g: edits.connect(g, wire.source, "output"),
            ]
        ),
        rng.choice([None, None, "burst"]),
    )


@pytest.mark.parametrize("seed", range(6))
def test_whatever_was_done_comes_back(recovery, tmp_path, seed):
    session, rng = recovery.parent(), random.Random(seed)
    session.new(rng.choice(["cifar_resnet8", "lenet5", "squeezenet1_1"]))
    document = session.document
    for place in range(40):
        what = rng.random()
        if what < 0.2:
            document.step_back()
        elif what < 0.3:
            document.step_forward()
        elif what < 0.33:
            session.save(tmp_path / f"{rng.choice('ab')}.cnn.json")
        elif what < 0.36:
            session.choose_data(PHOTOS)
        else:
            edit(session, place + 100 * seed)
        if place % 10 == 9:
            assert kept(read_again(document)) == kept(document)


def test_typing_is_one_step_as_it_was(recovery):
    session = recovery.parent()
    id = next(iter(session.graph.nodes))
    for place in range(5):
        session.edit("Move", lambda g, x=place: edits.move(g, {id: (x, 0.0)}), "typing")
    assert session.document.undo.count() == 1
    again = read_again(session.document)
    assert again.undo.count() == 1 and kept(again) == kept(session.document)
    session.edit("Move", lambda g: edits.move(g, {id: (99.0, 0.0)}), "typing")
    assert kept(read_again(session.document)) == kept(session.document)


def test_it_is_written_anew_when_it_has_doubled(recovery, monkeypatch):
    monkeypatch.setattr(journal, "LEAST_GROWTH", 0)
    session = recovery.parent()
    session.new("lenet5")
    id, path = next(iter(session.graph.nodes)), session.document.journal.path
    largest = 0
    for place in range(300):
        session.edit("Move", lambda g, x=place: edits.move(g, {id: (x, 0.0)}), "typing")
        largest = max(largest, path.stat().st_size)
    first = path.read_bytes().splitlines()[0]
    assert largest < 4 * len(first)
    assert kept(read_again(session.document)) == kept(session.document)
    for place in range(30):
        edit(session, place)
    session.document.step_back()
    assert kept(read_again(session.document)) == kept(session.document)


def test_half_a_line_at_its_end_is_passed_over(recovery):
    session = recovery.parent()
    edit(session, 1)
    before = kept(session.document)
    edit(session, 2)
    path = session.document.journal.path
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    again = session.blank()
    assert journal.read(path, again) == 0 and kept(again) == before


@pytest.mark.parametrize(
    "line",
    [
        "garbage",
        "[]",
        '{"edit": "Add", "burst": null, "delta": {"removed": ["nobody"]}}',
        '{"edit": "Add", "burst": null, "delta": {"nodes": [{"id": "x", "kind": "Conv9d"}]}}',
        '{"edit": 5}',
        '{"colour": "red"}',
        "[" * 100_000,
    ],
)
def test_what_stands_before_a_damaged_line_comes_back(recovery, line):
    session = recovery.parent()
    edit(session, 1)
    before = kept(session.document)
    path = session.document.journal.path
    with open(path, "a", encoding="utf-8") as damaged:
        damaged.write(line + "\n" + '{"undo": true}\n')
    again = session.blank()
    assert journal.read(path, again) == 2 and kept(again) == before


def test_a_file_that_is_no_journal_is_refused(qapp, tmp_path):
    path = tmp_path / "a.jsonl"
    for text in ("", "\n", "{}\n", '{"format": "cnn-explorer-journal", "version": 9}\n'):
        path.write_text(text)
        with pytest.raises(FileError):
            journal.read(path, Session().blank())


# A window's journals ----------------------------------------------------------------------------


def die(recovery):
    """End as a process that is killed does: nothing is tidied up."""
    recovery.close(keep=True)


def start_again():
    session = Session()
    sentences = []
    session.notified.connect(sentences.append)
    again = Recovery(session)
    again.restore()
    again.start()
    return again, session, sentences


def test_the_next_start_shows_the_same_tabs(qtbot, tmp_path):
    session = Session()
    recovery = Recovery(session)
    recovery.restore()
    recovery.start()
    for name in ("lenet5", "vgg16", "squeezenet1_1"):
        session.new(name)
        edit(session, len(name))
    session.save(tmp_path / "saved.cnn.json")
    session.switch(1)
    session.close(0)
    before = [kept(each) for each in session.documents]
    current = session.documents.index(session.document)
    die(recovery)

    recovery, session, sentences = start_again()
    assert [kept(each) for each in session.documents] == before
    assert session.documents.index(session.document) == current
    assert [each.recovered for each in session.documents] == [True, False]
    (sentence,) = sentences
    assert "a network with unsaved changes is restored" in sentence
    session.document.step_back()
    die(recovery)  # once more, before anything was saved

    before = [kept(each) for each in session.documents]
    recovery, session, sentences = start_again()
    assert [kept(each) for each in session.documents] == before
    recovery.close()
    assert not list((folders.state() / "windows").iterdir()), "it was closed"
    recovery, session, sentences = start_again()
    assert len(session.documents) == 1 and not sentences
    recovery.close()


def test_the_documents_of_a_living_window_stay_its_own(qtbot):
    one, first, _said = start_again()
    edit(first, 1)
    two, second, said = start_again()
    assert len(second.documents) == 1 and not second.document.modified and not said
    die(one)
    three, third, _said = start_again()
    assert kept(third.document) == kept(first.document)
    two.close()
    three.close()


def test_a_damaged_journal_is_put_aside_and_told(qtbot):
    one, session, _said = start_again()
    edit(session, 1)
    die(one)
    session.document.journal.path.write_bytes(b"\0" * 100)
    two, session, said = start_again()
    assert said == ["The journal of a network is damaged; no change of it can be restored"]
    assert len(list((folders.state() / "damaged").iterdir())) == 1
    assert not session.document.modified
    two.close()


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="it fills a file system")
def test_a_full_disk_is_told_once_and_nothing_is_lost_when_there_is_room_again(qtbot, monkeypatch):
    one, session, said = start_again()
    edit(session, 1)
    write, full = os.write, True

    def limited(handle, content):
        return write(handle, content[:7]) if full else write(handle, content)

    monkeypatch.setattr(os, "write", limited)
    for place in range(2, 6):
        edit(session, place)
    assert said == ["Changes are not kept for the case of a crash: No space left on device"]
    full = False
    one._append_again()
    assert kept(read_again(session.document)) == kept(session.document)
    edit(session, 7)
    die(one)
    two, again, _said = start_again()
    assert kept(again.document) == kept(session.document)
    two.close()
