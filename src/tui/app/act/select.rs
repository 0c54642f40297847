//! Selecting messages, and what can be done with one.

use std::ops::Range;

use cairn_proto::content::body::Body;
use cairn_session::{Aim, Command, MessageRow, Pending, Row, RowKey, SendState, What};

use crate::tui::app::model::overlay::Overlay;
use crate::tui::app::model::picker::{self, Picker, Purpose};
use crate::tui::app::model::state::{Mode, State};
use crate::tui::app::model::world::is_selectable;
use crate::tui::app::msg::Effect;
use crate::tui::app::update::session;
use crate::tui::draw::rows::RowLayout;
use crate::tui::keys::action::Action;
use crate::tui::text::words;
use crate::tui::theme::Role;

impl State {
    /// The selected row.
    pub(crate) fn selected(&self) -> Option<&Row> {
        match self.mode {
            Mode::Select(key) => self.world.row(key),
            Mode::Write | Mode::Vim => None,
        }
    }

    pub(crate) fn selected_message(&self) -> Option<&MessageRow> {
        match &self.selected()?.what {
            What::Message(message) => Some(message),
            _ => None,
        }
    }

    fn selected_pending(&self) -> Option<&Pending> {
        match &self.selected()?.what {
            What::Mine(pending) => Some(pending),
            _ => None,
        }
    }

    pub(crate) fn select_last(&mut self) {
        let layout = RowLayout::of(self);
        let Some((first, last)) = self.timeline(&layout).on_screen(self.scroll) else {
            return;
        };
        let shown = self.world.rows().get(first..=last).unwrap_or_default();
        if let Some(key) = shown
            .iter()
            .rfind(|row| is_selectable(row))
            .map(|row| row.key)
        {
            self.select(key);
        }
    }

    /// The indices of the selected rows: one, or several up to the one where the selection began.
    pub(crate) fn selected_rows(&self) -> Range<usize> {
        let Mode::Select(key) = self.mode else {
            return 0..0;
        };
        let rows = self.world.rows();
        let place = |key| rows.iter().position(|row| row.key == key);
        let Some(at) = place(key) else {
            return 0..0;
        };
        let other = self.extent.and_then(place).unwrap_or(at);
        at.min(other)..at.max(other) + 1
    }

    fn select(&mut self, key: RowKey) {
        self.extent = None;
        self.show_selected(key);
    }

    /// Moves the end of a selection of several messages.
    fn extend(&mut self, is_down: bool) {
        let Mode::Select(key) = self.mode else {
            return;
        };
        let began = self.extent.unwrap_or(key);
        if let Some(next) = self.neighbour(key, is_down) {
            self.extent = Some(began);
            self.show_selected(next);
        }
    }

    fn show_selected(&mut self, key: RowKey) {
        self.mode = Mode::Select(key);
        let layout = RowLayout::of(self);
        let scroll = self.timeline(&layout).showing(self.scroll, key);
        self.scroll_to(scroll);
    }

    fn step(&mut self, is_down: bool) {
        let Mode::Select(key) = self.mode else {
            return self.select_last();
        };
        if self.world.row(key).is_none() {
            return;
        }
        match self.neighbour(key, is_down) {
            Some(key) => self.select(key),
            None if is_down => self.mode = Mode::Write,
            // Older messages are loaded when the first row is on screen.
            None => self.scroll_by(-1),
        }
    }

    /// The message before or after another one.
    fn neighbour(&self, key: RowKey, is_down: bool) -> Option<RowKey> {
        let rows = self.world.rows();
        let at = rows.iter().position(|row| row.key == key)?;
        let next = match is_down {
            true => rows.iter().skip(at + 1).find(|row| is_selectable(row)),
            false => rows.iter().take(at).rfind(|row| is_selectable(row)),
        };
        next.map(|row| row.key)
    }

    pub(crate) fn vim_action(&mut self, action: Action, out: &mut Vec<Effect>) {
        match action {
            Action::Insert => self.mode = Mode::Write,
            Action::Older => self.select_last(),
            Action::Newer => {}
            _ => {
                self.navigate(action, out);
            }
        }
    }

    pub(crate) fn message_action(&mut self, action: Action, out: &mut Vec<Effect>) {
        match action {
            Action::Older => self.step(false),
            Action::Newer => self.step(true),
            Action::ExtendOlder => self.extend(false),
            Action::ExtendNewer => self.extend(true),
            Action::Copy => self.copy(false, out),
            Action::CopyNamed => self.copy(true, out),
            Action::Cancel => {
                self.mode = if self.settings.is_vim {
                    Mode::Vim
                } else {
                    Mode::Write
                };
            }
            Action::SendAgain | Action::Withdraw => self.decide(action, out),
            _ => match self.selected_message().cloned() {
                Some(message) => self.act_on(&message, action, out),
                None if self.navigate(action, out) => {}
                None => self.note(words::NOT_SENT_YET, Role::Dim),
            },
        }
    }

    fn act_on(&mut self, message: &MessageRow, action: Action, out: &mut Vec<Effect>) {
        let Some(conversation) = self.open else {
            return;
        };
        let msgid = message.msgid;
        let is_gone = matches!(message.entry.body, Body::Recalled { .. });
        let (target, number) = (format!("#id:{conversation}"), msgid.to_string());
        match action {
            Action::CopyLink => {
                let link = format!("cairn://{}/#{conversation}/{msgid}", self.settings.server);
                out.push(Effect::Copy(link));
                self.copied();
            }
            Action::Receipts => self.show_receipts(msgid, out),
            Action::Profile => self.show_person(message.entry.sender, out),
            _ if self.navigate(action, out) => {}
            _ if is_gone => self.note(words::DELETED, Role::Dim),
            Action::Reply => self.aim_at(Aim::Reply(msgid), out),
            Action::EditMessage if !message.is_mine => self.note(words::NOT_YOURS, Role::Error),
            Action::EditMessage if message.entry.body.words().is_none() => {
                self.note(words::NO_TEXT, Role::Error);
            }
            Action::EditMessage => self.aim_at(Aim::Edit(msgid), out),
            Action::Recall => {
                let picker = Picker::new(Purpose::Recall(msgid), words::RECALL_HINT);
                self.overlay = Some(Overlay::Picker(Box::new(picker)));
            }
            Action::React => {
                let mut picker = Picker::new(Purpose::React(msgid), words::REACT_HINT);
                picker.set_items(picker::emoji("", &self.recent));
                self.overlay = Some(Overlay::Picker(Box::new(picker)));
            }
            Action::Pin => {
                let undo = message.is_pinned.then_some("--remove");
                let words = ["pin", &target, &number].into_iter().chain(undo);
                self.run_quietly(words.map(str::to_owned).collect(), out);
            }
            Action::Forward => {
                let purpose = Purpose::Forward {
                    from: conversation,
                    msgid,
                };
                let picker = Picker::new(purpose, words::FORWARD_HINT);
                self.overlay = Some(Overlay::Picker(Box::new(picker)));
                out.push(Effect::Hits(String::new()));
            }
            Action::Open => self.open_message(message, out),
            _ => {}
        }
    }

    pub(super) fn copied(&mut self) {
        self.mode = Mode::Write;
        self.note(words::COPIED, Role::Dim);
    }

    /// Opens the file of a message, else its first link, else what it replies to.
    fn open_message(&mut self, message: &MessageRow, out: &mut Vec<Effect>) {
        let Some(conversation) = self.open else {
            return;
        };
        if message.entry.body.attachment().is_some() {
            self.note(words::OPENING, Role::Dim);
            let msgid = message.msgid;
            return out.push(Effect::OpenFile {
                conversation,
                msgid,
            });
        }
        let link = crate::tui::app::act::slash::first_link(words::text_of(&message.entry.body));
        match (link, message.entry.reply_to) {
            (Some(link), _) => {
                match crate::tui::app::act::slash::permalink(&link, &self.settings.server) {
                    Some((there, msgid)) => self.visit(there, msgid, out),
                    None => out.push(Effect::OpenLink(link)),
                }
            }
            (None, Some(msgid)) => self.visit(conversation, msgid, out),
            (None, None) => self.note(words::NOTHING_TO_OPEN, Role::Dim),
        }
    }

    /// Sends an own message again, or drops it.
    fn decide(&mut self, action: Action, out: &mut Vec<Effect>) {
        let Some(pending) = self.selected_pending() else {
            return self.note(words::ALREADY_SENT, Role::Dim);
        };
        let (id, state) = (pending.id, &pending.state);
        let is_undecided = matches!(state, SendState::Failed(_) | SendState::Unknown(_));
        let is_held = matches!(state, SendState::Queued | SendState::Uploading { .. });
        match action {
            Action::SendAgain if is_undecided => out.push(session(Command::Again(id))),
            Action::Withdraw if is_undecided || is_held => {
                out.push(session(Command::Withdraw(id)));
                self.mode = Mode::Write;
            }
            _ => self.note(words::ALREADY_SENT, Role::Dim),
        }
    }
}
