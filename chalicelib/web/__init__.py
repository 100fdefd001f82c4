"""The HTTP edge: requests and responses, problems, access, and the kiosk page."""
