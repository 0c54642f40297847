//! Copying messages to the clipboard of the terminal.

use cairn_session::{Row, What};

use crate::tui::app::model::state::State;
use crate::tui::app::msg::Effect;
use crate::tui::draw::rows::moment;
use crate::tui::text::words;
use crate::tui::theme::Role;

impl State {
    /// Copies the selected messages: their words, or all of them with times and names.
    pub(super) fn copy(&mut self, is_named: bool, out: &mut Vec<Effect>) {
        let rows = self
            .world
            .rows()
            .get(self.selected_rows())
            .unwrap_or_default();
        let copied: Vec<String> = rows
            .iter()
            .filter_map(|row| match is_named {
                true => self.named(row),
                false => words_of(row),
            })
            .collect();
        if copied.is_empty() {
            return self.note(words::NO_WORDS, Role::Dim);
        }
        out.push(Effect::Copy(copied.join("\n")));
        self.copied();
    }

    /// `2026-11-26 14:02 bob: hello`
    fn named(&self, row: &Row) -> Option<String> {
        let (at, user, text) = match &row.what {
            What::Message(message) => {
                let entry = &message.entry;
                let text = crate::tui::draw::rows::whole(&entry.body);
                (entry.sent_at, entry.sender, text)
            }
            What::Mine(pending) => {
                let text = words::text_of_pending(pending);
                (pending.written_at, self.settings.me, text)
            }
            _ => return None,
        };
        let at = moment(at, &self.settings.zone);
        Some(format!("{at} {}: {text}", self.world.name(user)))
    }
}

fn words_of(row: &Row) -> Option<String> {
    let text = match &row.what {
        What::Message(message) => words::text_of(&message.entry.body).to_owned(),
        What::Mine(pending) => words::text_of_pending(pending),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}
