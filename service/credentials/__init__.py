"""The credentials that lie in the store: what is kept of them, and how they are made, used and revoked."""
