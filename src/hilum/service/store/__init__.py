"""What the service keeps: jobs and readings in a database, bytes and pictures in a folder beside it.

To hand in a file from another port (a web request, a DICOM association), open the store once and accept its bytes:

```
store = open_store(folder, options=StoreOptions(capacity=1000))
upload = Upload(name="1.2.840.1.dcm", origin="dicom")
accepted = store.queue.accept(data, upload=upload, settings_sha256=reader.settings_sha256)
```

`accept` returns when bytes and row are on disk (fsync), so the sender may be told that the file is safe. A file that is
there already, read by the same models and settings, gives the job that it has. `BusyError` says that the queue is full.
`Upload.details` takes what the port must know later, such as who sent it, as JSON types.

A reader process claims jobs and calls `store.queue.finish`. What must be written in the same transaction, such as rows
of an outbox, goes into its `within`: a function that gets the open connection. Tables share `tables.METADATA`; a new
one is a module here and a step in `migrations/versions`.
"""
