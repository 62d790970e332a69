#compdef reeve autosd
_reeve() {
  local -a found
  local line
  for line in "${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -z $line ]] && continue
    if [[ $line == :files* ]]; then
      _files
      return
    fi
    found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  _describe 'reeve' found
}
if [[ ${funcstack[1]} == _reeve ]]; then _reeve "$@"; else compdef _reeve reeve autosd; fi
