"""The development runtime: does what AWS does around the app, on one machine. Never deployed."""
