//! Files on their way: how far they are, cancelling, sending again.

use cairn_session::{Command, Outgoing, Pending, SendState};

use crate::tui::app::model::overlay::Overlay;
use crate::tui::app::model::picker::{Deed, Item, Picker, Purpose, Value};
use crate::tui::app::model::state::State;
use crate::tui::app::msg::Effect;
use crate::tui::app::update::session;
use crate::tui::draw::list::name;
use crate::tui::draw::rows::unnamed;
use crate::tui::text::words::uploads as said;
use crate::tui::theme::Role;

impl State {
    pub(crate) fn show_uploads(&mut self) {
        if self.world.uploads.is_empty() {
            return self.note(said::NONE, Role::Dim);
        }
        self.show_card(Purpose::Uploads, said::HINT);
        self.refresh_card();
    }

    /// A line for each file; for one that failed, one to send it again and one to drop it.
    pub(super) fn uploads(&self) -> Vec<Item> {
        let uploads = self.world.uploads.iter();
        uploads.flat_map(|pending| self.upload(pending)).collect()
    }

    fn upload(&self, pending: &Pending) -> Vec<Item> {
        let Outgoing::File { file, .. } = &pending.what else {
            return Vec::new();
        };
        let listed = self.world.conversation(pending.conversation);
        let to = listed.map_or_else(|| unnamed(pending.conversation), name);
        let item = |label: String, deed: Deed, detail: &str| {
            Item::new(label, Value::Deed(deed)).with_detail(detail)
        };
        let label = said::file(file, &to, &pending.state);
        let again = Deed::Again(pending.id);
        let withdraw = Deed::Withdraw(pending.id);
        match &pending.state {
            SendState::Queued | SendState::Uploading { .. } => {
                vec![item(label, Deed::CancelUpload(pending.id), said::CANCEL)]
            }
            SendState::Failed(_) | SendState::Unknown(_) => vec![
                item(label.clone(), again, said::AGAIN),
                item(said::same(file), withdraw, said::DROP),
            ],
            _ => Vec::new(),
        }
    }

    /// Decides on a file. The card stays, and shows what became of it.
    pub(super) fn decide_upload(
        &mut self,
        picker: Picker,
        command: Command,
        out: &mut Vec<Effect>,
    ) {
        out.push(session(command));
        self.overlay = Some(Overlay::Picker(Box::new(picker)));
    }
}
