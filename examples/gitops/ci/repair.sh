#!/bin/sh
# Brings back what drifted: looks at what is there, then makes it what images.yaml says.
set -eu
pulumi up --stack "${STACK:-production}" --refresh --yes --skip-preview --non-interactive --color never
