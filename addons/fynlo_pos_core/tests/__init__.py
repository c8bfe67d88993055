from . import test_identity_sign_in
