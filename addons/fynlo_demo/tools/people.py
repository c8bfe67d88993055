"""Who works in the demo. PINs and the password are public: never build the demo in a real restaurant's database."""

from dataclasses import dataclass

PASSWORD = "margherita-with-basil"  # noqa: S105 - published demo data


@dataclass(frozen=True, slots=True)
class Person:
    """An employee; without a location one may work at every location of the company."""

    name: str
    role: str
    pin: str
    location: str | None = None
    email: str | None = None


PIZZA_STAFF = (
    Person("Olivia Hart", "owner", "9001", email="owner@pizza.example"),
    Person("Marcus Bell", "manager", "8001", "Soho", "manager.soho@pizza.example"),
    Person("Priya Shah", "manager", "8002", "Camden", "manager.camden@pizza.example"),
    Person("Elena Rossi", "supervisor", "7001", "Soho"),
    Person("Tom Okafor", "supervisor", "7002", "Camden"),
    Person("Sam Carter", "cashier", "6001", "Soho"),
    Person("Ines Duarte", "cashier", "6002", "Camden"),
    Person("Jamie Wood", "server", "5001", "Soho"),
    Person("Aisha Khan", "server", "5003", "Soho"),
    Person("Leo Martin", "server", "5002", "Camden"),
    Person("Nina Novak", "server", "5004", "Camden"),
    Person("Gino Conti", "kitchen", "4001", "Soho"),
    Person("Mei Chen", "kitchen", "4002", "Camden"),
)
BISTRO_STAFF = (
    Person("Claire Dubois", "owner", "9002", email="owner@bistro.example"),
    Person("Hugo Petit", "server", "5005", "Bistro"),
)
