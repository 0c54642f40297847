//! The support desk: visitors ask in inquiries, which wait in queues until agents answer.
//!
//! A visitor is no user. They are a member of the log of each of their inquiries under
//! [`UserId::VISITOR`](cairn_proto::ids::UserId::VISITOR), and their id stands for a device: so
//! messages, cursors, retries and files are those of any member. Who they are stands in rows of the
//! inquiry.
//!
//! Every command that frees or adds anything ends with the rule (`rule`), so that no visitor waits
//! beside an agent who could answer. The steps (`steps`) change the row of an inquiry as a whole;
//! what follows from the rows is in the indexes of `state::desk`. Time and presence are commands
//! (`due`), and a replay decides nothing.

pub(crate) mod agents;
mod due;
mod erase;
mod explain;
mod rule;
pub(crate) mod setup;
mod steps;
mod supervise;
pub(crate) mod turn;
mod views;
mod visits;
