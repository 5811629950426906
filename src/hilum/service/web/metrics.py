"""What a monitor asks for, in the text format of Prometheus; no label holds a name or an id."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from hilum.service.store.store import Store


class Metrics:
    """The counters of one service."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.uploads = Counter(
            "hilum_uploads", "Files that were sent, by what became of them.", ["result"], registry=self._registry
        )
        self.requests = Histogram(
            "hilum_request_seconds", "How long requests took.", ["method", "route", "status"], registry=self._registry
        )
        self._jobs = Gauge("hilum_jobs", "Jobs by state.", ["state"], registry=self._registry)
        self._readers = Gauge("hilum_readers_ready", "Reader processes that are ready.", registry=self._registry)
        self._deaths = Gauge("hilum_reader_deaths", "Reader processes that died.", registry=self._registry)
        self._free = Gauge("hilum_disk_free_bytes", "Room on the disk of the store.", registry=self._registry)

    def text(self, *, store: Store, ready: int, deaths: int) -> bytes:
        """All of them, as of now."""
        for state, count in store.readings.counts().items():
            self._jobs.labels(state).set(count)
        self._readers.set(ready)
        self._deaths.set(deaths)
        self._free.set(store.files.free_bytes())
        return generate_latest(self._registry)
