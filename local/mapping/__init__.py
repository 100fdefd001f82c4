"""The event source mapping: reads a DynamoDB stream and invokes a function as AWS Lambda does.

    settings   what infrastructure/package.yaml and the app say about the mapping
    records    a stream record in the form that the function gets
    shards     the calls that read a stream, and which shard may be read next
    batch      what follows from an invocation: done, retry, split or give up
    consumer   one shard: batch after batch, until each record has succeeded or was given up
    failure    the document that the failure destination gets
    mapping    a thread for each shard, and one that follows the stream

Each rule names the AWS page that it comes from. Unless another guide is named, that is a page of
the AWS Lambda Developer Guide (docs.aws.amazon.com/lambda/latest/dg/…).
"""

from local.mapping.consumer import FunctionError
from local.mapping.mapping import EventSourceMapping
from local.mapping.settings import MappingSettings

__all__ = ["EventSourceMapping", "FunctionError", "MappingSettings"]
