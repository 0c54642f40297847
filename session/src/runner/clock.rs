//! The wall clock of a session.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use cairn_client::Timestamp;

/// Tells the time: that of the machine, or of a simulation.
#[derive(Clone, Default)]
pub(crate) enum WallClock {
    #[default]
    System,
    Given(Arc<dyn Fn() -> Timestamp + Send + Sync>),
}

impl WallClock {
    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
                let millis = since_epoch.unwrap_or_default().as_millis();
                Timestamp::new(u64::try_from(millis).unwrap_or(u64::MAX))
            }
            Self::Given(now) => now(),
        }
    }
}

impl fmt::Debug for WallClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "System",
            Self::Given(_) => "Given",
        })
    }
}
