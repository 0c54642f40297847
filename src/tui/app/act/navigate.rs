//! Moving between conversations, and in the timeline.

use cairn_proto::ids::ConversationId;
use cairn_session::{Command, ConversationView, Place, RowKey, What};

use crate::tui::app::model::geometry::{Geometry, LIST_FROM_COLUMNS};
use crate::tui::app::model::overlay::Overlay;
use crate::tui::app::model::picker::{Picker, Purpose};
use crate::tui::app::model::scrolling::Scroll;
use crate::tui::app::model::state::{Mode, State};
use crate::tui::app::model::world::is_selectable;
use crate::tui::app::msg::Effect;
use crate::tui::app::update::session;
use crate::tui::draw::list::first_shown;
use crate::tui::draw::rows::RowLayout;
use crate::tui::keys::action::{Action, DeskAction};
use crate::tui::text::words;
use crate::tui::theme::Role;
use cairn_proto::model::notification::NotificationLevel;

impl State {
    /// Opens a conversation. The draft of the former one is kept.
    pub(crate) fn open(&mut self, id: ConversationId, at: Place, out: &mut Vec<Effect>) {
        self.desk = None;
        if self.open == Some(id) {
            return;
        }
        self.keep_draft(out);
        if let Some(left) = self.open {
            out.push(session(Command::Leave(left)));
        }
        self.open = Some(id);
        self.set_draft(None);
        self.is_draft_read = false;
        self.scroll = Scroll::End;
        self.jumped = None;
        self.mode = Mode::Write;
        if self.columns < LIST_FROM_COLUMNS {
            self.is_list_shown = None;
        }
        out.push(session(Command::Open {
            conversation: id,
            at,
        }));
    }

    /// Actions that apply everywhere. Returns whether this was one.
    pub(crate) fn navigate(&mut self, action: Action, out: &mut Vec<Effect>) -> bool {
        match action {
            Action::NextActive => self.go_active(out),
            Action::NextUnread => self.go(true, ConversationView::is_calling, out),
            Action::PreviousUnread => self.go(false, ConversationView::is_calling, out),
            Action::NextConversation => self.go(true, |_| true, out),
            Action::PreviousConversation => self.go(false, |_| true, out),
            Action::PageUp => self.scroll_by(-self.page()),
            Action::PageDown => self.scroll_by(self.page()),
            Action::LineUp => self.scroll_by(-1),
            Action::LineDown => self.scroll_by(1),
            Action::Beginning => {
                let first = cairn_proto::ids::MsgId::new(1);
                self.jump(Place::At(first), out);
            }
            Action::End => self.jump(Place::End, out),
            Action::FirstUnread => self.jump(self.divider(), out),
            Action::Back => self.back(out),
            Action::Switcher => {
                let picker = Picker::new(Purpose::Go, words::GO_HINT);
                self.overlay = Some(Overlay::Picker(Box::new(picker)));
                out.push(Effect::Hits(String::new()));
            }
            Action::Search => self.start_search(self.open),
            Action::SearchEverywhere => self.start_search(None),
            Action::Goto => {
                let picker = Picker::new(Purpose::Place, words::PLACE_HINT);
                self.overlay = Some(Overlay::Picker(Box::new(picker)));
            }
            Action::MarkRead => {
                if let Some(id) = self.open {
                    out.push(session(Command::MarkRead(id)));
                    self.note(words::MARKED_READ, Role::Dim);
                }
            }
            Action::MarkUnread => self.mark_unread(out),
            Action::Members => self.show_members(),
            Action::WhyUnread => self.show_why_unread(out),
            _ => return false,
        }
        true
    }

    /// To the next conversation in the order of the list that a rule accepts, around the end.
    fn go(
        &mut self,
        is_down: bool,
        accepts: impl Fn(&ConversationView) -> bool,
        out: &mut Vec<Effect>,
    ) {
        let list = &self.world.list;
        let count = list.len();
        let here = list.iter().position(|listed| Some(listed.id) == self.open);
        let next = (1..=count).find_map(|step| {
            let at = match (here, is_down) {
                (Some(here), true) => (here + step) % count,
                (Some(here), false) => (here + count - step % count) % count,
                (None, true) => step - 1,
                (None, false) => count - step,
            };
            let listed = list.get(at)?;
            (Some(listed.id) != self.open && accepts(listed)).then_some(listed.id)
        });
        match next {
            Some(id) => self.open(id, Place::FirstUnread, out),
            None => self.note(words::NOTHING_UNREAD, Role::Dim),
        }
    }

    fn go_active(&mut self, out: &mut Vec<Effect>) {
        let has_mention = |listed: &ConversationView| {
            listed.unread.mentions > 0 && Some(listed.id) != self.open && listed.is_calling()
        };
        match self.world.list.iter().any(|listed| has_mention(listed)) {
            true => self.go(
                true,
                |listed| listed.unread.mentions > 0 && listed.is_calling(),
                out,
            ),
            false => self.go(true, ConversationView::is_calling, out),
        }
    }

    pub(crate) fn jump(&mut self, to: Place, out: &mut Vec<Effect>) {
        self.sought = None;
        let Some(conversation) = self.open else {
            return;
        };
        if to == Place::End {
            self.mode = Mode::Write;
            if self.world.is_at_end() {
                self.scroll = Scroll::End;
            }
        }
        out.push(session(Command::Jump { conversation, to }));
    }

    /// The message after the divider, which stays after it was read; else the first unread one.
    fn divider(&self) -> Place {
        let mut rows = self.world.rows().iter();
        let divider = rows.find(|row| row.key == RowKey::Unread);
        match divider.and_then(|_| rows.next()).map(|row| row.key) {
            Some(RowKey::Entry(msgid)) => Place::At(msgid),
            _ => Place::FirstUnread,
        }
    }

    fn back(&mut self, out: &mut Vec<Effect>) {
        if let Mode::Select(_) = self.mode {
            self.mode = Mode::Write;
        }
        let can_go_back = self.window().is_some_and(|window| window.can_go_back);
        match (self.open, self.trail.pop()) {
            (Some(id), None) if can_go_back => out.push(session(Command::Back(id))),
            (_, Some(id)) => self.open(id, Place::FirstUnread, out),
            _ => self.note(words::NO_WAY_BACK, Role::Dim),
        }
    }

    fn mark_unread(&mut self, out: &mut Vec<Effect>) {
        let Some(conversation) = self.open else {
            return;
        };
        let selected = self.selected_message().map(|row| row.msgid);
        let from = selected.or_else(|| self.window().map(|window| window.head));
        if let Some(from) = from {
            out.push(session(Command::MarkUnread { conversation, from }));
            self.note(words::MARKED_UNREAD, Role::Dim);
            self.mode = Mode::Write;
        }
    }

    pub(crate) fn toggle_list(&mut self) {
        let is_shown = Geometry::of(self).list.is_some();
        self.is_list_shown = Some(!is_shown);
    }

    /// Lets the terminal have the mouse, to select text in it, or takes it again.
    pub(crate) fn toggle_mouse(&mut self, out: &mut Vec<Effect>) {
        self.is_bare = !self.is_bare;
        out.push(Effect::Mouse(!self.is_bare));
        if self.is_bare {
            self.note(words::BARE, Role::Dim);
        }
    }

    pub(crate) fn page(&self) -> isize {
        let height = Geometry::of(self).timeline.height;
        isize::try_from(height)
            .unwrap_or(1)
            .saturating_sub(2)
            .max(1)
    }

    pub(crate) fn scroll_by(&mut self, lines: isize) {
        let layout = RowLayout::of(self);
        let scroll = self.timeline(&layout).scrolled(self.scroll, lines);
        self.scroll_to(scroll);
    }

    /// The user chooses the place; a jump that still waits for its row is over.
    pub(crate) fn scroll_to(&mut self, scroll: Scroll) {
        self.scroll = scroll;
        self.jumped = self.window().map(|window| window.anchor.number);
    }

    pub(crate) fn wheel(&mut self, lines: i32) {
        match &mut self.overlay {
            Some(Overlay::Pane(_)) => self.scroll_pane(lines.try_into().unwrap_or(0)),
            Some(Overlay::Picker(picker)) => picker.step(lines > 0),
            None if self.desk.is_some() => self.desk_wheel(lines > 0),
            None => self.scroll_by(lines.try_into().unwrap_or(0)),
        }
    }

    /// A click opens a conversation of the list, or selects a message.
    pub(crate) fn click(&mut self, column: u16, row: u16, out: &mut Vec<Effect>) {
        if self.overlay.is_some() {
            return;
        }
        let geometry = Geometry::of(self);
        let at = ratatui::layout::Position::new(column, row);
        if geometry.desk.is_some_and(|desk| desk.contains(at)) {
            return self.desk_key(DeskAction::Show, out);
        }
        if self.desk.is_some() {
            return;
        }
        if let Some(area) = geometry.list.filter(|list| list.contains(at)) {
            let line = usize::from(row - area.y) + first_shown(self, area.height);
            if let Some(id) = self.world.list.get(line).map(|listed| listed.id) {
                self.open(id, Place::FirstUnread, out);
            }
        } else if geometry.timeline.contains(at) {
            let line = usize::from(row - geometry.timeline.y);
            let column = usize::from(column - geometry.timeline.x);
            self.click_row(line, column, out);
        } else if geometry.composer.contains(at) {
            self.mode = Mode::Write;
        }
    }
}

impl State {
    /// A click on a reaction adds or removes the own one; elsewhere it selects the message.
    fn click_row(&mut self, line: usize, column: usize, out: &mut Vec<Effect>) {
        let layout = RowLayout::of(self);
        let Some((at, line)) = layout.row_at(line) else {
            return;
        };
        let Some(row) = self.world.rows().get(at).filter(|row| is_selectable(row)) else {
            return;
        };
        let reaction = match &row.what {
            What::Message(message) => layout
                .reaction_at(message, layout.height(row), (line, column))
                .map(|name| (message.msgid, name)),
            _ => None,
        };
        let key = row.key;
        match reaction {
            Some((msgid, name)) => self.react(msgid, &name, out),
            None => {
                self.extent = None;
                self.mode = Mode::Select(key);
            }
        }
    }
}

/// Questions about a line of the list.
pub(crate) trait Calling {
    /// Whether it has unread messages that its level lets through.
    fn is_calling(&self) -> bool;
}

impl Calling for ConversationView {
    fn is_calling(&self) -> bool {
        match self.level {
            NotificationLevel::All => self.unread.messages > 0,
            NotificationLevel::Mentions => self.unread.mentions > 0,
            NotificationLevel::Nothing => false,
        }
    }
}
