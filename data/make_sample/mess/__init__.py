"""The mess: the same records, written the way real files look."""
