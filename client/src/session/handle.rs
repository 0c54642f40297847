//! The state shared by all public handles of a client. Dropping the last one stops the driver.

use std::sync::Arc;

use cairn_proto::invite::ServerAddr;
use cairn_proto::secret::Pin;
use parking_lot::Mutex;
use tokio::task::JoinHandle;

use crate::error::Error;
use crate::session::shared::Shared;

#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) shared: Arc<Shared>,
    pub(crate) driver: Mutex<Option<JoinHandle<()>>>,
    pub(crate) addr: ServerAddr,
    pub(crate) pin: Pin,
    pub(crate) push: bool,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.stop.notify_one();
    }
}

impl Handle {
    pub(crate) fn ended(&self) -> Error {
        self.shared.state.lock().ended().unwrap_or(Error::Closed)
    }
}
