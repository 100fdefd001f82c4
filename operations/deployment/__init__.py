"""A stage on AWS: its tables, what `chalice deploy` does not set, and the check that it works.

stage_config.py  the stage as .chalice/config.json has it
templates.py     the CloudFormation documents of infrastructure/, put together
data_stack.py    the stack with tables, queue, alarms and dashboard
tables.py        the tables as they are, and the stream that is live
live.py          what is there of the app, for Chalice's state file
mapping.py       the stream mapping: what Chalice cannot set
gateway.py       the REST API: its address and its limits
differences.py   what `chalice deploy` would change
packing.py       the functions' zip
chalice_cli.py   Chalice's own commands, as processes
probe.py         a check-in that is made, watched and cleaned up
verify.py        whether the stage works
deploy.py        the steps, in their order
"""
