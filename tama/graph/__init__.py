"""Pictures of what a control plane holds, or of what a plan would make of it.

`objects` and `plan` read a `Graph`; `svg` and `mermaid` draw it. All of it is pure: data in, text out, the same bytes
for the same data.
"""
