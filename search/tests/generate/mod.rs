//! Generators of messages, and of queries that find some of them.

use cairn_proto::content::attachment::{Attachment, AttachmentHash, Media, Preview, Video};
use cairn_proto::content::body::{Body, SystemEntry};
use cairn_proto::content::extras::{Extra, Extras, Reaction};
use cairn_proto::content::message::Entry;
use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_proto::model::search::{Condition, Feature, Mark, Period, Query, Respelling, Term, Test};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use unicode_normalization::UnicodeNormalization;

use crate::naive::{self, Known};

/// Parts of texts. Words, sentences, and characters that change others.
const PARTS: &[&str] = &[
    "ubuntu",
    "Ubuntu",
    "ＵＢＵＮＴＵ",
    "kubuntu",
    "xorg.conf",
    "version",
    "Versions",
    "versio",
    "CI",
    "ci",
    "circle",
    "max_len",
    "good",
    "morning",
    "10.0.0.1",
    "/usr/lib",
    "c++",
    "it’s",
    "上海",
    "上",
    "海",
    "市",
    "东边",
    "我家在",
    "骆",
    "驼",
    "社会主义",
    "可能",
    "重跑",
    "gen-itgc",
    "，",
    "。",
    "（",
    "）",
    "！",
    "…",
    "カタカナ",
    "ｶﾞｲﾄﾞ",
    "ガイド",
    "か",
    "\u{3099}",
    "한국어",
    "\u{1112}",
    "\u{1161}",
    "\u{11ab}",
    "ㅎ",
    "ภาษาไทย",
    "ง่าย",
    "ำ",
    "е",
    "Привет",
    "привет",
    "ΣΟΦΟΣ",
    "ς",
    "é",
    "E\u{301}",
    "\u{301}",
    "\u{327}",
    "ß",
    "ẞ",
    "İ",
    "ﬁ",
    "①",
    "²",
    "㎏",
    "™",
    "K",
    "\u{ad}",
    "\u{200b}",
    "\u{200d}",
    "❤\u{fe0f}",
    "🎉",
    "👍🏽",
    "\u{e0067}",
    "J\u{30c}",
    "ǰ",
    "ub\u{200b}untu",
    "上\u{feff}海",
    "\u{334}",
    "\u{fdfa}",
    "ア\u{309a}",
    "0",
    "7",
    "Ａ",
    "a",
    "A",
    "z",
    ".",
    "-",
    "_",
    "/",
    ",",
    "*",
    "'",
    "\0",
    "\u{345}",
    "\u{a8}",
];

/// Parts of everyday texts.
const PLAIN: &[&str] = &[
    "ubuntu",
    "Ubuntu",
    "kubuntu",
    "xorg.conf",
    "version",
    "Versions",
    "CI",
    "circle",
    "max_len",
    "good morning",
    "it’s",
    "café",
    "上海",
    "海市",
    "我家在",
    "东边",
    "骆",
    "社会主义",
    "重跑gen",
    "，",
    "。",
    "カタカナ",
    "한국어",
    "🎉",
    " ",
    " ",
];

const BLANKS: &[&str] = &[
    " ", " ", " ", "  ", "\n", "\t \r\n", "\u{3000}", "\u{a0}", "\u{2028}",
];

pub(crate) fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        6 => select(PARTS),
        4 => select(BLANKS),
    ];
    prop_oneof![
        6 => vec(part, 0..12).prop_map(|parts| parts.concat()),
        4 => vec(select(PLAIN), 1..10).prop_map(|parts| parts.join(" ")),
        4 => vec(select(PLAIN), 1..12).prop_map(|parts| parts.concat()),
        1 => vec(any::<char>(), 0..8).prop_map(|chars| chars.into_iter().collect()),
        // Longer than the windows of vectorized scans.
        1 => vec(select(PARTS), 20..60).prop_map(|parts| parts.join(" ")),
    ]
}

/// A text, with a link or with one in code, which is none.
fn linked(text: String, link: u8) -> (String, bool) {
    // These have a meaning for the parser of links.
    let text = text.replace(['`', '\\', '[', '>', '<'], "");
    match link {
        0 => (text + " HTTPS://example.org/上海 ", true),
        1 => (text + " `https://example.org` ", false),
        _ => (text, false),
    }
}

fn file(caption: &str, name: &str, media_type: &str) -> Attachment {
    let shown: String = name
        .chars()
        .filter(|c| c.is_alphanumeric() || "._-，".contains(*c))
        .take(40)
        .collect();
    Attachment {
        hash: AttachmentHash::new([7; AttachmentHash::BYTES]),
        name: format!("{shown}.png").parse().unwrap(),
        media_type: media_type.parse().unwrap(),
        size_bytes: 1,
        caption: caption.parse().unwrap(),
    }
}

fn body(kind: u8, words: &str, name: &str) -> Body {
    let media = |media_type| Media {
        file: file(words, name, media_type),
        width: 1,
        height: 1,
        preview: Preview::NONE,
    };
    match kind {
        0..6 => Body::Text(words.parse().unwrap()),
        6 => Body::Emote(words.parse().unwrap()),
        7 => media("application/x").into(),
        8 => Video {
            media: media("application/x"),
            duration_ms: 1,
        }
        .into(),
        9 => file(words, name, "Image/png").into(),
        10 => file(words, name, "video/mp4").into(),
        11 => file(words, name, "text/plain").into(),
        12 => Body::Emoji("ubuntu".parse().unwrap()),
        13 => Body::Recalled { by: UserId::new(1) },
        14 => Body::Unknown,
        _ => Body::System(SystemEntry::TopicSet {
            topic: "ubuntu 上海".parse().unwrap(),
        }),
    }
}

fn extras() -> impl Strategy<Value = Extras> {
    let extra = prop_oneof![
        Just(Extra::ReplyTo(MsgId::new(1))),
        (1..4_u32).prop_map(|user| Extra::Mention(UserId::new(user))),
        Just(Extra::MentionAll),
        Just(Extra::Edited {
            at: Timestamp::new(1),
            entry: MsgId::new(1)
        }),
        Just(Extra::Reactions(vec![Reaction {
            emoji: "tada".parse().unwrap(),
            users: vec![UserId::new(1)],
        }])),
    ];
    prop_oneof![
        2 => Just(Extras::NONE),
        1 => vec(extra, 0..3).prop_map(|extras| Extras::new(extras).unwrap()),
    ]
}

fn known() -> impl Strategy<Value = Known> {
    let facts = (1..4_u32, 1..3_u64, 0..6_u64, any::<[bool; 2]>());
    (text(), text(), 0..16_u8, 0..8_u8, extras(), facts).prop_map(
        |(words, name, kind, link, extras, (sender, conversation, sent_at, flags))| {
            let (words, has_link) = linked(words, link);
            let body = match body(kind, &words, &name) {
                // Not stored, so there is no packed form.
                Body::Unknown => Body::Recalled { by: UserId::new(2) },
                body => body,
            };
            Known {
                conversation: ConversationId::new(conversation),
                has_link: has_link && kind < 12,
                entry: Entry {
                    sender: UserId::new(sender),
                    sent_at: Timestamp::new(sent_at),
                    body,
                    extras,
                },
                is_pinned: flags[0],
                is_unread: flags[1],
            }
        },
    )
}

/// A test of words for a part of a text, or for a text of its own. The part is written as it is, in
/// capitals, decomposed, or in full width.
#[derive(Clone, Debug)]
struct Words {
    of: Index,
    from: Index,
    chars: usize,
    own: Option<String>,
    form: u8,
    test: fn(Term) -> Test,
}

fn words() -> impl Strategy<Value = Words> {
    let test = select(
        &[
            Test::Word as fn(Term) -> Test,
            Test::Prefix,
            Test::Phrase,
            Test::Literal,
        ][..],
    );
    let own = prop_oneof![
        4 => Just(None),
        2 => select(PARTS).prop_map(|part| Some(part.to_owned())),
        1 => text().prop_map(Some),
    ];
    (
        any::<Index>(),
        any::<Index>(),
        1..4_usize,
        own,
        0..9_u8,
        test,
    )
        .prop_map(|(of, from, chars, own, form, test)| Words {
            of,
            from,
            chars,
            own,
            form,
            test,
        })
}

impl Words {
    fn test(self, messages: &[Known]) -> Test {
        let text = self.own.unwrap_or_else(|| {
            let chosen = &messages[self.of.index(messages.len())].entry.body;
            let text: Vec<char> = chosen.words().unwrap_or_default().chars().collect();
            let start = self.from.index(text.len() + 1);
            text[start..].iter().take(self.chars).collect()
        });
        let text = match self.form {
            0 => text.to_uppercase(),
            1 => text.nfkd().collect(),
            2 => text.chars().map(wide).collect(),
            _ => text,
        };
        let text: String = text.chars().take(20).collect();
        (self.test)(Term::new(text).unwrap_or_else(|_| Term::new("ubuntu").unwrap()))
    }
}

fn wide(c: char) -> char {
    match c {
        '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).unwrap(),
        c => c,
    }
}

#[derive(Clone, Debug)]
enum Asked {
    Words(Words),
    Other(Test),
}

fn asked() -> impl Strategy<Value = Asked> {
    const FEATURES: &[Feature] = &[
        Feature::File,
        Feature::Image,
        Feature::Video,
        Feature::Link,
        Feature::Reaction,
    ];
    let other = prop_oneof![
        (1..4_u32).prop_map(|user| Test::From(UserId::new(user))),
        (1..3_u64).prop_map(|group| Test::In(ConversationId::new(group))),
        (0..6_u64, 0..7_u64).prop_map(|(from, until)| Test::Sent(Period {
            from: Timestamp::new(from),
            until: Timestamp::new(until),
        })),
        select(FEATURES).prop_map(Test::Has),
        select(&[Mark::Pinned, Mark::Edited, Mark::Unread][..]).prop_map(Test::Is),
        (1..4_u32).prop_map(|user| Test::Mentions(UserId::new(user))),
    ];
    prop_oneof![3 => words().prop_map(Asked::Words), 1 => other.prop_map(Asked::Other)]
}

/// A query, and messages of which it finds some.
pub(crate) fn case() -> impl Strategy<Value = (Query, Vec<Known>)> {
    let condition = || (prop_oneof![5 => Just(false), 1 => Just(true)], asked());
    let group = || vec(condition(), 1..3);
    let groups = prop_oneof![2 => vec(group(), 1), 1 => vec(group(), 1..4)];
    (groups, vec(known(), 1..8)).prop_map(|(groups, messages)| {
        let condition = |(negated, asked)| Condition {
            negated,
            test: match asked {
                Asked::Words(words) => words.test(&messages),
                Asked::Other(test) => test,
            },
        };
        let groups = groups.into_iter();
        let groups = groups.map(|group| group.into_iter().map(condition).collect());
        (Query::new(groups.collect()).unwrap(), messages)
    })
}

/// A query with a word that no message contains, and messages.
pub(crate) fn messages_and_typo() -> impl Strategy<Value = (Query, Vec<Known>)> {
    const TYPOS: &[&str] = &[
        "ubunt",
        "ubuntuu",
        "ubutnu",
        "ubuntw",
        "xubuntu",
        "versoin",
        "verson",
        "UBUNT",
        "circel",
        "ci",
        "10",
        "101",
        "上海",
        "приве",
        "good",
        "goof",
    ];
    let other = prop_oneof![2 => Just(None), 1 => asked().prop_map(Some)];
    (select(TYPOS), other, vec(known(), 1..8)).prop_map(|(typo, other, messages)| {
        let of = |test| {
            vec![Condition {
                negated: false,
                test,
            }]
        };
        let mut groups = vec![of(Test::Word(Term::new(typo).unwrap()))];
        groups.extend(other.map(|asked| match asked {
            Asked::Words(words) => of(words.test(&messages)),
            Asked::Other(test) => of(test),
        }));
        (Query::new(groups).unwrap(), messages)
    })
}

/// All words at distance 1 with which a query of this kind finds one of the messages that it does
/// not find.
pub(crate) fn respellings(query: &Query, messages: &[Known]) -> Vec<Respelling> {
    let mut found = Vec::new();
    for (at, condition) in query.conditions().enumerate() {
        let Test::Word(term) = &condition.test else {
            continue;
        };
        let word = naive::word_of(term.as_str());
        if word.len() < 3 || !word.iter().any(|c| c.is_alphabetic()) {
            continue;
        }
        for known in messages
            .iter()
            .filter(|known| naive::search(query, known).is_none())
        {
            for other in naive::words_of(known) {
                let instead = Term::new(other.iter().collect::<String>()).unwrap();
                let mut groups = query.groups().to_vec();
                groups[at][0].test = Test::Word(instead.clone());
                let respelled = Query::new(groups).unwrap();
                let is_near = naive::are_near(&word, &other);
                if is_near && naive::search(&respelled, known).is_some() {
                    let word = term.clone();
                    found.push(Respelling { word, instead });
                }
            }
        }
    }
    found
}
