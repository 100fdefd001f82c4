"""From a file that people have to registrations: reads rosters and imports them into an event."""
