//! Notifications, and the title of the window.

use std::io;

use cairn_session::store::Condition;

use crate::tui::app::model::state::State;
use crate::tui::draw::list::name;
use crate::tui::run::App;
use crate::tui::term::osc;
use crate::tui::term::screen::Screen;
use crate::tui::text::words;
use crate::tui::theme::Role;

/// Notifications that are shown at once. More come as a bell only.
const SHOWN_MAX: usize = 3;

/// The title: unread messages and what is open.
pub(super) fn title(state: &State) -> String {
    let unread = match state.world.unread {
        0 => String::new(),
        count => format!("({count}) "),
    };
    let open = state.open.and_then(|id| state.world.conversation(id));
    match open {
        Some(open) => format!("{unread}{} - {}", name(open), words::TITLE),
        None => format!("{unread}{}", words::TITLE),
    }
}

impl App {
    /// Tells the user, once, what became of the stored messages.
    pub(super) fn tell_condition(&mut self) {
        let condition = self.session.condition();
        if let Some(text) = words::condition(&condition) {
            self.state.note(text, Role::Error);
        }
        if matches!(*condition, Condition::Damaged(_)) {
            self.session.damage_reported();
        }
    }

    /// Shows what the session decided to notify of, and drafts that cannot be sent.
    pub(super) fn notify(&mut self) -> io::Result<()> {
        let notices = self.session.take_notices();
        let skipped = notices.len().saturating_sub(SHOWN_MAX);
        for notice in notices.iter().skip(skipped) {
            let user = |user| self.state.world.name(user);
            let group = |id| {
                let listed = self.state.world.conversation(id)?;
                listed.peer.is_none().then(|| name(listed))
            };
            let text = words::notice(notice, &user, &group);
            Screen::write(&osc::notification(self.notifier, words::TITLE, &text))?;
        }
        for refused in self.session.take_refused() {
            let text = words::draft_refused(&refused.why);
            self.state.note(text, Role::Error);
            if self.state.open == Some(refused.conversation) {
                // The draft is in the model again.
                self.state.is_draft_read = !self.state.editor.is_empty();
                self.refresh(None);
            }
        }
        Ok(())
    }
}
