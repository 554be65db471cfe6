//! Tests with pages as publishers' sites served them. Without the pages in `../shared/data/html` the test reports that.

use std::collections::BTreeMap;
use std::path::Path;

use stroma_corpus::{Article, BlockKind, Limits, ReadError, read_bytes};

/// Maximum number of letters and digits per thousand that may be lost: superscripts that become other characters.
const MAX_LOST: usize = 2;

/// Each word of a page is in the article or in the text that was left out.
#[test]
fn nothing_of_a_page_is_lost() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/html");
    let Ok(files) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: {} is absent", folder.display());
        return;
    };
    let pages =
        files.filter_map(|file| Some(file.ok()?.path())).filter(|path| path.extension().is_some_and(|e| e == "html"));
    let mut number = 0;
    for path in pages {
        let bytes = std::fs::read(&path).unwrap();
        let article = match read_bytes(&bytes, "page.html", &Limits::DEFAULT) {
            Err(ReadError::NoArticle(_)) => continue,
            read => read.unwrap(),
        };
        let page = letters(&shown(&String::from_utf8_lossy(&bytes)));
        let read = letters(&all_text(&article));
        let lost: usize = page.iter().map(|(c, count)| count.saturating_sub(read.get(c).copied().unwrap_or(0))).sum();
        let all: usize = page.values().sum();
        assert!(lost * 1000 <= all * MAX_LOST, "{}: {lost} of {all} characters are lost", path.display());
        number += 1;
    }
    assert!(number > 0, "no page was read");
}

/// All text of an article, with each heading once per section.
fn all_text(article: &Article) -> String {
    let mut text = String::new();
    let mut section: &[String] = &[];
    for block in &article.blocks {
        let shared = section.iter().zip(&block.section).take_while(|(before, here)| before == here).count();
        text.extend(block.section.iter().skip(shared).map(String::as_str));
        text.push_str(&block.text);
        section = &block.section;
    }
    for reference in &article.references {
        text.push_str(reference.label.as_deref().unwrap_or_default());
        text.push_str(&reference.text);
    }
    article.dropped.iter().for_each(|dropped| text.push_str(&dropped.text));
    text
}

/// The text of a page without its tags, extracted independently of the reader.
fn shown(page: &str) -> String {
    let mut text = String::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        let raw = ["script", "style", "title", "textarea", "iframe"]
            .into_iter()
            .find(|name| rest.get(1..1 + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)));
        let end = match raw {
            _ if rest.starts_with("<!--") => rest.find("-->"),
            Some(name) => rest.to_ascii_lowercase().find(&format!("</{name}")),
            // Quoted attributes may contain the character that ends the tag.
            None => rest
                .match_indices('>')
                .map(|(end, _)| end)
                .find(|&end| rest[..end].matches('"').count().is_multiple_of(2)),
        };
        rest = end.map_or("", |end| &rest[end + 1..]);
        if rest.starts_with("->") {
            rest = &rest[2..];
        } else if raw.is_some() {
            rest = rest.find('>').map_or("", |end| &rest[end + 1..]);
        }
    }
    text.push_str(rest);
    html_escape::decode_html_entities(&text).into_owned()
}

fn letters(text: &str) -> BTreeMap<char, usize> {
    let mut letters = BTreeMap::new();
    for c in text.chars().filter(|c| c.is_alphanumeric()) {
        *letters.entry(c).or_default() += 1;
    }
    letters
}

/// Pages with the element structure and names of the large platforms: the reader knows no publisher, and must read all
/// of them.
mod platforms {
    use super::*;

    fn sentence(number: usize) -> String {
        format!(
            "In trial {number} cells were given to ten patients who had not been helped by other means, and after half a \
             year most of them walked without pain"
        )
    }

    struct Expected<'e> {
        paragraphs: usize,
        captions: &'e [&'e str],
        references: usize,
        /// The references cited by the first paragraph with a citation.
        cited: &'e [usize],
        authors: &'e [&'e str],
    }

    fn check(name: &str, page: &str, expected: &Expected) {
        let article = read_bytes(page.as_bytes(), "page.html", &Limits::DEFAULT).expect("a page with an article");
        let of = |kind: BlockKind| article.blocks.iter().filter(move |block| block.kind == kind);
        let paragraphs: Vec<&str> = of(BlockKind::Paragraph).map(|block| block.text.as_str()).collect();
        assert_eq!(paragraphs.len(), expected.paragraphs, "{name}: {paragraphs:#?} {:#?}", article.dropped);
        assert!(paragraphs.iter().all(|text| text.starts_with("In trial")), "{name}: {paragraphs:#?}");
        let captions: Vec<&str> = of(BlockKind::Caption).map(|block| block.text.as_str()).collect();
        assert_eq!(captions, expected.captions, "{name}");
        let references: Vec<&str> = article.references.iter().map(|reference| reference.text.as_str()).collect();
        assert_eq!(references.len(), expected.references, "{name}: {references:#?}");
        assert!(
            references.iter().all(|text| !text.contains("Scholar") && !text.contains("PubMed")),
            "{name}: {references:#?}"
        );
        let cited = article.blocks.iter().flat_map(|block| &block.citations).next();
        assert_eq!(cited.map_or(&[][..], |citation| &citation.references), expected.cited, "{name}");
        assert_eq!(article.metadata.authors, expected.authors, "{name}");
        let first = article.blocks.first().and_then(|block| block.section.first());
        assert_eq!(first.map(String::as_str), Some("Abstract"), "{name}");
    }

    fn head(authors: bool) -> String {
        let authors = if authors { "<meta name=citation_author content=\"Lee, Ann\">" } else { "" };
        format!(
            "<!DOCTYPE html><html><head><title>Cells for joints - A Site</title><meta name=citation_title content=\"Cells for joints\">\
             {authors}</head>"
        )
    }

    fn paragraphs(from: usize, to: usize, open: &str, close: &str) -> String {
        (from..=to).map(|number| format!("{open}{}.{close}", sentence(number))).collect()
    }

    #[test]
    fn pubmed_central() {
        let entries: String = (1..=6)
            .map(|n| {
                format!(
                    "<div class=\"ref-cit-blk half_rhythm\" id=\"B{n}\">{n}. <span class=\"element-citation\">Lee A. Cells {n}. <span \
                     class=\"ref-journal\">J Cells.</span> 2010;{n}:1&ndash;9. [<a href=\"/pubmed/12345{n}\">PubMed</a>] [<a \
                     href=\"https://scholar.google.com/x\">Google Scholar</a>]</span></div>"
                )
            })
            .collect();
        let page = format!(
            "{}<body><div class=\"navlink-box\"><ul><li><a href=/>Journal List</a></li></ul></div><div id=\"maincontent\"><div \
             class=\"fm-sec\"><h1 class=\"content-title\">Cells for joints</h1><div class=\"contrib-group fm-author\"><a \
             href=\"/pubmed/?term=Lee\">Ann Lee</a><sup>1</sup></div><div class=\"togglers\"><a href=\"#\" class=\"pmctoggle\" \
             rid=\"id1_ai\">Author information</a> <a href=\"#\" rid=\"id1_cpl\">Copyright and License information</a></div></div>\
             <div class=\"tsec sec\"><h2 class=\"head\">Abstract</h2>{}</div><div class=\"tsec sec\"><div class=\"goto\"><a \
             href=\"#\">Go to:</a></div><h2 class=\"head\">Introduction</h2><p class=\"p p-first\">{} [<a href=\"#B1\" rid=\"B1\" \
             class=\"bibr popnode\">1</a>, <a href=\"#B3\" rid=\"B3\" class=\"bibr popnode\">3</a>].</p>{}<div class=\"fig iconblock\" \
             id=\"F1\"><a class=\"figpopup\" href=\"/f1\"><img src=f.jpg></a><div class=\"icnblk_cntnt\"><div><a href=\"/f1\">Figure 1</a>\
             </div><div class=\"caption\"><p>Cells of mice.</p></div></div></div></div><div class=\"tsec sec\"><h2>References</h2><div \
             class=\"ref-list-sec sec\" id=\"reference-list\">{entries}</div></div></div><div id=\"rightcol\"><h2>Similar articles in \
             PubMed</h2><ul><li><a href=/a>Mice and cells and all the rest of it.</a> [Cells. 2011]</li></ul></div></body>",
            head(true),
            paragraphs(1, 1, "<p>", "</p>"),
            sentence(2),
            paragraphs(3, 8, "<p>", "</p>"),
        );
        let captions = &["Figure 1 Cells of mice."][..];
        check(
            "PMC",
            &page,
            &Expected { paragraphs: 8, captions, references: 6, cited: &[0, 2], authors: &["Ann Lee"] },
        );
    }

    #[test]
    fn science_direct() {
        let entries: String = (1..=6)
            .map(|n| {
                format!(
                    "<dt class=\"label\"><a href=\"#bb{n}\" id=\"ref-id-b{n}\">[{n}]</a></dt><dd class=\"reference\" id=\"sr{n}\"><div \
                     class=\"contribution\"><div class=\"authors\">A. Lee</div><strong class=\"title\">Cells {n}</strong></div><div \
                     class=\"host\">J. Cells, {n} (2010), pp. 1-9</div><div class=\"ReferenceLinks\"><a href=\"https://doi.org/10.1000/{n}\">\
                     CrossRef</a><a href=/s>View Record in Scopus</a><a href=/g>Google Scholar</a></div></dd>"
                )
            })
            .collect();
        let page = format!(
            "{}<body><div class=\"TableOfContents\"><h2>Outline</h2><ol><li><a href=\"#ab\">Abstract</a></li><li><a \
             href=\"#s1\">1. Introduction</a></li></ol></div><article role=main><h1><span class=\"title-text\">Cells for joints</span>\
             </h1><div class=\"AuthorGroups\"><div class=\"author-group\" id=\"author-group\"><span class=\"sr-only\">Author links open \
             overlay panel</span><button class=\"button-link\"><span class=\"react-xocs-alternative-link\"><span class=\"given-name\">Ann\
             </span> <span class=\"text surname\">Lee</span></span></button></div></div><div class=\"Abstracts\" id=\"abstracts\"><div \
             class=\"abstract author\" id=\"ab\"><h2 class=\"section-title\">Abstract</h2><div>{}</div></div></div><ul><li><a \
             href=/p>Previous article in issue</a></li></ul><div class=\"Body\" id=\"body\"><div><section id=\"s1\"><h2>1. Introduction\
             </h2><div class=\"u-margin-s-bottom\">{} <a class=\"anchor\" href=\"#b2\" name=\"bb2\"><span>[2]</span></a>.</div>{}<figure \
             class=\"figure\" id=\"fig1\"><span><img><ol class=\"links-for-figure\"><li><a href=/f>Download : Download high-res image \
             (292KB)</a></li></ol></span><span class=\"captions\"><p><span class=\"label\">Fig. 1</span>. Cells of mice.</p></span></figure>\
             </section></div></div><section class=\"bibliography\" id=\"bi1\"><h2>References</h2><section class=\"bibliography-sec\"><dl \
             class=\"references\">{entries}</dl></section></section><section><h2>Cited by (308)</h2><ul><li><h3><a href=/c>Another paper of \
             cells</a></h3><p>2020, Journal of Mice</p></li></ul></section></article></body>",
            head(false),
            paragraphs(1, 1, "<p>", "</p>"),
            sentence(2),
            paragraphs(3, 8, "<div>", "</div>"),
        );
        let captions = &["Fig. 1. Cells of mice."][..];
        check(
            "ScienceDirect",
            &page,
            &Expected { paragraphs: 8, captions, references: 6, cited: &[1], authors: &["Ann Lee"] },
        );
    }

    #[test]
    fn wiley_online() {
        let entries: String = (1..=6)
            .map(|n| {
                format!(
                    "<li data-bib-id=\"c-bib-000{n}\"><span class=\"bullet\">{n}</span> <span class=\"author\">Lee A</span>. <span \
                     class=\"articleTitle\">Cells {n}</span>. <i>J Cells</i>. <span class=\"pubYear\">2010</span>; <span class=\"vol\">{n}\
                     </span>: 1-9.<div class=\"extra-links\"><a class=\"google-scholar\" href=/g>Google Scholar</a></div></li>"
                )
            })
            .collect();
        let page = format!(
            "{}<body><div class=\"cookie-policy\">We use cookies to give you all of the site as you like it best, every day.</div><main>\
             <article><h1 class=\"citation__title\">Cells for joints</h1><div class=\"accordion-tabbed\"><a class=\"author-name\" \
             href=/a>Ann Lee</a><div class=\"author-info\"><p>Department of Cells, University of Mice, Mousetown</p></div></div><div \
             class=\"epub-section\">First published: <span>1 May 2012</span></div><section class=\"article-section \
             article-section__abstract\"><h2 class=\"article-section__header section__title\">Abstract</h2><div \
             class=\"article-section__content\">{}</div></section><section class=\"article-section article-section__full\"><section \
             class=\"article-section__content\"><h2 class=\"article-section__title section__title section1\">1 INTRODUCTION</h2><p>{}.<span>\
             <sup><a href=\"#c-bib-0001\" class=\"bibLink tab-link\" data-tab=\"pane-pcw-references\">1</a>, <a href=\"#c-bib-0002\">2</a>\
             </sup></span></p>{}<section class=\"article-section__inline-figure\"><figure class=\"figure\"><img><figcaption \
             class=\"figure__caption\"><div class=\"figure__caption__header\"><strong class=\"figure__title\">Figure 1</strong><div \
             class=\"figure-extra\"><a class=\"open-figure-link\" href=\"#\">Open in figure viewer</a><a class=\"ppt-figure-link\" \
             href=/p>PowerPoint</a></div></div><div class=\"figure__caption figure__caption-text\">Cells of mice.</div></figcaption>\
             </figure></section></section><section class=\"article-section article-section__references\" id=\"references-section\"><div \
             class=\"accordion\"><h2><a role=button href=\"#\">REFERENCES</a></h2><div class=\"accordion__content\" style=\"display: none;\">\
             <ul class=\"rlist separator\">{entries}</ul></div></div></section></section></article></main><div class=\"related\"><h3>Related\
             </h3><ul class=\"rlist\"><li><a href=/r>Cells again in 2011</a></li></ul></div></body>",
            head(true),
            paragraphs(1, 1, "<p>", "</p>"),
            sentence(2),
            paragraphs(3, 8, "<p>", "</p>"),
        );
        let captions = &["Figure 1 Cells of mice."][..];
        check(
            "Wiley",
            &page,
            &Expected { paragraphs: 8, captions, references: 6, cited: &[0, 1], authors: &["Ann Lee"] },
        );
    }

    #[test]
    fn silverchair() {
        let entries: String = (1..=6)
            .map(|n| {
                format!(
                    "<div content-id=\"ref{n}\" class=\"js-splitview-ref-item\"><div class=\"refLink-parent\"><span class=\"refLink\"><a \
                     name=\"jumplink-ref{n}\"></a></span></div><div class=\"ref\"><div id=\"ref-auto-ref{n}\" class=\"ref-content\"><span \
                     class=\"label\">{n}.</span> <div class=\"citation\">Lee A. Cells {n}. J Cells 2010;{n}:1-9.<p \
                     class=\"citation-links\"><a href=/g>Google Scholar</a> <a href=/c>Crossref</a></p></div></div></div></div>"
                )
            })
            .collect();
        let page = format!(
            "{}<body><div class=\"article-body\"><div id=\"ContentTab\" class=\"content active\"><h1 class=\"wi-article-title\">Cells for \
             joints</h1><div class=\"wi-authors\"><a class=\"linked-name\">Ann Lee</a><div class=\"info-card-affilitation\">Department of \
             Cells</div></div><h2 class=\"abstract-title jumplink-heading\">Abstract</h2><section class=\"abstract\">{}</section><div \
             class=\"article-metadata-panel\"><div class=\"kwd-group\">Topic: <a href=/t>cells</a></div></div><h2 class=\"section-title \
             jumplink-heading\">Introduction</h2><p class=\"chapter-para\">{}.<sup><a class=\"link link-ref xref-bibr\" reveal-id=\"ref2\" \
             data-open=\"ref2\" href=\"javascript:;\">2</a></sup></p>{}<div class=\"fig fig-section\"><div class=\"graphic-wrap\"><img><div \
             class=\"graphic-bottom\"><div class=\"label fig-label\">Figure 1.</div><div class=\"caption fig-caption\"><p>Cells of mice.</p>\
             </div><div class=\"fig-orig\"><a href=/v>Open in new tab</a><a href=/d>Download slide</a></div></div></div></div><h2 \
             class=\"backreferences-title jumplink-heading\">References</h2><div class=\"ref-list js-splitview-ref-list\">{entries}</div>\
             <p class=\"copyright-statement\">© The Author 2012</p></div></div><div class=\"widget-comments\"><h2>Comments</h2><p>0 \
             Comments</p></div></body>",
            head(true),
            paragraphs(1, 1, "<p class=\"chapter-para\">", "</p>"),
            sentence(2),
            paragraphs(3, 8, "<p class=\"chapter-para\">", "</p>"),
        );
        let captions = &["Figure 1. Cells of mice."][..];
        check(
            "Silverchair",
            &page,
            &Expected { paragraphs: 8, captions, references: 6, cited: &[1], authors: &["Ann Lee"] },
        );
    }

    #[test]
    fn taylor_and_francis() {
        let entries: String = (1..=6)
            .map(|n| {
                format!(
                    "<li id=\"CIT000{n}\"><span><span class=\"hlFld-ContribAuthor\">Lee A</span>. Cells {n}. J Cells. 2010;{n}:1&ndash;9.<span \
                     class=\"ref-links\"><a href=/c>[Crossref]</a>, <a href=/p>[PubMed]</a>, <a href=/g>[Google Scholar]</a></span></span></li>"
                )
            })
            .collect();
        let page = format!(
            "{}<body><h1 class=\"NLM_article-title hlFld-title\">Cells for joints</h1><div class=\"hlFld-Abstract\"><p \
             class=\"summary-title\"><b>ABSTRACT</b></p><div class=\"abstractSection abstractInFull\">{}</div></div><div \
             class=\"hlFld-KeywordText\"><p class=\"kwd-title\">KEYWORDS:</p><a href=/k>cells</a></div><div class=\"hlFld-Fulltext\"><div \
             id=\"S1\" class=\"NLM_sec NLM_sec-type_intro NLM_sec_level_1\"><h2 class=\"section-heading-2\">1. Introduction</h2><p>{} \
             <span class=\"ref-lnk lazy-ref\"><a data-rid=\"CIT0003\" href=\"#\">[3]</a><span class=\"ref-overlay scrollable-ref\">Lee A. \
             Cells 3. J Cells. 2010;3:1-9. Google Scholar</span></span>.</p>{}</div><h2>References</h2><ul class=\"references \
             numeric-ordered-list\">{entries}</ul></div><h3>Related research</h3><p>People also read lists articles that other readers of \
             this article have read.</p></body>",
            head(true),
            paragraphs(1, 1, "<p>", "</p>"),
            sentence(2),
            paragraphs(3, 8, "<p>", "</p>"),
        );
        check(
            "T&F",
            &page,
            &Expected { paragraphs: 8, captions: &[], references: 6, cited: &[2], authors: &["Ann Lee"] },
        );
    }

    #[test]
    fn springer_nature() {
        let entries: String = (1..=6)
            .map(|n| {
                format!(
                    "<li class=\"c-article-references__item\" data-counter=\"{n}.\"><p class=\"c-article-references__text\" id=\"ref-CR{n}\">\
                     Lee A. Cells {n}. J Cells {n}, 1&ndash;9 (2010).</p><p class=\"c-article-references__links u-hide-print\"><a href=/a>\
                     Article</a> <a href=/c>CAS</a> <a href=/g>Google Scholar</a></p></li>"
                )
            })
            .collect();
        let page = format!(
            "{}<body><main><article lang=en><div class=\"c-article-header\"><header><ul class=\"c-article-identifiers\"><li>Article</li>\
             <li>Published: 1 May 2012</li></ul><h1 class=\"c-article-title\">Cells for joints</h1><ul class=\"c-article-author-list\"><li>\
             <a href=\"#auth\">Ann Lee</a></li></ul></header></div><div class=\"c-article-body\"><section data-title=\"Abstract\"><div \
             class=\"c-article-section\"><h2 id=\"Abs1\">Abstract</h2><div class=\"c-article-section__content\">{}</div></div></section>\
             <section data-title=\"Similar content\"><div class=\"c-article-recommendations\"><h3>Similar content being viewed by others\
             </h3><article><h3><a href=/o>Other cells</a></h3><p>Article Open access 2 May 2020</p></article></div></section><section \
             data-title=\"Introduction\"><div class=\"c-article-section\"><h2>Introduction</h2><div><p>{}<sup><a href=\"/articles/x#ref-CR1\" \
             title=\"Lee\">1</a>,<a href=\"/articles/x#ref-CR4\">4</a></sup>.</p>{}<figure><figcaption><b id=\"Fig1\" \
             class=\"c-article-section__figure-caption\">Fig. 1</b></figcaption><div class=\"c-article-section__figure-content\"><div \
             class=\"c-article-section__figure-description\"><p>Cells of mice.</p></div></div><div><a href=/f class=\"c-article__pill-button\">\
             Full size image</a></div></figure></div></div></section><section data-title=\"References\"><h2>References</h2><div><ol \
             class=\"c-article-references\">{entries}</ol><p class=\"c-article-references__download u-hide-print\"><a href=/d>Download \
             references</a></p></div></section><section data-title=\"Author information\"><h2>Author information</h2><p>Department of Cells\
             </p></section></div></article></main></body>",
            head(true),
            paragraphs(1, 1, "<p>", "</p>"),
            sentence(2),
            paragraphs(3, 8, "<p>", "</p>"),
        );
        let captions = &["Fig. 1 Cells of mice."][..];
        check(
            "Nature",
            &page,
            &Expected { paragraphs: 8, captions, references: 6, cited: &[0, 3], authors: &["Ann Lee"] },
        );
    }

    #[test]
    fn latexml() {
        let entries: String = (1..=6)
            .map(|n| {
                format!(
                    "<li id=\"bib.bib{n}\" class=\"ltx_bibitem\"><span class=\"ltx_tag ltx_tag_bibitem\">Lee (201{n})</span><span \
                     class=\"ltx_bibblock\">Ann Lee. 201{n}.</span><span class=\"ltx_bibblock\">Cells {n}. <i>J. Cells</i>.</span></li>"
                )
            })
            .collect();
        let page = format!(
            "<html><head><title>Cells for joints</title></head><body><nav class=\"ltx_page_navbar\"><ol><li>1 Introduction</li></ol></nav><article \
             class=\"ltx_document\"><h1 class=\"ltx_title ltx_title_document\">Cells for joints</h1><div class=\"ltx_authors\"><span \
             class=\"ltx_creator ltx_role_author\"><span class=\"ltx_personname\">Ann Lee</span></span></div><div class=\"ltx_abstract\"><h6 \
             class=\"ltx_title ltx_title_abstract\">Abstract</h6>{}</div><section id=\"S1\" class=\"ltx_section\"><h2 class=\"ltx_title\">\
             <span class=\"ltx_tag\">1 </span>Introduction</h2><div class=\"ltx_para\"><p class=\"ltx_p\">{} <cite \
             class=\"ltx_cite\">(<a href=\"#bib.bib2\" class=\"ltx_ref\">Lee, 2012</a>)</cite><span class=\"ltx_note ltx_role_footnote\"><sup>1\
             </sup><span class=\"ltx_note_outer\">A note.</span></span>.</p></div>{}<table class=\"ltx_equation ltx_eqn_table\"><tr><td><math><mi>x\
             </mi><mo>=</mo><mn>1</mn></math></td><td>(1)</td></tr></table><figure id=\"S1.F1\" class=\"ltx_figure\"><img><figcaption \
             class=\"ltx_caption\"><span class=\"ltx_tag\">Figure 1: </span>Cells of mice.</figcaption></figure></section><section id=\"bib\" \
             class=\"ltx_bibliography\"><h2>References</h2><ul class=\"ltx_biblist\">{entries}</ul></section><section class=\"ltx_appendix\"><h2 \
             class=\"ltx_title\">Appendix A Proofs</h2>{}</section></article></body></html>",
            paragraphs(1, 1, "<p class=\"ltx_p\">", "</p>"),
            sentence(2),
            paragraphs(3, 8, "<div class=\"ltx_para\"><p class=\"ltx_p\">", "</p></div>"),
            paragraphs(9, 9, "<p class=\"ltx_p\">", "</p>"),
        );
        let captions = &["Figure 1: Cells of mice."][..];
        check(
            "LaTeXML",
            &page,
            &Expected { paragraphs: 9, captions, references: 6, cited: &[1], authors: &["Ann Lee"] },
        );
    }

    #[test]
    fn highwire() {
        let entries: String = (1..=6)
            .map(|n| {
                format!(
                    "<li><a class=\"rev-xref-ref\" href=\"#xref-ref-{n}-1\" id=\"ref-{n}\">↵</a><div class=\"cit ref-cit\" id=\"cit-{n}\"><div \
                     class=\"cit-metadata\"><ol class=\"cit-auth-list\"><li><span class=\"cit-auth\">Lee A</span></li></ol><cite>. <span \
                     class=\"cit-article-title\">Cells {n}</span>. J Cells 2010;{n}:1-9.</cite></div><div class=\"cit-extra\"><a \
                     href=/c>CrossRef</a><a href=/m>Medline</a><a href=/g>Google Scholar</a></div></div></li>"
                )
            })
            .collect();
        let page = format!(
            "{}<body><div id=\"content-block\"><div class=\"article fulltext-view\"><h1 id=\"article-title-1\">Cells for joints</h1><div \
             class=\"contributors\"><ol class=\"contributor-list\"><li><span class=\"name\">Ann Lee</span></li></ol></div><div class=\"section \
             abstract\" id=\"abstract-1\"><div class=\"section-nav\"><a href=\"#sec-1\">Next Section</a></div><h2>Abstract</h2>{}</div><div \
             class=\"section\" id=\"sec-1\"><div class=\"section-nav\"><a href=\"#abstract-1\">Previous Section</a></div><h2>Introduction</h2><p>{} \
             (<a class=\"xref-bibr\" href=\"#ref-1\">1</a>&ndash;<a class=\"xref-bibr\" href=\"#ref-3\">3</a>).</p>{}<div class=\"fig pos-float\" \
             id=\"F1\"><div class=\"fig-inline\"><a href=/f><img></a><div class=\"callout\"><span>View larger version:</span><ul \
             class=\"callout-links\"><li><a href=/w>In this window</a></li><li><a href=/n>In a new window</a></li></ul></div></div><div \
             class=\"fig-caption\"><span class=\"fig-label\">Figure 1.</span> <p>Cells of mice.</p><div class=\"sb-div caption-clear\"></div>\
             </div></div></div><div class=\"section ref-list\" id=\"ref-list-1\"><h2>References</h2><ol class=\"cit-list\">{entries}</ol></div>\
             </div></div><div id=\"col-2\"><h3>This Article</h3><ul><li><a href=/p>Full Text (PDF)</a></li></ul></div></body>",
            head(true),
            paragraphs(1, 1, "<p>", "</p>"),
            sentence(2),
            paragraphs(3, 8, "<p>", "</p>"),
        );
        let captions = &["Figure 1. Cells of mice."][..];
        check(
            "HighWire",
            &page,
            &Expected { paragraphs: 8, captions, references: 6, cited: &[0, 1, 2], authors: &["Ann Lee"] },
        );
    }

    #[test]
    fn sage_and_plos() {
        let rows: String = (1..=6)
            .map(|n| {
                format!(
                    "<tr id=\"bibr{n}\"><td class=\"refnumber\">{n}.</td><td valign=top>Lee A. Cells {n}. J Cells 2010; {n}: 1&ndash;9.<a \
                     href=/g>Google Scholar</a></td></tr>"
                )
            })
            .collect();
        let page = format!(
            "{}<body><div class=\"abstract toc-section\"><a id=\"abstract0\" name=\"abstract0\"></a><h2>Abstract</h2><div \
             class=\"abstract-content\">{}</div></div><div id=\"section1\" class=\"section toc-section\"><h2>Introduction</h2><p>{} [<a \
             href=\"#bibr2\" class=\"ref-tip\">2</a>].</p>{}</div><div id=\"related-work\" class=\"section toc-section\"><h2>Related work</h2>{}\
             </div><table class=\"references\"><tbody>{rows}</tbody></table></body>",
            head(true),
            paragraphs(1, 1, "<p>", "</p>"),
            sentence(2),
            paragraphs(3, 8, "<p>", "</p>"),
            paragraphs(9, 10, "<p>", "</p>"),
        );
        check(
            "SAGE",
            &page,
            &Expected { paragraphs: 10, captions: &[], references: 6, cited: &[1], authors: &["Ann Lee"] },
        );
    }
}
