"""The service that writes every telegram as a row of a CSV file."""
