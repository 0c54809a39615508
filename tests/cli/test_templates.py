"""The list of networks that can be named."""

from explorer.catalog import templates


def test_templates(run):
    status, out, err = run("templates")
    assert (status, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == templates.names()
    assert "3×224×224" in out and "He et al. 2015" in out
