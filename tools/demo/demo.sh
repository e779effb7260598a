#!/usr/bin/env bash
# ./dev demo: the whole way through the product, against the emulator or, with
# --live, against the real service.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
bin=${GEMINI_DEMO_BIN:-build/release/bin}
out=${GEMINI_DEMO_OUT:-out}
mkdir -p "$out"

title() { printf '\n\033[1m%s\033[0m\n' "$*"; }
show() { printf '\033[2m$ %s\033[0m\n' "$*"; }

generate() { # arguments of gemini-image generate
  show "gemini-image generate $*"
  "$bin/gemini-image" generate "$@"
}

expect() { # CODE COMMAND…
  local want=$1 code=0
  shift
  "$@" || code=$?
  [[ $code == "$want" ]] || { echo "demo: expected exit code $want, got $code" >&2; exit 1; }
}

live() {
  local settings=()
  [[ -f .env ]] && settings=(--env-file .env)
  if [[ -z ${GEMINI_API_KEY:-}${GOOGLE_API_KEY:-} && ${#settings[@]} == 0 ]]; then
    echo "demo: --live needs GEMINI_API_KEY, in the environment or in .env" >&2
    exit 2
  fi
  title "Two pictures from the real service, or the reason why not"
  local code=0
  generate "a red fox in fresh snow, telephoto" -o "$out"/live-fox.png --aspect-ratio 16:9 "${settings[@]}" || code=$?
  generate "a lighthouse in a storm, oil on canvas" -o "$out"/live-lighthouse.png "${settings[@]}" || code=$?
  exit "$code"
}

[[ ${1:-} == --live ]] && live
[[ $# == 0 ]] || { echo "usage: ./dev demo [--live]" >&2; exit 2; }

# Nothing of the user's own may reach the emulator, nor the other way round.
unset GOOGLE_API_KEY GEMINI_API_KEY GOOGLE_GEMINI_BASE_URL
work=$(mktemp -d)
"$bin/gemini-emulator" --port 0 --scenario tools/demo/scenario.json \
  --port-file "$work/port" >"$work/emulator.log" 2>&1 &
emulator=$!
trap 'kill "$emulator" 2>/dev/null || true; wait "$emulator" 2>/dev/null || true; rm -rf "$work"' EXIT
until [[ -s $work/port ]]; do
  kill -0 "$emulator" 2>/dev/null || { cat "$work/emulator.log" >&2; exit 1; }
  sleep 0.05
done
export GOOGLE_GEMINI_BASE_URL="http://127.0.0.1:$(<"$work/port")"

title "1. A picture from the emulator, a local Gemini"
GEMINI_API_KEY=demo-key-of-a-paid-project \
  generate "a red fox in fresh snow, telephoto" -o "$out"/fox.png --aspect-ratio 16:9

title "2. The service is overloaded once: the client waits and tries again"
GEMINI_API_KEY=demo-key-of-a-paid-project \
  expect 0 generate "a lighthouse in a storm, oil on canvas" -o "$out"/lighthouse.png --verbose

title "3. 429 RESOURCE_EXHAUSTED, limit: 0: one request, the prompt back, and what to do"
GEMINI_API_KEY=demo-key-of-a-free-project \
  expect 3 generate "a paper boat on a city puddle" --model gemini-2.5-flash-image -o "$out"/boat.png

title "The pictures are in $out/"
ls -l "$out"/fox.png "$out"/lighthouse.png
