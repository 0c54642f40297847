//! The matcher finds what `docs/SEARCH.md` says: compared with an oracle that was written from it.
//! `CAIRN_SEARCH_CASES` sets the number of generated messages and queries.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod generate;
mod naive;

use std::cell::Cell;

use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::Entry;
use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::model::search::{Highlights, Query};
use cairn_search::{Facts, Matcher, Respeller, Scratch};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use generate::{case, messages_and_typo};
use naive::Known;

const CASES: u32 = 1_000;

fn runner() -> TestRunner {
    let cases = std::env::var("CAIRN_SEARCH_CASES").map_or(CASES, |cases| cases.parse().unwrap());
    TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    })
}

fn facts(known: &Known) -> Facts<'_> {
    Facts {
        conversation: known.conversation,
        entry: &known.entry,
        is_pinned: known.is_pinned,
        is_unread: known.is_unread,
    }
}

fn packed(known: &Known) -> Vec<u8> {
    let mut packed = Vec::new();
    known.entry.pack(&mut packed);
    packed
}

/// Searches one message as a server does: first the packed form, then the decoded one. A block of
/// one message is the one that most often lacks a term.
fn search(matcher: &Matcher, known: &Known, scratch: &mut Scratch) -> Option<Highlights> {
    let packed = packed(known);
    let is_possible = matcher.may_match_in(known.conversation)
        && matcher.period().contains(known.entry.sent_at)
        && (!matcher.is_absent_from(&packed) || matcher.may_match_unplain(&packed))
        && matcher.may_match(known.conversation, &packed);
    is_possible
        .then(|| matcher.check(&facts(known), scratch))
        .flatten()
}

#[test]
fn matcher_equals_oracle() {
    let (found, lit, rejected) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let count = |counter: &Cell<u32>| counter.set(counter.get() + 1);
    let mut runner = runner();
    let cases = runner.config().cases;
    let result = runner.run(&case(), |(query, messages)| {
        let matcher = Matcher::new(&query);
        let mut scratch = Scratch::default();
        for known in &messages {
            let expected = naive::search(&query, known);
            let checked = matcher.check(&facts(known), &mut scratch);
            prop_assert_eq!(&checked, &expected, "{:?}", known);
            let searched = search(&matcher, known, &mut scratch);
            prop_assert_eq!(&searched, &expected, "raw: {:?}", known);
            if !matcher.may_match(known.conversation, &packed(known)) {
                count(&rejected);
            }
            if let Some(highlights) = expected {
                count(&found);
                if highlights != Highlights::default() {
                    count(&lit);
                }
            }
        }
        Ok(())
    });
    result.unwrap();
    let [found, lit, rejected] = [&found, &lit, &rejected].map(Cell::get);
    assert!(
        found > cases / 2 && lit > cases / 4 && rejected > cases / 4,
        "{found} found, {lit} of them with highlights, {rejected} rejected unread: too few"
    );
}

/// A suggestion is at distance 1, and the query finds a message with it.
#[test]
fn suggestions_are_verified() {
    let suggested = Cell::new(0);
    let mut runner = runner();
    let cases = runner.config().cases;
    let result = runner.run(&messages_and_typo(), |(query, messages)| {
        let mut scratch = Scratch::default();
        let expected = generate::respellings(&query, &messages);
        let best = Respeller::new(&query).and_then(|mut respeller| {
            for known in &messages {
                if respeller.may_note(known.conversation, &packed(known)) {
                    respeller.note(&facts(known), &mut scratch);
                }
            }
            respeller.best()
        });
        match best {
            Some(best) => {
                suggested.set(suggested.get() + 1);
                prop_assert!(expected.contains(&best), "{:?} of {:?}", best, expected);
            }
            None => prop_assert!(expected.is_empty(), "{:?}", expected),
        }
        Ok(())
    });
    result.unwrap();
    assert!(
        suggested.get() > cases / 10,
        "{} suggestions",
        suggested.get()
    );
}

fn message(text: &str) -> Known {
    Known {
        conversation: ConversationId::new(1),
        entry: Entry {
            sender: UserId::new(1),
            sent_at: Timestamp::new(1),
            body: Body::Text(text.parse().unwrap()),
            extras: Extras::NONE,
        },
        is_pinned: false,
        is_unread: false,
        has_link: false,
    }
}

fn parsed(text: &str) -> Query {
    let now = "2026-11-28T12:00[UTC]".parse().unwrap();
    let parsed = cairn_search::parse(text, &now).unwrap();
    let none = |name: &str| Err(name.to_owned());
    parsed.resolve(none, |name| Err(name.to_owned())).unwrap()
}

/// The parts of the texts that are highlighted; `None` for each text that is not found.
#[track_caller]
fn assert_finds(query: &str, texts: &[(&str, Option<&[&str]>)]) {
    let query = parsed(query);
    let matcher = Matcher::new(&query);
    for (text, expected) in texts {
        let known = message(text);
        let found = search(&matcher, &known, &mut Scratch::default());
        assert_eq!(found, naive::search(&query, &known), "{text:?}");
        let parts = found.map(|found| {
            let parts = found.words.into_iter();
            let parts = parts.map(|span| &text[span.start as usize..span.end as usize]);
            parts.collect::<Vec<_>>()
        });
        assert_eq!(parts.as_deref(), *expected, "{text:?}");
    }
}

#[test]
fn chinese_is_found_within_sentences() {
    assert_finds(
        "上海",
        &[
            ("我家在上海东边", Some(&["上海"])),
            ("上海上海，海上", Some(&["上海上海"])),
            ("上 海", None),
            ("ubuntu上海ci", Some(&["上海"])),
            ("海上", None),
        ],
    );
    assert_finds(
        "海市",
        &[("我家在上海市的东边", Some(&["海市"])), ("海 市", None)],
    );
    assert_finds(
        "骆",
        &[("老骆驼和骆先生", Some(&["骆", "骆"])), ("驼", None)],
    );
    assert_finds(
        "ubuntu 上海",
        &[
            ("上海的Ubuntu用户", Some(&["上海", "Ubuntu"])),
            ("ubuntu", None),
            ("上海", None),
        ],
    );
    assert_finds(
        "gen",
        &[("重跑gen-itgc后", Some(&["gen"])), ("重跑general后", None)],
    );
    assert_finds(
        "跑gen",
        &[
            ("重跑gen-itgc后", Some(&["跑gen"])),
            ("重跑general后", None),
        ],
    );
    assert_finds(
        "社会主义 -上海",
        &[("社会主义", Some(&["社会主义"])), ("上海社会主义", None)],
    );
}

#[test]
fn other_scripts_without_blanks_are_found_within_sentences() {
    assert_finds(
        "カタ",
        &[
            ("ｶﾀｶﾅで", Some(&["ｶﾀ"])),
            ("ひらがなカタカナ", Some(&["カタ"])),
        ],
    );
    assert_finds("ガ", &[("ｶﾞｲﾄﾞ", Some(&["ｶﾞ"])), ("カ゛", None)]);
    assert_finds(
        "국",
        &[
            ("한국어를", Some(&["국"])),
            (
                "한\u{1100}\u{116e}\u{11a8}어",
                Some(&["\u{1100}\u{116e}\u{11a8}"]),
            ),
        ],
    );
    assert_finds("ไทย", &[("ภาษาไทยง่าย", Some(&["ไทย"]))]);
}

#[test]
fn words_are_whole_whatever_their_case_and_width() {
    assert_finds(
        "ubuntu",
        &[
            (
                "Ubuntu, ＵＢＵＮＴＵ and ub\u{ad}untu",
                Some(&["Ubuntu", "ＵＢＵＮＴＵ", "ub\u{ad}untu"]),
            ),
            ("kubuntu ubuntus", None),
            ("my_ubuntu-box", Some(&["ubuntu"])),
            ("ubuntu\u{301}", None),
        ],
    );
    assert_finds(
        "ＣＩ",
        &[
            ("the CI is red", Some(&["CI"])),
            ("circle", None),
            ("ci/cd", Some(&["ci"])),
        ],
    );
    assert_finds(
        "café",
        &[("CAFE\u{301}s? a Café", Some(&["Café"])), ("cafe", None)],
    );
    assert_finds(
        "σοφος",
        &[
            ("ΣΟΦΟΣ", Some(&["ΣΟΦΟΣ"])),
            ("σοφος σοφοςς", Some(&["σοφος"])),
        ],
    );
    assert_finds("ﬁne", &[("FINE", Some(&["FINE"]))]);
}

#[test]
fn beginnings_literals_and_phrases_are_found() {
    assert_finds(
        "versio*",
        &[
            (
                "Version 2, conversion, versions",
                Some(&["Versio", "versio"]),
            ),
            ("conversion", None),
        ],
    );
    assert_finds("上*", &[("我在上海", Some(&["上"]))]);
    assert_finds(
        "xorg.conf",
        &[
            ("see /etc/X11/xorg.conf.d", Some(&["xorg.conf"])),
            ("XORG．CONF", Some(&["XORG．CONF"])),
            ("xorg conf", None),
        ],
    );
    assert_finds(
        "10.0.0.1",
        &[("ping 110.0.0.12", Some(&["10.0.0.1"])), ("10 0 0 1", None)],
    );
    assert_finds("max_l", &[("MAX_LEN", Some(&["MAX_L"])), ("max l", None)]);
    assert_finds("/usr/li", &[("in /usr/lib", Some(&["/usr/li"]))]);
    assert_finds("c++", &[("C++17 or C", Some(&["C++"])), ("c", None)]);
    assert_finds("❤", &[("I ❤\u{fe0f} it", Some(&["❤\u{fe0f}"]))]);
    assert_finds(
        "\"good morning\"",
        &[
            ("Good \n Morning!", Some(&["Good \n Morning"])),
            ("good, morning", None),
            ("good mornings", None),
        ],
    );
    assert_finds(
        "bad OR \"not good\" day",
        &[("bad day", Some(&["bad", "day"])), ("bad", None)],
    );
}

#[test]
fn places_are_searched_from_left_to_right() {
    // The first place that the characters match is within a longer word.
    assert_finds("\"a a\"", &[("ba a a", Some(&["a a"]))]);
    assert_finds("上ab上a", &[("上ab上ab上a", Some(&["上ab上a"]))]);
    assert_finds("\"a a\"", &[("a a a a", Some(&["a a", "a a"]))]);
    assert_finds("aba OR ab*", &[("abab aba", Some(&["ab", "aba"]))]);
}

#[test]
fn highlights_are_whole_units() {
    assert_finds("ง", &[("ง่าย", Some(&["ง่"]))]);
    assert_finds(".", &[("wait…", Some(&["…"]))]);
    assert_finds("上", &[("上\u{200b}海", Some(&["上\u{200b}"]))]);
    assert_finds("ǰ", &[("J\u{30c}", Some(&["J\u{30c}"]))]);
    assert_finds("kg", &[("5㎏ 5kg", None), ("㎏", Some(&["㎏"]))]);
}

#[test]
fn lone_operators_are_plain_characters() {
    for (query, text) in [
        ("-", "a - b"),
        ("*", "2*3"),
        (":", "a:b"),
        ("'", "it's"),
        ("\0", "a\0b"),
    ] {
        let found = search(
            &Matcher::new(&parsed(query)),
            &message(text),
            &mut Scratch::default(),
        );
        assert_eq!(found.unwrap().words.len(), 1, "{query:?}");
    }
}
