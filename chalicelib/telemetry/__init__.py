"""What a deployed function tells whoever operates it: its log, and its metrics, both in the log.

Nothing is called for it, and nothing in it is of a person.
"""
