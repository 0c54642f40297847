//! Bringing into memory what a command needs.

use cairn_proto::error::ErrorCode;
use cairn_proto::message::unpack_entry;
use tracing::error;

use super::Engine;
use crate::core::Command;
use crate::core::needs::Need;
use crate::store::load::LoadError;

impl Engine {
    /// Loads what a command needs. What else that is may depend on what was loaded first.
    pub(super) fn load_missing(&mut self, command: &Command) -> Result<(), ErrorCode> {
        for _ in 0..2 {
            let needs = self.state.missing(command);
            if needs.is_empty() {
                break;
            }
            needs.into_iter().try_for_each(|need| self.load(need)).map_err(|failure| {
                error!(%failure, "cannot load what a command needs");
                ErrorCode::Damaged
            })?;
        }
        Ok(())
    }

    /// Loads one part. An entry of the batch is not in its timeline yet, and is there as it was before the batch.
    fn load(&mut self, need: Need) -> Result<(), LoadError> {
        for (conversation, msgid, packed) in self.batch.needed(need) {
            self.state.install_entry(conversation, msgid, unpack_entry(packed)?);
        }
        self.loader.load(&mut self.state, need)
    }
}
