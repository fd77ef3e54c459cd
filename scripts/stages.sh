# Shared by the scripts that train models in stages: sourced, it sets $zlens and $threads and defines require_fonts and stage.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
zlens="${ZLENS:-$root/build/zlens}"
threads="${ZLENS_THREADS:-$(nproc)}"

# Generated pictures are drawn with these, too; without them they would be others.
require_fonts() {
  local missing=() package
  for package in $("$zlens" synth --list-fonts); do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  echo "$(basename "$0"): install first: apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 2
}

# stage WORK NAME FLAGS...: a training that starts from the settings WORK/settings; its result is the checkpoint WORK/NAME. What was
# interrupted goes on.
stage() {
  local work=$1 name=$2 resume=()
  shift 2
  [ -e "$work/$name" ] && return
  [ -e "$work/$name.train/checkpoint.safetensors" ] && resume=(--resume)
  "$zlens" train --method full --model "$work/settings" --out "$work/$name" --threads "$threads" \
    --checkpoint-every 200 --max-new-tokens 16 "${resume[@]}" "$@"
}
