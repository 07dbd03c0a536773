"""The bridge from Tama's catalog to the provider framework, and what needs code of its own (local service, waits)."""
