# fish completion of octet. Commands and options are those that the installed command's --help lists.

function __octet_commands
    octet --help 2>/dev/null | sed -n '/^Commands/,/^$/s/^  \([a-z]*\)  *\(.*\)/\1\t\2/p'
end

function __octet_options
    set -l words (commandline -opc)
    octet $words[2] --help 2>/dev/null | sed -nE 's/^ +(-h,)?(--[a-z-]+)([^ ]* )?.*/\2/p'
end

function __octet_previous_is
    contains -- (commandline -opc)[-1] $argv
end

# Files, those with one of the endings first, and folders.
function __octet_files
    for ending in $argv
        __fish_complete_suffix .$ending
    end
end

set -l valued --method --weight-method --isa --boxes --report --config --image --input --output --draw --labels --images \
    --cache --statistics --out --shape --shard --threads --warmup --top --score-threshold --iou --label-offset

complete -c octet -f
complete -c octet -n '__fish_is_first_token' -a '(__octet_commands)'
complete -c octet -n '__fish_is_first_token' -a 'help --help --version'
complete -c octet -n 'not __fish_is_first_token; and string match -q -- "-*" (commandline -ct)' -a '(__octet_options)'
complete -c octet -n '__octet_previous_is --method' -a 'AUTO KL ADMM EMA MINMAX PERCENTILE MSE'
complete -c octet -n '__octet_previous_is --weight-method' -a 'MAX_ABS ADMM MSE'
complete -c octet -n '__octet_previous_is --isa' -a 'ref avx2 avxvnni avx512vnni256 avx512vnni avx512vbmi'
complete -c octet -n '__octet_previous_is --boxes' -a 'raw decoded'
complete -c octet -n '__octet_previous_is --report' -a '(__octet_files html json)'
complete -c octet -n '__octet_previous_is --config' -a '(__octet_files json)'
complete -c octet -n '__octet_previous_is --image' -a '(__octet_files jpg jpeg png)'
complete -c octet -n '__octet_previous_is --input --output' -a '(__octet_files npy)'
complete -c octet -n '__octet_previous_is --draw' -a '(__octet_files png)'
complete -c octet -n '__octet_previous_is --labels' -F
complete -c octet -n '__octet_previous_is --statistics --out' -a '(__octet_files stats)'
complete -c octet -n '__octet_previous_is --images --cache' -a '(__fish_complete_directories)'
complete -c octet -n "not __fish_is_first_token; and not __octet_previous_is $valued" \
    -a '(__octet_files onnx mnn tflite octet json)'
