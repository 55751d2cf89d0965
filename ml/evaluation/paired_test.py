"""Two versions that read the same images: is one better, or is it chance?"""


def chance_of_so_many(won: int, lost: int) -> float:
    """The chance of at least `won` of `won + lost` tosses of a fair coin.

    The exact one-sided test for paired yes-or-no answers: images that both
    versions read rightly, or both wrongly, say nothing; the others fall to
    either side like tosses if the versions are equally good.

    Source: McNemar, "Note on the sampling error of the difference between
    correlated proportions or percentages", 1947.
    """
    tosses = won + lost
    ways = term = 1  # of choosing all of them, then all but one, and so on down to `won`
    for count in range(tosses, won, -1):
        term = term * count // (tosses - count + 1)
        ways += term
    return ways / (1 << tosses)
