#!/usr/bin/env python3
"""Measures how much of an article is read from its web page, and how much of the web site with it.

usage: score_html.py [--reader target/release/examples/json] [--dir ../shared/data/html] [--gold scripts/score_html.tsv] [-v]
                     [--without-classes | --without-metadata]

With `--without-classes` the reader gets the pages without their class names, with `--without-metadata` without their
`citation_*` tags: this shows how much the reader depends on the names that these publishers use.

The gold file has one line for each page: CSS selectors, written by hand for its publisher, of the article's paragraphs,
of the elements that hold all of the article (with captions and headings), of their parts that are not paragraphs, and
of the entries of the reference list; then the metadata. The page is parsed here independently, with Python's
html.parser. A page with "-" for its paragraphs has no article: an error, or an abstract with its mark, is the right
result.

Acknowledgements, funding and the like are left out on purpose and not counted. A paragraph of 20 words or more is
*recovered* when one paragraph that was read has a word F1 of 0.9 or more with it. A paragraph that was read is
*furniture* when less than 60 % of its sequences of four words are in the article's elements. References are right when
their number is within 5 %. Averages are over pages.
"""
import argparse, collections, os, re, statistics, tempfile
from html.parser import HTMLParser

from article_score import ASIDE, MIN_WORDS, best_matches, furniture, is_author, is_list, is_title, paragraphs_read, read, words

VOID = set('area base br col embed hr img input link meta param source track wbr'.split())
CLOSES_P = set('address article aside blockquote div dl fieldset figure footer form h1 h2 h3 h4 h5 h6 header hr main nav ol p pre section table ul'.split())
BLOCKS = CLOSES_P | set('body td th tr li dt dd caption figcaption br'.split())


class Node:
    def __init__(self, tag, attributes, parent):
        self.tag, self.attributes, self.parent, self.children = tag, attributes, parent, []
        self.classes = (attributes.get('class') or '').split()


class Tree(HTMLParser):
    def __init__(self):
        super().__init__()
        self.root = self.at = Node('', {}, None)

    def close(self, tag, barriers=()):
        node = self.at
        while node is not self.root and node.tag != tag and node.tag not in barriers: node = node.parent
        if node.tag == tag: self.at = node.parent

    def handle_starttag(self, tag, attributes):
        if tag in CLOSES_P: self.close('p', ('div', 'td', 'th', 'li', 'table', 'section', 'body', 'button'))
        if tag == 'li': self.close('li', ('ul', 'ol'))
        if tag in ('td', 'th'): self.close('td', ('tr', 'table')); self.close('th', ('tr', 'table'))
        if tag == 'tr': self.close('tr', ('table',))
        node = Node(tag, dict(attributes), self.at)
        self.at.children.append(node)
        if tag not in VOID: self.at = node

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if self.at.tag == tag and tag not in VOID: self.close(tag)

    def handle_endtag(self, tag):
        if tag not in VOID: self.close(tag)

    def handle_data(self, text):
        if self.at.tag not in ('script', 'style', 'annotation', 'svg', 'noscript'): self.at.children.append(text)


def is_step(node, step):
    parts = re.findall(r'^[\w-]+|#[\w-]+|\.[\w-]+|\[[\w-]+\]', step)
    return all(node.attributes.get('id') == p[1:] if p[0] == '#' else p[1:] in node.classes if p[0] == '.'
               else p[1:-1] in node.attributes if p[0] == '[' else node.tag == p for p in parts)


def matches(node, selector):
    """A list of steps, the last one for the node, those before it for its ancestors."""
    *outer, last = selector
    if not is_step(node, last): return False
    while outer:
        node = node.parent
        if node is None: return False
        if is_step(node, outer[-1]): outer = outer[:-1]
    return True


def selectors(text): return [] if text == '-' else [part.split() for part in text.split(',')]


def select(node, wanted, never, found):
    for child in node.children:
        if isinstance(child, str) or any(matches(child, s) for s in never): continue
        if any(matches(child, s) for s in wanted): found.append(child)
        select(child, wanted, never, found)
    return found


def text_of(node, never):
    out = ''
    for child in node.children:
        if isinstance(child, str): out += child
        elif not any(matches(child, s) for s in never):
            space = ' ' if child.tag in BLOCKS else ''
            out += space + text_of(child, never) + space
    return out


def under_headings(node, heading, found):
    """The last heading before each element."""
    for child in node.children:
        if isinstance(child, str): continue
        found[id(child)] = heading
        if re.fullmatch('h[1-6]', child.tag): heading = ' '.join(text_of(child, []).split()).rstrip('.:')
        heading = under_headings(child, heading, found)
    return heading


def score(article, gold, tree):
    never = selectors(gold['never'])
    headings = {}
    under_headings(tree, '', headings)
    chosen = select(tree, selectors(gold['paragraphs']), never, [])
    paragraphs = [words(text_of(n, never)) for n in chosen if not ASIDE.match(headings[id(n)])]
    paragraphs = [p for p in paragraphs if len(p) >= MIN_WORDS]
    inside = [words(text_of(n, [])) for n in select(tree, selectors(gold['article']), [], [])]
    blocks = [words(b['text']) for b in paragraphs_read(article)]
    lost = [(best, ' '.join(p[:14])) for p, (best, _) in zip(paragraphs, best_matches(paragraphs, blocks)) if best < 0.9]
    strange = [' '.join(b[:14]) for b in furniture(blocks, inside)]
    references = len(select(tree, selectors(gold['references']), [], []))
    meta = article['metadata']
    right = {
        'title': is_title(meta['title'], gold['title']),
        'doi': meta['doi'] == gold['doi'],
        'author': is_author(meta['authors'], gold['author']),
        'year': str(meta['year']) == gold['year'],
        'journal': meta['journal'] == gold['journal'],
    }
    return paragraphs, lost, blocks, strange, references, right


ap = argparse.ArgumentParser()
ap.add_argument('--reader', default='target/release/examples/json')
ap.add_argument('--dir', default='../shared/data/html')
ap.add_argument('--gold', default=os.path.join(os.path.dirname(__file__), 'score_html.tsv'))
ap.add_argument('--without-classes', action='store_true')
ap.add_argument('--without-metadata', action='store_true')
ap.add_argument('-v', action='store_true', help='show what is lost and what is furniture')
args = ap.parse_args()

lines = [line.rstrip('\n').split('\t') for line in open(args.gold, encoding='utf-8')]
recovered, share, lists, fields, no_text = [], [], [], collections.Counter(), []
print('page                     paragraphs  recovered  read  furniture  references  wrong')
for line in lines[1:]:
    gold = dict(zip(lines[0], line))
    path = os.path.join(args.dir, gold['file'])
    tree = Tree()
    page = open(path, encoding='utf-8', errors='replace').read()
    tree.feed(page)
    if args.without_classes: page = re.sub(r'(<[a-zA-Z][^<>]*?)\sclass=("[^"]*"|\'[^\']*\')', r'\1', page)
    if args.without_metadata: page = re.sub(r'<meta[^>]*citation_[^>]*>', '', page, flags=re.I)
    with tempfile.NamedTemporaryFile('w', suffix='.html', encoding='utf-8') as copy:
        copy.write(page)
        copy.flush()
        article, error = read(args.reader, copy.name)
    paragraphs, lost, blocks, strange, references, right = score(article, gold, tree.root)
    if gold['paragraphs'] == '-':
        good = bool(error) or 'abstract' in ' '.join(article['warnings'])
        no_text.append(good)
        print(f"{gold['file']:26} no text of the article: {'refused or marked' if good else 'TAKEN FOR THE TEXT'} {error or ''}")
        continue
    fields.update({key: value for key, value in right.items()})
    recovered.append(1 - len(lost) / len(paragraphs))
    share.append(len(strange) / max(1, len(blocks)))
    found = len(article['references'])
    lists.append(is_list(found, references))
    wrong = ' '.join(key for key, value in right.items() if not value)
    print(f"{gold['file']:26} {len(paragraphs):9} {recovered[-1]:10.2f} {len(blocks):5} {share[-1]:10.2f} "
          f"{found:6} of {references:<3} {wrong} {error or ''}")
    if args.v:
        for best, text in lost: print(f'    lost ({best:.2f}): {text}')
        for text in strange: print(f'    furniture: {text}')
        for key, value in right.items():
            if not value: print(f"    {key}: {article['metadata'][key if key != 'author' else 'authors']}")
pages = len(recovered)
print(f'{pages} pages: recovered {statistics.mean(recovered):.3f}, furniture {statistics.mean(share):.3f}, '
      f'references {sum(lists)}/{pages}, ' + ', '.join(f'{key} {fields[key]}/{pages}' for key in ('title', 'doi', 'author', 'year', 'journal'))
      + f', pages without text {sum(no_text)}/{len(no_text)}')
