//! Word wrap for all scripts.
//!
//! A line breaks after blanks, and beside characters of scripts without blanks, except where
//! Chinese and Japanese typography forbids it (避头尾, 禁則): `，` does not begin a line, and `（` does
//! not end one. A word that is longer than a line breaks anywhere.

use std::ops::Range;

use crate::tui::text::width::{Ambiguous, graphemes};

/// Splits a text into lines of at most `columns` columns, and at line ends.
///
/// The ranges cover the text except for its line ends. Blanks after the last word of a line belong
/// to it, and may exceed the width. A cluster wider than `columns` takes a line of its own.
pub(crate) fn wrap(text: &str, columns: usize, ambiguous: Ambiguous) -> Vec<Range<usize>> {
    let mut lines = Vec::new();
    let mut start = 0;
    for paragraph in text.split('\n') {
        wrap_paragraph(paragraph, start, columns.max(1), ambiguous, &mut lines);
        start += paragraph.len() + 1;
    }
    lines
}

fn wrap_paragraph(
    text: &str,
    offset: usize,
    columns: usize,
    ambiguous: Ambiguous,
    lines: &mut Vec<Range<usize>>,
) {
    let mut start = 0;
    let mut used = 0;
    // Where the line can break, and the columns up to there.
    let mut chance = (0, 0);
    let mut before: Option<&str> = None;
    for (at, cluster) in graphemes(text) {
        let width = ambiguous.cluster(cluster);
        if before.is_some_and(|before| can_break(before, cluster)) {
            chance = (at, used);
        }
        before = Some(cluster);
        if is_blank(cluster) {
            used += width;
            continue;
        }
        if used + width > columns && at > start {
            let (end, kept) = match chance.0 > start {
                true => chance,
                false => (at, used),
            };
            lines.push(offset + start..offset + end);
            start = end;
            used -= kept;
            // A word that began after the chance may still be too long.
            if used + width > columns && at > start {
                lines.push(offset + start..offset + at);
                start = at;
                used = 0;
            }
        }
        used += width;
    }
    lines.push(offset + start..offset + text.len());
}

fn is_blank(cluster: &str) -> bool {
    matches!(cluster, " " | "\t" | "\u{3000}")
}

fn can_break(before: &str, after: &str) -> bool {
    let (Some(last), Some(first)) = (before.chars().next(), after.chars().next()) else {
        return false;
    };
    if is_blank(after) || NOT_FIRST.contains(first) || NOT_LAST.contains(last) {
        return false;
    }
    is_blank(before)
        || is_unspaced(last)
        || is_unspaced(first)
        || (last == '-' && first.is_alphanumeric())
}

/// Characters that do not begin a line.
const NOT_FIRST: &str = "，。、．！？；：）》」』】〕〉］｝”’…—～·％‰℃,.!?;:)]}%\
                         ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮー々〜ゝゞヽヾ・";

/// Characters that do not end a line.
const NOT_LAST: &str = "（《「『【〔〈［｛“‘([{￥＄#@";

const fn is_unspaced(c: char) -> bool {
    matches!(
        c,
        '\u{2e80}'..='\u{a4cf}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{fe30}'..='\u{fe4f}'
            | '\u{ff00}'..='\u{ffef}'
            | '\u{1f300}'..='\u{1faff}'
            | '\u{20000}'..='\u{3ffff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(text: &str, columns: usize) -> Vec<&str> {
        wrap(text, columns, Ambiguous::Narrow)
            .into_iter()
            .map(|range| &text[range])
            .collect()
    }

    #[test]
    fn words_stay_whole() {
        assert_eq!(lines("one two three", 8), ["one two ", "three"]);
        assert_eq!(lines("one\n\ntwo", 8), ["one", "", "two"]);
        assert_eq!(lines("", 8), [""]);
        assert_eq!(lines("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(lines("a bcdefgh", 3), ["a ", "bcd", "efg", "h"]);
        assert_eq!(lines("well-known", 6), ["well-", "known"]);
        assert_eq!(lines("ab   cd", 3), ["ab   ", "cd"]);
    }

    #[test]
    fn han_breaks_anywhere_but_not_before_punctuation() {
        assert_eq!(lines("你好世界", 4), ["你好", "世界"]);
        assert_eq!(lines("你好，世界", 4), ["你", "好，", "世界"]);
        assert_eq!(lines("他说（你好）", 6), ["他说", "（你", "好）"]);
        assert_eq!(lines("用rust写的", 6), ["用rust", "写的"]);
        assert_eq!(lines("好。」他", 6), ["好。」", "他"]);
        assert_eq!(lines("中", 1), ["中"]);
        assert_eq!(lines("a界\u{d82}b", 2), ["a", "界\u{d82}", "b"]);
    }

    proptest! {
        #[test]
        fn lines_fit_and_lose_nothing(
            text in "([a-z]{1,9}|[你好世界，。（）]{1,6}|[ \\-\n]|👍🏽|e\u{301}|\\PC){0,30}",
            columns in 2_usize..20,
        ) {
            let ranges = wrap(&text, columns, Ambiguous::Narrow);
            let mut joined = String::new();
            for range in &ranges {
                let line = &text[range.clone()];
                prop_assert!(!line.contains('\n'));
                let width = Ambiguous::Narrow.text(line.trim_end_matches([' ', '\t', '\u{3000}']));
                // Han with a spacing mark is one cluster of three columns.
                let is_one = graphemes(line).count() == 1;
                prop_assert!(width <= columns || is_one, "{line:?} takes {width} of {columns}");
                joined.push_str(line);
            }
            prop_assert_eq!(joined, text.replace('\n', ""));
            prop_assert!(ranges.windows(2).all(|pair| pair[1].start >= pair[0].end));
        }

        #[test]
        fn short_clauses_never_begin_with_punctuation(
            text in "([你好世界]{1,3}，){1,8}", columns in 4_usize..20,
        ) {
            for line in lines(&text, columns) {
                prop_assert!(!line.starts_with('，'), "{line}");
            }
        }
    }
}
