//! Keys while a picker or a pane covers the timeline, and what they choose.

use cairn_proto::ids::{ConversationId, MsgId};
use cairn_session::{Command, Date, Place};

use crate::tui::app::act::slash;
use crate::tui::app::model::overlay::{Found, Overlay, Pane};
use crate::tui::app::model::picker::{self, Picker, Purpose, Value};
use crate::tui::app::model::state::{Mode, State};
use crate::tui::app::msg::Effect;
use crate::tui::app::update::session;
use crate::tui::keys::action::Action;
use crate::tui::text::markup::one_line;
use crate::tui::text::words;
use crate::tui::theme::Role;

/// Emoji that are offered because the user reacted with them.
const RECENT_MAX: usize = 8;

impl State {
    pub(crate) fn list_action(&mut self, action: Action, out: &mut Vec<Effect>) {
        let Some(Overlay::Picker(picker)) = &mut self.overlay else {
            return;
        };
        match action {
            Action::Older => picker.step(false),
            Action::Newer => picker.step(true),
            Action::PageUp => (0..10).for_each(|_| picker.step(false)),
            Action::PageDown => (0..10).for_each(|_| picker.step(true)),
            Action::Cancel => self.overlay = None,
            Action::Accept => self.accept(out),
            other => {
                if let Some(Action::Edit(edit)) = self.edit_of(other) {
                    if let Some(Overlay::Picker(picker)) = &mut self.overlay {
                        picker.editor.apply(edit);
                    }
                    self.picker_typed(out);
                }
            }
        }
    }

    /// The line of a picker has the editing keys of the composer.
    const fn edit_of(&self, action: Action) -> Option<Action> {
        match action {
            Action::Edit(_) => Some(action),
            _ => None,
        }
    }

    /// The text of the picker changed.
    pub(crate) fn picker_typed(&mut self, out: &mut Vec<Effect>) {
        let last_run = self.last_run;
        let Some(Overlay::Picker(picker)) = &mut self.overlay else {
            return;
        };
        let typed = picker.editor.text().to_owned();
        match &mut picker.purpose {
            Purpose::Go | Purpose::Forward { .. } => out.push(Effect::Hits(typed)),
            Purpose::React(_) => {
                let items = picker::emoji(&typed, &self.recent);
                picker.set_items(items);
            }
            Purpose::Search { search, .. } => {
                // Results of the former text are stale; Enter searches.
                *search = last_run;
                picker.items.clear();
                picker.instead = None;
                words::SEARCH_HINT.clone_into(&mut picker.hint);
            }
            Purpose::Place => words::PLACE_HINT.clone_into(&mut picker.hint),
            purpose if purpose.is_card() => picker.select_typed(),
            _ => {}
        }
    }

    fn accept(&mut self, out: &mut Vec<Effect>) {
        let Some(Overlay::Picker(picker)) = self.overlay.take() else {
            return;
        };
        match (
            picker.purpose,
            picker.chosen().map(|item| item.value.clone()),
        ) {
            (Purpose::Go, Some(Value::Conversation(id))) => self.open(id, Place::FirstUnread, out),
            (Purpose::Go, Some(Value::User(user, _))) => out.push(Effect::Meet(user)),
            (Purpose::Forward { from, msgid }, Some(Value::Conversation(to))) => {
                out.push(session(Command::Forward { from, msgid, to }));
                self.mode = Mode::Write;
                self.note(words::FORWARDED, Role::Dim);
            }
            (Purpose::Forward { from, msgid }, Some(Value::User(_, name))) => {
                let words = ["forward", &format!("#id:{from}"), &msgid.to_string(), &name];
                self.run_quietly(words.map(str::to_owned).to_vec(), out);
            }
            (Purpose::React(msgid), Some(Value::Emoji(name))) => self.react(msgid, &name, out),
            (Purpose::Search { .. }, Some(Value::Message(there, msgid))) => {
                self.visit(there, msgid, out);
            }
            (Purpose::Search { within, .. }, None) => self.search(*picker, within, out),
            (Purpose::Place, _) => self.go_to(*picker, out),
            (Purpose::Recall(msgid), _) => self.recall(&picker, msgid, out),
            (Purpose::Desk(what, id), _) => self.desk_choose(&picker, what, id, out),
            (purpose, Some(value)) if purpose.is_card() => self.choose(*picker, value, out),
            _ => {}
        }
    }

    /// Goes to a message of any conversation; `back` returns.
    pub(crate) fn visit(&mut self, there: ConversationId, msgid: MsgId, out: &mut Vec<Effect>) {
        match self.open {
            Some(here) if here == there => self.jump(Place::At(msgid), out),
            here => {
                self.trail.extend(here);
                self.open(there, Place::At(msgid), out);
            }
        }
        self.mode = Mode::Write;
        self.sought = Some(msgid);
    }

    /// Adds a reaction, or removes the user's own one.
    pub(crate) fn react(&mut self, msgid: MsgId, name: &str, out: &mut Vec<Effect>) {
        let Some(id) = self.open else {
            return;
        };
        self.recent.retain(|known| known != name);
        self.recent.insert(0, name.to_owned());
        self.recent.truncate(RECENT_MAX);
        let key = cairn_session::RowKey::Entry(msgid);
        let me = self.settings.me;
        let has_reacted = match self.world.row(key).map(|row| &row.what) {
            Some(cairn_session::What::Message(message)) => {
                let mut reactions = message.entry.reactions.iter();
                reactions.any(|(known, users)| known.as_str() == name && users.contains(&me))
            }
            _ => false,
        };
        let (target, number) = (format!("#id:{id}"), msgid.to_string());
        let undo = has_reacted.then_some("--remove");
        let words = ["react", &target, &number, name].into_iter().chain(undo);
        self.run_quietly(words.map(str::to_owned).collect(), out);
        self.mode = Mode::Write;
    }

    fn recall(&mut self, picker: &Picker, msgid: MsgId, out: &mut Vec<Effect>) {
        let Some(id) = self.open else {
            return;
        };
        if words::is_yes(picker.editor.text()) {
            let words = ["recall", &format!("#id:{id}"), &msgid.to_string()];
            self.run_quietly(words.map(str::to_owned).to_vec(), out);
            self.mode = Mode::Write;
        }
    }

    pub(crate) fn start_search(&mut self, within: Option<ConversationId>) {
        let purpose = Purpose::Search {
            search: self.last_run,
            within,
        };
        let picker = Picker::new(purpose, words::SEARCH_HINT);
        self.overlay = Some(Overlay::Picker(Box::new(picker)));
    }

    fn search(
        &mut self,
        mut picker: Picker,
        within: Option<ConversationId>,
        out: &mut Vec<Effect>,
    ) {
        if let Some(instead) = picker.instead.take() {
            picker.editor.set_text(&instead);
        }
        let query = picker.editor.text().trim().to_owned();
        if !query.is_empty() {
            self.last_run += 1;
            let search = self.last_run;
            picker.purpose = Purpose::Search { search, within };
            words::SEARCHING.clone_into(&mut picker.hint);
            out.push(Effect::Search {
                search,
                within,
                query,
            });
        }
        self.overlay = Some(Overlay::Picker(Box::new(picker)));
    }

    pub(crate) fn found(&mut self, found: Found) {
        if let Some(Overlay::Picker(picker)) = &mut self.overlay
            && let Purpose::Search { search, .. } = picker.purpose
            && search == found.search
        {
            let selected = picker.selected;
            picker.set_items(found.items);
            // More hits arrive below those that are shown.
            picker.selected = selected.min(picker.items.len().saturating_sub(1));
            picker.hint = found.hint;
            picker.instead = found.instead;
        }
    }

    /// A number, a day or a link to a message.
    fn go_to(&mut self, mut picker: Picker, out: &mut Vec<Effect>) {
        let typed = picker.editor.text().trim();
        if let Some((there, msgid)) = slash::permalink(typed, &self.settings.server) {
            return self.visit(there, msgid, out);
        }
        if let (Ok(number), Some(here)) = (typed.trim_start_matches('#').parse(), self.open) {
            return self.visit(here, MsgId::new(number), out);
        }
        match date(typed) {
            Some(date) => self.jump(Place::On(date), out),
            None => {
                words::NO_PLACE.clone_into(&mut picker.hint);
                self.overlay = Some(Overlay::Picker(Box::new(picker)));
            }
        }
    }

    pub(crate) fn pane_action(&mut self, action: Action, out: &mut Vec<Effect>) {
        let page = self.page();
        match action {
            Action::LineUp => self.scroll_pane(-1),
            Action::LineDown => self.scroll_pane(1),
            Action::PageUp => self.scroll_pane(-page),
            Action::PageDown => self.scroll_pane(page),
            Action::Beginning => self.scroll_pane(isize::MIN / 2),
            Action::End => self.scroll_pane(isize::MAX / 2),
            Action::Cancel => {
                if let Some(Overlay::Pane(pane)) = &self.overlay
                    && let Some(run) = pane.run
                {
                    out.push(Effect::CancelRun(run));
                }
                self.overlay = None;
            }
            _ => {
                if self.navigate(action, out) && self.open.is_some() {
                    self.overlay = self
                        .overlay
                        .take()
                        .filter(|overlay| matches!(overlay, Overlay::Picker(_)));
                }
            }
        }
    }

    pub(crate) fn scroll_pane(&mut self, lines: isize) {
        let last = crate::tui::draw::pane::last_first(self);
        if let Some(Overlay::Pane(pane)) = &mut self.overlay {
            pane.first = pane.first.saturating_add_signed(lines).min(last);
        }
    }

    /// Runs a command of the user, and shows its output.
    pub(crate) fn run_command(&mut self, words: Vec<String>, out: &mut Vec<Effect>) {
        let title = format!("/{}", words.join(" "));
        let words = slash::with_target(words, self.open);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.run(&words, &title, out);
        if words.starts_with(&["me", "keywords"]) {
            self.keywords_run = Some(self.last_run);
        }
    }

    /// Runs a command, and shows its output under a title.
    pub(crate) fn run(&mut self, words: &[&str], title: &str, out: &mut Vec<Effect>) {
        self.last_run += 1;
        let mut pane = Pane::new(title, "");
        pane.run = Some(self.last_run);
        self.overlay = Some(Overlay::Pane(pane));
        out.push(Effect::Run {
            run: self.last_run,
            words: words.iter().map(|&word| word.to_owned()).collect(),
        });
    }

    /// Runs a command, and shows only why it failed.
    pub(crate) fn run_quietly(&mut self, words: Vec<String>, out: &mut Vec<Effect>) {
        self.last_run += 1;
        out.push(Effect::Run {
            run: self.last_run,
            words,
        });
    }

    pub(crate) fn output(&mut self, run: u64, text: String, is_failed: bool) {
        match &mut self.overlay {
            Some(Overlay::Pane(pane)) if pane.run == Some(run) => {
                let text = match text.trim() {
                    "" => words::DONE,
                    text => text,
                };
                let width = self.settings.ambiguous.text(text);
                let is_short = !text.contains('\n') && width + 2 <= self.columns.into();
                if is_short && !is_failed {
                    // One line needs no pane that is to be closed.
                    self.overlay = None;
                    self.note(one_line(text), Role::Dim);
                } else {
                    pane.run = None;
                    text.clone_into(&mut pane.text);
                }
            }
            _ if is_failed => {
                let first = text.lines().next().unwrap_or_default();
                self.note(first.trim_start_matches("error: "), Role::Error);
            }
            _ => {}
        }
    }
}

/// Reads a day: `2026-11-26`, `2026/11/26`, `2026年11月26日`.
fn date(typed: &str) -> Option<Date> {
    let mut parts = typed
        .split(['-', '/', '.', '年', '月', '日'])
        .filter(|part| !part.is_empty());
    let year = parts.next()?.trim().parse().ok()?;
    let (month, day) = (
        parts.next()?.trim().parse().ok()?,
        parts.next()?.trim().parse().ok()?,
    );
    let is_valid = (1..=12).contains(&month) && (1..=31).contains(&day) && year > 1970;
    (is_valid && parts.next().is_none()).then_some(Date { year, month, day })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read() {
        let day = Some(Date {
            year: 2026,
            month: 11,
            day: 6,
        });
        for typed in ["2026-11-06", "2026/11/6", "2026年11月6日"] {
            assert_eq!(date(typed), day);
        }
        for wrong in ["", "2026-11", "2026-13-01", "x-1-1"] {
            assert_eq!(date(wrong), None);
        }
    }
}
