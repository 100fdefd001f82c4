"""DynamoDB: one module a table, and the only boto3 for data."""
