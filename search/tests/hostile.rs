//! Hostile input: whatever is written as a query, and whatever arrives as one, is answered or
//! refused without a panic.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use cairn_proto::content::body::Body;
use cairn_proto::content::extras::Extras;
use cairn_proto::content::message::{Entry, peek_entry};
use cairn_proto::ids::{ConversationId, Timestamp, UserId};
use cairn_proto::limits;
use cairn_proto::model::search::{Condition, Highlights, Query, Term, Test};
use cairn_proto::wire::codec;
use cairn_search::{Facts, Matcher, Parsed, QueryError, Respeller, Scratch, parse, respell};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const GROUP: ConversationId = ConversationId::new(1);

fn parsed(text: &str) -> Result<Parsed, QueryError> {
    parse(text, &"2026-11-28T12:00[UTC]".parse().unwrap())
}

fn resolved(parsed: &Parsed) -> Query {
    let user = |_: &str| Ok::<_, ()>(UserId::new(1));
    parsed.resolve(user, |_| Ok(GROUP)).unwrap()
}

fn entry(text: &str) -> Entry {
    Entry {
        sender: UserId::new(1),
        sent_at: Timestamp::new(1),
        body: Body::Text(text.parse().unwrap()),
        extras: Extras::NONE,
    }
}

fn facts(entry: &Entry) -> Facts<'_> {
    Facts {
        conversation: GROUP,
        entry,
        is_pinned: false,
        is_unread: true,
    }
}

fn check(query: &Query, text: &str) -> Option<Highlights> {
    let entry = entry(text);
    let facts = facts(&entry);
    let mut packed = Vec::new();
    entry.pack(&mut packed);
    let matcher = Matcher::new(query);
    let mut scratch = Scratch::default();
    let found = matcher.check(&facts, &mut scratch);
    assert!(
        found.is_none() || matcher.may_match(GROUP, &packed),
        "{query:?} {text:?}"
    );
    assert!(
        found.is_none() || !matcher.is_absent_from(&packed) || matcher.may_match_unplain(&packed),
        "{query:?} {text:?}"
    );
    if let Some(mut respeller) = Respeller::new(query) {
        let _ = respeller.may_note(GROUP, &packed);
        respeller.note(&facts, &mut scratch);
        assert!(found.is_none() || respeller.best().is_none());
    }
    found
}

fn assert_valid(found: &Highlights, text: &str) {
    assert!(found.words.len() <= limits::SEARCH_SPANS_MAX);
    let mut end = None;
    for span in &found.words {
        let (from, to) = (span.start as usize, span.end as usize);
        assert!(from < to && end.is_none_or(|end| end < from), "{found:?}");
        assert!(
            text.get(from..to).is_some(),
            "{found:?} splits a character of {text:?}"
        );
        end = Some(to);
    }
}

/// Queries that consist mostly of operators.
fn queries() -> impl Strategy<Value = String> {
    const PARTS: &[&str] = &[
        "\"",
        "“",
        "-",
        "--",
        "*",
        "＊",
        "OR",
        " OR ",
        "or",
        ":",
        "：",
        "from:",
        "in:",
        "on:",
        "before:",
        "after:",
        "has:",
        "is:",
        "mentions:",
        "me",
        "file",
        "unread",
        "last",
        "week",
        "this",
        "2026",
        "-11",
        "-28",
        "november",
        "3",
        "days",
        "ago",
        " ",
        "  ",
        "\n",
        "\u{3000}",
        "a",
        "A",
        "上海",
        "\0",
        "\u{200b}",
        "\u{301}",
        "(",
        ")",
        "\\",
        "'",
        "’",
        "年",
        "周",
        "\u{fdfa}",
        "\u{202e}",
        "🎉",
    ];
    let part = prop_oneof![
        6 => select(PARTS).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    vec(part, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(2_000)
    })]

    #[test]
    fn every_query_is_understood_or_refused(text in queries(), message in queries()) {
        match parsed(&text) {
            Ok(parsed) => {
                let query = resolved(&parsed);
                let sent = codec::encode(&query);
                prop_assert_eq!(codec::decode(&sent, limits::FRAME_BYTES_MAX), Ok(query.clone()));
                for message in [&message, &text] {
                    if let Some(found) = check(&query, message) {
                        assert_valid(&found, message);
                    }
                }
            }
            Err(error) => {
                let shown = error.to_string();
                prop_assert!(shown.len() < 400 && !shown.contains(char::is_control), "{}", shown);
            }
        }
    }

    #[test]
    fn every_word_finds_itself(text in queries()) {
        // Characters between quotation marks have no other meaning.
        let phrase = text.replace(['"', '“', '”', '„', '＂'], "");
        if let Ok(parsed) = parsed(&format!("\"{phrase}\"")) {
            let found = check(&resolved(&parsed), &phrase);
            prop_assert!(found.is_some(), "{:?}", phrase);
        }
    }

    #[test]
    fn random_bytes_are_harmless(
        bytes in vec(prop_oneof![3 => 0..12_u8, 1 => any::<u8>()], 0..120),
    ) {
        const TEXT: &str = "Ubuntu 上海 é\u{301}";
        let query = codec::decode_some::<Query>(&bytes).ok().map(|(query, _)| query);
        if let Some(found) = query.and_then(|query| check(&query, TEXT)) {
            assert_valid(&found, TEXT);
        }
        let _ = peek_entry(&bytes);
        let query = resolved(&parsed("ubuntu").unwrap());
        let matcher = Matcher::new(&query);
        let _ = matcher.may_match(GROUP, &bytes);
        let _ = matcher.may_match_unplain(&bytes);
    }
}

/// Each of these takes too long, or too much memory, if the work for one place of a text depends on
/// the length of the query or the text.
#[test]
fn long_queries_and_messages_are_searched_at_once() {
    let of = |test: Test| Condition {
        negated: false,
        test,
    };
    let term =
        |part: &str| Term::new(part.repeat(limits::SEARCH_TERM_BYTES_MAX / part.len())).unwrap();
    for part in [
        "a", "ａ", "上", "a ", "-", "e\u{301}", "\u{301}", "\u{fdfa}", "\u{200b}", " ",
    ] {
        let text = part.repeat(limits::TEXT_BYTES_MAX / part.len());
        for test in [Test::Word, Test::Prefix, Test::Phrase, Test::Literal] {
            let groups = vec![vec![of(test(term(part))); 2]; limits::SEARCH_GROUPS_MAX];
            let query = Query::new(groups).unwrap();
            if let Some(found) = check(&query, &text) {
                assert_valid(&found, &text);
            }
        }
    }
    for part in ["\"", "-", "on:", "on:last ", "x OR ", "\"a", "*", ": "] {
        for length in [limits::SEARCH_TEXT_BYTES_MAX, 64 * 1024] {
            let _ = parsed(&part.repeat(length / part.len()));
        }
    }
    assert_eq!(parsed(&"x ".repeat(32 * 1024)), Err(QueryError::TooLong));
    assert_eq!(parsed(&"x ".repeat(2_000)), Err(QueryError::TooManyTerms));
    assert!(matches!(
        parsed(&"x".repeat(257)),
        Err(QueryError::TermTooLong(_))
    ));
}

#[test]
fn spans_are_bounded() {
    let query = resolved(&parsed("a").unwrap());
    let found = check(&query, &"a ".repeat(8_000)).unwrap();
    assert_eq!(found.words.len(), limits::SEARCH_SPANS_MAX);
}

#[test]
fn queries_are_respelled() {
    let respelled = |text: &str, message: &str| {
        let query = resolved(&parsed(text).unwrap());
        let entry = entry(message);
        let mut respeller = Respeller::new(&query)?;
        respeller.note(&facts(&entry), &mut Scratch::default());
        let respelling = respeller.best()?;
        Some(respell(text, &respelling))
    };
    for (text, message, expected) in [
        (
            "Ubutnu is:unread",
            "the UBUNTU box",
            Some("ubuntu is:unread"),
        ),
        ("ubunt ubuntx", "ubuntu", None),
        (
            "versoin upgrade",
            "upgrade of the version",
            Some("version upgrade"),
        ),
        ("versoin upgrade", "the version", None),
        ("helo -world", "hello world", None),
        ("helo -world", "hello", Some("hello -world")),
        ("ab", "abc", None),
        ("100", "101", None),
        ("привте", "ПРИВЕТ", Some("привет")),
        ("上海市", "上海", None),
        ("helo*", "hello", None),
    ] {
        assert_eq!(
            respelled(text, message).as_deref(),
            expected,
            "{text:?} {message:?}"
        );
    }
}
