"""The page is what the program makes."""

from cost.page import PAGE, page


def test_the_page_is_made_of_what_there_is() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
