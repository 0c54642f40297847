//! What goes into the model, and what comes out of it.

mod command;
mod effect;
mod input;

pub use self::command::{Command, Place};
pub use self::effect::{Effect, Part, RequestId, StoreOp};
pub use self::input::{Fetched, Input, Options, Restored, SavedConversation};
