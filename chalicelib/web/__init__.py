"""The HTTP edge: one blueprint for each audience, and errors as problem responses."""
