"""How a WSGI application of ours is served: by granian, on one socket, with JSON logs and metrics."""
