//! Recognizes texts that fold in no surprising way, without decoding them.

/// Bytes that are examined at once; the compiler makes vector instructions of it.
const LANES: usize = 32;

/// Those bytes, with the two after them.
type Window = [u8; LANES + 2];

/// Returns whether a text consists of characters of these kinds alone:
///
/// * ASCII
/// * characters that are their own folded form, whatever is before them
/// * characters that fold to others of which none is a letter, digit or mark
///
/// In such a text the folded form of a letter or digit can only come from itself, or from its
/// capital if it is ASCII. Returns `false` for some texts that do.
pub(super) fn is_plain(text: &[u8]) -> bool {
    if text.is_ascii() {
        return true;
    }
    let Some(last) = text.last_chunk::<{ LANES + 2 }>() else {
        let mut padded = [0; LANES + 2];
        padded[..text.len()].copy_from_slice(text);
        return !has_odd(&padded);
    };
    let mut rest = text;
    while let Some(window) = rest.first_chunk() {
        if has_odd(window) {
            return false;
        }
        rest = &rest[LANES..];
    }
    // Only a character of two bytes can begin after the lanes of the last window.
    let [.., a, b] = *last;
    !has_odd(last) && !is_odd(a, b, 0)
}

fn has_odd(window: &Window) -> bool {
    any_lane(window, is_unusual) && any_lane(window, is_odd)
}

#[inline(always)]
fn any_lane(window: &Window, test: impl Fn(u8, u8, u8) -> bool) -> bool {
    let mut found = false;
    for lane in 0..LANES {
        found |= test(window[lane], window[lane + 1], window[lane + 2]);
    }
    found
}

/// Returns whether a byte may be odd. Cheaper than [`is_odd`]: knows ASCII, Han characters, and the
/// punctuation that is common beside both.
#[inline(always)]
const fn is_unusual(a: u8, b: u8, c: u8) -> bool {
    let quote = (a == 0xe2) & (b == 0x80) & within(c, 0x98, 0xa9);
    let stop = (a == 0xe3) & (b == 0x80) & (c < 0xaa);
    let comma = (a == 0xef) & (b == 0xbc) & (within(c, 0x81, 0x8f) | within(c, 0x9a, 0xa0));
    (a >= 0xc2) & !within(a, 0xe4, 0xe9) & !(quote | stop | comma)
}

/// Returns whether a byte begins a character that is not plain, given the next two bytes. Bytes
/// within a character, and those that UTF-8 does not contain, are not odd. Has no branches.
#[inline(always)]
const fn is_odd(a: u8, b: u8, c: u8) -> bool {
    // Latin, Greek, Cyrillic, Hebrew, Arabic, apart from the small letters of Latin-1.
    let two = within(a, 0xc2, 0xdf) & !((a == 0xc3) & (b >= 0xa0));
    // Indic scripts, Thai, Georgian, Cherokee, phonetic and Greek extensions.
    let indic = within(a, 0xe0, 0xe1);
    // Dashes, quotation marks, and the blanks beside them; boxes, symbols and arrows.
    let marks = (b == 0x80) & (c != 0x97) & (within(c, 0x80, 0x8a) | within(c, 0x90, 0xa9));
    let symbols = (a == 0xe2) & !(marks | within(b, 0x94, 0xa8));
    // Punctuation, Hiragana, Katakana; Han characters from U+3400 on.
    let wide = (b == 0x80) & (c < 0xaa);
    let kana = (b == 0x81) | ((b == 0x82) & !within(c, 0x97, 0xa0)) | ((b == 0x83) & (c != 0xbf));
    let east = (a == 0xe3) & !(wide | kana | (b >= 0x90));
    // Hangul syllables.
    let hangul = ((a == 0xea) & (b < 0xb0)) | ((a == 0xed) & (b >= 0x9e));
    // Full-width punctuation.
    let forms = ((b == 0xbc) & (within(c, 0x81, 0x8f) | within(c, 0x9a, 0xa0) | (c >= 0xbb)))
        | ((b == 0xbd) & ((c == 0x80) | within(c, 0x9b, 0xa5)));
    let full = (a == 0xef) & !forms;
    // Emoji, and Han characters from U+20000 on.
    let emoji = (b == 0x9f) & within(c, 0x8c, 0xae);
    let astral = (a == 0xf0) & !(emoji | within(b, 0xa0, 0xae));
    two | indic | symbols | east | hangul | full | astral | within(a, 0xf1, 0xf4)
}

#[inline(always)]
const fn within(byte: u8, first: u8, last: u8) -> bool {
    byte.wrapping_sub(first) <= last - first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::{fold, is_letter};

    #[test]
    fn plain_characters_fold_to_themselves_or_to_punctuation() {
        let mut plain = 0;
        for c in ('\u{80}'..='\u{3ffff}').chain('\u{e0000}'..='\u{e0fff}') {
            let text = c.to_string();
            if !is_plain(text.as_bytes()) {
                continue;
            }
            plain += 1;
            let alone = fold(&text);
            assert!(alone == text || !alone.contains(is_letter), "{c:?}");
            // Nothing merges with what is before it, and nothing is removed.
            for before in ["e", "가", "か"] {
                assert_eq!(fold(&format!("{before}{c}")), format!("{before}{alone}"));
            }
            assert!(!alone.is_empty(), "{c:?}");
        }
        assert!(plain > 80_000, "{plain}");
    }

    #[test]
    fn common_texts_are_plain() {
        for text in [
            "plain text",
            "我家在上海东边，你呢？（真的！）",
            "“quoted” – it’s naïve… 🎉👍🏽",
            "ひらがなとカタカナ、ー。",
            "안녕하세요",
        ] {
            assert!(is_plain(text.as_bytes()), "{text}");
        }
        for odd in [
            "Ａ",
            "①",
            "e\u{301}",
            "É",
            "К",
            "\u{200b}",
            "ﬁ",
            "ｶ",
            "か\u{3099}",
        ] {
            for filler in [
                "",
                "上海",
                "a text that is longer than one window of the scan",
            ] {
                for text in [format!("{filler}{odd}"), format!("{odd}{filler}")] {
                    assert!(!is_plain(text.as_bytes()), "{text}");
                }
            }
        }
    }
}
