//! The vectors, which implementations in other languages run as well.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use cairn_text::{Block, Keywords, Lines, Names, is_blank, mentions, parse, sanitize};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    /// The names that the texts can mention, and what they stand for.
    names: Vec<(String, u32)>,
    vectors: Vec<Vector>,
    mentions: Vec<Mentioning>,
    sanitized: Vec<Sanitized>,
    blank: Vec<String>,
    not_blank: Vec<String>,
    /// The keywords of a user.
    keywords: Vec<String>,
    with_keywords: Vec<WithKeywords>,
}

#[derive(Deserialize)]
struct WithKeywords {
    text: String,
    found: Vec<String>,
}

#[derive(Deserialize)]
struct Vector {
    text: String,
    blocks: Vec<Block<u32>>,
}

#[derive(Deserialize)]
struct Mentioning {
    text: String,
    found: Vec<u32>,
    unknown: Vec<String>,
}

#[derive(Deserialize)]
struct Sanitized {
    text: String,
    /// With its lines, and as one line.
    keep: String,
    join: String,
}

fn vectors() -> (Names<u32>, Vectors) {
    let all: Vectors = serde_json::from_str(include_str!("../vectors.json")).unwrap();
    let names = all.names.iter();
    let names = Names::new(names.map(|(name, target)| (name.as_str(), *target)));
    (names, all)
}

#[test]
fn texts_are_parsed_to_their_trees() {
    let (names, all) = vectors();
    for Vector { text, blocks } in all.vectors {
        assert_eq!(parse(&text, &names), blocks, "{text:?}");
    }
}

#[test]
fn texts_mention_their_users() {
    let (names, all) = vectors();
    for one in all.mentions {
        let mentioned = mentions(&one.text, &names);
        assert_eq!(mentioned.found, one.found, "{:?}", one.text);
        assert_eq!(mentioned.unknown, one.unknown, "{:?}", one.text);
    }
}

#[test]
fn texts_are_sanitized() {
    let (_, all) = vectors();
    for Sanitized { text, keep, join } in all.sanitized {
        assert_eq!(sanitize(&text, Lines::Keep), keep, "{text:?}");
        assert_eq!(sanitize(&text, Lines::Join), join, "{text:?}");
    }
    assert!(all.blank.iter().all(|text| is_blank(text)));
    assert!(!all.not_blank.iter().any(|text| is_blank(text)));
}

#[test]
fn keywords_are_found_as_words() {
    let (_, all) = vectors();
    let keywords = Keywords::new(all.keywords.iter().map(String::as_str));
    for WithKeywords { text, found } in all.with_keywords {
        assert_eq!(keywords.find(&text), found, "{text:?}");
    }
}
