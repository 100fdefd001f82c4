"""DynamoDB: one module a table, and the only SDK for data."""
