"""`make cluster`: houses, a cluster of brokers that loses a node, two bridges and a database; nothing lost, nothing doubled."""
