//! Background work in steps, for tests without threads.

use super::Engine;
use crate::env::BackgroundWork;

impl Engine {
    /// Does the next part of some background work of a simulated engine. Returns whether there was
    /// any. After a failure, the next commit or [`Engine::maintain`] fails.
    pub fn step(&mut self, work: BackgroundWork) -> bool {
        match work {
            BackgroundWork::Segments => self.log.prepare_segment(),
            BackgroundWork::Watermark => self.log.write_watermark(),
            BackgroundWork::Checkpoint => self.checkpoints.worker.step(),
        }
    }
}
