#!/bin/sh
# lock.sh NAME PART…: pin NAME.in and the requirements of the parts into NAME.txt, by version and hash, for all Pythons.
set -eu
name=$1; shift
inputs=pyproject.toml
extra=
for part in "$@"; do
  case $part in
    *\[*\]) extra="--extra $(echo "$part" | sed 's/.*\[\(.*\)\]/\1/')"; inputs="$inputs $(echo "$part" | sed 's/\[.*//')/pyproject.toml" ;;
    demo) inputs="$inputs requirements/demo.in" ;;
    *) inputs="$inputs $part/pyproject.toml" ;;
  esac
done
test -f "requirements/$name.in" && inputs="$inputs requirements/$name.in"
test -f "requirements/$name.override" && extra="$extra --override requirements/$name.override"
# shellcheck disable=SC2086 # both are lists
.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
  --constraint requirements/constraints.in \
  --no-emit-index-url --no-emit-find-links --no-emit-package crackmap --no-emit-package crackmap-robot \
  $extra $inputs -o "requirements/$name.txt"
echo "requirements/$name.txt"
