"""Erasure: everything that is kept of an actor, or of all actors of a tenant, is hidden at once and then deleted."""
