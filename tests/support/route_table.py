"""`python -m tests.support.route_table` writes README.md's table of rights and routes."""

import re

from tests.unit.ingestion.test_route_rights import README, readme_rows

if __name__ == "__main__":
    table = "\n".join(["| right | routes |", "|---|---|", *readme_rows()])
    text = README.read_text("utf-8")
    README.write_text(re.sub(r"\| right \| routes \|\n(?:\|.*(?:\n|$))*", lambda _: f"{table}\n", text), "utf-8")
    print(f"wrote {README}")
