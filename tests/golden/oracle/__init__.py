"""An independent recomputation of the scores, in exact fractions.

Written from the rules alone, in plain Python, for one purpose: to disagree with the program when the program is wrong.
It shares no code with it, reads no SQL, and is slow and plain on purpose. It takes *trusted* clean records (what is
left after quarantine), a year, an as-of date and the scheme's YAML, and gives every number a reader can see.

Amounts of points are `Fraction`; nothing is ever rounded but where the rules round.

`records`: the columns that are read. `scheme`: the YAML. `bureau`: units, periods, items. `theory`, `foundation`,
`synergy`, `integrity`, `extras`: the measures. `scores`: from items to points, ranks and grades.
"""
