"""Installing the addon builds the demo restaurant."""


def post_init_hook(env):
    """Build what is missing; a second installation changes nothing."""
    env["fynlo.demo"]._build()
