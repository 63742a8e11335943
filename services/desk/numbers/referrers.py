"""Where readers came from: views by class of referrer, and the hosts of the class `other`. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.desk.numbers.figures import Share, shares_of
from services.desk.numbers.series import classes_of
from services.desk.words import Words

_MOST_HOSTS = 20


@dataclass(frozen=True)
class Referrers:
    """Views by class, in the order of CLASSES, and by host of other sites, the most frequent first."""

    classes: Sequence[Share]
    hosts: Sequence[Share]


def referrers_of(items: Iterable[Mapping[str, object]], words: Words) -> Referrers:
    """The referrers of an answer."""
    classes, hosts = classes_of(items)
    return Referrers(_shares(classes, words), _shares(hosts, words)[:_MOST_HOSTS])


def _shares(views: Mapping[str, int], words: Words) -> Sequence[Share]:
    return shares_of([{"key": key, "views": count} for key, count in views.items()], words)
