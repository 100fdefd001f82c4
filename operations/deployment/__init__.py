"""A stage on AWS: its tables, what `chalice deploy` does not set, and the check that it works.

stage_config.py  the stage as .chalice/config.json describes it
templates.py     the CloudFormation documents of infrastructure/, combined
data_stack.py    the stack with tables, queue, alarms and dashboard
tables.py        the tables as they are now, and the live stream
live.py          the deployed parts of the app, for Chalice's state file
mapping.py       the stream mapping: what Chalice cannot set
gateway.py       the REST API: its address and its limits
differences.py   what `chalice deploy` would change
packing.py       the functions' zip
chalice_cli.py   Chalice's own commands, run as processes
probe.py         makes a check-in, watches it, and cleans up
verify.py        checks that the stage works
deploy.py        the steps, in order
"""
