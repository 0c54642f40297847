//! Names of users and groups: what may be in them, and the keys by which they are compared.
//!
//! Keys are those of the PRECIS profiles UsernameCaseMapped (RFC 8265) and Nickname (RFC 8266),
//! with one difference: the two forms of the Greek sigma are one letter. Every string has a key, so
//! that names which were stored under older rules are found too.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};

use crate::sanitize::{Lines, is_direction_mark, is_hidden, is_shapeless, sanitize};

/// Returns the key of a user's name: narrow forms, lower case, composed. A prefix of a name has a
/// prefix of its key.
#[must_use]
pub fn user_key(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    let lower = name.chars().flat_map(narrow).flat_map(char::to_lowercase);
    lower.map(one_sigma).nfc().collect()
}

/// Returns the key of a group's name or a display name: compatibility forms, lower case, one space
/// between words.
#[must_use]
pub fn nickname_key(name: &str) -> String {
    let lower: String = name.nfkc().flat_map(char::to_lowercase).collect();
    let folded: String = lower.chars().map(one_sigma).nfkc().collect();
    let words: Vec<&str> = folded.split_whitespace().collect();
    words.join(" ")
}

/// Returns a name as it is stored: composed (NFC), without blanks at its ends, and with every
/// other kind of space as U+0020.
#[must_use]
pub fn composed_name(typed: &str) -> String {
    let is_space =
        |c: char| c.is_whitespace() && !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}');
    let spaced = typed
        .trim()
        .chars()
        .map(|c| if is_space(c) { ' ' } else { c });
    spaced.nfc().collect()
}

/// Returns whether a name is in the composed form, NFC.
#[must_use]
pub fn is_composed(name: &str) -> bool {
    unicode_normalization::is_nfc(name)
}

/// Returns the first character that a user's name cannot contain: anything but letters, digits,
/// their marks, and the visible characters of ASCII (the IdentifierClass of RFC 8264). Joiners may
/// stand where a script needs them.
#[must_use]
pub fn user_name_fault(name: &str) -> Option<char> {
    first_fault(name, |c, before, after| match c {
        '\u{200c}' | '\u{200d}' => is_needed_joiner(c, before, after),
        // Punctuation within words of Catalan, Greek, Hebrew and Japanese.
        '\u{b7}' => before == Some('l') && after == Some('l'),
        '\u{375}' | '\u{5f3}' | '\u{5f4}' | '\u{30fb}' => true,
        c if c.is_ascii() => c.is_ascii_graphic(),
        c if is_hidden(c) || is_shapeless(c) => false,
        c => narrow(c).all(|c| {
            let is_letter = c.is_alphanumeric() || is_combining_mark(c) || c.is_ascii_graphic();
            is_letter && !is_compatibility_form(c)
        }),
    })
}

/// Returns the first character that the name of a group and a display name cannot contain: control
/// characters, spaces other than U+0020, and characters without a shape or a width. Joiners,
/// variation selectors and tags may stand where a script or an emoji needs them.
#[must_use]
pub fn nickname_fault(name: &str) -> Option<char> {
    let clean = sanitize(name, Lines::Join);
    let changed = name
        .chars()
        .zip(clean.chars().map(Some).chain(std::iter::repeat(None)))
        .find_map(|(c, kept)| (kept != Some(c)).then_some(c));
    changed.or_else(|| {
        first_fault(name, |c, before, after| match c {
            ' ' => true,
            '\u{200c}' | '\u{200d}' => {
                let is_letter = |c: Option<char>| c.is_some_and(is_letter_or_mark);
                is_needed_joiner(c, before, after) || !(is_letter(before) || is_letter(after))
            }
            c => !c.is_whitespace() && !is_direction_mark(c) && !is_shapeless(c),
        })
    })
}

fn first_fault(
    name: &str,
    is_allowed: impl Fn(char, Option<char>, Option<char>) -> bool,
) -> Option<char> {
    let mut before = None;
    let mut rest = name.chars();
    while let Some(c) = rest.next() {
        if !is_allowed(c, before, rest.clone().next()) {
            return Some(c);
        }
        before = Some(c);
    }
    None
}

/// Variation selectors are marks, but not of letters.
fn is_letter_or_mark(c: char) -> bool {
    c.is_alphanumeric() || (is_combining_mark(c) && !is_hidden(c))
}

/// RFC 5892, Appendix A.1 and A.2: joiners may follow a virama, and ZWNJ may separate letters that
/// join otherwise.
fn is_needed_joiner(joiner: char, before: Option<char>, after: Option<char>) -> bool {
    const VIRAMA: u8 = 9;
    let is_after_virama = before.is_some_and(|c| canonical_combining_class(c) == VIRAMA);
    let joins = |c: Option<char>| c.is_some_and(|c| is_cursive(c) && is_letter_or_mark(c));
    is_after_virama || (joiner == '\u{200c}' && joins(before) && joins(after))
}

/// Scripts whose letters join: Arabic, Syriac, N'Ko, Mandaic and Mongolian.
const fn is_cursive(c: char) -> bool {
    matches!(
        c,
        '\u{620}'..='\u{6ff}'
            | '\u{700}'..='\u{77f}'
            | '\u{7c0}'..='\u{7ff}'
            | '\u{840}'..='\u{8ff}'
            | '\u{1820}'..='\u{18aa}'
    )
}

/// Maps full and half width forms to those of normal width.
fn narrow(c: char) -> impl Iterator<Item = char> + Clone {
    let is_wide = matches!(c, '\u{ff01}'..='\u{ffef}');
    let mapped = is_wide.then(|| std::iter::once(c).nfkc());
    let kept = (!is_wide).then_some(c);
    mapped.into_iter().flatten().chain(kept)
}

const fn one_sigma(c: char) -> char {
    match c {
        'ς' => 'σ',
        c => c,
    }
}

fn is_compatibility_form(c: char) -> bool {
    let one = || std::iter::once(c);
    !one().nfkc().eq(one().nfc())
}

/// Returns what a name looks like: two names with the same skeleton can be confused. Built from
/// the prototypes of UTS #39 for each letter or its capital, since readers know both.
#[must_use]
pub fn skeleton(name: &str) -> String {
    let key = user_key(name);
    let mut skeleton = String::with_capacity(key.len());
    for c in key.nfd().filter(|&c| !is_hidden(c)) {
        match ASCII_SHAPES.get(c as usize) {
            Some(shape) => skeleton.push_str(shape),
            None => skeleton.push_str(&shape(c)),
        }
    }
    if skeleton.is_ascii() {
        return skeleton;
    }
    skeleton.nfd().collect()
}

/// Most names consist of these.
static ASCII_SHAPES: LazyLock<[String; 128]> =
    LazyLock::new(|| std::array::from_fn(|c| shape(c as u8 as char)));

/// Returns the prototype of a letter, or that of its capital if only the latter is ASCII: `в` has
/// one of its own, but `В` looks like `B`.
fn shape(c: char) -> String {
    let lower = prototype(c);
    let shape = match lower.is_ascii() {
        true => lower,
        false => {
            let capital: String = c.to_uppercase().map(prototype).collect();
            Some(capital)
                .filter(|shape| shape.is_ascii())
                .unwrap_or(lower)
        }
    };
    shape.to_lowercase()
}

fn prototype(c: char) -> String {
    unicode_security::skeleton(c.encode_utf8(&mut [0; 4])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_unite_the_ways_to_type_a_name() {
        for (one, other) in [
            ("Bob", "bob"),
            ("ｂｏｂ", "BOB"),
            ("Zoe\u{308}", "zoë"),
            ("ΟΔΟΣ", "οδος"),
            ("ﾊﾝｺ", "ハンコ"),
        ] {
            assert_eq!(user_key(one), user_key(other), "{one} {other}");
        }
        assert_ne!(user_key("fußball"), user_key("fussball"));
        for (one, other) in [
            ("The  Team", "the team"),
            ("the\u{a0}team", "The Team"),
            ("ﬁnance", "FINANCE"),
            ("Ⅳ", "iv"),
        ] {
            assert_eq!(nickname_key(one), nickname_key(other), "{one} {other}");
        }
    }

    #[test]
    fn look_alikes_have_one_skeleton() {
        for (one, other) in [
            ("вob", "bob"),
            ("аdmin", "admin"),
            ("сarоl", "carol"),
            ("нenry", "henry"),
            ("τοm", "tom"),
            ("ｂｏｂ", "bob"),
            ("a\u{200d}da", "ada"),
        ] {
            assert_eq!(skeleton(one), skeleton(other), "{one} {other}");
        }
        for (one, other) in [("müller", "muller"), ("小明", "小月"), ("zoë", "zoe")] {
            assert_ne!(skeleton(one), skeleton(other), "{one} {other}");
        }
    }

    #[test]
    fn faults_are_named() {
        for (name, fault) in [
            ("\u{fe0f}", Some('\u{fe0f}')),
            ("\u{3164}", Some('\u{3164}')),
            ("\u{2800}", Some('\u{2800}')),
            ("b\u{200b}ob", Some('\u{200b}')),
            ("b\u{200d}ob", Some('\u{200d}')),
            ("в\u{200c}оb", Some('\u{200c}')),
            ("ﬁona", Some('ﬁ')),
            ("henryⅣ", Some('Ⅳ')),
            ("bob🎉", Some('🎉')),
            ("می\u{200c}خواهم", None),
            ("ශ්\u{200d}රී", None),
            ("क्\u{200d}ष", None),
            ("col·lapse", None),
            ("[gnome]^_`{|}", None),
            ("ｂｏｂ", None),
            ("小明", None),
            ("zoë", None),
        ] {
            assert_eq!(user_name_fault(name), fault, "{name:?}");
        }
        for (name, fault) in [
            ("the whole team", None),
            ("🏳️\u{200d}🌈 pride", None),
            ("می\u{200c}خواهم", None),
            ("in\u{200d}side", Some('\u{200d}')),
            ("\u{200b}", Some('\u{200b}')),
            ("\u{3164}", Some('\u{3164}')),
            ("\u{2800}", Some('\u{2800}')),
            ("\u{fe0f}", Some('\u{fe0f}')),
            ("two\nlines", Some('\n')),
            ("a\u{200f}b", Some('\u{200f}')),
        ] {
            assert_eq!(nickname_fault(name), fault, "{name:?}");
        }
    }
}
