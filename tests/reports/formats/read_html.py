"""Reads a page, insists that its elements are closed in their order, and prints as JSON its text,
its headings, the rows of its tables and the addresses it refers to."""
import html.parser
import json
import sys

VOID = {"meta", "br", "link", "img"}


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open = []
        self.headings, self.rows, self.addresses, self.text = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.addresses += [value for name, value in attrs if name in ("src", "href", "action")]
        if tag in ("h1", "h2", "h3"):
            self.headings.append("")
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            sys.exit(f"</{tag}> at {self.getpos()} closes what is not open")

    def handle_data(self, data):
        if "style" in self.open:
            return
        self.text.append(data)
        if {"h1", "h2", "h3"} & set(self.open):
            self.headings[-1] += data
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


page = Page()
with open(sys.argv[1], encoding="utf-8") as file:
    page.feed(file.read())
page.close()
if page.open:
    sys.exit(f"left open: {page.open}")
json.dump({"text": "".join(page.text), "headings": page.headings, "rows": page.rows,
           "addresses": page.addresses}, sys.stdout)
