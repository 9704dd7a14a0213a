"""Why a unit has its score, from the total down to the records, and what it would have taken for another grade."""
