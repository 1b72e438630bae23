"""What browsers are told of the page in the cloud is what the local server tells them, which the tests in browsers meet."""

import re
from pathlib import Path

from simulator.page.headers import PAGE_HEADERS, content_security_policy

TYPED = {
    "X-Content-Type-Options": ("content_type_options", "nosniff"),
    "X-Frame-Options": ('frame_option = "DENY"', "DENY"),
    "Referrer-Policy": ('referrer_policy = "no-referrer"', "no-referrer"),
}
"""Headers that CloudFront has a form of its own for, with what stands there and what it sends."""
OF_THE_OBJECTS = {"Cache-Control"}
"""What each file says itself: `terraform/upload_page.py`."""
OF_THE_DEPLOYMENT = {"connect-src", "img-src", "media-src"}


def test_the_policy_has_the_same_directives_and_nothing_inline(project: Path) -> None:
    text = (project / "terraform" / "page.tf").read_text(encoding="utf-8")
    block = text[text.index("page_policy = {") : text.index('resource "aws_s3_bucket" "page"')]
    deployed = {name: " ".join(re.findall(r'"([^"]*)"', rest)) for name, rest in directives(block)}
    local = dict(each.split(" ", 1) for each in content_security_policy("chat.example", None).split("; "))
    assert set(deployed) == set(local)
    assert {name: deployed[name] for name in deployed if name not in OF_THE_DEPLOYMENT} == {
        name: local[name] for name in local if name not in OF_THE_DEPLOYMENT
    }
    assert "unsafe" not in block


def directives(block: str) -> list[tuple[str, str]]:
    """Names, and what stands after them on their line."""
    return re.findall(r"^        ([a-z]+-[a-z]+) += (.*)$", block, re.MULTILINE)


def test_the_other_headers_are_the_same(project: Path) -> None:
    text = (project / "terraform" / "page_distribution.tf").read_text(encoding="utf-8")
    own = dict(re.findall(r'^        ([A-Z][\w-]+) += "(.*)"$', text, re.MULTILINE))
    own |= {name: value for name, (form, value) in TYPED.items() if form in text}
    expected = {name: value for name, value in PAGE_HEADERS.items() if name not in OF_THE_OBJECTS}
    assert own == expected | {"Cross-Origin-Resource-Policy": "same-origin"}
