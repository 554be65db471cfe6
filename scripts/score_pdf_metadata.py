#!/usr/bin/env python3
"""Measures how much of the metadata and the reference list of an article is read from its PDF. Its JATS XML is the ground truth.

usage: score_pdf_metadata.py [--reader target/release/examples/json] [--dir ../shared/data/pdf] [--half even|odd] [-v] [FIELD ...]

`--half` takes every second file in the order of their names. `-v` shows the errors, for the given fields or for all.

A field that the XML does not have is not counted. Text is compared without case, punctuation and accents. A journal is right
by its title or by its abbreviation. A type is right when it is that of the attribute `article-type`, or that which the
rubric of the article, printed on its first page, stands for: publishers tag what they print as "Review Article" as
`research-article` and the reverse. Keywords are right when nine of ten are the same.

The entries of both lists are matched by DOI, then by the words of their titles, then by label. The authors of an entry are
right when their family names are the same list, with as many as are printed: the XML of some publishers has more names than
the page, which ends with "et al". Shares are over all entries of a file that have the field, averaged over files. An entry
that was not found is wrong.
"""
import argparse, collections, glob, os, re, statistics, unicodedata
from xml.etree import ElementTree

from article_score import is_author, is_title, read, words
from score_xml import Jats, parse, text

FIELDS = ('title', 'doi', 'author', 'year', 'journal', 'volume', 'type', 'keywords')
ENTRY_FIELDS = ('authors', 'year', 'title', 'journal')
# The article types of rubrics, by their words; the first match counts.
RUBRICS = (('case-report', r'\bcase\b'), ('review-article', r'review|meta-?analysis|\bprogress\b'), ('editorial', 'editorial'),
           ('letter', r'\bletters?\b|correspondence'), ('research-article', r'research|original|study|trial|protocol|clinical|article|paper'))


def plain(value):
    decomposed = unicodedata.normalize('NFKD', value or '')
    return ''.join(c for c in decomposed.lower() if c.isalnum())


def type_of_rubric(rubric): return next((kind for kind, pattern in RUBRICS if re.search(pattern, rubric.lower())), None)


class Gold(Jats):
    def metadata(self):
        fields = self.fields()
        journal = self.root.find('front/journal-meta')
        names = {plain(text(n)) for n in journal.iter() if n.tag in ('journal-title', 'abbrev-journal-title', 'journal-id')}
        rubric = next((text(n) for n in self.meta.findall('article-categories/subj-group') if n.get('subj-group-type') == 'heading'), '')
        groups = [g for g in self.meta.findall('kwd-group') if g.get('kwd-group-type') in (None, 'author') and g.get('{http://www.w3.org/XML/1998/namespace}lang', 'en') == 'en']
        fields.update(journals=names, volume=text(self.meta.find('volume')), rubric=rubric,
                      types={self.root.get('article-type'), type_of_rubric(rubric)} - {None, 'other'},
                      keywords=[text(k) for g in groups for k in g.findall('kwd')], years={text(d.find('year')) for d in self.meta.findall('pub-date')})
        return fields

    def entries(self):
        for number, node in enumerate((n for n in self.outside('ref') if text(n, ('label',))), 1):
            citation = next((n for n in node.iter() if n.tag in ('element-citation', 'mixed-citation', 'citation')), node)
            group = next((g for g in citation.findall('person-group') if g.get('person-group-type', 'author') == 'author'), citation)
            persons = group.findall('.//name') + group.findall('.//string-name') if group is not citation else citation.findall('name') + citation.findall('string-name')
            find = lambda tag: next((text(n) for n in citation.iter() if n.tag == tag), '')
            yield {'label': text(node.find('label')).strip('[]. ') or str(number), 'authors': [text(n.find('surname')) for n in persons if n.find('surname') is not None],
                   'year': (re.search(r'\d{4}', find('year')) or [''])[0], 'title': find('article-title'), 'journal': find('source'),
                   'doi': next((text(n).lower() for n in citation.iter('pub-id') if n.get('pub-id-type') == 'doi'), ''), 'text': text(citation)}


def right_fields(meta, gold):
    """For each field in the XML, whether the reader has the same value."""
    mine, theirs = {plain(k) for k in meta['keywords'] or []}, {plain(k) for k in gold['keywords']}
    same = 2 * len(mine & theirs) / max(1, len(mine) + len(theirs))
    checks = {'title': (gold['title'], is_title(meta['title'], gold['title'])), 'doi': (gold['doi'], meta['doi'] == gold['doi']),
              'author': (gold['author'], is_author(meta['authors'], gold['author'])), 'year': (gold['year'], str(meta['year']) in gold['years']),
              'journal': (gold['journal'], plain(meta['journal']) in gold['journals']), 'volume': (gold['volume'], meta['volume'] == gold['volume']),
              'type': (gold['types'], meta['article_type'] in gold['types']), 'keywords': (theirs, same >= 0.9)}
    return {field: is_right for field, (known, is_right) in checks.items() if known}


def matches(found, gold):
    """For each entry of the XML, the entry that was read, or None."""
    free = dict(enumerate(found))
    chosen = [None] * len(gold)
    def take(test):
        for index, entry in enumerate(gold):
            if chosen[index] is None:
                near = next((i for i, read in free.items() if test(entry, read)), None)
                if near is not None: chosen[index] = free.pop(near)
    take(lambda entry, read: entry['doi'] and entry['doi'] == read['doi'])
    take(lambda entry, read: len(entry['title']) > 20 and plain(entry['title']) in plain(read['text']))
    take(lambda entry, read: entry['label'] == read['label'])
    first = lambda entry: plain((entry['authors'] or [''])[0])
    take(lambda entry, read: first(entry) and entry['year'] and plain(read['text']).startswith(first(entry)) and entry['year'] in read['text'])
    return chosen


def same_authors(read, gold, printed):
    """Whether each author that was read has the family name in the XML, and their number is that of the printed entry."""
    names = [plain(name) for name in gold]
    # The XML may contain more persons than the printed entry has before "et al".
    shown = [name for name in names if name in plain(printed)] or names
    if re.search(r'et al', printed): names = names[:max(len(shown), 1)]
    return len(read) == len(names) and all(name in plain(author) and len(plain(author)) < len(name) + 16 for author, name in zip(read, names))


def right_entry(read, gold):
    if read is None: return {field: False for field in ENTRY_FIELDS if gold[field]}
    checks = {'authors': lambda: same_authors(read['authors'], gold['authors'], read['text']), 'year': lambda: str(read['year']) == gold['year'],
              'title': lambda: plain(read['title']) == plain(gold['title']), 'journal': lambda: plain(read['journal']) == plain(gold['journal'])}
    return {field: check() for field, check in checks.items() if gold[field]}


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('--reader', default='target/release/examples/json')
    ap.add_argument('--dir', default='../shared/data/pdf')
    ap.add_argument('--half', choices=('even', 'odd'))
    ap.add_argument('-v', action='store_true', help='show what is wrong')
    ap.add_argument('fields', nargs='*')
    args = ap.parse_args()

    files = sorted(glob.glob(os.path.join(args.dir, '*.pdf')))
    if args.half: files = files[('even', 'odd').index(args.half)::2]
    shown = lambda field: args.v and (not args.fields or field in args.fields)
    right, counted, shares = collections.Counter(), collections.Counter(), collections.defaultdict(list)
    for file in files:
        article, error = read(args.reader, file)
        gold = Gold(parse(file[:-3] + 'xml'))
        fields, meta = gold.metadata(), article['metadata']
        checks = right_fields(meta, fields)
        counted.update(checks.keys())
        right.update(field for field, is_right in checks.items() if is_right)
        entries = list(gold.entries())
        scores = collections.defaultdict(list)
        wrong = []
        for entry, found in zip(entries, matches(article['references'], entries)):
            for field, is_right in right_entry(found, entry).items():
                scores[field].append(is_right)
                if not is_right and shown('ref-' + field): wrong.append((field, found and found[field], entry[field], found and found['text']))
        for field, values in scores.items(): shares[field].append(statistics.mean(values))
        print(f"{os.path.basename(file):16} wrong: {' '.join(f for f, is_right in checks.items() if not is_right) or '-':40} "
              + ' '.join(f'{field} {statistics.mean(values):.2f}' for field, values in scores.items()) + f' of {len(entries)} {error or ""}')
        for field, is_right in checks.items():
            if not is_right and shown(field):
                names = {'author': 'authors', 'type': 'article_type'}
                print(f"    {field}: {meta[names.get(field, field)]!r}, not {(fields['rubric'] + ' ' + str(fields['types'])) if field == 'type' else fields[field]!r}")
        for field, mine, theirs, entry in wrong: print(f'    reference: {field} {mine!r}, not {theirs!r}: {entry}')
    print(f'{len(files)} files: ' + ', '.join(f'{field} {right[field]}/{counted[field]}' for field in FIELDS))
    print('references: ' + ', '.join(f'{field} {statistics.mean(shares[field]):.3f}' for field in ENTRY_FIELDS))


if __name__ == '__main__': main()
