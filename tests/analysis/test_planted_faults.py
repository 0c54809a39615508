"""One fault planted in a network of each family: a fix makes the network sound again, and who is
blamed is who can mend it."""

import pytest

from explorer.analysis.fixes import blamed, fixes
from explorer.analysis.problem import problems
from explorer.analysis.report import analyse
from explorer.catalog import templates
from tests.planted import Planted, planted


def check_mended(fault: Planted) -> None:
    """At least one fix other than a removal leaves no fault, and each removes its problem. Of a wrong
    parameter, one sets that of the node itself; of wrong channels, some node: either side of a sum
    may be the wrong one."""
    report = analyse(fault.graph)
    sound, setting_sound = 0, set()
    for problem in problems(report):
        offered = fixes(report, problem)
        after = [analyse(fix.edit(fault.graph)) for fix in offered]
        sound += sum(each.ok and not fix.removes for fix, each in zip(offered, after))
        setting_sound |= {path for fix, each in zip(offered, after) if each.ok for path in fix.sets}
        assert all(
            (each.path, each.rule) != (problem.path, problem.rule)
            for mended in after
            for each in problems(mended)
        ), fault.text
        setting = [fix.sets for fix in offered if fix.sets]
        assert blamed(report, problem) == (setting[0] if setting else (problem.path,))
    assert sound, (fault.text, [each.message for each in problems(report)])
    if fault.setting:
        assert setting_sound, fault.text
    if fault.setting and fault.name != "channels":
        assert fault.where in setting_sound, (fault.text, setting_sound)


@pytest.mark.parametrize("family", templates.families())
def test_one_fault_is_mended_with_one_click(family):
    name = templates.families()[family][0]
    faults = list(planted(name, 1))
    assert len(faults) >= 3
    for fault in faults:
        check_mended(fault)
