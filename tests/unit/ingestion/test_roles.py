"""README.md's table of roles matches the code."""

from pathlib import Path

from services.ingestion.people import roles
from services.ingestion.people.roles import ALLOWED, RIGHTS, ROLES

README = Path(roles.__file__).parents[1] / "README.md"


def test_readme_table_of_roles_matches_the_code() -> None:
    lines = README.read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    table = {row[0]: row[1:] for row in rows if row[0] in ("role", *ROLES)}
    shown = {
        role: {right for right, cell in zip(table["role"], table[role], strict=True) if cell == "yes"} for role in ROLES
    }

    assert tuple(table["role"]) == RIGHTS
    assert shown == {role: set(ALLOWED[role]) for role in ROLES}
