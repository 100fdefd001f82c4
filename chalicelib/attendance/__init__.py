"""What is true: events, registrations and check-ins, and the rules between them.

The innermost package. It knows no AWS, no HTTP and no mail, and imports none of its siblings.
`ports` says what it needs from storage.
"""
