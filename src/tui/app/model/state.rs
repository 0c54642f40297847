//! The state of the client.

use cairn_proto::ids::{ConversationId, MsgId, Timestamp, UserId};
use cairn_session::{Aim, Draft, DraftFile, RowKey};
use jiff::tz::TimeZone;

use crate::tui::app::model::desk::{DeskPane, Then, next_second, next_waits};
use crate::tui::app::model::geometry::Geometry;
use crate::tui::app::model::overlay::Overlay;
use crate::tui::app::model::scrolling::{Rows, Scroll};
use crate::tui::app::model::world::{Window, World};
use crate::tui::compose::completion::Completion;
use crate::tui::compose::editor::Editor;
use crate::tui::draw::rows::RowLayout;
use crate::tui::keys::action::Context;
use crate::tui::keys::bindings::Bindings;
use crate::tui::picture::Pictures;
use crate::tui::text::width::Ambiguous;
use crate::tui::theme::{Role, Theme};

/// What does not change while the client runs.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) theme: Theme,
    pub(crate) ambiguous: Ambiguous,
    pub(crate) bindings: Bindings,
    pub(crate) is_vim: bool,
    pub(crate) zone: TimeZone,
    pub(crate) me: UserId,
    /// The address of the server, for links to messages.
    pub(crate) server: String,
    /// Whether previews of pictures are drawn.
    pub(crate) has_pictures: bool,
}

/// What the keys apply to, unless something covers the timeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    #[default]
    Write,
    /// A row is selected.
    Select(RowKey),
    /// The timeline has the keys of vim.
    Vim,
}

/// A line for the user, until a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) text: String,
    pub(crate) role: Role,
    pub(crate) until: Timestamp,
}

/// The state of the client.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) world: World,
    pub(crate) now: Timestamp,
    pub(crate) columns: u16,
    pub(crate) rows: u16,
    pub(crate) open: Option<ConversationId>,
    pub(crate) editor: Editor,
    pub(crate) aim: Aim,
    pub(crate) files: Vec<DraftFile>,
    pub(crate) completion: Option<Completion>,
    pub(crate) mode: Mode,
    /// The other end of a selection of several messages.
    pub(crate) extent: Option<RowKey>,
    /// The terminal has the mouse, to select text, and the list is hidden.
    pub(crate) is_bare: bool,
    pub(crate) pictures: Pictures,
    /// Emoji that the user reacted with, from the last one.
    pub(crate) recent: Vec<String>,
    pub(crate) scroll: Scroll,
    /// The last jump of the session that the timeline has followed.
    pub(crate) jumped: Option<u64>,
    pub(crate) overlay: Option<Overlay>,
    /// The support desk, over the timeline and under the overlay.
    pub(crate) desk: Option<DeskPane>,
    /// Whether the session knows that the desk is on screen.
    pub(crate) is_desk_told: bool,
    /// What is done when a command succeeds, by its number.
    pub(crate) then: Vec<(u64, Then)>,
    pub(crate) note: Option<Note>,
    /// Whether the list is shown; `None` to decide by the width.
    pub(crate) is_list_shown: Option<bool>,
    /// When a changed draft is passed to the session.
    pub(crate) draft_due: Option<Timestamp>,
    /// The stored draft was read into the composer.
    pub(crate) is_draft_read: bool,
    /// What was typed before the first frame.
    pub(crate) early: String,
    /// The message that a jump is for; it is selected when it is shown.
    pub(crate) sought: Option<MsgId>,
    pub(crate) interrupted: Option<Timestamp>,
    /// Conversations to return to from search results elsewhere.
    pub(crate) trail: Vec<ConversationId>,
    pub(crate) last_run: u64,
    /// The command that may change the keywords of the account.
    pub(crate) keywords_run: Option<u64>,
    pub(crate) is_attended: bool,
}

/// How long a note is shown.
const NOTE_MILLIS: u64 = 6_000;

/// How long a note is shown at least, whatever keys are pressed.
const NOTE_MILLIS_MIN: u64 = 1_500;

impl State {
    pub(crate) fn new(settings: Settings, columns: u16, rows: u16) -> Self {
        Self {
            settings,
            world: World::empty(),
            now: Timestamp::new(0),
            columns,
            rows,
            open: None,
            editor: Editor::default(),
            aim: Aim::New,
            files: Vec::new(),
            completion: None,
            mode: Mode::Write,
            extent: None,
            is_bare: false,
            pictures: Pictures::default(),
            recent: Vec::new(),
            scroll: Scroll::End,
            jumped: None,
            overlay: None,
            desk: None,
            is_desk_told: false,
            then: Vec::new(),
            note: None,
            is_list_shown: None,
            draft_due: None,
            is_draft_read: false,
            early: String::new(),
            sought: None,
            interrupted: None,
            trail: Vec::new(),
            last_run: 0,
            keywords_run: None,
            is_attended: true,
        }
    }

    /// The context in which keys are looked up.
    pub(crate) const fn context(&self) -> Context {
        match (&self.overlay, self.mode) {
            (Some(Overlay::Picker(_)), _) => Context::List,
            (Some(Overlay::Pane(_)), _) => Context::Pane,
            (None, _) if self.desk.is_some() => Context::Desk,
            (None, Mode::Write) => Context::Composer,
            (None, Mode::Select(_)) => Context::Message,
            (None, Mode::Vim) => Context::Vim,
        }
    }

    /// The window of the open conversation.
    pub(crate) fn window(&self) -> Option<&Window> {
        let window = self.world.window.as_deref()?;
        (Some(window.conversation) == self.open).then_some(window)
    }

    pub(crate) fn note(&mut self, text: impl Into<String>, role: Role) {
        self.note = Some(Note {
            text: text.into(),
            role,
            until: Timestamp::new(self.now.get() + NOTE_MILLIS),
        });
    }

    /// Removes a note that has been shown for a while.
    pub(crate) fn end_note(&mut self) {
        let least = NOTE_MILLIS - NOTE_MILLIS_MIN;
        let is_old = |note: &Note| note.until.get().saturating_sub(least) <= self.now.get();
        if self.note.as_ref().is_some_and(is_old) {
            self.note = None;
        }
    }

    /// When [`Msg::Time`](crate::tui::app::msg::Msg::Time) is needed.
    pub(crate) fn wake_at(&self) -> Option<Timestamp> {
        let note = self.note.as_ref().map(|note| note.until);
        let desk = self.world.desk.as_ref();
        let offer = desk.and_then(|desk| next_second(desk, self.now));
        let waits = self.desk.map(|_| next_waits(self.now));
        let all = [note, self.draft_due, offer, waits];
        all.into_iter().flatten().min()
    }

    /// What the composer holds. Its target is part of it.
    pub(crate) fn draft(&self) -> Option<Draft> {
        Some(Draft {
            conversation: self.open?,
            words: self.editor.text().to_owned(),
            aim: self.aim,
            files: self.files.clone(),
        })
    }

    /// Replaces what the composer holds.
    pub(crate) fn set_draft(&mut self, draft: Option<&Draft>) {
        self.editor = Editor::new(draft.map_or("", |draft| &draft.words));
        self.aim = draft.map_or(Aim::New, |draft| draft.aim);
        self.files = draft.map_or_else(Vec::new, |draft| draft.files.clone());
        self.completion = None;
    }

    /// The rows of the timeline, with their heights in this layout.
    pub(crate) fn timeline<'a>(
        &'a self,
        layout: &'a RowLayout<'a>,
    ) -> Rows<'a, impl Fn(&cairn_session::Row) -> usize> {
        let geometry = Geometry::of(self);
        Rows {
            rows: self.window().map_or(&[], |window| &*window.rows),
            height_of: |row: &cairn_session::Row| layout.height(row),
            screen: usize::from(geometry.timeline.height),
            is_at_end: self.world.is_at_end(),
        }
    }

    /// The rows on screen, for the session: it loads what is missing, and counts them as seen.
    pub(crate) fn seen(&self) -> Option<(ConversationId, RowKey, RowKey)> {
        if Some(self.window()?.anchor.number) != self.jumped {
            // What is shown is not yet what is to be shown: the row of a jump, or the end.
            return None;
        }
        let layout = RowLayout::of(self);
        let rows = self.timeline(&layout);
        let (first, last) = rows.on_screen(self.scroll)?;
        let key = |at: usize| rows.rows.get(at).map(|row| row.key);
        Some((self.open?, key(first)?, key(last)?))
    }
}
