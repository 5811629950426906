"""DICOM files to grey pixels and what their tags say."""
