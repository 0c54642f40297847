//! One kind of request, and its answer.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::limits::FRAME_BYTES_MAX;
use crate::wire::codec::{self, DecodeError};

/// One kind of request, paired with the type of its answer.
pub trait Call: Sized {
    /// The domain of the request: the enum with a variant for this kind.
    type Domain: From<Self>;
    /// The answer if the request succeeds.
    type Answer: Serialize + DeserializeOwned;
}

/// Bytes of an answer that need no allocation: the answer to a send is a number.
const INLINE_BYTES_MAX: usize = 24;

/// An encoded [`Call::Answer`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer(#[serde(with = "codec::short_bytes")] SmallVec<[u8; INLINE_BYTES_MAX]>);

impl Answer {
    /// Encodes an answer to `C`.
    #[must_use]
    pub fn to<C: Call>(answer: &C::Answer) -> Self {
        Self(codec::encode(answer).into())
    }

    /// Decodes an answer to `C`.
    ///
    /// # Errors
    /// Returns an error if the bytes are no answer to `C`.
    pub fn of<C: Call>(&self) -> Result<C::Answer, DecodeError> {
        codec::decode(&self.0, FRAME_BYTES_MAX)
    }
}
