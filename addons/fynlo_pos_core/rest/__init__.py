"""The API framework: routes, problems, shapes, idempotency, limits."""

from . import dispatcher, metrics, prefork_server, signaling
from .call import Identity, current_call, current_identity
from .problem import Invalid, NotFound, Problem, declare
from .representation import Answer
from .route import ANYONE, PAIRED, SIGNED_IN, api_route
