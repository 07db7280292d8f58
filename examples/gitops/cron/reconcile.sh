#!/bin/sh
# Takes what was merged, and makes it so. Says nothing where nothing was merged, so that cron sends no mail.
set -eu
branch=${BRANCH:-main}
git fetch --quiet origin "$branch"
if [ "$(git rev-parse HEAD)" = "$(git rev-parse "origin/$branch")" ]; then
  exit 0
fi
git merge --quiet --ff-only "origin/$branch"
${INSTALL:-npm ci --no-audit --no-fund}
npx pulumi-scp-images validate images.yaml
ci/up.sh
