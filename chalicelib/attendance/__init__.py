"""What is true: events, registrations and check-ins, and the rules between them.

The innermost room. It knows no AWS, no HTTP and no mail, and imports none of its siblings;
what it needs from storage it asks for in `ports`.
"""
