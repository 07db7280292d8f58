#!/bin/sh
# What a merge would do, and whether it would work. Changes nothing.
set -eu
pulumi preview --stack "${STACK:-production}" --non-interactive --color never --diff
