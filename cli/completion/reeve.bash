# bash completion of reeve and autosd
_reeve() {
  local IFS=$'\n' words=("${COMP_WORDS[@]:1:COMP_CWORD}") lines
  lines=$("${COMP_WORDS[0]}" __complete "${words[@]}" 2>/dev/null) || return
  if [[ $lines == :files* ]]; then
    COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
    compopt -o filenames 2>/dev/null
    return
  fi
  COMPREPLY=()
  local line
  for line in $lines; do COMPREPLY+=("${line%%$'\t'*}"); done
}
complete -F _reeve reeve autosd
