"""DynamoDB, one module for each table: the only place that uses the SDK for data."""
