from . import audit, auth, devices, employees, jwks, passwords, permissions, sessions
