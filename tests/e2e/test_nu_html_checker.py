"""The Nu HTML checker on every kind of page, including the edge's error pages."""

from pathlib import Path

from deploy.edge.render import ERRORS
from tests.support.look_preview import main as write_pages
from tests.support.nu_checker import nu_findings


def test_nu_html_checker_finds_nothing(tmp_path: Path) -> None:
    write_pages(tmp_path)

    assert nu_findings((*sorted(tmp_path.glob("*.html")), *ERRORS.glob("*.html"))) == ""
