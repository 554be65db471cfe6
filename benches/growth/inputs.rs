//! Hostile inputs of any size, one for each way in which reading could take more than linear time or memory.

/// A kind of hostile input.
pub struct Input {
    /// A short description of its structure.
    pub name: &'static str,
    /// The file name, which only determines page numbers.
    pub file: &'static str,
    /// Makes about the given number of bytes.
    pub make: fn(usize) -> Vec<u8>,
}

const fn text(name: &'static str, make: fn(usize) -> Vec<u8>) -> Input {
    Input { name, file: "hostile.txt", make }
}

/// All kinds, grouped by the part of the readers that they stress.
pub const ALL: &[Input] = &[
    // Text of any format: sentences, abbreviations, citations.
    text("text: nested brackets", |n| nested("(", "a ", ")", n)),
    text("text: nested brackets of two kinds", |n| nested("word ([", "a, ", "])", n)),
    text("text: brackets that stay open", |n| repeat("word (A ", n)),
    text("text: long brackets", |n| repeat_until("word(", "AB, CD; EF = ", ")", n)),
    text("text: lines that end in hyphens", |n| repeat("abcdef-\n", n)),
    text("text: words that hyphens join", |n| repeat("abc-def-", n)),
    text("text: citations without spaces", |n| repeat("x[1]", n)),
    text("text: citations in round brackets without spaces", |n| repeat("x(1)", n)),
    text("text: stops", |n| repeat(".", n)),
    text("text: stops and closers", |n| repeat(".\")", n)),
    text("text: stops and citations", |n| repeat("a.[1]", n)),
    text("text: short sentences", |n| repeat("A. ", n)),
    text("text: abbreviated words", |n| repeat("et al. e.g. Fig. ", n)),
    text("text: one word", |n| repeat("a", n)),
    text("text: one word of digits", |n| repeat("1", n)),
    text("text: raised numbers", |n| repeat("a.1,", n)),
    text("text: superscripts", |n| repeat("a¹,²–³ ", n)),
    text("text: glued sentences", |n| repeat(&format!("{}.The,", "a".repeat(60)), n)),
    text("text: abbreviations", |n| numbered(n, |i| format!("{} ({}). ", words_for(&code(i)), code(i)))),
    text("text: abbreviations, a paragraph for each", |n| {
        numbered(n, |i| format!("{} ({}).\n\n", words_for(&code(i)), code(i)))
    }),
    text("text: one abbreviation with many senses", |n| {
        numbered(n, |i| format!("alpha{} beta{} (AB). ", letters(i), letters(i)))
    }),
    text("text: announced abbreviations", |n| repeat("bone or BM or ", n)),
    text("text: a list of abbreviations", |n| {
        [b"Abbreviations\n\n".to_vec(), numbered(n, |i| format!("{}, {}; ", code(i), words_for(&code(i))))].concat()
    }),
    text("text: studies by one author", |n| numbered(n, |i| format!("Yi and B{} (2012) saw it. ", letters(i)))),
    text("text: studies by many authors", |n| numbered(n, |i| format!("B{} et al. (2012) saw it. ", letters(i)))),
    text("text: years behind one name", |n| [b"Yi (2012".to_vec(), repeat(", 2013", n)].concat()),
    text("text: suffixes behind one year", |n| [b"It is so (Yi et al., 2012a".to_vec(), repeat(",b,c", n)].concat()),
    text("text: names without a year", |n| repeat("Yi, Berg and van de Aa, ", n)),
    text("text: citations of a long list", |n| {
        let cited = numbered(n / 2, |i| format!("It is so [{}]. ", i % 1800 + 1));
        [cited, b"\n\nReferences\n\n".to_vec(), numbered(n / 2, |i| format!("{}. Lee A. Cells. 2010.\n", i + 1))]
            .concat()
    }),
    text("text: studies of a long list", |n| {
        let cited = numbered(n / 2, |_| "It is so (Lee, 2010). ".to_owned());
        [cited, b"\n\nReferences\n\n".to_vec(), repeat("Lee A. Cells. J Cells. 2010;1:1.\n", n / 2)].concat()
    }),
    text("text: ranges of citations", |n| {
        let list = numbered(2_000, |i| format!("{}. Lee A. Cells. 2010.\n", i + 1));
        [repeat("It is so [1-60]. ", n), b"\n\nReferences\n\n".to_vec(), list].concat()
    }),
    text("text: references without labels", |n| {
        [b"References\n\n".to_vec(), repeat("Lee A, Kim B. Cells. J Cells. 2010;1:1.\n", n)].concat()
    }),
    text("text: one reference of many names", |n| {
        [b"References\n\n1. ".to_vec(), repeat("Lee A, Kim B, ", n)].concat()
    }),
    // Plain text.
    text("text: short paragraphs", |n| repeat("Cells grow.\n\n", n)),
    text("text: empty lines", |n| [b"Cells grow.".to_vec(), repeat("\n", n), b"They do.".to_vec()].concat()),
    text("text: headings", |n| numbered(n, |i| format!("{}.{} Cells\n\nThey grow.\n\n", i % 9 + 1, i % 99 + 1))),
    text("text: headings ever deeper", |n| {
        numbered(n, |i| format!("{}1 Cells\n\nThey grow.\n\n", "1.".repeat(i % 50)))
    }),
    text("text: lines of one paragraph", |n| repeat("Cells grow in the\n", n)),
    text("text: numbered lines", |n| numbered(n, |i| format!("{}. Cells\n", i + 1))),
    // Dumps of pages.
    text("dump: pages of a word", |n| repeat("\u{c}cells", n)),
    text("dump: pages that go on", |n| numbered(n, |i| format!("\u{c}cells of {} were given to mice and", letters(i)))),
    text("dump: pages that go on, of several paragraphs", |n| {
        numbered(n, |i| {
            let name = letters(i);
            format!("\u{c}cells of {name} were given to mice.\n\nThe {name} lived on and on.\n\nOther {name} were")
        })
    }),
    text("dump: pages of captions", |n| {
        numbered(n, |i| {
            format!("\u{c}Figure 1. Cells of {} that were given to the mice.\nIn all of {0}.\n", letters(i))
        })
    }),
    text("dump: empty pages", |n| [repeat("\u{c}", n), b"words".to_vec()].concat()),
    text("dump: page marks", |n| repeat("Page 1 of 2\ncells and\n", n)),
    text("dump: running headers on one line", |n| repeat("Journal of Cells, 2024, Vol.1, No.2, 3-4 cells grew ", n)),
    text("dump: running headers on lines", |n| repeat("\u{c}Journal of Cells, 2024, Vol.1, No.2, 3-4\n", n)),
    text("dump: running headers on lines of one page", |n| {
        [b"\x0c".to_vec(), repeat("Journal of Cells, 2024, Vol.1, No.2, 3-4\n", n)].concat()
    }),
    text("dump: tokens of the viewer", |n| repeat("RkJQdWJsaXNoZXIy ", n)),
    text("dump: lines of headings", |n| {
        numbered(n, |i| format!("{}{}.1 Cells\n", if i == 0 { "\u{c}" } else { "" }, i % 9 + 1))
    }),
    text("dump: headings in running text", |n| [b"\x0c".to_vec(), repeat("It is so. 3.1 the Cells of ", n)].concat()),
    text("dump: deep headings in running text", |n| [b"\x0c".to_vec(), repeat("It is so. 3.1 Cells of ", n)].concat()),
    text("dump: captions in running text", |n| [b"\x0c".to_vec(), repeat("It is so. Figure 1. Cells of ", n)].concat()),
    text("dump: sentences on one line", |n| [b"\x0c".to_vec(), repeat("Cells were given to mice. ", n)].concat()),
    text("dump: names without years in the list", |n| {
        [b"\x0cReferences\n\n".to_vec(), repeat("cells. Lee A, ", n)].concat()
    }),
    text("dump: references on one line", |n| {
        [b"\x0cReferences\n\n".to_vec(), numbered(n, |i| format!("[{}] Lee A. Cells. 2010. ", i + 1))].concat()
    }),
    // Markdown.
    text("markdown: block quotes", |n| markdown(&repeat("> ", n))),
    text("markdown: lists", |n| markdown(&repeat("- ", n))),
    text("markdown: items", |n| markdown(&repeat("- cells\n", n))),
    text("markdown: open links", |n| markdown(&repeat("[a](", n))),
    text("markdown: open images", |n| markdown(&repeat("![a", n))),
    text("markdown: emphasis", |n| markdown(&repeat("*a **b _", n))),
    text("markdown: back quotes", |n| markdown(&numbered(n, |i| format!("{} ", "`".repeat(i % 200 + 1))))),
    text("markdown: footnotes", |n| {
        let cited = numbered(n / 2, |i| format!("[^{i}]"));
        [markdown(&cited), b"\n\n".to_vec(), numbered(n / 2, |i| format!("[^{i}]: Lee A. Cells. 2010.\n\n"))].concat()
    }),
    text("markdown: definitions of links", |n| markdown(&numbered(n, |i| format!("[a{i}]: b\n[a{i}]\n\n")))),
    text("markdown: a table with missing cells", |n| {
        let columns = n / 16;
        [
            markdown(&repeat("|a", columns * 2)),
            b"\n".to_vec(),
            repeat("|-", columns * 2),
            b"\n".to_vec(),
            repeat("|b\n", n / 2),
        ]
        .concat()
    }),
    text("markdown: tables", |n| markdown(&repeat("| a | b |\n| --- | --- |\n| c | d |\n\n", n))),
    text("markdown: tags", |n| markdown(&repeat("a <b> <i ", n))),
    text("markdown: headings", |n| markdown(&repeat("## Cells\n\nThey grow.\n\n", n))),
    text("markdown: front matter", |n| {
        [b"---\ntitle: Cells\nauthors:\n".to_vec(), repeat("  - Ann Lee\n", n), b"---\n\nThey grow.\n".to_vec()]
            .concat()
    }),
    // HTML.
    text("html: nested elements", |n| html(&repeat("<div><ul><li>a", n))),
    text("html: nested tables", |n| html(&repeat("<table><tr><td>a", n))),
    text("html: open tags", |n| html(&repeat("<p ", n))),
    text("html: open quotes", |n| html(&repeat("<p a=\"<p b=\"", n))),
    text("html: attributes", |n| html(&[b"<p ".to_vec(), repeat("a=b ", n), b">cells".to_vec()].concat())),
    text("html: comments", |n| html(&repeat("<!-- a --><!a", n))),
    text("html: raw elements", |n| html(&repeat("<script>a</b>", n))),
    text("html: ampersands", |n| html(&repeat("&a", n))),
    text("html: raised links to many references", |n| {
        let links = numbered(n / 2, |i| format!("<a href=\"#r{i}\">{i}</a>,"));
        let list = numbered(n / 2, |i| format!("<li id=\"r{i}\">Lee A. Cells. 2010."));
        html(&[b"<p>Cells<sup>".to_vec(), links, b"</sup></p><h2>References</h2><ol>".to_vec(), list].concat())
    }),
    text("html: links to many references", |n| {
        let links = numbered(n / 2, |i| format!("<a href=\"#r{i}\">{i}</a>, "));
        let list = numbered(n / 2, |i| format!("<li id=\"r{i}\">Lee A. Cells. 2010."));
        html(&[b"<p>Cells [".to_vec(), links, b"]</p><h2>References</h2><ol>".to_vec(), list].concat())
    }),
    text("html: end tags without starts", |n| html(&repeat("</p></div></b>", n))),
    text("html: open links and blocks", |n| html(&repeat("<a href=x><div><b><p>a", n))),
    text("html: nested parts that are left out", |n| html(&repeat("<nav><div hidden><aside>a", n))),
    text("html: nested abstracts", |n| {
        html(&repeat("<div class=\"abstract\">Cells were given to ten of all patients. ", n))
    }),
    text("html: nested figures", |n| html(&repeat("<figure><figcaption>Figure 1. Cells", n))),
    text("html: nested reference lists", |n| html(&repeat("<div class=\"references\"><ul><li>Lee A. Cells. 2010.", n))),
    text("html: headings of reference lists", |n| html(&repeat("<div><h2>References</h2><p>Lee A. Cells. 2010.", n))),
    text("html: names of authors", |n| html(&repeat("<span class=\"author-name\">Ann Lee", n))),
    text("html: long class names", |n| {
        html(&[b"<p class=\"".to_vec(), repeat("aB-", n), b"\">cells".to_vec()].concat())
    }),
    text("html: tags about the paper", |n| {
        html(&repeat("<meta name=citation_reference content=\"citation_title=Cells; citation_author=Lee\">", n))
    }),
    text("html: inlined images", |n| {
        html(&repeat(&format!("<p>Cells grew.<img src=\"data:image/png;base64,{}\"></p>", "A".repeat(20_000)), n))
    }),
    text("mhtml: many parts", |n| mhtml(&repeat("\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Cells grew.</p>", n))),
    text("mhtml: nested parts", |n| {
        mhtml(&repeat("\r\n--b\r\nContent-Type: multipart/related; boundary=b\r\n\r\n<p>Cells</p>", n))
    }),
    text("mhtml: nested messages", |n| {
        mhtml(&repeat("\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nMIME-Version: 1.0\r\n\r\n<p>Cells</p>", n))
    }),
    text("mhtml: an image", |n| {
        let image = [
            b"\r\n--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n".to_vec(),
            repeat("iVBORw0KGgo=", n),
        ];
        mhtml(&image.concat())
    }),
    text("html: nested JSON", |n| {
        let json = [repeat("{\"@graph\":[", n), b"</script>".to_vec()].concat();
        html(&[b"<script type=\"application/ld+json\">".to_vec(), json].concat())
    }),
    text("html: names of sites", |n| {
        html(&[b"<h2>References</h2><ol><li>Lee. ".to_vec(), repeat("PubMed ", n), b"</ol>".to_vec()].concat())
    }),
    text("html: a long heading above short paragraphs", |n| {
        html(&[b"<h2>".to_vec(), repeat("Cells ", n / 2), b"</h2>".to_vec(), repeat("<p>a</p>", n / 2)].concat())
    }),
    // XML.
    text("jats: a long title above short paragraphs", |n| {
        let title = [b"<title>".to_vec(), repeat("Cells ", n / 2), b"</title>".to_vec()].concat();
        jats(&[b"<sec>".to_vec(), title, repeat("<p>a</p>", n / 2), b"</sec>".to_vec()].concat(), "")
    }),
    text("jats: nested sections with long titles", |n| {
        let open = repeat_times(&format!("<sec><title>{}</title>", "Cells ".repeat(n / 2 / 150 / 6)), 150);
        jats(&[open, repeat("<p>a</p>", n / 2), repeat_times("</sec>", 150)].concat(), "")
    }),
    text("jats: short paragraphs", |n| jats(&repeat("<p>Cells grow.</p>", n), "")),
    text("jats: nested unknown elements", |n| {
        let block = [repeat_times("<x>", 150), repeat_times("<p>a</p>", 200), repeat_times("</x>", 150)].concat();
        jats(&String::from_utf8(block).map_or(Vec::new(), |block| repeat(&block, n)), "")
    }),
    text("jats: nested superscripts", |n| {
        let block = [repeat_times("<sup>a", 150), repeat_times("</sup>", 150)].concat();
        let text = String::from_utf8(block).map_or(Vec::new(), |block| repeat(&block, n));
        jats(&[b"<p>".to_vec(), text, b"</p>".to_vec()].concat(), "")
    }),
    text("jats: nested references", |n| {
        let block = [repeat_times("<ref>", 150), b"Lee A. Cells. 2010.".to_vec(), repeat_times("</ref>", 150)].concat();
        let list = String::from_utf8(block).map_or(Vec::new(), |block| repeat(&block, n));
        jats(b"<p>Cells grow.</p>", &String::from_utf8_lossy(&list))
    }),
    text("jats: citations of many references in one marker", |n| {
        let cited = numbered(n / 2, |i| format!("<xref ref-type=\"bibr\" rid=\"r{i}\">{i}</xref>,"));
        let list = numbered(n / 2, |i| format!("<ref id=\"r{i}\"><citation>Lee A. Cells.</citation></ref>"));
        jats(&[b"<p>Cells [".to_vec(), cited, b"]</p>".to_vec()].concat(), &String::from_utf8_lossy(&list))
    }),
    text("jats: raised citations", |n| {
        let cited = numbered(n / 2, |i| format!("<sup><xref ref-type=\"bibr\" rid=\"r{i}\">{i}</xref></sup>, "));
        let list = numbered(n / 2, |i| format!("<ref id=\"r{i}\"><citation>Lee A. Cells.</citation></ref>"));
        jats(&[b"<p>Cells ".to_vec(), cited, b"</p>".to_vec()].concat(), &String::from_utf8_lossy(&list))
    }),
    text("jats: figures mentioned under a long title", |n| {
        let title = [b"<title>".to_vec(), repeat("Cells ", n / 2), b"</title><p>".to_vec()].concat();
        let mentions = numbered(n / 2, |i| format!("<xref ref-type=\"fig\" rid=\"f{i}\">a</xref> "));
        jats(&[b"<sec>".to_vec(), title, mentions, b"</p></sec>".to_vec()].concat(), "")
    }),
    text("jats: a glossary", |n| {
        let items = numbered(n, |i| {
            format!("<def-item><term>{}</term><def><p>{}</p></def></def-item>", code(i), words_for(&code(i)))
        });
        jats(&[b"<p>a</p><glossary><def-list>".to_vec(), items, b"</def-list></glossary>".to_vec()].concat(), "")
    }),
    text("jats: attributes", |n| jats(&repeat(&format!("<p {}>a</p>", attributes("a", 1_000)), n), "")),
    text("jats: namespaces", |n| {
        let declared = attributes("xmlns:n", 200);
        let open = repeat_times(&format!("<sec {declared}>"), 20);
        jats(&[open, repeat("<n199:p>a</n199:p>", n), repeat_times("</sec>", 20)].concat(), "")
    }),
    text("jats: document types", |n| {
        [b"<?xml version=\"1.0\"?>".to_vec(), repeat("<!DOCTYPE article>", n), jats(b"<p>a</p>", "")].concat()
    }),
    text("jats: entities", |n| jats(&[b"<p>".to_vec(), repeat("&alpha;&x", n), b"</p>".to_vec()].concat(), "")),
    text("tei: nested unknown elements", |n| {
        let block = [repeat_times("<x>", 150), repeat_times("<p>a</p>", 200), repeat_times("</x>", 150)].concat();
        tei(&String::from_utf8(block).map_or(Vec::new(), |block| repeat(&block, n)))
    }),
    text("tei: headings ever deeper", |n| {
        tei(&numbered(n, |i| format!("<div><head n=\"{}1\">Cells</head><p>a</p></div>", "1.".repeat(i % 500))))
    }),
    text("tei: a long heading above short paragraphs", |n| {
        tei(&[
            b"<div><head>".to_vec(),
            repeat("Cells ", n / 2),
            b"</head>".to_vec(),
            repeat("<p>a</p>", n / 2),
            b"</div>".to_vec(),
        ]
        .concat())
    }),
    text("tei: citations of many references in one marker", |n| {
        let cited = numbered(n / 2, |i| format!("<ref type=\"bibr\" target=\"#b{i}\">{i}</ref>, "));
        let list = numbered(n / 2, |i| format!("<bibl xml:id=\"b{i}\">Lee A. Cells.</bibl>"));
        tei(&[b"<p>Cells [".to_vec(), cited, b"]</p><listBibl>".to_vec(), list, b"</listBibl>".to_vec()].concat())
    }),
    // PDF.
    text("pdf: lines of text", |n| pdf(&[lines(n, |i| (50.0, (i % 60) as f32 * 12.0, 10.0))])),
    text("pdf: pages of text", |n| pdf(&pages(n, |_| lines(2_500, |i| (50.0, i as f32 * 12.0, 10.0))))),
    text("pdf: pages of hyphens", |n| {
        pdf(&pages(n, |_| (0..50).map(|i| show("abcdefgh-", 50.0, 780.0 - 12.0 * i as f32, 10.0)).collect()))
    }),
    text("pdf: lines of all sizes", |n| {
        pdf(&pages(n, |page| lines(2_500, |i| (50.0, i as f32 * 12.0, 4.0 + ((page * 31 + i) % 997) as f32 * 0.25))))
    }),
    text("pdf: parts of one line", |n| pdf(&pages(n, |_| lines(2_500, |i| (10.0 + 6.0 * i as f32, 400.0, 10.0))))),
    text("pdf: columns and walls", |n| {
        pdf(&pages(n, |_| {
            let rules: String = (0..40).map(|i| format!("50 {} m 550 {} l S\n", 20 * i, 20 * i)).collect();
            lines(2_500, |i| (if i % 2 == 0 { 50.0 } else { 320.0 }, i as f32 * 6.0, 10.0)) + &rules
        }))
    }),
    text("pdf: states that stay open", |n| {
        pdf(&[String::from_utf8_lossy(&repeat("q 1 0 0 1 1 1 cm ", n)).into_owned()])
    }),
    text("pdf: small pages", |n| {
        pdf(&pages_of(n, 400, |_| show("Cells were given to mice with stiff joints and more", 50.0, 700.0, 10.0)))
    }),
];

fn repeat(unit: &str, bytes: usize) -> Vec<u8> {
    repeat_times(unit, (bytes / unit.len()).max(1))
}

fn repeat_times(unit: &str, times: usize) -> Vec<u8> {
    unit.repeat(times).into_bytes()
}

/// `open` in the first half, `close` in the second half, with `inner` after each opening.
fn nested(open: &str, inner: &str, close: &str, bytes: usize) -> Vec<u8> {
    let times = (bytes / (open.len() + inner.len() + close.len())).max(1);
    [repeat_times(&format!("{open}{inner}"), times), repeat_times(close, times)].concat()
}

/// Brackets with a content of 4,000 bytes.
fn repeat_until(open: &str, unit: &str, close: &str, bytes: usize) -> Vec<u8> {
    let bracket = format!("{open}{}{close} ", unit.repeat(4_000 / unit.len()));
    repeat(&bracket, bytes)
}

fn numbered(bytes: usize, unit: impl Fn(usize) -> String) -> Vec<u8> {
    let mut all = Vec::with_capacity(bytes + 64);
    for index in 0.. {
        if all.len() >= bytes {
            break;
        }
        all.extend(unit(index).bytes());
    }
    all
}

/// `number` in the letters a to t.
fn letters(number: usize) -> String {
    number.to_string().bytes().map(|digit| char::from(digit - b'0' + b'a')).collect()
}

/// A different short form for each number.
fn code(number: usize) -> String {
    format!("Q{}", letters(number).to_uppercase())
}

/// Words whose first letters are those of `code`.
fn words_for(code: &str) -> String {
    code.to_lowercase().chars().map(|letter| format!("{letter}ells ")).collect::<String>().trim_end().to_owned()
}

fn attributes(name: &str, count: usize) -> String {
    (0..count).map(|i| format!("{name}{i}=\"b{i}\" ")).collect()
}

fn markdown(body: &[u8]) -> Vec<u8> {
    [b"# Cells\n\nThey grow.\n\n", body].concat()
}

fn html(body: &[u8]) -> Vec<u8> {
    [b"<!DOCTYPE html><html><body><h1>Cells</h1><p>They grow.</p>", body, b"</body></html>"].concat()
}

fn mhtml(parts: &[u8]) -> Vec<u8> {
    let head = b"From: <Saved>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=\"b\"\r\n\r\n--b\r\n\
        Content-Type: text/html\r\n\r\n<h1>Cells</h1><p>They grow.</p>";
    [head, parts, b"\r\n--b--\r\n"].concat()
}

fn jats(body: &[u8], references: &str) -> Vec<u8> {
    let back = format!("</body><back><ref-list>{references}</ref-list></back></article>");
    let front = b"<?xml version=\"1.0\"?><article article-type=\"review-article\"><front></front><body>";
    if body.starts_with(b"<?xml") { body.to_vec() } else { [front, body, back.as_bytes()].concat() }
}

fn tei(body: &[u8]) -> Vec<u8> {
    let front =
        b"<?xml version=\"1.0\"?><TEI xmlns=\"http://www.tei-c.org/ns/1.0\"><teiHeader></teiHeader><text><body>";
    [front, body, b"</body></text></TEI>"].concat()
}

fn show(text: &str, x: f32, y: f32, size: f32) -> String {
    format!("BT /F1 {size} Tf {x} {y} Td ({text}) Tj ET\n")
}

/// Operators that show lines, each at the position and in the size that `place` returns.
fn lines(bytes: usize, place: impl Fn(usize) -> (f32, f32, f32)) -> String {
    let mut content = String::new();
    for index in 0.. {
        if content.len() >= bytes {
            break;
        }
        let (x, y, size) = place(index);
        content += &show("Cells of mice", x, 780.0 - y, size);
    }
    content
}

fn pages(bytes: usize, page: impl Fn(usize) -> String) -> Vec<String> {
    pages_of(bytes, 2_700, page)
}

fn pages_of(bytes: usize, page_bytes: usize, page: impl Fn(usize) -> String) -> Vec<String> {
    (0..(bytes / page_bytes).max(1)).map(page).collect()
}

/// A PDF with these pages and Helvetica as `F1`.
fn pdf(contents: &[String]) -> Vec<u8> {
    let kids: Vec<String> = (0..contents.len()).map(|i| format!("{} 0 R", 4 + 2 * i)).collect();
    let mut objects = vec![
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        format!("<</Type/Pages/Count {}/Kids[{}]>>", contents.len(), kids.join(" ")),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_owned(),
    ];
    for (i, content) in contents.iter().enumerate() {
        objects.push(format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F1 3 0 R>>>>/Contents {} 0 R>>",
            5 + 2 * i
        ));
        objects.push(format!("<</Length {}>>\nstream\n{content}\nendstream", content.len()));
    }
    let mut file = String::from("%PDF-1.4\n");
    let mut offsets = Vec::new();
    for (i, object) in objects.iter().enumerate() {
        offsets.push(file.len());
        file += &format!("{} 0 obj\n{object}\nendobj\n", i + 1);
    }
    let start = file.len();
    file += &format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for offset in offsets {
        file += &format!("{offset:010} 00000 n \n");
    }
    file += &format!("trailer <</Size {}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1);
    file.into_bytes()
}
