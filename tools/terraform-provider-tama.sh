#!/bin/sh
# Terraform's lock file hashes this file, so its bytes are the same on every machine: what differs is read from the file
# `installation`, four lines, which lies outside the hashed folder. No command is run before the provider: a fork costs time.
installation=${0%/*}/../installation
if ! [ -r "$installation" ]; then
  # Terraform has copied the package instead of linking to it.
  installation=${HOME:-}/.terraform.d/plugins/registry.terraform.io/memovee/tama/${0##*_v}/installation
fi
if [ -r "$installation" ]; then
  {
    IFS= read -r python
    IFS= read -r root
    IFS= read -r site_packages
    IFS= read -r certificates
  } <"$installation"
  if [ -x "$python" ] && [ -r "$root/provider/__main__.py" ]; then
    exec "$python" -I -S "$root/provider/__main__.py" "$site_packages" "$certificates"
  fi
fi
# Of a provider that does not start, Terraform shows the first line of the output, and nothing of the errors.
[ -n "${TF_PLUGIN_MAGIC_COOKIE:-}" ] || exec >&2
echo 'terraform-provider-tama: its Python or its code is no longer where it was installed; run `make install-provider` in the checkout of memovee-personalization.'
# If it saw the end before it has read the line, it would show nothing; once it has, it kills this process.
[ -z "${TF_PLUGIN_MAGIC_COOKIE:-}" ] || exec sleep 5
exit 1
