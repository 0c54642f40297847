//! Prefetch: loading the state that a command needs.

use cairn_proto::content::message::unpack_entry;
use cairn_proto::wire::error::ErrorCode;
use hashbrown::HashSet;
use tracing::error;

use super::Engine;
use crate::trees::rows_in::LoadError;
use cairn_core::Command;
use cairn_core::limits::PREFETCH_ROUNDS_MAX;
use cairn_core::prefetch::Load;

impl Engine {
    /// Loads in rounds, since what else is needed may depend on what was loaded. Nothing is loaded
    /// twice.
    pub(super) fn prefetch(&mut self, command: &Command) -> Result<(), ErrorCode> {
        let mut loaded = HashSet::new();
        for _ in 0..PREFETCH_ROUNDS_MAX {
            let mut loads = self.state.missing(command);
            loads.retain(|&load| loaded.insert(load));
            if loads.is_empty() {
                break;
            }
            self.loads += loads.len() as u64;
            loads
                .into_iter()
                .try_for_each(|load| self.load(load))
                .map_err(|failure| {
                    error!(%failure, "cannot load the state for a command");
                    ErrorCode::Damaged
                })?;
        }
        Ok(())
    }

    /// Loads one part. Entries of the uncommitted batch come from the batch, since their timeline
    /// does not have them yet.
    fn load(&mut self, load: Load) -> Result<(), LoadError> {
        for (conversation, msgid, packed) in load.pending_entries(&mut self.batch) {
            self.state
                .install_entry(conversation, msgid, unpack_entry(packed)?);
        }
        self.loader.load(&mut self.state, load)
    }
}
