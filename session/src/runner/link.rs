//! The connection: events and pushed entries, in order, as inputs.

use std::sync::mpsc::Sender;
use std::time::Duration;

use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Client, Error, Event, Events};
use tokio::time::timeout;

use super::thread::Letter;
use crate::{Input, Link, LinkFault};

/// How long the first connection may take before it is shown as missing.
const FIRST_TIME: Duration = Duration::from_secs(5);

/// Where inputs go: to the session's thread.
#[derive(Clone, Debug)]
pub(crate) struct Inputs(pub(crate) Sender<Letter>);

impl Inputs {
    /// Sends an input. Has no effect once the session is closed.
    pub(crate) fn give(&self, input: Input) {
        let _ = self.0.send(Letter::Input(input));
    }
}

/// Passes on what the client reports, until it ends.
pub(crate) async fn run(client: Client, mut events: Events, inputs: Inputs) {
    let first = timeout(FIRST_TIME, events.next()).await;
    let mut next = match first {
        Ok(event) => event,
        Err(_) => {
            inputs.give(Input::Link(Link::Offline {
                why: LinkFault::Unreachable,
                again_at: None,
            }));
            events.next().await
        }
    };
    while let Some(event) = next {
        pass_on(event, &inputs);
        next = events.next().await;
    }
    // Any request tells why.
    let why = match client.conversations().unfocus().await {
        Err(Error::Closed) | Ok(()) => return,
        Err(error) => fault(&error),
    };
    inputs.give(Input::Link(Link::Ended(why)));
}

fn pass_on(event: Event, inputs: &Inputs) {
    match event {
        Event::Entries(run) => match run.messages() {
            Ok(messages) => inputs.give(Input::Entries(messages)),
            Err(_) => inputs.give(Input::Event(Box::new(Event::Lagged(1)))),
        },
        Event::Reconnected => {
            inputs.give(Input::Link(Link::Online));
            inputs.give(Input::Event(Box::new(Event::Reconnected)));
        }
        Event::Disconnected { reason } => {
            inputs.give(Input::Link(Link::Offline {
                why: LinkFault::Lost,
                again_at: None,
            }));
            inputs.give(Input::Event(Box::new(Event::Disconnected { reason })));
        }
        event => inputs.give(Input::Event(Box::new(event))),
    }
}

fn fault(error: &Error) -> LinkFault {
    match error {
        Error::WrongPin { .. } => LinkFault::WrongPin,
        Error::VersionMismatch { .. } | Error::NotCairn { .. } => LinkFault::Incompatible,
        Error::Ended(CloseCode::Revoked | CloseCode::AuthFailed)
        | Error::LoginRefused {
            code: ErrorCode::AuthFailed,
            ..
        } => LinkFault::Revoked,
        Error::LoginRefused { code, .. } => LinkFault::Refused(*code),
        _ => LinkFault::Other,
    }
}
