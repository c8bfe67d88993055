from . import catalogue_version
