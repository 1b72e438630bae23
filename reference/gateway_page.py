"""The gateway's frames and addresses as a page, from its two documents."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from reference.markup import Links, contents, inline, page, prose, table

FILE = "gateway.html"
ASYNCAPI, OPENAPI = "gateway.asyncapi.json", "gateway.openapi.json"
SIDES = {"client": "From the client", "server": "From the server"}


def gateway_page(asyncapi: Mapping[str, Any], openapi: Mapping[str, Any]) -> str:
    messages: Mapping[str, Any] = asyncapi["components"]["messages"]
    schemas: Mapping[str, Any] = asyncapi["components"]["schemas"]
    names = {
        title: [name for name in messages if name.startswith(f"{side}.")] for side, title in SIDES.items()
    }
    links = {name.removeprefix("client."): f"#{name}" for name in names["From the client"]}
    links |= {name: f"#{name}" for name in schemas}
    parts = [
        prose(asyncapi["info"]["description"], {}),
        f'<p>For machines: <a href="{ASYNCAPI}">AsyncAPI</a> for the frames, <a href="{OPENAPI}">OpenAPI</a> for HTTP.</p>',
        "<h2>Addresses</h2>",
        *(_route(path, way, route) for path, ways in openapi["paths"].items() for way, route in ways.items()),
    ]
    for title, group in names.items():
        parts.append(f"<h2>{title}</h2>")
        parts += [_section(name, messages[name]["name"], messages[name], links) for name in group]
    parts.append("<h2>What the API answered</h2>")
    parts += [_section(name, name, {"payload": schema}, links) for name, schema in schemas.items()]
    menu = {"Addresses": {path: path for path in openapi["paths"]}}
    menu |= {title: {each.split(".", 1)[1]: each for each in group} for title, group in names.items()}
    menu["What the API answered"] = {name: name for name in schemas}
    return page(FILE, "\n".join(parts), contents(menu))


def _route(path: str, method: str, route: Mapping[str, Any]) -> str:
    answers = [
        (f"<code>{status}</code>", inline(each["description"], {}))
        for status, each in route["responses"].items()
    ]
    asked = [
        (f"<code>{each['name']}</code>", each["in"], inline(each.get("description", ""), {}))
        for each in route.get("parameters", ())
    ]
    return (
        f'<section id="{path}"><h3><span class="method">{method.upper()}</span> <code>{path}</code></h3>'
        f"{prose(route.get('description') or route['summary'], {})}"
        f"{table(('parameter', 'in', 'meaning'), asked)}{table(('answer', 'meaning'), answers)}</section>"
    )


def _section(anchor: str, title: str, message: Mapping[str, Any], links: Links) -> str:
    schema = message["payload"]
    rows = [
        (
            f"<code>{name}</code>",
            "" if name in schema["required"] else "may be absent",
            f"<code>{typed(each, links)}</code>",
            inline(each.get("description", ""), links),
        )
        for name, each in schema["properties"].items()
        if name not in ("type", "traceparent")
    ]
    return (
        f'<section id="{anchor}"><h3><a href="#{anchor}">{escape(title)}</a></h3>'
        f"{prose(message.get('summary'), links)}{table(('field', 'presence', 'type', 'meaning'), rows)}</section>"
    )


def typed(schema: Mapping[str, Any], links: Links) -> str:
    """A JSON Schema in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="{links[name]}">{name}</a>'
    if "anyOf" in schema:
        return " | ".join(typed(each, links) for each in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(escape(json.dumps(each), quote=False) for each in schema["enum"])
    kinds = schema.get("type", "any")
    if kinds == "array":
        return f"[{typed(schema['items'], links)}]"
    if isinstance(kinds, list):
        return " | ".join(typed({**schema, "type": each}, links) for each in kinds)
    return f"{kinds} ({schema['format']})" if kinds == "string" and "format" in schema else kinds
