//! The account: a device's stored identity and credential, and the identity of a session.

use std::fmt::Display;
use std::str::FromStr;

use cairn_proto::ids::{DeviceId, UserId};
use cairn_proto::invite::ServerAddr;
use cairn_proto::model::user::ServerRole;
use cairn_proto::secret::{DeviceToken, Pin};
use cairn_proto::text::UserName;
use cairn_proto::wire::hello::Welcome;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A device's identity and credential, as [`crate::ClientBuilder::connect`] needs them. Store it
/// readable by its owner only: it contains the device token.
///
/// Serialized to JSON, it reads
/// `{"addr":"host:port","pin":"…","token":"…","user":7,"name":"ada","device":123}` with secrets in
/// base64url. The `Debug` form hides the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The server's address.
    #[serde(serialize_with = "shown", deserialize_with = "parsed")]
    pub addr: ServerAddr,
    /// The server's identity.
    #[serde(serialize_with = "shown", deserialize_with = "parsed")]
    pub pin: Pin,
    /// This device's credential.
    #[serde(serialize_with = "revealed", deserialize_with = "parsed")]
    pub token: DeviceToken,
    /// The user's id.
    pub user: UserId,
    /// The user's name.
    pub name: UserName,
    /// This device's id.
    pub device: DeviceId,
}

/// The authenticated identity, as of the latest login; before the first one, as of the [`Account`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhoAmI {
    /// The user's id.
    pub user: UserId,
    /// The user's name.
    pub name: UserName,
    /// The user's role on the server. Before the first login, that of a member.
    pub role: ServerRole,
    /// This device's id.
    pub device: DeviceId,
}

impl From<&Account> for WhoAmI {
    /// The account does not tell the role, which may have changed in any case.
    fn from(account: &Account) -> Self {
        Self {
            user: account.user,
            name: account.name.clone(),
            role: ServerRole::Member,
            device: account.device,
        }
    }
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
    fn account_round_trips_and_hides_its_token() {
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
