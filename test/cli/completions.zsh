# Types each of the arguments into a zsh that has just started, presses the tab key, and prints the line that came of it.
# FOLDER holds the script, as a folder of $fpath does.
zmodload zsh/zpty
zpty typed zsh -f -i
zpty -w typed "source ${0:A:h}/completions.rc.zsh"
zpty -r typed out $'*@@ready@@\r\n*'
for line in "$@"; do
  zpty -w -n typed "$line"$'\t\x0f'
  zpty -r typed out '*@@*@@*'
  out=${${out##*@@narr}%%@@*}
  print -r -- "narr$out"
done
zpty -d typed
