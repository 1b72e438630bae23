"""Templates of the texts that the law asks for, with the figures of the retention report: `python -m privacy.texts`, which
`make data` runs.

A template is `privacy/templates/{language}/{name}.template`. In it `{{kind}}` stands for how long a kind of the report is kept, in
words of its language; `{{kept/}}` is of the folder in which files are, whichever that is. What is made lies in `docs/privacy/`.
"""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from chat.deployment import Deployment
from privacy.configuration import configured, defaults
from privacy.retention import Kept, amount, report
from privacy.settings import Settings

TEMPLATES = Path(__file__).parent / "templates"
FOLDER = Path(__file__).parent.parent / "docs" / "privacy"
LANGUAGES = ("en", "es", "fr")
FIGURE = re.compile(r"\{\{([^{}]+)\}\}")
FOLDER_OF_FILES = re.compile(r"(?<=^kept/)\d+/$")
GENERATED = "<!-- Generated from privacy/templates/ by make data: docs/privacy.md#texts. -->\n"

_DAYS_OF_YEAR = 365
_UNITS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "en": {"hour": ("hour", "hours"), "day": ("day", "days"), "year": ("year", "years")},
    "es": {"hour": ("hora", "horas"), "day": ("día", "días"), "year": ("año", "años")},
    "fr": {"hour": ("heure", "heures"), "day": ("jour", "jours"), "year": ("an", "ans")},
}


def said(seconds: int, language: str) -> str:
    """A time in words: `365 days`, `3 years`, `23 horas`. Years are said from two on."""
    number, unit = amount(seconds)
    name = str(unit)
    if unit == "day" and number % _DAYS_OF_YEAR == 0 and number > _DAYS_OF_YEAR:
        number, name = number // _DAYS_OF_YEAR, "year"
    one, many = _UNITS[language][name]
    return f"{number} {one if number == 1 else many}"


def names() -> list[str]:
    """The names of the pages, `data-map.md`."""
    return sorted(f"{path.stem}.md" for path in (TEMPLATES / "en").glob("*.template"))


def template(language: str, name: str) -> str:
    """What the page of this name is made of."""
    return (TEMPLATES / language / name).with_suffix(".template").read_text(encoding="utf-8")


def text(language: str, name: str, kept: list[Kept]) -> str:
    """One text. Raises `KeyError` for a figure that the report does not have."""
    figures = {FOLDER_OF_FILES.sub("", each.kind): each.seconds for each in kept if each.seconds is not None}
    return GENERATED + FIGURE.sub(lambda found: said(figures[found[1]], language), template(language, name))


def texts(kept: list[Kept]) -> dict[str, str]:
    """All texts by their paths, `en/data-map.md`."""
    return {f"{language}/{name}": text(language, name, kept) for language in LANGUAGES for name in names()}


def write(folder: Path, made: Mapping[str, str]) -> None:
    """Raises `OSError`."""
    for name, content in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def lines(_: Deployment, own: Settings) -> list[dict[str, str]]:
    """The command `texts`: those of a deployment, into a folder. Raises `BadDeployment` and `OSError`."""
    made = texts(report(configured(own.deployment)))
    folder = own.into or FOLDER
    write(folder, made)
    return [{"text": str(folder / name)} for name in made]


if __name__ == "__main__":
    shutil.rmtree(FOLDER, ignore_errors=True)
    write(FOLDER, texts(report(defaults())))
