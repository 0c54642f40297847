//! Signed identities: who a visitor is, vouched for by the shop.
//!
//! The shop's server signs for each page: `base64url(JSON) "." base64url(HMAC-SHA256)`, both
//! without padding; the signature is of the text before the dot. An identity names the key that it
//! is for and expires, unlike a bare HMAC of an id, which would be a password that never changes.

use std::collections::BTreeMap;

use cairn_core::api::desk::Claims;
use cairn_proto::ids::Timestamp;
use cairn_proto::limits::ATTRS_MAX;
use cairn_proto::secret::DeskSecret;
use cairn_proto::text::{AttrName, AttrValue, DisplayName, SignedIdentity};
use data_encoding::BASE64URL_NOPAD;
use ring::hmac;
use serde::Deserialize;

use crate::limits::{IDENTITY_CLOCK_SKEW_MAX, IDENTITY_LIFE_MAX};

/// Why an identity is refused. Visitors learn none of it: a forger must not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IdentityError {
    #[error("it is not a signed identity")]
    Malformed,
    #[error("its signature is wrong")]
    Forged,
    #[error("it is for another key")]
    OtherKey,
    #[error("it expired")]
    Expired,
    #[error("it is issued in the future")]
    NotYet,
    #[error("it is valid for longer than {} seconds", IDENTITY_LIFE_MAX.as_secs())]
    TooLong,
}

/// The signed fields. Others are ignored.
#[derive(Debug, Deserialize)]
struct Signed {
    sub: String,
    aud: String,
    /// Seconds since 1970.
    exp: u64,
    iat: u64,
    name: Option<String>,
    #[serde(default)]
    attrs: BTreeMap<String, Attribute>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Attribute {
    Text(String),
    Number(serde_json::Number),
    Flag(bool),
}

impl Attribute {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
        }
    }
}

/// Verifies an identity for the key with this id.
///
/// # Errors
///
/// Why it proves nothing.
pub(crate) fn verify(
    identity: &SignedIdentity,
    secret: &DeskSecret,
    key_id: &str,
    now: Timestamp,
) -> Result<Claims, IdentityError> {
    let signed = identity.as_str();
    let (payload, signature) = signed.split_once('.').ok_or(IdentityError::Malformed)?;
    let signature = decode(signature)?;
    // The signature first: nothing of what anyone may have written is parsed before.
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    hmac::verify(&key, payload.as_bytes(), &signature).map_err(|_| IdentityError::Forged)?;
    let signed: Signed =
        serde_json::from_slice(&decode(payload)?).map_err(|_| IdentityError::Malformed)?;
    check_time(&signed, now)?;
    if signed.aud != key_id {
        return Err(IdentityError::OtherKey);
    }
    claims(signed).ok_or(IdentityError::Malformed)
}

/// Checks the texts. Returns `None` if one is too long, or cannot be shown in a line.
fn claims(signed: Signed) -> Option<Claims> {
    let Signed {
        sub, name, attrs, ..
    } = signed;
    if sub.is_empty() || attrs.len() > ATTRS_MAX {
        return None;
    }
    let attr = |(name, value): (String, Attribute)| {
        let name = AttrName::new(name).ok()?;
        Some((name, AttrValue::new(value.into_text()).ok()?))
    };
    Some(Claims {
        sub: AttrValue::new(sub).ok()?,
        name: name.map(DisplayName::new).transpose().ok()?,
        attrs: attrs.into_iter().map(attr).collect::<Option<_>>()?,
    })
}

fn check_time(signed: &Signed, now: Timestamp) -> Result<(), IdentityError> {
    let &Signed { exp, iat, .. } = signed;
    let now = now.get() / 1000;
    if exp <= now {
        return Err(IdentityError::Expired);
    }
    if iat > now.saturating_add(IDENTITY_CLOCK_SKEW_MAX.as_secs()) {
        return Err(IdentityError::NotYet);
    }
    match exp.saturating_sub(iat) <= IDENTITY_LIFE_MAX.as_secs() {
        true => Ok(()),
        false => Err(IdentityError::TooLong),
    }
}

fn decode(text: &str) -> Result<Vec<u8>, IdentityError> {
    let decoded = BASE64URL_NOPAD.decode(text.as_bytes());
    decoded.map_err(|_| IdentityError::Malformed)
}

#[cfg(test)]
mod tests {
    use cairn_proto::limits::ATTR_VALUE_BYTES_MAX;

    use super::*;

    const SECRET: DeskSecret = DeskSecret::new(*b"a secret of the shop, 32 bytes..");
    const OTHER: DeskSecret = DeskSecret::new([7; 32]);
    const NOW: u64 = 1_800_000_000;
    const CLAIMS: &str = r#"{"sub":"c-17","aud":"shop","exp":1800000600,"iat":1799999990,
        "name":"Mei Lin","attrs":{"orders":3,"vip":true,"plan":"gold"},"later":[1]}"#;

    fn sign(claims: &str, secret: DeskSecret) -> String {
        let payload = BASE64URL_NOPAD.encode(claims.as_bytes());
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let signature = hmac::sign(&key, payload.as_bytes());
        format!("{payload}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
    }

    fn verified_at(signed: &str, seconds: u64) -> Result<Claims, IdentityError> {
        let identity = SignedIdentity::new(signed).map_err(|_| IdentityError::Malformed)?;
        verify(&identity, &SECRET, "shop", Timestamp::new(seconds * 1000))
    }

    fn changed(from: &str, to: &str) -> Result<Claims, IdentityError> {
        assert!(CLAIMS.contains(from), "{from}");
        verified_at(&sign(&CLAIMS.replace(from, to), SECRET), NOW)
    }

    #[test]
    fn signed_identity_is_verified() {
        let Claims { sub, name, attrs } = verified_at(&sign(CLAIMS, SECRET), NOW).unwrap();
        assert_eq!(sub.as_str(), "c-17");
        assert_eq!(name.unwrap().as_str(), "Mei Lin");
        let attrs: Vec<_> = attrs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(attrs, [("orders", "3"), ("plan", "gold"), ("vip", "true")]);
    }

    /// What the manual tells shops to compute, from another implementation of it.
    #[test]
    fn known_signature_is_verified() {
        let payload = "eyJzdWIiOiJjLTE3IiwiYXVkIjoic2hvcCIsImV4cCI6MTgwMDAwMDYwMCwi\
                       aWF0IjoxNzk5OTk5OTkwfQ";
        let signature = "TA82qJALrS5cJczpN_7muKGTVJOXDFFb-m_6jmoAzmc";
        let signed = format!("{payload}.{signature}");
        assert_eq!(verified_at(&signed, NOW).unwrap().sub.as_str(), "c-17");
    }

    #[test]
    fn forged_identities_are_refused() {
        let signed = sign(CLAIMS, SECRET);
        let (payload, signature) = signed.split_once('.').unwrap();
        let other = sign(&CLAIMS.replace("c-17", "c-18"), OTHER);
        let (forged, _) = other.split_once('.').unwrap();
        for forged in [format!("{forged}.{signature}"), other.clone()] {
            assert_eq!(verified_at(&forged, NOW), Err(IdentityError::Forged));
        }
        let empty = format!("{payload}.");
        assert_eq!(verified_at(&empty, NOW), Err(IdentityError::Forged));
        for at in 0..signed.len() {
            let mut bytes = signed.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let flipped = String::from_utf8(bytes).unwrap();
            assert!(verified_at(&flipped, NOW).is_err(), "byte {at}");
        }
    }

    #[test]
    fn expired_identity_is_refused_however_often_it_was_valid() {
        let signed = sign(CLAIMS, SECRET);
        assert!(verified_at(&signed, NOW + 599).is_ok());
        for later in [600, 601, 100_000] {
            let verified = verified_at(&signed, NOW + later);
            assert_eq!(verified, Err(IdentityError::Expired));
        }
    }

    #[test]
    fn identity_must_be_short_lived() {
        let of_an_hour = changed("1800000600", "1800003590");
        assert!(of_an_hour.is_ok(), "{of_an_hour:?}");
        let longer = changed("1800000600", "1800003591");
        assert_eq!(longer, Err(IdentityError::TooLong));
        let future = changed("1799999990", "1800000061");
        assert_eq!(future, Err(IdentityError::NotYet));
        assert!(changed("1799999990", "1800000060").is_ok(), "clocks differ");
        let endless = changed("1800000600", "18446744073709551615");
        assert_eq!(endless, Err(IdentityError::TooLong));
    }

    #[test]
    fn identity_for_another_key_is_refused() {
        let other = changed(r#""aud":"shop""#, r#""aud":"shop2""#);
        assert_eq!(other, Err(IdentityError::OtherKey));
    }

    #[test]
    fn malformed_identities_are_refused() {
        for signed in [
            "".to_owned(),
            ".".repeat(3),
            "no dot".to_owned(),
            sign("", SECRET),
            sign("[]", SECRET),
            sign(r#"{"sub":"a","aud":"shop","exp":1800000600}"#, SECRET),
            sign(CLAIMS, SECRET) + "=",
        ] {
            let verified = verified_at(&signed, NOW);
            assert!(verified.is_err(), "{signed}");
        }
        for (from, to) in [
            ("c-17".to_owned(), String::new()),
            ("c-17".to_owned(), "c".repeat(ATTR_VALUE_BYTES_MAX + 1)),
            (r#""orders":3"#.to_owned(), r#""orders":[3]"#.to_owned()),
            (r#""orders":3"#.to_owned(), r#""Orders":3"#.to_owned()),
            ("Mei Lin".to_owned(), r"Mei\nLin".to_owned()),
            (r#""iat":1799999990"#.to_owned(), r#""iat":-1"#.to_owned()),
        ] {
            assert_eq!(changed(&from, &to), Err(IdentityError::Malformed), "{to}");
        }
        let many: Vec<_> = (0..=ATTRS_MAX).map(|n| format!(r#""a{n}":1"#)).collect();
        let many = changed(r#""orders":3"#, &many.join(","));
        assert_eq!(many, Err(IdentityError::Malformed));
    }
}
