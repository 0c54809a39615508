"""One fault planted in a network of each family: a fix makes the network sound again, and who is
blamed is who can mend it."""

import pytest

from explorer.analysis.fixes import blamed, fixes
from explorer.analysis.problem import problems
from explorer.analysis.report import analyse
from explorer.catalog import templates
from tests.planted import Planted, planted


def check_mended(fault: Planted) -> None:
    """At least one fix other than a removal leaves no fault; each leaves fewer or brings hidden ones
    to light; the blamed nodes are those of a fix that sets their parameters."""
    report = analyse(fault.graph)
    sound = 0
    for problem in problems(report):
        offered = fixes(report, problem)
        after = [analyse(fix.edit(fault.graph)) for fix in offered]
        sound += sum(each.ok and not fix.removes for fix, each in zip(offered, after))
        assert all(
            (each.path, each.rule) != (problem.path, problem.rule)
            for mended in after
            for each in problems(mended)
        ), fault.text
        setting = [fix.sets for fix in offered if fix.sets]
        assert blamed(report, problem) == (setting[0] if setting else (problem.path,))
    assert sound, (fault.text, [each.message for each in problems(report)])


@pytest.mark.parametrize("family", templates.families())
def test_one_fault_is_mended_with_one_click(family):
    name = templates.families()[family][0]
    faults = list(planted(name, 1))
    assert len(faults) >= 3
    for fault in faults:
        check_mended(fault)
