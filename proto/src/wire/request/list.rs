//! Lists in requests and answers.

use serde::{Deserialize, Serialize};

use crate::wire::codec;

/// A list that is decoded without trusting its announced length.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub struct List<T>(#[serde(deserialize_with = "codec::list")] pub Vec<T>);

/// A page of an ordered list. The next one begins after the last item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub struct Page<T> {
    /// As many as fit into an answer.
    #[serde(deserialize_with = "codec::list")]
    pub items: Vec<T>,
    /// Whether there are further ones.
    pub more: bool,
}
