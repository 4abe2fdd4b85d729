#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Generates ./configure.  Run this once after cloning.

cd "$(dirname "$0")" || exit 1
for tool in autoreconf:autoconf automake:automake libtoolize:libtool; do
    if ! command -v "${tool%:*}" > /dev/null; then
        echo "boot.sh: ${tool%:*} is missing: install ${tool#*:}" >&2
        exit 1
    fi
done
mkdir -p m4
exec autoreconf --install --force
