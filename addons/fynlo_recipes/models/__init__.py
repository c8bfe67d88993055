from . import bill_of_materials, kit_recipe, kit_waste
