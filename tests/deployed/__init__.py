"""The project on an AWS: deployed to an emulator as one deploys it, used over HTTP and SMTP."""
