//! The context of a command: the profile, the input, and a client.

use cairn_client::{Account, Backoff, Client, ClientBuilder, Error, Reconnect};
use cairn_proto::invite::ServerAddr;
use cairn_proto::wire::error::ErrorCode;
use tokio::sync::{Notify, OnceCell};
use tokio::time::{Instant, sleep};

use crate::cli::account::profile::Profile;
use crate::cli::failure::Failure;
use crate::cli::input::Input;
use crate::cli::limits;

/// The context without a client, for commands that need no session.
#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) profile: Profile,
    pub(crate) input: Input,
}

/// The context of a command that uses a server.
///
/// An interactive client lends its own session. A separate process logs in with the profile when
/// the command first needs the client, so that a command with invalid input never connects.
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

/// How a command uses a session that is opened for it.
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
    pub(crate) fn options(self) -> ClientBuilder {
        let defaults = Client::builder();
        match self {
            Self::Ask => defaults.push(false).reconnect(Reconnect::Never),
            Self::Deliver => defaults.push(false),
            Self::Listen => defaults,
        }
    }

    /// Connects. While the device has too many sessions, waits for one of them to end.
    async fn connect(self, account: &Account) -> Result<Client, Error> {
        let deadline = Instant::now() + limits::SESSION_WAIT_MAX;
        let backoff = Backoff {
            cap: limits::SESSION_RETRY_DELAY_MAX,
            ..Backoff::default()
        };
        let mut attempt = 0;
        loop {
            let connected = self.options().connect(account).await;
            let is_retried = matches!(
                connected,
                Err(Error::LoginRefused {
                    code: ErrorCode::TooManySessions,
                    ..
                })
            );
            if !is_retried || Instant::now() >= deadline {
                return connected;
            }
            sleep(backoff.delay(attempt, rand::random())).await;
            attempt += 1;
        }
    }
}

impl<'a> Context<'a> {
    /// Creates a context in which commands use this client, and leave it open.
    #[must_use]
    pub const fn of_client(client: &'a Client, server: ServerAddr, input: Input) -> Self {
        Self {
            session: Session::Open { client, server },
            input,
        }
    }

    /// Creates a context that logs in with the profile when a command needs the client.
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

    /// Returns the client, which is opened on first use. A lent session keeps its own
    /// options.
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
                    Ok::<_, Failure>(conduct.connect(&account).await?)
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

    /// Closes a session that was opened for the command.
    pub(crate) async fn close(&self) {
        if let Session::OnDemand { client, .. } = &self.session
            && let Some(client) = client.get()
        {
            client.close().await;
        }
    }
}
