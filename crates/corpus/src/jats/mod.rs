//! JATS XML, the format of PubMed Central: <https://jats.nlm.nih.gov/archiving/>.
//!
//! Reads the archiving and the publishing tag set and the NLM tag sets before them. All text of the article becomes a
//! block, a heading, metadata or a reference, or is recorded as dropped.

mod body;
mod floats;
mod front;
mod glossary;
mod inline;
mod nodes;
mod reader;
mod references;

use roxmltree::Node;

use super::xml::Repaired;
use super::{Article, DropRule, Mark, ReadError, bmc};
use reader::Reader;

const FORMAT: &str = "JATS XML";

/// Reads a decoded JATS file.
///
/// # Errors
/// [`ReadError::Malformed`] for damaged XML, with line and column, or if it contains no article.
pub(super) fn read(source: &str) -> Result<Article, ReadError> {
    let repaired = Repaired::new(source, FORMAT)?;
    let document = repaired.parse()?;
    let mut articles = document.descendants().filter(|node| node.has_tag_name("article"));
    let Some(root) = articles.next() else {
        if let Some(root) = document.descendants().find(|node| node.has_tag_name("art")) {
            return Ok(bmc::read(&repaired, root));
        }
        return Err(ReadError::Malformed { format: FORMAT, reason: "there is no <article> in it".into() });
    };
    let mut reader = Reader::new(&repaired);
    reader.read(root);
    let others = articles.count();
    if others > 0 {
        reader.article.warnings.push(format!("{others} more articles in this file were not read; split it"));
    }
    Ok(reader.article)
}

impl Reader<'_> {
    fn read(&mut self, root: Node) {
        self.article.metadata = front::metadata(root);
        self.read_references(root);
        for child in root.children().filter(Node::is_element) {
            match child.tag_name().name() {
                "front" => self.front(child),
                "body" => self.children(child),
                "back" => self.back(child),
                "floats-group" | "floats-wrap" => self.floats_at_the_end(child),
                "processing-meta" => {}
                "sub-article" | "response" => self.drop_node(DropRule::SubArticle, child),
                _ => self.drop_node(DropRule::UnknownPart, child),
            }
        }
        if !root.children().any(|part| part.has_tag_name("body")) && !self.article.blocks.is_empty() {
            self.article.metadata.marks.push(Mark::Abstract);
            self.article.warnings.push("the file contains the abstract only, not the text of the article".into());
        }
        if self.article.references.is_empty() {
            self.article.warnings.push("the reference list was not found".into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Block, BlockKind};

    const PAPER: &str = r##"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS v1.2//EN" "JATS.dtd">
<article article-type="review-article" xmlns:xlink="http://www.w3.org/1999/xlink">
<front><journal-meta><journal-title-group><journal-title>J Cells</journal-title></journal-title-group></journal-meta>
<article-meta><article-id pub-id-type="pmid">123</article-id><article-id pub-id-type="pmc">77</article-id>
<article-id pub-id-type="doi">10.1000/ABC</article-id>
<title-group><article-title>Cells for joints<xref ref-type="fn" rid="n1">*</xref></article-title><subtitle>a review</subtitle></title-group>
<contrib-group><contrib contrib-type="author"><name><surname>Lee</surname><given-names>Ann</given-names></name></contrib>
<contrib contrib-type="editor"><name><surname>Roy</surname><given-names>C</given-names></name></contrib></contrib-group>
<pub-date pub-type="epub"><year>2020</year></pub-date><pub-date pub-type="ppub"><year>2021</year></pub-date>
<volume>3</volume><issue>4</issue><fpage>1</fpage><lpage>9</lpage>
<related-article related-article-type="retraction-forward" xlink:href="x"/>
<abstract><sec><title>Aim</title><p>To treat joints.</p></sec></abstract>
<kwd-group><kwd>arthritis</kwd></kwd-group></article-meta></front>
<body>
<sec><title>1. Results</title>
<sec><label>1.1</label><title>TNF-&alpha; and <italic>mice</italic></title>
<p id="p1">CD105<sup>+</sup> cells at 10<sup>6</sup>/kg and Ca<sup>2+</sup> in H<sub>2</sub>O worked [<xref ref-type="bibr" rid="B1">1</xref>, <xref
 ref-type="bibr" rid="B2">2</xref>&ndash;<xref ref-type="bibr" rid="B4">4</xref>] in mice.<sup><xref ref-type="bibr" rid="B2">2</xref></sup> See <xref ref-type="fig" rid="F1">Figure 1</xref>.
<fig id="F0"><label>Figure 0</label><caption><title>Inside</title><p>A float.</p></caption></fig> It went on:
<list><list-item><label>(i)</label><p>first</p></list-item><list-item><p>second</p></list-item></list> and ended.</p>
<disp-formula><tex-math>x = y</tex-math></disp-formula>
<table-wrap><label>Table 1</label><caption><p>Doses</p></caption><table><tr><th>dose</th><th>n</th></tr><tr><td>low</td><td>3</td></tr></table>
<table-wrap-foot><p>Abbreviations: OA, osteoarthritis; RA, rheumatoid arthritis</p></table-wrap-foot></table-wrap>
</sec></sec>
<boxed-text><caption><title>Key points</title></caption><p>Joints matter.</p></boxed-text>
<sec><title>Competing interests</title><p>None.</p></sec>
</body>
<back><ack><p>We thank all.</p></ack>
<glossary><title>Abbreviations</title><def-list><def-item><term>MSC</term><def><p>mesenchymal stem cell</p></def></def-item></def-list></glossary>
<ref-list><title>References</title>
<ref id="B1"><label>1.</label><element-citation><person-group person-group-type="author"><name><surname>Yi</surname><given-names>T</given-names></name><name><surname>Song</surname><given-names>SU</given-names></name><etal/></person-group><article-title>Stem cells</article-title><source>Arch</source><year>2012</year><volume>35</volume><issue>2</issue><fpage>213</fpage><lpage>21</lpage><pub-id pub-id-type="doi">10.1/X</pub-id><pub-id pub-id-type="pmid">99</pub-id></element-citation></ref>
<ref id="B2"><mixed-citation><name><surname>Kim</surname><given-names>A</given-names></name> <name><surname>Roy</surname><given-names>C</given-names></name> (<year>2013</year>). <article-title>More cells.</article-title> <source>Arch</source></mixed-citation></ref>
<ref id="B3"><citation>Lee A. Plain words. J Cells. 2014;1:2.</citation></ref>
<ref id="B4"><mixed-citation>Fourth</mixed-citation></ref>
</ref-list></back>
<floats-group><fig id="F1"><label>Figure 1</label><caption><p>Where cells go</p></caption></fig></floats-group>
</article>"##;

    fn article() -> Article {
        read(PAPER).unwrap()
    }

    #[test]
    fn the_front_gives_metadata_and_marks() {
        let metadata = article().metadata;
        assert_eq!(metadata.title.as_deref(), Some("Cells for joints: a review"));
        assert_eq!((metadata.authors.as_slice(), metadata.year), (&["Ann Lee".to_owned()][..], Some(2021)));
        assert_eq!((metadata.doi.as_deref(), metadata.pmcid.as_deref()), (Some("10.1000/abc"), Some("PMC77")));
        assert_eq!((metadata.pmid.as_deref(), metadata.journal.as_deref()), (Some("123"), Some("J Cells")));
        assert_eq!((metadata.first_page.as_deref(), metadata.last_page.as_deref()), (Some("1"), Some("9")));
        assert_eq!(
            (metadata.keywords.as_slice(), metadata.marks.as_slice()),
            (&["arthritis".to_owned()][..], &[Mark::Retracted][..])
        );
    }

    #[test]
    fn blocks_come_in_order_under_their_headings() {
        let article = article();
        let blocks: Vec<(String, &str)> =
            article.blocks.iter().map(|b| (b.section.join("/"), b.text.as_str())).collect();
        let mice = "Results/TNF-α and mice".to_owned();
        assert_eq!(
            blocks,
            [
                ("Abstract/Aim".to_owned(), "To treat joints."),
                (
                    mice.clone(),
                    "CD105+ cells at 10⁶/kg and Ca2+ in H2O worked [1, 2–4] in mice. See Figure 1. It went on:"
                ),
                (mice.clone(), "first"),
                (mice.clone(), "second"),
                (mice.clone(), "and ended."),
                (mice.clone(), "Figure 0. Inside. A float."),
                (mice.clone(), "Table 1. Doses."),
                ("Key points".to_owned(), "Joints matter."),
                (mice, "Figure 1. Where cells go."),
            ]
        );
        let captions: Vec<&Block> = article.blocks.iter().filter(|block| block.kind == BlockKind::Caption).collect();
        assert_eq!(captions.len(), 3);
    }

    #[test]
    fn markers_cite_the_reference_list() {
        let article = article();
        let block = &article.blocks[1];
        let cited: Vec<_> =
            block.citations.iter().map(|c| (&block.text[c.range.clone()], c.references.as_slice())).collect();
        assert_eq!(cited, [("[1, 2–4]", &[0, 1, 2, 3][..]), ("", &[1][..])]);
        let texts: Vec<&str> = article.references.iter().map(|reference| reference.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "Yi T, Song SU, et al. Stem cells. Arch 2012;35(2):213–21 doi:10.1/X pmid:99",
                "Kim A, Roy C (2013). More cells. Arch",
                "Lee A. Plain words. J Cells. 2014;1:2.",
                "Fourth",
            ]
        );
        let first = &article.references[0];
        assert_eq!(
            (first.label.as_deref(), first.authors.as_slice()),
            (Some("1"), &["T Yi".to_owned(), "SU Song".to_owned()][..])
        );
        assert_eq!((first.doi.as_deref(), first.pmid.as_deref(), first.year), (Some("10.1/x"), Some("99"), Some(2012)));
    }

    #[test]
    fn glossaries_and_notes_define_abbreviations() {
        let short: Vec<String> = article().abbreviations.into_iter().map(|abbreviation| abbreviation.short).collect();
        assert_eq!(short, ["OA", "RA", "MSC"]);
    }

    #[test]
    fn what_is_left_out_is_recorded() {
        let article = article();
        for expected in [
            ("table", "dose\tn\nlow\t3"),
            ("formula", "x = y"),
            ("list-label", "(i)"),
            ("heading-number", "1.1"),
            ("citation-marker", "2"),
            ("administration", "Competing interests None."),
            ("administration", "We thank all."),
            ("abbreviation-list", "Abbreviations MSC mesenchymal stem cell"),
        ] {
            let found = article.dropped.iter().any(|dropped| (dropped.rule.name(), dropped.text.as_str()) == expected);
            assert!(found, "{expected:?} in {:?}", article.dropped);
        }
    }

    #[test]
    fn a_file_without_a_body_is_an_abstract_with_a_mark() {
        let start = PAPER.find("<body>").unwrap();
        let end = PAPER.find("<back>").unwrap();
        let article = read(&format!("{}{}", &PAPER[..start], &PAPER[end..])).unwrap();
        assert_eq!(article.blocks[0].section, ["Abstract", "Aim"]);
        assert!(article.metadata.marks.contains(&Mark::Abstract));
    }

    #[test]
    fn the_members_of_a_collaboration_are_no_authors() {
        let paper = PAPER.replace(
            "<contrib contrib-type=\"editor\">",
            "<contrib contrib-type=\"author\"><collab>Joint Group<contrib-group><contrib><name><surname>Kim</surname></name></contrib>\
             </contrib-group></collab></contrib><contrib contrib-type=\"editor\">",
        );
        assert_eq!(read(&paper).unwrap().metadata.authors, ["Ann Lee", "Joint Group"]);
    }

    #[test]
    fn persons_beside_the_byline_are_no_authors() {
        let person = "<name><surname>Kim</surname><given-names>Bo</given-names></name>";
        for members in [
            format!("<contrib-group><contrib contrib-type=\"author non-byline\">{person}</contrib></contrib-group>"),
            format!("<contrib-group content-type=\"collab-list\"><contrib>{person}</contrib></contrib-group>"),
            format!(
                "<contrib-group><contrib contrib-type=\"author\"><collab-wrap><contrib-group><contrib>{person}</contrib>\
                 </contrib-group></collab-wrap></contrib></contrib-group>"
            ),
        ] {
            let paper =
                PAPER.replace("<pub-date pub-type=\"epub\">", &format!("{members}<pub-date pub-type=\"epub\">"));
            assert_eq!(read(&paper).unwrap().metadata.authors, ["Ann Lee"], "{members}");
        }
    }

    #[test]
    fn a_citation_in_a_heading_leaves_no_hole() {
        for (title, heading) in [
            (
                "The scale of <xref ref-type=\"bibr\" rid=\"B1\">Yi et al. (2012)</xref> in mice",
                "The scale of Yi et al. (2012) in mice",
            ),
            ("The scale of Yi (<xref ref-type=\"bibr\" rid=\"B1\">2012</xref>)", "The scale of Yi (2012)"),
            (
                "The scale [<xref ref-type=\"bibr\" rid=\"B1\">1</xref>, <xref ref-type=\"bibr\" rid=\"B2\">2</xref>] in mice",
                "The scale in mice",
            ),
            ("The scale<sup><xref ref-type=\"bibr\" rid=\"B1\">1</xref></sup> of cells", "The scale of cells"),
            ("Doses (<xref ref-type=\"table\" rid=\"T1\">Table 1</xref>)", "Doses (Table 1)"),
        ] {
            let article =
                read(&PAPER.replace("<title>1. Results</title>", &format!("<title>{title}</title>"))).unwrap();
            assert!(article.blocks.iter().any(|block| block.section[0] == heading), "{title}");
        }
    }

    #[test]
    fn a_year_without_mark_up_behind_the_doi_is_the_year() {
        let paper = PAPER.replace(
            "<source>Arch</source></mixed-citation>",
            "<source>Arch</source> 3:4. <pub-id pub-id-type=\"doi\">10.1234/a.2001</pub-id>, 2014.</mixed-citation>",
        );
        assert_eq!(read(&paper.replace("(<year>2013</year>)", "")).unwrap().references[1].year, Some(2014));
    }

    #[test]
    fn an_abbreviation_does_not_cut_its_sentence() {
        let paper = PAPER.replace(
            "<p>Joints matter.</p>",
            "<p>The <abbrev>ACR<def><p>American College</p></def></abbrev> agrees.</p>",
        );
        let article = read(&paper).unwrap();
        assert!(article.blocks.iter().any(|block| block.text == "The ACR agrees."), "{:?}", article.blocks);
        assert!(
            article
                .abbreviations
                .iter()
                .any(|pair| (pair.short.as_str(), pair.long.as_str()) == ("ACR", "American College"))
        );
    }

    #[test]
    fn a_file_without_an_article_says_so() {
        assert!(read("<pmc-articleset></pmc-articleset>").unwrap_err().to_string().contains("<article>"));
        assert!(read(&PAPER[..2_000]).unwrap_err().to_string().contains("line "));
    }
}
