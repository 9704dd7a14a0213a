"""Spot checks (抽查): which units are drawn for a month, and the plan that says so."""
