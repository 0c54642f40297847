//! What a command works with: the profile, the input, and a client.

use cairn_client::{Client, Options, Reconnect};
use cairn_proto::invite::ServerAddr;
use tokio::sync::{Notify, OnceCell};

use crate::cli::account::profile::Profile;
use crate::cli::failure::Failure;
use crate::cli::input::Input;

/// What there is without a client. Commands that need no session get this alone.
#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) profile: Profile,
    pub(crate) input: Input,
}

/// What a command that talks to a server works with.
///
/// An interactive client lends its own session. A process of its own logs in with the profile once
/// the command asks for the client, so that a command whose input is wrong connects to nothing.
#[derive(Debug)]
pub struct Context<'a> {
    session: Session<'a>,
    input: Input,
}

#[derive(Debug)]
enum Session<'a> {
    Open {
        client: &'a Client,
        server: ServerAddr,
    },
    OnDemand {
        profile: &'a Profile,
        client: OnceCell<Client>,
        opened: Notify,
    },
}

/// What a command does with a session that is opened for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conduct {
    /// Sends requests and exits. Fails when the connection breaks, instead of waiting.
    Ask,
    /// Sends messages: reconnects until every one is accepted.
    Deliver,
    /// Receives messages and events, and reconnects for as long as it runs.
    Listen,
}

impl Conduct {
    pub(crate) fn options(self) -> Options {
        let defaults = Options::default();
        match self {
            Self::Ask => Options {
                push: false,
                reconnect: Reconnect::Never,
                ..defaults
            },
            Self::Deliver => Options {
                push: false,
                ..defaults
            },
            Self::Listen => defaults,
        }
    }
}

impl<'a> Context<'a> {
    /// A context in which commands use this client, and leave it open.
    #[must_use]
    pub const fn of_client(client: &'a Client, server: ServerAddr, input: Input) -> Self {
        Self {
            session: Session::Open { client, server },
            input,
        }
    }

    /// A context that logs in with the profile when a command asks for the client.
    pub(crate) fn on_demand(local: &'a Local) -> Self {
        Self {
            session: Session::OnDemand {
                profile: &local.profile,
                client: OnceCell::new(),
                opened: Notify::new(),
            },
            input: local.input.clone(),
        }
    }

    pub(crate) const fn input(&self) -> &Input {
        &self.input
    }

    /// Returns the client, which is opened at the first call. A session that was lent keeps its
    /// own options.
    pub(crate) async fn client(&self, conduct: Conduct) -> Result<&Client, Failure> {
        match &self.session {
            Session::Open { client, .. } => Ok(client),
            Session::OnDemand {
                profile,
                client,
                opened,
            } => {
                let open = async || {
                    let account = profile.account()?;
                    Ok::<_, Failure>(Client::connect(&account, conduct.options()).await?)
                };
                let client = client.get_or_try_init(open).await?;
                opened.notify_one();
                Ok(client)
            }
        }
    }

    /// Returns the address of the server.
    pub(crate) fn server(&self) -> Result<ServerAddr, Failure> {
        match &self.session {
            Session::Open { server, .. } => Ok(server.clone()),
            Session::OnDemand { profile, .. } => Ok(profile.account()?.addr),
        }
    }

    /// Waits until the client was opened.
    pub(crate) async fn opened(&self) {
        match &self.session {
            Session::Open { .. } => {}
            Session::OnDemand { opened, .. } => opened.notified().await,
        }
    }

    /// Ends a session that was opened for the command, in order.
    pub(crate) async fn close(&self) {
        if let Session::OnDemand { client, .. } = &self.session
            && let Some(client) = client.get()
        {
            client.close().await;
        }
    }
}
