"""The live page: ask a model, watch one learn, read the cards. `zoo serve` starts it."""
