"""What a reading is in a hospital's archive: DICOM report, presentation state, picture and segmentation. No torch."""
