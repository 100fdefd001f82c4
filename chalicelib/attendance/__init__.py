"""The domain: events, registrations and check-ins, and the rules that connect them.

This is the innermost package. It knows nothing about AWS, HTTP or mail, and imports none of its
siblings. `ports` declares what it needs from storage.
"""
