//! Folding: the form in which texts and terms are compared.
//!
//! A text is folded unit by unit: a unit is a character with everything after it that can change
//! it. Folding one unit does not depend on its neighbours, apart from runs of blanks, so that a
//! place in the folded text has a place in the original.

mod table;

use cairn_text::is_unspaced;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{
    canonical_combining_class, decompose_compatible, is_combining_mark,
};
use unicode_normalization::{IsNormalized, is_nfc_quick};

/// Returns the folded text.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_into(text, &mut folded);
    folded
}

/// Appends the folded text to `out`, which is empty or ends where another unit begins.
pub(crate) fn fold_into(text: &str, out: &mut String) {
    let mut rest = text;
    while !rest.is_empty() {
        let (even, after) = rest.split_at(even_units(rest, out.ends_with(' ')));
        let start = out.len();
        out.push_str(even);
        out[start..].make_ascii_lowercase();
        let unit = first_unit(after);
        push_unit(unit, out);
        rest = &after[unit.len()..];
    }
}

/// Splits a text into units.
pub(crate) fn units(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (unit, after) = rest.split_at(first_unit(rest).len());
        rest = after;
        Some(unit)
    })
}

/// Appends the folded unit to `out`.
pub(crate) fn push_unit(unit: &str, out: &mut String) {
    let mut chars = unit.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        if c.is_ascii_graphic() || is_inert(c) {
            out.push(c.to_ascii_lowercase());
            return;
        }
        if let Some(folded) = table::folded(c) {
            let after_blank = folded.strip_prefix(' ').filter(|_| out.ends_with(' '));
            out.push_str(after_blank.unwrap_or(folded));
            return;
        }
    }
    normalize(unit, out);
}

/// Appends the folded text, computed as a whole.
fn normalize(text: &str, out: &mut String) {
    let shown = text.chars().filter(|&c| !is_hidden(c));
    let lower = shown.nfkc().flat_map(char::to_lowercase).map(one_sigma);
    for c in lower.nfkc() {
        if !c.is_whitespace() {
            out.push(c);
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    }
}

/// Returns the length of the units at the start of a text that are one character each, and that
/// folding leaves as they are, apart from the case of ASCII letters.
fn even_units(text: &str, after_blank: bool) -> usize {
    let mut is_blank = after_blank;
    let mut last = 0;
    for (at, c) in text.char_indices() {
        let is_even = match c {
            ' ' => !is_blank,
            c => c.is_ascii_graphic() || is_inert(c),
        };
        if !is_even {
            return if is_first(c) { at } else { last };
        }
        is_blank = c == ' ';
        last = at;
    }
    text.len()
}

fn first_unit(text: &str) -> &str {
    let mut chars = text.char_indices().skip(1);
    let end = chars.find(|&(_, c)| is_first(c)).map(|(at, _)| at);
    &text[..end.unwrap_or(text.len())]
}

/// Returns whether normalization leaves a character apart from what is before it.
fn is_first(c: char) -> bool {
    c.is_ascii() || is_inert(c) || table::is_first(c).unwrap_or_else(|| begins_unit(c))
}

/// As [`is_first`], without the table.
fn begins_unit(c: char) -> bool {
    let mut first = None;
    decompose_compatible(c, |part| first = first.or(Some(part)));
    let is_starter = first.is_some_and(|first| {
        canonical_combining_class(first) == 0
            && is_nfc_quick(std::iter::once(first)) == IsNormalized::Yes
    });
    is_starter && !is_hidden(c)
}

/// Returns whether a character is a unit, if nothing follows that changes it, and its own folded
/// form. There are more such characters; these are common.
const fn is_inert(c: char) -> bool {
    matches!(
        c,
        '\u{df}'..='\u{ff}'
            | '\u{2012}'..='\u{2016}'
            | '\u{2018}'..='\u{2023}'
            | '\u{2500}'..='\u{29ff}'
            | '\u{3001}'..='\u{3029}'
            | '\u{3041}'..='\u{3096}'
            | '\u{30a1}'..='\u{30fe}'
            | '\u{3400}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{1f300}'..='\u{1faff}'
            | '\u{20000}'..='\u{2ebff}'
    )
}

/// Characters without width, which folding removes.
pub(crate) const fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

const fn one_sigma(c: char) -> char {
    match c {
        'ς' => 'σ',
        c => c,
    }
}

/// Returns whether a character belongs to a word of a script with blanks between words.
pub(crate) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    is_letter(c) && !is_unspaced(c)
}

/// Returns whether a character is a letter, a digit, or a mark of one.
pub(crate) fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Characters that change each other.
    const CHANGING: &str = "[aÉéß \u{3000}\t\r\n\u{a0}\u{301}\u{327}\u{ad}\u{200b}ㄱ\u{1161}\u{11a8}\
        가ｶﾞか\u{3099}ΣΑＡ①…ﬁ上海\u{fe0f}\u{e37}\u{e33}]{0,20}";

    fn by_units(text: &str) -> String {
        let mut out = String::new();
        units(text).for_each(|unit| push_unit(unit, &mut out));
        out
    }

    /// The definition, without units.
    fn as_a_whole(text: &str) -> String {
        let shown = text.chars().filter(|&c| !is_hidden(c));
        let lower = shown.nfkc().flat_map(char::to_lowercase).map(one_sigma);
        let folded: String = lower.nfkc().collect();
        let mut out = String::new();
        for c in folded.chars() {
            match c.is_whitespace() {
                true if out.ends_with(' ') => {}
                true => out.push(' '),
                false => out.push(c),
            }
        }
        out
    }

    #[test]
    fn every_character_folds_once() {
        // No character is assigned between these ranges, or behind them.
        for c in ('\0'..='\u{3ffff}').chain('\u{e0000}'..='\u{e0fff}') {
            let text = c.to_string();
            let folded = fold(&text);
            assert_eq!(folded, as_a_whole(&text), "{c:?}");
            assert_eq!(fold(&folded), folded, "{c:?}");
            assert!(!is_inert(c) || folded == text, "{c:?}");
            assert_eq!(is_first(c), begins_unit(c), "{c:?}");
            if is_first(c) {
                let starts = folded.chars().next().is_none_or(begins_unit);
                assert!(starts, "{c:?} folds to {folded:?}");
                assert_eq!(fold(&format!("가{c}")), format!("가{folded}"), "{c:?}");
                assert_eq!(fold(&format!("\u{1100}{c}")), format!("\u{1100}{folded}"));
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn units_fold_alone(parts in proptest::collection::vec(any::<char>(), 0..20)) {
            let text: String = parts.into_iter().collect();
            prop_assert_eq!(by_units(&text), as_a_whole(&text));
        }

        #[test]
        fn folding_is_by_units(text in CHANGING) {
            prop_assert_eq!(fold(&text), as_a_whole(&text));
            prop_assert_eq!(by_units(&text), as_a_whole(&text));
            prop_assert_eq!(units(&text).collect::<String>(), text);
        }
    }
}
