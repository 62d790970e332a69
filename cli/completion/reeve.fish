# fish completion of reeve and autosd
function __reeve_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l lines ($words[1] __complete $words[2..-1] 2>/dev/null)
    if string match -q ':files*' -- $lines[1]
        __fish_complete_path (commandline -ct)
    else
        printf '%s\n' $lines
    end
end
for name in reeve autosd
    complete -c $name -f -a '(__reeve_complete)'
end
