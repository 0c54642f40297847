//! Drafts, and own messages on their way into the log.

mod draft;
mod numbers;
mod pending;
mod queue;

pub use self::draft::{Aim, Draft, DraftFile};
pub use self::pending::{
    Doubt, Failure, FileFault, LocalId, Outgoing, Pending, SavedPending, SavedState, SendState,
};
pub(crate) use self::queue::{Item, Numbers, Outbox};
