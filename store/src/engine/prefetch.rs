//! Bringing into memory what a command loads.

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
    /// Loads what a command loads. What else that is may depend on what was loaded first; nothing
    /// is loaded twice.
    pub(super) fn prefetch(&mut self, command: &Command) -> Result<(), ErrorCode> {
        let mut loaded = HashSet::new();
        for _ in 0..PREFETCH_ROUNDS_MAX {
            let mut loads = self.state.missing(command);
            loads.retain(|&need| loaded.insert(need));
            if loads.is_empty() {
                break;
            }
            self.loads += loads.len() as u64;
            loads
                .into_iter()
                .try_for_each(|need| self.load(need))
                .map_err(|failure| {
                    error!(%failure, "cannot load what a command loads");
                    ErrorCode::Damaged
                })?;
        }
        Ok(())
    }

    /// Loads one part. An entry of the batch is not in its timeline yet, and is there as it was
    /// before the batch.
    fn load(&mut self, need: Load) -> Result<(), LoadError> {
        for (conversation, msgid, packed) in need.pending_entries(&mut self.batch) {
            self.state
                .install_entry(conversation, msgid, unpack_entry(packed)?);
        }
        self.loader.load(&mut self.state, need)
    }
}
