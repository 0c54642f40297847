//! Answers of the server that the session does not keep: searches, and what cards show.

mod card;
mod search;

pub(super) use self::card::start as card;
pub(super) use self::search::start as search;
