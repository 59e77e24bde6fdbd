#compdef octet
# zsh completion of octet. Commands and options are those that the installed command's --help lists.

_octet_models() { _files -g '*.(onnx|mnn|tflite|octet)(-.)' }

_octet_value() {
  case $1 in
    --method) compadd AUTO KL ADMM EMA MINMAX PERCENTILE MSE ;;
    --weight-method) compadd MAX_ABS ADMM MSE ;;
    --isa) compadd ref avx2 avxvnni avx512vnni256 avx512vnni avx512vbmi ;;
    --boxes) compadd raw decoded ;;
    --report) _files -g '*.(html|json)(-.)' ;;
    --config) _files -g '*.json(-.)' ;;
    --image) _files -g '*.(jpg|jpeg|JPG|JPEG|png|PNG)(-.)' ;;
    --input|--output) _files -g '*.npy(-.)' ;;
    --draw) _files -g '*.png(-.)' ;;
    --labels) _files ;;
    --statistics|--out) _files -g '*.stats(-.)' ;;
    --images|--cache) _files -/ ;;
    --shape|--shard|--threads|--warmup|--top|--score-threshold|--iou|--label-offset) _message 'number' ;;
    *) return 1 ;;
  esac
  return 0
}

_octet() {
  local octet=$words[1] command=$words[2] word
  local -i arguments=0 i
  local -a found
  if (( CURRENT == 2 )) || [[ $CURRENT == 3 && $command == help ]]; then
    found=(${(f)"$($octet --help 2>/dev/null | sed -n '/^Commands/,/^$/s/^  \([a-z]*\)  *\(.*\)/\1:\2/p')"})
    (( CURRENT == 2 )) && found+=('help:the manual of a command' '--help:the list of commands' '--version:the version')
    _describe command found
    return
  fi
  if [[ $PREFIX == --*=* ]]; then
    local option=${PREFIX%%=*}
    compset -P '*='
    _octet_value $option
    return
  fi
  if [[ $PREFIX == -* ]]; then
    found=(${(f)"$($octet $command --help 2>/dev/null |
      sed -nE 's/^ +(-h,)?(--[a-z-]+).*/\2/p')"})
    compadd -a found
    return
  fi
  _octet_value $words[CURRENT-1] && return
  for (( i = 3; i < CURRENT; ++i )); do
    word=$words[i]
    case $word in
      --json|--layers|--csv|--md|--fix-sizes|--float-where-faster|--strict|--help|-h|--*=*) ;;
      -*) (( ++i )) ;;
      *) (( ++arguments )) ;;
    esac
  done
  case $command:$arguments in
    (quantize|compare):2|observe:1) _files -g '*.json(-.)' ;;
    (quantize|compare|convert):[01]|observe:0|run:0|inspect:0|bench:*) _octet_models ;;
  esac
}

_octet "$@"
