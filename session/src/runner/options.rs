//! What a session is opened with.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cairn_client::proto::content::body::Body;
use cairn_client::{Client, ClientBuilder, Uploaded};

use super::describe::describe;
use crate::store::ENTRIES_BYTES_MAX;
use crate::{DraftFile, Zone, limits};

/// How long what was erased stays in freed pages, by default.
const CLEAN_TIME: Duration = Duration::from_secs(20);

/// Returns the body that refers to an uploaded file, with an empty caption; `None` if the file
/// cannot be sent.
pub type Describe = Arc<dyn Fn(&DraftFile, Uploaded) -> Option<Body> + Send + Sync>;

/// How a [`Session`](super::Session) is opened.
#[derive(Clone)]
pub struct SessionOptions {
    /// The folder of the profile, where the cache is. Without one, nothing is kept.
    pub dir: Option<PathBuf>,
    /// Bytes of entries in the cache.
    pub entries_bytes_max: u64,
    /// How long what was erased may stay in freed pages of the cache. Cleaning takes time in
    /// proportion to the file.
    pub clean_after: Duration,
    /// Entries that a window holds.
    pub window_entries_max: usize,
    /// The local time zone.
    pub zone: Zone,
    /// How to connect. The session sets the send stream and the moment.
    pub client: ClientBuilder,
    /// How files are described. By default, by what they are, as [`cairn_client::FileShape::of`]
    /// finds out.
    pub describe: Describe,
}

impl SessionOptions {
    /// Returns the default options, for a session that keeps nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            dir: None,
            entries_bytes_max: ENTRIES_BYTES_MAX,
            clean_after: CLEAN_TIME,
            window_entries_max: limits::ENTRIES_MAX,
            zone: Zone::utc(),
            client: Client::builder(),
            describe: Arc::new(describe),
        }
    }

    /// Returns the default options, with the cache in this folder.
    #[must_use]
    pub fn kept_in(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: Some(dir.into()),
            ..Self::new()
        }
    }
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for SessionOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionOptions")
            .field("dir", &self.dir)
            .field("entries_bytes_max", &self.entries_bytes_max)
            .finish_non_exhaustive()
    }
}
