"""The local accounts and every group each is in, from the system's own account database."""

from __future__ import annotations

import sys
from collections import defaultdict

from workbench.host.context import Context
from workbench.model.facts import Account, AccountFacts, SectionState, Unread
from workbench.text import visible

ACCOUNT_LIMIT = 20_000
"""A directory service may list a whole company; more than this is cut, and the cut is a stated fact."""

MEMBER_LIMIT = 200_000


def gather(context: Context) -> AccountFacts:
    """Every account and group that the account database lists."""
    if context.platform == "win32" or sys.platform == "win32":
        return AccountFacts(
            SectionState("not applicable", reason="Windows has no uids and groups; its access lists are not read")
        )
    import grp
    import pwd

    unread: list[Unread] = []
    users = pwd.getpwall()[: ACCOUNT_LIMIT + 1]
    groups = grp.getgrall()[: ACCOUNT_LIMIT + 1]
    for kind, found in (("accounts", users), ("groups", groups)):
        if len(found) > ACCOUNT_LIMIT:
            del found[ACCOUNT_LIMIT:]
            unread.append(Unread(kind, f"the {kind} after the first {ACCOUNT_LIMIT}", "there are too many to read all"))
    if all(user.pw_uid != context.uid for user in users):
        # A directory service that does not list its accounts still knows the one that asks.
        try:
            users.append(pwd.getpwuid(context.uid))
        except (KeyError, OverflowError, TypeError):
            pass
    memberships: defaultdict[str, set[int]] = defaultdict(set)
    members = 0
    for group in groups:
        for member in group.gr_mem:
            members += 1
            if members <= MEMBER_LIMIT:
                memberships[member].add(group.gr_gid)
    if members > MEMBER_LIMIT:
        unread.append(Unread("groups", "some memberships", f"the groups have more than {MEMBER_LIMIT} members"))
    accounts = {
        (user.pw_uid, user.pw_name): Account(
            uid=user.pw_uid,
            name=visible(user.pw_name),
            gid=user.pw_gid,
            groups=tuple(sorted({user.pw_gid, *memberships[user.pw_name]})),
            home=visible(user.pw_dir),
            shell=visible(user.pw_shell),
        )
        for user in users
    }
    return AccountFacts(
        state=SectionState("partial" if unread else "complete", unread=tuple(unread)),
        accounts=tuple(accounts[place] for place in sorted(accounts)),
        groups=tuple(sorted({group.gr_gid: visible(group.gr_name) for group in reversed(groups)}.items())),
    )
