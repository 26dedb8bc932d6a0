"""Listen on the unix socket named by the first argument (a name that starts with "@" is abstract) and greet."""

import socket
import sys

name = sys.argv[1]
with socket.socket(socket.AF_UNIX) as listener:
    listener.bind("\0" + name[1:] if name.startswith("@") else name)
    listener.listen(8)
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"hello\n")
