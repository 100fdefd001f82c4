"""The event source mapping: reads a DynamoDB stream and invokes a function as AWS Lambda does.

    settings   what CreateEventSourceMapping takes, with its limits and defaults
    records    a stream record as the function gets it
    filters    filter criteria
    batch      how records gather into a batch
    outcome    what follows from an invocation: done, again, split, given up
    failure    what the failure destination is told
    lane       one batch after another, until each record succeeded or was given up
    shards     which shards may be read next
    reader     the calls that read a stream
    consumer   one shard: from its reader through the filters to its lanes
    mapping    a thread for each shard, and one that follows the stream

Only `reader`, `consumer` and `mapping` know of network and threads; the rest are rules, each with
the AWS page it comes from. The pages are those of the AWS Lambda Developer Guide
(docs.aws.amazon.com/lambda/latest/dg/…) unless another guide is named.
"""

from local.mapping.lane import FunctionError
from local.mapping.mapping import EventSourceMapping
from local.mapping.settings import MappingSettings

__all__ = ["EventSourceMapping", "FunctionError", "MappingSettings"]
