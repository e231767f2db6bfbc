"""What the cluster is held against: HAProxy and nginx, and servers that do nothing."""
import os
import socket

from load import HERE
from processes import children, wait_for


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def fill_in(template, destination, **values):
    """Copies a template of this folder, with each @NAME@ replaced."""
    with open(os.path.join(HERE, template)) as source:
        text = source.read()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    with open(destination, "w") as target:
        target.write(text)


class Server:
    """A process that listens at a port of its own; `kind` says whose processor time it takes."""

    def __init__(self, stage, kind, name):
        self.stage, self.kind, self.port = stage, kind, free_port()
        self.folder = stage.path(f"{name}-{self.port}")
        self.url = f"http://127.0.0.1:{self.port}"
        os.makedirs(self.folder)

    def begin(self, *command):
        with open(self.folder + "/err", "w") as err:
            self.process = self.stage.start(*command, errors=err)
        wait_for(f"{command[0]}, see {self.folder}/err", lambda: listens(self.port))
        return self

    def address(self):
        return f"127.0.0.1:{self.port}"

    def processes(self):
        return {self.kind: [self.process.pid, *children(self.process.pid)]}

    def close(self):
        self.stage.stop(self.process)


def nothing(stage, build):
    """Answers everything with 201 and a sale's length of blanks; one thread."""
    server = Server(stage, "servers", "nothing")
    return server.begin(f"{build}/nothing", "--listen", server.address())


def files(stage, lengths):
    """nginx with static files. `lengths`: path → bytes, all of which are a hole."""
    server = Server(stage, "servers", "files")
    os.makedirs(server.folder + "/files")
    for path, length in lengths.items():
        with open(server.folder + "/files" + path, "wb") as file:
            file.truncate(length)
    os.chmod(stage.folder, 0o711)  # nginx's workers are not root
    fill_in("origin.conf.in", server.folder + "/conf", PORT=server.port, FOLDER=server.folder)
    return server.begin("nginx", "-p", server.folder, "-c", server.folder + "/conf")


def haproxy(stage, addresses, limit, splices=False):
    """`limit`: requests at a server at once, the others queue; 0: none. `splices`: bodies are moved from socket
    to socket within the kernel, through pipes that need twice the descriptors."""
    server = Server(stage, "balancer", "haproxy")
    bound = f" maxconn {limit}" if limit else ""
    lines = [f"    server s{number} {address}{bound}" for number, address in enumerate(addresses)]
    fill_in("haproxy.cfg.in", server.folder + "/cfg", PORT=server.port, SERVERS="\n".join(lines),
            MORE="    option splice-response" if splices else "", MAXCONN=1024 if splices else 8192)
    return server.begin("haproxy", "-db", "-f", server.folder + "/cfg")


def nginx(stage, addresses, limit):
    """`limit`: idle connections that each worker keeps to the servers."""
    server = Server(stage, "balancer", "nginx")
    lines = [f"        server {address};" for address in addresses]
    fill_in("nginx.conf.in", server.folder + "/conf", PORT=server.port, FOLDER=server.folder,
            LIMIT=limit, SERVERS="\n".join(lines))
    return server.begin("nginx", "-p", server.folder, "-c", server.folder + "/conf")
