//! Reads pages of a few lines, each with a structure that real pages of publishers have.

use super::*;
use crate::BlockKind;

const PAGE: &str = r##"<!DOCTYPE html><html><head><title>Cells for joints | J Cells</title>
<meta name="citation_title" content="Cells for joints"><meta name="citation_author" content="Lee, Ann">
<meta name="citation_journal_title" content="J Cells"><meta name="citation_publication_date" content="2021/03/01">
<meta name="citation_doi" content="10.1000/ABC"><style>p { color: red }</style></head>
<body><div class="cookie-banner">We use cookies.</div><nav><ul><li>Home</ul></nav>
<main><header><h1>Cells for joints</h1><div class="authors">Ann Lee</div></header>
<h2>Abstract</h2><p>Cells were given to patients<sup><a href="#r1">1</a>,<a href="#r2">2</a></sup>.
<h2>1. Methods</h2><h3>1.1 Mice</h3>
<p>Ten mice at 10<sup>6</sup> cells [<a href="#r1">1</a>–<a href="#r3">3</a>]. Kim agreed <a href="#r2">(Kim, 2013)</a>.</p>
<ul><li>old mice<li>young mice</ul>
<figure><img src="x.png" alt="A plot"><figcaption>Figure 1. Where cells go</figcaption></figure>
<table><caption>Table 1. Doses</caption><tr><th>dose<th>n</tr><tr><td>low</td><td>3</td></tr></table>
<h2>Acknowledgements</h2><p>We thank all.</p>
<h2>References</h2><ol><li id="r1">Yi T. Stem cells. 2012. <a href="https://doi.org/10.1/X">CrossRef</a> <a href="g">Google Scholar</a></li>
<li id="r2"><p>Kim A. More.</p></li><li><a id="r3"></a>Roy C. Less.</li></ol>
</main><footer>© J Cells</footer></body></html>"##;

#[test]
fn a_page_of_an_article() {
    let article = read(PAGE).unwrap();
    let metadata = &article.metadata;
    assert_eq!((metadata.title.as_deref(), metadata.year), (Some("Cells for joints"), Some(2021)));
    assert_eq!(
        (metadata.authors.as_slice(), metadata.doi.as_deref()),
        (&["Ann Lee".to_owned()][..], Some("10.1000/abc"))
    );
    let blocks: Vec<(String, &str)> = article.blocks.iter().map(|b| (b.section.join("/"), b.text.as_str())).collect();
    assert_eq!(
        blocks,
        [
            ("Abstract".to_owned(), "Cells were given to patients."),
            ("Methods/Mice".to_owned(), "Ten mice at 10⁶ cells [1–3]. Kim agreed (Kim, 2013)."),
            ("Methods/Mice".to_owned(), "old mice"),
            ("Methods/Mice".to_owned(), "young mice"),
            ("Methods/Mice".to_owned(), "Figure 1. Where cells go"),
            ("Methods/Mice".to_owned(), "Table 1. Doses"),
        ]
    );
    assert_eq!(article.blocks[0].citations[0].references, [0, 1]);
    let block = &article.blocks[1];
    let cited: Vec<_> =
        block.citations.iter().map(|c| (&block.text[c.range.clone()], c.references.as_slice())).collect();
    assert_eq!(cited, [("[1–3]", &[0, 1, 2][..]), ("Kim, 2013", &[1][..])]);
    let references: Vec<_> =
        article.references.iter().map(|r| (r.label.as_deref().unwrap(), r.text.as_str())).collect();
    assert_eq!(references, [("1", "Yi T. Stem cells. 2012."), ("2", "Kim A. More."), ("3", "Roy C. Less.")]);
    assert_eq!(article.references[0].doi.as_deref(), Some("10.1/x"));
    let rules: Vec<_> = article.dropped.iter().map(|d| (d.rule.name(), d.text.as_str())).collect();
    for expected in [
        ("page-furniture", "We use cookies."),
        ("navigation", "Home"),
        ("front-matter", "Ann Lee"),
        ("table", "dose\tn\nlow\t3"),
        ("administration", "We thank all."),
        ("page-footer", "© J Cells"),
        ("image", "A plot"),
    ] {
        assert!(rules.contains(&expected), "{expected:?} in {rules:?}");
    }
    let span = block.source.clone().unwrap();
    assert!(PAGE.chars().skip(span.start).collect::<String>().starts_with("Ten mice"));
}

#[test]
fn an_old_page_laid_out_with_tables_keeps_its_text() {
    let article =
        read("<table><tr><td>Menu</td><td><h2>Results</h2>One came.<br><br>Two came.</td></tr></table>").unwrap();
    let blocks: Vec<_> = article.blocks.iter().map(|block| block.text.as_str()).collect();
    assert_eq!(blocks, ["One came.", "Two came."]);
}

#[test]
fn a_hundred_thousand_open_tags_are_read() {
    let article = read(&format!("{}text", "<div><b>".repeat(100_000))).unwrap();
    assert_eq!(article.blocks[0].text, "text");
}

/// `count` paragraphs of thirty words. Five are enough for an article.
fn prose(count: usize) -> String {
    let paragraph = |number| {
        format!(
            "<p>In trial {number} cells were given to ten patients who had not been helped by other means, and after half a \
             year most of them walked without pain while nothing changed in the others.</p>"
        )
    };
    (1..=count).map(paragraph).collect()
}

fn texts(article: &Article) -> Vec<&str> {
    article.blocks.iter().map(|block| block.text.as_str()).collect()
}

/// The names of the rules by which texts that contain `part` were left out.
fn rules(article: &Article, part: &str) -> Vec<&'static str> {
    article.dropped.iter().filter(|dropped| dropped.text.contains(part)).map(|dropped| dropped.rule.name()).collect()
}

#[test]
fn what_is_hidden_ends_where_its_element_does() {
    for hidden in [
        "<img style=\"display:none\">",
        "<input hidden>",
        "<br hidden>",
        "<svg/>",
        "<object data=\"x\"/>",
        "<p style=display:none>",
        "<div hidden>gone</div>",
    ] {
        let article = read(&format!("<body>{hidden}<div>{}</div></body>", prose(5))).unwrap();
        assert_eq!(article.blocks.len(), 5, "{hidden}");
    }
}

#[test]
fn a_form_around_the_page_is_the_page() {
    let page = format!("<body><form id=\"aspnetForm\"><input type=hidden>{}</form></body>", prose(5));
    assert_eq!(read(&page).unwrap().blocks.len(), 5);
    let article = read(&format!("<body><form>Search: <input></form>{}</body>", prose(5))).unwrap();
    assert_eq!((article.blocks.len(), rules(&article, "Search:")), (5, vec!["form"]));
}

#[test]
fn the_article_is_the_element_with_the_prose_and_not_the_first_of_its_kind() {
    let card = "<article class=\"card\"><h3>Another paper</h3><p>Mice were kept in cages.</p></article>";
    let page = format!("<main><div>{card}{card}</div><div id=\"text\"><h2>Introduction</h2>{}</div></main>", prose(9));
    let article = read(&page).unwrap();
    assert_eq!(article.blocks.len(), 9);
    assert!(article.blocks.iter().all(|block| block.section == ["Introduction"]));
    let entries: String =
        (1..=9).map(|n| format!("<article id=r{n}>Lee A. Cells of joints. J Cells. 201{n}.</article>")).collect();
    let page = format!("<div><h2>Introduction</h2>{}<h2>References</h2><div>{entries}</div></div>", prose(9));
    let article = read(&page).unwrap();
    assert_eq!((article.blocks.len(), article.references.len()), (9, 9));
}

#[test]
fn a_header_inside_of_the_article_keeps_the_abstract() {
    let page = format!(
        "<article><header><h1>Cells</h1><div class=\"authors\">Ann Lee</div><h2>Abstract</h2>{}</header>\
         <h2>Results</h2>{}</article>",
        prose(1),
        prose(7)
    );
    let article = read(&page).unwrap();
    assert_eq!(article.blocks.first().unwrap().section, ["Abstract"]);
    assert_eq!(rules(&article, "Ann Lee"), ["front-matter"]);
}

#[test]
fn no_rule_leaves_out_most_of_a_page() {
    let article = read(&format!("<body><aside><h2>Results</h2>{}</aside><p>Ours.</p></body>", prose(6))).unwrap();
    assert!(article.blocks.len() >= 6);
    assert!(article.warnings.iter().any(|warning| warning.contains("`aside`")), "{:?}", article.warnings);
}

#[test]
fn an_entry_is_the_outermost_item_and_the_list_ends_with_its_element() {
    let entries: String = (1..=12)
        .map(|n| {
            format!(
                "<li id=\"B{n}\"><div><p>Lee A, Kim B: Cells of joints {n}.</p><p>J Cells 2011, 1:{n}.</p></div>\
                 <ul><li><a href=\"https://doi.org/10.1000/{n}\">View Article</a></li>\
                 <li><a href=\"http://scholar.google.com/?q={n}\">Google Scholar</a></li></ul></li>"
            )
        })
        .collect();
    let page = format!(
        "<div><h2>Methods</h2>{}<p>As shown before [<a href=\"#B2\">2</a>].</p><h2>References</h2><div style=\"display: none\">\
         <ol>{entries}</ol></div></div><div><p>Sign up for alerts of this journal in 2012.</p></div>",
        prose(6)
    );
    let article = read(&page).unwrap();
    assert_eq!(article.references.len(), 12);
    let second = article.references.get(1).unwrap();
    assert_eq!(second.text, "Lee A, Kim B: Cells of joints 2. J Cells 2011, 1:2.");
    assert_eq!((second.label.as_deref(), second.doi.as_deref()), (Some("2"), Some("10.1000/2")));
    assert_eq!(article.blocks.last().unwrap().citations[0].references, [1]);
    assert_eq!(article.warnings, Vec::<String>::new());
    assert!(!texts(&article).iter().any(|text| text.contains("Sign up")));
}

#[test]
fn a_table_of_data_is_no_text() {
    let row = "<tr><td><p>12</p></td><td><p>in mice</p></td><td><p>34.5</p></td></tr>".repeat(4);
    let page = format!("<h2>Results</h2>{}<table><caption>Table 2. Doses</caption>{row}</table>", prose(6));
    let article = read(&page).unwrap();
    assert_eq!((article.blocks.len(), texts(&article).last().copied()), (7, Some("Table 2. Doses")));
    assert_eq!(rules(&article, "34.5"), ["table"]);
}

#[test]
fn what_a_site_writes_into_an_article_is_not_its_text() {
    let page = format!(
        "<head><meta name=citation_title content=\"Cells for the joints of old people\"></head><main><h2>Journal of Cells</h2>\
         <h1>Cells for the joints of old people</h1><p>Ann Lee <a href=\"/x\">Search</a></p><p>Go to:</p><h2>Abstract</h2>{}\
         <p>Go to:</p><h2>Results</h2>{}<div class=\"fig\"><p>Figure 1. Cells of mice.</p><a href=\"f.jpg\">Full size image</a></div>\
         <p><a href=\"/c\">Cited by (308)</a></p><h2>Open Peer Review</h2><p>The reviewer likes the paper, which is sound and \
         well written in all of its parts.</p><h2>Comments</h2><p>I like it.</p></main>",
        prose(1),
        prose(7)
    );
    let article = read(&page).unwrap();
    let sections: Vec<&str> =
        article.blocks.iter().filter_map(|block| block.section.first()).map(String::as_str).collect();
    assert_eq!((article.blocks.len(), sections[0], sections[1]), (8, "Abstract", "Results"));
    assert_eq!(texts(&article).last().copied(), Some("Figure 1. Cells of mice."));
    for (part, rule) in [
        ("Go to:", "page-furniture"),
        // The abstract is repeated where the text begins.
        ("In trial 1 ", "page-furniture"),
        ("Full size image", "page-furniture"),
        ("Cited by", "page-furniture"),
        ("The reviewer", "sub-article"),
        ("I like it", "page-furniture"),
        ("Cells for the joints", "front-matter"),
        ("Ann Lee", "front-matter"),
    ] {
        assert!(rules(&article, part).contains(&rule), "{part}: {:?}", rules(&article, part));
    }
}

#[test]
fn a_label_on_a_line_of_its_own_belongs_to_the_caption_behind_it() {
    let page = format!("<h2>Results</h2>{}<div>FIGURE 1</div><div><p>Cells of mice.</p></div>", prose(6));
    let article = read(&page).unwrap();
    let last = article.blocks.last().unwrap();
    assert_eq!((last.kind, last.text.as_str()), (BlockKind::Caption, "FIGURE 1 Cells of mice."));
}

#[test]
fn front_matter_comes_from_the_best_vocabulary() {
    let head = "<head><title>Cells in CO2 - J Cells</title>\
        <meta name=\"dc.Title\" content=\"Cells in\tCO&lt;sub&gt;2&lt;/sub&gt;&#10;of mice\"><meta name=dc.creator content=\"Lee, Ann\">\
        <meta name=dc.creator content=\"Lee, Ann\"><meta name=dc.contributor content=\"An Editor\">\
        <script type=\"application/ld+json\">{\"@graph\":[{\"@type\":\"ScholarlyArticle\",\"headline\":\"Other\",\"datePublished\":\
        \"2019-02-03\",\"sameAs\":\"https://doi.org/10.1000/J1\",\"isPartOf\":{\"@type\":\"PublicationIssue\",\"issueNumber\":\"3\",\
        \"isPartOf\":{\"@type\":[\"PublicationVolume\",\"Periodical\"],\"name\":\"Journal of Cells\",\"volumeNumber\":7}}}]}</script></head>";
    let metadata = read(&format!("{head}<h1>Cells</h1><h2>Results</h2>{}", prose(6))).unwrap().metadata;
    assert_eq!(metadata.title.as_deref(), Some("Cells in CO2 of mice"));
    assert_eq!(metadata.authors, ["Ann Lee"]);
    assert_eq!((metadata.year, metadata.doi.as_deref()), (Some(2019), Some("10.1000/j1")));
    assert_eq!(metadata.journal.as_deref(), Some("Journal of Cells"));
    assert_eq!((metadata.volume.as_deref(), metadata.issue.as_deref()), (Some("7"), Some("3")));
}

#[test]
fn authors_are_read_from_the_page_where_no_vocabulary_has_them() {
    let page = format!(
        "<title>Cells of mice - Journal of Cells</title><h1>Cells of mice</h1><div class=\"author-group\"><button class=\"author\">\
         <span class=\"given-name\">Ann B.</span> <span class=\"text surname\">Lee</span><sup>a</sup></button>, <button class=\"author\">\
         <span class=\"given-name\">Carl</span> <span class=\"text surname\">Kim</span></button></div><h2>Results</h2>{}",
        prose(6)
    );
    let metadata = read(&page).unwrap().metadata;
    assert_eq!(
        (metadata.authors, metadata.title.as_deref()),
        (vec!["Ann B. Lee".to_owned(), "Carl Kim".to_owned()], Some("Cells of mice"))
    );
}

#[test]
fn a_list_of_references_in_the_head_completes_that_of_the_page() {
    let page = format!(
        "<meta name=citation_title content=Cells><meta name=citation_reference content=\"citation_title=Joints of old mice; \
         citation_author=A Lee; citation_author=B Kim; citation_year=2001; citation_doi=10.1000/R1\"><h2>Results</h2>{}<h2>References</h2>\
         <ol><li id=r1><cite>Joints of old mice</cite><div>Ann Lee, Bo Kim</div><div>J Cells, 2001</div></li></ol>",
        prose(6)
    );
    let article = read(&page).unwrap();
    let reference = article.references.first().unwrap();
    assert_eq!(
        (reference.title.as_deref(), reference.doi.as_deref()),
        (Some("Joints of old mice"), Some("10.1000/r1"))
    );
    assert_eq!((reference.authors.len(), reference.year), (2, Some(2001)));
}

#[test]
fn a_page_without_the_article_is_an_abstract_or_an_error() {
    let head = "<meta name=citation_title content=\"Cells for the joints\"><meta name=citation_doi content=10.1000/1>";
    let article = read(&format!("{head}<h2>Abstract</h2>{}<p>Log in to read on.</p>", prose(1))).unwrap();
    assert_eq!((article.blocks.len(), article.metadata.marks.as_slice()), (1, &[crate::Mark::Abstract][..]));
    let error = read(&format!("{head}<h2>Access options</h2><p>Buy this article for 40 dollars.</p>")).unwrap_err();
    assert!(matches!(&error, ReadError::NoArticle(_)) && error.to_string().contains("buy access"), "{error}");
    let error = read("<title>Just a moment...</title><p>Checking your browser before you go on.</p>").unwrap_err();
    assert!(error.to_string().contains("whether a person reads it"), "{error}");
    let error =
        read(&format!("{head}<iframe src=\"files/article_preview.html\"></iframe><ul><li>Home</ul>")).unwrap_err();
    assert!(error.to_string().contains("article_preview.html"), "{error}");
}

#[test]
fn a_formula_does_not_split_its_paragraph() {
    let page = format!(
        "<h2>Results</h2>{}<div class=\"Para\">The dose is<div class=\"Equation\">d = 2</div>for ten mice.</div>\
         <p>The time is</p><table class=\"disp-formula\"><tr><td>t = 3</td></tr></table><p>where t is in hours.</p>",
        prose(6)
    );
    let article = read(&page).unwrap();
    let texts = texts(&article);
    assert_eq!(texts.get(6..), Some(&["The dose is for ten mice.", "The time is where t is in hours."][..]));
    assert_eq!((rules(&article, "d = 2"), rules(&article, "t = 3")), (vec!["formula"], vec!["formula"]));
}

#[test]
fn sections_at_the_level_of_the_title_and_words_with_names_are_text() {
    let page = format!(
        "<h1>Cells for joints</h1><h1>Abstract</h1>{}<h1>Results</h1>{}<p>Cells were <span class=\"search-term\">given</span> to \
         <span class=\"keyword\">mice</span>.</p>",
        prose(1),
        prose(7)
    );
    let article = read(&page).unwrap();
    assert_eq!(article.blocks[0].section, ["Abstract"]);
    assert_eq!(article.metadata.title.as_deref(), Some("Cells for joints"));
    assert_eq!(texts(&article).last().copied(), Some("Cells were given to mice."));
}

#[test]
fn a_frame_is_the_article_if_the_page_has_none() {
    let frame =
        |inner: &str| format!("<iframe srcdoc=\"{}\"></iframe>", inner.replace('&', "&amp;").replace('"', "&quot;"));
    let inner = format!("<h2 class=\"x\">Results</h2>{}", prose(9));
    let head = "<meta name=citation_title content=\"Cells for the joints\"><meta name=citation_doi content=10.1000/1>";
    let article = read(&format!("{head}{}{}<p>Log in.</p>", frame("<p>Buy now.</p>"), frame(&inner))).unwrap();
    assert_eq!((article.blocks.len(), article.metadata.doi.as_deref()), (9, Some("10.1000/1")));
    assert_eq!(rules(&article, "Buy now."), ["embedded"]);
    assert!(article.blocks.iter().all(|block| block.section == ["Results"] && block.source.is_none()));
    // If the page has an article, the frame is not read.
    let article =
        read(&format!("{head}<main><h2>Results</h2>{}</main>{}", prose(5), frame(&inner.replace("cells", "mice"))))
            .unwrap();
    assert_eq!(article.blocks.len(), 5);
    assert_eq!(rules(&article, "mice were given"), ["embedded"]);
    let abstract_only = format!("{head}<h2>Abstract</h2>{}{}", prose(1), frame(&inner));
    let article = read(&abstract_only).unwrap();
    assert_eq!((article.blocks.len(), article.metadata.marks.len()), (9, 0));
}
