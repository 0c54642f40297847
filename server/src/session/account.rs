//! Requests about passwords and keys: hashes and random tokens are made outside of the sequencer.

use cairn_core::api::command::{AllowReset, FindOwnAccount, OwnAccount, ReplacePassword};
use cairn_core::api::desk::MakeDeskKey;
use cairn_proto::secret::{DeskKey, DeskSecret, ResetToken};
use cairn_proto::text::{Password, UserName};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::request::session::{
    CreateReset, DeskKeyMade, NewDeskKey, NewReset, SetPassword,
};
use tokio::time::Instant;

use crate::session::login::hash_permit;
use crate::session::requests::Asker;
use crate::session::secret_hash::secret_hash;

pub(super) async fn set_password(asker: Asker, call: SetPassword) -> Result<(), ErrorCode> {
    let SetPassword {
        old,
        new,
        end_other_devices,
    } = call;
    new.check_new().map_err(|_| ErrorCode::BadRequest)?;
    let OwnAccount { name, password } = asker
        .shared
        .ask(asker.actor.into(), FindOwnAccount(asker.actor))
        .await?;
    if password.is_some() {
        let old = old.ok_or(ErrorCode::AuthFailed)?;
        verify(&asker, &name, old, password.clone()).await?;
    }
    let permit = hash_permit(&asker.shared, &asker.session, Some(&name), true).await?;
    let new = permit.hash(new).await.ok_or(ErrorCode::LimitReached)?;
    asker
        .shared
        .ask(
            asker.actor.into(),
            ReplacePassword {
                actor: asker.actor,
                verified: password,
                password: new,
                end_other_devices,
            },
        )
        .await
}

/// Verifies the old password. A wrong one counts as a failed login, so that it cannot be guessed on
/// a device that was left open.
async fn verify(
    asker: &Asker,
    name: &UserName,
    old: Password,
    hash: Option<Box<str>>,
) -> Result<(), ErrorCode> {
    let permit = hash_permit(&asker.shared, &asker.session, Some(name), true).await?;
    if permit.matches(old, hash).await {
        return Ok(());
    }
    let address = asker.session.connection.remote_address().ip();
    let limiter = &asker.shared.login_rate_limiter;
    limiter.failed(address, Some(name), Instant::now());
    Err(ErrorCode::AuthFailed)
}

pub(super) async fn create_reset(asker: Asker, call: CreateReset) -> Result<NewReset, ErrorCode> {
    let Asker { shared, actor, .. } = asker;
    let CreateReset { user, keep_devices } = call;
    let mut token = [0; 16];
    let filled = shared.host.random.fill(&mut token);
    filled.map_err(|_| ErrorCode::LimitReached)?;
    shared
        .ask(
            actor.into(),
            AllowReset {
                actor,
                user,
                token: secret_hash(&token),
                keep_devices,
            },
        )
        .await?;
    Ok(NewReset {
        addr: shared.advertised.clone(),
        token: ResetToken::new(token),
    })
}

pub(super) async fn new_desk_key(asker: Asker, call: NewDeskKey) -> Result<DeskKeyMade, ErrorCode> {
    let Asker { shared, actor, .. } = asker;
    let NewDeskKey {
        queue,
        requires_signature,
    } = call;
    let (mut key, mut secret) = ([0; 16], [0; 32]);
    let random = &shared.host.random;
    random
        .fill(&mut key)
        .and_then(|()| random.fill(&mut secret))
        .map_err(|_| ErrorCode::LimitReached)?;
    let secret = DeskSecret::new(secret);
    let make = MakeDeskKey {
        actor,
        key: secret_hash(&key),
        secret,
        queue,
        requires_signature,
    };
    let id = shared.ask(actor.into(), make).await?;
    Ok(DeskKeyMade {
        addr: shared.advertised.clone(),
        key: DeskKey::new(key),
        id,
        secret,
    })
}
