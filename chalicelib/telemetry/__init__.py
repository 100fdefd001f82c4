"""What a deployed function reports to its operators: a log, and metrics as lines of that log.

Neither needs a network call, and neither contains personal data.
"""
