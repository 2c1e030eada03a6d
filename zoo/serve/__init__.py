"""The web page of `zoo serve`: predict with a model, train one in a playground, read the cards."""
