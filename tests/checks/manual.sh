#!/bin/sh
# manual.sh PREFIX: the manual page and the completions of an installed octet say what the command says of itself: the same
# commands and options, both ways; every configuration key and environment variable that the source reads; and bash
# completes them.
set -eu
prefix=$(realpath "$1")
here=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
octet=$prefix/bin/octet

fail() {
  echo "$*"
  exit 1
}

page=$(find "$prefix" -name octet.1.gz)
gzip -dc "$page" | sed 's/\\-/-/g; s/\\~/ /g' >page
completions="$prefix/share/bash-completion/completions/octet
$(find "$prefix/share/zsh" -name _octet)
$(find "$prefix/share/fish" -name octet.fish)"

# section TITLE: the lines of the page below .SH or .SS TITLE.
section() {
  awk -v title="$1" '/^\.S[HS]/ { inside = (index($0, title) > 0); next } inside' page
}
options_in() {
  grep -oE -e '--[a-z]+(-[a-z]+)*' | sort -u
}
"$octet" --help | sed -n '/^Commands/,/^$/s/^  \([a-z]*\) .*/\1/p' >commands
[ "$(wc -l <commands)" -ge 5 ] || fail "octet --help lists no commands"

{ cat commands; echo help; } | sort >expected
sed -nE 's/^\.SS "octet ([a-z]+).*/\1/p' page | sort >found
diff expected found || fail "the commands of the manual page are not those of octet --help"
for command in $(cat commands); do
  "$octet" "$command" --help >help
  sed -nE 's/^  +(-h,)?(--[a-z-]+).*/\2/p' help | grep -v -x -e --help | sort -u >expected
  section "octet $command " | options_in >found
  diff expected found || fail "octet $command: the manual page (>) has other options than --help (<)"
  [ -s expected ] || fail "octet $command --help lists no options"

  # An option with a value stands in every completion, one without where words are counted; fish needs the former alone.
  sed -nE 's/^  +(--[a-z-]+) ([A-Z]+(\.[a-z]+)?|\[NAME=\][^ ]*)( .*)?$/\1/p' help >valued
  sed -nE 's/^  +(--[a-z-]+) +([A-Z][a-z]+:|[a-z]).*/\1/p' help >flags
  for file in $completions; do
    for option in $(cat valued); do
      grep -qE -e "$option([ |)]|\$)" "$file" || fail "$file does not know $option of octet $command"
    done
    case $file in *.fish) continue ;; esac
    for option in $(cat flags); do
      grep -qE -e "$option ?\|" "$file" || fail "$file takes $option of octet $command for one with a value"
    done
  done
done
section "COMMON OPTIONS" | options_in >found
for option in --threads --isa --json --help --version; do
  grep -qx -e "$option" found || fail "the manual page does not describe $option"
done

# Keys as the table of src/quantize/config.cpp lists them, methods and formats, variables that anything reads.
section CONFIGURATION | tr -c 'A-Za-z0-9_' '\n' | sort -u >words
keys=$(sed -nE 's/^    \{"([A-Za-z_]+)", &ConfigReader::.*/\1/p' "$here/src/quantize/config.cpp")
[ "$(echo "$keys" | wc -l)" -ge 25 ] || fail "the table of keys is no longer where this test looks"
for key in $keys; do
  grep -qx "$key" words || fail "the manual page does not describe the configuration key $key"
done
lists=$(sed -nE 's/^constexpr std::string_view k(ActivationMethods|WeightMethods|Formats)\[\] = \{(.*)\};/\2/p' \
  "$here/src/quantize/config.cpp" | tr -d '",')
[ -n "$lists" ] || fail "the lists of methods are no longer where this test looks"
tr -c 'A-Za-z0-9_' '\n' <page | sort -u >words
for word in $lists; do grep -qx "$word" words || fail "the manual page does not name $word"; done
for variable in $(grep -rhoE 'getenv\("[A-Z_]+"' "$here/src" | sed 's/.*"\(.*\)"/\1/'); do
  section ENVIRONMENT | grep -qx ".B $variable" || fail "the manual page does not describe the variable $variable"
done
for word in $(sed -nE 's/^OCTET_ISA_PACKAGE\([^"]*"([a-z0-9]+)".*/\1/p' "$here/src/cpu/isa.inc") raw decoded \
  $(sed -nE 's/^constexpr std::string_view k(Activation|Weight)Methods\[\] = \{(.*)\};/\2/p' \
    "$here/src/quantize/config.cpp" | tr -d '",'); do
  grep -qw "$word" page || fail "the manual page does not name $word"
  for file in $completions; do grep -qw "$word" "$file" || fail "$file does not know $word"; done
done
for status in 0 1 2 130; do
  section "EXIT STATUS" | grep -qx ".B $status" || fail "the manual page lacks the exit status $status"
done
grep -q "octet $("$octet" --version | cut -d' ' -f2)" page || fail "the manual page is of another version"
if command -v man >/dev/null 2>&1; then
  warnings=$(LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null)
  [ -z "$warnings" ] || fail "the manual page has mistakes: $warnings"
else
  echo "SKIPPED layout of the manual page: man is not here"
fi

# bash: what is offered for a line, of which the last word is being completed.
touch float.onnx settings.json picture.PNG page.html array.npy part1.stats
mkdir photographs
cat >complete.bash <<'BASH'
. "$1"
shift
function offered() {
  COMP_WORDS=("$@")
  COMP_CWORD=$(($# - 1))
  COMPREPLY=()
  _octet "${COMP_WORDS[0]}" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
  echo "${COMPREPLY[*]}"
}
offered "$@"
BASH
# completes EXPECTED WORD...
completes() {
  expected=$1
  shift
  got=$(bash complete.bash "$prefix/share/bash-completion/completions/octet" "$octet" "$@" | tr ' ' '\n' | sort | xargs)
  [ "$got" = "$expected" ] || fail "bash offers '$got' instead of '$expected' for: octet $*"
}
bash -c '. "$1" && complete -p octet' - "$prefix/share/bash-completion/completions/octet" >/dev/null
completes "quantize" q
completes "bench compare convert inspect observe quantize run" help ""
completes "--image --input --iou --isa" run --i
completes "$("$octet" compare --help | sed -nE 's/^  +(-h,)?(--[a-z-]+).*/\2/p' | sort | xargs)" compare -
completes "MINMAX MSE" quantize --method M
completes "MINMAX MSE" quantize --method = M
completes "decoded raw" run m.octet --boxes ""
completes "float.onnx photographs" quantize ""
completes "photographs settings.json" quantize --json float.onnx x.octet ""
completes "photographs settings.json" compare --threads 2 float.onnx --report = r.html x.octet ""
completes "photographs picture.PNG" run x.octet --image ""
completes "array.npy photographs" run x.octet --input ""
completes "page.html photographs settings.json" quantize --report ""
completes "photographs" compare --images ""
completes "part1.stats photographs" quantize --statistics ""
completes "photographs settings.json" observe --shard 1/2 float.onnx ""
completes "" bench --threads ""
completes "" inspect float.onnx ""
completes "float.onnx photographs" convert float.onnx ""
completes "" convert float.onnx x.tflite ""
for shell in zsh fish; do
  command -v $shell >/dev/null 2>&1 || { echo "SKIPPED syntax of the completion for $shell: $shell is not here"; continue; }
  for file in $completions; do
    case $shell:$file in zsh:*_octet | fish:*.fish) $shell -n "$file" || fail "$file is not valid" ;; esac
  done
done
echo "manual page and completions say what the command says"
