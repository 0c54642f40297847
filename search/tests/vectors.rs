//! The vectors, which implementations in other languages run as well.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use cairn_search::parse;
use jiff::Zoned;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Vectors {
    /// The time and zone of the asking user.
    now: String,
    queries: Vec<Vector>,
    /// Queries that cannot be understood.
    refused: Vec<String>,
}

#[derive(Deserialize)]
struct Vector {
    text: String,
    groups: Value,
}

fn vectors() -> (Zoned, Vectors) {
    let all: Vectors = serde_json::from_str(include_str!("../vectors.json")).unwrap();
    (all.now.parse().unwrap(), all)
}

#[test]
fn queries_are_parsed_to_their_trees() {
    let (now, all) = vectors();
    for Vector { text, groups } in all.queries {
        let parsed = parse(&text, &now).unwrap();
        assert_eq!(serde_json::to_value(&parsed).unwrap(), groups, "{text:?}");
    }
}

#[test]
fn other_queries_are_refused() {
    let (now, all) = vectors();
    for text in all.refused {
        assert!(parse(&text, &now).is_err(), "{text:?}");
    }
}
