//! Server settings in textual form. Only the server knows their types, so that clients can show
//! settings newer than themselves.

use serde::{Deserialize, Serialize};

use crate::text::{SettingName, SettingValue, Text};

/// A setting of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Such as `direct-chats`.
    pub name: SettingName,
    /// The current value.
    pub value: SettingValue,
    /// The value in effect while none is set.
    pub default: SettingValue,
    /// A description of the accepted values.
    pub takes: Text,
    /// A one-line description.
    pub about: Text,
}
