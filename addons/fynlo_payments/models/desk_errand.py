"""Errands of back-office buttons that ask somebody outside: they run once the button's transaction is over.

No lock is held and no transaction is open while a provider takes its time, as with requests of tills. The
web client gets its answer after the errand, and then reads what came of it.
"""


def after_commit(env, errand):
    """Run ``errand()`` after the commit of this request, before its answer is sent.

    It opens its own cursors. What it raises reaches whoever pressed the button; what was committed stays.
    A transaction that is rolled back runs nothing.
    """
    env.cr.postcommit.add(errand)
