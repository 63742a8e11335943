"""Sample views with every part of a page, for tests, benchmarks and the preview."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from services.rendering.pages.comment_models import CommentsView, CommentView, ThreadView
from services.rendering.pages.models import (
    ArticleView,
    Card,
    Correction,
    CorrectionLine,
    CorrectionsView,
    ErrorView,
    FieldChange,
    FoundView,
    HistoryView,
    HomeView,
    Link,
    ListView,
    Picture,
    SearchView,
    SectionBlock,
    StaticView,
    TextRun,
    VersionView,
)
from services.rendering.pages.popular_models import ArchiveView, PeriodLink, PopularItem, PopularTab, PopularView
from shared.events import WINDOWS
from shared.pictures import PictureFacts

# With milliseconds, like all our times.
NOW = datetime(2026, 11, 23, 14, 5, 7, 420_000, tzinfo=UTC)

STORIES = (
    (
        "world",
        "Ports of the Gulf agree on one clock for ships that wait",
        "A shared queue is to end the race to anchor.",
    ),
    ("africa", "Nairobi’s night buses learn to follow their passengers", "Routes redraw themselves every evening."),
    ("economy", "Grain prices steady as the autumn harvest comes in larger than feared", ""),
    ("climate", "A wall of acacias grows around Lake Chad", "Eleven years on, the first trees shade a market."),
    ("sports", "Goalkeepers", ""),
    (
        "technology",
        "A phone network that runs on what the village pump leaves over",
        "Surplus solar power has a second job.",
    ),
    ("crypto", "Regulators in three capitals publish one rulebook for stablecoins", ""),
    (
        "middle-east",
        "Baghdad and Erbil settle a payroll dispute that outlived four cabinets",
        "Salaries are to be paid monthly.",
    ),
)
LONG_HEADLINE = (
    "Negotiators from eleven countries agree after two nights of talks on a shared plan for the river’s "
    "waters, its dams and its drought years"
)
BODY = """
<p>The harbour masters met for three days in a hall that smells of varnish and coffee. When they came out,
they had agreed on something that sounds small: from the first of March, a ship’s place in the queue will be
fixed <em>when it leaves port</em>, not when it arrives. “We have been paying captains to hurry up and wait,”
said one of them.</p>
<p>Some 2,500 vessels a year race across the <a href="/tag/gulf">northern Gulf</a> only to lie at anchor for
days. Researchers at two universities put the fuel burnt for nothing at 190,000 tonnes.</p>
<h2>A queue that travels</h2>
<p>The new clock keeps each place for as long as the ship sails at the speed it has announced. Arriving early
gains nothing.</p>
<blockquote><p>It is the first time that going slower makes you no later. My crew will sleep, and so shall
I.</p></blockquote>
<ul><li>Twelve ports take part, from Basra to Salalah.</li><li>Tankers carrying <strong>medicine or
grain</strong> may pass.</li></ul>
<h3>What it costs</h3>
<table><thead><tr><th>Port</th><th>Wait, days</th><th>Fuel,
t</th></tr></thead><tbody><tr><td>Basra</td><td>4.2</td><td>31,000</td></tr>
<tr><td>Salalah</td><td>1.9</td><td>12,400</td></tr></tbody></table>
<p>The ports will publish the queue, <code>berth by berth</code>, so that anyone can check that nobody has
been let in before their turn. Whether it holds will be seen in the first storm. For now, the anchorage is the
quietest it has been in years, and the pilots have taken up fishing.</p>
"""
ARABIC_BODY = """
<p>اجتمع مدراء الموانئ ثلاثة أيام في قاعة تفوح منها رائحة القهوة. وحين خرجوا كانوا قد اتفقوا على أمر يبدو
صغيرًا: اعتبارًا من الأول من مارس يُحدَّد دور السفينة <em>حين تغادر</em> لا حين تصل. وقال أحدهم: «كنا ندفع
للقباطنة كي يسرعوا ثم ينتظروا».</p>
<h2>طابور يسافر</h2>
<p>نحو ٢٥٠٠ سفينة في العام تتسابق عبر شمال الخليج لترسو أيامًا. ويقدّر باحثون الوقود المحترق بلا طائل بنحو ١٩٠
ألف طن.</p>
<blockquote><p>هذه أول مرة لا يؤخرنا فيها الإبطاء. سينام طاقمي، وسأنام أنا أيضًا.</p></blockquote>
<p>ستنشر الموانئ الطابور رصيفًا رصيفًا حتى يتأكد الجميع من أن أحدًا لم يسبق دوره.</p>
"""


def picture(number: int) -> Picture:
    """A picture of our own store, with its texts."""
    return Picture(
        url=facts(number).original_path,
        alt="Illustration: ships at anchor before a harbour of cranes",
        caption="Ships wait outside the harbour. From March, their places will be known before they sail.",
        credit="Drawing: World Monitor",
        media=facts(number),
    )


def facts(number: int, width: int = 2400, height: int = 1600) -> PictureFacts:
    """A picture of our own store, by its size."""
    return PictureFacts(
        id=f"01JD000000000000000000000{number}",
        folder=f"{number}123456789abcdef",
        stamp="0a1b2c3d",
        width=width,
        height=height,
        original="original-0a1b2c3d.jpg",
        size_bytes=456_789,
        color="#8a6a4a",
    )


def stored_picture(number: int, width: int = 2400, height: int = 1600) -> Picture:
    """A picture of our own store with its texts."""
    known = facts(number, width, height)
    return replace(picture(number), url=known.original_path, media=known)


def card(number: int, pictured: bool = True) -> Card:
    """An article of a series: each is at least an hour older than the one before."""
    section, headline, standfirst = STORIES[number % len(STORIES)]
    return Card(
        article_id=f"a{number}",
        url=f"/{section}/story-{number}",
        headline=headline,
        standfirst=standfirst,
        section=section,
        published_at=NOW - timedelta(hours=3 * number + number**2),
        bylines=("Amina Odhiambo",),
        picture=picture(number) if pictured else None,
    )


def arabic_card(number: int) -> Card:
    """An article in Arabic, for a list of English ones."""
    return replace(
        card(number),
        language="ar",
        headline="موانئ الخليج تتفق على ساعة واحدة للسفن المنتظرة",
        standfirst="طابور مشترك ينهي السباق إلى المرسى.",
    )


def comment(number: int, depth: int = 0, answers: int = 0) -> CommentView:
    """A reader's comment."""
    return CommentView(
        comment_id=f"c{number}",
        name=("Salma K.", "يوسف", "Jean-Baptiste Oyono-Mbarga", "Tom")[number % 4],
        website="https://reader.example" if number % 3 == 0 else "",
        body_html="<p>My uncle piloted there for thirty years. He would have liked this, and not believed it.</p>",
        created_at=NOW - timedelta(minutes=17 * number),
        depth=depth,
        reply_to_id=f"c{answers}" if depth else "",
        reply_to_name="Salma K." if depth else "",
        edited_at=NOW if number % 10 == 1 else None,
        votes_up=(12, 0, 1, 1204)[number % 4],
        votes_down=number % 4,
        picked=number % 20 == 2,
    )


def comments(threads: int, page: int = 1, pages: int = 1) -> CommentsView:
    """Threads with three replies each, two of them deep."""
    listed = tuple(
        ThreadView(
            comment(10 * thread),
            (
                comment(10 * thread + 1, 1, 10 * thread),
                comment(10 * thread + 2, 2, 10 * thread + 1),
                comment(10 * thread + 3, 5, 10 * thread + 2),
            ),
        )
        for thread in range(threads)
    )
    return CommentsView(total=4 * threads * pages, threads=listed, page=page, pages=pages)


def article() -> ArticleView:
    """An article with all parts."""
    return ArticleView(
        article_id="01JD0000000000000000000001",
        url="/world/ports-of-the-gulf",
        headline="Ports of the Gulf agree on one clock for ships that wait",
        standfirst="A shared queue is to end the race to anchor, and with it a cloud of smoke that could be seen from space.",
        section="world",
        published_at=NOW - timedelta(hours=5),
        updated_at=NOW - timedelta(hours=1),
        corrected_at=NOW - timedelta(hours=1),
        corrections=(
            Correction(
                "An earlier version gave the number of ports as eleven. There are twelve.", NOW - timedelta(hours=1)
            ),
        ),
        body_html=BODY,
        bylines=(Link("Amina Odhiambo", "/author/amina-odhiambo"), Link("Karim al-Rashid", "/author/karim-al-rashid")),
        tags=(Link("Gulf", "/tag/gulf"), Link("Shipping", "/tag/shipping"), Link("خليج", "/tag/khalij")),
        picture=picture(0),
        previous=card(3),
        next=card(4, pictured=False),
        recommended=(card(1), card(2, pictured=False), card(5), arabic_card(6)),
        comments=comments(3),
        has_history=True,
    )


def arabic_article() -> ArticleView:
    """An article in Arabic with an English neighbour."""
    return replace(
        article(),
        url="/middle-east/mawani",
        section="middle-east",
        language="ar",
        headline="موانئ الخليج تتفق على ساعة واحدة للسفن المنتظرة",
        standfirst="طابور مشترك ينهي السباق إلى المرسى، ومعه سحابة دخان كانت تُرى من الفضاء.",
        body_html=ARABIC_BODY,
        bylines=(Link("كريم الراشد", "/author/karim-al-rashid"),),
        corrections=(Correction("ذكرت نسخة سابقة أن عدد الموانئ أحد عشر. والصحيح اثنا عشر.", NOW),),
        picture=replace(picture(0), caption="سفن تنتظر خارج الميناء.", credit="رسم: مرصد العالم"),
        years_old=3,
        recommended=(arabic_card(1), card(2)),
    )


def home() -> HomeView:
    """A full front page."""
    blocks = tuple(
        SectionBlock(story[0], tuple(replace(card(8 * line + place), section=story[0]) for line in range(1, 5)))
        for place, story in enumerate(STORIES)
    )
    latest = tuple(arabic_card(number) if number == 3 else card(number) for number in range(12))
    return HomeView(lead=card(0), seconds=(card(1), card(3)), blocks=blocks, latest=latest)


def section_list() -> ListView:
    """The front of a section."""
    cards = tuple(card(number, pictured=number % 4 != 2) for number in range(8))
    return ListView("section", "/africa", "Africa", cards, older=7, section="africa")


def tag_list() -> ListView:
    """A numbered page of a tag."""
    return ListView("tag", "/tag/gulf", "Gulf", (card(1), arabic_card(2)), page=3, older=2, newer=4)


def history() -> HistoryView:
    """The history of an article: each kind of version, changes in several fields, long and short."""
    text = (
        _runs(
            "The harbour masters met for three days in ", "-a hall", "+two halls", " that smell of varnish and coffee."
        ),
        _runs("-“We have been paying captains to hurry up and wait,” said one of them. Nobody disagreed."),
        _runs(
            "+The twelfth port joined on the last evening: see [the list](https://ports.example/a-long-address-of-a-list/2026)."
        ),
    )
    headline = FieldChange(
        "headline", (_runs("Ports of the Gulf agree on ", "-a", "+one", " clock for ships that wait"),)
    )
    tags = FieldChange("tags", (_runs("Gulf, ", "-Ships", "+Shipping"),))
    note = "An earlier version gave the number of ports as eleven. There are twelve."
    ports = FieldChange(
        "body_markdown", (_runs("All ", "-eleven", "+twelve", " ports take part from the first of March."),)
    )
    return HistoryView(
        url="/world/ports-of-the-gulf",
        headline="Ports of the Gulf agree on one clock for ships that wait",
        section="world",
        versions=(
            VersionView("corrected", NOW - timedelta(hours=1), note, (ports,)),
            VersionView("republished", NOW - timedelta(hours=2)),
            VersionView(
                "updated", NOW - timedelta(hours=3), changes=(headline, FieldChange("body_markdown", text), tags)
            ),
            VersionView("updated", NOW - timedelta(hours=4), is_cut=True),
            VersionView("published", NOW - timedelta(hours=5)),
        ),
    )


def _runs(*texts: str) -> tuple[TextRun, ...]:
    """Runs of words: `-` begins a removed one, `+` an added one."""
    kinds: dict[str, Literal["removed", "added"]] = {"-": "removed", "+": "added"}
    return tuple(TextRun(kinds[text[0]], text[1:]) if text[0] in kinds else TextRun("same", text) for text in texts)


def arabic_history() -> HistoryView:
    """The history of an article in Arabic."""
    note = "ذكرت نسخة سابقة أن عدد الموانئ أحد عشر. والصحيح اثنا عشر."
    ports = FieldChange(
        "body_markdown", (_runs("تشارك الموانئ ", "-الأحد عشر", "+الاثنا عشر", " كلها منذ الأول من مارس."),)
    )
    versions = (VersionView("corrected", NOW, note, (ports,)), VersionView("published", NOW - timedelta(hours=5)))
    article = arabic_article()
    return HistoryView(article.url, article.headline, article.section, versions, "ar")


def corrections() -> CorrectionsView:
    """A numbered page of corrections, one of them in Arabic."""
    notes = (
        "An earlier version gave the number of ports as eleven. There are twelve.",
        "The minister’s name is Adaeze, not Adaora. We took it from a transcript without listening to the recording.",
        "The map showed the border of 1993.",
    )
    lines = tuple(
        CorrectionLine(
            note,
            NOW - timedelta(days=place),
            f"/{STORIES[place][0]}/story-{place}",
            STORIES[place][1],
            STORIES[place][0],
        )
        for place, note in enumerate(notes)
    )
    arabic = arabic_article()
    line = CorrectionLine(
        arabic.corrections[0].note, NOW - timedelta(days=9), arabic.url, arabic.headline, arabic.section, "ar"
    )
    return CorrectionsView((*lines, line), page=3, older=2, newer=4)


def popular(language: str = "en") -> PopularView:
    """A ranking of five."""
    items = tuple(
        PopularItem(
            f"a{place}",
            STORIES[place][1],
            f"/{STORIES[place][0]}/story-{place}",
            STORIES[place][0],
            12431 // (place + 1),
        )
        for place in range(5)
    )
    windows = (*WINDOWS, "trending")
    tabs = tuple(PopularTab(window, f"/popular?window={window}", window == "24h") for window in windows)
    return PopularView("24h", NOW, items, language, tabs)


def archive(kind: Literal["day", "week"] = "day") -> ArchiveView:
    """The ranking of a past day, or of the week that is not over."""
    items = tuple(replace(item, views=(item.views or 0) // 3) for item in popular().items)
    days = tuple(PeriodLink(date(2026, 11, 23 + number), f"/popular/2026-11-{23 + number}") for number in range(5))
    week = PeriodLink(days[0].first, "/popular/2026-W48")
    if kind == "week":
        last_week = PeriodLink(date(2026, 11, 16), "/popular/2026-W47")
        last = date(2026, 11, 29)
        return ArchiveView("week", week.first, last, week.url, False, NOW, items, previous=last_week, days=days)
    return ArchiveView(
        kind="day",
        first=days[1].first,
        last=days[1].first,
        path=days[1].url,
        is_over=True,
        items=items,
        section="africa",
        previous=days[0],
        next=days[2],
        week=week,
    )


def rising() -> PopularView:
    """The block of the front page, late, and with articles that are rising."""
    view = popular()
    return replace(view, lateness="stale", rising=tuple(replace(item, views=None) for item in view.items[:3]))


def static_page() -> StaticView:
    """A static page."""
    return StaticView(
        "/about", "About", "<p>World Monitor reports from the Middle East and Africa.</p><h2>How</h2><p>Slowly.</p>"
    )


def lost(status: int = 404) -> ErrorView:
    """An error page."""
    return ErrorView(status, tuple(card(number) for number in range(4)))


def results() -> SearchView:
    """Search results: with marks, in two languages, and a page of our own."""
    return SearchView(
        "clock & queue",
        "world",
        found=(
            FoundView(
                "/world/ports", STORIES[0][1], "the new <mark>clock</mark> keeps each place &amp; rank …", "world", NOW
            ),
            FoundView("/middle-east/x", "ساعة واحدة للموانئ", "… كل <mark>ساعة</mark> …", "middle-east", NOW, "ar"),
            FoundView("/about", "About", "Who keeps the <mark>clock</mark> here."),
        ),
        total=23,
        page=2,
        pages=3,
        latest=latest(),
    )


def latest() -> tuple[Card, ...]:
    """Cards for pages without results."""
    return lost(404).latest
