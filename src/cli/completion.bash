# bash completion of octet. Commands and options are those that the installed command's --help lists.

# _octet_words WORD CHOICE...: those of the choices that begin with the word.
_octet_words() {
  mapfile -t COMPREPLY < <(compgen -W "${*:2}" -- "$1")
}

# _octet_files WORD ENDINGS: folders, and files with one of the endings (a|b|c; empty: any).
_octet_files() {
  local entry
  compopt -o filenames 2>/dev/null
  COMPREPLY=()
  while IFS= read -r entry; do
    [[ -d $entry || -z $2 || $entry =~ \.($2)$ ]] && COMPREPLY+=("$entry")
  done < <(compgen -f -- "$1")
}

# _octet_value WORD OPTION: what can stand behind an option; fails where the option takes no value.
_octet_value() {
  case $2 in
    --method) _octet_words "$1" AUTO KL ADMM EMA MINMAX PERCENTILE MSE ;;
    --weight-method) _octet_words "$1" MAX_ABS ADMM MSE ;;
    --isa) _octet_words "$1" ref avx2 avxvnni avx512vnni256 avx512vnni avx512vbmi ;;
    --boxes) _octet_words "$1" raw decoded ;;
    --report) _octet_files "$1" "html|json" ;;
    --config) _octet_files "$1" "json" ;;
    --image) _octet_files "$1" "jpg|jpeg|JPG|JPEG|png|PNG" ;;
    --input | --output) _octet_files "$1" "npy" ;;
    --draw) _octet_files "$1" "png" ;;
    --labels) _octet_files "$1" "" ;;
    --statistics | --out) _octet_files "$1" "stats" ;;
    --images | --cache)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$1")
      ;;
    --shape | --shard | --threads | --warmup | --top | --score-threshold | --iou | --label-offset) COMPREPLY=() ;;
    *) return 1 ;;
  esac
  return 0
}

_octet() {
  local octet=$1 word=$2 previous=$3 command=${COMP_WORDS[1]} i arguments=0
  COMPREPLY=()
  # "--option=value" arrives as three words.
  if [[ $word == "=" ]]; then
    word=
  elif [[ $previous == "=" ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  [[ ${COMP_WORDS[COMP_CWORD]} == "=" ]] && previous=${COMP_WORDS[COMP_CWORD - 1]}
  if ((COMP_CWORD == 1)) || { ((COMP_CWORD == 2)) && [[ $command == help ]]; }; then
    local words=$("$octet" --help 2>/dev/null | sed -n '/^Commands/,/^$/s/^  \([a-z]*\) .*/\1/p')
    ((COMP_CWORD == 1)) && words+=" help --help --version"
    _octet_words "$word" $words
    return
  fi
  if [[ $word == -* ]]; then
    _octet_words "$word" $("$octet" "$command" --help 2>/dev/null | sed -nE 's/^ +(-h,)?(--[a-z-]+).*/\2/p')
    return
  fi
  _octet_value "$word" "$previous" && return
  for ((i = 2; i < COMP_CWORD; ++i)); do
    case ${COMP_WORDS[i]} in
      --json | --layers | --csv | --md | --fix-sizes | --float-where-faster | --strict | --help | -h) ;;
      -*)
        ((++i))
        [[ ${COMP_WORDS[i]} == "=" ]] && ((++i))
        ;;
      *) ((++arguments)) ;;
    esac
  done
  case $command:$arguments in
    quantize:2 | compare:2 | observe:1) _octet_files "$word" "json" ;;
    quantize:[01] | compare:[01] | convert:[01] | observe:0 | run:0 | inspect:0 | bench:*)
      _octet_files "$word" "onnx|mnn|tflite|octet"
      ;;
  esac
}

complete -F _octet octet
