//! What happens to the client, and what it wants done.

use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_session::{Command, DraftFile};

use crate::tui::app::model::card::{Fetch, Fetched};
use crate::tui::app::model::overlay::Found;
use crate::tui::app::model::picker::Item;
use crate::tui::app::model::world::World;
use crate::tui::keys::chord::Chord;
use crate::tui::picture::{self, Thumb};
use crate::tui::theme::Role;

/// An input of [`update`](crate::tui::app::update::update).
#[derive(Debug)]
pub(crate) enum Msg {
    Key(Chord),
    Paste(String),
    /// A click of the first button.
    Click {
        column: u16,
        row: u16,
    },
    /// Lines that the wheel turns, upwards if negative.
    Wheel(i32),
    Resize {
        columns: u16,
        rows: u16,
    },
    /// The terminal got or lost the user's attention.
    Focus(bool),
    /// What the session shows has changed.
    World(Box<World>),
    /// Conversations and people that match the text of the switcher.
    Hits {
        query: String,
        items: Vec<Item>,
    },
    /// A command has ended.
    Output {
        run: u64,
        text: String,
        is_failed: bool,
    },
    /// A search has results.
    Found(Found),
    /// What a card shows has arrived.
    Fetched(Box<Fetched>),
    /// A preview was decoded.
    Picture(picture::Key, Thumb),
    /// The text comes back from the external editor.
    Edited(Result<String, String>),
    /// Names of files that complete a path.
    Paths {
        typed: String,
        paths: Vec<String>,
    },
    /// The file that [`Effect::Attach`] named.
    Attached {
        file: Result<DraftFile, String>,
        caption: String,
    },
    /// A conversation was found by its name.
    Opened(ConversationId),
    Note {
        text: String,
        role: Role,
    },
    /// The time, at least when [`wake_at`] is reached.
    ///
    /// [`wake_at`]: crate::tui::app::model::state::State::wake_at
    Time(Timestamp),
}

/// What is to be done outside of the state.
#[derive(Debug, PartialEq)]
pub(crate) enum Effect {
    /// Passes a command to the session.
    Session(Box<Command>),
    /// Answers with [`Msg::Hits`].
    Hits(String),
    /// Runs a command line, and answers with [`Msg::Output`].
    Run {
        run: u64,
        words: Vec<String>,
    },
    CancelRun(u64),
    /// Answers with [`Msg::Found`].
    Search {
        search: u64,
        within: Option<ConversationId>,
        query: String,
    },
    /// Answers with [`Msg::Fetched`].
    Fetch(Fetch),
    /// Answers with [`Msg::Attached`].
    Attach {
        path: String,
        caption: String,
        /// Whether a picture or video is sent as a plain file.
        as_file: bool,
    },
    /// Answers with [`Msg::Paths`].
    Paths(String),
    /// Opens the direct chat with a user.
    Meet(UserId),
    /// Downloads a file, and opens it if its type is harmless.
    OpenFile {
        conversation: ConversationId,
        msgid: MsgId,
    },
    OpenLink(String),
    Copy(String),
    /// Answers with [`Msg::Edited`].
    ExternalEditor(String),
    /// Whether the client gets the mouse.
    Mouse(bool),
    Suspend,
    /// Draws every cell again.
    Redraw,
    Quit,
}
