"""The HTTP layer: the routes, and errors as problem responses."""
