from . import (
    connection,
    connection_import,
    connection_retention,
    device_presence,
    stream_position,
)
