"""`make bench` measures Rollcall on this machine; `make scale` calculates what larger crowds need.

measuring   runs that take turns, and the rows and figures that come out of them
product     what the benchmarks know of Rollcall: settings, functions, an event and its guests
servers     the stand-ins for AWS and the mail server: aws_stub, smtp_stub, delay_proxy
scale       the model of docs/scale.md

Each measurement is a module with `measure(rounds)`: check_ins, cold_starts, mails, package, kiosks.
"""
