//! Lists in requests and answers.

use serde::{Deserialize, Serialize};

use crate::wire::codec;

/// A list that is decoded without trusting its announced length.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub struct List<T>(#[serde(deserialize_with = "codec::list")] pub Vec<T>);
