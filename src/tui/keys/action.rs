//! What keys do.

use cairn_proto::model::desk::Duty;

use crate::tui::compose::editor::Edit;

/// Where a key applies. A key of a narrower context takes precedence over one of [`Everywhere`].
///
/// [`Everywhere`]: Context::Everywhere
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Context {
    Everywhere,
    /// The text that is being written.
    Composer,
    /// One message of the timeline is selected.
    Message,
    /// A list over the timeline: switcher, search, members.
    List,
    /// Text over the timeline: help, output of commands.
    Pane,
    /// The support desk.
    Desk,
    /// The timeline with the keys of vim.
    Vim,
}

impl Context {
    pub(crate) const ALL: [Self; 7] = [
        Self::Everywhere,
        Self::Composer,
        Self::Message,
        Self::List,
        Self::Pane,
        Self::Desk,
        Self::Vim,
    ];
}

/// Something that a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Quit,
    Interrupt,
    Suspend,
    Help,
    Redraw,
    ToggleList,
    ToggleMouse,
    Switcher,
    Search,
    SearchEverywhere,
    Goto,
    Back,
    Members,
    Attach,
    ExternalEditor,
    NextActive,
    NextUnread,
    PreviousUnread,
    NextConversation,
    PreviousConversation,
    PageUp,
    PageDown,
    LineUp,
    LineDown,
    Beginning,
    End,
    FirstUnread,
    MarkUnread,
    MarkRead,
    WhyUnread,
    Send,
    NewLine,
    Complete,
    CompleteBack,
    Edit(Edit),
    Up,
    Down,
    Cancel,
    Accept,
    Older,
    Newer,
    Reply,
    EditMessage,
    Recall,
    React,
    Copy,
    CopyNamed,
    ExtendOlder,
    ExtendNewer,
    CopyLink,
    Pin,
    Forward,
    Open,
    Receipts,
    Profile,
    SendAgain,
    Withdraw,
    Insert,
    Uploads,
    Desk(DeskAction),
}

/// Something that a key does at the support desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeskAction {
    Show,
    /// Accepts the offer that ends first, or refuses it, from everywhere.
    AcceptFirst,
    RefuseFirst,
    Accept,
    Refuse,
    Take,
    Reply,
    Transfer,
    Close,
    Tag,
    Note,
    Details,
    Why,
    Duty(Duty),
}
