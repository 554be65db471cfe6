#!/usr/bin/env python3
"""Measures how much of an article is read from its JATS or TEI file.

usage: score_xml.py [--reader target/release/examples/json] [-v] [FILE_OR_FOLDER ...]

Without files, all of ../shared/data/jats. The XML is read here independently, with Python's ElementTree. The paragraphs are the
`<p>` of the abstracts, the body and the appendices, without those of captions, tables, footnotes, boxes of the journal and
sections that are left out on purpose. A list, figure or displayed formula splits a JATS paragraph, as in print. In TEI
of GROBID a displayed formula is between two `<p>`: they are one paragraph if the first one ends within a sentence, or
the second one begins with "where" or in lower case.

A paragraph of 20 words or more is *recovered* when one paragraph that was read has a word F1 of 0.9 or more with it. A
paragraph that was read is *furniture* when less than 60 % of its sequences of four words are in the article. References are
right when their number is within 5 %. A citation is *linked* when the recovered paragraph cites the entry that the tag names;
links without such a tag are counted separately. Averages are over files; a field that a file does not have is not counted.
"""
import argparse, collections, html, os, re, statistics
from xml.etree import ElementTree

from article_score import ASIDE, MIN_WORDS, best_matches, furniture, is_author, is_list, is_title, paragraphs_read, read, words

ID = '{http://www.w3.org/XML/1998/namespace}id'
DASH = re.compile(r'\s*[-‐‑–—−]\s*$')
KEPT_ENTITIES = ('amp', 'lt', 'gt', 'quot', 'apos')


INLINE = set('italic bold sup sub sc underline xref ext-link styled-content named-content monospace roman hi ref abbrev email uri'.split())


class Paragraph:
    """The text of a paragraph, and the ids of the entries that it cites, in order."""

    def __init__(self): self.text, self.cited, self.after_citation = '', [], None

    def push(self, text):
        self.text += text or ''

    def cite(self, ids, numbers):
        between = None if self.after_citation is None else self.text[self.after_citation:]
        if between is not None and DASH.match(between) and self.cited and ids:
            # `2–4` cites 3, too.
            first, last = numbers.get(self.cited[-1]), numbers.get(ids[0])
            if first is not None and last is not None and 0 < last - first < 100:
                names = list(numbers)
                self.cited += names[first + 1:last]
        self.cited += ids


def parse(path):
    source = open(path, encoding='utf-8', errors='replace').read()
    source = re.sub(r'&(\w+);', lambda m: m[0] if m[1] in KEPT_ENTITIES else html.unescape(m[0]), source)
    source = re.sub(r'<!DOCTYPE[^>\[]*(\[[^\]]*\])?[^>]*>', '', source, count=1)
    root = ElementTree.fromstring(source.encode())
    for node in root.iter():
        if isinstance(node.tag, str): node.tag = node.tag.rsplit('}', 1)[-1]
    return root


def flat(node, skip=()):
    """All text under a node, with spaces around elements that separate words."""
    if not isinstance(node.tag, str) or node.tag in skip: return node.tail or ''
    inner = (node.text or '') + ''.join(flat(child, skip) for child in node)
    space = '' if node.tag in INLINE else ' '
    return space + inner + space + (node.tail or '')


def text(node, skip=()):
    if node is None: return ''
    return ' '.join(((node.text or '') + ''.join(flat(child, skip) for child in node)).split())


class Jats:
    # Elements that contain no paragraphs of the article.
    APART = set('fig fig-group table-wrap table-wrap-group fn fn-group ack notes bio ref-list supplementary-material media trans-abstract'
                ' sub-article response glossary def-list caption front-stub kwd-group permissions table disp-formula'.split())
    PARTS = set('list disp-quote fig fig-group table-wrap table-wrap-group boxed-text disp-formula disp-formula-group def-list p'
                ' supplementary-material preformat code statement verse-group speech table array media fn fn-group chem-struct-wrap'.split())

    def __init__(self, root):
        self.root = root if root.tag == 'article' else root.find('.//article')
        self.meta = self.root.find('front/article-meta')
        entries = [entry for entry in self.outside('ref') if text(entry, ('label',))]
        self.references = len(entries)
        self.numbers = {}
        for number, entry in enumerate(entries):
            for node in entry.iter():
                if 'id' in node.attrib: self.numbers.setdefault(node.attrib['id'], number)

    def outside(self, tag):
        """The elements of a name that are not in a review or reply."""
        def walk(node):
            for child in node:
                if child.tag == tag: yield child
                elif child.tag not in ('sub-article', 'response'): yield from walk(child)
        return list(walk(self.root))

    def parts(self):
        body = [self.root.find('body'), *self.root.findall('back//app'), *self.root.findall('back/sec')]
        return [*(self.meta.findall('abstract') if self.meta is not None else []), *(part for part in body if part is not None)]

    def inside(self): return [words(text(part)) for part in (*self.parts(), *self.root.findall('floats-group'), *self.root.findall('back'))]

    def paragraphs(self):
        found = []
        for part in self.parts(): self.walk(part, found)
        return found

    def walk(self, node, found):
        for child in node:
            if not isinstance(child.tag, str) or child.tag in self.APART: continue
            if child.tag == 'sec' and ASIDE.match(text(child.find('title')).rstrip('.:')): continue
            if child.tag == 'p': self.paragraph(child, found)
            else: self.walk(child, found)

    def paragraph(self, node, found):
        open_ = [Paragraph()]
        def inline(node, raised):
            open_[0].push(node.text)
            for child in node:
                if child.tag in self.PARTS:
                    found.append(open_[0])
                    open_[0] = Paragraph()
                    if child.tag == 'p': self.paragraph(child, found)
                    elif child.tag not in self.APART: self.walk(child, found)
                elif child.tag == 'xref' and child.get('ref-type') == 'bibr':
                    open_[0].cite([id_ for id_ in child.get('rid', '').split() if id_ in self.numbers], self.numbers)
                    # Superscript numbers are not text.
                    if not raised and child.find('sup') is None: open_[0].push(text(child))
                    open_[0].after_citation = len(open_[0].text)
                elif child.tag not in ('tex-math', 'annotation', 'fn', 'label', 'def', 'graphic', 'inline-graphic', 'alternatives'):
                    if isinstance(child.tag, str): inline(child, raised or child.tag == 'sup')
                open_[0].push(child.tail)
        inline(node, False)
        found.append(open_[0])

    def fields(self):
        meta = self.meta
        title = meta.find('title-group')
        main = text(title.find('article-title'), ('xref', 'fn')) if title is not None and title.find('article-title') is not None else ''
        sub = text(title.find('subtitle'), ('xref', 'fn')) if title is not None and title.find('subtitle') is not None else ''
        doi = next((text(id_) for id_ in meta.findall('article-id') if id_.get('pub-id-type') == 'doi'), '')
        authors = [c for c in meta.findall('.//contrib') if c.get('contrib-type', 'author').startswith('author')]
        first = authors[0].find('.//surname') if authors else None
        if first is None and authors: first = authors[0].find('collab')
        dates = {date.get('pub-type') or date.get('date-type'): text(date.find('year')) for date in meta.findall('pub-date')}
        year = next((dates[kind] for kind in ('ppub', 'epub-ppub', 'collection', 'epub', 'pub') if kind in dates), '')
        journal = self.root.find('front/journal-meta')
        return {'title': (main + ' ' + sub).strip(), 'doi': doi.lower(), 'author': text(first), 'year': year,
                'journal': text(journal.find('.//journal-title')) if journal is not None else ''}


class Tei:
    def __init__(self, root):
        for node in root.iter():
            if isinstance(node.tag, str): node.tag = node.tag.lower()
        self.root = root
        self.header = root.find('teiheader')
        entries = [entry for part in root.findall('text//listbibl') for entry in part.findall('biblstruct') if text(entry)]
        self.references = len(entries)
        self.numbers = {entry.get(ID): number for number, entry in enumerate(entries)}

    def parts(self):
        annexes = [part for part in self.root.findall('text/back/div') if part.get('type') == 'annex']
        return [*self.header.findall('.//abstract'), *self.root.findall('text/body'), *annexes]

    def inside(self): return [words(text(part)) for part in self.parts()]

    def paragraphs(self):
        found = []
        for part in self.parts(): self.walk(part, found)
        return found

    def walk(self, node, found):
        head = node.find('head')
        if head is not None and ASIDE.match(text(head).rstrip('.:')): return
        before = None
        for child in node:
            if child.tag == 'p':
                p = Paragraph()
                self.inline(child, p)
                if before == 'formula' and found and self.goes_on(found[-1].text.strip(), p.text.strip()):
                    found[-1].push(' ' + p.text)
                    found[-1].cited += p.cited
                else: found.append(p)
            elif child.tag not in ('figure', 'note', 'listbibl', 'formula') and isinstance(child.tag, str): self.walk(child, found)
            before = child.tag

    def goes_on(self, before, behind):
        return not re.search(r'[.!?:][)\]"”’]*$', before) or behind[:1].islower() or behind.lower().startswith('where ')

    def inline(self, node, p):
        p.push(node.text)
        for child in node:
            if child.tag == 'ref' and child.get('type') == 'bibr':
                id_ = child.get('target', '').lstrip('#')
                p.cite([id_] if id_ in self.numbers else [], self.numbers)
                p.push(text(child))
                p.after_citation = len(p.text)
            elif child.tag not in ('formula', 'note', 'figure') and isinstance(child.tag, str): self.inline(child, p)
            p.push(child.tail)

    def fields(self):
        header = self.header
        source = header.find('.//sourcedesc//biblstruct')
        find = lambda path: text(source.find(path)) if source is not None and source.find(path) is not None else ''
        date = source.find('.//date[@when]') if source is not None else None
        if date is None: date = header.find('.//publicationstmt/date[@when]')
        doi = next((text(id_) for id_ in source.iter('idno') if id_.get('type') == 'DOI'), '') if source is not None else ''
        return {'title': text(header.find('.//titlestmt/title')), 'doi': doi.lower(), 'author': find('.//author/persname/surname'),
                'year': date.get('when')[:4] if date is not None else '', 'journal': find("monogr/title[@level='j']")}


def files(names):
    for name in names:
        if os.path.isfile(name): yield name
        for folder, _, inside in os.walk(name):
            yield from sorted(os.path.join(folder, file) for file in inside if file.endswith('.xml'))


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('--reader', default='target/release/examples/json')
    ap.add_argument('-v', action='store_true', help='show what is lost, furniture and wrong fields')
    ap.add_argument('files', nargs='*', default=['../shared/data/jats'])
    args = ap.parse_args()

    total = collections.Counter()
    fields, known = collections.Counter(), collections.Counter()
    recovered, share, lists = [], [], []
    for path in files(args.files):
        root = parse(path)
        gold = Tei(root) if root.tag.lower() == 'tei' else Jats(root)
        article, error = read(args.reader, path)
        blocks = paragraphs_read(article)
        found = [words(block['text']) for block in blocks]
        paragraphs = [p for p in gold.paragraphs() if len(words(p.text)) >= MIN_WORDS]
        lost = []
        for p, (best, index) in zip(paragraphs, best_matches([words(p.text) for p in paragraphs], found)):
            if best < 0.9:
                lost.append((best, ' '.join(p.text.split())[:100]))
                continue
            tagged = {gold.numbers[id_] for id_ in p.cited}
            linked = {reference for citation in blocks[index]['citations'] for reference in citation['references']}
            total.update(tagged=len(tagged), linked=len(tagged & linked), untagged=len(linked - tagged), links=len(linked))
        strange = furniture(found, gold.inside())
        if paragraphs: recovered.append(1 - len(lost) / len(paragraphs))
        share.append(len(strange) / max(1, len(found)))
        if gold.references: lists.append(is_list(len(article['references']), gold.references))
        meta, truth = article['metadata'], gold.fields()
        right = {
            'title': is_title(meta['title'], truth['title']),
            'doi': meta['doi'] == truth['doi'],
            'author': is_author(meta['authors'], truth['author']),
            'year': str(meta['year']) == truth['year'],
            'journal': words(meta['journal'] or '') == words(truth['journal']),
        }
        known.update(key for key in right if truth[key])
        fields.update({key: value for key, value in right.items() if truth[key]})
        wrong = [key for key, value in right.items() if truth[key] and not value]
        if args.v and (lost or strange or wrong or error or gold.references and not lists[-1]):
            print(f"{path}: recovered {recovered[-1] if paragraphs else 1:.2f}, references {len(article['references'])} of {gold.references} {error or ''}")
            for best, line in lost: print(f'    lost ({best:.2f}): {line}')
            for line in strange: print(f"    furniture: {' '.join(line[:14])}")
            for key in wrong: print(f"    {key}: {meta[key if key != 'author' else 'authors']}, not {truth[key]}")
    print(f'{len(share)} files: recovered {statistics.mean(recovered):.3f}, furniture {statistics.mean(share):.3f}, '
          f"citations linked {total['linked'] / max(1, total['tagged']):.3f} of {total['tagged']}, "
          f"links without a tag {total['untagged'] / max(1, total['links']):.3f}, "
          f'references {sum(lists)}/{len(lists)}, ' + ', '.join(f'{key} {fields[key]}/{known[key]}' for key in ('title', 'doi', 'author', 'year', 'journal')))


if __name__ == '__main__': main()
