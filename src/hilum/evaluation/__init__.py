"""Tables and the ledger of test looks, from predictions."""
