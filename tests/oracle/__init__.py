"""A second opinion: docs/scheme.md once more, in plain Python. Nothing here imports kaohe or reads its SQL."""
