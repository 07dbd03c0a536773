#!/bin/sh
# cdktf stops listening the moment that Terraform ends, and loses what comes last: the errors. So they go to a file.
root=${0%/*}/..
exec "$root/.venv/toolchain/terraform" "$@" 2>>"$root/.state/log/terraform-errors.log"
