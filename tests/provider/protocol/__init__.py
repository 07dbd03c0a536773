"""Tests of the plugin protocol: messages, values, HTTP/2, gRPC and launch."""
