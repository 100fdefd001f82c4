"""From a stream record to a delivered mail."""
