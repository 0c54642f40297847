//! Sessions of visitors, from the hello to the first message.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cairn_core::api::command::StreamPast;
use cairn_core::api::desk::{Claims, FindDesk, FoundDesk, OpenVisit, VisitorIn, VisitorLogin};
use cairn_core::record::SecretHash;
use cairn_proto::ids::{SendStreamId, VisitorId};
use cairn_proto::model::desk::{VisitorInquiry, VisitorState};
use cairn_proto::text::{DisplayName, Language, SignedIdentity};
use cairn_proto::wire::error::ErrorCode;
use cairn_proto::wire::hello::{Capabilities, VisitorCredentials, VisitorWelcome};
use cairn_proto::wire::overview::Moment;
use cairn_proto::wire::request::session::OpenInquiry;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;
use tracing::debug;

use crate::desk::identity;
use crate::fairness::visitors::Connection;
use crate::limits;
use crate::principal::{Principal, visitor_of};
use crate::sequencer::publication::Registration;
use crate::sequencer::ticket::job;
use crate::session::Session;
use crate::session::registration;
use crate::session::requests::Asker;
use crate::session::secret_hash::secret_hash;
use crate::shared::Shared;

/// What the server knows of a visitor beside the state of the desk.
#[derive(Debug)]
pub(crate) struct Visit {
    /// Proof of who it is, of which the visitor's id is the beginning.
    key: SecretHash,
    /// Hash of the key of the desk.
    desk: SecretHash,
    claims: Option<Claims>,
    name: Option<DisplayName>,
    language: Option<Language>,
    has_open: AtomicBool,
    is_answered: AtomicBool,
    _connection: Connection,
}

impl Visit {
    /// Records where the visitor's inquiry stands.
    pub(crate) fn note(&self, inquiry: Option<&VisitorInquiry>) {
        let state = inquiry.map(|inquiry| &inquiry.state);
        let has_open = !matches!(state, None | Some(VisitorState::Closed { .. }));
        let is_answered = matches!(state, Some(VisitorState::Answered { .. }));
        self.has_open.store(has_open, Ordering::Relaxed);
        self.is_answered.store(is_answered, Ordering::Relaxed);
    }

    /// Returns whether an agent holds the visitor's inquiry.
    #[must_use]
    pub(crate) fn is_answered(&self) -> bool {
        self.is_answered.load(Ordering::Relaxed)
    }
}

/// What a hello says beside who the visitor is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VisitStart {
    pub(crate) stream: SendStreamId,
    pub(crate) is_resumed: bool,
    pub(crate) stream_began: Option<Moment>,
    pub(crate) push: bool,
}

/// Begins the session of a visitor. The hub has registered it when this returns.
pub(crate) async fn begin(
    shared: &Shared,
    session: &Arc<Session>,
    credentials: VisitorCredentials,
    start: VisitStart,
) -> Result<VisitorWelcome, ErrorCode> {
    let VisitorCredentials {
        key: desk,
        token,
        identity,
        name,
        language,
    } = credentials;
    let address = session.connection.remote_address().ip();
    // First of all: what follows takes a turn of the sequencer.
    let connection = shared.hub.visitors.connect(address);
    let connection = connection.ok_or(ErrorCode::TooManySessions)?;
    let desk = secret_hash(desk.as_bytes());
    let found = shared.ask(Principal::at(address), FindDesk(desk)).await?;
    let claims = claims(shared, &found, identity.as_ref())?;
    let key = match &claims {
        Some(claims) => key_of_signed(&desk, claims),
        None => secret_hash(token.as_bytes()),
    };
    if start.is_resumed {
        session.resume_stream();
    }
    session.begin_visit(Visit {
        key,
        desk,
        claims,
        name,
        language,
        has_open: AtomicBool::new(false),
        is_answered: AtomicBool::new(false),
        _connection: connection,
    });
    let command = VisitorLogin {
        visitor: id_of(&key),
        key,
        desk,
        stream: start.stream,
        stream_past: match start.is_resumed {
            true => StreamPast::Resumed(start.stream_began),
            false => StreamPast::New,
        },
        push: start.push,
    };
    let (ticket, answer) = registration::visit(session.clone(), shared.seats.clone(), command);
    let ticket = ticket.costing(limits::VISIT_COST);
    let VisitorIn {
        desk,
        inquiry,
        as_of,
        now,
        ..
    } = shared
        .submit(Principal::at(address), ticket, answer)
        .await?;
    Ok(VisitorWelcome {
        capabilities: Capabilities::NONE,
        visitor: id_of(&key),
        now,
        as_of,
        desk,
        inquiry,
    })
}

fn claims(
    shared: &Shared,
    found: &FoundDesk,
    identity: Option<&SignedIdentity>,
) -> Result<Option<Claims>, ErrorCode> {
    let Some(identity) = identity else {
        return match found.requires_signature {
            true => Err(ErrorCode::BadIdentity),
            false => Ok(None),
        };
    };
    let key = found.id.to_string();
    match identity::verify(identity, &found.secret, &key, shared.host.clock.now()) {
        Ok(claims) => Ok(Some(claims)),
        Err(error) => {
            debug!(%key, %error, "refused a signed identity");
            shared.hub.visitors.note_bad_identity();
            Err(ErrorCode::BadIdentity)
        }
    }
}

/// Returns the key of a visitor whom a shop vouches for. It depends on the desk's key: another shop
/// on this server must not be able to name this one's visitors.
fn key_of_signed(desk: &SecretHash, claims: &Claims) -> SecretHash {
    let mut hash = Sha256::new();
    hash.update(b"cairn visitor\0");
    hash.update(desk.0);
    hash.update(claims.sub.as_str());
    SecretHash(hash.finalize().into())
}

fn id_of(key: &SecretHash) -> VisitorId {
    let [a, b, c, d, e, f, g, h, ..] = key.0;
    VisitorId::new(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
}

/// Opens an inquiry, or sends its text in the one that is open.
pub(crate) async fn open(asker: Asker, call: OpenInquiry) -> Result<VisitorInquiry, ErrorCode> {
    let Asker {
        shared,
        session,
        actor,
    } = asker;
    let visit = session.visit().ok_or(ErrorCode::Forbidden)?;
    let address = session.connection.remote_address().ip();
    // A retry opens nothing. If this does not know yet that there is an inquiry, it is counted.
    let opens = !visit.has_open.load(Ordering::Relaxed);
    if opens && !shared.hub.openings.allow(address, Instant::now()) {
        return Err(ErrorCode::RateLimited);
    }
    let command = OpenVisit {
        actor: session.author_of_send(actor),
        key: visit.key,
        desk: visit.desk,
        claims: visit.claims.clone(),
        name: visit.name.clone(),
        language: visit.language.clone(),
        request: call,
    };
    let (ticket, answer) = job(move |decider| {
        let opened = decider.execute(command)?;
        if let Some(visitor) = visitor_of(actor) {
            let inquiry = Box::new(opened.clone());
            decider.register(Registration::Inquiry { visitor, inquiry });
        }
        Ok(opened)
    });
    let ticket = ticket.costing(limits::VISIT_COST);
    shared.submit(actor.into(), ticket, answer).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_visitor_belongs_to_one_desk() {
        let claims = |sub: &str| Claims {
            sub: sub.parse().unwrap(),
            name: None,
            attrs: Vec::new(),
        };
        let key = |desk: u8, sub| key_of_signed(&SecretHash([desk; 32]), &claims(sub));
        assert_eq!(key(1, "c-17"), key(1, "c-17"));
        assert_ne!(key(1, "c-17"), key(2, "c-17"));
        assert_ne!(key(1, "c-17"), key(1, "c-18"));
        assert_eq!(id_of(&SecretHash([1; 32])).to_string(), "0101010101010101");
    }
}
