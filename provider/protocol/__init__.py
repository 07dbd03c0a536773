"""Terraform plugin protocol 6 on the standard library: launch, transport and messages. It knows nothing of Tama.

The modules between the launch and the handshake line are Terraform's hot path (it starts a provider several times a
command), so they import only modules that are written in C or frozen into the interpreter: no `typing`, `enum`, `re`,
`ssl`, `socket`, `threading`, `json`. A test pins the list.
"""
