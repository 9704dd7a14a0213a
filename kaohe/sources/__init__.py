"""Where records come from: files today; every source gives text tables that remember file, sheet and row."""
