//! An oracle for the matcher, written from `docs/SEARCH.md` alone: character by character, without
//! a line of the crate that it checks.

use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extra;
use cairn_proto::content::message::Entry;
use cairn_proto::ids::ConversationId;
use cairn_proto::model::search::{Feature, Highlights, Mark, Query, Span, Test};
use unicode_normalization::char::{
    canonical_combining_class, decompose_compatible, is_combining_mark,
};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// A message, and what is known of it beside its entry.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) conversation: ConversationId,
    pub(crate) entry: Entry,
    pub(crate) is_pinned: bool,
    pub(crate) is_unread: bool,
    /// Whether the words have a link outside of code, as the generator knows.
    pub(crate) has_link: bool,
}

/// Returns the highlights of a message if it satisfies the query.
pub(crate) fn search(query: &Query, known: &Known) -> Option<Highlights> {
    let is_message = !matches!(
        known.entry.body,
        Body::System(_) | Body::Recalled { .. } | Body::Amendment(_) | Body::Unknown
    );
    let is_found = is_message
        && query.groups().iter().all(|group| {
            group
                .iter()
                .any(|condition| satisfies(&condition.test, known) != condition.negated)
        });
    let [words, file_name] = texts(&known.entry.body);
    is_found.then(|| Highlights {
        words: highlights(query, &words),
        file_name: highlights(query, &file_name),
    })
}

/// The words and the file name.
fn texts(body: &Body) -> [String; 2] {
    let file = match body {
        Body::Text(text) | Body::Emote(text) => return [text.to_string(), String::new()],
        Body::Image(image) => &image.file,
        Body::Video(video) => &video.media.file,
        Body::File(file) => file,
        _ => return [String::new(), String::new()],
    };
    [file.caption.to_string(), file.name.to_string()]
}

fn satisfies(test: &Test, known: &Known) -> bool {
    let Known { entry, .. } = known;
    let declared = match &entry.body {
        Body::Image(image) => Some(image.file.media_type.to_string()),
        Body::Video(video) => Some(video.media.file.media_type.to_string()),
        Body::File(file) => Some(file.media_type.to_string()),
        _ => None,
    };
    let is_of = |top: &str| {
        let declared = declared.clone().unwrap_or_default().to_lowercase();
        declared.starts_with(top)
    };
    let mut extras = entry.extras.iter();
    match test {
        Test::From(user) => entry.sender == *user,
        Test::In(conversation) => known.conversation == *conversation,
        Test::Sent(period) => (period.from..period.until).contains(&entry.sent_at),
        Test::Has(Feature::File) => declared.is_some(),
        Test::Has(Feature::Image) => matches!(entry.body, Body::Image(_)) || is_of("image/"),
        Test::Has(Feature::Video) => matches!(entry.body, Body::Video(_)) || is_of("video/"),
        Test::Has(Feature::Link) => known.has_link,
        Test::Has(Feature::Reaction) => extras.any(|e| matches!(e, Extra::Reactions(_))),
        Test::Is(Mark::Pinned) => known.is_pinned,
        Test::Is(Mark::Unread) => known.is_unread,
        Test::Is(Mark::Edited) => extras.any(|e| matches!(e, Extra::Edited { .. })),
        Test::Mentions(user) => {
            extras.any(|e| *e == Extra::Mention(*user) || *e == Extra::MentionAll)
        }
        words => texts(&entry.body)
            .iter()
            .any(|text| !places(words, &fold(text)).is_empty()),
    }
}

/// The ranges of characters of a folded text at which a test of words matches.
fn places(test: &Test, text: &[char]) -> Vec<(usize, usize)> {
    let (term, start_counts, end_counts) = match test {
        Test::Word(term) | Test::Phrase(term) => (term, true, true),
        Test::Prefix(term) => (term, true, false),
        Test::Literal(term) => (term, false, false),
        _ => return Vec::new(),
    };
    let mut term = fold(term.as_str());
    while term.first() == Some(&' ') {
        term.remove(0);
    }
    while term.last() == Some(&' ') {
        term.pop();
    }
    let mut places = Vec::new();
    let mut at = 0;
    while !term.is_empty() && at + term.len() <= text.len() {
        let end = at + term.len();
        let in_word =
            |left: usize| is_word_character(text[left]) && is_word_character(text[left + 1]);
        let splits_start = start_counts && at > 0 && in_word(at - 1);
        let splits_end = end_counts && end < text.len() && in_word(end - 1);
        if text[at..end] == term && !splits_start && !splits_end {
            places.push((at, end));
            at = end;
        } else {
            at += 1;
        }
    }
    places
}

fn is_without_width(c: char) -> bool {
    let c = u32::from(c);
    [0xad, 0x61c, 0x180e, 0xfeff].contains(&c)
        || (0x200b..=0x200f).contains(&c)
        || (0x202a..=0x202e).contains(&c)
        || (0x2060..=0x206f).contains(&c)
        || (0xfe00..=0xfe0f).contains(&c)
        || (0xe0000..=0xe0fff).contains(&c)
}

/// Steps 1 to 4.
fn fold_letters(text: &str) -> String {
    let shown: String = text.chars().filter(|c| !is_without_width(*c)).collect();
    let normal: String = shown.nfkc().collect();
    let mut lower = String::new();
    for c in normal.chars() {
        lower.extend(c.to_lowercase().map(|c| if c == 'ς' { 'σ' } else { c }));
    }
    lower.nfkc().collect()
}

fn fold(text: &str) -> Vec<char> {
    let mut folded: Vec<char> = Vec::new();
    for c in fold_letters(text).chars() {
        if !c.is_whitespace() {
            folded.push(c);
        } else if folded.last() != Some(&' ') {
            folded.push(' ');
        }
    }
    folded
}

fn is_word_character(c: char) -> bool {
    // The scripts without blanks, by their blocks.
    const UNSPACED: [(u32, u32); 15] = [
        (0x0e00, 0x0eff),
        (0x1000, 0x109f),
        (0x1100, 0x11ff),
        (0x1780, 0x17ff),
        (0x3005, 0x3007),
        (0x3040, 0x31ff),
        (0x3400, 0x4dbf),
        (0x4e00, 0x9fff),
        (0xa960, 0xa97f),
        (0xac00, 0xd7ff),
        (0xf900, 0xfaff),
        (0xff66, 0xffdc),
        (0x20000, 0x2ffff),
        (0x30000, 0x3ffff),
        (0, 0),
    ];
    let code = u32::from(c);
    let is_unspaced = UNSPACED.iter().any(|&(a, b)| (a..=b).contains(&code));
    (c.is_alphabetic() || c.is_numeric() || is_combining_mark(c)) && !is_unspaced
}

fn begins_unit(c: char) -> bool {
    let mut parts = Vec::new();
    decompose_compatible(c, |part| parts.push(part));
    !is_without_width(c)
        && canonical_combining_class(parts[0]) == 0
        && is_nfc_quick([parts[0]].into_iter()) == IsNormalized::Yes
}

/// For each character of the folded text, the bytes of its unit in the original.
fn origins(text: &str) -> Vec<(usize, usize)> {
    let mut starts = vec![0];
    starts.extend(
        text.char_indices()
            .skip(1)
            .filter(|(_, c)| begins_unit(*c))
            .map(|(at, _)| at),
    );
    starts.push(text.len());
    let mut origins = Vec::new();
    let mut ends_blank = false;
    for unit in starts.windows(2) {
        for c in fold_letters(&text[unit[0]..unit[1]]).chars() {
            if !(c.is_whitespace() && ends_blank) {
                origins.push((unit[0], unit[1]));
            }
            ends_blank = c.is_whitespace();
        }
    }
    origins
}

fn highlights(query: &Query, text: &str) -> Vec<Span> {
    let folded = fold(text);
    let origins = origins(text);
    assert_eq!(folded.len(), origins.len(), "{text:?}");
    let mut is_lit = vec![false; text.len()];
    for condition in query.groups().iter().flatten() {
        if condition.negated {
            continue;
        }
        for (start, end) in places(&condition.test, &folded) {
            is_lit[origins[start].0..origins[end - 1].1].fill(true);
        }
    }
    let mut spans: Vec<Span> = Vec::new();
    for (at, _) in is_lit.iter().enumerate().filter(|(_, lit)| **lit) {
        let at = at as u32;
        match spans.last_mut() {
            Some(last) if last.end == at => last.end += 1,
            _ => spans.push(Span {
                start: at,
                end: at + 1,
            }),
        }
    }
    spans.truncate(64);
    spans
}

/// Returns the folded word, or nothing if it has other characters than those of words.
pub(crate) fn word_of(term: &str) -> Vec<char> {
    let folded = fold(term);
    let is_word = folded.iter().all(|c| is_word_character(*c));
    if is_word { folded } else { Vec::new() }
}

/// Returns the words of a message.
pub(crate) fn words_of(known: &Known) -> Vec<Vec<char>> {
    let folded = texts(&known.entry.body).map(|text| fold(&text));
    let words = folded
        .iter()
        .flat_map(|text| text.split(|c| !is_word_character(*c)));
    words
        .filter(|word| !word.is_empty())
        .map(<[char]>::to_vec)
        .collect()
}

/// Returns whether one edit makes a word of another one: each of them is tried.
pub(crate) fn are_near(word: &[char], other: &[char]) -> bool {
    let shorter = |of: &[char], than: &[char]| {
        (0..of.len()).any(|at| [&of[..at], &of[at + 1..]].concat() == than)
    };
    let differ: Vec<usize> = match word.len() == other.len() {
        true => (0..word.len())
            .filter(|&at| word[at] != other[at])
            .collect(),
        false => Vec::new(),
    };
    let is_exchanged = match differ[..] {
        [a, b] => b == a + 1 && word[a] == other[b] && word[b] == other[a],
        _ => false,
    };
    shorter(word, other) || shorter(other, word) || differ.len() == 1 || is_exchanged
}
