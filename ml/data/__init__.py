"""Sets of labelled handwriting: files, download, synthetic digits and augmentation."""
