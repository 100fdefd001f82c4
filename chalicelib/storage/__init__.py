"""DynamoDB, with one module per table. No other package uses the SDK for data."""
