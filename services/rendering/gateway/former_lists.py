"""Finds the list of a tag or an author by the address that it had before slugs got hashes (readmodel/slugs.py)."""

from dataclasses import dataclass, replace

from services.rendering.pages.addresses import Address
from services.rendering.pages.reading import Reading


@dataclass(frozen=True, slots=True)
class CurrentAddress:
    """Where a former address leads. Not permanent if several lists had it: the one with the newest article changes."""

    location: str
    is_permanent: bool


async def current_address(reading: Reading, address: Address) -> CurrentAddress | None:
    """The current address of a list's page or feed; None if no list had this address, or if a list has it now."""
    kind, _, rest = address.path[1:].partition("/")
    slug, slash, file = rest.partition("/")
    listing = f"{kind}:{slug}"
    if kind not in ("tag", "author") or await reading.front(listing) is not None:
        return None
    lists = await reading.aliases(listing)
    if not lists:
        return None
    path = f"/{kind}/{lists[0].partition(':')[2]}{slash}{file}"
    if len(lists) == 1:
        return CurrentAddress(replace(address, path=path).key, is_permanent=True)
    # A page number of a list that several tags shared says nothing about the lists of today.
    return CurrentAddress(path, is_permanent=False)
