"""The model beyond one machine: what a rush does to AWS's limits, and when the mails arrive.

    parameters  what was measured or assumed, what AWS allows, what an operator may choose
    design      what a check-in writes where, as infrastructure/data.yaml has it
    buckets     limits of so many a second
    door        the API and its function
    storage     the table and its indexes
    mailer      containers, their connections, the mail server
    model       the simulation of them all, with the stream's mapping and the sweep
    limits      the same limits in closed form: how many check-ins a second each lets through
    summary     what a run says of the whole, and what it costs
    cases       the sizes, and the settings that are compared
    pages       the tables of docs/scale.md
    check       the model against the local runtime

`python -m benchmarks.scale` writes docs/scale.md's tables, `… check` compares with this machine.
"""
