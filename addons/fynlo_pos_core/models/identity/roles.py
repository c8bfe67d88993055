"""Roles of a restaurant, lowest first: each may do what those before it may."""

ROLES = ("kitchen", "server", "cashier", "supervisor", "manager", "owner")
SELECTION = [(role, role.capitalize()) for role in ROLES]


def rank(role):
    """Place in the order of ``ROLES``; -1 for no role."""
    return ROLES.index(role) if role in ROLES else -1


def group_of(env, role):
    """The ``res.groups`` record of a role."""
    return env.ref(f"fynlo_pos_core.group_{role}")


def rank_of_user(user):
    """The highest rank among a user's groups; system administrators stand above all roles."""
    if user._is_superuser() or user.has_group("base.group_system") or user.has_group("fynlo_pos_core.group_platform"):
        return len(ROLES)
    return max((rank(role) for role in ROLES if user.has_group(f"fynlo_pos_core.group_{role}")), default=-1)
