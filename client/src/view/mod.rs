//! Views of a client: its calls, by subject.
//!
//! A view is a reference to the client with, at most, an id: it is free to create and to copy, and
//! holds no state.

mod admin;
pub(crate) mod conversation;
mod conversations;
pub(crate) mod desk;
mod me;
mod people;
mod search;

pub use self::admin::Admin;
pub use self::conversation::Conversation;
pub use self::conversation::import::Imported;
pub use self::conversation::mention::{Mention, MentionNames};
pub use self::conversation::messages::Page;
pub use self::conversation::receipts::Receipts;
pub use self::conversation::send::{Accepted, IntoBody};
pub use self::conversations::{Conversations, Overview};
pub use self::desk::Desk;
pub use self::desk::report::{DeskReport, Interval, Spread, Tally};
pub use self::desk::setup::NewDeskLink;
pub use self::me::Me;
pub use self::people::People;
pub use self::search::SearchError;

use crate::api::client::Client;
use cairn_proto::ids::ConversationId;

/// Views
impl Client {
    /// Returns the calls that concern one conversation. Does not check whether it exists.
    pub const fn conversation(&self, id: ConversationId) -> Conversation<'_> {
        Conversation { client: self, id }
    }

    /// Returns the calls that concern the list of the user's conversations.
    pub const fn conversations(&self) -> Conversations<'_> {
        Conversations { client: self }
    }

    /// Returns the calls that concern other users.
    pub const fn people(&self) -> People<'_> {
        People { client: self }
    }

    /// Returns the calls that concern the user's own account and devices.
    pub const fn me(&self) -> Me<'_> {
        Me { client: self }
    }

    /// Returns the calls that concern the support desk.
    pub const fn desk(&self) -> Desk<'_> {
        Desk { client: self }
    }

    /// Returns the calls that administrate the server.
    pub const fn admin(&self) -> Admin<'_> {
        Admin { client: self }
    }
}
