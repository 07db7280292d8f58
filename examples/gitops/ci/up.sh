#!/bin/sh
# Makes the cloud what images.yaml says, and writes down what changed: report.html for people, report.md for a comment.
# Also where it fails: then the report tells how far it came, and the exit code is that of pulumi up.
set -eu
stack=${STACK:-production}
before=$(mktemp)
trap 'rm -f "$before"' EXIT
pulumi stack export --stack "$stack" >"$before"
status=0
pulumi up --stack "$stack" --yes --skip-preview --non-interactive --color never || status=$?
pulumi stack export --stack "$stack" |
  npx pulumi-scp-images report --state - --since "$before" --html report.html --markdown report.md
exit "$status"
