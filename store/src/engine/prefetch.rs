//! Prefetch: loading the state that a command needs.

use cairn_proto::content::message::unpack_entry;
use cairn_proto::wire::error::ErrorCode;
use tracing::error;

use super::Engine;
use crate::trees::rows_in::LoadError;
use cairn_core::Command;
use cairn_core::limits::PREFETCH_ROUNDS_MAX;
use cairn_core::prefetch::Load;

impl Engine {
    /// Loads in rounds, since what else is needed may depend on what was loaded. Nothing is loaded
    /// twice. Mostly everything is in memory, and then nothing is allocated. Returns what the
    /// command found after the last load.
    pub(super) fn prefetch<C: Command>(&mut self, command: &C) -> Result<C::Found, ErrorCode> {
        let mut found = command.prefetch(&self.state, &mut self.wanted);
        if self.wanted.is_empty() {
            return Ok(found);
        }
        self.loaded.clear();
        for _ in 0..PREFETCH_ROUNDS_MAX {
            if !self.load_wanted()? {
                break;
            }
            found = command.prefetch(&self.state, &mut self.wanted);
        }
        self.wanted.clear();
        Ok(found)
    }

    /// Loads what is wanted. Returns whether any of it was not loaded before; otherwise the state
    /// stays as it is.
    fn load_wanted(&mut self) -> Result<bool, ErrorCode> {
        let mut wanted = std::mem::take(&mut self.wanted);
        wanted.retain(|&load| self.loaded.insert(load));
        let has_loaded = !wanted.is_empty();
        self.loads += wanted.len() as u64;
        let loaded = wanted.drain(..).try_for_each(|load| self.load(load));
        self.wanted = wanted;
        loaded.map_err(|failure| {
            error!(%failure, "cannot load the state for a command");
            ErrorCode::Damaged
        })?;
        Ok(has_loaded)
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
