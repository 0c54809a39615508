"""README and manual: their links lead somewhere, and the commands that they show run."""

import re
import shlex
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from explorer import resource
from explorer.app.docks import PANELS
from explorer.catalog import published, templates
from explorer.cli import COMMANDS
from explorer.cli.export import TO
from explorer.engine import onnx, training_driver
from explorer.engine.model import build
from explorer.graph import file
from explorer.runs.folder import RunAbout, RunFolder

ROOT = Path(__file__).parent.parent.parent
HELP = resource.path("help")
TEXTS = [ROOT / "README.md", *sorted(HELP.glob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def blocks(text: Path) -> list[str]:
    """What stands in the shell blocks of a text."""
    return re.findall(r"^```sh\n(.*?)^```$", text.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def commands(text: Path) -> list[list[str]]:
    """The words of each call of the program that a text shows, without its name."""
    lines = [line for block in blocks(text) for line in block.splitlines()]
    words = [shlex.split(line, comments=True) for line in lines]
    return [rest for first, *rest in filter(None, words) if first == "cnn-explorer"]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_links_lead_to_files(text):
    links = [link for link in LINK.findall(text.read_text("utf-8")) if "://" not in link]
    missing = [link for link in links if not (text.parent / link.partition("#")[0]).is_file()]
    assert not missing


def test_every_page_stands_in_the_contents():
    contents = LINK.findall((HELP / "index.md").read_text("utf-8"))
    assert sorted(contents) == sorted(
        page.name for page in HELP.glob("*.md") if page.name != "index.md"
    )


@pytest.fixture
def examples(tmp_path, monkeypatch):
    """A folder with the files that the commands name, where what takes long is done at once: training
    and PyTorch's way to ONNX, which have tests of their own."""
    monkeypatch.chdir(tmp_path)
    Image.open(resource.path("photos") / "chelsea.png").convert("RGB").save("cat.jpg")
    Path("pictures").mkdir()
    Image.open("cat.jpg").save("pictures/cat.png")
    torch.save(load_file(published.weights("squeezenet1_1")), "weights.pth")
    ten, hundred = (
        build(templates.build("cifar_resnet8", classes=classes), torch.device("cpu")).net
        for classes in (10, 100)
    )
    torch.save({"model": ten.state_dict(), "model_ema": ten.state_dict()}, "checkpoint.pth.tar")
    torch.save(hundred.state_dict(), "hundred_classes.pth")

    def train(request, bar, warn):
        if request.resume is None:
            folder, graph = Path(request.out), file.from_dict(request.graph)
            folder.mkdir(parents=True)
            about = RunAbout(graph.name, request.data, request.recipe)
            RunFolder(folder, about).begin(graph)
            save_file(
                build(graph, torch.device("cpu")).net.state_dict(), folder / "weights.safetensors"
            )
        return training_driver.Result(0.9, "float32", 1, 1.0, True, None, ())

    def to_onnx(model, path):
        path.write_bytes(b"ONNX")
        return onnx.Exported((path,), 0.0, 1.0, True)

    monkeypatch.setattr("explorer.engine.training_driver.train", train)
    monkeypatch.setattr(onnx, "write", to_onnx)


@pytest.mark.parametrize(
    "text", [text for text in TEXTS if commands(text)], ids=lambda text: text.name
)
def test_the_commands_that_are_shown_run(text, examples, run):
    for words in commands(text):
        status, out, err = run(*words)
        assert status == 0, f"{words}: {err}"
        assert out or "-o" in words
        if "-o" in words:
            assert Path(words[words.index("-o") + 1]).stat().st_size > 0


def test_the_manual_shows_every_command_and_form_of_export():
    shown = commands(HELP / "command-line.md")
    assert {words[0] for words in shown} == {*COMMANDS} - {"open"}
    assert {words[words.index("--to") + 1] for words in shown if "--to" in words} == {*TO}


def test_the_manual_describes_every_panel():
    page = (HELP / "window.md").read_text("utf-8")
    assert re.findall(r"^\| ([A-Z][\w ]+) \| ", page, re.M) == [panel.title for panel in PANELS]


def test_the_readme_has_what_the_scripts_take_from_it():
    text = (ROOT / "README.md").read_text("utf-8")
    packages = re.search(r"<!-- system packages -->\n```sh\n(sudo apt-get install .*)\n```\n", text)
    test = re.search(r"<!-- test command -->\n```sh\n(python3 .*)\n```\n", text)
    assert packages and test and test[1].endswith("pytest")


def test_templates_that_are_named_exist():
    named = {words[1] for text in TEXTS for words in commands(text) if len(words) > 1}
    assert {
        name for name in named if not name.endswith(".json") and name[0] != "-" and "/" not in name
    } <= {*templates.names()}
