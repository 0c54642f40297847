//! What a client stores in order to come back: the account.

use std::fmt::Display;
use std::str::FromStr;

use cairn_proto::ids::{DeviceId, UserId};
use cairn_proto::invite::ServerAddr;
use cairn_proto::model::user::ServerRole;
use cairn_proto::secret::{DeviceToken, Pin};
use cairn_proto::text::UserName;
use cairn_proto::wire::hello::Welcome;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Who a device is, and where: what [`crate::Client::connect`] needs. Store it where only its owner
/// can read it.
///
/// In JSON it is `{"addr":"host:port","pin":"…","token":"…","user":7,"name":"ada","device":123}`,
/// secrets in base64url. Its `Debug` form hides the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Where the server is.
    #[serde(serialize_with = "shown", deserialize_with = "parsed")]
    pub addr: ServerAddr,
    /// Who the server is.
    #[serde(serialize_with = "shown", deserialize_with = "parsed")]
    pub pin: Pin,
    /// What this device proves itself with.
    #[serde(serialize_with = "revealed", deserialize_with = "parsed")]
    pub token: DeviceToken,
    /// The user.
    pub user: UserId,
    /// The user's name.
    pub name: UserName,
    /// This device.
    pub device: DeviceId,
}

/// Who a client is, as the server told at the last login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhoAmI {
    /// The user.
    pub user: UserId,
    /// The user's name.
    pub name: UserName,
    /// What the user may do on the server as a whole.
    pub role: ServerRole,
    /// This device.
    pub device: DeviceId,
}

impl From<&Welcome> for WhoAmI {
    fn from(welcome: &Welcome) -> Self {
        Self {
            user: welcome.user,
            name: welcome.name.clone(),
            role: welcome.role,
            device: welcome.device,
        }
    }
}

fn shown<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn revealed<S: Serializer>(token: &DeviceToken, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&token.reveal())
}

fn parsed<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: Display>,
    D: Deserializer<'de>,
{
    String::deserialize(deserializer)?
        .parse()
        .map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_survives_being_stored_and_hides_its_token() {
        let account = Account {
            addr: ServerAddr::new("2001:db8::7", 7766),
            pin: Pin::new([1; 32]),
            token: DeviceToken::new([2; 32]),
            user: UserId::new(7),
            name: UserName::new("ada").unwrap(),
            device: DeviceId::new(u64::MAX),
        };
        let json = serde_json::to_string(&account).unwrap();
        assert!(
            json.starts_with(r#"{"addr":"[2001:db8::7]:7766","pin":"AQEB"#),
            "{json}"
        );
        assert_eq!(serde_json::from_str::<Account>(&json).unwrap(), account);
        assert!(!format!("{account:?}").contains(&account.token.reveal()));
        let broken = json.replace(&account.token.reveal(), "short");
        assert!(
            serde_json::from_str::<Account>(&broken)
                .unwrap_err()
                .to_string()
                .contains("32 bytes in base64url")
        );
    }
}
