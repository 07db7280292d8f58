#!/bin/sh
# Whether somebody changed or deleted something behind the pipeline's back. Changes nothing; exit code 0: nobody did.
set -eu
pulumi refresh --stack "${STACK:-production}" --preview-only --expect-no-changes --diff --non-interactive --color never
