"""Papers for the checks: some of different years and journals, and one whose every text would like to be markup."""

HOSTILE_TITLE = '<img src=x onerror=alert(1)>"><script>alert(2)</script>'
OVERRIDE = "\u202e"
LONG_WORD = "Pneumonoultramicroscopicsilicovolcanoconiosis" * 12

JOURNALS = ["Knees", "Joints & Bones", "Annals of Waking"]


def paper(number):
    year = 2009 + number
    return f"""---
title: "Noon stiffness of knees, {year}"
authors: [Ann Lee, Bo Kim]
year: {year}
journal: {JOURNALS[number % 3]}
doi: 10.5555/noon.{year}
type: review-article
---

## Results

In {year} stiffness at noon was measured in {20 + number} knees with a goniometer [1]. Noon stiffness fell by {number + 3} per cent after a walk [2].

## Discussion

Why noon stiffness of knees falls after a walk is not known; warmth may explain it [1].

## References

1. Straub RH. Circadian rhythms in arthritis. Rheumatology. 2007.
2. Kim B. A walk at noon. Knees. 2008.
"""


HOSTILE = f"""---
title: '{HOSTILE_TITLE}'
authors: ["<b onmouseover=alert(3)>Mallory</b>", "{OVERRIDE}eviL nnA"]
year: 2016
journal: "</script><svg onload=alert(4)>"
doi: 10.5555/hostile
keywords: ["javascript:alert(5)", "<iframe src=//elsewhere.example>"]
---

## Results of {OVERRIDE}gnitset &lt;img src=x onerror=alert(6)&gt;

Quixotic gadolinium markers `<img src=x onerror=alert(7)>` were given at dawn; &lt;script&gt;alert(8)&lt;/script&gt; {LONG_WORD} followed
{OVERRIDE}desrever si txet siht the quixotic gadolinium markers [1].

## References

1. Mallory M. &lt;img src=x onerror=alert(9)&gt; javascript:alert(10). Knees. 2011. doi:10.5555/x"onmouseover="alert(11).
"""

PAPERS = {f"noon-{number}.md": paper(number) for number in range(12)} | {"hostile.md": HOSTILE}

UPLOAD = """---
title: "Ankles at dusk"
doi: 10.5555/ankles.dusk
year: 2019
---

## Results

Ankles at dusk are as supple as wrists at dawn, as three small trials have shown.
"""
