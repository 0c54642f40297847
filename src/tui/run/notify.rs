//! Notifications, and the title of the window.

use std::io;

use cairn_proto::ids::UserId;
use cairn_proto::model::desk::Offer;
use cairn_session::store::Condition;
use cairn_session::{DeskLog, DeskNotice, Notice};

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

    fn text_of(&self, notice: &Notice) -> String {
        let world = &self.state.world;
        let of = match notice {
            Notice::Message { conversation, .. } => world.conversation(*conversation),
            Notice::Summary { .. } | Notice::Desk(_) => None,
        };
        // A visitor has the name of their inquiry.
        let user = |user| match of {
            Some(listed) if user == UserId::VISITOR => listed.name.clone(),
            _ => match self.session.model().user(user) {
                Some(found) => found.name.to_string(),
                None => words::unknown_user(user),
            },
        };
        let group = |id| {
            let listed = world.conversation(id)?;
            let is_talk = listed.peer.is_some() || listed.of_desk == Some(DeskLog::Inquiry);
            (!is_talk).then(|| name(listed))
        };
        let queue = |offer: &Offer| {
            let desk = world.desk.as_ref();
            let queue = desk.and_then(|desk| desk.queue(offer.info.queue));
            queue.map_or_else(String::new, |queue| queue.config.name.to_string())
        };
        words::notice(notice, &user, &group, &queue)
    }

    /// Shows what the session decided to notify of, and drafts that cannot be sent.
    pub(super) fn notify(&mut self) -> io::Result<()> {
        let notices = self.session.take_notices();
        let skipped = notices.len().saturating_sub(SHOWN_MAX);
        for notice in notices.iter().skip(skipped) {
            let text = self.text_of(notice);
            Screen::write(&osc::notification(self.notifier, words::TITLE, &text))?;
            if let Notice::Desk(DeskNotice::Missed(_) | DeskNotice::Duty(_)) = notice {
                self.state.note(text, Role::Error);
            }
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
