"""What does not fit between a network, its data set and its recipe."""

from dataclasses import replace

import pytest

from explorer import cli
from explorer.analysis.fixes import fixes
from explorer.analysis.misfits import misfits
from explorer.analysis.problem import MISFIT
from explorer.analysis.report import analyse
from explorer.catalog import check
from explorer.catalog.datasets import FASHION_MNIST
from explorer.graph import edits, file
from explorer.graph.graph import Node, Wire
from explorer.runs.recipe import Recipe

ONE = Recipe(batch_size=1)


@pytest.fixture
def single(draw):
    """A BatchNorm of 1×1 maps between others."""
    return draw(
        ("a", "Conv2d", {"out_channels": 8, "kernel_size": 3, "padding": 1}),
        ("bn", "BatchNorm2d", {}),
        ("g", "AdaptiveAvgPool2d", {}),
        ("se", "Conv2d", {"out_channels": 8, "kernel_size": 1}),
        ("n", "BatchNorm2d", {}),
        ("r", "ReLU", {}),
        ("f", "Flatten", {}),
        ("fc", "Linear", {}),
        input=(1, 28, 28),
    )


def dropping(draw, p):
    return draw(
        ("f", "Flatten", {}), ("drop", "Dropout", {"p": p}), ("fc", "Linear", {}), input=(1, 28, 28)
    )


def mended(graph, fix, recipe):
    """The misfits that are left once the fix is applied."""
    after = analyse(fix.edit(graph), FASHION_MNIST)
    assert after.ok
    return misfits(after, FASHION_MNIST, replace(recipe, **dict(fix.figures)))


def test_input_and_classes_are_compared_with_the_data_set(draw):
    """A finding about the pair: the network is sound, also where it has faults of its own."""
    graph = draw(("f", "Flatten", {}), ("fc", "Linear", {"out_features": 7}))
    report = analyse(graph, FASHION_MNIST)
    assert report.ok and misfits(report) == ()
    found = misfits(report, FASHION_MNIST, Recipe())
    assert [(str(each.path), each.rule, each.grade) for each in found] == [
        ("input", "input", MISFIT),
        ("fc", "classes", MISFIT),
    ]
    for each in found:
        for fix in fixes(report, each):
            after = analyse(fix.edit(graph), FASHION_MNIST)
            assert each.rule not in [other.rule for other in misfits(after, FASHION_MNIST)]
    faulty = analyse(edits.add(graph, Node("lone", "ReLU")), FASHION_MNIST)
    assert not faulty.ok and len(misfits(faulty, FASHION_MNIST)) == 2


@pytest.mark.parametrize("recipe", [ONE, Recipe(limit=1), Recipe(batch_size=1, limit=1)])
def test_a_batch_of_one_leaves_batch_normalisation_of_1x1_maps_nothing(single, recipe):
    report = analyse(single, FASHION_MNIST)
    (found,) = misfits(report, FASHION_MNIST, recipe)
    assert report.ok and found.grade == MISFIT
    assert str(found.path) == "n" and found.message.startswith("n gets maps of 1×1 and a batch of")
    assert len(found.tried) == 2 and found.tried[1].label == "Replace n by GroupNorm"
    for fix in found.tried:
        assert mended(single, fix, recipe) == ()


@pytest.mark.parametrize("recipe", [None, Recipe(), Recipe(batch_size=2)])
def test_a_larger_batch_fits(single, recipe):
    assert misfits(analyse(single), None, recipe) == ()


def test_the_inside_of_blocks_is_read_and_mended(draw):
    graph = draw(
        ("g", "AdaptiveAvgPool2d", {}),
        ("block", "ConvNormAct", {"out_channels": 8, "kernel_size": 1}),
        ("f", "Flatten", {}),
        ("fc", "Linear", {}),
        input=(1, 28, 28),
    )
    (found,) = misfits(analyse(graph, FASHION_MNIST), FASHION_MNIST, ONE)
    assert found.path[0] == "block" and len(found.path) > 1 and str(found.path) in found.message
    for fix in found.tried:
        assert mended(graph, fix, ONE) == ()


def test_the_inside_of_a_group_is_mended(draw, single):
    inner = replace(draw(("n", "BatchNorm2d", {}), ("d", "Dropout", {"p": 1.0})), input=())
    graph = edits.remove(single, ["n"], bridge=True)
    graph = edits.insert(graph, Node("group", "Group", inner=inner), Wire("se", "r", "x"))
    graph = check.graph(graph)
    found = misfits(analyse(graph, FASHION_MNIST), FASHION_MNIST, ONE)
    assert [str(each.path) for each in found] == ["group.n", "group.d"]
    for each in found:
        for fix in each.tried:
            left = mended(graph, fix, ONE)
            assert each.path not in [other.path for other in left], fix.label
        assert each.tried


def test_dropping_everything_teaches_nothing(draw):
    graph = dropping(draw, 1.0)
    (found,) = misfits(analyse(graph))
    assert str(found.path) == "drop" and "p is 1" in found.message
    (fix,) = found.tried
    assert fix.label == "Set p 0.5" and mended(graph, fix, Recipe()) == ()
    assert misfits(analyse(dropping(draw, 0.99))) == ()


def test_a_network_with_faults_has_no_misfits(draw):
    graph = draw(("d", "Dropout", {"p": 1.0}), ("c", "Conv2d", {"kernel_size": 9}))
    assert misfits(analyse(graph)) == ()


def test_of_many_only_the_first_have_fixes(draw):
    chain = [("f", "Flatten", {}), *((f"d{n}", "Dropout", {"p": 1.0}) for n in range(120))]
    found = misfits(analyse(draw(*chain)))
    assert len(found) == 120 and found[0].tried and not found[-1].tried


@pytest.fixture
def saved(single, tmp_path) -> str:
    path = tmp_path / "net.cnn.json"
    file.write(single, path)
    return str(path)


def test_check_and_train_say_so_before_the_run(saved, capsys):
    assert cli.main(["check", saved]) == 0
    assert cli.main(["check", saved, "--memory", "--batch", "2"]) == 0
    capsys.readouterr()
    assert cli.main(["check", saved, "--memory", "--batch", "1"]) == 1
    out = capsys.readouterr().out
    assert "✗ n: n gets maps of 1×1" in out
    assert "→ Set batch size 128" in out and "→ Replace n by GroupNorm" in out
    assert cli.main(["check", saved, "--json", "--batch", "1"]) == 1
    assert '"ok": false' in capsys.readouterr().out
    assert cli.main(["train", saved, "--batch-size", "1", "--out", saved + ".run"]) == 1
    assert "n: n gets maps of 1×1" in capsys.readouterr().err
