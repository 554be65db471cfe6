//! Word lists with which the sentence splitter distinguishes the end of a sentence from an abbreviation.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Whether `word`, without its final full stop, is an abbreviation that never ends a sentence, such as "Fig", "vs" and "Dr".
pub(super) fn never_ends(word: &str) -> bool {
    NEVER_ENDS.contains(word.to_lowercase().as_str())
}

/// Whether `word` is an abbreviation only if a number follows: "No. 12", "p. 34".
pub(super) fn requires_number(word: &str) -> bool {
    REQUIRES_NUMBER.contains(word.to_lowercase().as_str())
}

/// Whether `word` is an abbreviation that may end a sentence. It does if the next word typically begins sentences.
pub(super) fn may_end(word: &str) -> bool {
    MAY_END.contains(word.to_lowercase().as_str())
}

/// Whether a single letter after `word` is a name, so that "vitamin D." ends a sentence and "by J." does not.
pub(super) fn is_named_by_letter(word: &str) -> bool {
    NAMED_BY_LETTER.contains(word.to_lowercase().as_str())
}

/// Whether `word` often begins sentences but not names.
pub(super) fn begins_sentence(word: &str) -> bool {
    BEGINS_SENTENCE.contains(word.to_lowercase().as_str())
}

static NEVER_ENDS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    words(
        "approx assoc bros ca cf chap col dept dr drs e.g ed eds eg eq eqn eqns eqs exp fig figs gen gov i.e ie incl \
         messrs mr mrs ms mt nos pp prof ref refs resp rev sec sect st suppl tab viz vol vols vs",
    )
});

static REQUIRES_NUMBER: LazyLock<HashSet<&str>> = LazyLock::new(|| words("art c fig no nr p para pt ser v ver"));

static MAY_END: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    words(
        "aff al alt aq asst av avg bp bv co conc corp cv diam dil est etc inc int jr lat ltd max min mol nat nov ph.d \
         qd sp spp sq sr ssp subsp syn temp univ var wt",
    )
});

static NAMED_BY_LETTER: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    words(
        "agent allele apolipoprotein appendix arm box calcineurin caspase cathepsin chain child class cohort complex \
         component cyclin cyclosporin cyclosporine cytochrome domain factor figure figures genotype globulin grade \
         granzyme group groups haemophilia hemophilia hepatitis hypothesis immunoglobulin influenza interferon \
         interleukin isoform kinase lamin mode model panel part pattern phase plan protein receptor region site stage \
         strain subtype subunit table toxin type variant vitamin vitamins zone",
    )
});

static BEGINS_SENTENCE: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    words(
        "a about according accordingly additionally after all also although among an analysis and another any as at \
         background because before besides between both but by compared conclusion conclusions conversely data \
         despite during each eight either even every finally findings first five following for four from further \
         furthermore given hence her here his how however i if in indeed interestingly introduction it its later like \
         many methods more moreover most neither nevertheless next nine no none nonetheless not notably now objective \
         of on once one only other others our over overall patients previous recent recently results second secondly \
         seven several she similar similarly since six so some specifically still studies subsequently such ten than \
         that the their then there thereafter therefore these they third this those three through thus to together \
         two under unlike until upon using very was we were what when whereas whether which while who why with within \
         without yet",
    )
});

fn words(list: &'static str) -> HashSet<&'static str> {
    list.split_whitespace().collect()
}
