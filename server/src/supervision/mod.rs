//! Supervision: a part of the server that ends or stands still ends the server, which is restarted
//! and recovers, instead of answering no one.

pub(crate) mod background;
pub mod watchdog;

use std::any::Any;

/// A part of the server that ended while it should run. A bug in cairn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the {part} of the server ended: {reason}")]
pub struct Ended {
    pub part: &'static str,
    pub reason: String,
}

impl Ended {
    /// Describes a part that returned.
    #[must_use]
    pub(crate) fn returned(part: &'static str) -> Self {
        Self {
            part,
            reason: "it returned".to_owned(),
        }
    }

    /// Describes a part that panicked with this payload.
    #[must_use]
    pub(crate) fn panicked(part: &'static str, payload: &(dyn Any + Send)) -> Self {
        let message = payload.downcast_ref::<&str>().copied();
        let message = message.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Self {
            part,
            reason: format!("it panicked: {}", message.unwrap_or("without a message")),
        }
    }
}
