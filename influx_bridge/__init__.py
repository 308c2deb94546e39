"""The service that writes telegrams and the loads' switches to InfluxDB."""
