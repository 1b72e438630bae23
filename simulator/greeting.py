"""What `make run` says when it is ready."""

from collections.abc import Sequence

from simulator.auth.issuers import Issuer
from simulator.auth.modes import Source
from simulator.server import Address
from simulator.settings import DEFAULT_PORT, REGION, Settings

SELECTION = "id roomId senderId text ts seq epoch clientMessageId"
SIGNED = f"""--aws-sigv4 aws:amz:{REGION}:appsync --user "$(key AccessKeyId):$(key SecretAccessKey)" -H "X-Amz-Security-Token: $(key SessionToken)\""""
"""How curl signs."""


def greeting(address: Address, settings: Settings, issuers: Sequence[Issuer]) -> str:
    """That the API is there, and how to use it: its first line is what other programs wait for."""
    send = f'mutation {{ sendMessage(roomId: \\"lobby\\", text: \\"hello\\") {{ {SELECTION} }} }}'
    read = '{ messages(roomId: \\"lobby\\") { items { seq senderId text ts } nextToken head { rev seq ts epoch } } }'
    is_signed = settings.auth[:1] == (Source.IAM,)
    by = SIGNED if is_signed else '-H "Authorization: $TOKEN"'
    curl = f"""curl -s {address.url} {by} -H 'Content-Type: application/json'"""
    port = "" if address.port == DEFAULT_PORT else f" PORT={address.port}"
    return (
        f"ready {address.url}\n{_secure(address)}"
        f"realtime {address.url.replace('http', 'ws', 1)}/realtime\n"
        f"{''.join(f'issuer {issuer.url}' + chr(10) for issuer in issuers)}"
        f"{'' if settings.page == 'off' else f'page {address.page}' + chr(10)}\n"
        "To hear a room, in a second shell:\n"
        f"make -s subscribe ROOM=lobby USER=bob{_auth(settings)}{port}\n\n"
        "To send and to read, in a third:\n"
        f"{_credentials(settings, port)}\n"
        f"""{curl} -d '{{"query": "{send}"}}'\n"""
        f"""{curl} -d '{{"query": "{read}"}}'\n\n"""
        "Ctrl-C ends it. Requests are not logged, failures are: LOG=info make run logs both."
    )


def _secure(address: Address) -> str:
    if not address.tls_port:
        return ""
    host = f"{address.host}:{address.tls_port}"
    return f"tls https://{host}/graphql\nrealtime wss://{host}/graphql/realtime\n"


def _auth(settings: Settings) -> str:
    """How a token of the default mode is asked for."""
    if not settings.auth:
        return ""
    form = f" FORM={settings.form}" if settings.form and settings.auth[0] is Source.OIDC else ""
    return f" AUTH={settings.auth[0]}{form}"


def _credentials(settings: Settings, port: str) -> str:
    """Alice's, in a shell's variable. Tokens of issuers name the port."""
    if not settings.auth:
        return "TOKEN=$(make -s token USER=alice)"
    asked = f"make -s token USER=alice{_auth(settings)}{port}"
    if settings.auth[0] is not Source.IAM:
        return f"TOKEN=$({asked})"
    return f"""KEY=$({asked}); key() {{ echo "$KEY" | sed 's/.*"'$1'": "\\([^"]*\\)".*/\\1/'; }}"""
