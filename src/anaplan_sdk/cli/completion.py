"""The command `anaplan completion`: scripts that make shells ask for completions."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from anaplan_sdk.cli.command import examples

# They run the command with variables that `completion_reply` reads; it prints the completions.
# Where there are none, shells complete paths.
_BASH = r"""
_anaplan() {
    local reply
    COMPREPLY=()
    while IFS= read -r reply; do
        COMPREPLY+=("$reply")
    done < <(_ANAPLAN_COMPLETE=bash _ANAPLAN_LINE="${COMP_LINE:0:COMP_POINT}" \
        _ANAPLAN_WORD="$2" _ANAPLAN_LISTING="$COMP_TYPE" COLUMNS="$COLUMNS" "$1" 2>/dev/null)
}
complete -o bashdefault -o default -F _anaplan anaplan
"""
_ZSH = r"""
#compdef anaplan
_anaplan() {
    local reply value help before="${(F)${(@Q)words[1,CURRENT-1]}}"
    local -a shown
    while IFS= read -r reply; do
        value="${reply%%$'\t'*}"
        help="${reply#*$'\t'}"
        shown+=("${value//:/\\:}${help:+:$help}")
    done < <(_ANAPLAN_COMPLETE=zsh _ANAPLAN_WORDS="$before"$'\n'"$words[CURRENT]" \
        "${(Q)words[1]}" 2>/dev/null)
    if (( ! $#shown )); then
        _files
    else
        [[ "$PREFIX" == -*=* ]] && compset -P '*='
        _describe -V anaplan shown
    fi
}
if [[ "$funcstack[1]" == _anaplan ]]; then
    _anaplan "$@"
else
    compdef _anaplan anaplan
fi
"""
_FISH = r"""
function __anaplan_complete
    set -lx _ANAPLAN_COMPLETE fish
    set -l word (commandline -ct)
    set -l before (commandline -opc | string collect)
    set -lx _ANAPLAN_WORDS "$before"\n"$word"
    set -l replies (command anaplan 2>/dev/null)
    if test (count $replies) -gt 0
        printf '%s\n' $replies
    else
        __fish_complete_path (commandline -ct)
    end
end
complete --command anaplan --no-files --keep-order --arguments '(__anaplan_complete)'
"""
_POWERSHELL = r"""
Register-ArgumentCompleter -Native -CommandName anaplan -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
        ForEach-Object { if ($_.Value -is [string]) { $_.Value } else { $_.Extent.Text } })
    $words += $wordToComplete -replace '^[''"]|[''"]$', ''
    $before = [Console]::OutputEncoding
    try {
        [Console]::OutputEncoding = [System.Text.Encoding]::UTF8
        $Env:_ANAPLAN_COMPLETE = 'powershell'
        $Env:_ANAPLAN_WORDS = $words -join "`n"
        anaplan 2>$null | ForEach-Object {
            $value, $help = $_ -split "`t", 2
            $text = $value
            if ($value -notmatch '^[\w./=+-]+$') { $text = "'" + ($value -replace "'", "''") + "'" }
            if (-not $help) { $help = $value }
            [System.Management.Automation.CompletionResult]::new(
                $text, $value, 'ParameterValue', $help)
        }
    } finally {
        [Console]::OutputEncoding = $before
        Remove-Item Env:_ANAPLAN_COMPLETE, Env:_ANAPLAN_WORDS -ErrorAction SilentlyContinue
    }
}
"""
_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH, "powershell": _POWERSHELL}


@examples(
    'eval "$(anaplan completion bash)"',
    "anaplan completion fish > ~/.config/fish/completions/anaplan.fish",
    "anaplan completion powershell | Out-String | Invoke-Expression",
)
def completion(
    context: typer.Context,  # noqa: ARG001 - every command takes it
    shell: Annotated[
        Literal["bash", "zsh", "fish", "powershell"],
        typer.Argument(metavar="SHELL", help="bash, zsh, fish or powershell."),
    ],
) -> None:
    """Print the completion script of a shell.

    It makes the Tab key complete commands, options, and names of profiles, workspaces, models,
    files, imports and the like. The key signs in as commands do, but never asks; what Anaplan
    lists is kept in your cache folder for five minutes.

    The examples install it: the first in ~/.bashrc, and with 'zsh' instead of 'bash' in ~/.zshrc
    after compinit; the second once, for fish; the third in PowerShell's $PROFILE.
    """
    print(_SCRIPTS[shell].strip())
