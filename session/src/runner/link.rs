//! The connection: events and pushed entries, in order, as inputs.

use std::time::Duration;

use cairn_client::proto::wire::close::CloseCode;
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::{Client, Error, Event, Events};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::timeout;

use super::clock::WallClock;
use super::thread::Letter;
use crate::time::plus;
use crate::{Input, Link, LinkFault};

/// How long the first connection may take before it is shown as missing.
const FIRST_TIME: Duration = Duration::from_secs(5);

/// Where inputs go: to the session's thread, which has this clock.
#[derive(Clone, Debug)]
pub(crate) struct Inputs(pub(crate) UnboundedSender<Letter>, pub(crate) WallClock);

impl Inputs {
    /// Sends an input. Has no effect once the session is closed.
    pub(crate) fn give(&self, input: Input) {
        let _ = self.0.send(Letter::Input(input));
    }

    /// Sends the answer to the overview of this number, of those that were requested.
    pub(crate) fn give_overview(&self, number: u64, answer: Input) {
        let _ = self.0.send(Letter::Overview(number, answer));
    }
}

/// Passes on what the client reports, until it ends.
pub(crate) async fn run(client: Client, mut events: Events, inputs: Inputs) {
    let first = timeout(FIRST_TIME, events.next()).await;
    let mut why = LinkFault::Unreachable;
    let mut next = match first {
        Ok(event) => event,
        Err(_) => {
            inputs.give(Input::Link(Link::Offline {
                why,
                again_at: None,
            }));
            events.next().await
        }
    };
    while let Some(event) = next {
        pass_on(event, client.is_agent(), &mut why, &inputs);
        next = events.next().await;
    }
    // Any request tells why.
    let why = match client.conversations().unfocus().await {
        Err(Error::Closed) | Ok(()) => return,
        Err(error) => fault(&error),
    };
    inputs.give(Input::Link(Link::Ended(why)));
}

/// Passes on an event. `why` is the cause of the present absence.
fn pass_on(event: Event, is_agent: bool, why: &mut LinkFault, inputs: &Inputs) {
    match event {
        Event::Entries(run) => match run.messages() {
            Ok(messages) => inputs.give(Input::Entries(messages)),
            Err(_) => inputs.give(Input::Event(Box::new(Event::Lagged(1)))),
        },
        Event::Reconnected => {
            *why = LinkFault::Lost;
            inputs.give(Input::Link(Link::Online));
            inputs.give(Input::Event(Box::new(Event::Reconnected)));
            inputs.give(Input::Agent(is_agent));
        }
        Event::Disconnected { reason } => {
            *why = LinkFault::Lost;
            inputs.give(Input::Link(Link::Offline {
                why: *why,
                again_at: None,
            }));
            inputs.give(Input::Event(Box::new(Event::Disconnected { reason })));
        }
        Event::Waiting { time } => inputs.give(Input::Link(Link::Offline {
            why: *why,
            again_at: Some(plus(inputs.1.now(), time)),
        })),
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
