"""The output folder of a batch: what to read, the lock, whole files, the journal and resuming. No torch."""
