//! From a profile to a session, and back: what every command that talks to a server shares.

use std::io;
use std::path::Path;

use cairn_client::{Client, Options, Reconnect};

use crate::cli::account::profile::Profile;
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::{Format, Output};

/// What holds for every command.
#[derive(Debug)]
pub(crate) struct Context {
    /// Where the profile is.
    pub(crate) profile: Profile,
    /// For whom results are written.
    pub(crate) format: Format,
}

/// What a command does with its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conduct {
    /// Asks, is answered, and goes. It would rather fail than wait.
    Ask,
    /// Brings messages: goes on over broken connections until every one is accepted.
    Deliver,
    /// Listens, for as long as it takes.
    Listen,
}

impl Conduct {
    /// The client's options.
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

impl Context {
    pub(crate) fn new(profile: Option<&Path>, format: Format) -> Result<Self, Failure> {
        Ok(Self {
            profile: Profile::locate(profile)?,
            format,
        })
    }

    /// Logs in with the profile, does `work`, and ends the session in order, also when `work` fails or Ctrl-C is pressed.
    pub(crate) fn with_client<W>(&self, conduct: Conduct, work: W) -> Result<(), Failure>
    where
        W: AsyncFnOnce(&Client, &mut Output) -> Result<(), Failure>,
    {
        let account = self.profile.account()?;
        self.run(async |output| {
            let client = Client::connect(&account, conduct.options()).await?;
            let result = unless_interrupted(work(&client, output)).await;
            client.close().await;
            result
        })
    }

    /// Does `work` on a runtime of this thread, and flushes the output behind it.
    pub(crate) fn run<W>(&self, work: W) -> Result<(), Failure>
    where
        W: AsyncFnOnce(&mut Output) -> Result<(), Failure>,
    {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error: io::Error| Failure::caused(Exit::Failed, "cannot start", &error))?;
        let mut output = Output::new(self.format);
        let result = runtime.block_on(work(&mut output));
        let flushed = output.flush();
        result.and(flushed)
    }
}

async fn unless_interrupted<T>(
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        result = work => result,
        Ok(()) = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
    }
}
