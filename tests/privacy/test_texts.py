"""The texts that the law asks for: their figures are the report's, and they say the same in each language."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from chat.deployment import Deployment
from privacy import texts
from privacy.configuration import defaults
from privacy.retention import DAY_S, HOUR_S, report
from privacy.settings import Settings
from privacy.texts import FIGURE, FOLDER, LANGUAGES, TEMPLATES, names, said, template

KEPT = report(defaults())
MARKS = {
    "en": "**Template, not legal advice.** A lawyer must read",
    "es": "**Plantilla, no es asesoramiento jurídico.** Debe leerla un abogado",
    "fr": "**Modèle, pas un conseil juridique.** Un avocat doit le lire",
}


def test_the_files_are_those_that_the_configuration_makes() -> None:
    found = {str(path.relative_to(FOLDER)): path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.md")}
    assert found == texts.texts(KEPT), "make data"


def test_every_text_is_there_in_every_language() -> None:
    for language in LANGUAGES:
        assert sorted(f"{path.stem}.md" for path in (TEMPLATES / language).iterdir()) == names()
    assert names() == [
        "data-map.md",
        "messaging-terms.md",
        "privacy-policy.md",
        "processors.md",
        "records-of-processing.md",
    ]


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_says_that_a_lawyer_must_read_it(language: str, name: str) -> None:
    second = texts.text(language, name, KEPT).splitlines()[3]
    assert MARKS[language] in second


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("language", ["es", "fr"])
def test_each_language_has_the_same_parts_and_figures(language: str, name: str) -> None:
    """By paragraph: a figure that moved to another one would be about something else."""
    assert form(template(language, name)) == form(template("en", name))


def form(text: str) -> list[tuple[str, list[str], list[str]]]:
    """Of each line what it is, which figures it has, and where its links go."""
    return [
        (kind(line), sorted(FIGURE.findall(line)), re.findall(r"\]\(([^)]+)\)", line))
        for line in text.splitlines()
    ]


def kind(line: str) -> str:
    if line.startswith("|"):
        return "|" * line.count("|")
    return re.match(r"#+ |- |> |", line)[0] or ("text" if line else "")  # type: ignore[index]


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_figure_of_time_is_typed_by_hand(language: str, name: str) -> None:
    units = "|".join(word for pair in texts._UNITS[language].values() for word in pair)  # noqa: SLF001
    assert re.findall(rf"\b\d+ (?:{units})\b", template(language, name)) == []


def test_other_numbers_make_other_texts(tmp_path: Path) -> None:
    other = report(replace(defaults(), retention_days=90))
    assert "90 days" in texts.text("en", "privacy-policy.md", other)
    assert texts.texts(other) != texts.texts(KEPT)
    files = texts.text("en", "privacy-policy.md", report(replace(defaults(), file_days=31)))
    assert "Their files: 31 days after they were sent" in files
    assert "from storage they are deleted 91 days after" in files
    (tmp_path / "own.json").write_text('{"erasure_wait_days": 3}', encoding="utf-8")
    own = Settings(command="texts", deployment=tmp_path / "own.json", into=tmp_path / "made")
    made = list(texts.lines(Deployment(store=None), own))  # type: ignore[arg-type]
    assert len(made) == len(LANGUAGES) * len(names())
    policy = tmp_path / "made" / "fr" / "privacy-policy.md"
    assert "commence 3 jours après" in policy.read_text(encoding="utf-8")


def test_times_are_said_in_each_language() -> None:
    assert [said(each, "en") for each in (DAY_S, 23 * HOUR_S, 365 * DAY_S, 1_095 * DAY_S)] == [
        "1 day",
        "23 hours",
        "365 days",
        "3 years",
    ]
    assert (said(HOUR_S, "es"), said(2 * DAY_S, "fr")) == ("1 hora", "2 jours")
