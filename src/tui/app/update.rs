//! The transition function: a state and a message become the next state and effects.

use cairn_proto::ids::{ConversationId, Timestamp};
use cairn_session::{AnchorTo, Command, DateJump, Place, RowKey};

use crate::tui::app::model::overlay::{Overlay, Pane};
use crate::tui::app::model::picker::Purpose;
use crate::tui::app::model::scrolling::Scroll;
use crate::tui::app::model::state::{Mode, State};
use crate::tui::app::model::world::{Window, World, is_selectable};
use crate::tui::app::msg::{Effect, Msg};
use crate::tui::compose::completion;
use crate::tui::draw::rows::RowLayout;
use crate::tui::keys::action::{Action, Context, DeskAction};
use crate::tui::keys::chord::Chord;
use crate::tui::text::words;
use crate::tui::theme::Role;

/// A second Ctrl+C within this time quits.
const QUIT_MILLIS: u64 = 2_000;

/// Applies a message, and returns what is to be done, in order.
pub(crate) fn update(state: &mut State, msg: Msg) -> Vec<Effect> {
    let mut effects = Vec::new();
    let is_view = matches!(msg, Msg::World(_));
    apply(state, msg, &mut effects);
    if !is_view && state.is_desk_told != state.desk.is_some() {
        state.is_desk_told = state.desk.is_some();
        effects.push(session(Command::Desk(state.is_desk_told)));
    }
    effects
}

fn apply(state: &mut State, msg: Msg, out: &mut Vec<Effect>) {
    match msg {
        Msg::Key(chord) => key(state, chord, out),
        Msg::Paste(text) => paste(state, &text, out),
        Msg::Click { column, row } => state.click(column, row, out),
        Msg::Wheel(lines) => state.wheel(lines),
        Msg::Resize { columns, rows } => {
            (state.columns, state.rows) = (columns, rows);
            out.push(Effect::Redraw);
        }
        Msg::Focus(is_attended) => {
            state.is_attended = is_attended;
            out.push(session(Command::Attention(is_attended)));
        }
        Msg::World(world) => state.see(*world),
        Msg::Hits { query, items } => {
            if let Some(Overlay::Picker(picker)) = &mut state.overlay
                && matches!(picker.purpose, Purpose::Go | Purpose::Forward { .. })
                && picker.editor.text() == query
            {
                picker.set_items(items);
            }
        }
        Msg::Output {
            run,
            text,
            is_failed,
        } => {
            if state.keywords_run == Some(run) && !is_failed {
                out.push(session(Command::Keywords));
            }
            state.output(run, text, is_failed);
            state.has_run(run, is_failed, out);
        }
        Msg::Found(found) => state.found(found),
        Msg::Fetched(fetched) => state.fetched(*fetched),
        Msg::Picture(key, thumb) => state.pictures.set(key, thumb),
        Msg::Edited(Ok(text)) => {
            state.editor.set_text(text.trim_end_matches('\n'));
            state.touched(out);
        }
        Msg::Edited(Err(why)) => state.note(why, Role::Error),
        Msg::Paths { typed, paths } => {
            completion::paths(state, &typed, paths);
        }
        Msg::Attached { file, caption } => state.attached(file, caption, out),
        Msg::Opened(id) => state.open(id, Place::FirstUnread, out),
        Msg::Note { text, role } => state.note(text, role),
        Msg::Time(now) => state.time(now, out),
    }
}

/// Wraps a command of the session.
pub(crate) fn session(command: Command) -> Effect {
    Effect::Session(Box::new(command))
}

fn key(state: &mut State, chord: Chord, out: &mut Vec<Effect>) {
    state.end_note();
    let context = state.context();
    let action = state.settings.bindings.action(context, chord);
    if !matches!(action, Some(Action::Complete | Action::CompleteBack)) {
        state.completion = None;
    }
    match (action, chord.typed()) {
        (Some(action), typed) if typed.is_none() || context != Context::List => {
            act(state, context, action, out);
        }
        (_, Some(c)) => type_char(state, context, c, out),
        _ => {}
    }
}

fn type_char(state: &mut State, context: Context, c: char, out: &mut Vec<Effect>) {
    match context {
        Context::Composer => {
            state.editor.type_char(c);
            state.typed(out);
        }
        Context::List => {
            if let Some(Overlay::Picker(picker)) = &mut state.overlay {
                picker.editor.type_char(c);
            }
            state.picker_typed(out);
        }
        // A key without a meaning leaves the selection, and is typed.
        Context::Message => {
            state.mode = Mode::Write;
            state.editor.type_char(c);
            state.typed(out);
        }
        Context::Everywhere | Context::Pane | Context::Desk | Context::Vim => {}
    }
}

fn paste(state: &mut State, text: &str, out: &mut Vec<Effect>) {
    match &mut state.overlay {
        Some(Overlay::Picker(picker)) => {
            picker.editor.paste(&text.replace(['\r', '\n'], " "));
            state.picker_typed(out);
        }
        Some(Overlay::Pane(_)) => {}
        None if state.desk.is_some() => {}
        None => {
            state.mode = Mode::Write;
            state.editor.paste(text);
            state.typed(out);
        }
    }
}

fn act(state: &mut State, context: Context, action: Action, out: &mut Vec<Effect>) {
    match action {
        Action::Quit => state.quit(out),
        Action::Interrupt => interrupt(state, out),
        Action::Suspend => {
            state.keep_draft(out);
            out.push(Effect::Suspend);
        }
        Action::Help => {
            let help = state.settings.bindings.help(state.world.desk.is_some());
            state.overlay = Some(Overlay::Pane(Pane::new(words::KEYS, help)));
        }
        Action::Redraw => out.push(Effect::Redraw),
        Action::ToggleList => state.toggle_list(),
        Action::ToggleMouse => state.toggle_mouse(out),
        Action::Uploads => state.show_uploads(),
        Action::Desk(
            action @ (DeskAction::Show | DeskAction::AcceptFirst | DeskAction::RefuseFirst),
        ) => state.desk_key(action, out),
        _ => match context {
            Context::List => state.list_action(action, out),
            Context::Pane => state.pane_action(action, out),
            Context::Desk => state.desk_action(action, out),
            Context::Message => state.message_action(action, out),
            Context::Vim => state.vim_action(action, out),
            Context::Composer | Context::Everywhere => state.compose_action(action, out),
        },
    }
}

/// Ctrl+C closes, then clears, then quits.
fn interrupt(state: &mut State, out: &mut Vec<Effect>) {
    let is_second = state
        .interrupted
        .is_some_and(|at| state.now.get() < at.get() + QUIT_MILLIS);
    if is_second {
        return state.quit(out);
    }
    state.interrupted = Some(state.now);
    if state.overlay.is_some() {
        state.pane_action(Action::Cancel, out);
        state.overlay = None;
    } else if state.desk.take().is_some() {
        // It closes.
    } else if let Mode::Select(_) = state.mode {
        state.mode = Mode::Write;
    } else if !state.editor.is_empty() {
        state.editor.set_text("");
        state.touched(out);
    }
    state.note(words::QUIT_HINT, Role::Dim);
}

impl State {
    pub(crate) fn quit(&mut self, out: &mut Vec<Effect>) {
        self.keep_draft(out);
        out.push(Effect::Quit);
    }

    fn time(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        self.now = now;
        if self.note.as_ref().is_some_and(|note| note.until <= now) {
            self.note = None;
        }
        if self.draft_due.is_some_and(|due| due <= now) {
            self.keep_draft(out);
        }
    }

    /// Shows what the session shows now, at the same place.
    fn see(&mut self, world: World) {
        self.see_timeline(world);
        self.refresh_card();
    }

    fn see_timeline(&mut self, world: World) {
        self.now = self.now.max(world.now);
        let top = match self.scroll {
            Scroll::End => {
                let layout = RowLayout::of(self);
                let rows = self.timeline(&layout);
                Some(rows.place(rows.top(Scroll::End)))
            }
            Scroll::At { .. } => None,
        };
        let before = self.window().map(|window| window.date_jump);
        let was_same = self.window().map(|window| window.conversation);
        self.world = world;
        if self.world.desk.is_none() {
            self.desk = None;
        }
        let Some(window) = self.world.window.clone() else {
            return self.leave_gone(was_same);
        };
        if Some(window.conversation) != self.open {
            return;
        }
        self.follow_moved(&window.moved);
        self.tell_date_jump(before, window.date_jump);
        let is_gapped = !window.is_at_end && was_same == Some(window.conversation);
        if self.jumped != Some(window.anchor.number) {
            self.jump_to(&window);
        } else if let Some(top) = top.filter(|_| is_gapped) {
            // Newer messages are missing: what is on screen is no longer the end.
            self.scroll = top;
        }
        self.read_draft();
        if let Mode::Select(key) = self.mode
            && self.world.row(key).is_none()
        {
            self.mode = Mode::Write;
        }
    }

    /// A conversation that was shown is gone: the membership ended, or the inquiry was closed.
    fn leave_gone(&mut self, shown: Option<ConversationId>) {
        let gone = self.open.filter(|id| Some(*id) == shown);
        if gone.is_some_and(|id| self.world.conversation(id).is_none()) {
            self.open = None;
            self.set_draft(None);
            self.draft_due = None;
            self.mode = Mode::Write;
            self.note(words::GONE, Role::Dim);
        }
    }

    /// Scrolls where the session says, as soon as that row is held.
    fn jump_to(&mut self, window: &Window) {
        self.scroll = match (window.anchor.to, window.anchor_row) {
            (AnchorTo::End, _) => {
                self.scroll = Scroll::End;
                if window.is_at_end {
                    self.jumped = Some(window.anchor.number);
                }
                return;
            }
            (AnchorTo::Row(_), Some(key)) => {
                let layout = RowLayout::of(self);
                let scroll = self.timeline(&layout).jumped(key);
                self.select_sought(key);
                scroll
            }
            (AnchorTo::Row(_), None) => return,
        };
        self.jumped = Some(window.anchor.number);
    }

    /// Selects the message that a jump was for.
    fn select_sought(&mut self, key: RowKey) {
        let sought = self.sought.take().map(RowKey::Entry);
        let is_there = self.world.row(key).is_some_and(is_selectable);
        if sought == Some(key) && is_there {
            self.extent = None;
            self.mode = Mode::Select(key);
        }
    }

    /// A day is found with several requests, and may have no messages.
    fn tell_date_jump(&mut self, before: Option<DateJump>, now: DateJump) {
        if before == Some(now) {
            return;
        }
        match now {
            DateJump::Idle => {}
            DateJump::Searching => self.note(words::SEARCHING, Role::Dim),
            DateJump::NotFound => self.note(words::NO_SUCH_DAY, Role::Error),
        }
    }

    /// Own messages have another key once they are stored.
    fn follow_moved(&mut self, moved: &[(RowKey, RowKey)]) {
        for &(from, to) in moved {
            if self.mode == Mode::Select(from) {
                self.mode = Mode::Select(to);
            }
            if self.extent == Some(from) {
                self.extent = Some(to);
            }
            if let Scroll::At { key, .. } = &mut self.scroll
                && *key == from
            {
                *key = to;
            }
        }
    }

    /// The rows that the user looks at.
    pub(crate) fn kept_rows(&self) -> Vec<RowKey> {
        let selected = match self.mode {
            Mode::Select(key) => Some(key),
            Mode::Write | Mode::Vim => None,
        };
        let top = match self.scroll {
            Scroll::At { key, .. } => Some(key),
            Scroll::End => None,
        };
        selected.into_iter().chain(top).collect()
    }

    /// Takes the stored draft over, once after a conversation was opened.
    fn read_draft(&mut self) {
        if !self.is_draft_read {
            self.is_draft_read = true;
            let draft = self.world.draft.clone();
            self.set_draft(draft.as_ref());
            let early = std::mem::take(&mut self.early);
            if !early.is_empty() {
                self.editor.paste(&early);
                self.touched(&mut Vec::new());
            }
        }
    }
}
