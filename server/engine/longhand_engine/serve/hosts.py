"""Which names and addresses mean this machine."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Whether an address, or the name `localhost`, stays on this machine. Other names are not looked up."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def without_port(host: str) -> str:
    """The name in a Host header: `localhost` of `localhost:80`, `::1` of `[::1]:80`."""
    name, bracket, _ = host.partition("]")
    return name.strip("[") if bracket else host.partition(":")[0]
