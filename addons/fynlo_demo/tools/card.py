"""The card of the demo restaurant: what the data does not say, such as full names, drinks and extras."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pizza:
    """A pizza of the data: its full name, its kind, what is on it, allergens beside those of every pizza."""

    name: str
    kind: str
    toppings: str
    allergens: tuple[str, ...] = ()


PIZZAS = {
    "bbq_ckn": Pizza(
        "Barbecue Chicken",
        "Chicken",
        "Barbecued chicken, red peppers, green peppers, tomatoes, red onions, barbecue sauce",
        ("mustard", "celery"),
    ),
    "cali_ckn": Pizza(
        "California Chicken", "Chicken", "Chicken, artichoke, spinach, garlic, jalapeño peppers, fontina, gouda"
    ),
    "ckn_alfredo": Pizza(
        "Chicken Alfredo", "Chicken", "Chicken, red onions, red peppers, mushrooms, asiago, Alfredo sauce"
    ),
    "ckn_pesto": Pizza(
        "Chicken Pesto", "Chicken", "Chicken, tomatoes, red peppers, spinach, garlic, pesto sauce", ("nuts",)
    ),
    "southw_ckn": Pizza(
        "Southwest Chicken",
        "Chicken",
        "Chicken, tomatoes, red peppers, red onions, jalapeño peppers, corn, coriander, chipotle sauce",
    ),
    "thai_ckn": Pizza(
        "Thai Chicken",
        "Chicken",
        "Chicken, pineapple, tomatoes, red peppers, Thai sweet chilli sauce",
        ("soya", "fish"),
    ),
    "big_meat": Pizza("Big Meat", "Classic", "Bacon, pepperoni, Italian sausage, chorizo sausage", ("sulphites",)),
    "classic_dlx": Pizza(
        "Classic Deluxe", "Classic", "Pepperoni, mushrooms, red onions, red peppers, bacon", ("sulphites",)
    ),
    "hawaiian": Pizza("Hawaiian", "Classic", "Sliced ham, pineapple, mozzarella"),
    "ital_cpcllo": Pizza(
        "Italian Capocollo", "Classic", "Capocollo, red peppers, tomatoes, goat cheese, garlic, oregano", ("sulphites",)
    ),
    "napolitana": Pizza("Napolitana", "Classic", "Tomatoes, anchovies, green olives, red onions, garlic", ("fish",)),
    "pep_msh_pep": Pizza(
        "Pepperoni, Mushroom and Peppers", "Classic", "Pepperoni, mushrooms, green peppers", ("sulphites",)
    ),
    "pepperoni": Pizza("Pepperoni", "Classic", "Mozzarella, pepperoni", ("sulphites",)),
    "the_greek": Pizza("The Greek", "Classic", "Kalamata olives, feta, tomatoes, garlic, beef chuck roast, red onions"),
    "brie_carre": Pizza(
        "Brie Carre", "Supreme", "Brie carre, prosciutto, caramelised onions, pears, thyme, garlic", ("sulphites",)
    ),
    "calabrese": Pizza(
        "Calabrese",
        "Supreme",
        "Nduja salami, pancetta, tomatoes, red onions, friggitello peppers, garlic",
        ("sulphites",),
    ),
    "ital_supr": Pizza(
        "Italian Supreme",
        "Supreme",
        "Calabrese salami, capocollo, tomatoes, red onions, green olives, garlic",
        ("sulphites",),
    ),
    "peppr_salami": Pizza(
        "Pepper Salami", "Supreme", "Genoa salami, capocollo, pepperoni, tomatoes, asiago, garlic", ("sulphites",)
    ),
    "prsc_argla": Pizza(
        "Prosciutto and Rocket", "Supreme", "Prosciutto di San Daniele, rocket, mozzarella", ("sulphites",)
    ),
    "sicilian": Pizza(
        "Sicilian",
        "Supreme",
        "Coarse Sicilian salami, tomatoes, green olives, luganega sausage, onions, garlic",
        ("sulphites",),
    ),
    "soppressata": Pizza(
        "Soppressata", "Supreme", "Soppressata salami, fontina, mozzarella, mushrooms, garlic", ("sulphites",)
    ),
    "spicy_ital": Pizza(
        "Spicy Italian",
        "Supreme",
        "Capocollo, tomatoes, goat cheese, artichokes, peperoncini verdi, garlic",
        ("sulphites",),
    ),
    "spinach_supr": Pizza(
        "Spinach Supreme",
        "Supreme",
        "Spinach, red onions, pepperoni, tomatoes, artichokes, kalamata olives, garlic, asiago",
        ("sulphites",),
    ),
    "five_cheese": Pizza("Five Cheese", "Veggie", "Mozzarella, provolone, smoked gouda, romano, blue cheese, garlic"),
    "four_cheese": Pizza(
        "Four Cheese", "Veggie", "Ricotta, gorgonzola piccante, mozzarella, parmigiano reggiano, garlic"
    ),
    "green_garden": Pizza("Green Garden", "Veggie", "Spinach, mushrooms, tomatoes, green olives, feta"),
    "ital_veggie": Pizza(
        "Italian Vegetables",
        "Veggie",
        "Aubergine, artichokes, tomatoes, courgettes, red peppers, garlic, pesto sauce",
        ("nuts",),
    ),
    "mediterraneo": Pizza(
        "Mediterraneo",
        "Veggie",
        "Spinach, artichokes, kalamata olives, sun-dried tomatoes, feta, plum tomatoes, red onions",
    ),
    "mexicana": Pizza(
        "Mexicana",
        "Veggie",
        "Tomatoes, red peppers, jalapeño peppers, red onions, coriander, corn, chipotle sauce, garlic",
    ),
    "spin_pesto": Pizza(
        "Spinach Pesto", "Veggie", "Spinach, artichokes, tomatoes, sun-dried tomatoes, garlic, pesto sauce", ("nuts",)
    ),
    "spinach_fet": Pizza("Spinach and Feta", "Veggie", "Spinach, mushrooms, red onions, feta, garlic"),
    "veggie_veg": Pizza(
        "Vegetables and Vegetables",
        "Veggie",
        "Mushrooms, tomatoes, red peppers, green peppers, red onions, courgettes, spinach, garlic",
    ),
}
PIZZA_ALLERGENS = ("gluten", "milk")


@dataclass(frozen=True, slots=True)
class Item:
    """A drink, side or dessert: its price in pence and whether it is cold food, free of VAT when taken away."""

    code: str
    name: str
    category: str
    price: int
    allergens: tuple[str, ...] = ()
    cold_food: bool = False
    groups: tuple[str, ...] = ()


ITEMS = (
    Item("cola", "Cola 330 ml", "Drinks", 280, groups=("ice",)),
    Item("cola_zero", "Cola Zero 330 ml", "Drinks", 280, groups=("ice",)),
    Item("lemonade", "Sicilian lemonade 330 ml", "Drinks", 320, groups=("ice",)),
    Item("water", "Sparkling water 500 ml", "Drinks", 250, groups=("ice",)),
    Item("lager", "Lager pint", "Drinks", 590, ("gluten",)),
    Item("house_red", "House red 175 ml", "Drinks", 690, ("sulphites",)),
    Item("espresso", "Espresso", "Drinks", 260),
    Item("flat_white", "Flat white", "Drinks", 340, ("milk",), groups=("milk",)),
    Item("garlic_bread", "Garlic bread", "Sides", 550, ("gluten", "milk")),
    Item("dough_balls", "Dough balls", "Sides", 595, ("gluten", "milk")),
    Item("olives", "Marinated olives", "Sides", 420, ("sulphites",), cold_food=True),
    Item("side_salad", "Green side salad", "Sides", 495, ("mustard",), cold_food=True),
    Item("tiramisu", "Tiramisù", "Desserts", 650, ("eggs", "gluten", "milk", "sulphites"), cold_food=True),
    Item("gelato", "Vanilla gelato", "Desserts", 520, ("eggs", "milk"), cold_food=True),
)


@dataclass(frozen=True, slots=True)
class Group:
    """A question to the guest, its limits, and its answers with their prices in pence."""

    code: str
    name: str
    least: int
    most: int
    free: int
    answers: tuple[tuple[str, int], ...]


GROUPS = (
    Group("crust", "Crust", 1, 1, 0, (("Classic", 0), ("Thin", 0), ("Gluten free", 200), ("Stuffed", 250))),
    Group(
        "extras",
        "Extras",
        0,
        6,
        0,
        (
            ("Extra cheese", 150),
            ("Pepperoni", 180),
            ("Mushrooms", 120),
            ("Olives", 120),
            ("Chilli", 80),
            ("Rocket", 100),
        ),
    ),
    Group("dip", "Dip", 0, 3, 1, (("Garlic dip", 75), ("Barbecue dip", 75), ("Chilli dip", 75))),
    Group("allergy", "Allergy note", 0, 0, 0, (("No nuts", 0), ("No dairy", 0), ("No fish", 0), ("Coeliac", 0))),
    Group("ice", "Ice", 0, 1, 0, (("No ice", 0), ("Extra ice", 0), ("Slice of lemon", 0))),
    Group("milk", "Milk", 0, 1, 0, (("Oat milk", 40), ("Soya milk", 40), ("Skimmed milk", 0))),
)
PIZZA_GROUPS = ("crust", "extras", "dip", "allergy")
CATEGORIES = ("Pizza", "Sides", "Desserts", "Drinks", "Deals")
PIZZA_KINDS = ("Classic", "Chicken", "Supreme", "Veggie")
SOFT_DRINKS = ("cola", "cola_zero", "lemonade", "water")
DEAL_PRICE = 1650  # a medium pizza and a soft drink

#: Name, kind, value (basis points or pence), scope, permission.
DISCOUNTS = (
    ("Happy hour 10 %", "percent", 1000, "order", "discount.apply"),
    ("Staff meal 50 %", "percent", 5000, "order", "discount.apply"),
    ("£5 voucher", "amount", 500, "order", "discount.apply"),
    ("Kitchen error", "percent", 10_000, "line", "discount.apply"),
)

BISTRO_ITEMS = (
    Item("soup", "Onion soup", "Plats", 750, ("gluten", "milk")),
    Item("steak", "Steak frites", "Plats", 1950, ("milk",)),
    Item("brulee", "Crème brûlée", "Plats", 690, ("eggs", "milk")),
)
