#!/bin/sh
# Takes what was merged, and makes it so. Says nothing where that is done already, so that cron sends no mail.
# The ref refs/images/made is what was made last: what failed, or was killed, is tried again.
set -eu
branch=${BRANCH:-main}
git fetch --quiet origin "$branch"
merged=$(git rev-parse FETCH_HEAD)
if [ "$(git rev-parse --quiet --verify refs/images/made || true)" = "$merged" ]; then
  exit 0
fi
git merge --quiet --ff-only "$merged"
${INSTALL:-npm ci --no-audit --no-fund}
npx pulumi-scp-images validate images.yaml
ci/up.sh
git update-ref refs/images/made "$merged"
