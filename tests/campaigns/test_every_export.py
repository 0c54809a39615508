"""Every template's export, as a person would use it: `python resnet18.py` prints what the analysis
says, and in an interpreter of its own the network computes what the engine's computes, bit for
bit."""

import subprocess
import sys

import pytest

from explorer.analysis.report import analyse
from explorer.analysis.source import source
from explorer.catalog import templates
from tests import exports
from tests.patience import PATIENCE

pytestmark = pytest.mark.campaign


@pytest.mark.parametrize("name", templates.names())
def test_it_computes_what_the_engine_computes(name, tmp_path):
    exports.run_alone([name], tmp_path)
    exports.compare(name, tmp_path)


@pytest.mark.parametrize("name", templates.names())
def test_it_prints_what_the_analysis_says(name, tmp_path):
    report = analyse(templates.build(name))
    (tmp_path / "network.py").write_bytes(source(report).text.encode())
    ran = subprocess.run(
        [sys.executable, "-I", "-W", "error", "network.py"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        text=True,
        timeout=5 * PATIENCE,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [
        f"{report.params:,} parameters",
        f"(1, {report.output[0]})",
    ]
