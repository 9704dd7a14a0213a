"""How far the scores and ranks of a publication hold: uncertainty and sensitivity analysis (docs/robustness.md)."""
