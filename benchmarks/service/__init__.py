"""How fast the service is: beside a bare Flask view, beside itself on a small store, and beside Kinto."""
