"""The development runtime: what AWS does around the app, on one machine. Never packaged."""
