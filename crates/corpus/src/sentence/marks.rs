//! Stops, and opening and closing brackets and quotation marks.

pub(super) fn is_stop(character: char) -> bool {
    matches!(character, '.' | '!' | '?' | '…' | '。')
}

pub(super) fn is_closer(character: char) -> bool {
    matches!(character, '"' | '\'' | '”' | '’' | '»' | ')' | ']' | '}')
}

pub(super) fn is_opener(character: char) -> bool {
    matches!(character, '"' | '\'' | '“' | '‘' | '«' | '(' | '[' | '{' | '¿' | '¡')
}
