//! Whether users are there, from all their sessions that listen.

use serde::{Deserialize, Serialize};

use crate::ids::UserId;
use crate::wire::codec;

/// Whether somebody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// On no device.
    Offline,
    /// On a device, but not looking at it.
    Away,
    /// On a device.
    Online,
}

impl Presence {
    /// The word for people and scripts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Away => "away",
            Self::Online => "online",
        }
    }
}

/// What kind of device it is, as its client says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// The client has not said.
    Unknown,
    /// A program on a computer.
    Desktop,
    /// A phone or a tablet.
    Phone,
    /// A browser.
    Web,
    /// A terminal.
    Terminal,
    /// Nobody: a program that talks by itself.
    Bot,
}

impl DeviceKind {
    /// The word for people and scripts.
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

/// A device with a session that listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PresentDevice {
    /// Its kind.
    pub kind: DeviceKind,
    /// Whether nobody looks at it, in none of its sessions.
    pub is_away: bool,
}

/// Where a user is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserPresence {
    /// The user.
    pub user: UserId,
    /// The devices that he is on, by their kinds; none when he is offline.
    #[serde(deserialize_with = "codec::list")]
    pub devices: Vec<PresentDevice>,
}

impl UserPresence {
    /// Whether the user is there.
    #[must_use]
    pub fn presence(&self) -> Presence {
        match self.devices.iter().find(|device| !device.is_away) {
            Some(_) => Presence::Online,
            None if self.devices.is_empty() => Presence::Offline,
            None => Presence::Away,
        }
    }
}
