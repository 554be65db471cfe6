//! The words by which the sentence splitter tells a full stop from the point of an abbreviation.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Is `word` (without its last point) an abbreviation that a sentence does not end with?
///
/// "Fig", "vs" and "Dr" always want something after them.
pub(super) fn never_ends(word: &str) -> bool {
    NEVER_ENDS.contains(word.to_lowercase().as_str())
}

/// Is `word` an abbreviation only where a number follows: "No. 12", "p. 34", "Sig. 3"?
pub(super) fn wants_number(word: &str) -> bool {
    WANTS_NUMBER.contains(word.to_lowercase().as_str())
}

/// Is `word` an abbreviation that may end a sentence, so that only a plain beginning after it is believed?
pub(super) fn may_end(word: &str) -> bool {
    MAY_END.contains(word.to_lowercase().as_str())
}

/// Does `word` name things by a capital letter, so that "vitamin D." ends a sentence and "by J." does not?
pub(super) fn takes_letter(word: &str) -> bool {
    TAKES_LETTER.contains(word.to_lowercase().as_str())
}

/// Is `word` one with which sentences begin, and names do not?
pub(super) fn begins_sentence(word: &str) -> bool {
    BEGINS_SENTENCE.contains(word.to_lowercase().as_str())
}

static NEVER_ENDS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    words(
        "approx assoc bros ca cf chap col dept dr drs e.g ed eds eg eq eqn eqns eqs exp fig figs gen gov i.e ie incl \
         messrs mr mrs ms mt nos pp prof ref refs resp rev sec sect st suppl tab viz vol vols vs",
    )
});

static WANTS_NUMBER: LazyLock<HashSet<&str>> = LazyLock::new(|| words("art c fig no nr p para pt ser v ver"));

static MAY_END: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    words(
        "aff al alt aq asst av avg bp bv co conc corp cv diam dil est etc inc int jr lat ltd max min mol nat nov ph.d \
         qd sp spp sq sr ssp subsp syn temp univ var wt",
    )
});

static TAKES_LETTER: LazyLock<HashSet<&str>> = LazyLock::new(|| {
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
