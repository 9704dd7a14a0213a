"""The lifecycle of a year's results: 初评 → 公示 → 复核 → 定稿. What was decided, by whom, and what follows from it."""
