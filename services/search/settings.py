"""The settings of the search service, beyond those of every service."""

from pathlib import Path

from pydantic import Field

from shared.settings import Settings


class SearchSettings(Settings):
    """Settings of the search service; each is the environment variable `WM_<NAME>`."""

    search_index: Path = Field(
        Path(".data/search"), description="the folder of the indexes, with a folder for each instance"
    )
    search_threads: int = Field(2, ge=1, le=32, description="searches answered at the same time")
    search_waiting: int = Field(64, ge=0, description="searches that may wait for a thread; more get 503")
    search_wait_s: float = Field(2.0, gt=0, description="longest time of an answer, with its wait, before 503")

    @property
    def own_index(self) -> Path:
        """The folder of this instance."""
        return self.search_index / str(self.instance)
