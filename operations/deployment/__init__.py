"""A stage on AWS: its tables, its functions, what binds them, and the proof that they work.

templates.py    the CloudFormation documents of infrastructure/, put together
policies.py     the functions' IAM policies, for this stage
project.py      Chalice's view of the stage: its configuration completed, deployed, packaged
data_stack.py   the stack with tables, queue and alarms
tables.py       the stage's tables as they are, and the stream that is live
live.py         what is there of the app, taken up into Chalice's state
changes.py      what a deployment would change
mapping.py      the stream mapping: what Chalice cannot set
gateway.py      the REST API: its address, its limits
probe.py        a check-in that is made, watched and cleaned away
verify.py       whether the stage works
deploy.py       the steps, in their order
"""
