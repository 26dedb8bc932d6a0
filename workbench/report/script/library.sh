# --- From here to the end every such script says the same. -------------------------------------------------------

# What a step sets.
number='' kind='' folder='' held='' name='' shown='' before='' after='' mode=''
staged='' shape='' keep='' # of an edit
format='' old_mode='' ends='' # of a mode

say() { printf '%s\n' "$*"; }

refuse() {
    printf '%s\n' "$*" >&2
    exit 5
}

# The SHA-256 of a file, by whichever program this system has.
digest_of() {
    if command -v sha256sum >/dev/null 2>&1; then
        sum=$(sha256sum <"$1")
    elif command -v shasum >/dev/null 2>&1; then
        sum=$(shasum -a 256 <"$1")
    else
        sum=$(openssl dgst -sha256 -r <"$1")
    fi
    printf '%s\n' "${sum%% *}"
}

# Go to the folder of a step, and stay there: what happens to its path afterwards leads nowhere else. A folder that is
# reached through a link now, or that is another one, is not the one that was looked at.
enter() {
    CDPATH='' cd -P "$folder" 2>/dev/null && test "$(pwd -P && echo .)" = "$folder
." && test "$(stat -c %d:%i:%u .)" = "$held"
}

# Do one thing (the second word) with one step (its number), in its folder.
at() (
    "step_$1"
    enter || refuse "the folder of $shown is not there, or leads elsewhere now"
    "${kind}_$2"
)

# The new bytes of an edit are made of parts of the file as it is: from this byte on, so many.
part() { tail -c "+$1" "./$name" | head -c "$2"; }

# --- A file whose bytes change ---

# Whether the file is as it was looked at (old), as it is to be (new), or anything else.
edit_state() {
    if test -L "./$name" || ! test -f "./$name"; then
        say "it is gone, or is no file"
    elif test "$(stat -c %f:%u:%g:%h "./$name")" != "$shape"; then
        say "its mode, its owner or its number of names is another one than it was"
    else
        case $(digest_of "./$name") in
        "$before") say old ;;
        "$after") say new ;;
        *) say "its content changed since it was looked at" ;;
        esac
    fi
}

edit_keep() {
    if test "$(edit_state)" = new; then
        test -f "$store/$number" && test "$(digest_of "$store/$number")" = "$before"
        return
    fi
    cat "./$name" >"$store/$number.new" && test "$(digest_of "$store/$number.new")" = "$before" &&
        mv -f "$store/$number.new" "$store/$number"
}

edit_make() { edit_publish "bytes_$number" old "$after"; }

edit_undo() { edit_publish edit_kept new "$before"; }

edit_kept() { cat "$store/$number"; }

edit_undoable() { test -f "$store/$number" && test "$(digest_of "$store/$number")" = "$before"; }

# Write the bytes to a file beside, which only you can read until the very end, and put it in the place of the file in
# one step, only if it is what was promised and the file still is as it was.
edit_publish() {
    edit_tidy
    (set -C && : >"./$staged") || refuse "no file can be made beside $shown"
    # The mode, the owner, the access list and the attributes first. Then the bytes, under 0600.
    if cp "$keep" "./$name" "./$staged" && chmod 0600 "./$staged" && "$1" >"./$staged" && chmod "$mode" "./$staged"; then
        if test "$(digest_of "./$staged")" != "$3"; then
            why="the new file is not what was promised"
        elif test "$(stat -c %f:%u:%g:%h "./$staged")" != "$shape"; then
            why="its mode and owner could not be kept"
        elif test "$2" = old && ! "accepts_$number"; then
            why="the program that reads it does not accept it"
        elif ! flush "./$staged" || test "$(edit_state)" != "$2"; then
            why="it changed this very moment"
        elif mv -f "./$staged" "./$name"; then
            flush . || :
            return 0
        else
            why="the system refused to replace it"
        fi
    else
        why="a copy of it could not be written beside it"
    fi
    edit_tidy
    refuse "$shown: $why; it is as it was"
}

edit_tidy() { rm -f "./$staged"; }

flush() { sync "$1" 2>/dev/null || sync; }

# --- A file, a folder or a socket whose mode changes ---

mode_state() {
    now=$(stat -c "$format" "./$name" 2>/dev/null) || now=
    if test "$now" = "$before"; then
        say old
    elif test "$now" = "$after"; then
        say new
    elif test -z "$now" && test "$ends" = yes; then
        say gone
    else
        say "it was replaced, or its mode or owner was changed since it was looked at"
    fi
}

mode_keep() { :; }

mode_make() { chmod "$mode" "./$name" && test "$(mode_state)" = new; }

mode_undo() { chmod "$old_mode" "./$name" && test "$(mode_state)" = old; }

mode_undoable() { :; }

mode_tidy() { :; }

# --- All steps together ---

# Where the file stood is kept, for the undo: a folder of your own, which nobody else can read or write.
find_store() {
    home=${XDG_STATE_HOME:-}
    case $home in
    /*) ;;
    *) home=${HOME:?}/.local/state ;;
    esac
    store=$home/workbench/scripts/$digest
}

make_store() {
    if ! mkdir -p "$store" || test "$(stat -c %f:%u "$store")" != "41c0:$(id -u)"; then
        refuse "the folder for the backup cannot be made, or is not yours alone: $store; nothing was changed"
    fi
}

apply() {
    todo=
    for each in $steps; do
        state=$(at "$each" state) || refuse "refused, nothing was changed"
        case $state in
        old) todo="$todo $each" ;;
        new) at "$each" tidy ;;
        *) refuse "refused, nothing was changed: $(name_of "$each"): $state. Make a new plan and a new script." ;;
        esac
    done
    if test -z "$todo"; then
        say "Everything is as this script would make it: nothing was changed."
        return
    fi
    make_store
    for each in $steps; do
        at "$each" keep || refuse "refused, nothing was changed: $(name_of "$each") could not be backed up in $store"
    done
    sync
    begun=
    trap 'take_back' EXIT
    trap 'exit 130' HUP INT TERM PIPE
    for each in $todo; do
        begun="$each $begun"
        at "$each" make || exit 5
        say "done: $(name_of "$each")"
    done
    trap - EXIT HUP INT TERM PIPE
    say "To take it back: sh $0 undo"
}

# Something failed or you stopped it: put back what was done until then.
take_back() {
    trap - EXIT
    trap '' HUP INT TERM PIPE
    for each in $begun; do
        at "$each" tidy
        case $(at "$each" state) in
        old | gone) ;;
        new) at "$each" undo && say "put back: $(name_of "$each")" >&2 ;;
        *) say "$(name_of "$each") is not as it was made, and was left so; what stood there is in $store" >&2 ;;
        esac
    done
    say "It did not succeed. To see how everything is now: sh $0" >&2
    exit 5
}

undo() {
    todo=
    for each in $steps; do
        state=$(at "$each" state) || refuse "refused, nothing was changed"
        case $state in
        new)
            at "$each" undoable || refuse "refused, nothing was changed: no backup of $(name_of "$each") is in $store"
            todo="$each $todo"
            ;;
        old) at "$each" tidy ;;
        gone) say "$(name_of "$each") has ended, and its mode with it" ;;
        *) refuse "refused, nothing was changed: $(name_of "$each"): $state. What is there now was left alone." ;;
        esac
    done
    if test -z "$todo"; then
        say "Nothing is left to take back: nothing was changed."
        return
    fi
    for each in $todo; do
        at "$each" undo || refuse "$(name_of "$each") could not be taken back; run this again, or look in $store"
        say "taken back: $(name_of "$each")"
    done
}

name_of() (
    "step_$1"
    say "$shown"
)

look() {
    explain
    for each in $steps; do
        state=$(at "$each" state 2>&1)
        case $state in
        old) state="as it was looked at; this script would change it" ;;
        new) state="as this script would make it" ;;
        esac
        say "  now: $(name_of "$each"): $state"
    done
    say
    say "Nothing was done. To do it: sh $0 apply. To take it back afterwards: sh $0 undo."
}

test "$(uname -s)" = Linux || refuse "this is for the Linux machine that it was made on; nothing was changed"
test "$(id -u)" = "$account" || refuse "this is for the account with the number $account; nothing was changed"
find_store
case ${1-} in
apply | undo) "$1" ;;
'') look ;;
*) refuse "say apply, undo, or nothing at all" ;;
esac
