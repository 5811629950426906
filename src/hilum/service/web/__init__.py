"""The service on the web: REST, DICOMweb and pages over one store; it never reads an image itself."""
