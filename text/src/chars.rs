//! Classes of characters that the markup distinguishes.

/// Returns whether the character belongs to a word of a script that separates words by blanks.
/// Markup cannot begin or end inside such a word. Words of other scripts have no visible borders,
/// so beside them it can.
pub(crate) fn is_word(c: char) -> bool {
    c == '_' || (c.is_alphanumeric() && !is_unspaced(c))
}

/// Returns whether the script of the character has no blanks between words: Thai, Lao, Myanmar,
/// Khmer, Japanese, Chinese, and Korean, whose particles follow a name without a blank.
#[must_use]
pub const fn is_unspaced(c: char) -> bool {
    matches!(
        c,
        '\u{0e00}'..='\u{0eff}'
            | '\u{1000}'..='\u{109f}'
            | '\u{1100}'..='\u{11ff}'
            | '\u{1780}'..='\u{17ff}'
            | '\u{3005}'..='\u{3007}'
            | '\u{3040}'..='\u{31ff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{a960}'..='\u{a97f}'
            | '\u{ac00}'..='\u{d7ff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{ff66}'..='\u{ffdc}'
            | '\u{20000}'..='\u{3ffff}'
    )
}

/// Returns whether the character is punctuation of Chinese or Japanese, or a typographic quotation
/// mark. It ends a link.
pub(crate) const fn is_wide_punctuation(c: char) -> bool {
    matches!(
        c,
        '\u{2018}'..='\u{201f}'
            | '\u{2026}'
            | '\u{3000}'..='\u{3004}'
            | '\u{3008}'..='\u{303f}'
            | '\u{ff01}'..='\u{ff0f}'
            | '\u{ff1a}'..='\u{ff20}'
            | '\u{ff3b}'..='\u{ff40}'
            | '\u{ff5b}'..='\u{ff65}'
    )
}

/// Returns whether the character is a mark that changes the character before it.
pub(crate) fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}
