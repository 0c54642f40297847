//! Presence: which users are online, combined over their sessions that receive pushes.

use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::wire::codec;

/// A user's presence, combined over all devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// No device is online.
    Offline,
    /// At least one device is online, and all of them are idle.
    Away,
    /// At least one device is online and active.
    Online,
}

impl Presence {
    /// Returns the lower-case name, as commands and JSON show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Away => "away",
            Self::Online => "online",
        }
    }
}

/// The kind of a device, as declared by its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// Not declared.
    Unknown,
    /// A desktop application.
    Desktop,
    /// A phone or tablet.
    Phone,
    /// A browser.
    Web,
    /// A terminal.
    Terminal,
    /// A program without a human user.
    Bot,
}

impl DeviceKind {
    /// Returns the lower-case name, as commands and JSON show it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Desktop => "desktop",
            Self::Phone => "phone",
            Self::Web => "web",
            Self::Terminal => "terminal",
            Self::Bot => "bot",
        }
    }
}

/// A device that is online.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PresentDevice {
    /// Its kind.
    pub kind: DeviceKind,
    /// Whether the user is idle in all sessions of this device.
    pub is_away: bool,
}

/// A user's presence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserPresence {
    /// The user.
    pub user: UserId,
    /// The user's online devices, ordered by kind; empty when offline.
    #[serde(deserialize_with = "codec::list")]
    pub devices: Vec<PresentDevice>,
}

impl UserPresence {
    /// Returns the presence, combined over all devices.
    #[must_use]
    pub fn presence(&self) -> Presence {
        match self.devices.iter().find(|device| !device.is_away) {
            Some(_) => Presence::Online,
            None if self.devices.is_empty() => Presence::Offline,
            None => Presence::Away,
        }
    }
}
