"""The commands of `tama`; a module each, with `add`, which declares it.

Help needs none of what a command imports, so a command imports when it runs.
"""
