"""Long proofs, started by hand: ``python -m tests.soak kills``, ``readers``; the suite runs short forms of them.

Each prints what it did and ends with status 1 if anything was not as it should be.
"""
