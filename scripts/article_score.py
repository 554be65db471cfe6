"""Compares the article that Stroma reads from a file with the article in its source. Used by score_html.py and score_xml.py."""
import collections, json, re, subprocess

MIN_WORDS = 20
# Headings of sections that are left out on purpose and not counted: statements of the authors, and supplementary material.
ASIDE = re.compile(r"(\W|\d)*((the )?authors?['’]?s?['’]? |credit |potential |financial |declarations? of |statement of |sources? of |generative )*"
                   r"(contribut(ions?|orship)|acknowledge?ments?|(competing|conflicts? of|commercial) .*interests?|interests?|funding|support|grants?"
                   r"|disclosures?|declarations?|abbreviations|nomenclature|ethics|ethical|consent|(supplementary|supporting|supplemental|additional) "
                   r"(materials?|information|data|files?)|(data|code|availability of|accession)\b.*|institutional review board|informed consent|ai\b"
                   r"|biograph(y|ies)|information|copyright|publisher.s note|footnotes?|electronic supplementary material|pre-?publication history)"
                   r"(( and| of| for| to| in| on)? (\w+)){0,4}\W*$", re.I)


def words(text): return re.findall(r'\w+', text.lower().replace('\u200b', ''))
def grams(text): return {tuple(text[i:i + 4]) for i in range(max(1, len(text) - 3))}


def read(reader, path):
    """The article that the reader prints for a file, and its error, if any."""
    article = json.loads(subprocess.run([reader, path], capture_output=True, text=True, check=True).stdout)
    if 'error' not in article: return article, None
    empty = {'blocks': [], 'references': [], 'metadata': collections.defaultdict(lambda: None), 'warnings': []}
    return empty, article['error']


def paragraphs_read(article): return [block for block in article['blocks'] if block['kind'] == 'paragraph']


def best_matches(paragraphs, blocks):
    """For each paragraph (a list of words), the best word F1 of the blocks, and the index of that block."""
    counts = [collections.Counter(block) for block in blocks]
    holders = collections.defaultdict(set)
    for index, count in enumerate(counts):
        for word in count: holders[word].add(index)
    for p in paragraphs:
        c = collections.Counter(p)
        # A block with an F1 of 0.9 has nearly all of the rarest words of the paragraph.
        rare = sorted(c, key=lambda word: len(holders[word]))[:len(c) // 4 + 1]
        near = set().union(*(holders[word] for word in rare))
        yield max(((2 * sum((c & counts[i]).values()) / (len(p) + len(blocks[i])), i) for i in near), default=(0, None))


def furniture(blocks, inside):
    """The blocks of which less than 60 % of the sequences of four words are in `inside`, the article's own lists of words."""
    sequences = set().union(*map(grams, inside)) if inside else set()
    flat = ' ' + ' '.join(' '.join(part) for part in inside) + ' '
    def is_ours(b):
        if len(b) < 4: return ' ' + ' '.join(b) + ' ' in flat
        mine = grams(b)
        return len(mine & sequences) >= 0.6 * len(mine)
    return [b for b in blocks if b and not is_ours(b)]


def is_title(title, gold): return words(title or '') == words(gold) and '<' not in (title or '')
def is_author(authors, gold): return bool(authors) and gold.lower() in authors[0].lower()
def is_list(found, number): return abs(found - number) <= 0.05 * number
