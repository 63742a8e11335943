"""What the search service is told from outside, beyond what every service is told."""

from pathlib import Path

from pydantic import Field

from shared.settings import Settings


class SearchSettings(Settings):
    """Settings of the search service; each is the environment variable `WM_<NAME>`."""

    search_index: Path = Field(
        Path(".data/search"), description="the folder of the indexes; each instance has one of its own in it"
    )
    search_threads: int = Field(2, ge=1, le=32, description="questions answered at the same time")
    search_waiting: int = Field(64, ge=0, description="questions that may wait for a thread; more are answered 503")
    search_wait_s: float = Field(2.0, gt=0, description="how long an answer may take, its waiting included, before 503")

    @property
    def own_index(self) -> Path:
        """The folder of this instance."""
        return self.search_index / str(self.instance)
