"""The functions that Rollcall is compared with: the same by hand, in as few lines as possible."""
