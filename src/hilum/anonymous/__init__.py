"""Results that lead back to nobody: neutral names, no paths, no UIDs, and burned-in text blacked out."""
