"""What several Python test suites share: brokers as processes, raw AMQP frames, polling."""
