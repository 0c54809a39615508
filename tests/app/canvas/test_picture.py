"""The diagram as a picture for a page: all of it is there, of the size asked for, and it looks alike
in every form."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PySide6.QtCore import QByteArray, QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from explorer.analysis.layout import placed
from explorer.analysis.print_layout import opened, roomy_gap, spread
from explorer.analysis.report import analyse
from explorer.analysis.scope import first_problems, scope
from explorer.app import theme
from explorer.app.canvas.card import Card
from explorer.app.canvas.picture import LONGEST, Picture, TooLarge
from explorer.catalog import templates
from explorer.catalog.datasets import FASHION_MNIST
from explorer.cli import main
from explorer.graph import edits

SVG = "{http://www.w3.org/2000/svg}"
VIEWS = [
    ("resnet18", ()),
    ("resnet18", ("layer2",)),
    ("resnet18", ("layer2", "0")),
    ("vgg16", ()),
    ("lenet5", ()),
]


def picture(name: str, path: tuple[str, ...] = (), **how) -> Picture:
    report = analyse(placed(templates.build(name)))
    return Picture(scope(report, path), first_problems(report, path), title=name, **how)


def drawn(content: bytes, width: int, height: int) -> QImage:
    """An SVG as a picture of that size."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(0xFF00FF)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(content)).render(painter, QRectF(image.rect()))
    painter.end()
    return image


def unlike(a: QImage, b: QImage) -> float:
    """How far two pictures are apart: the mean difference of a pixel's channels, 0 to 255."""
    assert a.size() == b.size()
    a, b = (image.convertToFormat(QImage.Format.Format_RGB888) for image in (a, b))
    pairs = list(zip(bytes(a.constBits()), bytes(b.constBits())))
    return sum(abs(x - y) for x, y in pairs) / len(pairs)


@pytest.mark.parametrize(("name", "path"), VIEWS)
def test_svg(qapp, name, path):
    shown = picture(name, path)
    text = shown.svg().decode()
    root = ElementTree.fromstring(text)
    assert root.tag == SVG + "svg" and root.find(SVG + "title").text == ": ".join(
        filter(None, (name, ".".join(path)))
    )
    assert (root.get("width"), root.get("height")) == tuple(map(str, shown.size.toTuple()))
    assert not root.findall(f".//{SVG}text"), "it would depend on the fonts that are installed"
    rects = root.findall(f".//{SVG}path")
    assert len(rects) > len(shown.diagram.cards)
    pixels = drawn(text.encode(), *shown.size.toTuple())
    assert unlike(pixels, QImage.fromData(shown.png(1.0))) < 1.5


@pytest.mark.parametrize("style", ["light", "dark"])
def test_every_card_is_on_the_page_whole(qapp, style):
    shown = picture("resnet18", style=style)
    image = QImage.fromData(shown.png(1.0))
    ground = image.pixelColor(1, 1)
    assert ground.name() == {"light": "#ffffff", "dark": theme.DARK.canvas}[style]
    corner = shown.diagram.drawn().topLeft()
    for id, card in shown.diagram.cards.items():
        body = card.body.translated(card.pos() - corner)
        inside = QRectF(image.rect()).adjusted(14, 14, -14, -14)
        assert inside.contains(body.translated(16, 16)), id
        head = body.translated(16, 16).center()
        if card.category:
            colour = image.pixelColor(round(head.x()), round(body.top() + 16 + 5))
            assert colour.name() == theme.CATEGORY[card.category], id
    for x in range(image.width()):
        assert image.pixelColor(x, 0) == image.pixelColor(x, image.height() - 1) == ground
    for y in range(image.height()):
        assert image.pixelColor(0, y) == image.pixelColor(image.width() - 1, y) == ground


@pytest.mark.parametrize(("name", "path"), VIEWS)
def test_pdf(qapp, name, path):
    shown = picture(name, path)
    for scale in (1.0, 2.5):
        content = shown.pdf(scale)
        assert content.startswith(b"%PDF") and content.rstrip().endswith(b"%%EOF")
        assert re.findall(rb"/Type\s*/Page\b", content) == [b"/Type /Page"]
        box = re.search(rb"/MediaBox \[([^]]*)\]", content)[1].split()
        wanted = [0, 0, *(side * scale * 0.75 for side in shown.size.toTuple())]
        assert [float(side) for side in box] == pytest.approx(wanted, abs=1)
        assert content.count(b"/FontFile") >= 2, "words are words, with their fonts"


def test_png_of_a_size(qapp):
    shown = picture("resnet18")
    width, height = shown.size.toTuple()
    assert QImage.fromData(shown.written("png")).size().toTuple() == (2 * width, 2 * height)
    image = QImage.fromData(shown.png(shown.scale_to(1234)))
    assert image.width() == 1234 and abs(image.height() - 1234 / width * height) <= 1
    assert image.dotsPerMeterX() == pytest.approx(96 / 0.0254 * 1234 / width, abs=1)


@pytest.mark.parametrize("form", ["png", "pdf"])
def test_what_is_too_large_says_what_is_allowed(qapp, form):
    shown = picture("resnet18")
    with pytest.raises(TooLarge) as error:
        shown.written(form, 1e6)
    most = float(re.search(r"scale of ([\d.]+) at the most", str(error.value))[1])
    if form == "pdf":
        assert shown.written(form, most)
    else:
        assert most * max(shown.size.toTuple()) <= LONGEST
    with pytest.raises(TooLarge):
        shown.written(form, most * 1.02)


def test_svg_of_any_size_has_all_that_is_to_be_read(qapp):
    shown = picture("resnet18")
    small, large = shown.svg(0.1).decode(), shown.svg(30).decode()
    assert small.partition("viewBox")[2] == large.partition("viewBox")[2]
    assert ElementTree.fromstring(large).get("width") == str(30 * shown.size.width())


def test_what_is_wrong_is_drawn_as_on_the_canvas(qapp):
    graph = placed(edits.set_params(templates.build("lenet5"), "conv2", {"kernel_size": 64}))
    report = analyse(graph, FASHION_MNIST)
    shown = Picture(scope(report), first_problems(report))
    image = QImage.fromData(shown.png(1.0)).convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32) & 0xFFFFFF
    assert int(theme.LIGHT.problem[1:], 16) in pixels


def test_a_name_is_not_markup(qapp):
    report = analyse(templates.build("lenet5"))
    for name in ('</title><script>"&', "ë中"):
        root = ElementTree.fromstring(Picture(scope(report), title=name).svg())
        assert root.find(SVG + "title").text == name and len(root.findall(SVG + "script")) == 0


def test_the_window_keeps_its_colours(qapp):
    theme.apply(qapp, theme.DARK)
    heard = []
    theme.changed.connect(lambda: heard.append(1))
    picture("lenet5").png()
    assert theme.current() is theme.DARK and heard == []


def test_a_network_of_nothing(qapp):
    from explorer.graph.graph import Graph

    shown = Picture(scope(analyse(Graph("empty", (3, 8, 8)))))
    for form in ("svg", "pdf", "png"):
        assert shown.written(form)


def exported(capsys, *words: str) -> ElementTree.Element:
    """What a person gets who exports a network's diagram."""
    assert main(["export", *words, "--to", "svg"]) == 0
    return ElementTree.fromstring(capsys.readouterr().out)


def test_the_title_names_the_inside(qapp, capsys):
    for words, title in (
        ((), "densenet121"),
        (("--inside", "features.denseblock1"), "densenet121: features.denseblock1"),
    ):
        assert exported(capsys, "densenet121", *words).find(SVG + "title").text == title


@pytest.mark.parametrize("name", ["efficientnet_b0", "squeezenet1_1", "vgg16"])
def test_a_page_with_its_groups_opened_shows_the_network(qapp, capsys, name):
    closed, opened = (exported(capsys, name, "--depth", depth) for depth in "01")
    assert int(opened.get("height")) > 2 * int(closed.get("height"))
    assert int(opened.get("width")) < 1100


def printed(name: str, path: tuple[str, ...] = (), depth: int = 0) -> Picture:
    shown = opened(scope(analyse(templates.build(name)), path), depth)
    gap = roomy_gap(shown)
    return Picture(spread(shown, gap), title=name, gap=gap)


@pytest.mark.parametrize(
    ("name", "path", "depth"),
    [
        ("googlenet", (), 0),
        ("efficientnet_b0", (), 1),
        ("vgg16", (), 1),
        ("resnet18", (), 3),
        ("densenet121", ("features", "denseblock1"), 0),
    ],
)
def test_a_shape_stands_free_between_the_cards(qapp, name, path, depth):
    diagram = printed(name, path, depth).diagram
    bodies = [card.body.translated(card.pos()) for card in diagram.cards.values()]
    labels = [item.label() for item in diagram.wires.values() if not item.label().isEmpty()]
    assert len(labels) > len(diagram.wires) * 0.6
    for label in labels:
        assert not any(body.intersects(label.adjusted(-3, 0, 3, 0)) for body in bodies)


def test_a_shape_in_a_narrow_gap_is_written_smaller(qapp):
    """Where the person, or the window, left no more room."""
    items = picture("googlenet").diagram.wires.values()
    tight = next(item for item in items if item.wire.source == "conv1")
    wide = next(item for item in items if item.wire.source == "avgpool")
    start, end = tight.path.boundingRect().left(), tight.path.boundingRect().right()
    assert start < tight.label().left() and tight.label().right() < end
    assert tight.label().width() / len("64×112×112") < wide.label().width() / len("1024×1×1")


def test_a_stage_of_one_block_is_no_stack(qapp):
    cards = printed("efficientnet_b0", (), 1).diagram.cards
    assert cards["features.1"].painted().top() == cards["avgpool"].painted().top()
    assert cards["features.2"].painted().top() < cards["avgpool"].painted().top()


def test_a_join_is_named_once(qapp, monkeypatch):
    drawn = []
    monkeypatch.setattr(
        Card, "_words", lambda card, painter, rect, words, *more: drawn.append((card.id, words))
    )
    picture("googlenet", ("inception3a",)).png()
    picture("resnet18", ("layer2", "0")).png()
    for id in ("concat", "add"):
        assert [words.lower() for card, words in drawn if card == id].count(id) == 1
