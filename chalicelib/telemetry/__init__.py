"""What a deployed function tells its operators: a log, and metrics that are lines of that log.

Neither costs a call, and neither holds personal data.
"""
