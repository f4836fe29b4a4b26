# What a user's ~/.zshrc does, no more; and a key, Ctrl-O, that prints the line and empties it.
PS1='' RPS1=''
unset zle_bracketed_paste
fpath=($FOLDER $fpath)
autoload -Uz compinit && compinit -u -D
shown() { print -r -- "@@$BUFFER@@"; BUFFER= }
zle -N shown
bindkey '^O' shown
unsetopt auto_menu auto_remove_slash beep
print -r -- '@@ready@@'
