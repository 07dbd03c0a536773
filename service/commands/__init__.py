"""The commands of `personalization`; a module each, with `add`, which declares it, and `run`, which does it."""
