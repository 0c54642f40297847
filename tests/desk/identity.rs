//! Visitors whom a shop vouches for: the signature is checked before anything else.

use std::time::{SystemTime, UNIX_EPOCH};

use cairn_client::proto::model::desk::VisitorInfo;
use cairn_client::proto::secret::DeskSecret;
use cairn_client::proto::text::SignedIdentity;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::desk::GetInquiry;
use cairn_client::proto::wire::request::session::{DeskKeyMade, NewDeskKey};
use ring::hmac;

use crate::desk::Desk;
use crate::desk::people::{self, Visitor, token};

/// What a shop's server does.
struct Shop {
    secret: DeskSecret,
    key_id: String,
}

impl Shop {
    fn of(key: &DeskKeyMade) -> Self {
        Self {
            secret: key.secret,
            key_id: key.id.to_string(),
        }
    }

    /// Signs a visitor, from `issued` to `expires` seconds from now.
    fn sign(&self, sub: &str, issued: i64, expires: i64) -> SignedIdentity {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = i64::try_from(now.as_secs()).unwrap();
        let claims = serde_json::json!({
            "sub": sub,
            "aud": self.key_id,
            "iat": now + issued,
            "exp": now + expires,
            "name": "Mei Lin",
            "attrs": {"orders": 3},
        });
        let payload = base64url(claims.to_string().as_bytes());
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_bytes());
        let signature = base64url(hmac::sign(&key, payload.as_bytes()).as_ref());
        SignedIdentity::new(format!("{payload}.{signature}")).unwrap()
    }
}

fn base64url(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let group = |chunk: &[u8]| {
        let mut bits = [0; 4];
        bits[1..=chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes(bits);
        let letter = |at: usize| char::from(LETTERS[(bits >> (18 - 6 * at)) as usize & 63]);
        (0..=chunk.len()).map(letter).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

async fn visit(
    desk: &Desk,
    key: &DeskKeyMade,
    identity: Option<SignedIdentity>,
) -> Result<(), ErrorCode> {
    let credentials = cairn_client::proto::wire::hello::VisitorCredentials {
        identity,
        ..people::credentials(key, token())
    };
    let visited = people::visit(&desk.server, credentials, people::FIRST).await;
    visited.map(drop)
}

#[tokio::test]
async fn only_valid_identities_are_accepted() {
    let mut desk = Desk::open(|_| {}).await;
    let new_key = NewDeskKey {
        queue: desk.queue,
        requires_signature: true,
    };
    let key = desk.admin.ask(new_key).await.unwrap();
    let shop = Shop::of(&key);
    let other_secret = Shop {
        secret: desk.key.secret,
        ..Shop::of(&key)
    };
    let other_key = Shop {
        key_id: desk.key.id.to_string(),
        ..Shop::of(&key)
    };
    let valid = shop.sign("c-17", -5, 600);
    visit(&desk, &key, Some(valid.clone())).await.unwrap();
    let refused = Err(ErrorCode::BadIdentity);
    assert_eq!(visit(&desk, &key, None).await, refused);
    for (identity, why) in [
        (other_secret.sign("c-17", -5, 600), "forged"),
        (other_key.sign("c-17", -5, 600), "another key"),
        (shop.sign("c-17", -700, -1), "replayed after it expired"),
        (shop.sign("c-17", -5, 7200), "valid for too long"),
        (shop.sign("c-17", 600, 1200), "of the future"),
    ] {
        assert_eq!(visit(&desk, &key, Some(identity)).await, refused, "{why}");
    }
    // Nor for the other desk, whose key asks for none.
    assert_eq!(visit(&desk, &desk.key, Some(valid)).await, refused);
    visit(&desk, &desk.key, None).await.unwrap();
}

/// Reported: two users of one browser become one, and the other way round.
#[tokio::test]
async fn signed_visitor_is_one_on_all_devices_and_no_other() {
    let mut desk = Desk::open(|_| {}).await;
    desk.open_the_doors().await;
    let shop = Shop::of(&desk.key);
    let connect = async |sub: &str, token| {
        let credentials = cairn_client::proto::wire::hello::VisitorCredentials {
            identity: Some(shop.sign(sub, -5, 600)),
            ..people::credentials(&desk.key, token)
        };
        Visitor::connect_with(&desk.server, credentials).await
    };
    let (phone, laptop) = (token(), token());
    let mut on_phone = connect("c-17", phone).await;
    let conversation = on_phone.opens("from my phone").await.unwrap().conversation;
    let on_laptop = connect("c-17", laptop).await;
    let known = on_laptop.welcome.inquiry.unwrap();
    assert_eq!(known.conversation, conversation);
    // Another customer who uses the same device.
    let other = connect("c-18", phone).await;
    assert_eq!(other.welcome.inquiry, None);
    // The token alone is another visitor.
    let unsigned = Visitor::connect(&desk.server, &desk.key, phone).await;
    assert_eq!(unsigned.welcome.inquiry, None);

    let info = desk.admin.ask(GetInquiry { conversation }).await.unwrap();
    let VisitorInfo {
        name, sub, attrs, ..
    } = info.visitor;
    assert_eq!(name.unwrap().as_str(), "Mei Lin");
    assert_eq!(sub.unwrap().as_str(), "c-17");
    let orders = attrs.iter().find(|attr| attr.name.as_str() == "orders");
    let orders = orders.unwrap();
    assert!(orders.is_signed && orders.value.as_str() == "3");
}
