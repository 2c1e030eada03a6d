"""Hosts to test with: network namespaces of Linux, each with its own addresses and ssh server."""
