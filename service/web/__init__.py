"""The service over HTTP: the application factory, routes, authentication, problems."""
