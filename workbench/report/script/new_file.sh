# --- A file that is not there yet. So says every script that makes one. ---

levels='' # how many folders on the way to it are missing

# Go down the folders that were missing to the one of the file, and call it last. With the word make they are made.
# What it ends with: 0 there, 1 not all are there, 2 one of them could be led elsewhere.
descend() {
    last=$name depth=0
    while test "$depth" -lt "$levels"; do
        next=${last%%/*}
        if ! test -e "./$next" && ! test -L "./$next"; then
            test "$1" = make || return 1
            mkdir "./$next" || return 2
            chmod 00700 "./$next" || return 2
            flush . || :
        fi
        if test -L "./$next" || ! test -d "./$next"; then return 2; fi
        CDPATH='' cd -P "./$next" 2>/dev/null || return 2
        test "$(stat -c %u .)" = "$account" || return 2
        case $(stat -c %A .) in
        ?????w* | ????????w*) return 2 ;;
        esac
        last=${last#*/}
        depth=$((depth + 1))
    done
}

new_state() {
    descend look
    case $? in
    0) ;;
    1)
        say old
        return
        ;;
    *)
        say "a folder on the way to it is a link, is no folder, or is not yours alone to write"
        return
        ;;
    esac
    if twice || ! { test -e "./$last" || test -L "./$last"; }; then
        say old
    elif test -L "./$last" || ! test -f "./$last"; then
        say "there is something else of that name"
    elif test "$(stat -c %f:%u:%g:%h "./$last")" != "$shape"; then
        say "it is there, and its mode, its owner or its number of names is not as this script makes it"
    elif test "$(digest_of "./$last")" = "$after"; then
        say new
    else
        say "it is there, and its content is not what this script makes"
    fi
}

# Whether a sudden end left the file under both names: it was given its own, and not yet taken the passing one.
twice() {
    test -f "./$staged" && ! test -L "./$last" && test -f "./$last" &&
        test "$(stat -c %d:%i "./$staged")" = "$(stat -c %d:%i "./$last")" &&
        test "$(digest_of "./$last")" = "$after"
}

# Keep how many of the folders were there, so that no other is removed.
new_keep() {
    test -f "$store/$number" && return
    test "$(new_state)" = old || return 1
    descend look
    say "$depth" >"$store/$number.new" && mv -f "$store/$number.new" "$store/$number"
}

new_make() {
    descend make || refuse "the folders on the way to $shown could not be made"
    if ! twice; then
        rm -f "./$staged"
        (set -C && : >"./$staged") || refuse "no file can be made beside $shown"
        if ! "bytes_$number" >"./$staged" || ! chmod "$mode" "./$staged"; then
            why="it could not be written"
        elif test "$(digest_of "./$staged")" != "$after"; then
            why="the new file is not what was promised"
        elif test "$(stat -c %f:%u:%g:%h "./$staged")" != "$shape"; then
            why="the system gave it another mode or owner than was asked for"
        elif ! flush "./$staged"; then
            why="it could not be brought onto the disk"
        elif ! ln -T "./$staged" "./$last"; then
            # A second name is never put in the place of anything, not even of a link that leads nowhere.
            why="the system refused to give it its name, or another file has it now"
        else
            why=
        fi
        if test -n "$why"; then
            rm -f "./$staged"
            refuse "$shown: $why; it was not made"
        fi
    fi
    rm -f "./$staged"
    flush . || :
}

new_undoable() { test -f "$store/$number"; }

new_undo() {
    test "$(new_state)" = new || return 1
    descend look || return 1
    # Out of the way first, and looked at there: what was written in the last moment must not be lost.
    if test -e "./$staged.aside" || ! mv -f "./$last" "./$staged.aside"; then return 1; fi
    if test "$(digest_of "./$staged.aside")" != "$after"; then
        new_give_back
        return 1
    fi
    rm -f "./$staged" "./$staged.aside"
    flush . || :
    new_forget
}

# What an undo moved out of the way goes, unless somebody wrote it meanwhile: then it gets its name back.
new_give_back() {
    test -f "./$staged.aside" || return 0
    if test "$(digest_of "./$staged.aside")" = "$after" || ln -T "./$staged.aside" "./$last"; then
        rm -f "./$staged.aside"
    fi
}

new_tidy() {
    descend look
    case $? in
    0)
        if twice; then rm -f "./$last"; fi
        rm -f "./$staged"
        new_give_back
        if test -e "./$last" || test -L "./$last"; then return; fi
        ;;
    1) ;;
    *) return ;; # what lies behind a folder that could lead elsewhere is not touched
    esac
    new_forget
}

# The file is not there: remove the folders that were made for it, innermost first, where they are empty.
new_forget() (
    test -f "$store/$number" && enter || return 0
    there=$(cat "$store/$number")
    way=$name
    while test "$levels" -gt "$there"; do
        way=${way%/*}
        levels=$((levels - 1))
        rmdir "./$way" 2>/dev/null || ! test -e "./$way" || break
    done
    flush . || :
    rm -f "$store/$number"
)

