"""Both twins in one normal form, so that they can be compared: as configurations, and as plans.

A configuration shows what a plan hides (`"${x.id}-y"` against `x.id`), a plan what a configuration only computes (the
text of a file). The normal form of a configuration has modules and locals written out, and one name for every address.
"""
