"""What Rollcall is measured against: the same by hand, with as little as it needs."""
