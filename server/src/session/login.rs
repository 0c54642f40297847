//! Authentication: from the client's first frame to a registered session.

use std::sync::Arc;

use cairn_proto::ids::{DeviceId, SendStreamId};
use cairn_proto::limits::HELLO_BYTES_MAX;
use cairn_proto::secret::DeviceToken;
use cairn_proto::text::{DeviceName, Password, UserName};
use cairn_proto::wire::close::CloseCode;
use cairn_proto::wire::codec::{self, DecodeError};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::hello::{Capabilities, ClientFrame, Credentials, Hello, Welcome};
use cairn_proto::wire::response::ServerFrame;
use cairn_proto::{WIRE_VERSION, limits as wire};
use tokio::time::Instant;

use crate::desk::visit::{self, VisitStart};
use crate::fairness::hash_queue::HashPermit;
use crate::host::Random;
use crate::limits;
use crate::principal::Principal;
use crate::sequencer::ticket::job;
use crate::session::Session;
use crate::session::registration::{self, Begin};
use crate::session::requests;
use crate::session::secret_hash::secret_hash;
use crate::shared::Shared;
use crate::transport::Lost;
use crate::transport::framing::{FrameReader, ReadError};
use cairn_core::api::command::{
    AddDevice, FindAccount, Join, LoggedIn, Login, NewDevice, Reset, StreamPast,
};
use cairn_core::record::SecretHash;

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("no login within {} seconds", wire::LOGIN_TIME_MAX.as_secs())]
    Silent,
    #[error("the connection went away before the login: {0}")]
    Gone(#[from] Lost),
    #[error("no first frame: {0}")]
    Read(#[from] ReadError),
    #[error("the first frame is malformed: {0}")]
    Malformed(#[from] DecodeError),
    #[error("a request came before the login")]
    NotLoggedIn,
    #[error(
        "the client speaks version {0} of the protocol, this server {WIRE_VERSION}; \
         update the {older}",
        older = older_side(*.0)
    )]
    Version(u16),
    #[error("the login was refused: {0}")]
    Refused(ErrorCode),
}

const fn older_side(client: u16) -> &'static str {
    if client < WIRE_VERSION {
        "client"
    } else {
        "server"
    }
}

impl Refusal {
    #[must_use]
    pub(crate) const fn close_code(&self) -> CloseCode {
        match self {
            Self::Silent => CloseCode::AuthTimeout,
            Self::Read(ReadError::Frame(_)) => CloseCode::FrameTooBig,
            Self::Gone(_) | Self::Read(_) | Self::Malformed(_) => CloseCode::Protocol,
            Self::Version(_) => CloseCode::Version,
            Self::Refused(ErrorCode::TooManySessions) => CloseCode::Rate,
            Self::NotLoggedIn | Self::Refused(_) => CloseCode::AuthFailed,
        }
    }
}

pub(crate) async fn read_hello(reader: &mut FrameReader) -> Result<Hello, Refusal> {
    let frame = reader.next(HELLO_BYTES_MAX).await?;
    // The layout after the version number may differ in another version.
    if let Some(version) = ClientFrame::hello_version(&frame).filter(|&v| v != WIRE_VERSION) {
        return Err(Refusal::Version(version));
    }
    match codec::decode(&frame, HELLO_BYTES_MAX)? {
        ClientFrame::Hello(hello) => Ok(hello),
        ClientFrame::Request(..) => Err(Refusal::NotLoggedIn),
    }
}

/// Begins the session of a user or a visitor. The hub has registered it when this returns.
pub(crate) async fn begin(
    shared: &Shared,
    session: &Arc<Session>,
    mut hello: Hello,
) -> Result<ServerFrame, ErrorCode> {
    match hello.credentials {
        Credentials::Visitor(visitor) => {
            let start = VisitStart {
                stream: hello.send_stream,
                is_resumed: hello.is_resumed,
                stream_began: hello.stream_began,
                push: hello.push,
            };
            let welcome = visit::begin(shared, session, *visitor, start).await?;
            Ok(ServerFrame::Visiting(Box::new(welcome)))
        }
        credentials => {
            hello.credentials = credentials;
            let welcome = log_in(shared, session, hello).await?;
            Ok(ServerFrame::Welcome(welcome))
        }
    }
}

/// Logs the client in. The hub has registered the session when this returns.
async fn log_in(
    shared: &Shared,
    session: &Arc<Session>,
    hello: Hello,
) -> Result<Welcome, ErrorCode> {
    let Hello {
        credentials,
        send_stream,
        is_resumed,
        stream_began,
        push,
        since,
        ..
    } = hello;
    if is_resumed {
        session.resume_stream();
    }
    let address = session.connection.remote_address().ip();
    let name = match &credentials {
        Credentials::Password { name, .. } => Some(name.clone()),
        _ => None,
    };
    // A token has 256 random bits and cannot be guessed, and a device with a token must not be
    // locked out by others at its address.
    let is_guess = !matches!(credentials, Credentials::Token(_));
    if is_guess
        && !shared
            .login_rate_limiter
            .allows(address, name.as_ref(), Instant::now())
    {
        return Err(ErrorCode::RateLimited);
    }
    let new_login = |device| NewLogin {
        device,
        send_stream,
        push,
    };
    let outcome = match credentials {
        Credentials::Token(token) => {
            let command = Login {
                token: secret_hash(token.as_bytes()),
                stream: send_stream,
                stream_past: if is_resumed {
                    StreamPast::Resumed(stream_began)
                } else {
                    StreamPast::New
                },
                push,
                since,
            };
            register(shared, session, command)
                .await
                .map(|logged_in| (logged_in, None))
        }
        Credentials::Password {
            name,
            password,
            device,
        } => with_password(shared, session, name, password, new_login(device)).await,
        Credentials::Invite {
            token,
            name,
            password,
            device,
        } => {
            let token = secret_hash(token.as_bytes());
            with_invite(shared, session, token, name, password, new_login(device)).await
        }
        Credentials::Reset {
            token,
            password,
            device,
        } => {
            let token = secret_hash(token.as_bytes());
            with_reset(shared, session, token, password, new_login(device)).await
        }
        // Begins a visit instead.
        Credentials::Visitor(_) => Err(ErrorCode::BadRequest),
    };
    let (logged_in, token) = outcome.inspect_err(|code| {
        if is_guess && is_failed_guess(*code) {
            shared
                .login_rate_limiter
                .failed(address, name.as_ref(), Instant::now());
        }
    })?;
    let LoggedIn {
        actor,
        name,
        role,
        mut overview,
        now,
        ..
    } = *logged_in;
    requests::fill_last(shared, &mut overview).await?;
    Ok(Welcome {
        capabilities: Capabilities::NONE,
        user: actor.user,
        name,
        role,
        device: actor.device,
        token,
        now,
        overview,
        is_agent: shared.hub.is_agent(actor.user),
    })
}

const fn is_failed_guess(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::AuthFailed | ErrorCode::BadInvite | ErrorCode::BadReset
    )
}

struct NewLogin {
    device: DeviceName,
    send_stream: SendStreamId,
    push: bool,
}

type Outcome = Result<(Box<LoggedIn>, Option<DeviceToken>), ErrorCode>;

async fn with_password(
    shared: &Shared,
    session: &Arc<Session>,
    name: UserName,
    password: Password,
    login: NewLogin,
) -> Outcome {
    let account = shared
        .ask(principal_of(session), FindAccount(name.clone()))
        .await?;
    let (user, hash) = account
        .map(|account| (account.user, account.password))
        .unzip();
    let permit = hash_permit(shared, session, Some(&name), user.is_some()).await?;
    let matches = permit.matches(password, hash.flatten()).await;
    let user = user.filter(|_| matches).ok_or(ErrorCode::AuthFailed)?;
    let (device, token) = new_device(&shared.host.random, login)?;
    let logged_in = register(shared, session, AddDevice { user, device }).await?;
    Ok((logged_in, Some(token)))
}

async fn with_invite(
    shared: &Shared,
    session: &Arc<Session>,
    invite: SecretHash,
    name: UserName,
    password: Option<Password>,
    login: NewLogin,
) -> Outcome {
    let password = match password {
        Some(password) => {
            password.check_new().map_err(|_| ErrorCode::BadRequest)?;
            check_join(shared, session, invite, &name).await?;
            let permit = hash_permit(shared, session, None, false).await?;
            // The invite may have been used up during the wait.
            check_join(shared, session, invite, &name).await?;
            let hash = permit.hash(password).await;
            Some(hash.ok_or(ErrorCode::LimitReached)?)
        }
        None => None,
    };
    let (device, token) = new_device(&shared.host.random, login)?;
    let command = Join {
        invite,
        name,
        password,
        device,
    };
    let logged_in = register(shared, session, command).await?;
    Ok((logged_in, Some(token)))
}

async fn with_reset(
    shared: &Shared,
    session: &Arc<Session>,
    token: SecretHash,
    password: Password,
    login: NewLogin,
) -> Outcome {
    password.check_new().map_err(|_| ErrorCode::BadRequest)?;
    check_reset(shared, session, token).await?;
    let permit = hash_permit(shared, session, None, false).await?;
    // The link may have been used during the wait.
    check_reset(shared, session, token).await?;
    let password = permit.hash(password).await.ok_or(ErrorCode::LimitReached)?;
    let (device, new_token) = new_device(&shared.host.random, login)?;
    let command = Reset {
        token,
        password,
        device,
    };
    let logged_in = register(shared, session, command).await?;
    Ok((logged_in, Some(new_token)))
}

/// Returns why a reset would be refused, without the cost of a password hash.
async fn check_reset(
    shared: &Shared,
    session: &Session,
    token: SecretHash,
) -> Result<(), ErrorCode> {
    let (ticket, answer) = job(move |decider| decider.check_reset(token));
    shared.submit(principal_of(session), ticket, answer).await
}

/// Returns why a join would be refused, without the cost of a password hash.
async fn check_join(
    shared: &Shared,
    session: &Session,
    invite: SecretHash,
    name: &UserName,
) -> Result<(), ErrorCode> {
    let name = name.clone();
    let (ticket, answer) = job(move |decider| decider.check_join(invite, &name));
    shared.submit(principal_of(session), ticket, answer).await
}

/// Waits for the permit to compute one hash.
pub(super) async fn hash_permit(
    shared: &Shared,
    session: &Session,
    name: Option<&UserName>,
    is_user: bool,
) -> Result<HashPermit, ErrorCode> {
    let address = session.connection.remote_address().ip();
    let permit = shared
        .hash_queue
        .permit(principal_of(session), is_user)
        .await
        .map_err(|_| ErrorCode::RateLimited)?;
    // Checked again after the wait: of many concurrent guesses, the first ones have failed by now.
    let limiter = &shared.login_rate_limiter;
    match limiter.allows(address, name, Instant::now()) {
        true => Ok(permit),
        false => Err(ErrorCode::RateLimited),
    }
}

fn new_device(random: &Random, login: NewLogin) -> Result<(NewDevice, DeviceToken), ErrorCode> {
    let (mut id, mut token) = ([0; 8], [0; 32]);
    random
        .fill(&mut id)
        .and_then(|()| random.fill(&mut token))
        .map_err(|_| ErrorCode::LimitReached)?;
    let NewLogin {
        device: name,
        send_stream: stream,
        push,
    } = login;
    let id = DeviceId::new(u64::from_le_bytes(id));
    Ok((
        NewDevice {
            id,
            name,
            token: secret_hash(&token),
            stream,
            push,
        },
        DeviceToken::new(token),
    ))
}

async fn register(
    shared: &Shared,
    session: &Arc<Session>,
    command: impl Begin,
) -> Result<Box<LoggedIn>, ErrorCode> {
    let (ticket, answer) = registration::log_in(session.clone(), shared.seats.clone(), command);
    let ticket = ticket.costing(limits::LOGIN_COST);
    let principal = principal_of(session);
    shared.submit(principal, ticket, answer).await
}

/// Returns whom the login is accounted to.
fn principal_of(session: &Session) -> Principal {
    Principal::at(session.connection.remote_address().ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_refusal_names_the_side_to_update() {
        let older = Refusal::Version(WIRE_VERSION - 1).to_string();
        assert!(older.ends_with("; update the client"), "{older}");
        let newer = Refusal::Version(WIRE_VERSION + 1).to_string();
        assert!(newer.ends_with("; update the server"), "{newer}");
    }
}
