from . import auth, passwords, sessions, devices, employees, permissions, audit, jwks
