"""Things that belong together, joined pair by pair (disjoint sets)."""

from __future__ import annotations

from collections.abc import Hashable


class UnionFind:
    """Anything hashable; what was never joined stands alone."""

    def __init__(self) -> None:
        self._parent: dict[Hashable, Hashable] = {}

    def join(self, one: Hashable, other: Hashable) -> None:
        """Put both, and all that was joined with either, together."""
        self._parent[self.root(one)] = self.root(other)

    def root(self, member: Hashable) -> Hashable:
        """The same for all that were joined, and for no others."""
        while self._parent.setdefault(member, member) != member:
            self._parent[member] = self._parent[self._parent[member]]
            member = self._parent[member]
        return member
