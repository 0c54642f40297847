//! What the owner of a server can set, as a client shows it. The server knows the types; a client
//! needs none of them.

use serde::{Deserialize, Serialize};

use crate::text::{SettingName, SettingValue, Text};

/// A setting of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Its name.
    pub name: SettingName,
    /// Its value.
    pub value: SettingValue,
    /// The value that it has unless somebody sets another.
    pub default: SettingValue,
    /// The values that it takes, for people.
    pub takes: Text,
    /// What it is for, in one line.
    pub about: Text,
}
