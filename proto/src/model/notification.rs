//! Which messages of a conversation notify a user. Enums grow at the end only.

use serde::{Deserialize, Serialize};

use crate::ids::Timestamp;

/// Which messages notify a user. Each level is a part of the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NotificationLevel {
    /// Every message.
    #[default]
    All,
    /// Messages that mention the user, or contain one of the user's keywords.
    Mentions,
    /// No message.
    Nothing,
}

impl NotificationLevel {
    /// Returns the lower-case name, as commands and JSON show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Mentions => "mentions",
            Self::Nothing => "nothing",
        }
    }
}

/// A member's notification level for a conversation, shared by all of the member's devices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Notifications {
    /// The chosen level.
    pub level: NotificationLevel,
    /// When [`NotificationLevel::All`] replaces the level; `None` for never.
    pub until: Option<Timestamp>,
}

impl Notifications {
    /// Returns the level at a time, by the clock of the client.
    #[must_use]
    pub fn level_at(self, now: Timestamp) -> NotificationLevel {
        match self.until {
            Some(until) if until <= now => NotificationLevel::All,
            _ => self.level,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn level_ends_at_its_time() {
        let quiet = Notifications {
            level: NotificationLevel::Nothing,
            until: Some(Timestamp::new(1000)),
        };
        assert_eq!(
            quiet.level_at(Timestamp::new(999)),
            NotificationLevel::Nothing
        );
        assert_eq!(quiet.level_at(Timestamp::new(1000)), NotificationLevel::All);
        let forever = Notifications {
            until: None,
            ..quiet
        };
        assert_eq!(
            forever.level_at(Timestamp::new(u64::MAX)),
            NotificationLevel::Nothing
        );
    }
}
