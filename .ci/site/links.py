"""Check a built site: every link leads to a page and a place on it, and no page loads anything from another host."""
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src", "embed": "src", "object": "data"}
STYLE_LOADS = re.compile(r"""(?:url\(\s*['"]?|@import\s+['"])((?:https?:)?//[^'")\s]+)""")


class Page(HTMLParser):
    """Links, loaded addresses and places of one HTML page."""

    def __init__(
        self,
        text: str,
    ) -> None:
        """Read the page."""
        super().__init__()
        self.links, self.loads, self.places, self.in_style = [], [], {"", "top"}, False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag links to, loads and names."""
        given = {name: value or "" for name, value in attrs}
        self.in_style = tag == "style"
        self.loads += STYLE_LOADS.findall(given.get("style", ""))
        self.places |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and {"stylesheet", "icon", "preload", "preconnect", "dns-prefetch"} & set(given.get("rel", "").split()):
            self.loads.append(given.get("href", ""))
        elif tag in LOADED and given.get(LOADED[tag]):
            self.loads.append(given[LOADED[tag]])

    def handle_endtag(self, tag: str) -> None:
        """Note that a style sheet ends."""
        self.in_style = self.in_style and tag != "style"

    def handle_data(self, data: str) -> None:
        """Note what a style sheet in the page loads."""
        self.loads += STYLE_LOADS.findall(data) if self.in_style else []


def broken(
    site: Path,  # folder of the built site
) -> list[str]:
    """Name every internal link that leads nowhere and everything that a page or style sheet loads from outside or that is missing."""
    paths = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]  # the theme has a template there
    pages, complaints = {path: Page(path.read_text(encoding="utf-8")) for path in paths}, []
    for path, one in pages.items():
        name = path.relative_to(site)
        for address in one.links + one.loads:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                complaints += [f"{name}: loads {address[:100]}"] * (address in one.loads and parts.scheme != "data")
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file():
                complaints.append(f"{name}: {address} is not there")
            elif target in pages and unquote(parts.fragment) not in pages[target].places:
                complaints.append(f"{name}: {address}: no such place on the page")
    for sheet in sorted(site.rglob("*.css")):
        complaints += [f"{sheet.relative_to(site)}: loads {address}" for address in STYLE_LOADS.findall(sheet.read_text(encoding="utf-8", errors="replace"))]
    return complaints


if __name__ == "__main__":
    if found := broken(Path(sys.argv[1]).resolve()):
        sys.exit("\n".join([*found, f"{len(found)} links are broken"]))
