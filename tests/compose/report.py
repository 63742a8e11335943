"""The table of steps, and its limits."""

from dataclasses import dataclass

FOUND_WITHIN_S = 2.0
"""The edge must use a new container within this time after its port is open."""

_HEAD = ("step", "requests", "failed", "writes acked", "writes lost", "views lost", "views doubled", "recovery s")


@dataclass
class Row:
    """One step."""

    step: str
    requests: int
    failed: int
    writes: int
    writes_lost: int
    views_lost: int
    views_doubled: int
    recovery_s: float | None
    may_fail: bool
    """Whether reads may fail, since the only container of its kind was killed."""
    failures: str = ""

    def breaches(self) -> list[str]:
        """The limits that this step exceeds."""
        found = [f"{self.step}: {what}" for what, exceeded in self._limits().items() if exceeded]
        return [f"{line} ({self.failures})" if self.failures else line for line in found]

    def _limits(self) -> dict[str, bool]:
        return {
            f"{self.failed} reads failed": bool(self.failed) and not self.may_fail,
            f"used after {self.recovery_s} s": self.step.startswith("scale")
            and (self.recovery_s or 0) > FOUND_WITHIN_S,
            f"{self.writes_lost} acknowledged writes lost": self.writes_lost != 0,
            f"{self.views_lost} views lost": self.views_lost != 0,
            f"{self.views_doubled} views doubled": self.views_doubled != 0,
        }


def table(rows: list[Row]) -> str:
    """The rows as text."""
    cells = [_HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEAD))]
    return "\n".join(
        line[0].ljust(widths[0])
        + "".join(f"  {cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=True))
        for line in cells
    )


def _cells(row: Row) -> tuple[str, ...]:
    numbers = (row.requests, row.failed, row.writes, row.writes_lost, row.views_lost, row.views_doubled)
    return row.step, *map(str, numbers), "-" if row.recovery_s is None else f"{row.recovery_s:.1f}"
