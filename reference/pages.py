"""All pages and what they show, by their files. What is made from the gateway's code lies in docs/reference/, so that pages can be
had without the gateway's libraries."""

import json
from collections.abc import Mapping
from pathlib import Path

from reference import gateway_page, pictures, results, results_page, schema_page
from schema.source import Publish, ours

KEPT = Path(__file__).resolve().parent.parent / "docs" / "reference"
"""What is committed of it: for readers of the repository, and for machines."""
STYLE = Path(__file__).parent / "style.css"


def pages(publish: Publish = "sender") -> Mapping[str, bytes]:
    """Of an API that publishes like this."""
    kept = {
        path.name: path.read_bytes() for path in sorted(KEPT.iterdir()) if path.suffix in (".json", ".svg")
    }
    documents = (json.loads(kept[name]) for name in (gateway_page.ASYNCAPI, gateway_page.OPENAPI))
    texts = {
        schema_page.FILE: schema_page.schema_page(ours(publish)),
        gateway_page.FILE: gateway_page.gateway_page(*documents),
        pictures.FILE: pictures.pictures_page(),
        results_page.FILE: results_page.results_page(results.records()),
    }
    return {**{name: text.encode() for name, text in texts.items()}, **kept, "style.css": STYLE.read_bytes()}
