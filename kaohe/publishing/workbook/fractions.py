"""A leaf's score as a fraction that a spreadsheet can reckon with exactly."""

#: Twice the largest effective weight, in hundredths of a point.
_LIMIT = 20_000


def simplest(numerator: int, denominator: int) -> tuple[int, int]:
    """A fraction with small numbers that gives the same points, to the cent and however they are rounded, as
    ``numerator`` / ``denominator`` for every effective weight from 0.00 to 100.00.

    Points change only where weight × fraction is a whole or a half hundredth: at fractions whose denominator is at most
    twice the weight. Of two neighbours among those, the mediant lies between them as the given fraction does.
    """
    before, last, n, d = (0, 1), (1, 0), numerator, denominator
    while d:
        whole, rest = divmod(n, d)
        convergent = before[0] + whole * last[0], before[1] + whole * last[1]
        if convergent[1] > _LIMIT:
            most = (_LIMIT - before[1]) // last[1] + 1
            return before[0] + most * last[0], before[1] + most * last[1]
        before, last, n, d = last, convergent, d, rest
    return last
