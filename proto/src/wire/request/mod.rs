//! Requests, by domain, each paired with the type of its answer.
//!
//! Enums grow at the end only: a variant's position is its number on the wire.

pub mod group;
pub mod message;
pub mod people;
pub mod reading;
pub mod server;
pub mod session;
mod traits;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::limits::FRAME_BYTES_MAX;
use crate::wire::codec::{self, DecodeError};

pub use self::group::GroupRequest;
pub use self::message::MessageRequest;
pub use self::people::PeopleRequest;
pub use self::reading::ReadingRequest;
pub use self::server::ServerRequest;
pub use self::session::SessionRequest;
pub use self::traits::{Cost, Traits};

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// About messages.
    Message(MessageRequest),
    /// About cursors.
    Reading(ReadingRequest),
    /// About groups and members.
    Group(GroupRequest),
    /// About users.
    People(PeopleRequest),
    /// About the server and devices.
    Server(ServerRequest),
    /// About history and the session itself.
    Session(SessionRequest),
}

/// One kind of request, and what it is answered with.
pub trait Call: Into<Request> {
    /// The answer if the request succeeds.
    type Answer: Serialize + DeserializeOwned;
}

/// Calls [`Visit::visit`] for the kind of a request.
pub trait Visitor {
    /// The result for every kind.
    type Output;
}

/// What a [`Visitor`] does with one kind of request. A kind without an implementation does not
/// compile.
pub trait Visit<C>: Visitor {
    /// Handles the request.
    fn visit(self, call: C) -> Self::Output;
}

/// An encoded [`Call::Answer`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer(#[serde(deserialize_with = "codec::bytes")] Bytes);

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

/// A list that is decoded without trusting its announced length.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub struct List<T>(#[serde(deserialize_with = "codec::list")] pub Vec<T>);

/// Defines a domain of requests: its enum, the answer of each kind, and the dispatch to a visitor.
macro_rules! requests {
    ($(#[$doc:meta])* $domain:ident in $variant:ident {
        $($(#[$call_doc:meta])* $kind:ident($call:ty) -> $answer:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $domain {
            $($(#[$call_doc])* $kind($call),)*
        }

        impl $domain {
            /// Passes the request to the visitor.
            pub fn visit<V>(self, visitor: V) -> V::Output
            where
                V: crate::wire::request::Visitor $(+ crate::wire::request::Visit<$call>)*,
            {
                match self {
                    $(Self::$kind(call) => {
                        crate::wire::request::Visit::<$call>::visit(visitor, call)
                    })*
                }
            }

            /// Passes a reference to the request to the visitor.
            pub fn visit_ref<'a, V>(&'a self, visitor: V) -> V::Output
            where
                V: crate::wire::request::Visitor $(+ crate::wire::request::Visit<&'a $call>)*,
            {
                match self {
                    $(Self::$kind(call) => {
                        crate::wire::request::Visit::<&'a $call>::visit(visitor, call)
                    })*
                }
            }
        }

        $(
            impl From<$call> for crate::wire::request::Request {
                fn from(call: $call) -> Self {
                    Self::$variant($domain::$kind(call))
                }
            }

            impl crate::wire::request::Call for $call {
                type Answer = $answer;
            }
        )*
    };
}
use requests;
