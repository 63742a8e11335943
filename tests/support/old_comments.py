"""Files of other comment systems: an export of Disqus and a database of Isso, with the same discussion in each."""

import sqlite3
from contextlib import closing
from pathlib import Path

# The schema of Isso 0.13 (isso/db/comments.py, threads.py), as far as an import reads it.
_ISSO_SCHEMA = """
CREATE TABLE threads (id INTEGER PRIMARY KEY, uri VARCHAR(256) UNIQUE, title VARCHAR(256));
CREATE TABLE comments (
  tid REFERENCES threads(id), id INTEGER PRIMARY KEY, parent INTEGER, created FLOAT NOT NULL, modified FLOAT, mode INTEGER,
  remote_addr VARCHAR, text VARCHAR, author VARCHAR, email VARCHAR, website VARCHAR, likes INTEGER DEFAULT 0,
  dislikes INTEGER DEFAULT 0, voters BLOB NOT NULL, notification INTEGER DEFAULT 0
);
"""


def write_isso(path: Path, address: str) -> Path:
    """A database with five comments: an opener with votes, a reply, one that waits, a deleted one with a reply."""
    rows = [
        (1, 1, None, 1_500_000_000.25, 1_500_000_500.0, 1, "10.0.0.1", "The *opener*.", "Ada", "ada@example.org",
         "https://ada.example", 5, 2),
        (1, 2, 1, 1_500_000_100.0, None, 1, "10.0.0.2", "A reply.", None, None, None, 0, 0),
        (1, 3, None, 1_500_000_200.0, None, 2, "10.0.0.3", "It waits.", "Cem", "not an address", "javascript:alert(1)", 0, 0),
        (1, 4, None, 1_500_000_300.0, None, 4, "10.0.0.4", "", None, None, None, 0, 0),
        (1, 5, 4, 1_500_000_400.0, None, 1, "10.0.0.5", "To a deleted one.", "Eva", None, None, 0, 0),
    ]  # fmt: skip
    with closing(sqlite3.connect(path)) as database:
        database.executescript(_ISSO_SCHEMA)
        database.execute("INSERT INTO threads VALUES (1, ?, 'The lake')", (address,))
        database.executemany("INSERT INTO comments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, x'00', 0)", rows)
        database.commit()
    return path


def disqus_post(
    number: int, message: str, *, parent: int | None = None, spam: bool = False, deleted: bool = False
) -> str:
    """One post of the thread 100, a minute after the one before it."""
    above = f'<parent dsq:id="{parent}"/>' if parent is not None else ""
    return f"""<post dsq:id="{number}"><id>{number}</id><message><![CDATA[{message}]]></message>
      <createdAt>2019-05-01T10:{number % 60:02}:00Z</createdAt>
      <isDeleted>{str(deleted).lower()}</isDeleted><isSpam>{str(spam).lower()}</isSpam>
      <author><name>Reader {number}</name><isAnonymous>false</isAnonymous><username>reader{number}</username></author>
      <thread dsq:id="100"/>{above}</post>"""


def write_disqus(path: Path, address: str, posts: str) -> Path:
    """An export with one thread and a deleted one."""
    path.write_text(f"""<?xml version="1.0" encoding="utf-8"?>
<disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals">
<category dsq:id="1"><forum>paper</forum><title>General</title><isDefault>true</isDefault></category>
<thread dsq:id="100"><id>1</id><forum>paper</forum><category dsq:id="1"/><link>{address}</link><title>The lake</title>
  <message/><createdAt>2019-05-01T09:00:00Z</createdAt><isClosed>false</isClosed><isDeleted>false</isDeleted></thread>
<thread dsq:id="101"><id>2</id><forum>paper</forum><category dsq:id="1"/><link>https://old.example/gone</link><title/>
  <message/><createdAt>2019-05-01T09:00:00Z</createdAt><isClosed>false</isClosed><isDeleted>true</isDeleted></thread>
{posts}
</disqus>""", "utf-8")  # fmt: skip
    return path
