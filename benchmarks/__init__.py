"""`make bench` measures Rollcall on this machine; `make scale` calculates what large crowds need.

measuring   runs that take turns, and the rows and figures that they produce
product     everything that depends on Rollcall: settings, functions, an event and its guests
servers     the stand-ins for AWS and the mail server: aws_stub, smtp_stub, delay_proxy
scale       the model of docs/scale.md

Each measurement is a module with `measure(rounds)`: check_ins, cold_starts, mails, package, kiosks.
"""
