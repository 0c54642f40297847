//! The vectors, which implementations in other languages run as well.

use cairn_text::{Block, Names, parse};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    /// The names that the texts can mention, and what they stand for.
    names: Vec<(String, u32)>,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    text: String,
    blocks: Vec<Block<u32>>,
}

#[test]
fn texts_are_parsed_to_their_trees() {
    let Vectors { names, vectors } = serde_json::from_str(include_str!("../vectors.json")).unwrap();
    let names = Names::new(names.iter().map(|(name, target)| (name.as_str(), *target)));
    for Vector { text, blocks } in vectors {
        assert_eq!(parse(&text, &names), blocks, "{text:?}");
    }
}
